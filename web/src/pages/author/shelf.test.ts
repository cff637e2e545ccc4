// What is carried from page to page: the newest words, also where the device is full, and also when a page is left in
// mid-sentence; and what a borrowed device keeps: what was there before, and nothing else.

import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Autosave, newDraft, Shelf, type Draft } from '../../draft';

const TODAY = '2026-11-21';
const written = (draft: Draft, text: string): Draft => ({ ...draft, words: { ...draft.words, text } });

/** The shelf of a window that has just been opened. */
async function window() {
  vi.resetModules();
  return import('./shelf');
}

beforeEach(async () => {
  await new Shelf().clear();
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    clear: () => kept.clear(),
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The device has no room left; what it has can be read. */
const full = () => {
  const refuse = () => {
    throw new DOMException('no room', 'QuotaExceededError');
  };
  return vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(refuse);
};

describe('a draft from page to page', () => {
  test('comes with its newest words when the device has become full since it was kept', async () => {
    const { carry, shelf, take } = await window();
    const kept = await shelf.keep(written(newDraft(TODAY), 'Dear Dan'));
    const device = full();
    carry(written(kept, 'Dear Dan, there was no shift.'));
    expect((await take(kept.id))?.words.text).toBe('Dear Dan, there was no shift.');
    // There is room again: what is kept from then on counts.
    device.mockRestore();
    await shelf.keep(written(kept, 'Dear Dan, there was no shift. I lied.'));
    expect((await take(kept.id))?.words.text).toBe('Dear Dan, there was no shift. I lied.');
  });

  test('comes with the words of the last second, when the page is left in mid-sentence', async () => {
    const { leave, shelf, take } = await window();
    const kept = await shelf.keep(written(newDraft(TODAY), 'Dear'));
    const autosave = new Autosave(shelf, kept, () => {});
    autosave.change({ words: { title: '', text: 'Dear Dan,' } });
    void leave(autosave);
    expect((await take(kept.id))?.words.text).toBe('Dear Dan,');
    expect((await new Shelf().read(kept.id))?.words.text).toBe('Dear Dan,');
  });

  test('is in hand when the page is left and the device refuses', async () => {
    const { leave, shelf, take } = await window();
    const kept = await shelf.keep(written(newDraft(TODAY), 'Dear'));
    full();
    const autosave = new Autosave(shelf, kept, () => {});
    autosave.change({ words: { title: '', text: 'Dear Dan,' } });
    await leave(autosave);
    expect((await take(kept.id))?.words.text).toBe('Dear Dan,');
  });
});

describe('a borrowed device', () => {
  test('keeps what its owner has written, and nothing that was written since', async () => {
    await new Shelf().keep(written(newDraft(TODAY), 'of the one whose device it is'));
    const { beginBedside, endBedside, shelf } = await window();
    const hers = await shelf.keep(written(newDraft(TODAY), 'hers'));
    await beginBedside(hers);
    const later = await shelf.keep(written(hers, 'hers, and more'));
    await endBedside();
    // A timer that runs while the page goes away.
    await shelf.keep(written(later, 'hers, and more, and later')).catch(() => {});
    const { drafts } = await new Shelf().list();
    expect(drafts.map((draft) => draft.words.text)).toEqual(['of the one whose device it is']);
  });
});
