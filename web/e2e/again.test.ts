// She comes back: on another device, with a code and with her words; and what she was writing is there when her letters were closed meanwhile.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser as launch, House, Window, SHEET, onSheet } from './house';

let chromium: Browser;
let house: House;
let words: string[];
let home: Window;

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
  home = await Window.open(house, chromium);
  words = await home.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterAll(async () => {
  await chromium.close();
  await house.close();
});

const told = (window: Window, said: string) =>
  window.page.getByText(said).first().waitFor({ timeout: 30_000 });

test('on another device a code and the words let her in, and what is wrong with the words is said by its place', async () => {
  const away = await Window.open(house, chromium);
  const { page } = away;
  await page.goto(`${house.origin}/sign-in`);
  await page.fill('#email', 'helen@example.org');
  await away.press('Send me the code');
  await page.waitForSelector('#code');
  const code = await away.code();

  // The code is good in the browser that asked for it, and in no other.
  const thief = await Window.open(house, chromium);
  await thief.page.goto(`${house.origin}/sign-in`);
  await thief.page.fill('#email', 'nobody@example.org');
  await thief.press('Send me the code');
  await thief.page.waitForSelector('#code');
  await thief.page.fill('#code', code);
  await thief.press('Go on');
  await thief.page.waitForSelector('#code-wrong');
  await thief.close();

  await page.fill('#code', code === '0000 0000' ? '0000 0001' : '0000 0000');
  await away.press('Go on');
  await page.waitForSelector('#code-wrong');
  await page.fill('#code', ` ${code}.`);
  await away.press('Go on');
  await page.waitForSelector('#words');

  await page.fill('#words', words.with(2, 'zzzz').join(' '));
  await away.press('Open my letters');
  await told(away, 'The third word is not one of ours.');
  expect(await page.inputValue('#words')).toBe(words.with(2, 'zzzz').join(' '));
  await page.fill('#words', words.slice(0, 5).join(' '));
  await away.press('Open my letters');
  await told(away, 'There are fewer than six words here.');
  const turned = [...words.slice(1), words[0]].join(' ');
  await page.fill('#words', turned);
  await away.press('Open my letters');
  await told(away, 'These are not the six words.');
  expect(await page.inputValue('#words')).toBe(turned);

  // The first four letters of each are enough, in capitals too.
  await page.fill('#words', words.map((word) => word.slice(0, 4).toUpperCase()).join('\n'));
  await away.press('Open my letters');
  await page.waitForURL(/letters$/, { timeout: 60_000 });
  await told(away, 'Your letters, Helen');
  expect(away.wrong).toEqual([]);
  await away.close();
});

test('when her letters are closed and opened again, what she was writing is there to its last letter', async () => {
  const { page } = home;
  await home.follow('Letters');
  await home.follow('Write a letter');
  await page.waitForSelector(SHEET);
  await page.fill('#title', 'The van');
  await page.locator('#letter').pressSequentially('Dear Dan,\nI was across the road');
  await home.follow('Your letters');
  await home.follow('Your account');
  await home.press('Close my letters now');
  await told(home, 'Open my letters');
  await home.follow('Letters');
  await home.follow('The van');
  await page.waitForSelector(SHEET);
  expect(await onSheet(page)).toBe('Dear Dan,\n\nI was across the road');
  // Writing goes on while they are closed.
  await page.locator('#letter').pressSequentially(' — all the time.');
  await home.follow('Next: for whom, and when');
  await page.waitForSelector('#words');
  await page.fill('#words', words.join(' '));
  await home.press('Open and go on');
  await page.waitForSelector('#who-new', { timeout: 60_000 });
  await home.follow('Back to the letter');
  await page.waitForSelector(SHEET);
  expect(await onSheet(page)).toContain('across the road');
  expect(await onSheet(page)).toContain(' — all the time.');
  expect(home.wrong).toEqual([]);
});
