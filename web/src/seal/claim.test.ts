// Words on a card: every card reads back, a misread word is named where one alone can be meant, and what they lock opens with
// the stock age tool's own form of file and with no other words. crates/seal/src/claim.rs is the same in Rust.

import { Decrypter, Encrypter } from 'age-encryption';
import { describe, expect, test, vi } from 'vitest';
import { checkClaimWords, deriveClaim, newClaimWords, openWordsFile, sealWordsFile } from './claim';
import { SealError } from './errors';
import { utf8 } from './bytes';
import { ENGLISH } from './words-en';

// scrypt takes its time on a machine that does other things besides.
vi.setConfig({ testTimeout: 60_000 });

const words = newClaimWords(new Uint8Array(10).fill(0x5a));
const random = new Uint8Array(48).map((_, i) => i);
const refusal = (typed: string) => {
  try {
    return checkClaimWords(typed);
  } catch (error) {
    return error instanceof SealError ? [error.code, error.index] : error;
  }
};

describe('the words of a card', () => {
  test('read back however they are typed', () => {
    for (let i = 0; i < 300; i++) {
      const made = newClaimWords(crypto.getRandomValues(new Uint8Array(10)));
      expect(made.split(' ')).toHaveLength(8);
      expect(checkClaimWords(made)).toBe(made);
      const short = made
        .split(' ')
        .map((word) => word.slice(0, 4).toUpperCase())
        .join(' ,\n');
      expect(checkClaimWords(short)).toBe(made);
    }
  });

  test('that are too few, too many or unknown are refused with their place', () => {
    expect(refusal(words.split(' ').slice(1).join(' '))).toEqual(['word-count', 7]);
    expect(refusal(`${words} abbey`)).toEqual(['word-count', 9]);
    expect(refusal(words.replace(/\S+$/, 'qqqq'))).toEqual(['word-unknown', 7]);
    expect(refusal('')).toEqual(['word-count', 0]);
    expect(refusal('😀 '.repeat(8))).toEqual(['word-unknown', 0]);
  });

  test('with one misread word name it, where one alone can be meant', () => {
    const list = words.split(' ');
    let [named, unseen, tried] = [0, 0, 0];
    for (const [index, word] of list.entries()) {
      for (const other of ENGLISH.filter((one) => one !== word && one.slice(0, 3) === word.slice(0, 3))) {
        tried += 1;
        const said = refusal(list.with(index, other).join(' '));
        if (typeof said === 'string') unseen += 1;
        else if (Array.isArray(said) && said[0] === 'words-checksum' && said[1] === index) named += 1;
        else if (Array.isArray(said)) expect(said[0]).toBe('words-checksum');
        else throw said;
      }
    }
    expect(tried).toBeGreaterThan(15);
    expect(named).toBeGreaterThan(tried / 4);
    expect(unseen).toBeLessThan(tried / 8);
  });

  test('are made from ten bytes and from nothing else', () => {
    expect(() => newClaimWords(new Uint8Array(9))).toThrow('bad-input');
    expect(newClaimWords(new Uint8Array(10))).toBe('abbey abbey abbey abbey abbey abbey abbey ability');
  });
});

describe('what the words lock', () => {
  test('opens with them, in our code and in age’s own', async () => {
    const file = await sealWordsFile(words, utf8('K'), random);
    expect(await openWordsFile(words, file)).toEqual(utf8('K'));
    const decrypter = new Decrypter();
    decrypter.addPassphrase(words);
    expect(await decrypter.decrypt(file, 'text')).toBe('K');
  });

  test('opens when age made it, and refuses other words, other work and damage', async () => {
    const make = async (work: number) => {
      const encrypter = new Encrypter();
      encrypter.setPassphrase(words);
      encrypter.setScryptWorkFactor(work);
      return encrypter.encrypt('K');
    };
    const file = await make(16);
    expect(await openWordsFile(words, file)).toEqual(utf8('K'));
    const other = newClaimWords(new Uint8Array(10).fill(1));
    await expect(openWordsFile(other, file)).rejects.toMatchObject({ code: 'words-wrong' });
    await expect(openWordsFile(words, file.subarray(0, -1))).rejects.toMatchObject({ code: 'damaged' });
    await expect(openWordsFile(words, await make(4))).rejects.toMatchObject({ code: 'damaged' });
    const swollen = utf8(new TextDecoder('latin1').decode(file).replace(' 16\n', ' 30\n'));
    await expect(openWordsFile(words, swollen)).rejects.toMatchObject({ code: 'damaged' });
    await expect(openWordsFile(words, new Uint8Array())).rejects.toMatchObject({ code: 'damaged' });
  });

  test('tells how far it is, and gives a token that is not the words', async () => {
    const told: number[] = [];
    const { token } = await deriveClaim(words, (done) => told.push(done));
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(told.length).toBeGreaterThan(3);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBeLessThanOrEqual(1);
  });
});
