// Numbers as they are said: in words to twelve, in figures above.

import { locale } from './language.svelte';
import { say, type Key } from './say';

/** 'one' to 'twelve', then '13'. */
export function count(number: number): string {
  return number >= 0 && number <= 12 ? say(`author.number.${number}` as Key) : figures(number);
}

export const figures = (number: number): string => new Intl.NumberFormat(locale()).format(number);

/** 'first' to 'eighth': positions among the words. */
export const ordinal = (position: number): string => say(`author.ordinal.${position}` as Key);

/** 'Joan, Amir and Beatrice'. */
export const together = (parts: readonly string[]): string =>
  new Intl.ListFormat(locale(), { type: 'conjunction' }).format(parts);
