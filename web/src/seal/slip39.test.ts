// Keepers' cards: every official vector of the standard, any two of three give the master back, one says nothing, and every mistake of a hand
// that copies twenty words is noticed.

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { hex, sha256Hex, type Bytes } from './bytes';
import { SealError } from './errors';
import { CARD_WORDS, joinCards, makeCards, readCard, writeCard } from './slip39';
import { SLIP39_WORDS } from './slip39-words';

const frozen = (name: string) => readFile(new URL(`../../../vectors/slip39/${name}`, import.meta.url), 'utf8');
const official = JSON.parse(await frozen('official.json')) as { name: string; cards: string[]; master: string | null }[];
const ours = JSON.parse(await frozen('ours.json')) as { master: string; needed: number; cards: string[] }[];

/** Chance that is always the same, from a number. */
function chance(seed: number): (length: number) => Bytes {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 24;
    });
}

const master = Uint8Array.from({ length: 16 }, (_, i) => 17 * i);
const set = makeCards(master, 2, 3, chance(1));
const join = (...cards: string[]) => joinCards(cards.map(readCard));
const changed = (card: string, index: number, word: string) => card.split(' ').with(index, word).join(' ');

function refusal(act: () => unknown): { code: string; index: number | undefined } {
  try {
    act();
  } catch (error) {
    if (error instanceof SealError) return { code: error.code, index: error.index };
    throw error;
  }
  throw new Error('was not refused');
}

describe('the standard', () => {
  test('its list of words is the frozen one', async () => {
    expect(sha256Hex(new TextEncoder().encode(await frozen('words.txt')))).toBe(
      'bcc4555340332d169718aed8bf31dd9d5248cb7da6e5d355140ef4f1e601eec3',
    );
    expect(await frozen('words.txt')).toBe(SLIP39_WORDS.join('\n') + '\n');
    expect(new Set(SLIP39_WORDS.map((word) => word.slice(0, 4))).size).toBe(1024);
  });

  test('there are 45 official vectors', () => expect(official).toHaveLength(45));

  test.each(official)('$name', ({ cards, master }) => {
    const joined = () => hex(joinCards(cards.map(readCard), 'TREZOR'));
    if (master === null) expect(refusal(joined).code).toMatch(/^(word|card|damaged)/);
    else expect(joined()).toBe(master);
  });

  test('what is read is written again word by word', () => {
    for (const { cards, master } of official) {
      if (master !== null) for (const card of cards) expect(writeCard(readCard(card))).toBe(card);
    }
  });

  test('sets that were made once open for ever', () => {
    expect(ours.length).toBeGreaterThan(2);
    for (const { master, needed, cards } of ours) {
      expect(hex(join(...cards.slice(-needed)))).toBe(master);
      expect(hex(join(...cards.slice(0, needed)))).toBe(master);
    }
  });
});

describe('a set', () => {
  test('any two of three cards give the master, in any order', () => {
    for (const [a, b] of [[0, 1], [1, 0], [0, 2], [2, 1]] as const) expect(join(set[a]!, set[b]!)).toEqual(master);
    expect(join(...set)).toEqual(master);
  });

  test('every threshold of up to five cards works with its last cards', () => {
    for (let of = 2; of <= 5; of++) {
      for (let needed = 2; needed <= of; needed++) {
        const cards = makeCards(master, needed, of, chance(of * 7 + needed));
        expect(join(...cards.slice(-needed))).toEqual(master);
        expect(refusal(() => join(...cards.slice(1 - needed)))).toEqual({ code: 'cards-too-few', index: 1 });
      }
    }
  });

  test('a single card of one is possible, and sets that cannot be are not', () => {
    expect(join(...makeCards(master, 1, 1, chance(3)))).toEqual(master);
    for (const [needed, of] of [[1, 3], [0, 0], [4, 3], [2, 17]] as const) {
      expect(refusal(() => makeCards(master, needed, of, chance(3))).code).toBe('bad-input');
    }
    expect(refusal(() => makeCards(master.subarray(1), 2, 3, chance(3))).code).toBe('bad-input');
  });

  test('every card has twenty words', () => {
    for (const card of set) expect(card.split(' ')).toHaveLength(CARD_WORDS);
  });

  test('the same card twice counts once', () => {
    expect(refusal(() => join(set[0]!, set[0]!))).toEqual({ code: 'cards-too-few', index: 1 });
  });

  test('cards of two sets are told apart', () => {
    const other = makeCards(master, 2, 3, chance(2));
    expect(refusal(() => join(set[0]!, other[1]!)).code).toBe('cards-differ');
  });

  test('a card with another value under the same number is refused, and one that is forged together with a real one', () => {
    const forged = { ...readCard(set[1]!), value: new Uint8Array(16) };
    expect(refusal(() => joinCards([readCard(set[1]!), forged])).code).toBe('card-twice');
    expect(refusal(() => joinCards([readCard(set[0]!), forged])).code).toBe('cards-wrong');
  });
});

describe('a hand that copies', () => {
  test('upper case, line ends, numbers and four letters of a word do no harm', () => {
    const words = set[0]!.split(' ');
    const copied = words.map((word, i) => `${i + 1}. ${(i % 2 ? word : word.slice(0, 4)).toUpperCase()}`).join('\n');
    expect(readCard(copied)).toEqual(readCard(set[0]!));
  });

  test('a word that is not on the list is named', () => {
    expect(refusal(() => readCard(changed(set[0]!, 4, 'xylophone')))).toEqual({ code: 'word-unknown', index: 4 });
  });

  test('one wrong word is always noticed, and always named', () => {
    const words = set[2]!.split(' ');
    for (const [index, word] of words.entries()) {
      const other = SLIP39_WORDS[(SLIP39_WORDS.indexOf(word) + 1 + 31 * index) % 1024]!;
      expect(refusal(() => readCard(changed(set[2]!, index, other)))).toEqual({ code: 'words-checksum', index });
    }
  });

  test('two words that changed places are noticed', () => {
    const [a, b, ...rest] = set[0]!.split(' ');
    expect(refusal(() => readCard([b, a, ...rest].join(' '))).code).toBe('words-checksum');
  });

  test('a word too few, one too many, and none at all are counted', () => {
    for (const [typed, index] of [[set[0]!.split(' ').slice(1).join(' '), 19], [`${set[0]!} zero`, 21], ['', 0]] as const) {
      expect(refusal(() => readCard(typed))).toEqual({ code: 'word-count', index });
    }
  });

  test('a card that asks for hours of work is not worked on', () => {
    const card = { ...readCard(set[0]!), exponent: 15 };
    expect(refusal(() => readCard(writeCard(card))).code).toBe('damaged');
  });
});
