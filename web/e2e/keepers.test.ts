// Whole lives through the town's clock, as those see them who are asked: keepers with a telephone in a supermarket, without an account and without scripts. She has died and two of three say so; she was only
// in hospital; his address has died, and his aunt and a friend know the new one.
// One thing because each life is told from its first press to its last mail.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, pressOn, until, Window } from './house';
import { picture } from './looked';

let chromium: Browser;
let house: House;
let helen: Window;
let telephone: BrowserContext;
let page: Page;

beforeEach(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium);
  await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
  // A small one, and it runs no scripts.
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

const plan = (policy: string) => ({
  policy,
  everyDays: 60,
  pauseDays: 7,
  quorum: 2,
  warningDays: 10,
  fallbackDays: 180,
});

/** A keeper; gives the address of their page, as it stands on their paper. */
async function keeper(name: string, address: string | null): Promise<string> {
  const named = await helen.asks<Record<string, unknown>>('POST', '/api/life/keepers', {
    name,
    address,
    language: 'en',
  });
  expect(named.status).toBe(201);
  return String(named.body['link']);
}

const press = (name: string) => pressOn(page, name);
const heading = () => page.locator('h1').innerText();
const main = async () => (await page.innerText('main')).replace(/\s+/g, ' ');

/** A keeper says this, having read what follows. */
async function says(link: string, word: string, asked = true): Promise<string> {
  await page.goto(link);
  expect(await main()).not.toContain('Helen');
  await press('Look who it is');
  if (asked) {
    expect(await heading()).toBe('Have you heard from Helen Marlow?');
    expect(await page.locator('input[name=word]:checked').count()).toBe(0);
    await pictures.keeper('asked');
    await page.getByLabel(word).check();
    await press('Give this answer');
    await pictures.keeper('sure');
  } else {
    await page.locator('summary', { hasText: 'I know that Helen Marlow has died' }).click();
    await press(word);
  }
  await press('Yes, that is my answer');
  expect(await main()).toContain('Your answer is noted.');
  await pictures.keeper('said');
  return main();
}

const pictures = {
  keeper: (name: string) => picture(`keeper-${name}`, page),
  author: (of: Page, name: string) => picture(name, of),
};

const to = async (address: string, says: string) =>
  (await house.outbox()).filter((message) => message.includes(address) && message.includes(says)).length;

/** A letter that waits for her end, in her own session. How she says so on her pages is told elsewhere: here what her browser sends is given the gate. */
async function forHerEnd(name: string): Promise<void> {
  await helen.page.route('**/seal', async (route) => {
    const asked = JSON.parse(route.request().postData() ?? '{}') as { rule?: { gate: string } };
    if (asked.rule) asked.rule.gate = 'gone';
    await route.continue({ postData: JSON.stringify(asked) });
  });
  await helen.write(`To ${name}`, `Dear ${name}, there was no shift.`);
  await helen.forSomebodyNew(name, `${name.toLowerCase()}@example.org`);
  await helen.page.check('#when-at-once');
  await helen.page.locator('summary', { hasText: 'How long' }).click();
  await helen.page.check('#rest-none');
  await helen.seal();
}

test('she has died: two of three say so, she is asked again and again, and then it goes', async () => {
  await helen.asks('PUT', '/api/life', plan('both'));
  const joan = await keeper('Joan Pryce', 'joan@example.org');
  await keeper('Amir Haddad', 'amir@example.org');
  await keeper('Beatrice Okafor', 'beatrice@example.org');
  await forHerEnd('Dan');

  await page.goto(joan);
  await press('Look who it is');
  expect(await heading()).toBe('Helen Marlow trusts you.');
  await press('You may ask me');
  expect(await main()).toContain('Helen Marlow is told.');
  await until('message to her', async () =>
    (await to('helen@example.org', 'has said yes')) > 0 ? true : undefined,
  );

  // Sixty days and one, and five weeks of questions.
  await house.live(98);
  const asked = await house.newest('joan@example.org', 'keeper');
  const said = await says(asked, 'Helen Marlow has died');
  expect(said).toContain('None of the others has said anything yet.');
  expect(await house.knocks()).toEqual([]);
  const amir = await says(await house.newest('amir@example.org', 'keeper'), 'Helen Marlow has died');
  expect(amir).toContain('That Helen Marlow has died was said by others, too: one.');
  await until('message to her', async () =>
    (await to('helen@example.org', 'has told us that you have died')) > 1 ? true : undefined,
  );
  const day = /Nothing can leave before \w+day (\d+ \w+ \d{4})/.exec(amir)?.[1] ?? '';
  await house.liveUntil(`${new Date(`${day} UTC`).toISOString()}`);
  expect(await house.knocks()).toEqual([]);
  await house.live(3);
  expect((await house.knocks()).length).toBe(1);
  // Too late for another word, and said so.
  await page.goto(asked);
  await press('Look who it is');
  expect(await heading()).toBe('The letters are on their way.');
});

test('she was only in hospital: one keeper says that she is well, she presses, and nothing ever leaves', async () => {
  await helen.asks('PUT', '/api/life', plan('both'));
  await keeper('Joan Pryce', 'joan@example.org');
  await keeper('Amir Haddad', 'amir@example.org');
  await forHerEnd('Dan');
  await house.live(98);
  await says(await house.newest('joan@example.org', 'keeper'), 'Helen Marlow has died');
  const amir = await says(await house.newest('amir@example.org', 'keeper'), 'Helen Marlow is well');
  expect(amir).toMatch(/Nothing goes on because of that before \w+day \d+ \w+ \d{4}/);
  // Sixty days later she is still away, and both believe the worst.
  await house.live(61);
  const link = await house.newest('amir@example.org', 'keeper');
  await says(link, 'Helen Marlow has died');
  await house.live(12);
  await page.goto(await house.newest('helen@example.org', 'well'));
  await press('I am well');
  const told = await main();
  await pictures.keeper('well');
  expect(told).toContain('No letter had left.');
  expect(told).toContain('They hear from us today that you are well');
  await until('message to them', async () =>
    (await to('joan@example.org', 'They have been heard from')) > 0 ? true : undefined,
  );
  // What was said counts no longer.
  await page.goto(link);
  await press('Look who it is');
  expect(await heading()).toBe('Helen Marlow trusts you.');
  expect(await main()).not.toContain('You have said');
  await house.live(58);
  expect(await house.knocks()).toEqual([]);
});

test('his address has died, and two who know him give the new one', async () => {
  await helen.asks('PUT', '/api/life', plan('keepers-only'));
  const joan = await keeper('Joan Pryce', 'joan@example.org');
  const amir = await keeper('Amir Haddad', 'amir@example.org');
  await forHerEnd('Dan');
  // She lets them be told for whom it is, on his page.
  await helen.follow('People');
  await helen.page.locator('main').getByRole('link', { name: 'Dan' }).first().click();
  await helen.page.fill('#told', 'Dan Marlow');
  await helen.press('Let them be told this name');
  await helen.page.waitForSelector('.said .notice--good');
  expect(await helen.told()).toContain('Your keepers may be told: Dan Marlow.');
  await pictures.author(helen.page, 'told-to-keepers');
  // No address is left, as after many years: nothing can be brought.
  const persons = (await helen.asks<Record<string, unknown>>('GET', '/api/persons')).body['persons'] as {
    id: string;
    addresses: { id: string }[];
  }[];
  const [dan] = persons;
  const dead = `/api/persons/${dan?.id}/addresses/${dan?.addresses[0]?.id}/remove`;
  expect((await helen.asks('POST', dead, {})).status).toBe(200);

  await says(joan, 'Helen Marlow has died', false);
  await house.live(1);
  await says(amir, 'Helen Marlow has died');
  await house.live(38);
  expect(await house.knocks()).toEqual([]);
  const gives = async (link: string, address: string) => {
    await page.goto(link);
    await press('Look who it is');
    expect(await heading()).toBe('The letters are on their way.');
    expect(await main()).toContain('We cannot reach Dan Marlow.');
    await pictures.keeper('lost');
    await page.getByLabel('Where does Dan Marlow read mail now?').fill(address);
    await press('Give this address');
    expect(await heading()).toBe('Is this the address of Dan Marlow?');
    expect(await main()).toContain(address);
    await pictures.keeper('sure-lost');
    await press('Yes, it is right');
    return main();
  };
  await until('question for an address', async () =>
    (await to('joan@example.org', 'no address that we have works')) > 0 ? true : undefined,
  );
  expect(await gives(await house.newest('joan@example.org', 'keeper'), 'dan@new.example')).toContain(
    'It counts when others give the same.',
  );
  expect(await house.knocks()).toEqual([]);
  expect(await gives(await house.newest('amir@example.org', 'keeper'), 'dan@new.example')).toContain(
    'What was written to Dan Marlow goes there now.',
  );
  await house.live(1);
  const knocks = await house.knocks();
  expect(knocks.length).toBe(1);
  expect(knocks[0]).toContain('dan@new.example');
});
