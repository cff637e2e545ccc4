// Days and hours as a person says them: 'Thursday 12 March 2037, at nine in the morning', 'Lisbon time'. Civil days
// come as `YYYY-MM-DD`, instants as RFC 3339 with the zone to say them in. 'Today' is given, never read from a clock.

import { locale, spoken, type Language } from './language.svelte';
import { say } from './say';

/** A civil day as a Date at noon UTC: only to be formatted in UTC. */
function noon(day: string): Date {
  return new Date(`${day}T12:00:00Z`);
}

const inDays = (one: string, other: string): number =>
  Math.round((noon(other).getTime() - noon(one).getTime()) / 86_400_000);

/** True for a day that exists, written `YYYY-MM-DD`. */
export function dayExists(day: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!match) return false;
  const date = noon(day);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === day;
}

/** How many days the month has; `month` from 1 to 12. */
export const daysIn = (year: number, month: number): number =>
  new Date(Date.UTC(year, month, 0)).getUTCDate();

export const monthName = (month: number): string =>
  new Intl.DateTimeFormat(locale(), { month: 'long', timeZone: 'UTC' }).format(
    new Date(Date.UTC(2001, month - 1, 15)),
  );

/** 'Thursday 12 March 2037', 'el jueves, 12 de marzo de 2037': as it stands after a verb. */
export function fullDay(day: string): string {
  const said = joined(noon(day), { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  return say('author.day.full', { day: said });
}

/** '12 March 2037'. */
export function plainDay(day: string): string {
  return joined(noon(day), { day: 'numeric', month: 'long', year: 'numeric' });
}

/** '12 March': where the year has been said. */
export function shortDay(day: string): string {
  return joined(noon(day), { day: 'numeric', month: 'long' });
}

function joined(date: Date, options: Intl.DateTimeFormatOptions): string {
  const format = new Intl.DateTimeFormat(locale(), { ...options, timeZone: 'UTC' });
  // In English the parts stand side by side, without the comma; other languages need the words between them.
  if (spoken() !== 'en') return format.format(date);
  return format
    .formatToParts(date)
    .map((part) => (part.type === 'literal' ? ' ' : part.value))
    .join('');
}

/** 'today, 14 April 2026', 'tomorrow, 15 April', else the day in full. */
export function nearDay(day: string, today: string): string {
  const away = inDays(today, day);
  if (away === 0) return say('author.day.today', { day: plainDay(day) });
  if (away === 1) return say('author.day.tomorrow', { day: shortDay(day) });
  if (away === -1) return say('author.day.yesterday', { day: shortDay(day) });
  return fullDay(day);
}

export const isTomorrow = (day: string, today: string): boolean => inDays(today, day) === 1;

/** Until which hour a part of the day lasts, as each language divides it. */
const PARTS: Readonly<
  Record<Language, readonly (readonly [number, 'night' | 'morning' | 'afternoon' | 'evening'])[]>
> = {
  en: [
    [12, 'morning'],
    [18, 'afternoon'],
    [24, 'evening'],
  ],
  es: [
    [6, 'night'],
    [12, 'morning'],
    [20, 'afternoon'],
    [24, 'evening'],
  ],
};

/** 'nine in the morning', 'half past two in the afternoon', 'midnight'. `time` is `HH:MM`. */
export function hour(time: string): string {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  if (minutes === 0 && hours === 0) return say('author.hour.midnight');
  if (minutes === 0 && hours === 12) return say('author.hour.noon');
  const past = minutes <= 30;
  const named = past ? hours : (hours + 1) % 24;
  const clock = say(`author.clock.${named % 12 === 0 ? 12 : ((named % 12) as 1)}`);
  const part = PARTS[spoken()].find(([until]) => hours < until)?.[1] ?? 'evening';
  const params = { hour: clock, part: say(`author.hour.${part}`) };
  if (minutes === 0) return say('author.hour.exact', params);
  if (minutes === 15) return say('author.hour.quarter-past', params);
  if (minutes === 30) return say('author.hour.half-past', params);
  if (minutes === 45) return say('author.hour.quarter-to', params);
  const away = past ? minutes : 60 - minutes;
  const inWords = away <= 12 ? say(`author.number.${away as 1}`) : String(away);
  if (away === 1) return say(past ? 'author.hour.minute-past' : 'author.hour.minute-to', params);
  return say(past ? 'author.hour.past' : 'author.hour.to', { ...params, minutes: inWords });
}

/** Cities that a language calls otherwise than the zones do, where somebody is likely to live who speaks it. */
const CITIES: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { Kiev: 'Kyiv', Calcutta: 'Kolkata', Saigon: 'Ho Chi Minh City' },
  es: {
    Amsterdam: 'Ámsterdam',
    Asuncion: 'Asunción',
    Athens: 'Atenas',
    Berlin: 'Berlín',
    Bogota: 'Bogotá',
    Brussels: 'Bruselas',
    Bucharest: 'Bucarest',
    Canary: 'Canarias',
    Cancun: 'Cancún',
    Copenhagen: 'Copenhague',
    Dublin: 'Dublín',
    Easter: 'la Isla de Pascua',
    Havana: 'La Habana',
    Istanbul: 'Estambul',
    Jerusalem: 'Jerusalén',
    Lisbon: 'Lisboa',
    London: 'Londres',
    Los_Angeles: 'Los Ángeles',
    Luxembourg: 'Luxemburgo',
    Mexico_City: 'Ciudad de México',
    Moscow: 'Moscú',
    New_York: 'Nueva York',
    Panama: 'Panamá',
    Paris: 'París',
    Prague: 'Praga',
    Rome: 'Roma',
    Sao_Paulo: 'São Paulo',
    Stockholm: 'Estocolmo',
    Sydney: 'Sídney',
    Tokyo: 'Tokio',
    Vienna: 'Viena',
    Warsaw: 'Varsovia',
    Zurich: 'Zúrich',
  },
};

/** 'Lisbon time' for `Europe/Lisbon`, 'hora de Lisboa' in Spanish. */
export function zoneName(zone: string): string {
  if (zone === 'UTC' || zone === 'Etc/UTC') return say('author.zone.utc');
  const city = zone.split('/').at(-1) ?? zone;
  return say('author.zone.city', { city: CITIES[spoken()][city] ?? city.replaceAll('_', ' ') });
}

/** 'English' for `en`, in the language of now. An unknown tag is said as it is. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A birthday has a day and a month and perhaps no year: '29 February', '12 March 2019'. */
export function birthdayName(day: number, month: number, year: number | null): string {
  const two = (number: number) => String(number).padStart(2, '0');
  // 2000 had every day that there is.
  const civilDay = `${String(year ?? 2000).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return year === null ? shortDay(civilDay) : plainDay(civilDay);
}

/** The civil day and time of an instant in a zone. An unknown zone counts as UTC. */
export function civil(instant: string, zone: string): { day: string; time: string } {
  const date = new Date(instant);
  const parts = (timeZone: string) =>
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }).formatToParts(date);
  let found: Intl.DateTimeFormatPart[];
  try {
    found = parts(zone);
  } catch {
    found = parts('UTC');
  }
  const of = (type: Intl.DateTimeFormatPartTypes) => found.find((part) => part.type === type)?.value ?? '';
  return {
    day: `${of('year').padStart(4, '0')}-${of('month')}-${of('day')}`,
    time: `${of('hour')}:${of('minute')}`,
  };
}

/** 'Thursday 12 March 2037, at nine in the morning'. */
export const fullMoment = (day: string, time: string): string =>
  say('author.day.at', { day: fullDay(day), hour: hour(time) });

/** 'tomorrow, 15 April, at nine in the morning', else the full moment. */
export const nearMoment = (day: string, time: string, today: string): string =>
  say('author.day.at', { day: nearDay(day, today), hour: hour(time) });

/** '10:42', for saving alone. */
export function clockTime(milliseconds: number, zone?: string): string {
  return new Intl.DateTimeFormat(locale(), {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(zone ? { timeZone: zone } : {}),
  }).format(new Date(milliseconds));
}

/** The civil day of this device. */
export function deviceDay(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export const deviceZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
