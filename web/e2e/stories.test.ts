// The main job, from the first link to a letter that is read, and everything that stops it. Each story has a house and a browser of its own.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { browser as launch, House, linkIn, Window, SHEET, onSheet } from './house';

const TEXT = `Dear Dan,

It is a quarter past four. You always thought I didn’t come – I was across the road. 🚐 Ça va, niño?

  There was no shift.

Your mother`;

let chromium: Browser;
let house: House;
let helen: Window;
let windows: Window[] = [];

beforeAll(async () => {
  chromium = await launch();
});

afterAll(async () => {
  await chromium.close();
});

beforeEach(async () => {
  house = await House.open();
  windows = [];
  helen = await open();
});

afterEach(async () => {
  const wrong = windows.flatMap((window) => window.wrong);
  for (const window of windows) await window.close();
  await house.close();
  expect(wrong).toEqual([]);
});

async function open(width?: number): Promise<Window> {
  const window = await Window.open(house, chromium, width);
  windows.push(window);
  return window;
}

/** Helen's house, with her in it. */
async function begin(): Promise<string[]> {
  return helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
}

/** A letter to Dan that goes at once, without a rest. Gives its address. */
async function sealedAtOnce(title: string, text: string, known = false): Promise<string> {
  await helen.write(title, text);
  if (known) await helen.page.getByRole('radio', { name: 'Dan' }).check();
  else await helen.forSomebodyNew('Dan', 'dan@example.org');
  await helen.page.check('#when-at-once');
  await helen.page.click('summary:has-text("How long")');
  await helen.page.check('#rest-none');
  await helen.seal();
  return helen.page.url();
}

/** What stands on the sheet when the person has opened it. */
async function letterOf(person: Window): Promise<string> {
  await person.page.waitForFunction(
    () => (document.querySelector('#letter')?.textContent ?? '').includes('Dear'),
    undefined,
    {
      timeout: 30_000,
    },
  );
  return person.page.$$eval('#letter .as-typed', (paragraphs) =>
    paragraphs.map((one) => (one as HTMLElement).innerText).join(' '),
  );
}

const words = (text: string) => text.replace(/\s+/g, ' ').trim();

test('a letter for a day arrives on that day and not before, and its author learns nothing of what becomes of it', async () => {
  const sixWords = await begin();
  await helen.write('The day you left for Leeds', TEXT);
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await helen.page.check('#when-on');
  await helen.page.fill('#day', '4');
  await helen.page.fill('#month', '5');
  await helen.page.fill('#year', '2031');
  await helen.page.waitForFunction(() => /2031/.test(document.querySelector('.so')?.textContent ?? ''));
  expect(await helen.seal()).toContain('Sunday 4 May 2031, at nine in the morning');
  const letter = helen.page.url();
  expect(await helen.told()).toMatch(/sealed, and rests until/);

  await house.live(20);
  expect(await house.knocks()).toEqual([]);
  // Nine in Lisbon is eight in UTC: her zone.
  await house.liveUntil('2031-05-04T07:30:00Z');
  expect(await house.knocks()).toEqual([]);
  await house.live(1);
  const knocks = await house.knocks();
  expect(knocks).toHaveLength(1);
  for (const typed of ['Dan', 'Helen', 'Marlow', 'Leeds', 'quarter', 'shift']) {
    expect(knocks[0]?.replaceAll('dan@example.org', '')).not.toContain(typed);
  }

  // Years have passed; she comes back by her code and her six words.
  await helen.signIn('helen@example.org', sixWords);
  const shown = async () => {
    const told: string[] = [];
    for (const page of [letter, `${house.origin}/letters`]) {
      // What she is told comes in several answers: all of them.
      await helen.page.goto(page, { waitUntil: 'networkidle' });
      await helen.page.waitForFunction(() =>
        /left our hands/.test(document.querySelector('main')?.textContent ?? ''),
      );
      told.push(await helen.told());
    }
    return told;
  };
  const before = await shown();

  const dan = await open();
  // A scanner looks twice and presses nothing.
  for (let looked = 0; looked < 2; looked += 1) {
    expect((await fetch(linkIn(knocks[0] ?? ''))).status).toBe(200);
  }
  await dan.page.goto(linkIn(knocks[0] ?? ''));
  expect(await dan.told()).not.toContain('Helen');
  await dan.press('Tell me who wrote it');
  await dan.page.waitForURL(/waiting$/);
  expect(await dan.told()).toContain('Helen Marlow');
  expect(await dan.told()).toContain('Whoever reads this mailbox can open it.');
  await dan.press('Open it');
  expect(words(await letterOf(dan))).toBe(words(TEXT));
  expect(await shown()).toEqual(before);
  // And it opens again, from the same link, years later.
  await house.live(700);
  const later = await open();
  await later.page.goto(linkIn(knocks[0] ?? ''));
  await later.press('Tell me who wrote it');
  await later.follow('Read it again');
  expect(words(await letterOf(later))).toBe(words(TEXT));
});

test('what is undone in its rest is a draft again with all its words, and goes the next morning when it is sealed again', async () => {
  await begin();
  await helen.write('Soon', TEXT);
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await helen.page.check('#when-at-once');
  await helen.seal();
  await helen.press('Take it back');
  await helen.page.waitForSelector(SHEET);
  expect(await onSheet(helen.page)).toBe(TEXT);
  await helen.follow('Next: for whom, and when');
  await helen.page.waitForSelector('#when-at-once');
  await helen.seal();
  const sealed = await house.now();
  await house.live(0.2);
  expect(await house.knocks()).toEqual([]);
  await house.live(2);
  const knocks = await house.knocks();
  expect(knocks).toHaveLength(1);
  const dan = await open();
  await dan.page.goto(linkIn(knocks[0] ?? ''));
  await dan.press('Tell me who wrote it');
  await dan.page.waitForURL(/waiting$/);
  await dan.press('Open it');
  expect(words(await letterOf(dan))).toBe(words(TEXT));
  expect((await house.now()).getTime()).toBeGreaterThan(sealed.getTime());
});

test('whoever has refused is never written to again, may take that back, and their author cannot tell', async () => {
  const sixWords = await begin();
  const first = await sealedAtOnce('One', `Dear Dan,\n\none.`);
  await house.live(0.1);
  const [knock] = await house.knocks();
  const dan = await open();
  await dan.page.goto(linkIn(knock ?? ''));
  await dan.press('I do not want it');
  await dan.page.waitForURL(/refuse/);
  await dan.page.locator('input[value=author]').check();
  await dan.press('I refuse it');
  await dan.page.waitForURL(/refused/);

  await helen.page.goto(first);
  await helen.page.waitForFunction(() =>
    /left our hands/.test(document.querySelector('main')?.textContent ?? ''),
  );
  await helen.unlock(sixWords);
  const second = await sealedAtOnce('Two', `Dear Dan,\n\ntwo.`, true);
  // Longer than the ten years of yearly knocks.
  await house.live(11 * 365);
  expect(await house.knocks()).toHaveLength(1);
  await helen.signIn('helen@example.org', sixWords);
  await helen.page.goto(second);
  await helen.page.waitForFunction(() =>
    /left our hands/.test(document.querySelector('main')?.textContent ?? ''),
  );

  const again = await open();
  await again.page.goto(linkIn(knock ?? ''));
  await again.press('Tell me who wrote it');
  await again.page.getByRole('button', { name: /^Open/ }).first().click();
  expect(await letterOf(again)).toContain('Dear Dan');
}, 900_000);

test('what is withdrawn after it has left opens to nobody, and the answer does not say whether it had been opened', async () => {
  const sixWords = await begin();
  const letter = await sealedAtOnce('One', TEXT);
  await house.live(0.1);
  const [knock] = await house.knocks();
  await helen.unlock(sixWords);
  await helen.page.locator(`a[href="${new URL(letter).pathname}"]`).click();
  await helen.press('Withdraw the letter');
  await helen.page
    .locator('dialog')
    .getByRole('button', { name: 'Withdraw the letter', exact: true })
    .click();
  await helen.page.waitForFunction(() =>
    /We do not say whether it was|we do not say whether it was/.test(document.body.textContent ?? ''),
  );
  const dan = await open();
  await dan.page.goto(linkIn(knock ?? ''));
  const who = dan.page.getByRole('button', { name: 'Tell me who wrote it' });
  if (await who.count()) {
    await who.click();
    await dan.page.waitForLoadState();
  }
  expect(await dan.page.getByRole('button', { name: /^Open/ }).count()).toBe(0);
  expect(await dan.told()).not.toContain('There was no shift');
  await house.live(80);
  expect(await house.knocks()).toHaveLength(1);
});

test('the power fails after the seal, and after the opening: nothing that was said is lost', async () => {
  await begin();
  await helen.write('One', TEXT);
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await helen.page.check('#when-at-once');
  await helen.seal();
  const letter = helen.page.url();
  await house.kill();
  await house.start();
  await helen.page.goto(letter);
  await helen.page.waitForFunction(() =>
    /rests until/.test(document.querySelector('main')?.textContent ?? ''),
  );
  await house.live(2);
  const [knock] = await house.knocks();
  const dan = await open();
  await dan.page.goto(linkIn(knock ?? ''));
  await dan.press('Tell me who wrote it');
  await dan.page.waitForURL(/waiting$/);
  await dan.press('Open it');
  expect(words(await letterOf(dan))).toBe(words(TEXT));
  await house.kill();
  await house.start();
  await dan.page.reload();
  expect(words(await letterOf(dan))).toBe(words(TEXT));
  await house.live(30);
  expect(await house.knocks()).toHaveLength(1);
});

/** How a word may hide: as it is, in base64 at each of three offsets, quoted-printable, percent, and UTF-16. */
function disguises(word: string): Buffer[] {
  const bytes = Buffer.from(word, 'utf8');
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset, 65), bytes, Buffer.alloc(3, 65)]).toString('base64');
    // Only the middle depends on nothing but the word.
    return text.slice(Math.ceil((offset * 4) / 3) + 1, Math.floor(((offset + bytes.length) * 4) / 3) - 1);
  });
  const percent = [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  const quoted = [...bytes].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  const little = Buffer.from(word, 'utf16le');
  return [
    bytes,
    little,
    Buffer.from(little).swap16(),
    ...[
      ...base64,
      ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
      percent,
      quoted,
    ].map((text) => Buffer.from(text)),
  ];
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : statSync(path).isFile() ? [path] : [];
  });
}

/** The files and the program's own words in which a word stands, in any disguise. */
function found(word: string): string[] {
  const hidden = disguises(word);
  const places: [string, Buffer][] = files(house.folder).map((path) => [
    path.slice(house.folder.length),
    readFileSync(path),
  ]);
  places.push(['what the program printed', Buffer.from(house.said)]);
  return places.filter(([, bytes]) => hidden.some((form) => bytes.includes(form))).map(([name]) => name);
}

test('no byte that the house keeps, prints or sends holds a word, a name or a key that is not its own', async () => {
  const kept = await begin();
  const canary = {
    title: 'Zinnoberkanarie',
    text: 'Purpurkanarienvogel',
    name: 'Kanarientochter',
    address: 'kanarienpost',
  };
  await helen.write(canary.title, `Dear you,\n\n${canary.text}.`);
  await helen.forSomebodyNew(canary.name, `${canary.address}@example.org`);
  await helen.page.check('#when-at-once');
  await helen.seal();
  await house.live(2);
  const [knock] = await house.knocks();
  const reader = await open();
  await reader.page.goto(linkIn(knock ?? ''));
  await reader.press('Tell me who wrote it');
  await reader.page.waitForURL(/waiting$/);
  await reader.press('Open it');
  expect(await letterOf(reader)).toContain(canary.text);
  await house.stop();
  // The search finds what is there: the address, in the outbox, where whoever tries the house out reads it.
  const outbox = found(canary.address);
  expect(outbox.length).toBeGreaterThan(0);
  expect(outbox.filter((name) => !name.includes('/outbox/'))).toEqual([]);
  expect(found('helen@example.org').filter((name) => !name.includes('/outbox/'))).toEqual([]);
  expect(found('unsaid host.secrets').length).toBeGreaterThan(0);
  for (const word of [canary.title, canary.text, canary.name, 'Marlow', kept.join(' ')]) {
    expect([word.length, found(word)]).toEqual([word.length, []]);
  }
  const token = linkIn(knock ?? '').split('/k/')[1] ?? '';
  expect(found(token).filter((name) => !name.includes('/outbox/'))).toEqual([]);
});
