// A keeper's card on its way to a reader: who can open it, what six words tell, and what is said of cards that do not fit together.

import { beforeAll, describe, expect, test } from 'vitest';
import { utf8 } from './bytes';
import { keyFile } from './key';
import { lockKeeperSet, makeKeeperSet, MASTER_BYTES, sealKeepersFile } from './keeper-set';
import { lockCard, makeAskKey, MOST_SHARE_BYTES, NotTogether, openTogether, unlockCard, wordsOfKey } from './share';
import { makeCards, readCard, writeCard } from './slip39';
import { wrap } from './wrap';

const DELIVERY = 'abcdefghijklmnopqrstuvwxyz';
const OTHER = 'bbcdefghijklmnopqrstuvwxyz';
const KEY = keyFile(DELIVERY, 1, `AGE-SECRET-KEY-1${'Q'.repeat(58)}`);
const chance = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

type Key = Awaited<ReturnType<typeof makeAskKey>>;
let reader: Key;
let cards: string[];
let files: { set: Uint8Array; keepers: Uint8Array };
let set: Key;

beforeAll(async () => {
  reader = await makeAskKey();
  set = await makeKeeperSet();
  const master = chance(MASTER_BYTES);
  cards = makeCards(master, 2, 3, chance);
  files = {
    set: await lockKeeperSet(set.identity, master, chance(48)),
    keepers: await sealKeepersFile(set.recipient, KEY),
  };
});

const given = async (...theirs: [string, string][]) =>
  Promise.all(
    theirs.map(async ([name, card]) => ({ name, bytes: await lockCard(reader.recipient, DELIVERY, card) })),
  );

const open = (shares: { name: string; bytes: Uint8Array }[], key = reader, with_ = files) =>
  openTogether({ identity: key.identity, delivery: DELIVERY }, shares, with_);

async function whyNot(opening: Promise<unknown>): Promise<[string, readonly string[]]> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof NotTogether) return [error.why, error.names];
    throw error;
  }
  throw new Error('it opened');
}

describe('cards of one set', () => {
  test('any two of three open the letter, in any order, and a third does no harm', async () => {
    for (const [a, b] of [
      [0, 1],
      [2, 0],
      [1, 2],
    ] as const) {
      expect(await open(await given(['Joan', cards[a]!], ['Amir', cards[b]!]))).toEqual(KEY);
    }
    expect(await open(await given(['Joan', cards[0]!], ['Amir', cards[1]!], ['Bea', cards[2]!]))).toEqual(KEY);
  });

  test('one, and one that was typed by two, are not enough', async () => {
    expect(await whyNot(open(await given(['Joan', cards[0]!])))).toEqual(['few', []]);
    const twice = await given(['Joan', cards[0]!], ['Amir', cards[0]!]);
    expect(await whyNot(open(twice))).toEqual(['alike', ['Joan', 'Amir']]);
  });

  test('one of another set is named, and does no harm where the others are enough', async () => {
    const [stray] = makeCards(chance(MASTER_BYTES), 2, 3, chance);
    const mixed = await given(['Joan', cards[0]!], ['Amir', stray!]);
    expect((await whyNot(open(mixed)))[0]).toBe('sets');
    expect(await open([...mixed, ...(await given(['Bea', cards[2]!]))])).toEqual(KEY);
  });

  test('those of a set that was made anew fit together and open nothing', async () => {
    const newer = { ...files, set: await lockKeeperSet(set.identity, chance(MASTER_BYTES), chance(48)) };
    const both = await given(['Joan', cards[0]!], ['Amir', cards[1]!]);
    expect(await whyNot(open(both, reader, newer))).toEqual(['older', ['Joan', 'Amir']]);
  });
});

describe('on its way', () => {
  test('nobody but the reader’s browser reads it, and a card says the same at both ends', async () => {
    const file = await lockCard(reader.recipient, DELIVERY, cards[1]!);
    expect(file.length).toBeLessThanOrEqual(MOST_SHARE_BYTES);
    expect(writeCard(await unlockCard(reader.identity, DELIVERY, file))).toBe(cards[1]);
    const stranger = await makeAskKey();
    await expect(unlockCard(stranger.identity, DELIVERY, file)).rejects.toMatchObject({ code: 'wrong-key' });
  });

  test('what was locked to another key, or given for another letter, is said to be unreadable', async () => {
    const stranger = await makeAskKey();
    const [good] = await given(['Joan', cards[0]!]);
    const swapped = { name: 'Amir', bytes: await lockCard(stranger.recipient, DELIVERY, cards[1]!) };
    expect(await whyNot(open([good!, swapped]))).toEqual(['unreadable', ['Amir']]);
    const replayed = { name: 'Amir', bytes: await lockCard(reader.recipient, OTHER, cards[1]!) };
    expect(await whyNot(open([good!, replayed]))).toEqual(['unreadable', ['Amir']]);
    const garbled = { name: 'Amir', bytes: good!.bytes.map((byte, at) => (at === good!.bytes.length - 1 ? byte ^ 1 : byte)) };
    expect(await whyNot(open([good!, garbled]))).toEqual(['unreadable', ['Amir']]);
    const noCard = { name: 'Amir', bytes: await wrap(reader.recipient, utf8(`unsaid-card 1 ${DELIVERY}\nhello\n`)) };
    expect(await whyNot(open([good!, noCard]))).toEqual(['unreadable', ['Amir']]);
  });

  test('another key has other words, and the same has the same', async () => {
    const words = wordsOfKey(reader.recipient);
    expect(words.split(' ')).toHaveLength(6);
    expect(wordsOfKey(reader.recipient)).toBe(words);
    expect(wordsOfKey((await makeAskKey()).recipient)).not.toBe(words);
    // SHA-256 of 'age1pq1' begins with these 66 bits, whoever reckons it.
    expect(wordsOfKey('age1pq1')).toBe('verb easel garnet buoy teal drama');
  });

  test('what a keeper types is compared with the printed card before it leaves', () => {
    const typed = cards[0]!.toUpperCase().split(' ').map((word) => word.slice(0, 4)).join(', ');
    expect(writeCard(readCard(typed))).toBe(cards[0]);
  });
});
