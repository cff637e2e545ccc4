// A letter that keepers open together, through the town's clock and real browsers: she is gone, two of three keepers type their cards in their own browsers, Leo reads; a card of another set, a mistyped word,
// another browser of his, somebody in the middle with another key, and a keeper who is too late.
// One thing because each life is told from its first press to its last.

import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockKeeperSet, makeAccount, makeKeeperSet, MASTER_BYTES, sealLetter } from '../src/seal';
import { makeCards } from '../src/seal/slip39';
import { barriers } from './barriers';
import { browser as launch, House, linkIn, until, Window } from './house';
import { picture } from './looked';

let chromium: Browser;
let house: House;
let helen: Window;
const windows: Window[] = [];

beforeEach(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await somebody();
  await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterEach(async () => {
  const wrong = windows.splice(0).flatMap((window) => window.wrong);
  await chromium.close();
  await house.close();
  expect(wrong).toEqual([]);
});

/** A browser of somebody's own. */
async function somebody(): Promise<Window> {
  const window = await Window.open(house, chromium);
  windows.push(window);
  return window;
}

const chance = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** What her own pages ask the house, in her session. */
async function asks<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await helen.asks<T>(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A keeper; gives the address of their page, as it stands on their paper. */
const keeper = async (name: string): Promise<string> => {
  const address = `${name.toLowerCase()}@example.org`;
  return (await asks<{ link: string }>('POST', '/api/life/keepers', { name, address, language: 'en' })).link;
};

interface Set {
  readonly id: string;
  readonly cards: string[];
}

/** A set of three cards, of which two are needed, and a letter for Leo that it opens; it waits for her end, or leaves at once. */
async function sealedForLeo(gate: 'none' | 'gone'): Promise<Set> {
  const set = await makeKeeperSet();
  const master = chance(MASTER_BYTES);
  const cards = makeCards(master, 2, 3, chance);
  const id = 'abcdefghijklmnopqrstuvwxya';
  const file = Buffer.from(await lockKeeperSet(set.identity, master, chance(48))).toString('base64url');
  await asks('POST', '/api/life/keeper-sets', { id, person: null, needed: 2, of: 3, file });
  const added = await asks<{ person: { id: string } }>('POST', '/api/persons', {
    address: 'leo@example.org',
  });
  const person = added.person.id;
  await asks('PUT', `/api/persons/${person}/told`, { name: 'Leo' });
  const { hostRecipient } = await asks<{ hostRecipient: string }>('GET', '/api/house');
  const { account } = await asks<{ account: { recipient: string } }>('GET', '/api/account');
  const { id: letterId } = await asks<{ id: string }>('POST', '/api/letters', {});
  const sealed = await sealLetter({
    letterId,
    version: 1,
    from: 'Helen Marlow',
    to: 'Leo',
    date: new Date('2037-01-01T12:00:00Z'),
    text: 'Dear Leo,\n\nthere was no shift.',
    authorRecipient: account.recipient,
    seed: null,
    kept: { kind: 'keepers', hostRecipient, set },
  });
  const base = `/api/letters/${letterId}/versions/1`;
  for (const { name, kind, size, sha256, bytes } of sealed.parts) {
    const begun = await asks<{ upload: string }>('POST', `${base}/uploads`, { name, kind, size, sha256 });
    await asks('PUT', `/api/uploads/${begun.upload}?offset=0`, bytes);
  }
  for (const { kind, bytes } of sealed.wraps) {
    await asks('PUT', `${base}/${kind === 'keepers' ? `keepers/${id}` : `wraps/${kind}`}`, bytes);
  }
  const rule = { gate, moment: { kind: 'at-once' }, reach: 'send', proof: 'none' };
  const { manifestHash } = sealed;
  await asks('POST', `${base}/seal`, { person, to: null, manifestHash, rule, rest: 'none', kept: 'keepers' });
  return { id, cards };
}

const main = async (page: Page): Promise<string> => (await page.innerText('main')).replace(/\s+/g, ' ');

/** The page has no barriers; and pictures of it. */
async function seen(of: Page, name: string): Promise<void> {
  expect(await barriers(of), name).toEqual([]);
  await picture(`together-${name}`, of);
}

/** Leo comes with the knock, and looks at how the letter is opened. */
async function leoComes(): Promise<Window> {
  const leo = await somebody();
  const knock = await until('knock', async () => (await house.knocks())[0]);
  await leo.page.goto(linkIn(knock));
  await leo.press('Tell me who wrote it');
  await leo.follow('See how it is opened');
  await leo.page.getByRole('heading', { name: 'This letter is opened by several people together' }).waitFor();
  return leo;
}

const sixWords = (page: Page): Promise<string[]> => page.locator('.words li').allInnerTexts();

async function asksThem(leo: Window): Promise<string[]> {
  await leo.press('Ask them');
  await leo.page.getByRole('heading', { name: 'Your six words' }).waitFor();
  return sixWords(leo.page);
}

/** A keeper opens their page where a card is asked for. */
async function looks(link: string): Promise<Window> {
  const window = await somebody();
  await window.page.goto(link);
  await window.press('Look who it is');
  return window;
}

/** Hears the six words, ticks, and types. */
async function types(window: Window, heard: string[], card: string): Promise<void> {
  const { page } = window;
  await page.locator('.words li').first().waitFor();
  expect(await sixWords(page)).toEqual(heard);
  if (!(await page.getByRole('checkbox').isChecked())) {
    expect(await page.getByRole('textbox', { name: 'The twenty words on your card' }).isVisible()).toBe(
      false,
    );
    await page.getByRole('checkbox').check();
  }
  await page.getByRole('textbox', { name: 'The twenty words on your card' }).fill(card);
  await window.press('Lock my card for Leo, and give it');
}

/** Comes by their own link, and gives their card. */
async function give(link: string, heard: string[], card: string): Promise<void> {
  const window = await looks(link);
  await types(window, heard, card);
  await window.page.getByText('Thank you.').waitFor();
}

async function reads(leo: Window): Promise<void> {
  await leo.page.getByRole('button', { name: 'Look again' }).click();
  await leo.page.getByRole('button', { name: 'Open the letter' }).click();
  await leo.page.locator('#letter', { hasText: 'there was no shift.' }).waitFor({ timeout: 60_000 });
}

test('she is gone: two of three keepers type their cards in their own browsers, and Leo reads', async () => {
  await asks('PUT', '/api/life', {
    policy: 'both',
    everyDays: 60,
    pauseDays: 7,
    quorum: 2,
    warningDays: 10,
    fallbackDays: 180,
  });
  const joan = await keeper('Joan');
  const amir = await keeper('Amir');
  await keeper('Bea');
  const { cards } = await sealedForLeo('gone');
  await house.live(98);
  for (const link of [joan, amir]) {
    const window = await looks(link);
    await window.page.getByLabel('Helen Marlow has died').check();
    await window.press('Give this answer');
    await window.press('Yes, that is my answer');
  }
  await house.live(40);

  const leo = await leoComes();
  await seen(leo.page, 'before');
  const words = await asksThem(leo);
  expect(words).toHaveLength(6);
  await seen(leo.page, 'asked');
  // By the link of the message, in a browser that has never been here.
  const joans = await looks(await house.newest('joan@example.org', 'keeper', 'twenty words'));
  expect(await main(joans.page)).toContain('Leo has a letter from Helen Marlow');
  await joans.page.locator('.words li').first().waitFor();
  await seen(joans.page, 'keeper');
  // One word is mistyped, another is of no list, one is missing.
  const typed = cards[0]!.split(' ');
  await types(joans, words, typed.with(6, typed[6] === 'academic' ? 'acid' : 'academic').join(' '));
  await joans.page.getByText('Word 7 is not the one on your card.').waitFor();
  await types(joans, words, typed.with(3, 'zzzz').join(' '));
  await joans.page.getByText('Word 4 is not a word of our cards.').waitFor();
  await seen(joans.page, 'mistyped');
  await types(joans, words, typed.slice(1).join(' '));
  await joans.page.getByText('There are 19 words here.').waitFor();
  // Four letters of a word are enough.
  await types(joans, words, typed.map((word) => word.slice(0, 4)).join(' '));
  await joans.page.getByText('Cards that have been given: one of two.').waitFor();
  await seen(joans.page, 'thanks');

  const amirs = await looks(amir);
  // A card of another set: said, and not taken at the first press.
  const [stray] = makeCards(chance(MASTER_BYTES), 2, 3, chance);
  await types(amirs, words, stray!);
  await amirs.page.getByText('This card belongs to another set').waitFor();
  await types(amirs, words, cards[1]!);
  await amirs.page.getByText('That is enough.').waitFor();

  // Too late, and not needed.
  const beas = await looks(await house.newest('bea@example.org', 'keeper', 'twenty words'));
  expect(await main(beas.page)).toContain('Enough cards have been given.');
  await leo.page.getByRole('button', { name: 'Look again' }).click();
  await leo.page.getByRole('heading', { name: 'The cards are here' }).waitFor();
  await seen(leo.page, 'enough');
  await reads(leo);
  // In this browser it opens again, without anybody.
  await leo.page.reload();
  await leo.page.getByRole('button', { name: 'Open the letter' }).click();
  await leo.page.locator('#letter', { hasText: 'there was no shift.' }).waitFor({ timeout: 60_000 });
});

test('another browser begins anew with other words, what was given is erased, and who has the old page open is told', async () => {
  const joan = await keeper('Joan');
  const amir = await keeper('Amir');
  const { cards } = await sealedForLeo('none');
  const old = await leoComes();
  const before = await asksThem(old);
  const joans = await looks(joan);
  await types(joans, before, cards[0]!);
  await joans.page.getByText('one of two').waitFor();
  const amirs = await looks(amir);
  await amirs.page.locator('.words li').first().waitFor();

  const leo = await leoComes();
  expect(await main(leo.page)).toContain('They have been asked already, from another browser');
  await seen(leo.page, 'elsewhere');
  await leo.press('Begin anew in this browser');
  await leo.page.getByRole('heading', { name: 'Your six words' }).waitFor();
  const words = await sixWords(leo.page);
  expect(words).not.toEqual(before);
  expect(await main(leo.page)).toContain('Cards that have come: none of two.');
  // Amir's page is of the ask before.
  await types(amirs, before, cards[1]!);
  await amirs.page.getByText('Whoever asks has begun anew meanwhile').waitFor();
  await give(joan, words, cards[0]!);
  await give(amir, words, cards[1]!);
  await reads(leo);
});

test('a key that somebody put in the middle has other words, and a card that was locked to it opens nothing', async () => {
  const joan = await keeper('Joan');
  const amir = await keeper('Amir');
  const { cards } = await sealedForLeo('none');
  const leo = await leoComes();
  const words = await asksThem(leo);
  // The house lies to Joan: it shows her another key than Leo's.
  const stranger = await makeAccount();
  const joans = await somebody();
  await joans.page.route('**/keeper/*', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace(
      /data-recipient="[^"]*"/,
      `data-recipient="${stranger.recipient}"`,
    );
    await route.fulfill({ response: answer, body });
  });
  await joans.page.goto(joan);
  await joans.press('Look who it is');
  await joans.page.locator('.words li').first().waitFor();
  expect(await sixWords(joans.page)).not.toEqual(words);
  await joans.page.locator('summary', { hasText: 'I was told other words' }).click();
  expect(await main(joans.page)).toContain('Then type nothing');
  // And it hands out to Leo what was locked to that key as if it were Joan's.
  await give(joan, words, cards[0]!);
  await give(amir, words, cards[1]!);
  await leo.page.route('**/keepers/cards', async (route) => {
    const answer = await route.fetch();
    const given = (await answer.json()) as { shares: { name: string; card: string }[] };
    const { lockCard } = await import('../src/seal/share');
    const delivery = /waiting\/([a-z2-7]{26})/.exec(leo.page.url())![1]!;
    given.shares[0]!.card = Buffer.from(await lockCard(stranger.recipient, delivery, cards[0]!)).toString(
      'base64url',
    );
    await route.fulfill({ response: answer, json: given });
  });
  await leo.page.getByRole('button', { name: 'Look again' }).click();
  await leo.page.getByRole('button', { name: 'Open the letter' }).click();
  await leo.page.getByText('What came from Joan was not locked for this browser').waitFor();
  await leo.page.unroute('**/keepers/cards');
  await leo.page.getByRole('button', { name: 'Open the letter' }).click();
  await leo.page.locator('#letter', { hasText: 'there was no shift.' }).waitFor({ timeout: 60_000 });
});

test('a keeper without scripts is told what they are needed for', async () => {
  const joan = await keeper('Joan');
  await keeper('Amir');
  await sealedForLeo('none');
  const leo = await leoComes();
  await asksThem(leo);
  const telephone = await chromium.newContext({ javaScriptEnabled: false, locale: 'en-GB' });
  const page = await telephone.newPage();
  await page.goto(joan);
  await page.getByRole('button', { name: 'Look who it is' }).click();
  expect(await main(page)).toContain('Your card is locked in your own browser');
});
