// Everything is lost but the paper: the six words, and the mailbox too. The paper kit lets her in by itself, tells a misread group from a foreign key, gives
// her new words and another address; and whoever reads the old mailbox learns of each of these.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser as launch, House, Window } from './house';

let chromium: Browser;
let house: House;

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
});

afterAll(async () => {
  await chromium.close();
  await house.close();
});

const told = (window: Window, said: string | RegExp) =>
  window.page.getByText(said).first().waitFor({ timeout: 30_000 });

test('the paper kit alone lets her in after words and mailbox are gone, and gives her new ones', async () => {
  const helen = await Window.open(house, chromium);
  const oldWords = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
  await helen.press('Show the paper kit');
  await helen.page.getByRole('button', { name: 'Put it away' }).waitFor();
  const groups = await helen.page.$$eval('.kit span:not(.kit-head)', (spans) =>
    spans.map((span) => span.textContent ?? ''),
  );
  expect(groups.join('')).toMatch(/^[0-9A-Z]{58}$/);
  expect(await helen.page.locator('.card--kit svg').count()).toBe(1);
  expect(await helen.page.textContent('.card--kit')).toContain('SHA256:');
  await helen.follow('People');
  await helen.page.getByRole('link', { name: 'Add somebody', exact: true }).waitFor();
  await helen.follow('Add somebody');
  await helen.page.fill('#name', 'Tessa');
  await helen.press('Save this person');
  await told(helen, 'Tessa');
  expect(helen.wrong).toEqual([]);
  await helen.close();

  // Years later, on another machine, with nothing but the paper.
  await house.live(400);
  const away = await Window.open(house, chromium);
  const { page } = away;
  await page.goto(`${house.origin}/sign-in`);
  await away.follow('I have lost my six words, and have the paper kit');
  await page.waitForSelector('#kit');
  await away.press('Open my letters');
  await told(away, 'Type the groups that stand on your paper kit.');
  const misread = groups.with(4, (groups[4]![0] === 'Q' ? 'P' : 'Q') + groups[4]!.slice(1));
  await page.fill('#kit', misread.join(' ').toLowerCase());
  await away.press('Open my letters');
  await told(away, 'Something in group 5 after the first line is wrong.');
  expect(await page.inputValue('#kit')).toBe(misread.join(' ').toLowerCase());
  await page.fill('#kit', groups.slice(0, 5).join(' '));
  await away.press('Open my letters');
  await told(away, 'There is no whole key here.');
  await page.fill('#kit', groups.join('\n').toLowerCase());
  await away.press('Open my letters');
  await told(away, 'Six new words');

  await away.press('Make six new words');
  await page.waitForSelector('.words li');
  const newWords = await page.$$eval('.words li', (items) => items.map((item) => item.textContent ?? ''));
  expect(newWords).toHaveLength(6);
  await away.press('I have written them down');
  const places = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
  for (const field of ['first', 'second']) {
    const label = await page.locator(`label[for="${field}"]`).innerText();
    await page.fill(`#${field}`, newWords[places.findIndex((place) => label.includes(place))] ?? '');
  }
  await away.press('Use these words from now on');
  await told(away, 'Your six new words are in force.');

  await away.follow('Change the address that you sign in with');
  await page.waitForSelector('#email');
  await page.fill('#email', 'helen.new@example.org');
  await away.press('Send me the code');
  await page.waitForSelector('#code');
  await page.fill('#code', '00000000');
  await away.press('Use this address from now on');
  await page.waitForSelector('#code-wrong');
  await page.fill('#code', await away.code());
  await away.press('Use this address from now on');
  await told(away, 'You sign in with helen.new@example.org now.');
  await away.follow('All my letters');
  await away.follow('People');
  await told(away, 'Tessa');
  expect(away.wrong).toEqual([]);
  await away.close();

  // The old mailbox was told of all three, and the old words open nothing.
  await house.live(0.1);
  const old = (await house.outbox()).filter((message) => message.includes('helen@example.org'));
  expect(old.length).toBeGreaterThanOrEqual(3);
  const again = await Window.open(house, chromium);
  await again.page.goto(`${house.origin}/sign-in`);
  await again.page.fill('#email', 'helen.new@example.org');
  await again.press('Send me the code');
  await again.page.waitForSelector('#code');
  await again.page.fill('#code', await again.code());
  await again.press('Go on');
  await again.page.waitForSelector('#words');
  await again.page.fill('#words', oldWords.join(' '));
  await again.press('Open my letters');
  await told(again, 'These are not the six words.');
  await again.page.fill('#words', newWords.join(' '));
  await again.press('Open my letters');
  await again.page.waitForURL(/letters$/, { timeout: 60_000 });
  expect(again.wrong).toEqual([]);
  await again.close();
}, 240_000);

test('a kit of another house is read rightly and lets nobody in', async () => {
  const stranger = await Window.open(house, chromium);
  const { page } = stranger;
  await page.goto(`${house.origin}/paper-kit`);
  await page.waitForSelector('#kit');
  await page.fill('#kit', 'NGF8DQVPN87AX4ZP8YCRMH43UX3VLFWTAC67638PLEDXUFLA3SUQP0VRSS');
  await stranger.press('Open my letters');
  await told(stranger, 'The key is read rightly, but no account here goes by it.');
  expect(stranger.wrong).toEqual([]);
  await stranger.close();
});
