// The one shelf of drafts in this window. Where the device keeps nothing, a draft that is carried from page to page is
// held in this window's memory: the writing page has said that it is not saved.

import { DeviceRefuses, Shelf, type Draft } from '../../draft';

export const shelf = new Shelf();

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
}
