// What passes between the page and its room when a letter is sealed or read. Types only.

import type { KeeperSet, Letter, SealedLetter, Written } from '../../../seal';

export type { Medium, Picture as PlainPicture } from '../../../seal';
export type Sealed = SealedLetter;

/**
 * By whom a letter of hers is signed: by her hand, as the vault has it; by nobody, as letters were of the first format; or by
 * another hand, by a signature that is not this letter's, or by none where one belongs.
 */
export type SignedBy = 'hers' | 'nobody' | 'not-hers';

export interface ReadLetter extends Letter {
  readonly signedBy: SignedBy;
}

/** A letter to be sealed. The room adds the hand that signs and the inbox for answers. */
export interface LetterToSeal extends Omit<Written, 'replyTo'> {
  readonly html: string | null;
  /** Who besides the author has a way to open it. */
  readonly kept: 'author' | 'house' | 'words' | 'keepers';
  /** The words of the card, for 'words'. */
  readonly words: string | null;
  /** The set of her keepers' cards, for 'keepers'. */
  readonly set: KeeperSet | null;
  readonly authorRecipient: string;
  readonly hostRecipient: string | null;
}

export interface PlainPart {
  bytes: Uint8Array;
}
