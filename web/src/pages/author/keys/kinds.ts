// What passes between the page and its room when a letter is sealed or read. Types only.

import type { Letter, SealedPart } from '../../../seal';

/** A picture as the page has it: already scaled, without the place where it was taken. */
export interface PlainPicture {
  /** Three digits from `001`, in the order in which it stands in the letter. */
  name: string;
  type: 'image/jpeg' | 'image/png' | 'image/webp';
  bytes: Uint8Array;
}

/** A letter to be sealed. The room adds the hand that signs and the inbox for answers. */
export interface LetterToSeal {
  letterId: string;
  version: number;
  from: string;
  to: string;
  date: Date;
  text: string;
  /** `null` for words without any form. */
  html: string | null;
  pictures: readonly PlainPicture[];
  /** Who besides the author has a way to open it. */
  kept: 'author' | 'house' | 'words';
  /** The words of the card, for 'words'. */
  words: string | null;
  authorRecipient: string;
  hostRecipient: string | null;
}

export interface PlainPart {
  bytes: Uint8Array;
}

/** A letter as it was sealed. */
export type ReadLetter = Letter & {
  html: string | null;
  /** Those that lie inside. */
  pictures: readonly PlainPicture[];
  /** Those that lie beside it, as parts of their own. */
  media: readonly { name: string; type: string; size: number; sha256: string }[];
};

/** Everything that goes to the house. */
export interface Sealed {
  parts: readonly SealedPart[];
  manifestHash: string;
  wraps: readonly { kind: 'author' | 'host' | 'words'; bytes: Uint8Array }[];
}
