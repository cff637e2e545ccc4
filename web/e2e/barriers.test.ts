// Nobody is kept out: every page and state of both sides is looked at for barriers (WCAG 2.2 AA, by axe), narrow and wide, in light and in dark; what is
// chosen is seen in colours of the reader's own; paper holds what is printed and nothing to press; and a letter is written and sealed with nothing but a keyboard.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { barriers, cramped, hiddenByColours } from './barriers';
import { browser as launch, House, Window, SHEET } from './house';
import { PAPER, walk, type Look } from './walk';
import { PAPER_GONE, walkGone } from './walk-gone';

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

/** What paper should not show, or would cut off: on the narrower of both sizes, within its margins. */
async function misprinted(page: Page): Promise<string[]> {
  // 210 mm less 18 on either side, at 96 dots an inch.
  await page.setViewportSize({ width: 658, height: 900 });
  await page.emulateMedia({ media: 'print' });
  const found = await page.evaluate(() => {
    const seen = (one: Element) => one.getClientRects().length > 0;
    const pressed = [...document.querySelectorAll('a, button, input, select, summary')].filter(seen);
    const over = document.documentElement.scrollWidth - innerWidth;
    const words = (document.querySelector('main') as HTMLElement).innerText.trim();
    return [
      ...pressed.map((one) => `printed, but to be pressed: ${one.outerHTML.slice(0, 80)}`),
      ...(over > 1 ? [`cut off on paper: ${over} too wide`] : []),
      ...(words.length > 20 ? [] : ['nothing is printed']),
    ];
  });
  await page.emulateMedia({ media: 'screen' });
  return found;
}

/** Looks at every page of a walk as it stands, in each width and colour. Gives what was found, what was printed, and how many were seen. */
async function lookedAt(
  walked: (look: Look) => Promise<string[]>,
  paper: readonly string[],
): Promise<{ found: string[]; wrong: string[]; printed: string[]; seen: number }> {
  const found: string[] = [];
  const printed: string[] = [];
  let seen = 0;
  const wrong = await walked(async (name, page) => {
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
    for (const one of await hiddenByColours(page)) found.push(`${name}, ${one}`);
    if (paper.includes(name)) {
      printed.push(name);
      for (const one of await misprinted(page)) found.push(`${name}, ${one}`);
    }
    seen += 1;
  });
  return { found, wrong, printed: printed.sort(), seen };
}

test('no page puts up a barrier, narrow or wide, in light or in dark', async () => {
  const { found, wrong, printed, seen } = await lookedAt((look) => walk(house, chromium, look), PAPER);
  expect(found).toEqual([]);
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(80);
  expect(printed).toEqual([...PAPER].sort());
}, 400_000);

test('nor does one for when she is gone, or for those who are asked', async () => {
  const own = await House.open();
  try {
    const { found, wrong, printed, seen } = await lookedAt(
      (look) => walkGone(own, chromium, look),
      PAPER_GONE,
    );
    expect(found).toEqual([]);
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(40);
    expect(printed).toEqual([...PAPER_GONE].sort());
  } finally {
    await own.close();
  }
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
  expect(await misprinted(window.page)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^printed, but to be pressed/),
      expect.stringMatching(/^cut off/),
    ]),
  );
  expect(await hiddenByColours(window.page)).toEqual([]);
  await window.page.evaluate(() => {
    const button = document.querySelector<HTMLElement>('main > button')!;
    button.className = 'button';
    button.style.border = '0';
  });
  expect(await hiddenByColours(window.page)).toEqual([expect.stringContaining('no edge')]);
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
    // It goes years after the address was given: a question is suggested.
    await tabTo('#proof-question');
    await tabTo('#question');
    await keyboard.type('Which animal slept on the piano?');
    await tabTo('#answer');
    await keyboard.type('The cat');
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
