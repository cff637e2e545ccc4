// A no with each of its scopes, without scripts: this letter alone, this person with every address and every letter to come, everything here. It holds, its author
// is told nothing, and it ends when whoever said it takes it back. One house; each story has a person of its own.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, linkIn, pressOn, Window } from './house';

let chromium: Browser;
let house: House;
let helen: Window;
let words: string[];
let context: BrowserContext;
let reader: Page;

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium);
  words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterAll(async () => {
  const { wrong } = helen;
  await chromium.close();
  await house.close();
  expect(wrong).toEqual([]);
});

beforeEach(async () => {
  context = await chromium.newContext({ locale: 'en-GB', javaScriptEnabled: false });
  reader = await context.newPage();
});

afterEach(() => context.close());

/** A letter that leaves at once, and its knock. */
async function sealed(name: string, known = false): Promise<void> {
  await helen.sealAtOnce(name, known);
  await house.live(0.1);
}

const knocksAt = async (address: string) =>
  (await house.knocks()).filter((knock) => knock.includes(`${address}@example.org`));

const press = (name: string) => pressOn(reader, name);

/** From the link to a no of this scope. */
async function refuse(knock: string | undefined, scope: string): Promise<void> {
  await reader.goto(linkIn(knock ?? ''));
  await press('I do not want it');
  await reader.getByLabel(scope).check();
  await press('I refuse it');
  expect(await reader.locator('h1').innerText()).toBe('You have said no, and that is done.');
}

test('this letter alone: another one of the same person still comes', async () => {
  await sealed('Ana');
  await reader.goto(linkIn((await knocksAt('ana'))[0] ?? ''));
  await press('Tell me who wrote it');
  await reader.getByRole('link', { name: 'I do not want this letter' }).click();
  await press('I refuse it');
  expect(await reader.locator('main').innerText()).toContain('Another one may still come');
  await helen.unlock(words);
  await sealed('Ana', true);
  // One knock is for everything that waits: the next is due two weeks after the first.
  await house.live(15);
  const knocks = await knocksAt('ana');
  expect(knocks).toHaveLength(2);
  // The new link shows both, and says which of them is refused.
  await reader.goto(linkIn(knocks[0] ?? ''));
  await press('Tell me who wrote it');
  expect(await reader.locator('.letters > li').count()).toBe(2);
  expect(await reader.getByText('You have said no to it.').count()).toBe(1);
}, 120_000);

test('anything from this person: no new letter, and no other address, until it is taken back', async () => {
  const { page } = helen;
  await helen.unlock(words);
  await sealed('Ben');
  const [knock] = await knocksAt('ben');
  await refuse(knock, 'Anything from this person');
  // Where letters go asks for the words anew.
  await helen.unlock(words);
  await helen.follow('People');
  await page.locator('main a', { hasText: 'Ben' }).first().click();
  await page.fill('#address', 'ben.at.work@example.org');
  await helen.press('Add this address');
  await page.getByText('ben.at.work@example.org').first().waitFor();
  await sealed('Ben', true);
  await house.live(20);
  expect([await knocksAt('ben'), await knocksAt('ben.at.work')].map((at) => at.length)).toEqual([1, 0]);

  await reader.goto(linkIn(knock ?? ''));
  await press('Tell me who wrote it');
  await reader.getByRole('link', { name: /^What you have refused/ }).click();
  await press('Take this no back');
  await reader.waitForURL(/waiting$/);
  expect(await reader.getByRole('button', { name: 'Open it' }).count()).toBeGreaterThan(0);
}, 120_000);

test('anything from anybody here: this house does not write there again', async () => {
  await helen.unlock(words);
  await sealed('Cleo');
  await refuse((await knocksAt('cleo'))[0], 'Anything from anybody here');
  await helen.unlock(words);
  await sealed('Cleo', true);
  await house.live(20);
  expect(await knocksAt('cleo')).toHaveLength(1);
}, 120_000);
