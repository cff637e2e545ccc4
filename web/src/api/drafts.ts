// Drafts at the house: bytes that are sealed to the author, with a revision, so that no window writes over another.

import { isProblem, Problem } from './problem';
import { get, getBytes, post, putBytes } from './request';

/** A draft that the house keeps. */
export interface KeptDraft {
  id: string;
  rev: number;
  /** An instant, RFC 3339. */
  savedOn: string;
  /** In bytes, sealed. */
  size: number;
  discarded: boolean;
}

const of = (id: string): string => `/api/drafts/${id}`;

export const keptDrafts = async (): Promise<KeptDraft[]> =>
  (await get<{ drafts: KeptDraft[] }>('/api/drafts')).drafts;

/** `rev` is the one that this follows; 0 for a new draft. A Problem with status 412 says that another one stands there. */
export const putDraft = async (id: string, rev: number, bytes: Uint8Array): Promise<number> =>
  (await putBytes<{ rev: number }>(of(id), bytes, { 'If-Match': `"${rev}"` })).rev;

export async function keptDraft(id: string): Promise<{ bytes: Uint8Array; rev: number }> {
  const { bytes, etag } = await getBytes(of(id));
  return { bytes, rev: Number(/^"(\d+)"$/.exec(etag ?? '')?.[1] ?? 0) };
}

/** Earlier savings, the newest first. */
export const draftHistory = async (id: string): Promise<{ rev: number; at: string }[]> =>
  (await get<{ versions: { rev: number; at: string }[] }>(`${of(id)}/history`)).versions;

export const draftAt = async (id: string, rev: number): Promise<Uint8Array> =>
  (await getBytes(`${of(id)}/history/${rev}`)).bytes;

/** Thrown away, to be gone in thirty days. One that the house does not have is thrown away already. */
export async function discardKept(id: string): Promise<void> {
  try {
    await post(`${of(id)}/discard`, {});
  } catch (error) {
    if (!isProblem(error) || error.status !== 404) throw error;
  }
}

export const restoreKept = (id: string): Promise<unknown> => post(`${of(id)}/restore`, {});

export const putDraftPhoto = (id: string, photo: string, bytes: Uint8Array): Promise<unknown> =>
  putBytes(`${of(id)}/photos/${photo}`, bytes);

/** `null` when the house does not have it. */
export async function draftPhoto(id: string, photo: string): Promise<Uint8Array | null> {
  try {
    return (await getBytes(`${of(id)}/photos/${photo}`)).bytes;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
