// What people answered, as the house lets their author see it: from the morning of a day on, sealed to her.

import { get, getBytes, post } from './request';

export interface ReplyRow {
  id: string;
  /** The letter that was answered. */
  letter: string;
  person: string;
  /** Civil day in her zone from which she may see it. */
  day: string;
  seen: boolean;
  /** Bytes of the sealed file. */
  size: number;
}

/** The newest first. */
export const replies = async (): Promise<ReplyRow[]> =>
  (await get<{ replies: ReplyRow[] }>('/api/replies')).replies.sort((one, other) =>
    one.day === other.day ? 0 : one.day < other.day ? 1 : -1,
  );

export const reply = async (id: string): Promise<Uint8Array> => (await getBytes(`/api/replies/${id}`)).bytes;

/** She has read it: it is not new any more. Nobody else is told. */
export const replySeen = (id: string): Promise<unknown> => post(`/api/replies/${id}/seen`, {});
