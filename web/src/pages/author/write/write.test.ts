// The parts of the writing page that need no browser: what is pasted, the two forms of a letter, photos before they are decoded,
// and what differs between two versions.

import { describe, expect, test } from 'vitest';
import { fromText, tidyDoc, toText, type Doc } from '../../../seal/body';
import { differences } from './differences';
import { cleanHtml } from './paste';
import { kindOf, LONGEST, scaled, sizeOf } from './photo';
import { nextName } from './photos';
import { editorDoc, letterDoc } from './schema';

const RICH: Doc = [
  { kind: 'heading', level: 2, content: [{ text: 'The day you left' }] },
  {
    kind: 'paragraph',
    content: [
      { text: 'I was ' },
      { text: 'parked', bold: true },
      { text: ' across the ', bold: true, italic: true },
      { text: 'road.', italic: true },
      { br: true },
      { text: 'Always. 🚐 ‏مرحبا‎ e\u0301' },
    ],
  },
  {
    kind: 'quote',
    blocks: [
      { kind: 'paragraph', content: [{ text: 'Not today.' }] },
      { kind: 'paragraph', content: [{ text: 'Tomorrow.' }] },
    ],
  },
  {
    kind: 'list',
    ordered: true,
    items: [
      { content: [{ text: 'the fox' }] },
      {
        content: [{ text: 'the mountains' }],
        list: { kind: 'list', ordered: false, items: [{ content: [{ text: 'in the rain' }] }] },
      },
    ],
  },
  { kind: 'photo', name: '007', alt: 'Dan, seven years old', width: 1200, height: 800 },
  { kind: 'paragraph', content: [{ text: 'Your mother' }] },
];

describe('a letter in the editor and out of it', () => {
  test('is the same letter', () => {
    expect(letterDoc(editorDoc(RICH))).toEqual(tidyDoc(RICH));
    editorDoc(RICH).check();
  });

  test('an empty page is an empty letter, and an empty letter a page to write on', () => {
    expect(letterDoc(editorDoc([]))).toEqual([]);
    expect(editorDoc([]).childCount).toBe(1);
  });

  test('an older draft of plain text keeps its paragraphs and its line ends', () => {
    const text = 'Dear Dan,\n\nIt is a quarter past four.\nI have an hour.\n\nYour mother';
    expect(toText(letterDoc(editorDoc(fromText(text))), { photo: 'photo' })).toBe(text);
  });
});

describe('what is pasted', () => {
  const WORD = `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}</style>
<!--[if gte mso 9]><xml><w:WordDocument/></xml><![endif]--></head><body><!--StartFragment-->
<p class=MsoNormal><b>Dear Dan,</b><o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>the fox<o:p></o:p></p>
<p class=MsoListParagraphCxSpMiddle style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o<span>&nbsp; </span></span>in the rain</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·<span>&nbsp;</span></span>the mountains</p>
<p class=MsoNormal>Your mother</p>
<!--EndFragment--></body></html>`;

  test('from Word keeps its words, its bold and its lists, and nothing that is only meant for Word', () => {
    const { html } = cleanHtml(WORD);
    expect(html).not.toMatch(/<style|<xml|<o:p|\[if|Ignore|·/i);
    expect(html).toContain('<b>Dear Dan,</b>');
    expect(html.replace(/\s+/g, ' ')).toContain(
      '<ul><li><p>the fox</p><ul><li><p>in the rain</p></li></ul></li><li><p>the mountains</p></li></ul>',
    );
    expect(html).toContain('Your mother');
  });

  test('numbers that Word has typed become a numbered list', () => {
    const { html } = cleanHtml(
      `<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>one</p>` +
        `<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>2.<span>&nbsp;</span></span>two</p>`,
    );
    expect(html).toBe('<ol><li><p>one</p></li><li><p>two</p></li></ol>');
  });

  test('from the web brings no scripts, no pictures from elsewhere, and says that pictures stayed behind', () => {
    const { html, pictures } = cleanHtml(
      '<p>Words<img src=" https://tracker.example/p.gif" width="1" height="1"> and <img src=" https://example.org/cat.jpg" width="640"> more</p>' +
        '<script>alert(1)</script><iframe src=" https://example.org"></iframe><svg><a>x</a></svg>',
    );
    expect(html).toBe('<p>Words and  more</p>');
    expect(pictures).toBe(1);
  });

  test('hostile HTML ends soon', () => {
    const began = Date.now();
    cleanHtml('<p class=MsoListParagraph>'.repeat(20_000));
    cleanHtml('<!--'.repeat(50_000));
    cleanHtml('<img '.repeat(50_000));
    expect(Date.now() - began).toBeLessThan(20_000);
  });
});

describe('a photo before it is decoded', () => {
  const bytes = (...list: (number | string)[]): Uint8Array =>
    new Uint8Array(
      list.flatMap((one) => (typeof one === 'string' ? [...one].map((c) => c.charCodeAt(0)) : [one])),
    );

  test('is what its first bytes say', () => {
    expect(kindOf(bytes(0xff, 0xd8, 0xff, 0xe0))).toBe('jpeg');
    expect(kindOf(bytes(0x89, 'PNG\r\n', 0x1a, '\n'))).toBe('png');
    expect(kindOf(bytes('RIFF', 0, 0, 0, 0, 'WEBP'))).toBe('webp');
    expect(kindOf(bytes(0, 0, 0, 24, 'ftypheic'))).toBe('heic');
    expect(kindOf(bytes(0, 0, 0, 24, 'ftypavif'))).toBe('avif');
    for (const other of ['<svg xmlns="…">', '%PDF-1.7', 'hello', '']) expect(kindOf(bytes(other))).toBeNull();
  });

  test('tells its size, so that sixty megapixels never stand in memory whole', () => {
    const jpeg = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0x1a, 0x2c, 0x22, 0xc8, 3);
    expect(sizeOf('jpeg', jpeg)).toEqual({ width: 8904, height: 6700 });
    const png = bytes(0x89, 'PNG\r\n', 0x1a, '\n', 0, 0, 0, 13, 'IHDR', 0, 0, 4, 0, 0, 0, 3, 0);
    expect(sizeOf('png', png)).toEqual({ width: 1024, height: 768 });
    expect(sizeOf('jpeg', bytes(0xff, 0xd8, 0xff))).toBeNull();
    expect(sizeOf('jpeg', new Uint8Array(4096).fill(0xff))).toBeNull();
  });

  test('is made smaller and never larger', () => {
    expect(scaled(8904, 6700)).toEqual({ width: LONGEST, height: 1541 });
    expect(scaled(300, 200)).toEqual({ width: 300, height: 200 });
    expect(scaled(100_000, 1)).toEqual({ width: LONGEST, height: 1 });
  });

  test('has a name that no photo of the draft has had', () => {
    const photo = (name: string) => ({ name, id: '', type: 'image/jpeg' as const, size: 0 });
    expect(nextName([], 60)).toBe('001');
    expect(nextName([photo('001'), photo('009')], 60)).toBe('010');
    expect(nextName([photo('060')], 60)).toBeNull();
  });
});

describe('two versions of one letter', () => {
  const said = (here: string, there: string) =>
    differences(here, there).map((line) => `${line.in}: ${line.text}`);

  test('what is in both stays where it is, and the rest is said to be in the one or the other', () => {
    expect(said('a\n\nb\n\nc\n\nd', 'a\n\nB\n\nc\n\ne\n\nd')).toEqual([
      'both: a',
      'here: b',
      'there: B',
      'both: c',
      'there: e',
      'both: d',
    ]);
    expect(said('', 'a')).toEqual(['there: a']);
    expect(said('a', 'a')).toEqual(['both: a']);
  });

  test('two long letters are compared soon', () => {
    const long = (word: string) => Array.from({ length: 4_000 }, (_, i) => `${word} ${i}`).join('\n\n');
    expect(differences(long('one'), long('other'))).toHaveLength(8_000);
  });
});
