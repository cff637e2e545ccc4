// Held until it is asked for. A son comes looking after nine years, with eight words from a keychain and no message that ever told him to; another shows that an old address is still his.
// Whoever has neither learns nothing, and the author is shown one thing for ever.

import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, linkIn, until, Window } from './house';

let chromium: Browser;
let house: House;
let windows: Window[];
let helen: Window;
let sixWords: string[];

beforeEach(async () => {
  chromium = await launch();
  house = await House.open();
  windows = [];
  helen = await open();
  sixWords = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
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

/** For Dan, to be asked for; with an address, or without one. */
async function heldFor(address: string): Promise<void> {
  const { page } = helen;
  await helen.write('The day you left', 'Dear Dan,\n\nI was across the road.');
  await page.check('#who-new');
  await page.fill('#name', 'Dan');
  await page.check('#when-at-once');
  await page.check('#reach-claim');
  if (address !== '') await page.fill('#address', address);
  await page.getByText('Nobody is written to').first().waitFor();
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-words');
}

/** Types words on the page that a card leads to. */
async function type(dan: Window, words: string): Promise<void> {
  await dan.page.goto(`${house.origin}/words`);
  await dan.page.waitForSelector('#words:enabled');
  await dan.page.fill('#words', words);
  await dan.page.locator('#claim button').click();
}

/** All that ever left but what she asked for herself. */
const toOthers = async () => (await house.outbox()).filter((mail) => !mail.includes('helen@example.org'));

test('the son who comes looking after nine years, with words from a keychain', async () => {
  const { page } = helen;
  await heldFor('');
  await page.check('#key-words');
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 90_000 });
  const letter = page.url();
  await helen.follow('Print the card');
  await page.check('#early-waits');
  await page.getByText('From now on it is said so.').waitFor();
  await page.check('#paper-slips');
  await helen.press('Show the words');
  const slip = page.locator('.slip-words').first();
  await slip.waitFor();
  expect(await page.locator('.slip-words').count()).toBe(8);
  const words = ((await slip.textContent()) ?? '').split(' ');
  expect(words).toHaveLength(8);

  // While it rests it may be undone, and nobody is to know that it was sealed.
  const finder = await open();
  await type(finder, words.join(' '));
  await finder.page.locator('#words-wrong', { hasText: 'nothing' }).waitFor({ timeout: 60_000 });

  await house.live(2);
  await page.goto(letter);
  await page.getByRole('heading', { level: 1, name: 'It waits to be asked for' }).waitFor();
  await house.live(9 * 365);
  expect(await toOthers()).toEqual([]);

  const dan = await open();
  // One word misread from worn brass.
  await type(dan, words.with(5, 'zzzz').join(' '));
  await dan.page
    .getByText(/sixth word/i)
    .first()
    .waitFor();
  await type(dan, words.map((word) => word.slice(0, 4)).join(' '));
  await dan.page.waitForURL(/waiting$/, { timeout: 60_000 });
  expect(await dan.told()).toContain('Helen Marlow has written to you.');
  await dan.follow('Open it with my words');
  await dan.page.waitForSelector('#words:enabled');
  await dan.page.fill('#words', words.join(' '));
  await dan.page.locator('form:has(#words) button[type=submit]').click();
  await dan.page.locator('#letter', { hasText: 'I was across the road.' }).waitFor({ timeout: 60_000 });

  await house.live(400);
  expect(await toOthers()).toEqual([]);
  await helen.signIn('helen@example.org', sixWords);
  await page.goto(letter);
  await page.getByRole('heading', { level: 1, name: 'It waits to be asked for' }).waitFor();
}, 400_000);

test('an address that is still his, and the answer of a stranger', async () => {
  const { page } = helen;
  await heldFor('dan@example.org');
  await page.check('#key-house');
  await page.check('#proof-none');
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 90_000 });

  const dan = await open();
  const ask = async (address: string) => {
    await dan.page.goto(`${house.origin}/words`);
    await dan.page.getByRole('link', { name: /I can show that an address is mine/ }).click();
    await dan.page.fill('#address', address);
    await dan.press('Send a message there');
    await dan.page.getByRole('heading', { level: 1, name: 'Look into your mailbox.' }).waitFor();
    return (await dan.page.textContent('main')) ?? '';
  };
  // It rests; then it is there; and whose address it is shows in no answer.
  const early = await ask('dan@example.org');
  await house.live(5 * 365);
  expect(await toOthers()).toEqual([]);
  expect(await ask('nan@example.org')).toBe(early);
  expect(await ask('Dan@example.org')).toBe(early);
  const mail = await until('message to Dan', async () => {
    await house.live(0.01);
    return (await toOthers()).find((one) => one.includes('dan@example.org'));
  });
  expect(await toOthers()).toHaveLength(1);
  await dan.page.goto(linkIn(mail));
  await dan.press('Tell me who wrote it');
  await dan.page.waitForURL(/waiting$/);
  expect(await dan.told()).toContain('Helen Marlow has written to you.');
  await dan.press('Open it');
  await dan.page.locator('#letter', { hasText: 'I was across the road.' }).waitFor({ timeout: 60_000 });
}, 300_000);

test('who comes too early is told what she allowed', async () => {
  const { page } = helen;
  await helen.write('At eighteen', 'Dear Tessa,\n\nyou are grown.');
  await page.check('#who-new');
  await page.fill('#name', 'Tessa');
  await page.check('#when-on');
  await page.fill('#day', '4');
  await page.fill('#month', '5');
  await page.fill('#year', '2028');
  await page.check('#reach-claim');
  await helen.press('Next: who can open it');
  await page.check('#key-house');
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 90_000 });
  await helen.follow('Print the card');
  await helen.press('Show the words');
  await page.waitForSelector('.card .words li');
  const words = await page.$$eval('.card .words li', (items) => items.map((item) => item.textContent ?? ''));
  await page.check('#early-day');
  await page.getByText('From now on it is said so.').waitFor();
  await house.live(3);
  const tessa = await open();
  await type(tessa, words.join(' '));
  await tessa.page.getByText('It can be opened here from 4 May 2028 on').waitFor({ timeout: 60_000 });
  expect(tessa.page.url()).toMatch(/words$/);
  await house.liveUntil('2028-05-04T12:00:00Z');
  await type(tessa, words.join(' '));
  await tessa.page.waitForURL(/waiting$/, { timeout: 60_000 });
  await tessa.press('Open it');
  await tessa.page.locator('#letter', { hasText: 'you are grown.' }).waitFor({ timeout: 60_000 });
}, 300_000);
