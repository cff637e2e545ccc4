// What a person can do instead of opening, on an old telephone without scripts: another day, quiet with one click of the mail program, somebody beside them. Every
// page up to the letter itself works, and the one that needs a script says so. One house; each story has a person of its own.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  context = await chromium.newContext({
    viewport: { width: 320, height: 560 },
    locale: 'en-GB',
    javaScriptEnabled: false,
  });
  reader = await context.newPage();
});

afterEach(() => context.close());

/** A letter that leaves at once, and its knock. */
async function sealed(name: string, known = false): Promise<void> {
  await helen.sealAtOnce(name, known);
  await house.live(0.1);
}

/** The knocks at this address, the newest first. */
const knocksAt = async (name: string) =>
  (await house.knocks()).filter((knock) => knock.includes(`${name.toLowerCase()}@example.org`));

/** What the mail program's own button presses: it stands in the head of the message, where no page shows it. */
function quietIn(address: string): string | undefined {
  const folder = join(house.folder, 'data/outbox');
  const messages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('new/'))
    .map((name) => readFileSync(join(folder, name), 'utf8').replace(/\r?\n[ \t]+/g, ' '));
  const message = messages.find((whole) => whole.includes(address) && /^List-Unsubscribe:/im.test(whole));
  return /^List-Unsubscribe:\s*<([^>]+)>/im.exec(message ?? '')?.[1];
}

const press = (name: string) => pressOn(reader, name);
const main = async () => (await reader.locator('main').innerText()).replace(/\s+/g, ' ');

test('kept for a day of hers: not a word until then, and on that day the letter is there', async () => {
  await sealed('Ana');
  const [knock] = await knocksAt('Ana');
  await reader.goto(linkIn(knock ?? ''));
  await press('Keep it for later');
  const day = new Date((await house.now()).getTime() + 20 * 86_400_000);
  // A day that there is not is said, and what was typed stays.
  await reader.check('#when-day');
  await reader.fill('#day', '31');
  await reader.selectOption('#month', '2');
  await reader.fill('#year', String(day.getUTCFullYear() + 1));
  await press('Keep it for later');
  expect(await reader.locator('.notice--problem').innerText()).toContain('February');
  expect(await reader.inputValue('#day')).toBe('31');
  await reader.fill('#day', String(day.getUTCDate()));
  await reader.selectOption('#month', String(day.getUTCMonth() + 1));
  await reader.fill('#year', String(day.getUTCFullYear()));
  await press('Keep it for later');
  expect(await reader.locator('h1').innerText()).toMatch(/^We are quiet until /);
  expect(await main()).toContain('is not told that you keep it for later');

  // The second knock would have come after two weeks.
  await house.live(18);
  expect(await knocksAt('Ana')).toHaveLength(1);
  await house.live(4);
  expect(await knocksAt('Ana')).toHaveLength(2);
}, 120_000);

test('one click in the mail program: no more of these, what waits can still be read, and it can be taken back', async () => {
  await helen.unlock(words);
  await sealed('Ben');
  const [knock] = await knocksAt('Ben');
  const quiet = quietIn('ben@example.org');
  expect(quiet).toBeDefined();
  // Whoever only looks changes nothing; a provider presses without a cookie, and from nowhere.
  await reader.goto(quiet!);
  expect(await main()).toContain('Looking at this page changes nothing.');
  const pressed = await fetch(quiet!, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  });
  expect(pressed.status).toBe(200);
  await house.live(20);
  expect(await knocksAt('Ben')).toHaveLength(1);

  await reader.goto(linkIn(knock ?? ''));
  await press('Tell me who wrote it');
  expect(await main()).toContain('Helen Marlow has written to you.');
  await reader.getByRole('link', { name: /^What you have refused/ }).click();
  expect(await main()).toContain('No more messages about this person');
  await press('Take this no back');
  await reader.waitForURL(/waiting$/);
  // What is sealed from now on knocks again.
  await helen.unlock(words);
  await sealed('Ben', true);
  expect(await knocksAt('Ben')).toHaveLength(2);
}, 120_000);

test('somebody will read it with me: told how, nothing is opened by asking; and the letter says what it needs', async () => {
  await helen.unlock(words);
  await sealed('Cleo');
  const [knock] = await knocksAt('Cleo');
  await reader.goto(linkIn(knock ?? ''));
  await reader.getByRole('link', { name: 'Somebody will read it with me' }).click();
  expect(await main()).toContain('Nothing is opened by asking somebody first.');
  expect(await main()).toContain('Afterwards press ‘Leave this page at once’');
  await reader.goBack();
  await press('Tell me who wrote it');
  expect(await main()).toContain('The letter is still closed.');
  await press('Open it');
  expect(await main()).toContain('Switch them on for this house');
  expect(await main()).not.toContain('there was no shift');
  // With scripts, on the telephone of whoever sits beside her, from the same link.
  const beside = await Window.open(house, chromium);
  await beside.page.goto(linkIn(knock ?? ''));
  await beside.press('Tell me who wrote it');
  await beside.follow('Read it again');
  await beside.page.locator('#letter', { hasText: 'there was no shift' }).waitFor();
  await beside.press('Leave this page at once');
  await beside.page.goto(`${house.origin}/waiting`);
  expect(await beside.told()).not.toContain('Helen Marlow');
  expect(beside.wrong).toEqual([]);
  await beside.close();
}, 120_000);

test('a question is answered without scripts, and what was wrong still stands in its field', async () => {
  const { page } = helen;
  await helen.unlock(words);
  await helen.write('To Eva', 'Dear Eva,\n\nthere was no shift.');
  await helen.forSomebodyNew('Eva', 'eva@example.org');
  await page.check('#when-at-once');
  await page.locator('summary', { hasText: 'How long' }).click();
  await page.check('#rest-none');
  await page.locator('.so', { hasText: 'As soon as it is sealed' }).waitFor();
  await helen.press('Next: who can open it');
  await page.check('#key-house');
  // A letter that goes soon asks nothing, unless she chooses otherwise.
  expect(await page.isChecked('#proof-none')).toBe(true);
  await page.check('#proof-question');
  await page.fill('#question', 'Which animal slept on the piano?');
  await page.fill('#answer', 'The cat');
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
  await house.live(0.1);

  const [knock] = await knocksAt('Eva');
  await reader.goto(linkIn(knock ?? ''));
  await press('Tell me who wrote it');
  expect(await main()).not.toContain('Helen');
  await reader.getByRole('link', { name: 'Answer and open' }).click();
  await reader.getByLabel('Which animal slept on the piano?').fill('the dog');
  await press('Answer');
  expect(await reader.locator('.notice--problem').innerText()).toContain('This is not the answer');
  expect(await reader.getByLabel('Which animal slept on the piano?').inputValue()).toBe('the dog');
  await reader.getByLabel('Which animal slept on the piano?').fill('THE CÁT.');
  await press('Answer');
  expect(await main()).toContain('This letter is still closed.');
  await press('Open it');
  expect(await reader.locator('h1').innerText()).toBe('A letter from Helen Marlow');
  expect(await main()).toContain('Switch them on for this house');
}, 120_000);

test('without scripts the page for a card says what it needs', async () => {
  await reader.goto(`${house.origin}/words`);
  expect(await main()).toMatch(/script/i);
});
