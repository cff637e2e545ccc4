// Letters with headings and pictures: they come back as they were written or not at all, whatever hostile file says it is one.

import { describe, expect, test, vi } from 'vitest';
import { makeAccount } from './account';
import { toHtml, toText, type Doc } from './body';
import { fromUtf8, sameBytes, utf8 } from './bytes';
import { newClaimWords, openWordsFile } from './claim';
import { composeLetter, MAX_INSIDE_BYTES, MAX_PICTURE_BYTES, parseLetter, type Picture } from './letter';
import { openLetter, openMedia } from './read';
import { openSealed, placed, proveSealed, sealLetter, type LetterToSeal, type SealedLetter } from './seal';
import { handOf } from './sshsig';
import { openWrap, unbind } from './wrap';

// A machine that does other things besides takes its time for scrypt and pictures.
vi.setConfig({ testTimeout: 60_000 });

const ID = 'abcdefghijklmnopqrstuvwxyz';
const account = await makeAccount();
const house = await makeAccount();
const seed = new Uint8Array(32).fill(9);
const words = newClaimWords(new Uint8Array(10).fill(3));
const picture = (name: string, size: number): Picture => ({
  name,
  type: 'image/jpeg',
  bytes: new Uint8Array(size).map((_, i) => i * 31 + size),
});
const doc: Doc = [
  { kind: 'heading', level: 2, content: [{ text: 'مرحبا' }] },
  { kind: 'paragraph', content: [{ text: '👩‍👩‍👧 e\u0301 ' }, { text: 'x', bold: true }] },
  { kind: 'photo', name: '001', alt: 'a', width: 2, height: 1 },
  { kind: 'photo', name: '002', alt: 'b', width: 2, height: 1 },
];
const written: LetterToSeal = {
  letterId: ID,
  version: 2,
  from: 'Ana',
  to: 'Mara',
  date: new Date('2026-11-20T12:00:00Z'),
  text: toText(doc, { photo: 'photo' }),
  html: toHtml(doc, { lang: 'en' }),
  pictures: [picture('001', 5000), picture('002', MAX_INSIDE_BYTES)],
  replyTo: account.recipient,
  authorRecipient: account.recipient,
  kept: { kind: 'words', hostRecipient: house.recipient, words },
  seed,
};
const sealed = await sealLetter(written);
const part = (name: string, of: SealedLetter = sealed) => of.parts.find((one) => one.name === name)!.bytes;
const authorWrap = sealed.wraps.find(({ kind }) => kind === 'author')!.bytes;
const files = { letterAge: part('letter.age'), sigAge: part('sig.age') };
const proof = { identity: account.identity, written, seed, manifestHash: sealed.manifestHash, parts: sealed.parts, authorWrap };

describe('a letter with pictures', () => {
  test('has its parts, and comes back to its author whole', async () => {
    expect(sealed.parts.map(({ name, kind }) => [name, kind])).toEqual([
      ['letter.age', 'letter'],
      ['sig.age', 'signature'],
      ['media/002.age', 'media'],
    ]);
    const { letter, signature, key } = await openSealed(account.identity, authorWrap, files, written);
    expect(letter).toMatchObject({ text: written.text, html: written.html, replyTo: account.recipient });
    expect(letter.pictures.map(({ name, type }) => [name, type])).toEqual([['001', 'image/jpeg']]);
    expect(sameBytes(letter.pictures[0]!.bytes, written.pictures![0]!.bytes)).toBe(true);
    const beside = openMedia(key, part('media/002.age'), letter.media[0]!);
    expect(sameBytes(beside, written.pictures![1]!.bytes)).toBe(true);
    expect(signature).toEqual({ state: 'signed', hand: handOf(seed) });
    expect((await proveSealed(proof)).messageId).toBe(`<${ID}.2@unsaid>`);
  });

  test('opens with the words, once the house has peeled its layer, and has no other way', async () => {
    expect(sealed.wraps.map(({ kind }) => kind)).toEqual(['author', 'words']);
    const wrap = sealed.wraps[1]!.bytes;
    const file = unbind(await openWrap(house.identity, wrap), { id: ID, version: 2, kind: 'words' });
    const key = await openWordsFile(words, file);
    expect(openLetter(key, files, written).letter.html).toBe(written.html);
    expect(fromUtf8(file.subarray(0, 60))).not.toContain('AGE-SECRET');
  });

  test('says whose hand it is, that there is none, or that it does not fit', async () => {
    const key = await openWrap(account.identity, authorWrap);
    const state = (sigAge: Uint8Array | null) => openLetter(key, { ...files, sigAge }, written).signature.state;
    const other = await sealLetter({ ...written, text: 'other', html: null, pictures: [] });
    expect(state(files.sigAge)).toBe('signed');
    expect(state(null)).toBe('unsigned');
    expect(state(files.letterAge)).toBe('broken');
    expect(state(part('sig.age', other))).toBe('broken');
    expect(state(new Uint8Array(3))).toBe('broken');
  });
});

describe('the proof', () => {
  test.each<[string, Partial<typeof proof>]>([
    ['another hand', { seed: new Uint8Array(32).fill(8) }],
    ['no hand', { seed: null as unknown as Uint8Array<ArrayBuffer> }],
    ['another picture inside', { written: { ...written, pictures: [picture('001', 4999), written.pictures![1]!] } }],
    ['another picture beside', { written: { ...written, pictures: [written.pictures![0]!, picture('002', MAX_INSIDE_BYTES - 1)] } }],
    ['other HTML', { written: { ...written, html: toHtml(doc.slice(1), { lang: 'en' }) } }],
    ['another inbox', { written: { ...written, replyTo: house.recipient } }],
    ['a missing part', { parts: sealed.parts.slice(0, 2) }],
  ])('fails for %s', async (_, change) => {
    await expect(proveSealed({ ...proof, ...change })).rejects.toMatchObject({ code: 'proof-failed' });
  });

  test('fails when what lies beside the letter is of another letter, though the manifest fits', async () => {
    const other = await sealLetter(written);
    const parts = sealed.parts.map((one) => (one.kind === 'media' ? other.parts[2]! : one));
    const { manifestHash } = await import('./manifest');
    await expect(proveSealed({ ...proof, parts, manifestHash: manifestHash(parts) })).rejects.toMatchObject({
      code: 'wrong-key',
    });
  });
});

describe('what is no letter is not sealed', () => {
  test.each<[string, Partial<LetterToSeal>, string]>([
    ['foreign HTML', { html: '<p>x</p>' }, 'bad-input'],
    ['HTML with a script', { html: written.html!.replace('</body>', '<script>x</script></body>') }, 'bad-input'],
    ['a picture without HTML', { html: null }, 'bad-input'],
    ['a name twice', { pictures: [picture('001', 9), picture('001', 9)] }, 'bad-input'],
    ['a strange name', { pictures: [picture('../', 9)] }, 'bad-input'],
    ['an empty picture', { pictures: [picture('001', 0)] }, 'bad-picture'],
    ['a huge picture', { pictures: [{ ...picture('001', 1), bytes: new Uint8Array(MAX_PICTURE_BYTES + 1) }] }, 'bad-picture'],
    ['a picture that moves', { pictures: [{ ...picture('001', 9), type: 'image/svg+xml' as 'image/png' }] }, 'bad-picture'],
    ['61 pictures', { pictures: Array.from({ length: 61 }, (_, i) => picture(String(i + 1).padStart(3, '0'), 9)) }, 'bad-picture'],
    ['a recipient that is none', { replyTo: 'age1pq1x\r\nBcc: y' }, 'bad-input'],
    ['HTML beyond its size', { html: toHtml([{ kind: 'paragraph', content: [{ text: '&'.repeat(300_000) }] }], { lang: 'en' }), pictures: [] }, 'bad-input'],
    ['words that are no card’s', { kept: { kind: 'words', hostRecipient: house.recipient, words: 'abbey '.repeat(8) } }, 'words-checksum'],
  ])('%s', async (_, change, code) => {
    await expect(sealLetter({ ...written, ...change })).rejects.toMatchObject({ code });
  });

  test('a mebibyte of text is, and one byte more is not', async () => {
    const long = (size: number) => ({ ...written, html: null, pictures: [], text: 'x'.repeat(size) });
    expect(parseLetter(composeLetter(placed(long(1024 * 1024)))).text).toHaveLength(1024 * 1024);
    expect(() => composeLetter(placed(long(1024 * 1024 + 1)))).toThrow('text-too-long');
  });
});

describe('a hostile file', () => {
  const eml = fromUtf8(composeLetter(placed({ ...written, pictures: [picture('001', 50)] })));
  const parse = (text: string) => parseLetter(utf8(text));
  const hash = 'ab'.repeat(32);

  test.each([
    ['a media list', `Unsaid-Media: 003 image/jpeg 1 ${hash}, 003 image/png 2 ${hash}`],
    ['a hash', `Unsaid-Media: 003 image/jpeg 1 ${hash.toUpperCase()}`],
    ['a name', `Unsaid-Media: ../ image/jpeg 1 ${hash}`],
    ['a size', `Unsaid-Media: 003 image/jpeg -1 ${hash}`],
    ['many', `Unsaid-Media: ${Array.from({ length: 61 }, (_, i) => `${100 + i} image/png 1 ${hash}`).join(',')}`],
    ['a recipient', 'Unsaid-Reply-To: age1notpq'],
  ])('with a wrong header (%s) is refused', (_, header) => {
    const text = eml.replace(/Unsaid-Reply-To:[^:]*\r\n(?=MIME)/, `${header}\r\n`);
    expect(text).toContain(header);
    expect(() => parse(text)).toThrow('damaged');
  });

  test('with parts in parts without end, or too many, ends soon', () => {
    const begun = performance.now();
    let deep = 'Content-Type: text/plain\r\n\r\nx';
    for (let i = 0; i < 40; i++) {
      deep = `Content-Type: multipart/mixed; boundary=b${i}x\r\n\r\n--b${i}x\r\n${deep}\r\n--b${i}x--`;
    }
    const head = eml.slice(0, eml.indexOf('MIME-Version'));
    expect(() => parse(head + deep)).toThrow('damaged');
    const many = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(50_000)}--b--`;
    expect(() => parse(head + many)).toThrow('damaged');
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  test('reads with foreign parts in it, and takes pictures of ours alone', () => {
    const foreign = eml.replace('Content-ID: <001>', 'Content-ID: <logo@example>');
    expect(parse(foreign).pictures).toEqual([]);
    expect(parse(eml.replace('image/jpeg', 'image/svg+xml')).pictures).toEqual([]);
    expect(parse(eml).pictures).toHaveLength(1);
    expect(() => parse(eml.replace(/(?<=base64\r\n\r\n)..../, '%%%%'))).toThrow('damaged');
  });
});
