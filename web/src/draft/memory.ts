// A shelf that keeps drafts in this window's memory alone: for a device on which nothing shall stay. The same promises as the
// device's shelf, but for lasting. It writes nowhere.

import { NOTHING_THERE, type HouseNote } from './note';
import { ChangedMeanwhile, type Draft, type Told, type Unreadable } from './shelf';

export class MemoryShelf {
  readonly #drafts = new Map<string, Draft>();
  readonly #photos = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #notes = new Map<string, HouseNote>();

  constructor(private readonly now: () => number = () => Date.now()) {}

  /** Nobody else writes here. */
  listen(_: (told: Told) => void): () => void {
    return () => {};
  }

  async list(): Promise<{ drafts: Draft[]; unreadable: Unreadable[] }> {
    const drafts = [...this.#drafts.values()].sort((one, other) => other.savedAt - one.savedAt);
    return { drafts, unreadable: [] };
  }

  async read(id: string): Promise<Draft | null> {
    return this.#drafts.get(id) ?? null;
  }

  async keep(draft: Draft): Promise<Draft> {
    if ((this.#drafts.get(draft.id)?.rev ?? 0) !== draft.rev) throw new ChangedMeanwhile();
    const next = { ...draft, rev: draft.rev + 1, savedAt: this.now() };
    this.#drafts.set(next.id, next);
    return next;
  }

  async remove(id: string, rev: number): Promise<void> {
    const there = this.#drafts.get(id);
    if (there && there.rev !== rev) throw new ChangedMeanwhile();
    this.#drafts.delete(id);
  }

  async keepPhoto(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#photos.set(id, bytes);
  }

  async readPhoto(id: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#photos.get(id) ?? null;
  }

  async note(id: string): Promise<HouseNote> {
    return this.#notes.get(id) ?? NOTHING_THERE;
  }

  async keepNote(id: string, note: HouseNote): Promise<void> {
    this.#notes.set(id, note);
  }

  async sweepPhotos(gone: readonly string[] = []): Promise<void> {
    const named = new Set(
      [...this.#drafts.values()].flatMap((draft) => (draft.words.photos ?? []).map((photo) => photo.id)),
    );
    for (const id of gone) if (!named.has(id)) this.#photos.delete(id);
  }

  async clear(): Promise<void> {
    this.#drafts.clear();
    this.#photos.clear();
    this.#notes.clear();
  }

  /** A draft as it stands elsewhere, its revision too. */
  hold(draft: Draft): void {
    this.#drafts.set(draft.id, draft);
  }
}

/** Where drafts lie: on the device, or in memory alone. */
export type AnyShelf = Pick<
  MemoryShelf,
  | 'listen'
  | 'list'
  | 'read'
  | 'keep'
  | 'remove'
  | 'keepPhoto'
  | 'readPhoto'
  | 'note'
  | 'keepNote'
  | 'sweepPhotos'
  | 'clear'
>;
