// Pictures of every page and state of both sides, for somebody to look at: `npm run pictures`. They go to the folder UNSAID_PICTURES, else to
// /tmp/unsaid-pictures, with what is printed as PDF on A4 and Letter; UNSAID_LANGUAGE=es makes them in Spanish. The picture of the README, docs/picture.png, is made anew when UNSAID_PICTURE=1.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { test } from 'vitest';
import { browser as launch, House } from './house';
import { PAPER, walk } from './walk';
import { PAPER_GONE, walkGone } from './walk-gone';

test('pictures', async () => {
  const folder = resolve(process.env['UNSAID_PICTURES'] ?? '/tmp/unsaid-pictures');
  mkdirSync(folder, { recursive: true });
  const chromium = await launch();
  const picture = async (name: string, page: Page): Promise<void> => {
    await page.emulateMedia({ colorScheme: 'light' });
    if (name === 'welcome' && process.env['UNSAID_PICTURE'] === '1') {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.screenshot({ path: resolve(import.meta.dirname, '../../docs/picture.png') });
    }
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({
          path: join(folder, `${name}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
      }
    }
    await page.emulateMedia({ colorScheme: 'dark', forcedColors: 'active' });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(folder, `${name}-390-forced.png`), fullPage: true });
    await page.emulateMedia({ forcedColors: 'none' });
    for (const format of [...PAPER, ...PAPER_GONE].includes(name) ? ['A4', 'Letter'] : [])
      await page.pdf({ path: join(folder, `${name}-${format}.pdf`), format, preferCSSPageSize: false });
    console.log(name);
  };
  try {
    const wrong: string[] = [];
    for (const walked of [walk, walkGone]) {
      const house = await House.open();
      try {
        wrong.push(...(await walked(house, chromium, picture)));
      } finally {
        await house.close();
      }
    }
    if (wrong.length > 0) console.error(wrong.join('\n'));
    console.log(`The pictures are in ${folder}.`);
  } finally {
    await chromium.close();
  }
});
