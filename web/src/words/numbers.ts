// Numbers as they are said: in words to twelve, in figures above.

import { say, type Key } from './say';

/** 'one' to 'twelve', then '13'. */
export function count(number: number): string {
  return number >= 0 && number <= 12 ? say(`author.number.${number}` as Key) : figures(number);
}

export const figures = (number: number): string => new Intl.NumberFormat('en-GB').format(number);

/** 'first' to 'eighth': positions among the words. */
export const ordinal = (position: number): string => say(`author.ordinal.${position}` as Key);

/** The singular for one, the plural with the number in words for anything else. */
export const counted = (number: number, one: Key, many: Key): string =>
  number === 1 ? say(one) : say(many, { number: count(number) });
