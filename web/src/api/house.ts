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
}

export type Rest = 'morning' | 'none' | number;

export type Moment = { kind: 'at-once' } | { kind: 'on'; date: string; time: string; zone: string };

export interface When {
  /** Instants, RFC 3339 in UTC. */
  restUntil: string;
  restZone: string;
  arrives: string;
  arrivesZone: string;
  /** The day chosen lies before the end of the rest: it goes when the rest ends. */
  early: boolean;
}

export const house = (): Promise<House> => get('/api/house');

export function when(moment: Moment, rest: Rest): Promise<When> {
  const asked = new URLSearchParams({ moment: moment.kind, rest: String(rest) });
  if (moment.kind === 'on') {
    asked.set('date', moment.date);
    asked.set('time', moment.time);
    asked.set('zone', moment.zone);
  }
  return get(`/api/when?${asked}`);
}
