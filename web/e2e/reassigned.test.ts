// A mailbox changes hands while a letter waits for its day. Where something is asked, the stranger learns neither the name nor a word, says that it is not for them, and
// the next address opens it; where nothing is asked, the stranger can open it, and the page had said so before it was sealed.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser as launch, House, linkIn, Window } from './house';

const QUESTION = 'Which animal slept on the piano?';
const ANSWER = 'The mongoose, Rikki-Tíkki';

let chromium: Browser;
let house: House;
let helen: Window;
let letter: string;
let words: string[];
const windows: Window[] = [];

async function open(): Promise<Window> {
  const window = await Window.open(house, chromium);
  windows.push(window);
  return window;
}

const knocksAt = async (address: string) =>
  (await house.knocks()).filter((knock) => knock.includes(`${address}@example.org`));

/** From the sheet to the question who can open it: a letter for a day in three years. */
async function written(name: string, day: Date): Promise<void> {
  const { page } = helen;
  await helen.write(`To ${name}`, `Dear ${name},\n\nthere was no shift.`);
  await helen.forSomebodyNew(name, `${name.toLowerCase()}@example.org`);
  await page.check('#when-on');
  await page.fill('#day', String(day.getUTCDate()));
  await page.fill('#month', String(day.getUTCMonth() + 1));
  await page.fill('#year', String(day.getUTCFullYear()));
  await page.locator('.so-date', { hasText: String(day.getUTCFullYear()) }).waitFor();
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-house');
  await page.check('#key-house');
  await page.waitForSelector('#question');
}

async function seal(): Promise<void> {
  await helen.press('Seal the letter');
  await helen.page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
  await helen.page.waitForSelector('.line');
}

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await open();
  words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
  const { page } = helen;
  const day = new Date((await house.now()).getTime() + 3 * 365 * 86_400_000);

  await written('Eve', day);
  // The address will be three years old by then: a question is suggested, and nothing is taken for an answer.
  expect(await helen.told()).toContain('more than a year after we were given the address');
  expect(await page.isChecked('#proof-question')).toBe(true);
  await page.check('#proof-none');
  expect(await helen.told()).toContain('can open the letter, and sees that you wrote it.');
  expect(await helen.told()).toContain(`${day.getUTCFullYear()}, or later`);
  await seal();
  expect(await helen.told()).toContain('Nothing is asked. Whoever reads the mailbox can open it.');

  await helen.unlock(words);
  await written('Dan', day);
  await helen.press('Seal the letter');
  await page.waitForSelector('#question-wrong');
  await page.fill('#question', QUESTION);
  await page.fill('#answer', ' … ');
  await helen.press('Seal the letter');
  await page.waitForSelector('#answer-wrong');
  await page.fill('#answer', ANSWER);
  await seal();
  letter = page.url();
  expect(await helen.told()).toContain(`We ask: ‘${QUESTION}’`);
  // Her own answer is hers to look up; the house cannot tell it.
  await page.locator('summary', { hasText: 'The answer that you gave' }).click();
  await page.getByText(ANSWER).waitFor();

  await helen.unlock(words);
  await helen.follow('People');
  await page.locator('main a', { hasText: 'Dan' }).first().click();
  await page.fill('#address', 'dan.anew@example.org');
  await helen.press('Add this address');
  await page.getByText('dan.anew@example.org').first().waitFor();

  await house.liveUntil(new Date(day.getTime() + 86_400_000).toISOString());
}, 400_000);

afterAll(async () => {
  const wrong = windows.flatMap((window) => window.wrong);
  await chromium.close();
  await house.close();
  expect(wrong).toEqual([]);
});

test('without a proof the stranger who reads the mailbox can open it', async () => {
  const stranger = await open();
  await stranger.page.goto(linkIn((await knocksAt('eve'))[0] ?? ''));
  await stranger.press('Tell me who wrote it');
  expect(await stranger.told()).toContain('Helen Marlow has written to you.');
  expect(await stranger.told()).toContain('Whoever reads this mailbox can open it.');
  await stranger.press('Open it');
  await stranger.page.locator('#letter', { hasText: 'there was no shift' }).waitFor();
});

test('with a proof the stranger learns nothing, says that it is not for them, and the next address opens it', async () => {
  const stranger = await open();
  const { page } = stranger;
  const pages: string[] = [];
  page.on('response', (answer) => {
    if (answer.request().resourceType() === 'document')
      void answer.text().then(
        (text) => pages.push(text),
        () => {},
      );
  });
  const [knock] = await knocksAt('dan');
  await page.goto(linkIn(knock ?? ''));
  await stranger.press('Tell me who wrote it');
  expect(await stranger.told()).toContain('Somebody has written to you.');
  await stranger.follow('Answer and open');
  const guess = async (answer: string) => {
    await page.fill('#answer', answer);
    await stranger.press('Answer');
  };
  await guess(' ?! ');
  expect(await stranger.told()).toContain('There is no answer yet.');
  for (const answer of ['cat', 'the dog', 'nobody', 'Rikki Tikki']) {
    await guess(answer);
    expect(await stranger.told()).toContain('This is not the answer that was kept with the letter.');
    expect(await page.inputValue('#answer')).toBe(answer);
  }
  await guess('a mouse');
  await guess('a bird');
  expect(await stranger.told()).toContain('Come back tomorrow');
  expect(await page.locator('#answer').count()).toBe(0);

  await house.live(1.05);
  await page.goto(`${house.origin}/waiting`);
  await stranger.follow('Answer and open');
  await guess('an owl');
  expect(await stranger.told()).toContain('This is not the answer that was kept with the letter.');
  expect(pages.length).toBeGreaterThan(8);
  for (const text of pages) expect(text).not.toMatch(/Helen|Marlow|shift/);

  expect(await knocksAt('dan.anew')).toHaveLength(0);
  await stranger.follow('Say so here');
  await page.getByLabel('This is not for me').check();
  await stranger.press('I refuse it');
  await page.waitForURL(/refused/);
  await page.goto(`${house.origin}/waiting`);
  expect(await stranger.told()).not.toContain('Answer and open');
  // The next knock, two weeks after the first, goes to the next address.
  await house.live(15);
  expect(await knocksAt('dan')).toHaveLength(1);
  const [next] = await knocksAt('dan.anew');
  const dan = await open();
  await dan.page.goto(linkIn(next ?? ''));
  await dan.press('Tell me who wrote it');
  await dan.follow('Answer and open');
  await dan.page.fill('#answer', '  THE MONGOOSE rikki tikki! ');
  await dan.press('Answer');
  await dan.page.waitForURL(/waiting\/[a-z2-7]{26}$/);
  await dan.page.getByRole('button', { name: /^Open/ }).first().click();
  await dan.page.locator('#letter', { hasText: 'there was no shift' }).waitFor();
  expect(await dan.page.title()).toContain('Helen Marlow');

  // To its author none of this has happened.
  await helen.signIn('helen@example.org', words);
  await helen.page.goto(letter);
  await helen.page.getByText('It has left our hands').first().waitFor();
  expect(await helen.told()).not.toMatch(/wrong|answered|not for me|opened on/);
});
