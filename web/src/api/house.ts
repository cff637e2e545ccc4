// What the house says about itself, and on which day something would arrive.

import { get } from './request';

export interface House {
  name: string;
  contact: string;
  registration: 'invite' | 'open';
  language: string;
  zone: string;
  hostRecipient: string;
  hostGeneration: number;
  /** The day by the house's own trusted clock, `YYYY-MM-DD`: every 'today' on a page is this one. */
  today: string;
  outbox: boolean;
  town: boolean;
  /** The languages that the house speaks, as tags. */
  languages: string[];
}

export type Rest = 'morning' | 'none' | number;

/** On which day somebody born on 29 February is celebrated in a year that has none. */
export type LeapDay = 'feb28' | 'mar1';

/** The day and the month as the rule keeps them; the year only where an age is meant. */
interface BirthdayOf {
  month: number;
  day: number;
  leap: LeapDay;
  time: string;
  zone: string;
}

export type Moment =
  | { kind: 'at-once' }
  | { kind: 'on'; date: string; time: string; zone: string }
  | ({ kind: 'birthday'; age: number; year: number } & BirthdayOf)
  /** Every birthday up to and including the one in the year `until`. */
  | ({ kind: 'each-birthday'; until: number } & BirthdayOf);

export interface When {
  /** Instants, RFC 3339 in UTC. */
  restUntil: string;
  restZone: string;
  arrives: string;
  arrivesZone: string;
  /** The day chosen lies before the end of the rest: it goes when the rest ends. */
  early: boolean;
  /** How many times it goes. */
  occurrences: number;
  /** The civil days on which it goes: the first three and the last. */
  days: string[];
}

export const house = (): Promise<House> => get('/api/house');

export function when(moment: Moment, rest: Rest): Promise<When> {
  const asked = new URLSearchParams({ moment: moment.kind, rest: String(rest) });
  for (const [name, value] of Object.entries(moment)) {
    if (name !== 'kind') asked.set(name, String(value));
  }
  return get(`/api/when?${asked}`);
}
