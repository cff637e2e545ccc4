// Words that only two know: drawn when a letter is sealed, printed on a card, typed on another machine when the letter's time has come. The house never has
// them; a word that was misread is told apart; and a card that somebody has seen opens nothing once there are new words.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, Window } from './house';

const TEXT = 'Dear Dan,\n\nI was across the road.';

let chromium: Browser;
let house: House;
let helen: Window;
let windows: Window[];
let sixWords: string[];

beforeAll(async () => {
  chromium = await launch();
});

afterAll(async () => {
  await chromium.close();
});

beforeEach(async () => {
  house = await House.open();
  windows = [];
  helen = await open();
  sixWords = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterEach(async () => {
  const wrong = windows.flatMap((window) => window.wrong);
  for (const window of windows) await window.close();
  await house.close();
  expect(wrong).toEqual([]);
});

async function open(): Promise<Window> {
  const window = await Window.open(house, chromium);
  windows.push(window);
  return window;
}

/** A letter to Dan for a day, locked with words. Gives the words on his card. */
async function sealedWithWords(): Promise<string[]> {
  const { page } = helen;
  await helen.write('The day you left', TEXT);
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await page.check('#when-on');
  await page.fill('#day', '4');
  await page.fill('#month', '5');
  await page.fill('#year', '2031');
  await page.waitForFunction(() => /2031/.test(document.querySelector('.so')?.textContent ?? ''));
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-words');
  await page.check('#key-words');
  await page.getByText('If every card is lost').waitFor();
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 90_000 });
  await page.getByText('Dan will need the card').waitFor();
  await helen.follow('Print the card');
  return cardWords();
}

/** What stands on the card when she asks to see it. */
async function cardWords(): Promise<string[]> {
  const { page } = helen;
  await page.getByRole('button', { name: 'Show the words' }).waitFor();
  expect(await page.locator('.card .words').count()).toBe(0);
  await helen.press('Show the words');
  await page.waitForSelector('.card .words li');
  return page.$$eval('.card .words li', (items) => items.map((item) => item.textContent ?? ''));
}

/** Types the words of a card on the page that the card leads to. */
async function type(dan: Window, words: string): Promise<void> {
  await dan.page.goto(`${house.origin}/words`);
  await dan.page.waitForSelector('#words:enabled');
  await dan.page.fill('#words', words);
  await dan.page.locator('#claim button').click();
}

/** Every file that the house keeps. */
function everything(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}

test('the words on the card, typed on another machine, lead to the letter on its day and not before, and lie nowhere in the house', async () => {
  const words = await sealedWithWords();
  expect(words).toHaveLength(8);
  const card = (await helen.page.textContent('.card')) ?? '';
  expect(card).toContain('For Dan');
  expect(card).toContain('from Helen Marlow');
  expect(card).toContain(`localhost:${house.port}/words`);
  expect(card).toContain('SHA256:');
  expect(await helen.page.locator('.card svg').count()).toBe(1);

  const early = await open();
  await type(early, words.join(' '));
  await early.page
    .getByText(/nothing/i)
    .first()
    .waitFor({ timeout: 60_000 });

  await house.liveUntil('2031-05-04T09:00:00Z');
  const dan = await open();
  await type(dan, words.with(2, 'zzzz').join(' '));
  await dan.page
    .getByText(/third word/i)
    .first()
    .waitFor({ timeout: 60_000 });
  await type(dan, words.map((word) => word.slice(0, 4).toUpperCase()).join('\n'));
  await dan.page.waitForURL(/waiting/, { timeout: 60_000 });
  expect(await dan.told()).toContain('Helen Marlow');

  const kept = everything(join(house.folder, 'data'));
  const phrase = words.slice(0, 3).join(' ');
  expect(kept.filter((bytes) => bytes.includes(phrase))).toEqual([]);
  expect(house.said).not.toContain(phrase);
}, 300_000);

test('a card that somebody has seen opens nothing once there are new words, and the new card opens', async () => {
  const old = await sealedWithWords();
  await helen.press('Make new words');
  await helen.page.locator('dialog').getByRole('button', { name: 'Make new words', exact: true }).click();
  await helen.page.getByText('There are new words for Dan.').waitFor({ timeout: 60_000 });
  const words = await cardWords();
  expect(words).not.toEqual(old);

  // What she is shown later is the new card, on any device.
  await helen.unlock(sixWords);
  await helen.follow('People');
  await helen.page.locator('main a', { hasText: 'Dan' }).first().click();
  await helen.follow('See or print the card');
  expect(await cardWords()).toEqual(words);

  await house.liveUntil('2031-05-04T09:00:00Z');
  const thief = await open();
  await type(thief, old.join(' '));
  await thief.page
    .getByText(/nothing/i)
    .first()
    .waitFor({ timeout: 60_000 });
  const dan = await open();
  await type(dan, words.join(' '));
  await dan.page.waitForURL(/waiting/, { timeout: 60_000 });
}, 300_000);
