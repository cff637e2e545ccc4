// Every sentence that a page says comes from here: en.json and its sisters hold the texts, flat and sorted, read by both
// halves of Unsaid. A key that does not exist does not compile; a placeholder without a value is an error, not a gap.

import english from './en.json';
import { locale, textOf } from './language.svelte';

export type Key = keyof typeof english;
export type Params = Record<string, string | number>;

/** The beginning of keys that end in `.one`, `.other` and whatever else a language counts by. */
export type Counted = Key extends infer One ? (One extends `${infer Stem}.other` ? Stem : never) : never;

/** The text of `key` with its `{placeholders}` filled in. */
export function say(key: Key, params: Params = {}): string {
  return pieces(key)
    .map((piece) => ('text' in piece ? piece.text : filled(key, piece.name, params)))
    .join('');
}

/**
 * The text for so many: `stem.one`, `stem.other` or another of the categories of the language (CLDR plural rules). The
 * number itself is said by the caller, in words or in figures.
 */
export function counted(stem: Counted, number: number, params: Params = {}): string {
  const category = new Intl.PluralRules(locale()).select(number);
  const key = `${stem}.${category}`;
  return say((textOf(key) === undefined ? `${stem}.other` : key) as Key, params);
}

export type Piece = { text: string } | { name: string };

/** The text of `key` taken apart at its placeholders, for sentences with something set in bold. */
export function pieces(key: Key): Piece[] {
  const text = textOf(key);
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text
    .split(/(\{[a-zA-Z]+\})/)
    .filter((piece) => piece !== '')
    .map((piece) => (/^\{[a-zA-Z]+\}$/.test(piece) ? { name: piece.slice(1, -1) } : { text: piece }));
}

export function filled(key: Key, name: string, params: Params): string {
  const value = params[name];
  if (value === undefined) throw new Error(`the text ${key} wants ${name}`);
  return String(value);
}
