// Letters from the reservation to the withdrawal, and their sealed parts in chunks that can be taken up again.

import type { LeapDay, Moment, Rest } from './house';
import { Problem } from './problem';
import { get, getBytes, post, putBytes } from './request';

/** What is asked before it opens, as the house is told it. */
export type Proof =
  | 'none'
  /** The year is asked for too where it is given. */
  | { kind: 'birthday'; year: number | null; month: number; day: number }
  | { kind: 'question'; question: string; answer: string };

/** What is asked, as the house tells its author again: an answer comes back to nobody. */
export type ProofShown =
  | 'none'
  /** Whether the year is asked for too. */
  | { kind: 'birthday'; year: boolean }
  | { kind: 'question'; question: string };

interface RuleOf<Asked> {
  /** `gone`: it waits for her end first. `word`: for the word of her keepers that something has happened. */
  gate: 'none' | 'gone' | 'word';
  /** With `word`: what must have happened. */
  event?: string;
  moment: Moment;
  /** 'claim': held until it is asked for. */
  reach: 'send' | 'claim';
  proof: Asked;
}

/** As it is decided. */
export type Rule = RuleOf<Proof>;

/** As the house shows it. */
export type RuleShown = RuleOf<ProofShown>;

export type LetterState =
  'reserved' | 'resting' | 'waiting' | 'askable' | 'left' | 'unsent' | 'withdrawn' | 'held';

/** Who holds the key of a letter that is delivered. */
export type Kept = 'house' | 'words' | 'keepers';

export interface Version {
  number: number;
  /** Civil day. */
  sealedOn: string;
  /** Whether it is the one that is delivered; `null` once the letter has left, when that is told to nobody. */
  counts?: boolean | null;
}

export interface Letter {
  id: string;
  person: string | null;
  version: number;
  versions: Version[];
  state: LetterState;
  /** Why this house holds it. */
  held?: 'by-host' | 'unforeseen' | 'damaged' | 'not-understood' | null;
  sealedAt: string | null;
  restUntil: string | null;
  arrives: string | null;
  rule: RuleShown | null;
  /** `null` for a letter that is hers alone. */
  kept?: Kept | null;
  /** Civil days still to come, the first three. */
  occurrences?: string[];
  /** A newer version that does not count yet, and until when it rests. */
  amending?: { version: number; until: string } | null;
  can: string[];
}

/** What happened to a letter on a day. */
export interface StepOfWay {
  day: string;
  what:
    | 'sealed'
    | 'new-words'
    | 'rested'
    | 'address-given'
    | 'address-removed'
    | 'came-back'
    | 'new-words-count'
    | 'new-words-undone'
    | 'birthday-corrected'
    | 'day-moved'
    | 'held-by-host'
    | 'held-unforeseen'
    | 'held-damaged'
    | 'held-not-understood'
    | 'let-go'
    | 'plan-chosen'
    | 'paused'
    | 'resumed'
    | 'stopped'
    | 'ended';
  /** Of a sealing: which version. */
  number: number | null;
}

export interface LettersWay {
  /** It has left our hands, or waits to be asked for: nothing more is told. */
  left: boolean;
  /** The newest first. */
  steps: StepOfWay[];
}

/** What her keepers have said of what a letter waits for. */
export interface LetterEvent {
  /** How many must say that it has happened; `null` where nobody is left to say it. */
  needed: number | null;
  said: { name: string; happened: boolean }[];
  /** Enough have said so: the civil day before which it does not go. */
  opens: string | null;
  can: string[];
}

/** One way of opening a version. */
export type WrapKind = 'author' | 'host' | 'words';

export type PartKind = 'letter' | 'signature' | 'media';

export interface Sealing {
  person: string | null;
  to: null;
  manifestHash: string;
  rule: Rule | null;
  rest: Rest;
  kept: Kept;
  /** A new version of a letter that lives: person and rule stay as they are. */
  amend?: true;
}

/** What sealing gives: the letter, and once it has left the one sentence that is always the same. */
export interface SealAnswer {
  letter: Letter;
  said?: string;
}

const CHUNK_BYTES = 2 * 1024 * 1024;
/** How often one part is begun again after it was damaged on its way. */
const BEGINNINGS = 3;

const one = async (answer: Promise<{ letter: Letter }>): Promise<Letter> => (await answer).letter;
const version = (letter: string, number: number): string => `/api/letters/${letter}/versions/${number}`;

export const reserve = (): Promise<{ id: string; version: number }> => post('/api/letters', {});

/** A further version of a letter: one that was undone, or one that is amended. */
export const reserveVersion = (letterId: string): Promise<{ version: number }> =>
  post(`/api/letters/${letterId}/versions`, {});

export const letters = async (): Promise<Letter[]> =>
  (await get<{ letters: Letter[] }>('/api/letters')).letters;
export const letter = (id: string): Promise<Letter> => one(get(`/api/letters/${id}`));

/** What happened to it, as its author may know. */
export const letterEvent = (id: string): Promise<LetterEvent> => get(`/api/letters/${id}/event`);

export const stopEvent = (id: string): Promise<unknown> => post(`/api/letters/${id}/event/stop`, {});

export const letterWay = (id: string): Promise<LettersWay> => get(`/api/letters/${id}/way`);

/**
 * Brings one part to the house, from wherever an earlier attempt ended. `told` hears the bytes that are safely
 * there. Throws Unreachable or a Problem; asking again with the same bytes goes on where it stopped.
 */
export async function upload(
  letterId: string,
  number: number,
  part: { name: string; kind: PartKind; sha256: string; bytes: Uint8Array },
  told: (arrived: number) => void = () => {},
): Promise<void> {
  const { name, kind, sha256, bytes } = part;
  for (let beginning = 1; ; beginning += 1) {
    const begun = await post<{ upload: string; offset: number }>(`${version(letterId, number)}/uploads`, {
      name,
      kind,
      size: bytes.length,
      sha256,
    });
    try {
      let offset = begun.offset;
      told(offset);
      while (offset < bytes.length) {
        const chunk = bytes.subarray(offset, Math.min(offset + CHUNK_BYTES, bytes.length));
        const path = `/api/uploads/${begun.upload}`;
        try {
          offset = (await putBytes<{ offset: number }>(`${path}?offset=${offset}`, chunk)).offset;
        } catch (error) {
          // Another attempt, of ours or of another tab, is further than we thought: the house says how far.
          if (!(error instanceof Problem) || error.status !== 409) throw error;
          const stored = (await get<{ offset: number }>(path)).offset;
          if (stored === offset) throw error;
          offset = stored;
        }
        told(offset);
      }
      return;
    } catch (error) {
      const damaged = error instanceof Problem && error.key === 'damaged-on-the-way';
      if (!damaged || beginning === BEGINNINGS) throw error;
    }
  }
}

export const part = async (letterId: string, number: number, name: string): Promise<Uint8Array> =>
  (await getBytes(`${version(letterId, number)}/parts/${name}`)).bytes;

export const putWrap = (letterId: string, number: number, kind: WrapKind, bytes: Uint8Array) =>
  putBytes<unknown>(`${version(letterId, number)}/wraps/${kind}`, bytes);

export const wrap = async (letterId: string, number: number, kind: WrapKind): Promise<Uint8Array> =>
  (await getBytes(`${version(letterId, number)}/wraps/${kind}`)).bytes;

export const seal = (letterId: string, number: number, sealing: Sealing): Promise<SealAnswer> =>
  post(`${version(letterId, number)}/seal`, sealing);

export const undo = (letterId: string): Promise<Letter> => one(post(`/api/letters/${letterId}/undo`, {}));

/** `said` is the one answer that is given once a letter has left, whatever became of it. */
export const withdraw = (letterId: string): Promise<{ said?: string; letter?: Letter }> =>
  post(`/api/letters/${letterId}/withdraw`, {});

/** The birthday of the person, for a letter that waits for it or asks for it. Once it has left nothing changes, and nothing is said of it. */
export const correctBirthday = (
  letterId: string,
  birthday: { year: number | null; month: number; day: number; leap: LeapDay },
): Promise<Letter> => one(post(`/api/letters/${letterId}/birthday`, birthday));

/** Tells the house that the letter was taken out as a folder, so that she is told it too. */
export const exported = (letterId: string): Promise<unknown> => post(`/api/letters/${letterId}/exported`, {});
