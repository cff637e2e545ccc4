// What keeps people out of a page, looked for as it stands: barriers (WCAG 2.2 AA, by axe), what has to be moved sideways to be read, and what colours of
// the reader's own hide. The stories say which pages are looked at.

import axe from 'axe-core';
import type { Page } from 'playwright-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe finds on the page as it stands: the rule, and where. */
export async function barriers(page: Page): Promise<string[]> {
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
export async function cramped(page: Page): Promise<string[]> {
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

/** Where colours of the reader's own hide what is chosen, or a sign. */
export async function hiddenByColours(page: Page): Promise<string[]> {
  await page.emulateMedia({ forcedColors: 'active' });
  const found = await page.evaluate(() => {
    const look = (one: Element, part?: string) => getComputedStyle(one, part);
    const plain = document.querySelector('.choice:not(:has(> input:checked))');
    const out: string[] = [];
    for (const chosen of document.querySelectorAll('.choice:has(> input:checked)'))
      if (plain && look(chosen).borderTopWidth === look(plain).borderTopWidth)
        out.push('a chosen answer looks like the others');
    const ground = look(document.body).backgroundColor;
    for (const sign of document.querySelectorAll('.status, .line > li')) {
      const { color, borderTopColor } = look(sign, '::before');
      if (color === ground || borderTopColor === ground) out.push(`no sign at ${sign.textContent?.trim()}`);
    }
    for (const button of document.querySelectorAll('.button:not(.button--quiet)')) {
      const { borderTopColor, borderTopWidth } = look(button);
      if (borderTopColor === ground || parseFloat(borderTopWidth) < 1)
        out.push(`no edge at ${button.textContent?.trim()}`);
    }
    return out;
  });
  await page.emulateMedia({ forcedColors: 'none' });
  return found;
}
