// She thinks again: words are changed after sealing, a change is taken back, and whatever was taken back or withdrawn opens to nobody.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, linkIn, putIn, Window } from './house';

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

/** A letter to Dan for a day, without a rest. Gives its path. */
async function sealed(text: string): Promise<string> {
  const { page } = helen;
  await helen.write('The day you left', text);
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await page.check('#when-on');
  await page.fill('#day', '4');
  await page.fill('#month', '5');
  await page.fill('#year', '2031');
  await page.click('summary:has-text("How long")');
  await page.check('#rest-none');
  await page.waitForFunction(() => /2031/.test(document.querySelector('.so')?.textContent ?? ''));
  await helen.seal();
  return new URL(page.url()).pathname;
}

/** Other words for the letter that is looked at. */
async function amend(text: string): Promise<void> {
  const { page } = helen;
  await helen.press('Change the words');
  await putIn(page, text);
  await helen.follow('Next: seal the new version');
  await helen.press('Seal the new version');
  await page.waitForURL(/letters\/[a-z2-7]{26}/, { timeout: 60_000 });
}

const go = async (path: string) => {
  await helen.follow('Letters');
  const link = helen.page.locator(`a[href="${path}"]`).first();
  await link.waitFor();
  // What became a letter was not thrown away.
  expect(await helen.told()).not.toContain('Thrown away');
  await link.click();
};

/** What Dan reads, from his knock. */
async function read(): Promise<string> {
  const [knock] = await house.knocks();
  const dan = await Window.open(house, chromium);
  await dan.page.goto(linkIn(knock ?? ''));
  await dan.press('Tell me who wrote it');
  await dan.page.waitForURL(/waiting$/);
  await dan.page
    .getByRole('button', { name: /^Open it/ })
    .first()
    .click();
  await dan.page.waitForFunction(() => /Dear Dan/.test(document.querySelector('#letter')?.textContent ?? ''));
  const text = (await dan.page.textContent('#letter')) ?? '';
  expect(dan.wrong).toEqual([]);
  await dan.close();
  return text;
}

test('other words take the place of the old ones once they have rested, and the old ones open to nobody but her', async () => {
  const path = await sealed('Dear Dan,\n\nI was angry.');
  const version = (number: number, kind: string) => `/api${path}/versions/${number}/wraps/${kind}`;
  await told('Change the words');
  await amend('Dear Dan,\n\nI was across the road.');
  await told('A new version rests.');
  expect(await helen.told()).toContain('Take the change back');
  // Until its rest ends, the version before counts, and keeps its way of opening.
  const asks = (url: string) => helen.page.evaluate(async (at) => (await fetch(at)).status, url);
  expect(await asks(version(1, 'host'))).toBe(await asks(version(2, 'host')));

  await house.live(2);
  await helen.unlock(words);
  await go(path);
  await told('If you want to say it differently');
  expect(await helen.told()).not.toContain('A new version rests.');
  // Both can still be read by her.
  await helen.press('Read version 1');
  await told('I was angry.');
  await helen.press('Read version 2');
  await told('I was across the road.');

  await house.liveUntil('2031-05-04T09:00:00Z');
  const text = await read();
  expect(text).toContain('I was across the road.');
  expect(text).not.toContain('angry');
});

test('a change that is taken back leaves the letter as it was', async () => {
  const path = await sealed('Dear Dan,\n\nI was across the road.');
  await amend('Dear Dan,\n\nI was angry.');
  await told('A new version rests.');
  await helen.press('Take the change back');
  await told('The change is taken back.');
  await house.live(3);
  await helen.unlock(words);
  await go(path);
  await told('If you want to say it differently');
  await house.liveUntil('2031-05-04T09:00:00Z');
  const text = await read();
  expect(text).toContain('across the road');
  expect(text).not.toContain('angry');
});

test('words that are changed after it has left get one answer, the same whether it was opened or not', async () => {
  const path = await sealed('Dear Dan,\n\nI was across the road.');
  await house.liveUntil('2031-05-04T09:00:00Z');
  await helen.signIn('helen@example.org', words);
  await go(path);
  await told('It has left our hands.');
  await amend('Dear Dan,\n\nI was across the road, all day.');
  await told(/we do not say whether it was/i);
  const before = await helen.told();
  await read();
  await helen.unlock(words);
  await go(path);
  await told('It has left our hands.');
  await amend('Dear Dan,\n\nI was across the road, all night.');
  await told(/we do not say whether it was/i);
  const numbers = (page: string) => page.replace(/[Vv]ersion \d|sealed on [^.]*/g, '');
  expect(numbers(await helen.told()).slice(0, 300)).toBe(numbers(before).slice(0, 300));
});
