// How sealing says no. Every refusal is a code, so that the pages can say it in the reader's own
// language (web/src/words); this file knows no sentence that a person reads.

/** Why something could not be sealed or opened. */
export type SealErrorCode =
  /** A typed word is not on the list; `index` counts from 0. */
  | 'word-unknown'
  /** Too few or too many words; `index` holds how many were typed. */
  | 'word-count'
  /** Real words, but not a card's: one is wrong, or two changed places. `index` is there when one alone is likely. */
  | 'words-checksum'
  /** Keepers' cards of different sets. */
  | 'cards-differ'
  /** Two cards that say they are the same one, and hold different words. */
  | 'card-twice'
  /** Too few keepers' cards; `index` holds how many more would do. */
  | 'cards-too-few'
  /** Enough keepers' cards, which together hold nothing: one of them is not what it says. */
  | 'cards-wrong'
  /** Enough keepers' cards, which are those of another set, or of one that has been made anew. */
  | 'cards-other'
  /** The words are real words, but not those of this account. */
  | 'words-wrong'
  /** No account key was found in what was typed or scanned from the paper kit. */
  | 'kit-missing'
  /** An account key was found, but a character of it is wrong. */
  | 'kit-misread'
  /** This key does not open this file. */
  | 'wrong-key'
  /** The file was changed, cut short, or is not an age file. */
  | 'damaged'
  /** A wrap that has not exactly one age1pq recipient. */
  | 'not-a-wrap'
  /** A wrap that was made for another letter, version or purpose. */
  | 'wrong-binding'
  /** A letter that names another letter or version than the one that was asked for. */
  | 'wrong-letter'
  /** A name that is empty or longer than 200 characters. */
  | 'bad-name'
  /** A text larger than a letter may be. */
  | 'text-too-long'
  /** Too many pictures, or one that is too large, empty, or not of a kind that every browser shows. */
  | 'bad-picture'
  /** A signature that is not over these bytes, not by this hand, or none at all. */
  | 'bad-signature'
  /** An id, a version, a date, a salt or a recipient that is not of the right form: a fault of the program. */
  | 'bad-input'
  /** What the server gives back is not what was sealed. */
  | 'proof-failed';

/** A refusal of this room. `message` is for developers; pages go by `code`. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly code: SealErrorCode;
  /** For 'word-unknown' and 'words-checksum' which word, from 0; for 'word-count' how many there were; for 'cards-too-few' how many more. */
  readonly index: number | undefined;

  constructor(code: SealErrorCode, detail: string, index?: number) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.index = index;
  }
}
