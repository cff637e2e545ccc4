// A person who does not want to read today, on an old telephone without scripts: keeps the letter for later, comes back without the link, says no and takes it back. No
// page of theirs needs a script before the letter itself.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, linkIn, pressOn, Window } from './house';

let chromium: Browser;
let house: House;
let helen: Window;
let context: BrowserContext;
let dan: Page;

beforeEach(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium);
  context = await chromium.newContext({
    viewport: { width: 320, height: 560 },
    locale: 'en-GB',
    javaScriptEnabled: false,
  });
  dan = await context.newPage();
});

afterEach(async () => {
  const wrong = helen.wrong;
  await chromium.close();
  await house.close();
  expect(wrong).toEqual([]);
});

const press = (name: string) => pressOn(dan, name);
const heading = () => dan.locator('h1').innerText();
/** The message as its reader sees it: without the soft ends of lines. */
const whole = (message: string) => message.replace(/=\r?\n/g, '').replace(/\r?\n/g, ' ');

test('not today, and back with the eight digits; then a no that is taken back, and the letter', async () => {
  await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
  await helen.write('To Dan', 'Dear Dan, there was no shift.');
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await helen.page.check('#when-at-once');
  await helen.page.click('summary:has-text("How long")');
  await helen.page.check('#rest-none');
  await helen.seal();
  await house.live(0.1);
  const knock = (await house.knocks())[0] ?? '';

  await dan.goto(linkIn(knock));
  await press('Keep it for later');
  expect(await heading()).toBe('Keep it for later.');
  expect(await dan.locator('main').innerText()).not.toContain('Helen');
  await press('Not today');
  expect(await heading()).toMatch(/^We are quiet until \w+day \d+ \w+ \d{4}\.$/);
  const until = /until (.*)\.$/.exec(await heading())?.[1] ?? '';
  await press('Leave this page at once');

  // Another day: the link is lost, the message is not.
  const digits = /eight digits: (\d{4} \d{4})/.exec(whole(knock))?.[1] ?? '';
  await dan.goto(house.origin);
  await dan.getByRole('link', { name: /^Somebody wrote to me/ }).click();
  await dan.getByLabel('The mail address that our message came to').fill('Dan@example.org');
  await dan
    .getByLabel('The eight digits in that message')
    .fill(digits.replace(/\d$/, (d) => (d === '0' ? '1' : '0')));
  await press('Show me what waits');
  expect(await dan.locator('.notice--problem').innerText()).toContain('do not belong together');
  await dan.getByLabel('The eight digits in that message').fill(digits);
  await press('Show me what waits');
  expect(await heading()).toBe('Helen Marlow has written to you.');
  expect(await dan.locator('main').innerText()).toContain(`We are quiet until ${until}.`);

  // What is here about them, a no, and the no taken back.
  await dan.getByRole('link', { name: 'What is here about me' }).click();
  const here = () => dan.locator('main').innerText();
  expect(await here()).toContain('d…@example.org');
  expect(await here()).toContain(`We are quiet until ${until}.`);
  expect(await here()).toContain('Nothing. You can say no at any time.');
  await dan.locator('main').getByRole('link', { name: 'I want no letters from here' }).click();
  await dan.getByLabel('Anything from this person').check();
  await press('I refuse it');
  await dan.getByRole('link', { name: 'What is here about me' }).click();
  expect(await here()).toContain('you have said no to it');
  await press('Take this no back');
  await dan.goto(`${house.origin}/refused`);
  expect(await heading()).toBe('You have refused nothing.');
  await dan.goto(`${house.origin}/waiting`);
  await press('Open it');
  expect(await heading()).toBe('A letter from Helen Marlow');
}, 120_000);
