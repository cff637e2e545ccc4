// What a letter is, it stays; nothing in it can add a header or end a part early; lengths tell little.
// crates/seal/src/letter/tests.rs is the same in Rust, and vectors/v1 compares the bytes.

import { describe, expect, test } from 'vitest';
import { bindingLine, parseBinding } from './binding';
import { fromUtf8, utf8 } from './bytes';
import { readKeyFile } from './key';
import { cleanName, composeLetter, MAX_TEXT_BYTES, normaliseText, paddedSize, parseLetter } from './letter';
import { manifestHash, manifestText } from './manifest';

const ID = 'abcdefghijklmnopqrstuvwxyz';
const letter = (text: string, from = 'Ana', to = 'Mara') => ({
  letterId: ID,
  version: 2,
  from,
  to,
  date: new Date('2026-11-20T22:00:00Z'),
  text,
});

describe('a letter', () => {
  test.each([
    '',
    '\n',
    'Dear Mara',
    'trailing blank \nand tab\t\n',
    'From me\n.\n--=_unsaid_abcdefghijklmnopqrstuvwxyz_2--\n=_',
    'old\r\nline\rends',
    '日本語 😀 Ж'.repeat(300),
    '\u0000\u0007\ufeffodd',
    'lone \ud800 surrogate',
    'x'.repeat(5000),
  ])('%j reads back', (text) => {
    const file = composeLetter(letter(text));
    expect(parseLetter(file)).toMatchObject({
      text: normaliseText(text),
      from: 'Ana',
      to: 'Mara',
      version: 2,
    });
    expect(file.length).toBe(paddedSize(file.length));
    for (const line of fromUtf8(file).split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
  });

  test('that is too long is refused', () => {
    expect(() => composeLetter(letter('é'.repeat(MAX_TEXT_BYTES / 2 + 1)))).toThrow('text-too-long');
  });

  test.each([
    'Ana\r\nBcc: all@example.org',
    'Ana\nX: y',
    'a\u2028X: y',
    'Ana <x@y>',
    '"Ana"',
    'a, b',
    '=?utf-8?B?QQ==?=',
    'Žofie '.repeat(33),
    '😀'.repeat(60),
  ])('takes the name %j and no header from it', (name) => {
    const file = composeLetter(letter('x', name, name));
    const head = fromUtf8(file).split('\r\n\r\n')[0]!;
    const names = head
      .split('\r\n')
      .filter((line) => !line.startsWith(' '))
      .map((line) => line.split(':')[0]);
    expect(names).toEqual(['From', 'To', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type']);
    expect(parseLetter(file)).toMatchObject({ from: cleanName(name), to: cleanName(name) });
  });

  test.each(['', ' \r\n ', 'a'.repeat(201)])('refuses the name %j', (name) => {
    expect(() => composeLetter(letter('x', name))).toThrow('bad-name');
  });

  test('of another program’s making is read', () => {
    const file = `message-id: <${ID}.7@unsaid>\nFROM: "Ana \\"A.\\"" <a@b>\nTo: =?UTF-8?q?Mara_=C5=BD?=\n =?utf-8?b?aQ==?= <c@d>
Date: 20 Nov 2026 23:30 +0130\nContent-Type: multipart/alternative;\n boundary=x\n\npreamble\n--x
Content-Type: text/html\n\n<p>no\n--x \nContent-Type: text/plain;charset="UTF-8"\nContent-Transfer-Encoding: BASE64\n
RGVhciBN\nYXJhCg==\n--x--\n`;
    expect(parseLetter(utf8(file))).toEqual({
      letterId: ID,
      version: 7,
      messageId: `<${ID}.7@unsaid>`,
      from: 'Ana "A."',
      to: 'Mara Ži',
      date: new Date('2026-11-20T22:00:00Z'),
      text: 'Dear Mara\n',
      html: '<p>no',
      replyTo: null,
      pictures: [],
      media: [],
    });
  });

  test.each([
    ['@unsaid>', '@unsaid.example>'],
    ['.2@', '.02@'],
    ['.2@', '.0@'],
    ['.2@', '.4294967296@'],
    ['To: ', 'Too: '],
    ['To: ', 'To: Dan\r\nTo: '],
    ['Nov', 'Foo'],
    ['--\r\n~', '\r\n~'],
    ['text/plain', 'text/html'],
    ['utf-8', 'utf-16'],
    ['\r\nx\r\n', '\r\n=FF\r\n'],
  ])('with %j turned into %j is refused', (from, to) => {
    const text = fromUtf8(composeLetter(letter('x')));
    expect(text).toContain(from);
    expect(() => parseLetter(utf8(text.replace(from, to)))).toThrow('damaged');
  });

  test('has one of few lengths, at most an eighth too long', () => {
    const known = [1, 4096, 4097, 65_536, 65_537, 1_000_000].map(paddedSize);
    expect(known).toEqual([4096, 4096, 4352, 65_536, 67_584, 1_015_808]);
    for (let size = 4096; size < 10_000_000; size = Math.ceil(size * 1.0137)) {
      const padded = paddedSize(size);
      expect(padded).toBeGreaterThanOrEqual(size);
      expect(padded - size).toBeLessThanOrEqual(size / 8);
    }
  });
});

describe('the binding line', () => {
  test('is as the protocol says and reads back', () => {
    const line = bindingLine({ id: ID, version: 3, kind: 'host' });
    expect(line).toBe(`unsaid-wrap 1 ${ID} 3 host\n`);
    expect(parseBinding(line)).toEqual({ id: ID, version: 3, kind: 'host' });
  });

  test.each([
    `unsaid-wrap 1 ${ID} 3 host`,
    `unsaid-wrap 1 ${ID} 03 host\n`,
    `unsaid-wrap 1 ${ID} 0 host\n`,
    `unsaid-wrap 1 ${ID} 4294967296 host\n`,
    `unsaid-wrap 2 ${ID} 3 host\n`,
    `unsaid-wrap 1 ${ID} 3 author\n`,
    `unsaid-wrap 1  ${ID} 3 host\n`,
    `unsaid-wrap 1 ${ID} 3 host\r\n`,
    `unsaid-wrap 1 ${ID.toUpperCase()} 3 host\n`,
  ])('is never read from %j', (line) => {
    expect(() => parseBinding(line)).toThrow('wrong-binding');
  });
});

test('a manifest is sorted, exact, and refuses what could forge a line', () => {
  const part = (name: string) => ({ name, size: 7, sha256: 'ab'.repeat(32) });
  const lines = `letter.age 7 ${'ab'.repeat(32)}\nmedia/001.age 7 ${'ab'.repeat(32)}\n`;
  expect(manifestText([part('media/001.age'), part('letter.age')])).toBe(lines);
  expect(manifestHash([part('letter.age')])).toMatch(/^[0-9a-f]{64}$/);
  for (const name of ['', 'a b', 'a\n', 'A', '../x', 'é']) {
    expect(() => manifestText([part(name)])).toThrow('bad-input');
  }
  expect(() => manifestText([part('a'), part('a')])).toThrow('bad-input');
  expect(() => manifestText([])).toThrow('bad-input');
});

test('a key file holds exactly one key', () => {
  const key = 'AGE-SECRET-KEY-1' + 'Q'.repeat(58);
  expect(readKeyFile(`# a comment\r\n${key}\r\n`)).toBe(key);
  for (const file of [
    '',
    '# nothing\n',
    `${key}\n${key}\n`,
    `${key} \n`,
    key.toLowerCase(),
    `${key}\nhello`,
  ]) {
    expect(() => readKeyFile(file)).toThrow('damaged');
  }
});

describe('a hostile file', () => {
  const from = (file: string) => parseLetter(utf8(file));
  const plain = fromUtf8(composeLetter(letter('Dear Mara')));
  const started = () => {
    const at = performance.now();
    return () => performance.now() - at;
  };

  test('of a million blanks is read as soon as any other', () => {
    for (const filling of [' ', '\t', '\r', '= ', '\n ', '--=_unsaid', '\n--=_unsaid_']) {
      const many = filling.repeat(1_000_000 / filling.length);
      const took = started();
      expect(from(plain.replace('Dear Mara', `${many}x`)).text.length).toBeGreaterThan(0);
      expect(took(), JSON.stringify(filling)).toBeLessThan(1500);
    }
  });

  test('is refused for headers without end, and for more text than a letter may hold', () => {
    const more = (line: string) => plain.replace('MIME-Version', `${line}MIME-Version`);
    expect(from(more(`X-Y: ${'y'.repeat(50_000)}\r\n`)).from).toBe('Ana');
    expect(() => from(more(`X-Y: ${'y'.repeat(64 * 1024)}\r\n`))).toThrow('damaged');
    const names = Array.from({ length: 20_000 }, (_, i) => `x${i}:\r\n`).join('');
    expect(() => from(more(names))).toThrow('damaged');
    expect(from(plain.replace('Dear Mara', 'x'.repeat(MAX_TEXT_BYTES))).text).toHaveLength(MAX_TEXT_BYTES);
    expect(() => from(plain.replace('Dear Mara', 'x'.repeat(MAX_TEXT_BYTES + 1)))).toThrow('damaged');
  });

  test('gives no name that could change the line in which it stands', () => {
    const named = (name: string) => from(plain.replace('From: Ana', `From: =?utf-8?B?${btoa(name)}?=`)).from;
    expect(named('Ana\r\n\u0000Bcc: x')).toBe('Ana Bcc: x');
    expect(named('\xe2\x80\xaeanA\xe2\x80\xac')).toBe('anA');
    expect(() => named('\n')).toThrow('damaged');
  });
});
