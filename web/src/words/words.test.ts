// What is said: every text exists, is used, and stands in en.json and nowhere else; days and hours sound as a person
// would say them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, type AST } from 'svelte/compiler';
import { afterEach, describe, expect, test } from 'vitest';
import english from './en.json';
import spanish from './es.json';
import {
  civil,
  count,
  counted,
  dayExists,
  birthdayName,
  daysIn,
  figures,
  firstSpoken,
  fullDay,
  fullMoment,
  hour,
  languageName,
  nearDay,
  nearMoment,
  pieces,
  plainDay,
  say,
  speak,
  spoken,
  together,
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
      .filter((key) => {
        // What is counted is asked for by its stem.
        const names = [key, key.replace(/\.(one|other|few|many)$/, '')];
        return !names.some((name) => all.includes(`'${name}'`) || all.includes(`"${name}"`));
      })
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

describe('every language', () => {
  const holes = (text: string) => [...text.matchAll(/\{[a-zA-Z]+\}/g)].map((found) => found[0]).sort();
  const theirs: Record<string, string> = spanish;

  test('has the texts of English, each with its placeholders', () => {
    expect(Object.keys(theirs)).toEqual(Object.keys(theirs).sort());
    expect(Object.keys(theirs).filter((key) => !(key in texts) && !/\.many$/.test(key))).toEqual([]);
    expect(Object.keys(texts).filter((key) => !(key in theirs))).toEqual([]);
    const other = Object.entries(theirs).filter(([key, text]) => {
      const english = texts[key] ?? texts[key.replace(/\.many$/, '.other')] ?? '';
      return text === '' || holes(text).some((hole) => !holes(english).includes(hole));
    });
    expect(other).toEqual([]);
  });
});

describe('in Spanish', () => {
  afterEach(() => speak('en'));

  test('days and hours are said as they are in Spanish', async () => {
    expect(await speak('es-MX')).toBe(true);
    expect(spoken()).toBe('es');
    expect(fullDay('2031-05-04')).toBe('el domingo, 4 de mayo de 2031');
    expect(plainDay('2031-05-04')).toBe('4 de mayo de 2031');
    expect(fullMoment('2031-05-04', '09:00')).toBe('el domingo, 4 de mayo de 2031, a las nueve de la mañana');
    expect(nearMoment('2026-11-22', '13:30', '2026-11-21')).toBe(
      'mañana, 22 de noviembre, a la una y media de la tarde',
    );
    expect(['00:00', '04:15', '12:00', '19:45', '20:05', '23:59'].map(hour)).toEqual([
      'a medianoche',
      'a las cuatro y cuarto de la madrugada',
      'a mediodía',
      'a las ocho menos cuarto de la tarde',
      'a las ocho y cinco de la noche',
      'a las doce menos un minuto de la noche',
    ]);
    expect(birthdayName(29, 2, null)).toBe('29 de febrero');
    expect(zoneName('Europe/Madrid')).toBe('hora de Madrid');
    expect(zoneName('America/New_York')).toBe('hora de Nueva York');
    expect(zoneName('Europe/Lisbon')).toBe('hora de Lisboa');
  });

  test('numbers, lists and counts follow the language', async () => {
    await speak('es');
    expect(figures(12_345.5)).toBe('12.345,5');
    expect(together(['Ana', 'Inés'])).toBe('Ana e Inés');
    expect(languageName('en')).toBe('inglés');
    expect(counted('author.for.more', 1, { number: 'una' })).toBe('otra dirección más');
    // A million is counted apart in Spanish; where a text has no words of its own for that, it is many.
    expect(counted('author.for.more', 1_000_000, { number: figures(1_000_000) })).toContain('1.000.000');
  });

  test('a language that we do not speak is English, and the first that we speak is taken', async () => {
    expect(firstSpoken(['fr-FR', 'es-AR', 'en'])).toBe('es');
    expect(firstSpoken(['fr'])).toBe('en');
    await speak('pt-BR');
    expect(spoken()).toBe('en');
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
  expect(counted('author.for.more', 1, { number: count(1) })).toBe('one more address');
  expect(counted('author.for.more', 3, { number: count(3) })).toBe('three more addresses');
  const last: Key = 'author.ordinal.6';
  expect(say(last)).toBe('sixth');
});
