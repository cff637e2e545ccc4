// Writing for an hour as it is: the network fails every few seconds, the browser is killed, another device goes on, somebody types on a borrowed one. No word is
// lost, nobody's words are overwritten, no photo tells where it was taken, and a borrowed device keeps nothing.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as kind, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser as launch, CHROMIUM, House, onSheet, putIn, SHEET, until, Window } from './house';

let chromium: Browser;
let house: House;
let helen: Window;
let words: string[];

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium);
  words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterAll(async () => {
  await helen.close();
  await chromium.close();
  await house.close();
});

const status = (page: Page, said: RegExp) =>
  page.waitForFunction(
    (pattern) => new RegExp(pattern).test(document.querySelector('.state-line')?.textContent ?? ''),
    said.source,
    { timeout: 40_000 },
  );

/** Whether these bytes stand in any file of a folder, as UTF-8 or UTF-16. */
function holds(folder: string, text: string): boolean {
  const forms = [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .some((path) => forms.some((form) => readFileSync(path).includes(form)));
}

test('with a network that comes and goes every word arrives, here and in the house', async () => {
  const { page } = helen;
  await helen.blank();
  await page.fill('#title', 'The tunnel');
  await page.focus(SHEET);
  let offline = false;
  let text = '';
  for (let sentence = 1; sentence <= 24; sentence += 1) {
    if (sentence % 3 === 0) {
      offline = !offline;
      await helen.context.setOffline(offline);
    }
    const said = `Sentence ${sentence} of a long letter. `;
    text += said;
    await page.keyboard.type(said, { delay: 5 });
    await page.waitForTimeout(150);
  }
  await helen.context.setOffline(true);
  await status(page, /The house cannot be reached/);
  await helen.context.setOffline(false);
  await status(page, /here and in this house/);
  expect((await onSheet(page)).trim()).toBe(text.trim());

  // And nothing of it is readable at the house.
  expect(holds(join(house.folder, 'data'), 'of a long letter')).toBe(false);
});

test('another device goes on where she stopped; when both write, both versions stay and what differs is shown', async () => {
  const { page } = helen;
  await helen.blank();
  await page.fill('#title', 'Two devices');
  await putIn(page, 'Dear Dan,\n\nfrom the phone.\n\nYour mother');
  await status(page, /here and in this house/);
  const draft = page.url();

  const laptop = await Window.open(house, chromium, 1280);
  await laptop.signIn('helen@example.org', words);
  await laptop.page.getByText('Begun on another device').waitFor();
  await laptop.page
    .locator(`a[href="${new URL(draft).pathname}"]`)
    .first()
    .click();
  await laptop.page.waitForSelector(SHEET);
  expect(await onSheet(laptop.page)).toBe('Dear Dan,\n\nfrom the phone.\n\nYour mother');

  const kept = page.waitForResponse(
    (answer) => answer.url().includes('/api/drafts/') && answer.request().method() === 'PUT' && answer.ok(),
  );
  await putIn(page, 'Dear Dan,\n\nfrom the phone, once more.\n\nYour mother');
  await kept;
  await status(page, /here and in this house/);
  await putIn(laptop.page, 'Dear Dan,\n\nfrom the laptop.\n\nYour mother');
  await laptop.page
    .getByText('This letter was also written on another device')
    .first()
    .waitFor({ timeout: 40_000 });
  await laptop.follow('See what differs');
  const told = async () => (await laptop.told()).replace(/\s+/g, ' ');
  await laptop.page.getByText('Two versions of one letter').waitFor();
  await until('both versions', async () =>
    (await told()).includes('from the laptop.') && (await told()).includes('from the phone, once more.')
      ? true
      : undefined,
  );
  await laptop.follow('Keep both, and write on');
  await laptop.page.waitForSelector(SHEET);
  expect(await onSheet(laptop.page)).toContain('from the laptop.');
  // What was there before can be brought back.
  await laptop.follow('What it was before');
  await laptop.page
    .getByRole('button', { name: /^Look at it/ })
    .first()
    .click();
  await laptop.press('Bring this back');
  await laptop.page.waitForSelector(SHEET);
  expect(await onSheet(laptop.page)).toContain('from the phone');
  expect(laptop.wrong).toEqual([]);
  await laptop.close();
});

test('a photo leaves without the place where it was taken, and arrives with the words that say what is on it', async () => {
  const { page } = helen;
  await helen.blank();
  await page.fill('#title', 'The sea');
  await putIn(page, 'Dear Dan,\n\nthis is the sea.');
  // A JPEG of the browser's own, with an EXIF block that names a place.
  const plain = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(1200, 800);
    const ink = canvas.getContext('2d')!;
    ink.fillStyle = '#357';
    ink.fillRect(0, 0, 1200, 800);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg' });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  const place = Buffer.from('Exif\0\0GPS-canary 38.7223 N 9.1393 W', 'latin1');
  const exif = Buffer.concat([Buffer.from([0xff, 0xe1, 0, place.length + 2]), place]);
  const photo = Buffer.concat([Buffer.from(plain.slice(0, 2)), exif, Buffer.from(plain.slice(2))]);
  await page.setInputFiles('.tools input[type=file]', {
    name: 'sea.jpg',
    mimeType: 'image/jpeg',
    buffer: photo,
  });
  await page.waitForSelector('.photo img:not([hidden])');
  await page.locator('.photo input').fill('The sea at Cascais');
  // What is not what it says is told in two sentences, and harms nothing.
  await page.setInputFiles('.tools input[type=file]', {
    name: 'note.jpg',
    mimeType: 'image/jpeg',
    buffer: Buffer.from('hello'),
  });
  await page.getByText('‘note.jpg’ is not a photo that this page knows.').first().waitFor();
  await helen.follow('Next: for whom, and when');
  await page.waitForSelector('#who-new');
  await helen.forSomebodyNew('Dan', 'dan@example.org');
  await page.check('#when-at-once');
  await helen.seal();
  await helen.press('Read it again');
  const drawn = page.locator('#words-read img');
  await drawn.waitFor();
  expect(await drawn.getAttribute('alt')).toBe('The sea at Cascais');
  // The very bytes that are drawn, as the browser holds them.
  const inside = await helen.context.newCDPSession(page);
  await inside.send('Page.enable');
  const tree = await inside.send('Page.getResourceTree');
  const url = (await drawn.getAttribute('src'))!;
  const drawnBytes = await inside.send('Page.getResourceContent', { frameId: tree.frameTree.frame.id, url });
  const bytes = Buffer.from(drawnBytes.content, drawnBytes.base64Encoded ? 'base64' : 'latin1');
  expect(bytes.length).toBeGreaterThan(1000);
  expect(bytes.includes('GPS-canary')).toBe(false);
  expect(photo.includes('GPS-canary')).toBe(true);

  await house.live(2);
  const dan = await Window.open(house, chromium);
  const [knock] = await house.knocks();
  await dan.page.goto(/http:\/\/localhost:\d+\/k\/[\w-]{43}/.exec(knock ?? '')?.[0] ?? '');
  await dan.press('Tell me who wrote it');
  await dan.press('Open it');
  const seen = dan.page.locator('#letter img');
  await seen.waitFor();
  expect(await seen.getAttribute('alt')).toBe('The sea at Cascais');
  const size = await seen.evaluate((img) => [
    (img as HTMLImageElement).naturalWidth,
    (img as HTMLImageElement).naturalHeight,
  ]);
  expect(size).toEqual([1200, 800]);
  expect(dan.wrong).toEqual([]);
  await dan.close();
});

test('what is pasted from Word becomes paragraphs and a list, and asks nobody for a picture', async () => {
  const { page } = helen;
  await helen.unlock(words);
  await helen.blank();
  await page.focus(SHEET);
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData(
      'text/html',
      `<!--StartFragment--><p class=MsoNormal><b>Dear Dan,</b></p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·&nbsp;</span>the fox</p><img src="https://tracker.example/a.gif" width="600"><p class=MsoNormal>Your mother</p><!--EndFragment-->`,
    );
    data.setData('text/plain', 'Dear Dan,\n· the fox\nYour mother');
    const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.querySelector('#letter')?.dispatchEvent(paste);
  });
  await page.waitForSelector('#letter ul li');
  expect(await page.locator('#letter strong').innerText()).toBe('Dear Dan,');
  expect(await page.locator('#letter li').innerText()).toBe('the fox');
  await page.getByText('the pictures have not').first().waitFor();
  expect(helen.wrong).toEqual([]);
});

test('a borrowed device keeps nothing, once she says that it is not hers', async () => {
  const canary = 'Quinquereme of Nineveh from distant Ophir';
  const profile = mkdtempSync(join(tmpdir(), 'unsaid-borrowed-'));
  const borrowed = (): Promise<BrowserContext> => kind.launchPersistentContext(profile, CHROMIUM);
  try {
    let device = await borrowed();
    let page = await device.newPage();
    await page.goto(`${house.origin}/write`);
    await page.waitForSelector(SHEET);
    await page.getByRole('button', { name: 'This is not my device: leave nothing on it' }).click();
    await putIn(page, canary);
    await status(page, /in this window alone/);
    await page.getByRole('button', { name: 'End, and leave nothing here' }).click();
    // The words are nowhere else, so she is asked.
    await page.getByRole('button', { name: 'Stay here' }).click();
    expect(await page.getByText(canary).count()).toBe(1);
    await page.getByRole('button', { name: 'End, and leave nothing here' }).click();
    await page.getByRole('button', { name: 'End, and let the words go' }).click();
    await page.waitForURL(`${house.origin}/`);
    await device.close();
    expect(holds(profile, canary)).toBe(false);

    device = await borrowed();
    page = await device.newPage();
    await page.goto(`${house.origin}/letters`);
    await page.getByText('Your letters').first().waitFor();
    expect(await page.getByRole('link', { name: 'Write on', exact: true }).count()).toBe(0);
    expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBeLessThanOrEqual(1);
    await device.close();
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
