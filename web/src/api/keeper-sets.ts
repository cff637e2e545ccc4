// The cards of her keepers, as far as the house knows of them: which sets there are, the file that each set's cards open, and the wrap of a letter
// that is sealed to a set. What is on a card never comes here.

import { fromBase64Url, toBase64Url } from './bytes';
import { get, post, putBytes } from './request';

/** A set as the house keeps it. */
export interface KeeperSetKept {
  id: string;
  /** For whom alone it is; `null`: for all. */
  person: string | null;
  needed: number;
  of: number;
  /** keeper-set.age */
  file: Uint8Array;
  /** The day on which this file was made. */
  made: string;
}

type Sent = Omit<KeeperSetKept, 'file'> & { file: string };

const read = (sent: Sent): KeeperSetKept => ({ ...sent, file: fromBase64Url(sent.file) });

export const keeperSets = async (): Promise<KeeperSetKept[]> =>
  (await get<{ sets: Sent[] }>('/api/life/keeper-sets')).sets.map(read);

/** A new set, or the newer file of one whose cards were made anew: the older file is gone then. */
export const putKeeperSet = async (
  id: string,
  { person, needed, of, file }: Pick<KeeperSetKept, 'person' | 'needed' | 'of' | 'file'>,
): Promise<KeeperSetKept> =>
  read(await post<Sent>('/api/life/keeper-sets', { id, person, needed, of, file: toBase64Url(file) }));

/** Cards are shown for printing: the house tells her so. */
export const keeperCardsPrinted = (id: string): Promise<unknown> =>
  post(`/api/life/keeper-sets/${id}/printed`, {});

export const putKeepersWrap = (
  letter: string,
  version: number,
  set: string,
  bytes: Uint8Array,
): Promise<unknown> => putBytes(`/api/letters/${letter}/versions/${version}/keepers/${set}`, bytes);
