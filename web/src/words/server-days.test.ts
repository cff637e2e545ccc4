// The server says days in full, and nothing else that a calendar has names for: its names of months and weekdays stand in the
// texts. Here they are held against the platform's own (Unicode CLDR), in every language that we speak.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fullDay } from './dates';
import { LANGUAGES, speak } from './language.svelte';

const LOCALES = { en: 'en-GB', es: 'es' } as const;

describe.each(LANGUAGES)('the days that the server says in %s', (language) => {
  const file = new URL(`./${language}.json`, import.meta.url);
  const texts = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const part = (at: Date, type: 'weekday' | 'month'): string | undefined =>
    new Intl.DateTimeFormat(LOCALES[language], {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      timeZone: 'UTC',
    })
      .formatToParts(at)
      .find((piece) => piece.type === type)?.value;

  test('have the names that the platform has', () => {
    for (let month = 1; month <= 12; month += 1) {
      expect(texts[`house.month.${month}`]).toBe(part(new Date(Date.UTC(2031, month - 1, 15)), 'month'));
    }
    // 5 May 2031 is a Monday.
    for (let day = 1; day <= 7; day += 1) {
      expect(texts[`house.weekday.${day}`]).toBe(part(new Date(Date.UTC(2031, 4, 4 + day)), 'weekday'));
    }
  });

  test('are put together as on the pages of the author', async () => {
    await speak(language);
    for (const day of ['2031-05-04', '2026-12-31', '2032-02-29', '2100-01-01']) {
      const at = new Date(`${day}T12:00:00Z`);
      const said = (texts['house.date'] ?? '')
        .replace('{weekday}', part(at, 'weekday') ?? '')
        .replace('{day}', String(at.getUTCDate()))
        .replace('{month}', part(at, 'month') ?? '')
        .replace('{year}', String(at.getUTCFullYear()));
      // The pages put the article before it, the server's sentences have it already.
      expect(said).toBe(fullDay(day).replace(/^el /, ''));
    }
    await speak('en');
  });
});
