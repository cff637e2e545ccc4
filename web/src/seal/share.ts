// A keeper's card on its way to a reader: locked, in the keeper's browser, to a key that the reader's browser has made for this once, so that
// nobody between the two reads it; and in the reader's browser the cards joined, the set opened with them, and the letter with the set. The six
// words of that key are read out by voice: whoever put another key in the middle has other words. It knows no house and no page.

import { sha256 } from '@noble/hashes/sha2.js';
import { makeAccount, type Account } from './account';
import { fromUtf8, utf8, type Bytes } from './bytes';
import { checkId } from './binding';
import { SealError } from './errors';
import { openKeepersFile, openKeeperSet } from './keeper-set';
import { joinCards, readCard, type Card } from './slip39';
import { sixWords } from './words';
import { openWrap, wrap } from './wrap';

/** How many bytes of the hash the six words are made from: 66 bits of them count. */
const WORDS_FROM = 9;
/** The most bytes of a card on its way. */
export const MOST_SHARE_BYTES = 4096;

/** A key for one ask. typage takes the randomness from the browser. */
export const makeAskKey = (): Promise<Account> => makeAccount();

/** The six words of a key: the first 66 bits of SHA-256 (FIPS 180-4) over its recipient as text. */
export const wordsOfKey = (recipient: string): string => sixWords(sha256(utf8(recipient)).slice(0, WORDS_FROM));

const line = (delivery: string): string => `unsaid-card 1 ${delivery}\n`;

/** A card, locked to the reader's key for this one letter. */
export async function lockCard(recipient: string, delivery: string, words: string): Promise<Bytes> {
  checkId(delivery);
  return wrap(recipient, utf8(`${line(delivery)}${words}\n`));
}

/** What a keeper has given. Throws 'wrong-key' for what was locked to another key, 'wrong-binding' for another letter's, and what `readCard` throws. */
export async function unlockCard(identity: string, delivery: string, file: Uint8Array): Promise<Card> {
  if (file.length > MOST_SHARE_BYTES) throw new SealError('damaged', 'too large for a card');
  let text: string;
  const plain = await openWrap(identity, file);
  try {
    text = fromUtf8(plain);
  } catch {
    throw new SealError('damaged', 'not text');
  }
  if (!text.startsWith(line(delivery))) throw new SealError('wrong-binding', 'a card for another letter');
  return readCard(text.slice(line(delivery).length));
}

/** A card and whose it is. */
export interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What stands in the way of joining, and whose cards it is about. */
export class NotTogether extends Error {
  override readonly name = 'NotTogether';

  constructor(
    /** 'unreadable': locked to another key or damaged; 'alike': the same card twice; 'sets': of more than one set; 'older': whole, and of a set that was made anew. */
    readonly why: 'unreadable' | 'alike' | 'sets' | 'older' | 'few',
    readonly names: readonly string[],
  ) {
    super(why);
  }
}

/** The letter key K, from enough cards of one set. Cards too many, and one that is of no use, do no harm where the others are enough. */
export async function openTogether(
  key: { readonly identity: string; readonly delivery: string },
  given: readonly Given[],
  files: { readonly set: Uint8Array; readonly keepers: Uint8Array },
): Promise<Bytes> {
  const read: { name: string; card: Card }[] = [];
  const unreadable: string[] = [];
  for (const { name, bytes } of given) {
    try {
      read.push({ name, card: await unlockCard(key.identity, key.delivery, bytes) });
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      unreadable.push(name);
    }
  }
  const sets = new Map<string, typeof read>();
  for (const one of read) {
    const { set, extendable, exponent, needed } = one.card;
    const of = `${set} ${extendable} ${exponent} ${needed}`;
    sets.set(of, [...(sets.get(of) ?? []), one]);
  }
  let older = false;
  for (const cards of sets.values()) {
    try {
      const master = joinCards(cards.map(({ card }) => card));
      return await openKeepersFile(await openKeeperSet(files.set, master), files.keepers);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      older ||= error.code === 'cards-other' || error.code === 'cards-wrong';
    }
  }
  throw whyNot([...sets.values()], unreadable, older);
}

function whyNot(
  sets: readonly (readonly { name: string; card: Card }[])[],
  unreadable: readonly string[],
  older: boolean,
): NotTogether {
  const names = (cards: readonly { name: string }[]): string[] => cards.map(({ name }) => name);
  if (unreadable.length > 0) return new NotTogether('unreadable', unreadable);
  if (older) return new NotTogether('older', names(sets.flat()));
  if (sets.length > 1) {
    // Those of the smallest are asked first whether they have another card.
    const [fewest] = [...sets].sort((a, b) => a.length - b.length);
    return new NotTogether('sets', names(fewest ?? []));
  }
  const seen = sets.flat();
  const alike = seen.filter((one) => seen.some((other) => other !== one && other.card.index === one.card.index));
  return alike.length > 0 ? new NotTogether('alike', names(alike)) : new NotTogether('few', []);
}
