// After a release that was false: to whom her letters have left, and telling each of them, once and only if she wishes, that she lives.

import { get, post } from './request';

/** Somebody to whom a letter has left because she was thought gone. What they did with it is not known here. */
export interface Reached {
  person: string;
  /** The day, in her zone, on which she asked that they be told. */
  asked: string | null;
  can: ('tell' | 'undo')[];
}

export interface Alive {
  /** She may have it said now; else a sign of life comes first. */
  well: boolean;
  people: Reached[];
}

export const alive = (): Promise<Alive> => get('/api/life/alive');
/** One mail, an hour later. */
export const tellAlive = (person: string): Promise<Alive> => post('/api/life/alive', { person });
/** Within that hour. */
export const untellAlive = (person: string): Promise<Alive> => post(`/api/life/alive/${person}/undo`, {});
