// A draft on its way to the house: a few seconds after the device has it, sealed to its author, following the revision
// that stands there. What another device wrote meanwhile is brought here as a draft of its own, so that nobody's words are
// overwritten. It knows ports for the house, for sealing and for time, and no page.

import { sha256Hex } from '../seal/bytes';
import { emptyPlan, newDraftId, type Draft, type DraftPlan, type DraftWords } from './shelf';
import type { Timers } from './autosave';
import { NOTHING_THERE, type HouseNote } from './note';

export { NOTHING_THERE, type HouseNote } from './note';

/** Milliseconds. */
export const CALM = 4_000;
export const AGAIN = 15_000;

/** So many unanswered sendings are remembered: only one of them can be the one that stands there. */
const MOST_SENT = 32;

const FORMAT = 'unsaid-draft 1';

/** Another one stands at the house than the one that was followed. */
export class Elsewhere extends Error {
  override readonly name = 'Elsewhere';
}

/** Why the house did not take it. */
export class HouseRefuses extends Error {
  override readonly name = 'HouseRefuses';
  constructor(readonly why: 'away' | 'signed-out' | 'full' | 'closed' | 'refused') {
    super(why);
  }
}

export interface HousePort {
  /** Throws Elsewhere or HouseRefuses. */
  put(id: string, rev: number, sealed: Uint8Array): Promise<number>;
  /** Needs open letters: throws HouseRefuses 'closed' without. */
  get(id: string): Promise<{ sealed: Uint8Array; rev: number } | null>;
  putPhoto(id: string, photo: string, sealed: Uint8Array): Promise<void>;
  /** `null` when the house does not have it. */
  getPhoto(id: string, photo: string): Promise<Uint8Array | null>;
  seal(bytes: Uint8Array): Promise<Uint8Array>;
  /** Throws HouseRefuses 'closed' when the letters are closed. */
  open(sealed: Uint8Array): Promise<Uint8Array>;
}

export interface DevicePort {
  note(id: string): Promise<HouseNote>;
  keepNote(id: string, note: HouseNote): Promise<void>;
  photo(id: string): Promise<Uint8Array | null>;
  keepPhoto(id: string, bytes: Uint8Array): Promise<void>;
  /** Keeps what another device wrote as a draft of its own. */
  keepOther(draft: Draft): Promise<void>;
}

export type HouseState =
  /** Nobody is signed in, or nothing has been brought yet. */
  | { kind: 'none' }
  | { kind: 'bringing' }
  | { kind: 'there' }
  | { kind: 'not-there'; why: HouseRefuses['why'] }
  /** Another device has written on: its words now have a draft of their own on this device. */
  | { kind: 'both'; other: string };

interface Sealed {
  format: string;
  id: string;
  begun: string;
  words: DraftWords;
  plan: DraftPlan;
}

export const sealable = (draft: Draft): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      format: FORMAT,
      id: draft.id,
      begun: draft.begun,
      words: draft.words,
      plan: draft.plan,
    } satisfies Sealed),
  );

/** Throws when it is not a draft of a format that this page knows. */
export function unsealed(bytes: Uint8Array): Pick<Draft, 'id' | 'begun' | 'words' | 'plan'> {
  const read = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Sealed>;
  if (read.format !== FORMAT || !read.id || !read.words || !read.plan) throw new Error('not a draft of ours');
  return { id: read.id, begun: read.begun ?? '', words: read.words, plan: { ...emptyPlan(), ...read.plan } };
}

export const sameWords = (one: DraftWords, other: DraftWords): boolean =>
  one.title === other.title &&
  one.text === other.text &&
  JSON.stringify(one.doc ?? null) === JSON.stringify(other.doc ?? null);

export class HouseSaver {
  #timer: unknown = null;
  #running = false;
  #latest: Draft | null = null;
  #stopped = false;
  #state: HouseState = { kind: 'none' };
  /** What the device did not keep of its notes. */
  readonly #notes = new Map<string, HouseNote>();
  /** By draft: the one that was made of what another device wrote. */
  readonly #others = new Map<string, string>();

  constructor(
    private readonly house: HousePort,
    private readonly device: DevicePort,
    private readonly tell: (state: HouseState) => void,
    private readonly timers: Timers,
  ) {}

  get state(): HouseState {
    return this.#state;
  }

  /** The device has kept this: the house shall have it too. */
  kept(draft: Draft): void {
    this.#latest = draft;
    this.#in(CALM);
  }

  /** Brings at once what is not there yet. */
  async now(): Promise<void> {
    this.timers.clear(this.#timer);
    this.#timer = null;
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#latest && !this.#stopped) {
        const draft = this.#latest;
        this.#latest = null;
        // What was refused waits for its time.
        if (!(await this.#bring(draft))) break;
      }
    } finally {
      this.#running = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.timers.clear(this.#timer);
  }

  #in(after: number): void {
    if (this.#stopped) return;
    this.#timer ??= this.timers.set(() => {
      this.#timer = null;
      void this.now();
    }, after);
  }

  /** False when it has to be tried again. */
  async #bring(draft: Draft): Promise<boolean> {
    try {
      let note = await this.#noteOf(draft.id);
      if (note.of === draft.rev && note.rev > 0) {
        this.#say(this.#state.kind === 'both' ? this.#state : { kind: 'there' });
        return true;
      }
      if (this.#state.kind !== 'both') this.#say({ kind: 'bringing' });
      // The photos first: the house never has words whose photos are nowhere.
      for (const { id: photo } of draft.words.photos ?? []) {
        if (note.photos.includes(photo) || note.rev === 0) continue;
        note = await this.#photo(draft.id, photo, note);
      }
      try {
        note = await this.#put(draft, note);
      } catch (error) {
        if (!(error instanceof Elsewhere)) throw error;
        note = await this.#put(draft, await this.#theirs(draft));
      }
      for (const { id: photo } of draft.words.photos ?? []) {
        if (!note.photos.includes(photo)) note = await this.#photo(draft.id, photo, note);
      }
      const other = this.#others.get(draft.id);
      this.#say(other === undefined ? { kind: 'there' } : { kind: 'both', other });
      return true;
    } catch (error) {
      const why = error instanceof HouseRefuses || error instanceof Elsewhere ? error : null;
      const said = why instanceof HouseRefuses ? why.why : why instanceof Elsewhere ? 'closed' : 'refused';
      this.#say({ kind: 'not-there', why: said });
      this.#latest ??= draft;
      if (said !== 'signed-out') this.#in(AGAIN);
      return false;
    }
  }

  async #noteOf(id: string): Promise<HouseNote> {
    return this.#notes.get(id) ?? (await this.device.note(id).catch(() => NOTHING_THERE));
  }

  /** A device that is full still brings its words to the house: what it knows of them is then held by this window. */
  async #keepNote(id: string, note: HouseNote): Promise<void> {
    try {
      await this.device.keepNote(id, note);
      this.#notes.delete(id);
    } catch {
      this.#notes.set(id, note);
    }
  }

  async #put(draft: Draft, note: HouseNote): Promise<HouseNote> {
    const sealed = await this.house.seal(sealable(draft));
    // Known before it goes: when the answer is lost, or the browser killed, these words are still known to be hers.
    const sent = [...(note.sent ?? []), sha256Hex(sealed)].slice(-MOST_SENT);
    await this.#keepNote(draft.id, { ...note, sent });
    const rev = await this.house.put(draft.id, note.rev, sealed);
    const next = { ...note, rev, of: draft.rev, sent: [] };
    await this.#keepNote(draft.id, next);
    return next;
  }

  async #photo(id: string, photo: string, note: HouseNote): Promise<HouseNote> {
    const bytes = await this.device.photo(photo);
    if (!bytes) return note;
    await this.house.putPhoto(id, photo, await this.house.seal(bytes));
    const next = { ...note, photos: [...note.photos, photo] };
    await this.#keepNote(id, next);
    return next;
  }

  /**
   * What stands at the house instead. Other words than ours become a draft of their own here, with their photos, before
   * ours go there; that is written down, so that a house which refuses ours afterwards does not make it happen twice.
   */
  async #theirs(draft: Draft): Promise<HouseNote> {
    const note = await this.#noteOf(draft.id);
    const found = await this.house.get(draft.id);
    if (!found) return { ...note, rev: 0, photos: [] };
    if (!note.sent?.includes(sha256Hex(found.sealed))) {
      const theirs = unsealed(await this.house.open(found.sealed));
      if (!sameWords(theirs.words, draft.words)) {
        for (const { id: photo } of theirs.words.photos ?? []) await this.#photoHere(draft.id, photo);
        const other: Draft = {
          id: newDraftId(),
          rev: 0,
          savedAt: 0,
          begun: theirs.begun,
          words: theirs.words,
          plan: { ...theirs.plan, sealing: null },
        };
        await this.device.keepOther(other);
        this.#others.set(draft.id, other.id);
      }
    }
    const next = { ...note, rev: found.rev };
    await this.#keepNote(draft.id, next);
    return next;
  }

  async #photoHere(id: string, photo: string): Promise<void> {
    if (await this.device.photo(photo)) return;
    const sealed = await this.house.getPhoto(id, photo);
    if (sealed) await this.device.keepPhoto(photo, await this.house.open(sealed));
  }

  #say(state: HouseState): void {
    this.#state = state;
    if (!this.#stopped) this.tell(state);
  }
}
