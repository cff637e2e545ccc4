// A page as it stands, looked at: by axe and by measure, narrow and wide, in light and in dark; and pictures of it for somebody to look at, where the folder UNSAID_PICTURES names one.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { barriers, cramped } from './barriers';

const folder = process.env['UNSAID_PICTURES'];

/** Each width and colour scheme in turn; then the page is as wide as before, and light. */
async function eachWay(page: Page, seen: (way: string) => Promise<void>): Promise<void> {
  const before = page.viewportSize();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await seen(`${width}-${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (before) await page.setViewportSize(before);
}

async function taken(page: Page, name: string): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Fails when anything keeps people out of this page; and pictures of it. */
export async function look(name: string, page: Page): Promise<void> {
  const before = page.viewportSize();
  const found: string[] = [];
  await eachWay(page, async (way) => {
    found.push(...(await barriers(page)));
    await taken(page, `${name}-${way}`);
  });
  found.push(...(await cramped(page)));
  if (before) await page.setViewportSize(before);
  expect(found, name).toEqual([]);
}

/** Pictures alone; as A4 too, where it is for paper. */
export async function picture(name: string, page: Page, paper = false): Promise<void> {
  if (folder === undefined) return;
  await eachWay(page, (way) => taken(page, `${name}-${way}`));
  if (paper) await page.pdf({ path: join(folder, `${name}.pdf`), format: 'A4' });
}
