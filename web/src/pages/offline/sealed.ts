// What open-me.html holds of a letter: its files, as the export puts them in. It knows no page and opens nothing.

/** All bytes are base64 (RFC 4648). */
export interface SealedInside {
  readonly format: 'unsaid open-me 1';
  readonly letterId: string;
  readonly version: number;
  /** The person's language. */
  readonly language: string;
  readonly letter: string;
  readonly signature: string | null;
  /** Pictures beside the letter, by name: `003`. */
  readonly media: Readonly<Record<string, string>>;
  /** Names of those that are too large to lie in here. */
  readonly outside: readonly string[];
  /** The key file in clear, or the file under the words of the card; of keepers' cards, the file under their set, which this page cannot open. */
  readonly key: { readonly kind: 'clear' | 'words' | 'keepers'; readonly file: string };
}

/** Where the letter goes, in a file that has none. */
const EMPTY = '<script type="application/json" id="sealed">null</script>';

/** open-me.html with the letter in it. */
export function withLetter(openMe: string, sealed: SealedInside): string {
  const at = openMe.indexOf(EMPTY);
  if (at < 0) throw new Error('not open-me.html without a letter');
  const json = JSON.stringify(sealed).replaceAll('<', '\\u003c');
  return `${openMe.slice(0, at)}${EMPTY.replace('null', () => json)}${openMe.slice(at + EMPTY.length)}`;
}
