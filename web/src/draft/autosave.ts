// Keeps what is being written: a second after the last key, and never more than two seconds after the first unsaved
// one. It says where things stand honestly, and when another window has written to the same draft it keeps both. It
// knows the shelf and a clock, and no page.

import {
  ChangedMeanwhile,
  DeviceRefuses,
  newDraftId,
  type Draft,
  type DraftPlan,
  type DraftWords,
} from './shelf';
import type { AnyShelf } from './memory';

/** Milliseconds. */
export const PAUSE = 1_000;
export const AT_MOST = 2_000;
export const TRY_AGAIN = 10_000;

export type Saving =
  /** Nothing has been written yet. */
  | { kind: 'blank' }
  | { kind: 'saved'; at: number }
  | { kind: 'saving'; lastAt: number }
  /** `lastAt` is 0 when it was never saved. */
  | { kind: 'unsaved'; lastAt: number; why: 'full' | 'refused' }
  /** Another window wrote to this draft: these words now have a draft of their own. */
  | { kind: 'both-kept'; at: number };

export interface Timers {
  set(run: () => void, after: number): unknown;
  clear(timer: unknown): void;
}

export const browserTimers: Timers = {
  set: (run, after) => setTimeout(run, after),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export class Autosave {
  #draft: Draft;
  /** What stood on the shelf when it was last looked at: what is changed is changed from here. */
  #base: Draft;
  /** Counts changes; equal to #kept when everything is on the shelf. */
  #changes = 0;
  #kept = 0;
  #pause: unknown = null;
  #latest: unknown = null;
  #retry: unknown = null;
  #running: Promise<void> | null = null;
  #state: Saving;
  readonly #stopListening: () => void;

  constructor(
    private readonly shelf: AnyShelf,
    draft: Draft,
    private readonly tell: (state: Saving, draft: Draft) => void,
    private readonly timers: Timers = browserTimers,
  ) {
    this.#draft = draft;
    this.#base = draft;
    this.#state = draft.rev === 0 ? { kind: 'blank' } : { kind: 'saved', at: draft.savedAt };
    this.#stopListening = shelf.listen((told) => {
      if (told.draft !== this.#draft.id || told.change !== 'kept' || told.rev <= this.#draft.rev) return;
      // With unsaved words here, the next saving finds out and keeps both.
      if (!this.dirty && !this.#running) void this.#takeOver();
    });
  }

  get draft(): Draft {
    return this.#draft;
  }

  get state(): Saving {
    return this.#state;
  }

  /** Words, or decisions, that are on the screen alone. */
  get dirty(): boolean {
    return this.#changes !== this.#kept;
  }

  change(change: { words?: DraftWords; plan?: DraftPlan }): void {
    this.#draft = { ...this.#draft, ...change };
    this.#changes += 1;
    if (this.#state.kind !== 'unsaved' && this.#state.kind !== 'saving') {
      this.#say({ kind: 'saving', lastAt: this.#draft.savedAt });
    }
    this.timers.clear(this.#pause);
    this.#pause = this.timers.set(() => void this.now(), PAUSE);
    this.#latest ??= this.timers.set(() => void this.now(), AT_MOST);
  }

  /** Saves at once what is not saved yet. Resolves when it is on the shelf or has been refused: see `state`. */
  async now(): Promise<void> {
    this.#unset();
    while (this.dirty) {
      if (this.#running) {
        await this.#running;
        if (this.#state.kind === 'unsaved') return;
        continue;
      }
      this.#running = this.#save();
      await this.#running;
      if (this.#state.kind === 'unsaved') return;
    }
    if (this.#running) await this.#running;
  }

  /** Shows what is on the shelf, where that is newer and nothing is unsaved here. */
  async lookAgain(): Promise<void> {
    if (!this.dirty && !this.#running) await this.#takeOver();
  }

  /** Ends listening and timers; what is unsaved is not touched, so call `now` before. */
  stop(): void {
    this.#unset();
    this.timers.clear(this.#retry);
    this.#stopListening();
  }

  #unset(): void {
    this.timers.clear(this.#pause);
    this.timers.clear(this.#latest);
    this.#pause = null;
    this.#latest = null;
  }

  async #save(): Promise<void> {
    const upTo = this.#changes;
    const sent = this.#draft;
    try {
      const { kept, how } = await this.#keep(sent);
      const both = how === 'both';
      this.#kept = upTo;
      this.#running = null;
      // Typed meanwhile on top of words that another window has replaced: the next saving finds that out.
      if (how === 'their-words' && this.dirty) return;
      this.#base = kept;
      if (how === 'their-words') this.#draft = kept;
      else {
        const plan = this.#draft.plan === sent.plan ? kept.plan : this.#draft.plan;
        // What was typed while the device was writing stays.
        this.#draft = {
          ...this.#draft,
          id: kept.id,
          rev: kept.rev,
          savedAt: kept.savedAt,
          plan: both ? { ...plan, sealing: null } : plan,
        };
      }
      if (both) this.#say({ kind: 'both-kept', at: kept.savedAt });
      else if (this.dirty) this.#say({ kind: 'saving', lastAt: kept.savedAt });
      else this.#say({ kind: this.#state.kind === 'both-kept' ? 'both-kept' : 'saved', at: kept.savedAt });
    } catch (error) {
      this.#running = null;
      const why = error instanceof DeviceRefuses ? error.why : 'refused';
      this.#say({ kind: 'unsaved', lastAt: this.#draft.savedAt, why });
      this.timers.clear(this.#retry);
      this.#retry = this.timers.set(() => void this.now(), TRY_AGAIN);
    }
  }

  /**
   * Keeps `sent`. When another window has kept something since, and only one of the two has changed the words, they come
   * together: the changed words with the changed plan. Else both are kept, these in a draft of their own.
   */
  async #keep(sent: Draft): Promise<{ kept: Draft; how: 'ours' | 'their-words' | 'their-plan' | 'both' }> {
    try {
      return { kept: await this.shelf.keep(sent), how: 'ours' };
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
    }
    const [base, theirs] = [this.#base, await this.shelf.read(sent.id)];
    const ourWords = !same(sent.words, base.words);
    const theirWords = theirs !== null && !same(theirs.words, base.words);
    if (theirs !== null && theirs.rev > sent.rev && !(ourWords && theirWords)) {
      const plan = same(sent.plan, base.plan)
        ? theirs.plan
        : { ...sent.plan, sealing: theirs.plan.sealing ?? sent.plan.sealing };
      const words = theirWords ? theirs.words : sent.words;
      try {
        const kept = await this.shelf.keep({ ...theirs, words, plan });
        return { kept, how: theirWords ? 'their-words' : 'their-plan' };
      } catch (error) {
        // A third saving came in between: then nothing is put together, and nothing is lost.
        if (!(error instanceof ChangedMeanwhile)) throw error;
      }
    }
    const plan = { ...sent.plan, sealing: null };
    return { kept: await this.shelf.keep({ ...sent, id: newDraftId(), rev: 0, plan }), how: 'both' };
  }

  async #takeOver(): Promise<void> {
    try {
      const newer = await this.shelf.read(this.#draft.id);
      if (!newer || this.dirty || this.#running || newer.rev <= this.#draft.rev) return;
      this.#draft = newer;
      this.#base = newer;
      this.#say({ kind: 'saved', at: newer.savedAt });
    } catch {
      // The next saving says what is wrong with the device.
    }
  }

  #say(state: Saving): void {
    this.#state = state;
    this.tell(state, this.#draft);
  }
}
