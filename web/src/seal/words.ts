// Six words on a card: made from chance, read back from whatever was typed. The list is frozen
// (vectors/words/en.txt). It never stores or sends a word.

import { SealError } from './errors';
import { ENGLISH } from './words-en';

/** How many words unlock an account: 66 random bits. */
export const UNLOCK_WORDS = 6;

/** Six words from nine random bytes, of which the first 66 bits count. */
export function sixWords(random: Uint8Array): string {
  if (random.length !== 9) throw new SealError('bad-input', 'six words are made from nine random bytes');
  let bits = 0n;
  for (const byte of random) bits = (bits << 8n) | BigInt(byte);
  const words: string[] = [];
  for (let i = 0; i < UNLOCK_WORDS; i++) {
    const index = Number((bits >> BigInt(72 - 11 * (i + 1))) & 2047n);
    words.push(ENGLISH[index]!);
  }
  return words.join(' ');
}

/**
 * The canonical form of typed words: NFC, lower case, single spaces, whole words. Four letters of a word are enough.
 * A word that is not on the list is refused with its place, counted from 0.
 */
export function normaliseWords(typed: string, count = UNLOCK_WORDS): string {
  const parts = splitWords(typed);
  const whole = parts.map((part, index) => {
    const word = expandWord(part);
    if (word === undefined) throw new SealError('word-unknown', 'not on the list', index);
    return word;
  });
  if (whole.length !== count) throw new SealError('word-count', `${count} words are needed`, whole.length);
  return whole.join(' ');
}

/** Where each typed word stands in a list, from 0. A word that is not on it is refused with its place. */
export function placesOf(typed: string, list: readonly string[]): number[] {
  return splitWords(typed).map((part, index) => {
    const word = expandWord(part, list);
    if (word === undefined) throw new SealError('word-unknown', 'not on the list', index);
    return list.indexOf(word);
  });
}

/** The places, from 0, of all typed words that are not on the list: for marking them while she types. */
export function wrongWords(typed: string): number[] {
  return splitWords(typed).flatMap((part, index) => (expandWord(part) === undefined ? [index] : []));
}

/** The listed word that `part` is or, from four letters on, begins. */
export function expandWord(part: string, list = ENGLISH): string | undefined {
  return list.find((word) => word === part) ?? (part.length >= 4 ? list.find((w) => w.startsWith(part)) : undefined);
}

/** People separate words by spaces, line ends, commas, full stops, hyphens, or number them: none of it counts. */
function splitWords(typed: string): string[] {
  return typed
    .normalize('NFC')
    .toLowerCase()
    .split(/[\s\u0085,.;\-0-9]+/)
    .filter((part) => part !== '');
}
