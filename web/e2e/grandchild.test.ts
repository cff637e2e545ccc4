// The grandchild she never met, in the browser: a letter to somebody who is only a name, sealed on its author's pages for the day when 'there is a grandchild'; two keepers with a small telephone and no
// scripts say that there is, and give the address of whoever looks after the child; she is shown what they said, and it goes after her two weeks.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, pressOn, Window } from './house';
import { look, picture } from './looked';

let chromium: Browser;
let house: House;
let helen: Window;
let telephone: BrowserContext;
let page: Page;
let words: string[];

beforeEach(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium);
  words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
  telephone = await chromium.newContext({
    viewport: { width: 360, height: 640 },
    locale: 'en-GB',
    javaScriptEnabled: false,
  });
  page = await telephone.newPage();
});

afterEach(async () => {
  const wrong = helen.wrong;
  await chromium.close();
  await house.close();
  expect(wrong).toEqual([]);
});

/** Names a keeper in her session; gives the link that stands on their paper. */
async function keeper(name: string, address: string): Promise<string> {
  const named = await helen.asks<{ link: string }>('POST', '/api/life/keepers', {
    name,
    address,
    language: 'en',
  });
  expect(named.status).toBe(201);
  return named.body.link;
}

const press = (name: string) => pressOn(page, name);
const main = async () => (await page.innerText('main')).replace(/\s+/g, ' ');

/** A keeper says that it has happened, and where a letter would go. */
async function says(link: string, address: string): Promise<string> {
  await page.goto(link);
  expect(await main()).not.toContain('grandchild');
  await press('Look who it is');
  expect(await main()).toContain('There is a grandchild');
  expect(await main()).toContain('My first grandchild');
  expect(await page.locator('input[name=answer]:checked').count()).toBe(0);
  await picture('word-keeper', page);
  await page.getByLabel('Yes, it has happened').check();
  await page.getByLabel('Mail address to which the letter should go').fill(address);
  await press('Give this answer');
  expect(await main()).toContain(address);
  await picture('word-keeper-confirm', page);
  await press('Yes, that is my answer');
  expect(await main()).toContain('Your answer is noted.');
  await picture('word-keeper-said', page);
  return main();
}

test('to my first grandchild, when there is one', async () => {
  const joan = await keeper('Joan Pryce', 'joan@example.org');
  const amir = await keeper('Amir Haddad', 'amir@example.org');

  await helen.write('To a grandchild', 'Dear you, I would have liked to hold you.');
  await helen.forSomebodyNew('My first grandchild', '');
  await helen.page.check('#when-word');
  await helen.page.fill('#event', 'There is a grandchild');
  await look('word-when', helen.page);
  await helen.page.locator('summary', { hasText: 'How long' }).click();
  await helen.page.check('#rest-none');
  expect(await helen.seal()).toContain('When the people whom you trust say so');
  const letter = new URL(helen.page.url()).pathname;
  await look('word-sealed', helen.page);
  await house.live(1);

  expect(await says(joan, 'mother@example.org')).toContain('Nobody else has said anything yet.');
  expect(await says(amir, 'mother@example.org')).toContain('Enough of you have said so.');
  expect(await house.knocks()).toEqual([]);

  // What they said stands with the letter, and the button that stops it.
  await helen.unlock(words);
  await helen.page.locator(`a[href="${letter}"]`).first().click();
  await helen.page.getByRole('button', { name: 'Stop it' }).waitFor();
  await look('word-letter', helen.page);
  const told = await helen.told();
  expect(told).toContain('Joan Pryce: it has happened.');
  expect(told).toContain('Amir Haddad: it has happened.');

  await house.live(12);
  expect(await house.knocks()).toEqual([]);
  await house.live(3);
  const knocks = await house.knocks();
  expect(knocks.length).toBe(1);
  expect(knocks[0]).toContain('mother@example.org');
});
