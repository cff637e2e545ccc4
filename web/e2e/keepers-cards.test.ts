// Her keepers' cards: she makes one for each of three keepers, prints them, and seals a letter that they open together. One card is lost and is printed again. A keeper leaves, and all cards are
// made anew: what the old ones opened at the house is gone, and the letter is as it was. The new cards are made so that all of them together open the letter's folder without the house,
// and the program does.
// One thing because each step needs what the one before has left behind.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, programs, Window } from './house';
import { picture } from './looked';
import { joinCards, readCard } from '../src/seal/slip39';
import { openKeeperSet } from '../src/seal/keeper-set';

let chromium: Browser;
let house: House;
let helen: Window;

beforeEach(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium);
  await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterEach(async () => {
  const wrong = helen.wrong;
  await chromium.close();
  await house.close();
  expect(wrong).toEqual([]);
});

/** keeper-set.age, as the house keeps it now. */
async function file(): Promise<Uint8Array> {
  const { body } = await helen.asks<Record<string, unknown>>('GET', '/api/life/keeper-sets');
  const [set] = body['sets'] as { file: string }[];
  return Uint8Array.from(Buffer.from(set!.file, 'base64url'));
}

/** The words of all cards that are before her. */
const cards = (): Promise<string[]> =>
  helen.page.$$eval('.keeper-card', (all) =>
    all.map((card) => [...card.querySelectorAll('.words li')].map((word) => word.textContent).join(' ')),
  );

/** To the page with the cards, by her own way: opening the address anew would lock what she has unlocked. */
async function toCards(): Promise<void> {
  await helen.page.getByRole('link', { name: 'When I am gone' }).first().click();
  await helen.page.waitForSelector('#keepers');
  await helen.follow('To the cards');
  await helen.page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Your keepers’ cards');
}

test('she makes cards for her keepers, seals a letter to them, prints a lost one again, and makes all anew when a keeper leaves', async () => {
  const { page } = helen;
  await page.evaluate(() => {
    window.print = () => {};
  });
  const keepers: Record<string, string> = {};
  for (const name of ['Martha', 'Leo', 'Agnes']) {
    const named = await helen.asks<Record<string, unknown>>('POST', '/api/life/keepers', {
      name,
      address: null,
      language: 'en',
    });
    expect(named.status).toBe(201);
    keepers[name] = String(named.body['id']);
  }

  // A letter, and the third choice: there are no cards yet, and the page says so.
  await helen.write('To Dan', 'Dear Dan,\n\nask Martha.');
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await page.check('#when-at-once');
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-keepers');
  await page.check('#key-keepers');
  expect(await helen.told()).toContain('enough of their cards, together with this house, open the letter');
  expect(await helen.told()).toContain('There are no cards for your keepers yet.');
  await picture('cards-key', helen.page, true);
  await helen.press('Seal the letter');
  await page.waitForSelector('.wrong');
  expect(page.url()).toMatch(/\/key$/);

  // She makes them: two of three.
  await helen.follow('Your keepers’ cards');
  await page.waitForSelector('#needed-all-2');
  expect(await page.isChecked('#needed-all-2')).toBe(true);
  await picture('cards-make', helen.page, true);
  await helen.press('Make the cards');
  await page.waitForSelector('table', { timeout: 60_000 });
  expect(await helen.told()).toContain('It takes two of three cards.');
  expect(await helen.told()).toContain('Some cards were never printed');
  await picture('cards-made', helen.page, true);
  await helen.press('Print all cards');
  await page.waitForSelector('.keeper-card');
  const first = await cards();
  expect(first.map((card) => card.split(' ').length)).toEqual([20, 20, 20]);
  expect(await helen.told()).not.toContain('Some cards were never printed');
  await picture('cards-print', helen.page, true);
  const opens = async (some: string[]) => openKeeperSet(await file(), joinCards(some.map(readCard)));
  const identity = await opens([first[0]!, first[2]!]);
  expect(await opens([first[1]!, first[2]!])).toBe(identity);

  // Back to the letter, which waits there; now it is sealed.
  await page.getByRole('link', { name: 'Back to the letter' }).first().click();
  await page.waitForSelector('#key-keepers');
  expect(await page.isChecked('#key-keepers')).toBe(true);
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
  await page.waitForSelector('.line');
  expect(await helen.told()).toContain('Your keepers together');
  const letter = page.url().slice(-26);
  await picture('cards-letter', helen.page, true);
  const { body } = await helen.asks<Record<string, unknown>>('GET', `/api/letters/${letter}`);
  expect((body['letter'] as { kept: string }).kept).toBe('keepers');

  // Leo has lost his: the same words, once more.
  await toCards();
  await page.getByRole('button', { name: 'Print the card of Leo' }).click();
  await page.waitForSelector('.keeper-card');
  expect(await cards()).toEqual([first[1]]);

  // Agnes is a keeper no more. Until all cards are made anew the page asks for it.
  expect(
    (await helen.asks<Record<string, unknown>>('POST', `/api/life/keepers/${keepers['Agnes']}/remove`, {}))
      .status,
  ).toBe(200);
  await page.getByRole('link', { name: 'When I am gone' }).first().click();
  await page.waitForFunction(() => document.body.textContent?.includes('Your keepers’ cards need you'));
  await picture('cards-todo', helen.page, true);
  await helen.follow('To the cards');
  await page.waitForFunction(() =>
    document.body.textContent?.includes('No keeper any more, but with a card: Agnes.'),
  );
  await picture('cards-left', helen.page, true);
  // This time all of them together shall be enough, even if the house is gone; what that means is said before.
  await page.check('#needed-all-alone');
  expect(await helen.told()).toContain('can read it, also before its time');
  await picture('cards-alone', helen.page, true);
  await helen.press('Make all cards anew');
  await page.waitForFunction(
    () => document.body.textContent?.includes('It takes two of two cards.'),
    undefined,
    {
      timeout: 60_000,
    },
  );
  await helen.press('Print all cards');
  await page.waitForSelector('.keeper-card');
  const second = await cards();
  expect(second).toHaveLength(2);
  expect(await helen.told()).toContain('the folder of a letter opens without it');
  expect(second.some((card) => first.includes(card))).toBe(false);
  // The same set, so that the letter is as it was; and what the old cards opened is gone from the house.
  expect(await opens(second)).toBe(identity);
  await expect(opens([first[0]!, first[2]!])).rejects.toThrow('cards-other');
  await page.getByRole('link', { name: 'When I am gone' }).first().click();
  await page.waitForSelector('#keepers');
  expect(await helen.told()).not.toContain('Your keepers’ cards need you');

  // She takes the letter with her: the cards are what is suggested, and both of them open the folder with the program alone.
  await page.getByRole('link', { name: 'Letters', exact: true }).first().click();
  await page.getByRole('link', { name: 'To Dan' }).first().click();
  await page.waitForSelector('#lock-keepers');
  expect(await page.isChecked('#lock-keepers')).toBe(true);
  expect(await helen.told()).toContain('even if this house is gone, and also before its time');
  await picture('cards-folder', helen.page, true);
  const [download] = await Promise.all([page.waitForEvent('download'), helen.press('Save the folder')]);
  const into = mkdtempSync(join(tmpdir(), 'unsaid-keepers-'));
  try {
    await download.saveAs(join(into, 'letter.zip'));
    execFileSync('python3', ['-m', 'zipfile', '-e', join(into, 'letter.zip'), join(into, 'out')]);
    const [folder] = readdirSync(join(into, 'out'));
    const at = join(into, 'out', folder!);
    const open = (words: string[]) => {
      writeFileSync(join(into, 'cards'), words.join('\n'));
      return execFileSync(join(programs, 'unsaid'), ['open', '--passphrase-file', join(into, 'cards'), at], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    };
    expect(() => open([second[1]!])).toThrow(/one card is missing/);
    expect(() => open([first[0]!, first[2]!])).toThrow(/something else than this folder/);
    open(second);
    expect(readFileSync(join(at, 'opened/letter.txt'), 'utf8')).toContain('ask Martha.');
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}, 240_000);
