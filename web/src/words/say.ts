// Every sentence that a page says comes from here: en.json holds the texts, flat and sorted, read by both halves of
// Unsaid. A key that does not exist does not compile; a placeholder without a value is an error, not a gap.

import english from './en.json';

export type Key = keyof typeof english;
export type Params = Record<string, string | number>;

const texts: Readonly<Record<string, string>> = english;

/** The text of `key` with its `{placeholders}` filled in. */
export function say(key: Key, params: Params = {}): string {
  return pieces(key)
    .map((piece) => ('text' in piece ? piece.text : filled(key, piece.name, params)))
    .join('');
}

export type Piece = { text: string } | { name: string };

/** The text of `key` taken apart at its placeholders, for sentences with something set in bold. */
export function pieces(key: Key): Piece[] {
  const text = texts[key];
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
