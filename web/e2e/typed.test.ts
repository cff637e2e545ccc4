// Nothing that was typed is lost: not by a network that goes, not by a browser that is killed in mid-sentence, not by two windows on one letter.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as kind, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { CHROMIUM, House, until, SHEET, onSheet, putIn } from './house';

let house: House;
let profile: string;
let device: BrowserContext | undefined;

beforeAll(async () => {
  house = await House.open();
});

afterAll(async () => {
  await house.close();
});

beforeEach(async () => {
  profile = mkdtempSync(join(tmpdir(), 'unsaid-device-'));
  device = await open();
});

afterEach(async () => {
  await device?.close().catch(() => {});
  await killed();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

/** A browser that keeps what it stores in a folder, like the one of a person. */
const open = (): Promise<BrowserContext> => kind.launchPersistentContext(profile, CHROMIUM);

/** The processes of this one browser: those that were started with its folder. */
function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(profile);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Ends it without a word of warning, and waits until nothing of it is left. */
async function killed(): Promise<void> {
  for (const id of processes()) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It has gone with the one before.
    }
  }
  await until('end of the browser', () => (processes().length === 0 ? true : undefined));
}

async function blank(page: Page): Promise<void> {
  await page.goto(`${house.origin}/write`);
  await page.waitForSelector(SHEET);
}

const saved = (page: Page) =>
  page
    .getByText(/^Saved/)
    .first()
    .waitFor({ timeout: 20_000 });

test('what is typed while the network is away is there when it is back', async () => {
  const context = device!;
  const page = await context.newPage();
  await blank(page);
  await page.locator('#letter').pressSequentially('Dear Dan, ');
  await context.setOffline(true);
  await page.locator('#letter').pressSequentially('I write this in a tunnel.');
  await saved(page);
  await context.setOffline(false);
  await page.reload();
  await page.waitForSelector(SHEET);
  expect(await onSheet(page)).toBe('Dear Dan, I write this in a tunnel.');
});

test('of what is typed when the browser dies in mid-sentence, at most the last two seconds are missing', async () => {
  const page = await device!.newPage();
  await blank(page);
  const sentence = 'I had my hand on the door, and then the clock struck, and I did not get out of the van. ';
  const times: number[] = [];
  let typed = '';
  const began = Date.now();
  await page.focus('#letter');
  while (Date.now() - began < 6_000) {
    const letter = sentence[typed.length % sentence.length]!;
    await page.keyboard.type(letter);
    typed += letter;
    times.push(Date.now());
    await new Promise((rested) => setTimeout(rested, 30));
  }
  const died = Date.now();
  await killed();
  device = await open();
  const again = await device.newPage();
  await again.goto(`${house.origin}/letters`);
  await again.getByRole('link', { name: 'Write on', exact: true }).click();
  await again.waitForSelector(SHEET);
  const kept = await onSheet(again);
  expect(typed.startsWith(kept)).toBe(true);
  // Two seconds, and one for a machine with other work to do.
  const old = times.filter((time) => time < died - 3_000).length;
  expect(old).toBeGreaterThan(10);
  expect(kept.length).toBeGreaterThanOrEqual(old);
});

test('two windows on one letter keep both versions', async () => {
  const one = await device!.newPage();
  await blank(one);
  await putIn(one, 'Dear Dan.');
  await saved(one);
  const other = await device!.newPage();
  await other.goto(one.url());
  await other.waitForSelector(SHEET);
  expect(await onSheet(other)).toBe('Dear Dan.');

  // What is saved in one is shown in the other when nothing is unsaved there.
  await putIn(one, 'Dear Dan. One.');
  await other.waitForFunction(() => document.querySelector('#letter')?.textContent === 'Dear Dan. One.');

  await Promise.all([
    putIn(one, 'Dear Dan. The first window.'),
    putIn(other, 'Dear Dan. The second window.'),
  ]);
  await until('word that both are kept', async () => {
    const said = await Promise.all([one.innerText('main'), other.innerText('main')]);
    return said.some((text) => text.includes('Both versions are kept')) ? true : undefined;
  });
  const kept = new Set<string>();
  const list = await device!.newPage();
  await list.goto(`${house.origin}/letters`);
  await list.getByRole('link', { name: 'Write on', exact: true }).first().waitFor();
  const drafts = await list
    .getByRole('link', { name: 'Write on', exact: true })
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
  for (const draft of drafts) {
    await list.goto(draft);
    await list.waitForSelector(SHEET);
    kept.add(await onSheet(list));
  }
  expect([...kept].sort()).toEqual(['Dear Dan. The first window.', 'Dear Dan. The second window.']);
});
