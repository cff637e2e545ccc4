// What strangers and accidents type into the pages: huge, turned around, full of tags. Each is answered clearly, what was typed stays, nothing runs.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser as launch, House, Window } from './house';

const HUGE = 'a'.repeat(65_536);
const TAGS = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>';
const TURNED = 'Dan\u202ereveal\u2066';

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

test('the worst that can be typed into each field is answered clearly, stays typed, and hurts nothing', async () => {
  const helen = await Window.open(house, chromium);
  const { page } = helen;
  /** What is typed is refused beside its field, and is still there. */
  const refused = async (field: string, typed: string, press: string): Promise<void> => {
    await page.fill(`#${field}`, typed);
    const held = await page.inputValue(`#${field}`);
    await helen.press(press);
    await page.waitForSelector(`#${field}-wrong`, { timeout: 30_000 });
    const said = await page.innerText(`#${field}-wrong`);
    expect(said.match(/[.?!](?= |$)/g)?.length, `${typed.slice(0, 20)}: ${said}`).toBeGreaterThanOrEqual(2);
    expect(await page.inputValue(`#${field}`)).toBe(held);
  };

  await page.goto(await house.firstLink());
  await page.waitForSelector('#email');
  for (const typed of [
    HUGE,
    `${HUGE}@example.org`,
    TAGS,
    'helen@@example.org',
    `${TURNED}@example.org`,
    'helen@example.org\u0000',
  ]) {
    await refused('email', typed, 'Send me the code');
  }
  await page.fill('#email', 'helen@example.org');
  await helen.press('Send me the code');
  await page.waitForSelector('#code');
  for (const typed of [HUGE, TAGS, "' or 1=1 --", '1'.repeat(65_536)]) await refused('code', typed, 'Go on');
  await page.fill('#code', await helen.code());
  await helen.press('Go on');

  // The house looks at the name with the account itself: the words stay the same while it is mended.
  await page.waitForSelector('#name');
  const places = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
  let words: string[] = [];
  const make = async (name: string): Promise<string[]> => {
    await page.fill('#name', name);
    await helen.press('Next: six words on paper');
    // Whoever has seen the words and only mends the name is asked for two of them, and not shown them anew.
    await page.waitForSelector('.words li, #first');
    if ((await page.locator('.words li').count()) > 0) {
      words = await page.$$eval('.words li', (items) => items.map((item) => item.textContent ?? ''));
      await helen.press('I have written them down');
    }
    for (const field of ['first', 'second']) {
      const label = await page.locator(`label[for="${field}"]`).innerText();
      await page.fill(`#${field}`, words[places.findIndex((place) => label.includes(place))] ?? '');
    }
    await helen.press('Make my account');
    return words;
  };
  const drawn = new Set<string>();
  // The field itself takes forty letters, whatever is pasted.
  await page.focus('#name');
  await page.keyboard.insertText(HUGE);
  expect(await page.inputValue('#name')).toBe('a'.repeat(40));
  for (const name of [TAGS, TURNED, 'Helen\u0000']) {
    drawn.add((await make(name)).join(' '));
    await page.waitForSelector('#name-wrong', { timeout: 30_000 });
    // Cut to forty letters by the field, and otherwise as it was.
    expect(await page.inputValue('#name')).toBe(name.slice(0, 40));
  }
  drawn.add((await make('Helen Marlow')).join(' '));
  expect(drawn.size).toBe(1);
  await page.waitForSelector('#kit', { timeout: 60_000 });

  // A letter may hold anything; it comes back as it was.
  const text = `Dear you,\n\n${TAGS}\n${TURNED} {{name}} \${name} %00 =00 \\0\n.\n.\nFrom me\n--boundary\n${HUGE.slice(0, 20_000)}`;
  await helen.write(TAGS, text);
  await helen.page.check('#who-new');
  await page.fill('#name', TAGS);
  await page.check('#when-at-once');
  for (const typed of [HUGE, TAGS, 'a@b@c', `x\u0000@example.org`, 'dan@example.org, eve@example.org']) {
    await refused('address', typed, 'Next: who can open it');
  }
  await page.fill('#address', 'dan@example.org');
  await page.check('#when-on');
  for (const [day, month, year] of [
    ['99', '13', '9999'],
    ['-1', '0', '0'],
    [HUGE, HUGE, HUGE],
    ['١', '٢', '٢٠٣٧'],
    ['1', '1', '1999'],
  ]) {
    await page.fill('#day', day!);
    await page.fill('#month', month!);
    await page.fill('#year', year!);
    await helen.press('Next: who can open it');
    await page.waitForSelector('#day-wrong');
    expect(await page.inputValue('#day')).toBe(day!.slice(0, 2));
  }
  await page.check('#when-at-once');
  await helen.seal();
  await helen.press('Read it again');
  await page.waitForSelector('#words-read');
  const read = await page.$$eval('#words-read .letter > *', (blocks) =>
    blocks.map((one) => (one as HTMLElement).innerText.replace(/\n$/, '')).join('\n\n'),
  );
  expect(read.replace(/\s+/g, ' ')).toBe(text.replace(/\s+/g, ' '));
  await helen.follow('People');
  await page.getByText(TAGS).first().waitFor();

  expect(await page.evaluate(() => 'hurt' in window)).toBe(false);
  expect(helen.wrong).toEqual([]);
  await helen.close();
});

test('a closed door stays closed to whatever is typed as six words', async () => {
  const helen = await Window.open(house, chromium);
  const { page } = helen;
  await page.goto(`${house.origin}/sign-in`);
  await page.fill('#email', 'helen@example.org');
  await helen.press('Send me the code');
  await page.waitForSelector('#code');
  await page.fill('#code', await helen.code());
  await helen.press('Go on');
  await page.waitForSelector('#words');
  for (const typed of [
    HUGE,
    TAGS,
    TURNED,
    '\u0000 \u0000 \u0000 \u0000 \u0000 \u0000',
    `${'a '.repeat(30_000)}`,
  ]) {
    await page.fill('#words', typed);
    const held = await page.inputValue('#words');
    await helen.press('Open my letters');
    await page.waitForSelector('#words-wrong', { timeout: 30_000 });
    expect(await page.inputValue('#words')).toBe(held);
  }
  expect(helen.wrong).toEqual([]);
  await helen.close();
});
