// Whoever runs the house, at their own page: the way there and back, one press that holds everything and one that lets it go, many letters that nobody foresaw after a month
// without power, what each of their authors reads meanwhile, a clock that is in doubt; with a keyboard alone, and without barriers in any of it. A member who is no host is told so.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { barriers, cramped, hiddenByColours } from './barriers';
import { browser as launch, House, Window } from './house';
import { called, saying } from './tongue';

const MANY = 7;

let chromium: Browser;
let house: House;
let host: Window;
let words: string[];
/** What keeps anybody out, of every state that was looked at. */
const found: string[] = [];

beforeAll(async () => {
  chromium = await launch();
  house = await House.open({ UNSAID_BACKUP_DAYS: '9' });
  host = await Window.open(house, chromium, 1280);
  // Without transitions: between light and dark no colour is looked at half-way.
  await host.page.emulateMedia({ reducedMotion: 'reduce' });
  words = await host.begin(await house.firstLink(), 'host@example.org', 'Helen Marlow');
});

afterAll(async () => {
  await chromium.close();
  await house.close();
});

/** Looks at a state for barriers: narrow and wide, light and dark, twice as large, in colours of the reader's own. */
async function looked(name: string, page: Page): Promise<void> {
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const one of await barriers(page)) found.push(`${name}, ${width}, ${colorScheme}: ${one}`);
    }
  }
  for (const one of await cramped(page)) found.push(`${name}, ${one}`);
  for (const one of await hiddenByColours(page)) found.push(`${name}, ${one}`);
  await page.evaluate(() => (document.documentElement.style.fontSize = ''));
  await page.setViewportSize({ width: 1280, height: 844 });
}

const heading = async (page: Page): Promise<string> => (await page.locator('h1').innerText()).trim();

/** Presses Tab until it stands on a button of this name, and sees that the focus shows. */
async function tabTo(page: Page, name: string): Promise<void> {
  const wanted = called(name);
  for (let pressed = 0; pressed < 60; pressed += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const here = document.activeElement as HTMLElement;
      return { text: here.innerText, shows: getComputedStyle(here).outlineStyle !== 'none' };
    });
    expect(at.shows).toBe(true);
    if (typeof wanted === 'string' ? at.text.trim() === wanted : wanted.test(at.text)) return;
  }
  throw new Error(`sixty presses of Tab did not reach ${name}`);
}

test('a host finds the page from the letters, holds everything and lets it go with a keyboard alone, and finds back', async () => {
  const { page } = host;
  await page.goto(`${house.origin}/account`);
  await page.waitForSelector('.facts');
  await host.follow('To the host’s page');
  await page.waitForSelector('.counts');
  expect(await heading(page)).toMatch(saying('One thing waits for you.'));
  await page.locator('code', { hasText: 'unsaid keys confirm' }).waitFor();
  await looked('a new house', page);

  await tabTo(page, 'Hold all letters');
  await page.keyboard.press('Enter');
  await page.getByText(saying('A host holds all letters of this house back.')).waitFor();
  await looked('held', page);
  await tabTo(page, 'Let the letters go');
  await page.keyboard.press('Enter');
  await page.getByText(saying('Letters leave again, each on its day.')).waitFor();
  await host.follow('Letters');
  await page.waitForURL(/letters$/);
  await host.follow('The house');
  await page.waitForSelector('.counts');
}, 300_000);

test('whoever is no host is told for whom the page is, and whoever is not signed in comes back to it', async () => {
  const member = await Window.open(house, chromium);
  await member.page.emulateMedia({ reducedMotion: 'reduce' });
  const link = /http\S+\/begin\/\S+/.exec(house.command(['invite']))?.[0] ?? '';
  const hers = await member.begin(link, 'anna@example.org', 'Anna');
  expect(await member.page.getByRole('link', { name: called('The house'), exact: true }).count()).toBe(0);
  await member.page.goto(`${house.origin}/house`);
  expect(await heading(member.page)).toMatch(saying('This page is for whoever runs this house.'));
  await looked('no host', member.page);
  await member.follow('To your letters');
  await member.page.waitForURL(/letters$/);
  expect(hers).toHaveLength(6);
  expect(member.wrong).toEqual([]);
  await member.close();

  const elsewhere = await Window.open(house, chromium);
  const { page } = elsewhere;
  await page.goto(`${house.origin}/house`);
  await page
    .locator('main')
    .getByRole('link', { name: called('Sign in') })
    .click();
  await page.fill('#email', 'host@example.org');
  await elsewhere.press('Send me the code');
  await page.waitForSelector('#code');
  await page.fill('#code', await elsewhere.code());
  await elsewhere.press('Go on');
  await page.waitForSelector('#words');
  await page.fill('#words', words.join(' '));
  await elsewhere.press('Open my letters');
  await page.waitForURL(/house$/, { timeout: 60_000 });
  await page.waitForSelector('.counts');
  expect(elsewhere.wrong).toEqual([]);
  await elsewhere.close();
}, 300_000);

test('after a month without power many letters wait for a look; what the host keeps stays, what the host lets go leaves once', async () => {
  const { page } = host;
  await host.unlock(words);
  const day = new Date((await house.now()).getTime() + 25 * 86_400_000);
  for (let nth = 0; nth < MANY; nth += 1) {
    await host.write(`To Dan, ${nth}`, 'Dear Dan,\n\nthere was no shift.');
    if (nth > 0) await page.getByRole('radio', { name: 'Dan' }).check();
    else await host.forSomebodyNew('Dan', 'dan@example.org');
    await page.check('#when-on');
    await page.fill('#day', String(day.getUTCDate()));
    await page.fill('#month', String(day.getUTCMonth() + 1));
    await page.fill('#year', String(day.getUTCFullYear()));
    await host.seal();
  }
  const hers = page.url();
  await house.live(2);
  await page.goto(`${house.origin}/house`);
  await page.locator('summary').getByText(saying('Month by month')).click();
  // Fourteen or fifteen months, and each letter in one of them.
  const months = await page.locator('details .number').allInnerTexts();
  expect(months.length).toBeGreaterThanOrEqual(15);
  expect(months.slice(1).reduce((sum, many) => sum + Number(many), 0)).toBe(MANY);
  await looked('what comes', page);

  await house.off(30);
  await page.goto(`${house.origin}/house`);
  await page.getByText(saying('It is believed when it has kept its distance for six hours')).waitFor();
  await looked('a clock that settles', page);
  // What time makes up for after six hours brings them all near at once.
  await house.live(0.5);
  await host.unlock(words);
  await page.goto(hers);
  await page
    .getByText(saying('Nothing is lost, and nothing has gone. Many letters came near at once'))
    .waitFor();
  await page.goto(`${house.origin}/house`);
  await page.locator('code', { hasText: 'unsaid park all-unforeseen' }).waitFor();
  // Nothing is there to let them go by one press.
  expect(await page.getByRole('button', { name: called('Let all of these go') }).isVisible()).toBe(false);
  await looked('many wait', page);
  expect(await house.knocks()).toHaveLength(0);
  await host.press('Keep all of these here');
  await page.getByText(saying('Kept here, until a host lets it go.')).waitFor();
  await house.live(5);
  expect(await house.knocks()).toHaveLength(0);
  await host.unlock(words);
  await page.goto(hers);
  await page
    .getByText(saying('Nothing is lost, and nothing has gone. Whoever keeps this house holds it'))
    .waitFor();

  await page.goto(`${house.origin}/house`);
  expect(await page.locator('tbody form').count()).toBe(MANY);
  await looked('kept by hosts', page);
  await page
    .getByRole('button', { name: called('Let it go'), exact: true })
    .first()
    .click();
  await page.getByText(saying('Let go: it is where it was')).waitFor();
  await house.live(2);
  expect(await house.knocks()).toHaveLength(1);
  await page.goto(`${house.origin}/house`);
  expect(await page.locator('tbody form').count()).toBe(MANY - 1);
}, 600_000);

test('a clock that nobody has confirmed, and a backup that was never made, are said with the commands that mend them', async () => {
  const { page } = host;
  await house.off(60);
  await house.live(0.3);
  await page.goto(`${house.origin}/house`);
  await page.locator('code', { hasText: 'unsaid clock confirm' }).waitFor();
  await page.locator('code', { hasText: 'unsaid backup' }).waitFor();
  await looked('a clock in doubt', page);
  const told = (await house.outbox()).filter((message) => message.includes('unsaid clock show'));
  expect(told.length).toBeGreaterThan(0);
  expect(host.wrong).toEqual([]);
  expect(found).toEqual([]);
}, 300_000);
