// Drafts: nothing that was typed is lost, nothing is overwritten, and what is said about saving is true.

import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AT_MOST, Autosave, PAUSE, type Saving } from './autosave';
import { ChangedMeanwhile, DeviceRefuses, newDraft, newDraftId, Shelf, type Draft } from './shelf';

const TODAY = '2026-11-21';
const written = (draft: Draft, text: string): Draft => ({ ...draft, words: { ...draft.words, text } });

afterEach(() => vi.restoreAllMocks());

describe('the shelf', () => {
  test('gives back what was kept, also to a window that opens later', async () => {
    const factory = new IDBFactory();
    const kept = await new Shelf(factory).keep(written(newDraft(TODAY), 'Dear Dan,\n\nthere was no shift.'));
    const later = await new Shelf(factory).read(kept.id);
    expect(later).toEqual(kept);
    expect(later?.rev).toBe(1);
  });

  test('keeps photos beside the draft, not in clear, and lets go of those that no draft names', async () => {
    const factory = new IDBFactory();
    let now = 1_000;
    const shelf = new Shelf(factory, 'unsaid', () => now);
    const bytes = new TextEncoder().encode('canary of a photo');
    await shelf.keepPhoto('a'.repeat(26), bytes);
    await shelf.keepPhoto('b'.repeat(26), bytes);
    const photos = [{ name: '001', id: 'a'.repeat(26), type: 'image/jpeg' as const, size: bytes.length }];
    const draft = newDraft(TODAY);
    const kept = await shelf.keep({ ...draft, words: { title: '', text: 'x', photos } });
    expect(new TextDecoder().decode((await shelf.readPhoto('a'.repeat(26)))!)).toBe('canary of a photo');
    // Another window's photo may be on its way: it stays for a day.
    await shelf.sweepPhotos();
    expect(await shelf.readPhoto('b'.repeat(26))).not.toBeNull();
    now += 25 * 60 * 60 * 1_000;
    await shelf.sweepPhotos();
    expect(await shelf.readPhoto('b'.repeat(26))).toBeNull();
    expect(await shelf.readPhoto('a'.repeat(26))).not.toBeNull();
    await shelf.remove(kept.id, kept.rev);
    await shelf.sweepPhotos(['a'.repeat(26)]);
    expect(await shelf.readPhoto('a'.repeat(26))).toBeNull();
  });

  test('stores no word in clear', async () => {
    const factory = new IDBFactory();
    await new Shelf(factory).keep(written(newDraft(TODAY), 'canary in the letter'));
    const rows = await everything(factory);
    const bytes = rows.map((row) => new TextDecoder('latin1').decode(new Uint8Array(row.box.sealed)));
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows) + bytes.join('')).not.toContain('canary');
  });

  test('refuses to overwrite what another window has kept meanwhile', async () => {
    const factory = new IDBFactory();
    const [one, other] = [new Shelf(factory), new Shelf(factory)];
    const draft = await one.keep(written(newDraft(TODAY), 'first'));
    await other.keep(written(draft, 'written in the other window'));
    await expect(one.keep(written(draft, 'written here'))).rejects.toThrow(ChangedMeanwhile);
    expect((await one.read(draft.id))?.words.text).toBe('written in the other window');
  });

  test('does not remove a draft in which somebody has written on', async () => {
    const shelf = new Shelf(new IDBFactory());
    const draft = await shelf.keep(written(newDraft(TODAY), 'first'));
    await shelf.keep(written(draft, 'and on'));
    await expect(shelf.remove(draft.id, draft.rev)).rejects.toThrow(ChangedMeanwhile);
    expect((await shelf.list()).drafts).toHaveLength(1);
  });

  test('two windows that begin at once use one key', async () => {
    const factory = new IDBFactory();
    const [one, other] = [new Shelf(factory), new Shelf(factory)];
    const drafts = await Promise.all([
      one.keep(written(newDraft(TODAY), 'one')),
      other.keep(written(newDraft(TODAY), 'other')),
    ]);
    const { drafts: found, unreadable } = await new Shelf(factory).list();
    expect(found.map((draft) => draft.id).sort()).toEqual(drafts.map((draft) => draft.id).sort());
    expect(unreadable).toEqual([]);
  });

  test('shows a draft whose key is gone as unreadable, and the others all the same', async () => {
    const factory = new IDBFactory();
    const lost = await new Shelf(factory).keep(written(newDraft(TODAY), 'lost'));
    await emptyKeys(factory);
    const kept = await new Shelf(factory).keep(written(newDraft(TODAY), 'kept'));
    const { drafts, unreadable } = await new Shelf(factory).list();
    expect(drafts.map((draft) => draft.id)).toEqual([kept.id]);
    expect(unreadable.map((one) => one.id)).toEqual([lost.id]);
  });

  test('says that the device is full, or that it refuses', async () => {
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    put.mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    const failure = await new Shelf(new IDBFactory()).keep(newDraft(TODAY)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DeviceRefuses);
    expect((failure as DeviceRefuses).why).toBe('full');
    const none = await new Shelf(undefined as unknown as IDBFactory, 'none')
      .keep(newDraft(TODAY))
      .catch((e: unknown) => e);
    expect((none as DeviceRefuses).why).toBe('refused');
  });

  test('what is written on after another window has erased everything can still be read by the next one', async () => {
    const factory = new IDBFactory();
    const [here, there] = [new Shelf(factory), new Shelf(factory)];
    const draft = await here.keep(written(newDraft(TODAY), 'begun'));
    await there.clear();
    // The other window looks at its list, and so has made a key of its own.
    await there.list();
    await expect(here.keep(written(draft, 'written on'))).rejects.toThrow(ChangedMeanwhile);
    await here.keep(written(newDraft(TODAY), 'written on'));
    await here.keepPhoto('a'.repeat(26), new Uint8Array([1]));
    const later = new Shelf(factory);
    expect(await later.list()).toMatchObject({ drafts: [{ words: { text: 'written on' } }], unreadable: [] });
    expect(await later.readPhoto('a'.repeat(26))).not.toBeNull();
  });

  test('goes on when the browser has closed the storage behind its back', async () => {
    const factory = new IDBFactory();
    const open = vi.spyOn(factory, 'open');
    const shelf = new Shelf(factory);
    const draft = await shelf.keep(written(newDraft(TODAY), 'one'));
    // As WebKit does with a page that was aside for long; nobody is told.
    for (const { value } of open.mock.results) (value as IDBOpenDBRequest).result.close();
    await shelf.keep(written(draft, 'one two')).catch(() => {});
    const kept = (await shelf.read(draft.id))!;
    expect((await shelf.keep(written(kept, 'one two three'))).words.text).toBe('one two three');
  });

  test('makes ids of 128 bits that the router takes', () => {
    const ids = new Set(Array.from({ length: 100 }, newDraftId));
    expect(ids.size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[a-z2-7]{26}$/);
  });
});

describe('saving by itself', () => {
  /** Timers that run when the test says so. */
  class Clock {
    now = 0;
    #waiting: { at: number; run: () => void }[] = [];
    set = (run: () => void, after: number): unknown => {
      const one = { at: this.now + after, run };
      this.#waiting.push(one);
      return one;
    };
    clear = (timer: unknown): void => {
      this.#waiting = this.#waiting.filter((one) => one !== timer);
    };
    pass(milliseconds: number): void {
      this.now += milliseconds;
      const due = this.#waiting.filter((one) => one.at <= this.now);
      this.#waiting = this.#waiting.filter((one) => one.at > this.now);
      for (const one of due) one.run();
    }
  }

  function begin(shelf: Shelf, draft = newDraft(TODAY)) {
    const clock = new Clock();
    const said: Saving[] = [];
    const autosave = new Autosave(shelf, draft, (state) => said.push(state), clock);
    return { clock, said, autosave, type: (text: string) => autosave.change({ words: { title: '', text } }) };
  }

  test('a second after the last key', async () => {
    const shelf = new Shelf(new IDBFactory());
    const { clock, autosave, type } = begin(shelf);
    expect(autosave.state.kind).toBe('blank');
    type('Dear');
    clock.pass(PAUSE - 1);
    expect(autosave.dirty).toBe(true);
    clock.pass(1);
    await autosave.now();
    expect(autosave.state.kind).toBe('saved');
    expect((await shelf.read(autosave.draft.id))?.words.text).toBe('Dear');
  });

  test('and never later than two seconds, however steadily she types', async () => {
    const shelf = new Shelf(new IDBFactory());
    const keep = vi.spyOn(shelf, 'keep');
    const { clock, type } = begin(shelf);
    for (let at = 0; at < AT_MOST; at += 500) {
      type(`letters ${at}`);
      expect(keep).not.toHaveBeenCalled();
      clock.pass(500);
    }
    expect(keep).toHaveBeenCalledTimes(1);
  });

  test('what is typed while the device writes is saved too', async () => {
    const shelf = new Shelf(new IDBFactory());
    const { autosave, type } = begin(shelf);
    type('one');
    const saving = autosave.now();
    type('one two');
    await saving;
    await autosave.now();
    expect(autosave.dirty).toBe(false);
    expect((await shelf.read(autosave.draft.id))?.words.text).toBe('one two');
  });

  test('both versions are kept when two windows write to one draft', async () => {
    const factory = new IDBFactory();
    const shelf = new Shelf(factory);
    const draft = await shelf.keep(written(newDraft(TODAY), 'begun'));
    const { autosave, type } = begin(shelf, draft);
    await new Shelf(factory, 'unsaid').keep(written(draft, 'in the other window'));
    type('in this window');
    await autosave.now();
    expect(autosave.state.kind).toBe('both-kept');
    expect(autosave.draft.id).not.toBe(draft.id);
    const texts = (await shelf.list()).drafts.map((one) => one.words.text).sort();
    expect(texts).toEqual(['in the other window', 'in this window']);
  });

  test('a plan that is changed while another window writes goes with the newer words, and not with the old ones', async () => {
    const factory = new IDBFactory();
    const shelf = new Shelf(factory);
    const draft = await shelf.keep(written(newDraft(TODAY), 'begun'));
    const { autosave } = begin(shelf, draft);
    await new Shelf(factory).keep(written(draft, 'begun, and written on'));
    autosave.change({ plan: { ...draft.plan, when: 'at-once' } });
    await autosave.now();
    expect(autosave.state.kind).toBe('saved');
    expect(autosave.draft.id).toBe(draft.id);
    expect(autosave.draft.words.text).toBe('begun, and written on');
    const { drafts } = await shelf.list();
    expect(drafts).toMatchObject([{ words: { text: 'begun, and written on' }, plan: { when: 'at-once' } }]);
  });

  test('words that are written while another window plans keep the plan', async () => {
    const factory = new IDBFactory();
    const shelf = new Shelf(factory);
    const draft = await shelf.keep(written(newDraft(TODAY), 'begun'));
    const { autosave, type } = begin(shelf, draft);
    await new Shelf(factory).keep({ ...draft, plan: { ...draft.plan, when: 'at-once' } });
    type('begun, and written on');
    await autosave.now();
    const { drafts } = await shelf.list();
    expect(drafts).toMatchObject([{ words: { text: 'begun, and written on' }, plan: { when: 'at-once' } }]);
    expect(autosave.state.kind).toBe('saved');
  });

  test('words whose draft was thrown away in another window get a draft of their own', async () => {
    const factory = new IDBFactory();
    const shelf = new Shelf(factory);
    const draft = await shelf.keep(written(newDraft(TODAY), 'begun'));
    const { autosave, type } = begin(shelf, draft);
    await new Shelf(factory).remove(draft.id, draft.rev);
    type('begun, and written on');
    await autosave.now();
    const { drafts } = await shelf.list();
    expect(drafts.map((one) => one.words.text)).toEqual(['begun, and written on']);
  });

  test('a device that refuses is said, tried again, and heals', async () => {
    const shelf = new Shelf(new IDBFactory());
    const { clock, said, autosave, type } = begin(shelf);
    const keep = vi.spyOn(shelf, 'keep').mockRejectedValueOnce(new DeviceRefuses('full'));
    type('not to be lost');
    await autosave.now();
    expect(autosave.state).toEqual({ kind: 'unsaved', lastAt: 0, why: 'full' });
    expect(autosave.dirty).toBe(true);
    clock.pass(10_000);
    await autosave.now();
    expect(keep).toHaveBeenCalledTimes(2);
    expect(autosave.state.kind).toBe('saved');
    expect(said.map((state) => state.kind)).toEqual(['saving', 'unsaved', 'saved']);
  });
});

interface Stored {
  box: { sealed: ArrayBuffer };
}

function opened(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open('unsaid');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function everything(factory: IDBFactory): Promise<Stored[]> {
  const db = await opened(factory);
  return new Promise((resolve) => {
    const request = db.transaction('drafts').objectStore('drafts').getAll();
    request.onsuccess = () => resolve(request.result as Stored[]);
  });
}

async function emptyKeys(factory: IDBFactory): Promise<void> {
  const db = await opened(factory);
  return new Promise((resolve) => {
    const transaction = db.transaction('keys', 'readwrite');
    transaction.objectStore('keys').clear();
    transaction.oncomplete = () => resolve();
  });
}
