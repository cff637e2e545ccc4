// The people she writes to: what she knows of them is kept and can be corrected, and a letter goes on every birthday, on the day that was meant, also for
// somebody born on 29 February. Each story has a house of its own, whose clock is moved.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, Window } from './house';

let chromium: Browser;
let house: House;
let helen: Window;
let words: string[];

beforeAll(async () => {
  chromium = await launch();
});

afterAll(async () => {
  await chromium.close();
});

beforeEach(async () => {
  house = await House.open();
  helen = await Window.open(house, chromium);
  words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterEach(async () => {
  const { wrong } = helen;
  await helen.close();
  await house.close();
  expect(wrong).toEqual([]);
});

const told = (said: string | RegExp) => helen.page.getByText(said).first().waitFor({ timeout: 30_000 });

/** Adds somebody with a birthday, and ends in the list of people. */
async function add(name: string, born: [string, string, string]): Promise<void> {
  const { page } = helen;
  await helen.follow('People');
  await page.getByRole('link', { name: 'Add somebody', exact: true }).waitFor();
  await helen.follow('Add somebody');
  await page.waitForSelector('#dear');
  await page.fill('#name', name);
  await page.fill('#address', `${name.toLowerCase()}@example.org`);
  const [day, month, year] = born;
  await page.fill('#born-day', day);
  await page.fill('#born-month', month);
  await page.fill('#born-year', year);
}

async function openPerson(name: string): Promise<void> {
  const { page } = helen;
  await helen.follow('People');
  await page.locator('main a', { hasText: name }).first().click();
  await page.waitForSelector('#dear');
}

test('what she knows of somebody is kept for her alone, can be changed, and stands there when she comes back', async () => {
  const { page } = helen;
  await add('Tessa', ['31', '4', '2020']);
  await page.fill('#dear', 'My dear Tessa');
  await helen.press('Save this person');
  await told('April has 30 days. Type a day from 1 to 30.');
  // What is mended is no longer said to be wrong, as soon as the field is left.
  await page.fill('#born-day', '30');
  await page.press('#born-day', 'Tab');
  await page.waitForSelector('.notice--problem', { state: 'detached' });
  await page.fill('#born-day', '29');
  await page.fill('#born-month', '2');
  await page.check('#leap-mar1');
  await page.fill('#note', 'Born in the snow.');
  await helen.press('Save this person');
  await page.waitForURL(/people$/);

  await openPerson('Tessa');
  await page.click('summary:has-text("Reckoned in")');
  await page.selectOption('#zone', 'America/Bogota');
  await page.selectOption('#language', 'es');
  await page.fill('#name', 'Tessa Marlow');
  await helen.press('Save');
  await told('It is saved.');

  // She comes back, by her own way.
  await helen.unlock(words);
  await openPerson('Tessa Marlow');
  const kept = await page.$$eval('#name, #dear, #born-day, #born-month, #born-year, #note', (fields) =>
    fields.map((field) => (field as HTMLInputElement).value),
  );
  expect(kept).toEqual(['Tessa Marlow', 'My dear Tessa', '29', '2', '2020', 'Born in the snow.']);
  expect(await page.isChecked('#leap-mar1')).toBe(true);
  expect(await helen.told()).toContain('Reckoned in Bogota time, written to in Spanish');

  await helen.press('Send myself one');
  await told('One is on its way to helen@example.org.');
  await house.live(0.1);
  const trial = (await house.outbox()).find(
    (message) => !/code/i.test(message) && /helen@example\.org/.test(message),
  );
  expect(trial).toBeDefined();
  expect(trial).not.toContain('Tessa');
});

test('a letter goes on every birthday on the day that was meant, follows a birthday that is corrected, and ends with its last year', async () => {
  const { page } = helen;
  await add('Dan', ['29', '2', '1992']);
  await page.check('#leap-mar1');
  await helen.press('Save this person');
  await page.waitForURL(/people$/);
  await helen.write('Happy birthday', 'Dear Dan,\n\nwherever you are.');
  await page.locator('input[name=who]:not(#who-new)').first().check();
  await page.check('#when-each-birthday');
  await page.fill('#until', '2029');
  await page.waitForFunction(() => /2029/.test(document.querySelector('.so')?.textContent ?? ''));
  const so = await helen.seal();
  expect(so).toContain('Monday 1 March 2027, at nine in the morning');
  expect(so).toContain('Lisbon time');
  expect(so).toContain('It goes three times.');
  expect(so).toContain('The last time is Thursday 1 March 2029.');
  const letter = page.url();
  expect(await helen.told()).toContain('Monday 1 March 2027, at nine in the morning');
  expect(await helen.told()).toContain('It goes again on 29 February 2028 and 1 March 2029');

  await house.liveUntil('2027-03-01T08:55:00Z');
  expect(await house.knocks()).toHaveLength(0);
  await house.live(0.1);
  expect(await house.knocks()).toHaveLength(1);

  // It was the third of September all the time.
  await helen.signIn('helen@example.org', words);
  await openPerson('Dan');
  await page.fill('#born-day', '3');
  await page.fill('#born-month', '9');
  await helen.press('Save');
  await told('Is this birthday meant for the sealed letters too?');
  expect(await helen.told()).toContain('‘Happy birthday’ still goes by the birthday that you gave before.');
  await helen.press('Yes, for the sealed letters too');
  await told('The letters go by the new birthday now');
  await page.goto(letter);
  await told(/3 September 202[78]/);

  // One goes in each further year, after the third of September, none on the old day, and none after the last year. (Whoever has not looked is told once
  // more, months later: it is years that end it.)
  const leaves = async (from: string, days: number): Promise<number> => {
    await house.liveUntil(from);
    const before = (await house.knocks()).length;
    await house.live(days);
    return (await house.knocks()).length - before;
  };
  expect(await leaves('2028-02-20T12:00:00Z', 20)).toBe(0);
  expect(await leaves('2028-09-01T00:00:00Z', 120)).toBeGreaterThan(0);
  expect(await leaves('2029-09-01T00:00:00Z', 120)).toBeGreaterThan(0);
  // The last year is over: nothing more is foreseen. (A yearly knock about what waits unopened goes on, by its own rule.)
  await helen.signIn('helen@example.org', words);
  await page.goto(letter);
  await told('It has left our hands');
  expect(await helen.told()).not.toContain('It goes again');
}, 400_000);
