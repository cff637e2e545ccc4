// The file that a letter is kept in: whole, closed to everything else, and nobody's words become markup in it.

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Doc } from '../seal/body';
import { keptName, keptPage } from './kept-page';

const photo = (name: string, alt: string) => ({ kind: 'photo' as const, name, alt, width: 40, height: 30 });

const page = (doc: Doc, title = 'Letter from Helen, 14 April 2026') =>
  keptPage({
    language: 'en',
    title,
    head: [title, 'To Dan'],
    foot: ['Kept.'],
    doc,
    picture: (name) => (name === '001' ? { type: 'image/png', bytes: Uint8Array.of(1, 2, 3) } : null),
    missing: (alt) => `missing: ${alt}`,
  }).join('');

test('words, form and pictures stand in it', () => {
  const html = page([
    { kind: 'heading', level: 2, content: [{ text: 'The van' }] },
    { kind: 'paragraph', content: [{ text: 'Dear Dan, ' }, { text: 'go', italic: true }] },
    photo('001', 'The sea'),
    photo('002', 'The "dog" & <cat>'),
  ]);
  expect(html).toContain('<h2 dir="auto">The van</h2>');
  expect(html).toContain('<em>go</em>');
  expect(html).toContain('<img src="data:image/png;base64,AQID" alt="The sea" width="40" height="30">');
  expect(html).toContain('<p dir="auto">missing: The &quot;dog&quot; &amp; &lt;cat&gt;</p>');
  expect(html).not.toContain('cid:');
});

test('its policy lets its own style in, pictures that lie in it, and nothing else', () => {
  const html = page([]);
  const style = /<style>([^]*)<\/style>/.exec(html)![1]!;
  const hash = createHash('sha256').update(style).digest('base64');
  expect(html).toContain(
    `content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'"`,
  );
  expect(html).not.toMatch(/<script|<link|url\(|https?:/);
});

test('what somebody wrote is never markup, and never a picture that was not there', () => {
  const evil = '<img src="cid:001" alt="x"></main><script>alert(1)</script>';
  const html = page([{ kind: 'paragraph', content: [{ text: evil }] }, photo('001', evil)], evil);
  expect(html).not.toContain('<script');
  expect(html.match(/data:image/g)).toHaveLength(1);
  expect(html.match(/<\/main>/g)).toHaveLength(1);
});

test.each([
  ['Helen Marlow', 'Letter from Helen Marlow, 14 April 2026.html'],
  ['../../etc/passwd', 'Letter from etc passwd, 14 April 2026.html'],
  ['مارا', 'Letter from مارا, 14 April 2026.html'],
  ['\u202e', 'Letter from -, 14 April 2026.html'],
])('the name %j makes the file %j', (name, file) => {
  expect(keptName(name, (clean) => `Letter from ${clean}, 14 April 2026`)).toBe(file);
});

test('a long name leaves the day in its place', () => {
  expect(keptName('x'.repeat(200), (clean) => `Letter from ${clean}, 14 April 2026`)).toMatch(
    /^Letter from x{60}, 14 April 2026\.html$/,
  );
});
