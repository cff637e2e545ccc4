// What the page asks of the room with the keys. Types only. The account's identity is in no answer but the paper kit,
// which exists to be printed.

import type { Letter, LetterName, LetterToCompose, SealedLetter, SealErrorCode } from '../../../seal';

export interface Asked {
  /** A new account, whose key stays in the room: six words to show, and what the house keeps. */
  'make-account': {
    ask: { accountId: string; salt: Uint8Array; hostRecipient: string };
    answer: { words: string; recipient: string; unlockToken: string; unlockFile: Uint8Array };
  };
  /** Words as typed. The room remembers what opens the file; the page sends the token on. */
  'try-words': { ask: { words: string; salt: Uint8Array }; answer: { token: string } };
  /** The file that the house gave for the token. From here on the room holds the account's key. */
  enter: { ask: { file: Uint8Array; recipient: string }; answer: null };
  /** The paper kit, for printing. */
  kit: { ask: { house: string; date: string }; answer: { lines: string[]; text: string } };
  'open-vault': { ask: { file: Uint8Array }; answer: { text: string } };
  'close-vault': { ask: { text: string; recipient: string }; answer: { file: Uint8Array } };
  seal: {
    ask: LetterToCompose & { authorRecipient: string; hostRecipient: string | null };
    answer: SealedLetter;
  };
  prove: {
    ask: {
      written: LetterToCompose;
      manifestHash: string;
      parts: readonly { name: string; bytes: Uint8Array }[];
      authorWrap: Uint8Array;
    };
    answer: null;
  };
  read: {
    ask: { authorWrap: Uint8Array; letterAge: Uint8Array; expected: LetterName };
    answer: Letter;
  };
}

export type AskedName = keyof Asked;

export type Ask = { [N in AskedName]: { id: number; name: N; ask: Asked[N]['ask'] } }[AskedName];

/** 'locked': the room holds no key; 'broken': a fault of the program, not of what was typed. */
export interface Refusal {
  code: SealErrorCode | 'locked' | 'broken';
  index: number | undefined;
}

export type Told =
  { id: number; ok: true; answer: Asked[AskedName]['answer'] } | { id: number; ok: false; refusal: Refusal };
