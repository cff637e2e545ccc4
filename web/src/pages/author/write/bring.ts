// Between a draft on this device and its copy at the house: the ports that the way to the house needs, and bringing a draft
// here that another device wrote. What is sent is sealed in the room with the keys; the house sees bytes.

import * as api from '../../../api';
import {
  browserTimers,
  ChangedMeanwhile,
  Elsewhere,
  HouseRefuses,
  HouseSaver,
  NOTHING_THERE,
  sameWords,
  unsealed,
  type Draft,
  type HousePort,
  type HouseState,
} from '../../../draft';
import { sha256Hex } from '../../../seal/bytes';
import { ask, KeysRefuse } from '../keys';
import { session } from '../session.svelte';
import { shelf } from '../shelf';
import { photoBytes } from './photos';

function recipient(): string {
  if (!session.account) throw new HouseRefuses('signed-out');
  return session.account.recipient;
}

/** What the house, or the room with the keys, said no to, in the words of a saving. */
function refused(error: unknown): never {
  if (error instanceof api.Unreachable) throw new HouseRefuses('away');
  if (error instanceof KeysRefuse && error.code === 'locked') throw new HouseRefuses('closed');
  if (api.isProblem(error)) {
    if (error.status === 412) throw new Elsewhere();
    if (error.status === 401) throw new HouseRefuses('signed-out');
    if (error.key === 'locked' || error.key === 'not-fresh') throw new HouseRefuses('closed');
    // The house itself, the account's share of it, or the number of drafts or photos.
    if (error.status === 413 || error.status === 507 || error.key.endsWith('-full'))
      throw new HouseRefuses('full');
  }
  throw error instanceof HouseRefuses ? error : new HouseRefuses('refused');
}

const house: HousePort = {
  put: async (id, rev, sealed) => {
    try {
      return await api.putDraft(id, rev, sealed);
    } catch (error) {
      // It was thrown away for good over there: these words begin it anew.
      if (rev > 0 && api.isProblem(error) && error.status === 404) {
        return api.putDraft(id, 0, sealed).catch(refused);
      }
      return refused(error);
    }
  },
  get: async (id) => {
    if (!session.open) throw new HouseRefuses('closed');
    try {
      const { bytes, rev } = await api.keptDraft(id);
      return { sealed: bytes, rev };
    } catch (error) {
      if (api.isProblem(error) && error.status === 404) return null;
      return refused(error);
    }
  },
  putPhoto: async (id, photo, sealed) => {
    await api.putDraftPhoto(id, photo, sealed).catch(refused);
  },
  getPhoto: (id, photo) => api.draftPhoto(id, photo).catch(refused),
  seal: async (bytes) => (await ask('close-draft', { bytes, recipient: recipient() }).catch(refused)).file,
  open: async (sealed) => (await ask('open-draft', { file: sealed }).catch(refused)).bytes,
};

/** Brings what the device keeps to the house, as long as somebody is signed in. */
export function houseSaver(tell: (state: HouseState) => void): HouseSaver {
  const device = {
    note: (id: string) => shelf.note(id),
    keepNote: (id: string, note: Parameters<typeof shelf.keepNote>[1]) => shelf.keepNote(id, note),
    photo: photoBytes,
    keepPhoto: async (id: string, bytes: Uint8Array) => shelf.keepPhoto(id, new Uint8Array(bytes)),
    keepOther: async (draft: Draft) => void (await shelf.keep(draft)),
  };
  return new HouseSaver(house, device, tell, browserTimers);
}

/** Whether all of these are at the house now. */
export async function bringAll(drafts: readonly Draft[]): Promise<boolean> {
  for (const draft of drafts) {
    const saver = houseSaver(() => {});
    saver.kept(draft);
    await saver.now();
    saver.stop();
    if (saver.state.kind !== 'there' && saver.state.kind !== 'both') return false;
  }
  return true;
}

/** A draft of the house, with its photos, put on this device's shelf. Null when the house has none. Needs open letters. */
export async function fetchDraft(id: string): Promise<Draft | null> {
  const found = await house.get(id);
  if (!found) return null;
  const read = unsealed(await house.open(found.sealed));
  const photos = await photosHere(id, read.words);
  try {
    const kept = await shelf.keep({ ...read, id, rev: 0, savedAt: 0 });
    await shelf.keepNote(id, { rev: found.rev, of: kept.rev, photos });
    return kept;
  } catch (error) {
    // Another window was first.
    if (error instanceof ChangedMeanwhile) return shelf.read(id);
    throw error;
  }
}

/** The photos of a draft that could be brought here. The others are asked for again where they are needed. */
async function photosHere(id: string, words: Draft['words']): Promise<string[]> {
  const photos: string[] = [];
  for (const { id: photo } of words.photos ?? []) {
    if (await photoOf(id, photo)) photos.push(photo);
  }
  return photos;
}

/** A photo of a draft, brought from the house where this device does not have it. Null when it is nowhere in reach. */
export async function photoOf(draft: string, photo: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const here = await photoBytes(photo);
  if (here || !session.open) return here;
  try {
    const sealed = await house.getPhoto(draft, photo);
    if (!sealed) return null;
    const bytes = new Uint8Array(await house.open(sealed));
    await shelf.keepPhoto(photo, bytes).catch(() => {});
    return bytes;
  } catch {
    return null;
  }
}

/**
 * Whether another device has written on in a draft that lies here too. 'brought': it has, and its words are on this
 * device's shelf now. 'both': it has, and so has this one; the way to the house sets them side by side. 'closed': it
 * has, and to see it the letters have to be open. 'gone': it has sealed it or thrown it away, and nothing was written here
 * since.
 */
export async function bringNewer(draft: Draft): Promise<'none' | 'brought' | 'both' | 'closed' | 'gone'> {
  if (!session.signedIn) return 'none';
  const note = await shelf.note(draft.id).catch(() => NOTHING_THERE);
  const there = (await api.keptDrafts()).find(({ id }) => id === draft.id);
  if (there?.discarded) return note.of === draft.rev ? 'gone' : 'none';
  if (!there || there.rev <= note.rev) return 'none';
  if (!session.open) return 'closed';
  const found = await house.get(draft.id);
  if (!found || note.sent?.includes(sha256Hex(found.sealed))) return 'none';
  const read = unsealed(await house.open(found.sealed));
  if (sameWords(read.words, draft.words)) return 'none';
  if (note.of !== draft.rev) return 'both';
  const photos = await photosHere(draft.id, read.words);
  const sealing = read.plan.sealing ?? draft.plan.sealing;
  try {
    const kept = await shelf.keep({ ...draft, words: read.words, plan: { ...read.plan, sealing } });
    await shelf.keepNote(draft.id, { rev: found.rev, of: kept.rev, photos });
    return 'brought';
  } catch (error) {
    // Written on here in this moment: the way to the house finds both.
    if (error instanceof ChangedMeanwhile) return 'both';
    throw error;
  }
}

/** An earlier saving of a draft. */
export async function earlier(id: string, rev: number): Promise<Draft['words']> {
  return unsealed(await house.open(await api.draftAt(id, rev))).words;
}
