// Words, kit and unlock: what an old hand types leads to the account, and a wrong word is named.

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { accountOf, makeAccount } from './account';
import { sha256Hex } from './bytes';
import { SealError } from './errors';
import { kitLines, kitText, readKit } from './kit';
import { deriveUnlock, makeUnlock, openPassphraseFile, sealPassphraseFile } from './unlock';
import { expandWord, normaliseWords, sixWords, wrongWords } from './words';
import { ENGLISH } from './words-en';
import { openWrap, unbind } from './wrap';

const account = await makeAccount();
const house = await makeAccount();
const salt = new Uint8Array(16).fill(3);
const accountId = 'abcdefghijklmnopqrstuvwxyz';

function refusal(act: () => unknown): { code: string; index: number | undefined } {
  try {
    act();
  } catch (error) {
    if (error instanceof SealError) return { code: error.code, index: error.index };
    throw error;
  }
  throw new Error('was not refused');
}

describe('the list', () => {
  test('is the frozen one', async () => {
    const frozen = await readFile(new URL('../../../vectors/words/en.txt', import.meta.url));
    expect(sha256Hex(frozen)).toBe('1de6de7e66d854b5ab4e7ca5c6e9acc6ddaed871cc346d24e834d64e91aee670');
    expect(frozen.toString('utf8')).toBe(ENGLISH.join('\n') + '\n');
  });

  test('has 2,048 short words, each known by its first four letters', () => {
    expect(ENGLISH).toHaveLength(2048);
    expect([...ENGLISH].sort()).toEqual(ENGLISH);
    for (const word of ENGLISH) {
      expect(word).toMatch(/^[a-z]{3,8}$/);
      expect(expandWord(word.slice(0, 4))).toBe(word);
    }
  });

  test('has no word that nobody wants on a card for a dying mother', () => {
    const unkind =
      'death die dead kill grave funeral coffin cancer hospital nurse orphan widow pain suffer sick ill ';
    const more =
      'murder crime victim prison gun weapon blood bone ghost sad cry tear alone lonely lost end final ';
    const last = 'regret sorry guilt hate anger ugly stupid fat idiot poison war bomb doctor fever wound';
    for (const word of (unkind + more + last).split(' ')) expect(ENGLISH).not.toContain(word);
  });
});

describe('typed words', () => {
  test('of 66 random bits read back', () => {
    expect(sixWords(new Uint8Array(9))).toBe('abbey abbey abbey abbey abbey abbey');
    const last = 'zucchini zucchini zucchini zucchini zucchini zucchini';
    expect(sixWords(new Uint8Array(9).fill(255))).toBe(last);
    expect(sixWords(Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0, 0x40))).toBe(
      'ability abbey abbey abbey abbey ability',
    );
    for (let i = 0; i < 200; i++) {
      const words = sixWords(crypto.getRandomValues(new Uint8Array(9)));
      expect(normaliseWords(words)).toBe(words);
    }
  });

  test.each([
    'abbey zucchini act honey door lamb',
    '  Abbey\tZUCCHINI\nact  honey\u00a0door lamb ',
    '1. abbey 2. zucchini 3. act 4. honey 5. door 6. lamb',
    'abbe zucc act hone door lamb',
    'abbey, zucchini, act, honey, door, lamb.',
  ])('may look like %j', (typed) => {
    expect(normaliseWords(typed)).toBe('abbey zucchini act honey door lamb');
  });

  test('that are wrong are named by their place', () => {
    expect(refusal(() => normaliseWords('abbey zucchini akt honey door lamb'))).toEqual({
      code: 'word-unknown',
      index: 2,
    });
    expect(refusal(() => normaliseWords('abbey act'))).toEqual({ code: 'word-count', index: 2 });
    expect(wrongWords('abb zucchini xyz')).toEqual([0, 2]);
  });
});

describe('unlocking', () => {
  test('by the words leads to the account, and by other words or another salt does not', async () => {
    const random = crypto.getRandomValues(new Uint8Array(9));
    const place = { accountId, number: 1, salt, hostRecipient: house.recipient };
    const made = await makeUnlock(account.identity, place, random);
    expect(made.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const file = unbind(await openWrap(house.identity, made.wrap), {
      id: accountId,
      version: 1,
      kind: 'unlock',
    });
    const { token, filePassphrase } = deriveUnlock(made.words, salt);
    expect(token).toBe(made.token);
    expect(await openPassphraseFile(file, filePassphrase)).toEqual(account);
    const other = deriveUnlock(made.words, new Uint8Array(16));
    expect(other.token).not.toBe(token);
    await expect(openPassphraseFile(file, other.filePassphrase)).rejects.toMatchObject({
      code: 'words-wrong',
    });
  });

  test('refuses a passphrase file that is damaged or asks for much work', async () => {
    const passphrase = 'ab'.repeat(32);
    const file = await sealPassphraseFile(account.identity, passphrase);
    const more = new TextEncoder().encode(new TextDecoder('latin1').decode(file.subarray(0, 80)));
    const text = new TextDecoder('latin1').decode(more).replace(' 10\n', ' 20\n');
    const heavy = new Uint8Array([...new TextEncoder().encode(text), ...file.subarray(80)]);
    await expect(openPassphraseFile(heavy, passphrase)).rejects.toMatchObject({ code: 'damaged' });
    await expect(openPassphraseFile(file.subarray(0, -1), passphrase)).rejects.toMatchObject({
      code: 'damaged',
    });
  });
});

describe('the paper kit', () => {
  test('reads back however it was typed', () => {
    const text = kitText(account.identity, 'https://letters.example.org', '2026-11-20');
    const lines = kitLines(account.identity);
    for (const typed of [
      text,
      text.toLowerCase(),
      account.identity,
      account.identity.slice(19),
      lines.join('\n'),
      lines.slice(1).join(' '),
      [...account.identity].join(' '),
      `${text} and more that stood on the page`,
      'AGE-SECRET-KEY-PQ-1' + account.identity.slice(19).replaceAll('0', 'O').replaceAll('L', '1'),
    ]) {
      expect(readKit(typed)).toBe(account.identity);
    }
    expect(lines[1]).toMatch(/^([0-9A-Z]{4} ){7}[0-9A-Z]{4}$/);
  });

  test('notices every wrong letter', () => {
    for (let at = 19; at < account.identity.length; at++) {
      const other = account.identity[at] === 'Q' ? 'P' : 'Q';
      const typed = account.identity.slice(0, at) + other + account.identity.slice(at + 1);
      expect(refusal(() => readKit(typed)).code).toBe('kit-misread');
    }
    expect(refusal(() => readKit('hello')).code).toBe('kit-missing');
    expect(refusal(() => readKit(account.identity.slice(0, 60))).code).toBe('kit-missing');
  });

  test('leads to the same account as the words', async () => {
    expect(await accountOf(readKit(account.identity))).toEqual(account);
  });

  test('cannot be broken by the name of a house', () => {
    const text = kitText(account.identity, 'evil\nAGE-SECRET-KEY-PQ-1X\r\n', '\u2028d');
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      account.identity,
    ]);
  });
});
