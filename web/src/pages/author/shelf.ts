// The one shelf of drafts in this window. Where the device keeps nothing, a draft that is carried from page to page is
// held in this window's memory: the writing page has said that it is not saved.

import { DeviceRefuses, MemoryShelf, Shelf, type AnyShelf, type Autosave, type Draft } from '../../draft';

const device = new Shelf();
const memory = new MemoryShelf();

/** This window's mark, and no words: the next page of the same window goes on leaving nothing here. */
const MARK = 'unsaid-leave-nothing';

function marked(): boolean {
  try {
    return sessionStorage.getItem(MARK) === '1';
  } catch {
    return false;
  }
}

let leaveNothing = marked();

/** Somebody writes on a device that is not theirs: drafts are in this window and at the house, and nowhere on the device. */
export const bedside = (): boolean => leaveNothing;

const at = (): AnyShelf => (leaveNothing ? memory : device);

export const shelf: AnyShelf = {
  listen: (listener) => at().listen(listener),
  list: () => at().list(),
  read: (id) => at().read(id),
  keep: async (draft) => {
    const kept = await at().keep(draft);
    inHand.delete(draft.id);
    return kept;
  },
  remove: (id, rev) => at().remove(id, rev),
  keepPhoto: (id, bytes) => at().keepPhoto(id, bytes),
  readPhoto: (id) => at().readPhoto(id),
  note: (id) => at().note(id),
  keepNote: (id, note) => at().keepNote(id, note),
  sweepPhotos: (gone) => at().sweepPhotos(gone),
  clear: () => at().clear(),
};

/** What was written since, in this window's memory alone. */
export const memoryDrafts = async (): Promise<Draft[]> => (await memory.list()).drafts;

/** From now on nothing stays here: the draft that is open comes into this window's memory, and leaves the device. */
export async function beginBedside(open: Draft): Promise<void> {
  if (leaveNothing) return;
  for (const { id } of open.words.photos ?? []) {
    const bytes = await device.readPhoto(id).catch(() => null);
    if (bytes) await memory.keepPhoto(id, bytes);
  }
  await memory.keepNote(open.id, await device.note(open.id).catch(() => ({ rev: 0, of: 0, photos: [] })));
  memory.hold(open);
  leaveNothing = true;
  try {
    sessionStorage.setItem(MARK, '1');
  } catch {
    // A window that keeps nothing needs no mark.
  }
  if (open.rev > 0) await device.remove(open.id, open.rev).catch(() => {});
  await device.sweepPhotos((open.words.photos ?? []).map(({ id }) => id)).catch(() => {});
}

/**
 * Signs out and leaves nothing of hers in this browser. What the owner of the device has written here stays: drafts, and the
 * key that they lie under. Throws when the house could not be told that she has gone; then nothing has ended.
 */
export async function endBedside(): Promise<void> {
  const { drafts, unreadable } = await device.list().catch(() => ({ drafts: [], unreadable: [] }));
  const owners = drafts.length + unreadable.length > 0;
  const { session } = await import('./session.svelte');
  if (session.signedIn) await session.signOut({ leave: owners });
  await memory.clear();
  inHand.clear();
  if (!owners) {
    await device.clear().catch(() => {});
    for (const { name } of (await indexedDB.databases?.().catch(() => [])) ?? []) {
      if (name) indexedDB.deleteDatabase(name);
    }
  }
  // This window goes on keeping nothing until it is gone: a last saving may still be on its way.
  try {
    sessionStorage.clear();
  } catch {
    // Nothing was kept, so nothing has to go.
  }
}

/** What could not be kept yet: newer than anything on the device. */
const inHand = new Map<string, Draft>();

/** Pages that have been left and are still keeping their last words. */
const leaving = new Set<Promise<void>>();

/** Milliseconds for which the next page waits for them. */
const PATIENCE = 3_000;

export function carry(draft: Draft): void {
  inHand.set(draft.id, draft);
}

/** A page is left: its last words are kept, or carried. The next page finds them, however soon it looks. */
export function leave(autosave: Autosave): Promise<void> {
  if (autosave.dirty) carry(autosave.draft);
  const ended = autosave.now().then(() => {
    if (autosave.dirty) carry(autosave.draft);
    autosave.stop();
  });
  leaving.add(ended);
  return ended.finally(() => leaving.delete(ended));
}

/** The draft as it was last written: from this window where the device did not keep it, else from the device. */
export async function take(id: string): Promise<Draft | null> {
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  if (leaving.size > 0) await Promise.race([Promise.allSettled([...leaving]), patience]);
  const held = inHand.get(id);
  if (held) return held;
  try {
    return await shelf.read(id);
  } catch {
    return null;
  }
}

/** Keeps it on the device; where that is refused, in memory. Throws ChangedMeanwhile. */
export async function put(draft: Draft): Promise<Draft> {
  try {
    return await shelf.keep(draft);
  } catch (error) {
    if (!(error instanceof DeviceRefuses)) throw error;
    inHand.set(draft.id, draft);
    return draft;
  }
}

/** It has become a letter, or was thrown away. Throws ChangedMeanwhile when another window has written on. */
export async function discard(draft: Draft): Promise<void> {
  try {
    await shelf.remove(draft.id, draft.rev);
  } catch (error) {
    if (!(error instanceof DeviceRefuses)) throw error;
  }
  inHand.delete(draft.id);
  await shelf.sweepPhotos((draft.words.photos ?? []).map((photo) => photo.id)).catch(() => {});
}
