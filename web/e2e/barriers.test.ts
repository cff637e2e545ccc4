// Nobody is kept out: every page and state of both sides is looked at for barriers (WCAG 2.2 AA, by axe), narrow and wide, in light and in dark; and a letter
// is written and sealed with nothing but a keyboard.

import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser as launch, House, Window, SHEET } from './house';
import { walk } from './walk';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

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

/** What axe finds on the page as it stands: the rule, and where. */
async function barriers(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (tags) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
      runOnly: { type: 'tag', values: tags },
      resultTypes: ['violations'],
    });
    return violations.flatMap((found) =>
      found.nodes.map((node) => `${found.id} at ${node.target.join(' ')}`),
    );
  }, TAGS);
}

/** Where something would have to be moved sideways to be read: on the narrowest telephone with letters of twice the size, and from right to left. */
async function cramped(page: Page): Promise<string[]> {
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const found: string[] = [];
  await page.setViewportSize({ width: 320, height: 844 });
  const plain = await over();
  if (plain > 0) found.push(`320 wide: ${plain} too wide`);
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  const large = await over();
  if (large > 0) found.push(`320 wide with text of twice the size: ${large} too wide`);
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '';
    document.documentElement.dir = 'rtl';
  });
  // From right to left a page runs over on its left side.
  const turned = await page.evaluate(() => {
    const root = document.documentElement;
    const left = [...document.querySelectorAll('main *')].reduce((least, one) => {
      const { left: at, width, height } = one.getBoundingClientRect();
      return width > 1 && height > 1 ? Math.min(least, at) : least;
    }, 0);
    return Math.max(root.scrollWidth - innerWidth, Math.ceil(-left));
  });
  if (turned > 1) found.push(`from right to left: ${turned} too wide`);
  await page.evaluate(() => (document.documentElement.dir = 'ltr'));
  return found;
}

test('no page puts up a barrier, narrow or wide, in light or in dark', async () => {
  const found: string[] = [];
  let seen = 0;
  const wrong = await walk(house, chromium, async (name, page) => {
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      // Nothing may have to be moved sideways to be read.
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${name}, ${width} wide: ${over} too wide`);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const one of await barriers(page)) found.push(`${name}, ${width} wide, ${colorScheme}: ${one}`);
      }
    }
    for (const one of await cramped(page)) found.push(`${name}, ${one}`);
    seen += 1;
  });
  expect(found).toEqual([]);
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(50);
}, 400_000);

test('the search for barriers finds one that was put there', async () => {
  const window = await Window.open(house, chromium);
  await window.page.goto(`${house.origin}/`);
  await window.page.evaluate(() => document.querySelector('main')?.append(document.createElement('button')));
  expect(await barriers(window.page)).toEqual([expect.stringContaining('button-name')]);
  expect(await cramped(window.page)).toEqual([]);
  await window.page.evaluate(() => {
    const wide = document.createElement('p');
    wide.textContent = 'w'.repeat(60);
    document.querySelector('main')?.append(wide);
    wide.style.overflowWrap = 'normal';
  });
  expect(await cramped(window.page)).toHaveLength(3);
  await window.close();
});

test('a letter is written, addressed and sealed with a keyboard alone, and the focus is always seen', async () => {
  const own = await House.open();
  const helen = await Window.open(own, chromium, 1280);
  const { page } = helen;
  const { keyboard } = page;

  /** Presses Tab until it stands on what is meant, and sees at each step that the focus shows. */
  const tabTo = async (selector: string): Promise<void> => {
    for (let pressed = 0; pressed < 90; pressed += 1) {
      await keyboard.press('Tab');
      const at = await page.evaluate((wanted) => {
        const here = document.activeElement;
        if (!here || here === document.body) return { there: false, hidden: '' };
        const shows = [here, here.parentElement, here.nextElementSibling].some((one) => {
          const style = one && getComputedStyle(one);
          return style && (style.outlineStyle !== 'none' || style.boxShadow !== 'none');
        });
        return { there: here.matches(wanted), hidden: shows ? '' : here.outerHTML.slice(0, 120) };
      }, selector);
      expect(at.hidden).toBe('');
      if (at.there) return;
    }
    throw new Error(`ninety presses of Tab did not reach ${selector}`);
  };

  try {
    await helen.begin(await own.firstLink(), 'helen@example.org', 'Helen Marlow');
    await tabTo('main a.button--main');
    await keyboard.press('Enter');
    await page.waitForSelector(SHEET);
    await tabTo('#title');
    await keyboard.type('The day you left');
    await tabTo('#letter');
    await keyboard.type('Dear Dan,');
    await keyboard.press('Enter');
    await keyboard.press('Enter');
    await keyboard.type('I was across the road.');
    await tabTo('a.button--main');
    await keyboard.press('Enter');
    await page.waitForSelector('#who-new');
    await tabTo('#who-new');
    await keyboard.press('Space');
    await tabTo('#name');
    await keyboard.type('Dan');
    await tabTo('#address');
    await keyboard.type('dan@example.org');
    await tabTo('#when-at-once');
    await keyboard.press('ArrowDown');
    await tabTo('#day');
    await keyboard.type('4');
    await tabTo('#month');
    await keyboard.type('5');
    await tabTo('#year');
    await keyboard.type('2031');
    await tabTo('button[type=submit]');
    await keyboard.press('Enter');
    await page.waitForSelector('#key-house');
    await tabTo('#key-house');
    await keyboard.press('Space');
    await tabTo('button[type=submit]');
    await keyboard.press('Enter');
    await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
    await page.waitForSelector('.line');
    expect(await helen.told()).toContain('4 May 2031');
    expect(helen.wrong).toEqual([]);
  } finally {
    await helen.close();
    await own.close();
  }
});
