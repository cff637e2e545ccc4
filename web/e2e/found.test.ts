// Nobody answers. A letter that opens with the words of a card knocks three times, and then once a year; nine years later the card is found in a drawer, and its
// words open the letter without any message.

import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, Window } from './house';

let chromium: Browser;
let house: House;
let windows: Window[];

beforeEach(async () => {
  chromium = await launch();
  house = await House.open();
  windows = [];
});

afterEach(async () => {
  const wrong = windows.flatMap((window) => window.wrong);
  await chromium.close();
  await house.close();
  expect(wrong).toEqual([]);
});

async function open(): Promise<Window> {
  const window = await Window.open(house, chromium);
  windows.push(window);
  return window;
}

test('unanswered, then found by words nine years later', async () => {
  const helen = await open();
  const { page } = helen;
  const words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
  await helen.write('The day you left', 'Dear Dan,\n\nI was across the road.');
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await page.check('#when-at-once');
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-words');
  await page.check('#key-words');
  // Words on a card need no other answer.
  expect(await page.locator('input[name=proof]').count()).toBe(0);
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
  const letter = page.url();
  await helen.follow('Print the card');
  await helen.press('Show the words');
  await page.waitForSelector('.card .words li');
  const card = await page.$$eval('.card .words li', (items) => items.map((item) => item.textContent ?? ''));
  expect(card).toHaveLength(8);

  const knocks = async () => (await house.knocks()).length;
  await house.live(3);
  expect(await knocks()).toBe(1);
  await house.live(14);
  expect(await knocks()).toBe(2);
  await house.live(60);
  expect(await knocks()).toBe(3);
  // Then at most one a year.
  await house.live(9 * 365 - 77);
  expect(await knocks()).toBe(3 + 8);

  // To its author it has left, and nothing else is ever said of it.
  await helen.signIn('helen@example.org', words);
  await page.goto(letter);
  await page.getByText('It has left our hands').first().waitFor();

  const dan = await open();
  await dan.page.goto(`${house.origin}/words`);
  await dan.page.waitForSelector('#words:enabled');
  await dan.page.fill('#words', card.join(' '));
  await dan.page.locator('#claim button').click();
  await dan.page.waitForURL(/waiting/, { timeout: 60_000 });
  expect(await dan.told()).toContain('Helen Marlow has written to you.');
  await dan.follow('Open it with my words');
  await dan.page.waitForSelector('#words:enabled');
  await dan.page.fill('#words', card.join(' '));
  await dan.page.locator('form:has(#words) button[type=submit]').click();
  await dan.page.locator('#letter', { hasText: 'I was across the road.' }).waitFor({ timeout: 60_000 });
  // Whoever has opened is not written to again.
  await house.live(400);
  expect(await knocks()).toBe(3 + 8);
}, 400_000);
