// The one shelf of drafts in this window. Where the device keeps nothing, a draft that is carried from page to page is
// held in this window's memory: the writing page has said that it is not saved.

import { DeviceRefuses, MemoryShelf, Shelf, type AnyShelf, type Draft } from '../../draft';

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
  keep: (draft) => at().keep(draft),
  remove: (id, rev) => at().remove(id, rev),
  keepPhoto: (id, bytes) => at().keepPhoto(id, bytes),
  readPhoto: (id) => at().readPhoto(id),
  note: (id) => at().note(id),
  keepNote: (id, note) => at().keepNote(id, note),
  sweepPhotos: (gone) => at().sweepPhotos(gone),
  clear: () => at().clear(),
};

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
  await device.sweepPhotos().catch(() => {});
}

/** Signs out and leaves nothing of this house in this browser: drafts, keys, marks. */
export async function endBedside(): Promise<void> {
  const { session } = await import('./session.svelte');
  if (session.signedIn) await session.signOut().catch(() => {});
  await memory.clear();
  await device.clear().catch(() => {});
  for (const { name } of (await indexedDB.databases?.().catch(() => [])) ?? []) {
    if (name) indexedDB.deleteDatabase(name);
  }
  leaveNothing = false;
  try {
    sessionStorage.clear();
    localStorage.clear();
  } catch {
    // Nothing was kept, so nothing has to go.
  }
}

const inHand = new Map<string, Draft>();

export function carry(draft: Draft): void {
  inHand.set(draft.id, draft);
}

/** The draft from the device, or from this window's memory. */
export async function take(id: string): Promise<Draft | null> {
  try {
    return (await shelf.read(id)) ?? inHand.get(id) ?? null;
  } catch {
    return inHand.get(id) ?? null;
  }
}

/** Keeps it on the device; where that is refused, in memory. Throws ChangedMeanwhile. */
export async function put(draft: Draft): Promise<Draft> {
  try {
    const kept = await shelf.keep(draft);
    inHand.delete(kept.id);
    return kept;
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
