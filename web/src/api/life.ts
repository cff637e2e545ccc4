// Whether she is alive, as she asks for it: her plan, the days to come, her keepers, a sign of life, a pause, a stop.

import { get, post, put } from './request';

export type LifePolicy = 'both' | 'keepers-only' | 'either' | 'check-ins';

/** Days are days in which the house was there. */
export interface LifePlan {
  policy: LifePolicy;
  everyDays: number;
  pauseDays: number;
  /** So many keepers must agree, or all of them where they are fewer. */
  quorum: number;
  warningDays: number;
  /** Where no keeper answers; `null` for never. */
  fallbackDays: number | null;
}

export interface DayAhead {
  /** `YYYY-MM-DD`, in her zone; the earliest on which it can be. */
  day: string;
  what: 'question' | 'reminder' | 'keepers' | 'warning' | 'hold-off' | 'goes-on' | 'released';
  nth: number;
}

/** What would come if nothing more were heard of her. */
export interface DaysAhead {
  steps: DayAhead[];
  /** These days begin with the word of her keepers. */
  spoken: boolean;
  /** `null`: never. */
  leaves: string | null;
  /** The same if all her keepers said today that she had died. */
  soonest: string | null;
  /** The same if none of them ever answers. */
  unanswered: string | null;
}

export interface Life {
  plan: LifePlan;
  /** A plan that could let letters go sooner, and counts only after the whole time of the one before. */
  coming: LifePlan | null;
  stage: 'present' | 'asked' | 'reminded' | 'silent' | 'grace' | 'gone' | 'released' | 'stopped' | 'ended';
  nth: number;
  /** She is away until this day. */
  paused: string | null;
  asksInDays: number;
  unlockWanted: boolean;
  outOfReach: boolean;
  /** So many people stand as her keepers. */
  keepers: number;
  /** Letters that wait for her end. */
  wait: number;
  /** Of those, what has left our hands. */
  left: number;
  ahead: DaysAhead;
  letters: { id: string; leaves: string | null }[];
}

export interface Keeper {
  id: string;
  name: string;
  /** `null` for one who was told on paper. */
  address: string | null;
  language: string;
  standing: 'invited' | 'enrolled' | 'declined' | 'removed';
  /** The day on which they last did anything here; `null`: never. */
  heard: string | null;
  /** The last word that they said about her. `counts`: no sign of hers has come since. */
  said: { word: 'well' | 'unknown' | 'died'; counts: boolean } | null;
}

/** All that would be written, in its order; nothing of it is. */
export interface Rehearsal {
  /** `keeper`: to which of them; `null` for her. */
  messages: { day: string; keeper: string | null; subject: string; text: string }[];
  /** What each person would be told on the day of their letter. */
  knock: { subject: string; text: string } | null;
  /** The same for whoever looks after one of them; `null` where nobody does. */
  knockGuardian: { subject: string; text: string } | null;
}

export const rehearsal = (): Promise<Rehearsal> => get('/api/life/rehearsal');

/** How far the newest rehearsal that was sent has come. */
export interface RehearsalSent {
  of: number;
  accepted: number;
  waiting: number;
}

const sentOf = async (answer: Promise<{ sent: RehearsalSent | null }>): Promise<RehearsalSent | null> =>
  (await answer).sent;

export const rehearsalSent = (): Promise<RehearsalSent | null> => sentOf(get('/api/life/rehearsal/sent'));
/** Every message that would go, to herself alone. */
export const sendRehearsal = (): Promise<RehearsalSent | null> =>
  sentOf(post('/api/life/rehearsal/send', {}));
/** What has not left stays where it is. */
export const stopRehearsal = (): Promise<RehearsalSent | null> =>
  sentOf(post('/api/life/rehearsal/stop', {}));

const mine = async (answer: Promise<{ life: Life | null }>): Promise<Life | null> => (await answer).life;

/** `null` where she has asked for nothing yet. */
export const life = (): Promise<Life | null> => mine(get('/api/life'));

/** What would come under this plan, asked for today. `later`: it counts only when the time of the one before is over. */
export function lifeAhead(plan: LifePlan): Promise<{ ahead: DaysAhead; later: boolean }> {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(plan)) if (value !== null) asked.set(name, String(value));
  return get(`/api/life/ahead?${asked}`);
}

export const askForLife = (plan: LifePlan): Promise<Life | null> => mine(put('/api/life', plan));
export const amWell = (): Promise<Life | null> => mine(post('/api/life/well', {}));
/** Away until this civil day. */
export const pauseLife = (until: string): Promise<Life | null> => mine(post('/api/life/pause', { until }));
/** Back before a pause, or a stop, is over. */
export const resumeLife = (): Promise<Life | null> => mine(post('/api/life/resume', {}));
export const endLife = (): Promise<Life | null> => mine(post('/api/life/end', {}));
/** What eight words on a paper give, and not the words: from now on these stop everything, and no others do. */
export const putStopCode = (token: string): Promise<unknown> => post('/api/life/stop-code', { token });

/** Another address at which she is written to. Nobody signs in with it. */
export interface Channel {
  id: string;
  /** An address, a number or name that the host understands, or the name of the push service of a browser. */
  address: string;
  /** It is reached by the host's own way, and not by mail. */
  byHost: boolean;
  /** By which a browser finds itself here; `null` for what is no browser. */
  browser: string | null;
  /** The day on which a code came back from there. */
  proved: string;
}

/** `hostReaches`: the host has a way of its own, to which one can be added. `pushKey`: with which a browser asks for notices; `null` where there are none. */
export const channels = (): Promise<{ channels: Channel[]; hostReaches: boolean; pushKey: string | null }> =>
  get('/api/channels');

const channelsOf = async (answer: Promise<{ channels: Channel[] }>): Promise<Channel[]> =>
  (await answer).channels;

/** A code goes there; until it is given nothing changes. */
export const askForChannel = (email: string): Promise<unknown> => post('/api/channels', { email });
/** The same to a number or name, by the host's own way. */
export const askForHandle = (handle: string): Promise<unknown> => post('/api/channels/handle', { handle });
/** The same to a browser, by its push service. */
export const askForBrowser = (given: { endpoint: string; p256dh: string; auth: string }): Promise<unknown> =>
  post('/api/channels/browser', given);
export const giveChannelCode = (code: string): Promise<Channel[]> =>
  channelsOf(post('/api/channels/confirm', { code }));
export const removeChannel = (id: string): Promise<Channel[]> =>
  channelsOf(post(`/api/channels/${id}/remove`, {}));
/** A test message there. */
export const tryChannel = (id: string): Promise<unknown> => post(`/api/channels/${id}/trial`, {});

export const keepers = async (): Promise<Keeper[]> =>
  (await get<{ keepers: Keeper[] }>('/api/life/keepers')).keepers;

/** Gives their way in, for paper: the house says it this once. */
export const addKeeper = (keeper: {
  name: string;
  address: string | null;
}): Promise<{ id: string; link: string }> => post('/api/life/keepers', keeper);

export const removeKeeper = (id: string): Promise<unknown> => post(`/api/life/keepers/${id}/remove`, {});
