// Where drafts lie on this device: IndexedDB, every draft encrypted, every saving flushed before it counts as saved. A
// draft has a revision, and a saving says which one it follows: two windows never overwrite each other's words. It
// knows no page and never talks to the house.

import { fromText, type Doc } from '../seal/body';
import { NOTHING_THERE, type HouseNote } from './note';
import { emptyPlan, type DraftPlan } from './plan';
import { close, closeBytes, makeKey, open, openBytes, type Box } from './cipher';

export { emptyPlan, type DraftPlan, type DraftProof, type Who } from './plan';

/** A photo of a draft. Its bytes lie beside the draft, under `id`. */
export interface DraftPhoto {
  /** Three digits: what the letter calls it. */
  name: string;
  /** 26 letters and figures. */
  id: string;
  type: 'image/jpeg' | 'image/png' | 'image/webp';
  /** In bytes. */
  size: number;
}

export interface DraftWords {
  title: string;
  /** The words alone: what lists and counts need. A draft of an earlier page has nothing else. */
  text: string;
  /** The letter with its form. */
  doc?: Doc;
  /** Every photo that was ever put in: what was taken out may come back by undoing. */
  photos?: readonly DraftPhoto[];
}

/** The letter of a draft, also of one that an earlier page wrote as plain text. */
export const docOf = (words: DraftWords): Doc => words.doc ?? fromText(words.text);

export interface Draft {
  id: string;
  /** 0 has never been saved. */
  rev: number;
  /** The day it was begun, `YYYY-MM-DD`, by this device. */
  begun: string;
  /** Milliseconds since 1970, by this device's clock; 0 when it was never saved. */
  savedAt: number;
  words: DraftWords;
  plan: DraftPlan;
}

/** A row that is there and does not open: its key has gone, or its bytes were damaged. */
export interface Unreadable {
  id: string;
  savedAt: number;
}

/** Another window has saved, or removed, this draft since. Nothing was written. */
export class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile';
}

/** The device has no room left, or does not keep anything for pages (a private window). */
export class DeviceRefuses extends Error {
  override readonly name = 'DeviceRefuses';

  constructor(readonly why: 'full' | 'refused') {
    super(why);
  }
}

interface Row {
  id: string;
  rev: number;
  savedAt: number;
  box: Box;
}

type Content = Pick<Draft, 'begun' | 'words' | 'plan'>;

export type Told = { draft: string; rev: number; change: 'kept' | 'removed' };

interface PhotoRow {
  id: string;
  /** Milliseconds since 1970. */
  kept: number;
  box: Box;
}

const place = (id: string, rev: number): string => `unsaid draft ${id} ${rev}`;
const photoPlace = (id: string): string => `unsaid photo ${id}`;

/** A photo that no draft names is kept for a day: its draft may be on its way to the device. */
const PHOTO_ALONE = 24 * 60 * 60 * 1_000;

/** 128 random bits in RFC 4648 base32, lower case: 26 letters and figures. */
export function newDraftId(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let bits = 0;
  let held = 0;
  let id = '';
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      id += alphabet[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return id + alphabet[(held << (5 - bits)) & 31];
}

export function newDraft(today: string): Draft {
  return {
    id: newDraftId(),
    rev: 0,
    begun: today,
    savedAt: 0,
    words: { title: '', text: '' },
    plan: emptyPlan(),
  };
}

function refusal(error: unknown): DeviceRefuses {
  if (error instanceof DeviceRefuses) return error;
  const full = error instanceof DOMException && error.name === 'QuotaExceededError';
  return new DeviceRefuses(full ? 'full' : 'refused');
}

const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('refused'));
  });

const flushed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
    transaction.onerror = () => reject(transaction.error ?? new Error('refused'));
  });

export class Shelf {
  #db: Promise<IDBDatabase> | null = null;
  readonly #channel: BroadcastChannel | null;
  readonly #listeners = new Set<(told: Told) => void>();

  constructor(
    private readonly factory: IDBFactory | undefined = globalThis.indexedDB,
    private readonly name = 'unsaid',
    private readonly now: () => number = () => Date.now(),
  ) {
    this.#channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`${name} drafts`);
    if (this.#channel) {
      this.#channel.onmessage = (event: MessageEvent<Told>) => {
        for (const listener of this.#listeners) listener(event.data);
      };
    }
  }

  /** Hears what other windows keep or remove. Returns how to stop listening. */
  listen(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Newest first. */
  async list(): Promise<{ drafts: Draft[]; unreadable: Unreadable[] }> {
    try {
      const db = await this.#open();
      const key = await this.#key(db);
      const rows = await answered(
        db.transaction('drafts').objectStore('drafts').getAll() as IDBRequest<Row[]>,
      );
      rows.sort((one, other) => other.savedAt - one.savedAt);
      const drafts: Draft[] = [];
      const unreadable: Unreadable[] = [];
      for (const row of rows) {
        const draft = await this.#read(key, row);
        if (draft) drafts.push(draft);
        else unreadable.push({ id: row.id, savedAt: row.savedAt });
      }
      return { drafts, unreadable };
    } catch (error) {
      throw this.#refused(error);
    }
  }

  /** `null` when there is none, or when it cannot be opened any more. */
  async read(id: string): Promise<Draft | null> {
    try {
      const db = await this.#open();
      const key = await this.#key(db);
      const row = await answered(
        db.transaction('drafts').objectStore('drafts').get(id) as IDBRequest<Row | undefined>,
      );
      return row ? await this.#read(key, row) : null;
    } catch (error) {
      throw this.#refused(error);
    }
  }

  /**
   * Keeps `draft`, which follows revision `draft.rev`, and returns it with its new revision once the device has
   * flushed it. Throws ChangedMeanwhile, with nothing written, or DeviceRefuses.
   */
  async keep(draft: Draft): Promise<Draft> {
    const next: Draft = { ...draft, rev: draft.rev + 1, savedAt: this.now() };
    try {
      const db = await this.#open();
      const key = await this.#key(db);
      const content: Content = { begun: next.begun, words: next.words, plan: next.plan };
      // Encrypted before the transaction: one that waits for anything else ends by itself.
      const box = await close(key, place(next.id, next.rev), content);
      const transaction = db.transaction(['drafts', 'keys'], 'readwrite', { durability: 'strict' });
      const ended = flushed(transaction);
      // Without this, an abort before the last line would be reported as nobody's.
      ended.catch(() => {});
      const store = transaction.objectStore('drafts');
      const there = await answered(store.get(next.id) as IDBRequest<Row | undefined>);
      if ((there?.rev ?? 0) !== draft.rev) {
        transaction.abort();
        throw new ChangedMeanwhile();
      }
      store.put({ id: next.id, rev: next.rev, savedAt: next.savedAt, box } satisfies Row);
      await this.#keyStays(transaction, key);
      await ended;
    } catch (error) {
      if (error instanceof ChangedMeanwhile) throw error;
      throw this.#refused(error);
    }
    this.#channel?.postMessage({ draft: next.id, rev: next.rev, change: 'kept' } satisfies Told);
    return next;
  }

  /** Removes a draft if it still stands at `rev`; throws ChangedMeanwhile if somebody wrote on in another window. */
  async remove(id: string, rev: number): Promise<void> {
    try {
      const db = await this.#open();
      const transaction = db.transaction('drafts', 'readwrite', { durability: 'strict' });
      const ended = flushed(transaction);
      ended.catch(() => {});
      const store = transaction.objectStore('drafts');
      const there = await answered(store.get(id) as IDBRequest<Row | undefined>);
      if (there && there.rev !== rev) {
        transaction.abort();
        throw new ChangedMeanwhile();
      }
      store.delete(id);
      await ended;
    } catch (error) {
      if (error instanceof ChangedMeanwhile) throw error;
      throw this.#refused(error);
    }
    this.#channel?.postMessage({ draft: id, rev, change: 'removed' } satisfies Told);
  }

  /** Keeps a photo, flushed, before the draft that names it. Throws DeviceRefuses. */
  async keepPhoto(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      const db = await this.#open();
      const key = await this.#key(db);
      const box = await closeBytes(key, photoPlace(id), bytes);
      const transaction = db.transaction(['photos', 'keys'], 'readwrite', { durability: 'strict' });
      const ended = flushed(transaction);
      ended.catch(() => {});
      transaction.objectStore('photos').put({ id, kept: this.now(), box } satisfies PhotoRow);
      await this.#keyStays(transaction, key);
      await ended;
    } catch (error) {
      throw this.#refused(error);
    }
  }

  /** `null` when it is not here, or cannot be opened any more. */
  async readPhoto(id: string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const db = await this.#open();
      const key = await this.#key(db);
      const row = await answered(
        db.transaction('photos').objectStore('photos').get(id) as IDBRequest<PhotoRow | undefined>,
      );
      return row ? await openBytes(key, photoPlace(id), row.box) : null;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'OperationError') return null;
      throw this.#refused(error);
    }
  }

  /** What is known of the house's copy of a draft: numbers alone. */
  async note(id: string): Promise<HouseNote> {
    try {
      const db = await this.#open();
      const found = await answered(
        db.transaction('notes').objectStore('notes').get(id) as IDBRequest<
          (HouseNote & { id: string }) | undefined
        >,
      );
      return found ?? NOTHING_THERE;
    } catch (error) {
      throw this.#refused(error);
    }
  }

  async keepNote(id: string, { rev, of, photos, sent = [] }: HouseNote): Promise<void> {
    try {
      const db = await this.#open();
      const transaction = db.transaction('notes', 'readwrite');
      const ended = flushed(transaction);
      transaction.objectStore('notes').put({ id, rev, of, photos, sent });
      await ended;
    } catch (error) {
      throw this.#refused(error);
    }
  }

  /** Photos that no draft names any more leave the device: those of a draft that has just gone (`gone`) at once. */
  async sweepPhotos(gone: readonly string[] = []): Promise<void> {
    const { drafts, unreadable } = await this.list();
    // What cannot be read may name any of them.
    if (unreadable.length > 0) return;
    const named = new Set(drafts.flatMap((draft) => (draft.words.photos ?? []).map((photo) => photo.id)));
    try {
      const db = await this.#open();
      const transaction = db.transaction('photos', 'readwrite');
      const ended = flushed(transaction);
      ended.catch(() => {});
      const store = transaction.objectStore('photos');
      const rows = await answered(store.getAll() as IDBRequest<PhotoRow[]>);
      for (const row of rows) {
        const alone = gone.includes(row.id) || this.now() - row.kept > PHOTO_ALONE;
        if (!named.has(row.id) && alone) store.delete(row.id);
      }
      await ended;
    } catch (error) {
      throw this.#refused(error);
    }
  }

  /** Everything of hers leaves this device, the key too. */
  async clear(): Promise<void> {
    try {
      const db = await this.#open();
      const transaction = db.transaction(['drafts', 'photos', 'notes', 'keys'], 'readwrite', {
        durability: 'strict',
      });
      const ended = flushed(transaction);
      transaction.objectStore('drafts').clear();
      transaction.objectStore('photos').clear();
      transaction.objectStore('notes').clear();
      transaction.objectStore('keys').clear();
      await ended;
    } catch (error) {
      throw this.#refused(error);
    }
  }

  async #read(key: CryptoKey, row: Row): Promise<Draft | null> {
    try {
      const content = (await open(key, place(row.id, row.rev), row.box)) as Content;
      return {
        id: row.id,
        rev: row.rev,
        savedAt: row.savedAt,
        begun: content.begun,
        words: content.words,
        plan: { ...emptyPlan(), ...content.plan },
      };
    } catch {
      return null;
    }
  }

  /** A phone may close the storage of a page that was put aside, and tell nobody: it is opened anew. */
  #refused(error: unknown): DeviceRefuses {
    const lost = error instanceof DOMException && ['InvalidStateError', 'UnknownError'].includes(error.name);
    if (lost) this.#db = null;
    return refusal(error);
  }

  async #open(): Promise<IDBDatabase> {
    const opening = this.#opened();
    const db = await opening;
    try {
      // The only question that a closed one answers.
      db.transaction('keys');
      return db;
    } catch {
      if (this.#db === opening) this.#db = null;
      return this.#opened();
    }
  }

  #opened(): Promise<IDBDatabase> {
    this.#db ??= new Promise<IDBDatabase>((resolve, reject) => {
      if (!this.factory) throw new DeviceRefuses('refused');
      const request = this.factory.open(this.name, 2);
      request.onupgradeneeded = ({ oldVersion }) => {
        if (oldVersion < 1) {
          request.result.createObjectStore('drafts', { keyPath: 'id' });
          request.result.createObjectStore('keys');
        }
        if (oldVersion < 2) {
          request.result.createObjectStore('photos', { keyPath: 'id' });
          request.result.createObjectStore('notes', { keyPath: 'id' });
        }
      };
      request.onsuccess = () => {
        const db = request.result;
        const forget = () => {
          this.#db = null;
        };
        db.onclose = forget;
        db.onversionchange = () => {
          db.close();
          forget();
        };
        resolve(db);
      };
      request.onerror = () => reject(request.error ?? new Error('refused'));
      request.onblocked = () => reject(new DeviceRefuses('refused'));
    }).catch((error: unknown) => {
      this.#db = null;
      throw error;
    });
    return this.#db;
  }

  /** What is kept under a key is kept with the key, also when another window has just erased it. */
  async #keyStays(transaction: IDBTransaction, key: CryptoKey): Promise<void> {
    const store = transaction.objectStore('keys');
    if ((await answered(store.count('drafts'))) === 0) store.put(key, 'drafts');
  }

  /** Looked up each time: another window may have erased everything since, and made a key of its own. */
  async #key(db: IDBDatabase): Promise<CryptoKey> {
    const find = () =>
      answered(db.transaction('keys').objectStore('keys').get('drafts') as IDBRequest<CryptoKey | undefined>);
    const found = await find();
    if (found) return found;
    const made = await makeKey();
    // Two windows that open for the first time at once: the first key stays, both use it.
    const transaction = db.transaction('keys', 'readwrite', { durability: 'strict' });
    const ended = flushed(transaction);
    const store = transaction.objectStore('keys');
    const there = await answered(store.count('drafts'));
    if (there === 0) store.put(made, 'drafts');
    await ended;
    const kept = await find();
    if (!kept) throw new DeviceRefuses('refused');
    return kept;
  }
}
