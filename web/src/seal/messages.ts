// What the page and the sealing worker say to each other: one question, one answer, matched by `id`.
// Types only; whoever makes the Worker and listens to it lives outside of this room.

import type { Account } from './account';
import type { SealErrorCode } from './errors';
import type { Letter } from './letter';
import type { LetterName, LetterToSeal, Proof, SealedLetter } from './seal';
import type { NewUnlock, UnlockPlace, UnlockSecrets } from './unlock';

/** Every question by its name: what is asked, and what is answered. */
export interface Questions {
  /** Words as typed and the account's salt, to token and file passphrase. */
  'derive-unlock': { ask: { words: string; salt: Uint8Array }; answer: UnlockSecrets };
  /** A new account with its six words. */
  'make-account': { ask: UnlockPlace; answer: { account: Account; unlock: NewUnlock } };
  /** New words for an account that is open. */
  'make-unlock': { ask: { identity: string; place: UnlockPlace }; answer: NewUnlock };
  /** passphrase.age, as the house gave it out, to the account. */
  'open-account': { ask: { passphraseFile: Uint8Array; filePassphrase: string }; answer: Account };
  /** A scanned or typed paper kit, to the account. */
  'read-kit': { ask: { text: string }; answer: Account };
  seal: { ask: LetterToSeal; answer: SealedLetter };
  open: {
    ask: { identity: string; authorWrap: Uint8Array; letterAge: Uint8Array; expected: LetterName };
    answer: Letter;
  };
  prove: { ask: Proof; answer: Letter };
}

export type QuestionName = keyof Questions;

/** From the page to the worker. */
export type Question = {
  [N in QuestionName]: { id: number; name: N; ask: Questions[N]['ask'] };
}[QuestionName];

/** A SealError as it crosses to the page; 'broken' is a fault of the program and not of what was typed. */
export interface Refusal {
  readonly code: SealErrorCode | 'broken';
  readonly index?: number;
}

/** From the worker to the page. */
export type Answer =
  | { [N in QuestionName]: { id: number; name: N; ok: true; answer: Questions[N]['answer'] } }[QuestionName]
  | { id: number; name: QuestionName; ok: false; refusal: Refusal };
