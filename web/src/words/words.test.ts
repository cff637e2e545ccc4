// What is said: every text exists, is used, and stands in en.json and nowhere else; days and hours sound as a person
// would say them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, type AST } from 'svelte/compiler';
import { describe, expect, test } from 'vitest';
import english from './en.json';
import {
  civil,
  count,
  counted,
  dayExists,
  daysIn,
  fullMoment,
  hour,
  nearDay,
  nearMoment,
  pieces,
  say,
  zoneName,
  type Key,
} from './index';

const texts: Record<string, string> = english;
const source = fileURLToPath(new URL('..', import.meta.url));
/** The house says some of them in its answers. */
const house = fileURLToPath(new URL('../../../crates/unsaid/src', import.meta.url));

function files(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.startsWith('seal') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

describe('the texts', () => {
  test('are flat, sorted, and none is empty', () => {
    const keys = Object.keys(texts);
    expect(keys).toEqual([...keys].sort());
    expect(keys.filter((key) => typeof texts[key] !== 'string' || texts[key] === '')).toEqual([]);
  });

  test('fill their placeholders, and miss none silently', () => {
    expect(say('author.letter.to', { name: 'Dan' })).toBe('A letter to Dan');
    expect(() => say('author.letter.to')).toThrow('name');
    expect(pieces('author.letter.to')).toEqual([{ text: 'A letter to ' }, { name: 'name' }]);
    // What somebody is called is never taken for a placeholder of ours.
    expect(say('author.letter.to', { name: '{name}' })).toBe('A letter to {name}');
  });

  test('of the author are all said somewhere', () => {
    const all = [...files(source, '.svelte'), ...files(source, '.ts'), ...files(house, '.rs')]
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    // Keys that are put together, such as author.number.7, are known by what stands before the first placeholder.
    const stems = [...all.matchAll(/`(author\.[a-z.-]*)\$\{/g)].map((match) => match[1]!);
    const unsaid = Object.keys(texts)
      .filter((key) => key.startsWith('author.'))
      .filter((key) => !all.includes(`'${key}'`) && !all.includes(`"${key}"`))
      .filter((key) => !stems.some((stem) => key.startsWith(stem)));
    expect(unsaid).toEqual([]);
  });

  test('speak to the author without the words that we avoid', () => {
    const avoided =
      /\b(user|recipient|submit|confirm|cancel|invalid|failed|oops|please wait|passed away|loved ones|legacy|trigger)\b|!/i;
    const own = Object.entries(texts).filter(
      ([key]) => key.startsWith('author.') || key.startsWith('person.script.'),
    );
    // The name of a command is not ours to choose here.
    expect(own.filter(([key, text]) => key !== 'author.host.keys-command' && avoided.test(text))).toEqual([]);
  });
});

/** Text that a reader would see or hear, standing in markup instead of in the words. */
function strayTexts(file: string, code: string): string[] {
  const found: string[] = [];
  const heard = new Set([
    'aria-label',
    'title',
    'alt',
    'placeholder',
    'label',
    'says',
    'help',
    'data-th',
    'end',
    'keep',
  ]);
  const visible = (text: string) => /\p{L}/u.test(text);

  function look(node: unknown): void {
    if (Array.isArray(node)) return node.forEach(look);
    if (typeof node !== 'object' || node === null) return;
    const one = node as { type?: string } & Record<string, unknown>;
    if (one.type === 'Text' && visible((node as AST.Text).data))
      found.push(`${file}: ${(node as AST.Text).data.trim()}`);
    if (one.type === 'Attribute') {
      const attribute = node as AST.Attribute;
      if (!heard.has(attribute.name) || !Array.isArray(attribute.value)) return;
      for (const part of attribute.value) {
        if (part.type === 'Text' && visible(part.data))
          found.push(`${file}: ${attribute.name}="${part.data}"`);
      }
      return;
    }
    // A string between braces is seen as well.
    if (one.type === 'ExpressionTag') {
      const expression = (node as AST.ExpressionTag).expression;
      if (
        expression.type === 'Literal' &&
        typeof expression.value === 'string' &&
        visible(expression.value)
      ) {
        found.push(`${file}: {'${expression.value}'}`);
      }
      return;
    }
    for (const [key, value] of Object.entries(one)) if (key !== 'parent') look(value);
  }

  look(parse(code, { modern: true }).fragment);
  return found;
}

describe('texts outside of the words', () => {
  test('are found in markup, in braces and in what is read aloud', () => {
    const code = `<script lang="ts">const a = 1;</script>
      <!-- A comment is not seen. -->
      <p class="note">Hello</p><p aria-label="There">{a}</p>{'you'}<p>·</p><input type="text" />`;
    expect(strayTexts('x', code)).toEqual(['x: Hello', 'x: aria-label="There"', "x: {'you'}"]);
  });

  test('do not stand in any page or part', () => {
    const pages = files(source, '.svelte');
    expect(pages.length).toBeGreaterThan(30);
    expect(
      pages.flatMap((file) => strayTexts(file.slice(source.length), readFileSync(file, 'utf8'))),
    ).toEqual([]);
  });
});

describe('days', () => {
  const today = '2026-11-21';

  test('are said in full where something is decided', () => {
    expect(fullMoment('2037-03-12', '09:00')).toBe('Thursday 12 March 2037, at nine in the morning');
  });

  test('near ones are called by their name, followed by the date', () => {
    expect(nearDay('2026-11-21', today)).toBe('today, 21 November 2026');
    expect(nearMoment('2026-11-22', '09:00', today)).toBe('tomorrow, 22 November, at nine in the morning');
    expect(nearDay('2026-11-20', today)).toBe('yesterday, 20 November');
    expect(nearDay('2026-11-23', today)).toBe('Monday 23 November 2026');
  });

  test('hours are said in words', () => {
    const said = [
      '00:00',
      '12:00',
      '09:00',
      '09:15',
      '14:30',
      '17:45',
      '20:05',
      '23:59',
      '11:31',
      '00:20',
    ].map(hour);
    expect(said).toEqual([
      'midnight',
      'noon',
      'nine in the morning',
      'a quarter past nine in the morning',
      'half past two in the afternoon',
      'a quarter to six in the afternoon',
      'five minutes past eight in the evening',
      'one minute to twelve in the evening',
      '29 minutes to twelve in the morning',
      '20 minutes past twelve in the morning',
    ]);
  });

  test('an instant is told in the zone it was meant for', () => {
    expect(civil('2031-05-04T08:00:00Z', 'Europe/Lisbon')).toEqual({ day: '2031-05-04', time: '09:00' });
    expect(civil('2031-05-04T23:30:00Z', 'Asia/Tokyo')).toEqual({ day: '2031-05-05', time: '08:30' });
    expect(civil('2031-05-04T08:00:00Z', 'Nowhere/Here')).toEqual({ day: '2031-05-04', time: '08:00' });
    expect(zoneName('America/New_York')).toBe('New York time');
  });

  test('exist or do not', () => {
    expect(dayExists('2028-02-29')).toBe(true);
    expect(dayExists('2027-02-29')).toBe(false);
    expect(dayExists('2027-13-01')).toBe(false);
    expect([daysIn(2100, 2), daysIn(2000, 2), daysIn(2031, 4)]).toEqual([28, 29, 30]);
  });
});

test('numbers to twelve are words', () => {
  expect([1, 12, 13, 1200].map(count)).toEqual(['one', 'twelve', '13', '1,200']);
  expect(counted(1, 'author.for.one-more', 'author.for.more')).toBe('one more address');
  expect(counted(3, 'author.for.one-more', 'author.for.more')).toBe('three more addresses');
  const last: Key = 'author.ordinal.6';
  expect(say(last)).toBe('sixth');
});
