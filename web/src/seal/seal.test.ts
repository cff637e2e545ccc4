// Sealing, opening and the proof: a letter comes back as it was written, or not at all.

import { describe, expect, test } from 'vitest';
import { makeAccount } from './account';
import { bindingLine } from './binding';
import { fromUtf8, latin1 } from './bytes';
import { parseHeader } from './header';
import { openFile, readLetter } from './read';
import { openSealed, proveSealed, sealLetter, type LetterToSeal, type SealedLetter } from './seal';
import { openWrap, unbind } from './wrap';

const ID = 'abcdefghijklmnopqrstuvwxyz';
const OTHER = 'bbcdefghijklmnopqrstuvwxyz';
const account = await makeAccount();
const house = await makeAccount();
const written: LetterToSeal = {
  letterId: ID,
  version: 3,
  from: 'Ana',
  to: 'Mara Žižka',
  date: new Date('2026-11-20T22:00:00Z'),
  text: 'Dear Mara,\n\nthe one with the blue door. ♥\n',
  authorRecipient: account.recipient,
  kept: { kind: 'house', hostRecipient: house.recipient },
  seed: null,
};
const sealed = await sealLetter(written);
const bytesOf = (kind: string, of: SealedLetter = sealed) => of.wraps.find((w) => w.kind === kind)!.bytes;
const letterAge = sealed.parts[0]!.bytes;
const files = { letterAge, sigAge: null };
const proof = {
  seed: null,
  identity: account.identity,
  written,
  manifestHash: sealed.manifestHash,
  parts: [{ name: 'letter.age', bytes: letterAge }],
  authorWrap: bytesOf('author'),
};

describe('a sealed letter', () => {
  test('opens for its author', async () => {
    const { letter, signature } = await openSealed(account.identity, bytesOf('author'), files, written);
    expect(signature).toEqual({ state: 'unsigned' });
    expect(letter.text).toBe(written.text);
    expect(letter.to).toBe('Mara Žižka');
  });

  test('opens for its reader once the house has peeled its layer', async () => {
    const key = unbind(await openWrap(house.identity, bytesOf('host')), { id: ID, version: 3, kind: 'host' });
    expect(readLetter(key, letterAge, written)).toEqual(
      (await openSealed(account.identity, bytesOf('author'), files, written)).letter,
    );
  });

  test('has a key of its own each time, which no other version opens with', async () => {
    const again = await sealLetter(written);
    const key = await openWrap(account.identity, bytesOf('author', again));
    expect(() => openFile(key, letterAge)).toThrow('wrong-key');
    await expect(
      openSealed(account.identity, bytesOf('author', again), files, written),
    ).rejects.toMatchObject({ code: 'wrong-key' });
  });

  test('does not name its recipient anywhere, nor tell its words', async () => {
    const key = fromUtf8(await openWrap(account.identity, bytesOf('author')));
    expect(key).not.toContain('age1');
    for (const file of [letterAge, bytesOf('author'), bytesOf('host')]) {
      expect(latin1(file)).not.toContain('age1');
      expect(latin1(file)).not.toContain('blue door');
    }
    expect(JSON.stringify(Object.keys(sealed))).toBe('["parts","manifestHash","wraps"]');
  });

  test('that stays unsent has no way in but the author’s', async () => {
    const unsent = await sealLetter({ ...written, kept: null });
    expect(unsent.wraps.map((w) => w.kind)).toEqual(['author']);
  });

  test('gives the plain age tool a key file, without a line of ours before it', async () => {
    const lines = fromUtf8(await openWrap(account.identity, bytesOf('author'))).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^# Unsaid letter key/);
    expect(lines[1]).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
  });

  test('carries the binding line under the house’s layer', async () => {
    const plain = fromUtf8(await openWrap(house.identity, bytesOf('host')));
    expect(plain.startsWith(bindingLine({ id: ID, version: 3, kind: 'host' }))).toBe(true);
    expect(plain.startsWith(`unsaid-wrap 1 ${ID} 3 host\n`)).toBe(true);
  });

  test('served under another letter’s name is refused', async () => {
    const author = bytesOf('author');
    await expect(
      openSealed(account.identity, author, files, { letterId: OTHER, version: 3 }),
    ).rejects.toMatchObject({ code: 'wrong-letter' });
    await expect(
      openSealed(account.identity, author, files, { letterId: ID, version: 2 }),
    ).rejects.toMatchObject({ code: 'wrong-letter' });
  });
});

describe('the reader’s page', () => {
  test.each([0, 40, 90, 150, 170, -1, -3000])('notices one changed bit at byte %i', async (at) => {
    const key = await openWrap(account.identity, bytesOf('author'));
    const changed = Uint8Array.from(letterAge);
    const i = at < 0 ? changed.length + at : at;
    changed[i] = changed[i]! ^ 1;
    expect(() => openFile(key, changed)).toThrow(/^(damaged|wrong-key)/);
  });

  test('notices a letter cut short, at any length', async () => {
    const key = await openWrap(account.identity, bytesOf('author'));
    const { size } = parseHeader(letterAge);
    for (const length of [0, 10, size, size + 15, size + 16, size + 17, letterAge.length - 1]) {
      expect(() => openFile(key, letterAge.subarray(0, length))).toThrow('damaged');
    }
  });

  test('opens a letter of several chunks, and notices when whole chunks are gone', async () => {
    const long = { ...written, text: 'a long letter '.repeat(15_000) };
    const big = await sealLetter(long);
    const key = await openWrap(account.identity, bytesOf('author', big));
    const file = big.parts[0]!.bytes;
    expect(readLetter(key, file, long).text).toBe(long.text);
    const { size } = parseHeader(file);
    expect(() => openFile(key, file.subarray(0, size + 16 + 2 * 65552))).toThrow('damaged');
  });
});

describe('the proof after sealing', () => {
  test('passes when everything came back', async () => {
    expect((await proveSealed(proof)).text).toBe(written.text);
  });

  test('fails when a byte of the letter changed on its way', async () => {
    const changed = Uint8Array.from(letterAge);
    changed[500] = changed[500]! ^ 1;
    const parts = [{ name: 'letter.age', bytes: changed }];
    await expect(proveSealed({ ...proof, parts })).rejects.toMatchObject({ code: 'proof-failed' });
  });

  test('fails when a part is missing, added or renamed', async () => {
    for (const parts of [
      [],
      [...proof.parts, { name: 'more.age', bytes: letterAge }],
      [{ name: 'lettre.age', bytes: letterAge }],
    ]) {
      await expect(proveSealed({ ...proof, parts })).rejects.toMatchObject({ code: 'proof-failed' });
    }
  });

  test('fails when the house stored another author’s wrap, or one to another key', async () => {
    const stranger = await sealLetter({ ...written, authorRecipient: house.recipient });
    await expect(proveSealed({ ...proof, authorWrap: bytesOf('author', stranger) })).rejects.toMatchObject({
      code: 'wrong-key',
    });
  });

  test('fails when a different letter was sealed than was written', async () => {
    for (const change of [
      { text: 'Dear Mara' },
      { to: 'Dan' },
      { from: 'Anna' },
      { date: new Date('2027-01-01T00:00:00Z') },
    ]) {
      await expect(proveSealed({ ...proof, written: { ...written, ...change } })).rejects.toMatchObject({
        code: 'proof-failed',
      });
    }
  });
});
