// What the page asks of the room with the keys. Types only. The account's identity is in no answer but the paper kit,
// which exists to be printed; the seed that signs is in none at all.

import type { Letter, LetterName, SealErrorCode } from '../../../seal';
import type { LetterToSeal, Medium, PlainPart, ReadLetter, Sealed } from './kinds';

/** What the world may know of the hand that signs. */
export interface PublicHand {
  /** `ssh-ed25519 AAAA… unsaid` */
  line: string;
  /** The line of an allowed_signers file. */
  allowedSigners: string;
  /** `SHA256:…`, as ssh-keygen says it. */
  fingerprint: string;
  /** `age1pq1…`: where answers are sealed to. */
  inboxRecipient: string;
}

/** A part as the house gave it back. */
export interface FetchedPart {
  name: string;
  bytes: Uint8Array;
}

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
  /** A paper kit as typed or scanned. The room remembers it; the page sends the token on. */
  'try-kit': { ask: { kit: string }; answer: { token: string } };
  /** The house knows the kit: it has to be this account's. */
  'enter-kit': { ask: { recipient: string }; answer: null };
  /** What lets the kit sign in. */
  'kit-token': { ask: Record<string, never>; answer: { token: string } };
  /** Six new words that open this account, and what the house keeps in the place of the old ones. */
  'new-words': {
    ask: { accountId: string; hostRecipient: string; number: number };
    answer: { words: string; salt: Uint8Array; unlockToken: string; unlockFile: Uint8Array };
  };
  /** The paper kit, for printing. */
  kit: { ask: { house: string; date: string }; answer: { lines: string[]; text: string } };
  /** The vault's records. What the hand is made of stays in the room; `hand` is `null` while there is none. */
  'open-vault': { ask: { file: Uint8Array }; answer: { text: string; hand: PublicHand | null } };
  /** Puts the hand back to the record that it belongs to. */
  'close-vault': {
    ask: { text: string; recipient: string };
    answer: { file: Uint8Array; hand: PublicHand | null };
  };
  /** A draft, or a photo of one, on its way to the house: needs the recipient alone, so that saving goes on while the letters are closed. */
  'close-draft': { ask: { bytes: Uint8Array; recipient: string }; answer: { file: Uint8Array } };
  'open-draft': { ask: { file: Uint8Array }; answer: { bytes: Uint8Array } };
  /** A hand, if the room knows none. It counts once a vault with it has been kept. */
  'make-hand': { ask: Record<string, never>; answer: null };
  /** Eight words for a card, drawn by lot. */
  'make-card': { ask: Record<string, never>; answer: { words: string } };
  /** Cards for so many keepers: with a new key of the set, or with the one that it has. */
  'make-keeper-cards': {
    ask: { needed: number; of: number; identity: string | null };
    answer: { identity: string; recipient: string; cards: string[] };
  };
  /** What the house keeps of a set: the file that these cards open. It was opened with them before it is given. */
  'lock-keeper-set': { ask: { identity: string; cards: readonly string[] }; answer: { file: Uint8Array } };
  /** Whether what the house keeps opens with these cards, the first as well as the last of them. */
  'prove-keeper-set': {
    ask: { identity: string; cards: readonly string[]; file: Uint8Array };
    answer: null;
  };
  /** What stands at the house for the words of a card. */
  'card-token': { ask: { words: string }; answer: { token: string } };
  /** What stands at the house for the words of a stop paper. */
  'stop-token': { ask: { words: string }; answer: { token: string } };
  /** A letter of hers, wrapped anew under other words. */
  'wrap-again': {
    ask: LetterName & { authorWrap: Uint8Array; words: string; hostRecipient: string };
    answer: { wrap: Uint8Array };
  };
  seal: { ask: LetterToSeal; answer: Sealed };
  prove: {
    ask: {
      written: LetterToSeal;
      manifestHash: string;
      parts: readonly FetchedPart[];
      authorWrap: Uint8Array;
    };
    answer: null;
  };
  read: {
    ask: {
      authorWrap: Uint8Array;
      letterAge: Uint8Array;
      /** `null`: the house has no signature of it. */
      sigAge: Uint8Array | null;
      expected: LetterName;
    };
    answer: ReadLetter;
  };
  /** A picture that lies beside a letter. */
  'read-part': {
    ask: { authorWrap: Uint8Array; part: Uint8Array; medium: Medium };
    answer: PlainPart;
  };
  /** What somebody answered, opened with the inbox that her letters name. Refused unless it answers this letter. */
  'read-reply': { ask: { file: Uint8Array; id: string; letterId: string }; answer: Letter };
  /** The key of one letter under a set of keepers' cards, without any layer of a house, and the file that the cards open. */
  'export-keepers': {
    ask: { authorWrap: Uint8Array; identity: string; recipient: string; cards: readonly string[] };
    answer: { key: Uint8Array; set: Uint8Array };
  };
  /** The key of one letter for a folder that opens without us: under words, or in clear where `words` is `null`. */
  'export-key': {
    ask: { authorWrap: Uint8Array; words: string | null };
    answer: { kind: 'words' | 'clear'; file: Uint8Array };
  };
}

export type AskedName = keyof Asked;

export type Ask = { [N in AskedName]: { id: number; name: N; ask: Asked[N]['ask'] } }[AskedName];

/**
 * 'locked': the room holds no key; 'broken': a fault of the program, not of what was typed; 'kit-group': a misread kit, with
 * the group in which the fault most likely is; 'vault-newer' and 'vault-damaged': a vault that this page leaves alone.
 */
export interface Refusal {
  code: SealErrorCode | 'locked' | 'broken' | 'kit-group' | 'vault-newer' | 'vault-damaged';
  index: number | undefined;
}

export type Told =
  { id: number; ok: true; answer: Asked[AskedName]['answer'] } | { id: number; ok: false; refusal: Refusal };
