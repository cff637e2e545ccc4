// What comes back: Dan reads, answers with a photo on a bad line, and keeps the letter in his own hands; Helen finds his answer the next morning, reads and prints it. A
// second letter shows the same hand as before. No word of the answer lies in the house, and the photo tells nobody where it was taken.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser as launch, House, linkIn, until, Window } from './house';

const CANARY = 'Quinquereme of Nineveh from distant Ophir';
const PLACE = 'GPS-canary 38.7223 N 9.1393 W';

let chromium: Browser;
let house: House;
let helen: Window;
let dan: Window;
let words: string[];
let photo: Buffer;
const downloads = mkdtempSync(join(tmpdir(), 'unsaid-kept-'));

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium, 1280);
  dan = await Window.open(house, chromium);
  words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
  photo = await takenSomewhere(helen.page);
});

afterAll(async () => {
  await helen.close();
  await dan.close();
  await chromium.close();
  await house.close();
  rmSync(downloads, { recursive: true, force: true });
});

/** A JPEG of the browser's own, larger than an answer takes it, with an EXIF block that names a place. */
async function takenSomewhere(page: Page): Promise<Buffer> {
  const plain = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(3000, 2000);
    const ink = canvas.getContext('2d')!;
    for (let x = 0; x < 3000; x += 10)
      for (let y = 0; y < 2000; y += 10) {
        ink.fillStyle = `hsl(${(x * 7 + y * 13) % 360} 60% ${30 + ((x * y) % 40)}%)`;
        ink.fillRect(x, y, 10, 10);
      }
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  const place = Buffer.from(`Exif\0\0${PLACE}`, 'latin1');
  const exif = Buffer.concat([Buffer.from([0xff, 0xe1, 0, place.length + 2]), place]);
  return Buffer.concat([Buffer.from(plain.slice(0, 2)), exif, Buffer.from(plain.slice(2))]);
}

/** Whether these bytes stand in any file of a folder, as UTF-8, UTF-16 or base64 at any place. */
function holds(folder: string, text: string): boolean {
  const inBase64 = [0, 1, 2].map((at) =>
    Buffer.from('x'.repeat(at) + text)
      .toString('base64')
      .slice(at === 0 ? 0 : 4, -4),
  );
  const forms = [
    Buffer.from(text, 'utf8'),
    Buffer.from(text, 'utf16le'),
    ...inBase64.map((form) => Buffer.from(form)),
  ];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .some((path) => forms.some((form) => readFileSync(path).includes(form)));
}

/** The bytes of a picture that stands on a page, as the browser holds them. */
async function pictureBytes(window: Window, image: string): Promise<Buffer> {
  const inside = await window.context.newCDPSession(window.page);
  await inside.send('Page.enable');
  const tree = await inside.send('Page.getResourceTree');
  const url = (await window.page.locator(image).getAttribute('src'))!;
  const { content, base64Encoded } = await inside.send('Page.getResourceContent', {
    frameId: tree.frameTree.frame.id,
    url,
  });
  return Buffer.from(content, base64Encoded ? 'base64' : 'latin1');
}

async function sealed(title: string, text: string, somebody: () => Promise<void>): Promise<void> {
  await helen.write(title, text);
  await somebody();
  await helen.page.check('#when-at-once');
  await helen.seal();
}

const name = { answer: 'Answer Helen Marlow', send: 'Seal it and send it' };
const answer = () => dan.page.locator('#answer');

test('what a reader can do with a letter is fetched when it is asked for, and not before the letter stands', async () => {
  await sealed('The van', 'Dear Dan,\n\nI was parked across the road.\n\nYour mother', () =>
    helen.forSomebodyNew('Dan', 'dan@example.org'),
  );
  await house.live(2);
  const [knock] = await house.knocks();
  await dan.page.goto(linkIn(knock ?? ''));
  await dan.press('Tell me who wrote it');
  const scripts: string[] = [];
  dan.page.on('request', (request) => {
    if (/\.(js|css)$/.test(request.url())) scripts.push(request.url());
  });
  await dan.press('Open it');
  await dan.page.waitForSelector('.hand[data-signature=signed]');
  const before = scripts.length;
  expect(scripts.filter((url) => /answer|keep|hands|photo|kept/.test(url))).toEqual([]);
  let bytes = 0;
  for (const url of scripts) {
    bytes += brotliCompressSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
  }
  expect(bytes).toBeGreaterThan(10 * 1024);
  expect(bytes).toBeLessThanOrEqual(60 * 1024);
  await dan.press(name.answer);
  await dan.page.waitForSelector('#answer-words');
  expect(scripts.length).toBeGreaterThan(before);
  const said = (await answer().innerText()).replace(/\s+/g, ' ');
  expect(said).toContain('nothing about where you are');
  expect(said).toContain('If Helen Marlow cannot read any more, nothing is promised');
});

test('words that were not sent are not lost without a question', async () => {
  const { page } = dan;
  await dan.press(name.send);
  await page.getByText('There is nothing in it yet.').waitFor();
  await page.fill('#answer-words', `Dear Mum,\n\n${CANARY}.\n\nDan`);
  expect(await page.textContent('#answer-count')).toBe('9 words');
  let asked = 0;
  page.once('dialog', (dialog) => {
    asked += 1;
    expect(dialog.type()).toBe('beforeunload');
    void dialog.dismiss();
  });
  await page.goto(`${house.origin}/waiting`).catch(() => {});
  expect(asked).toBe(1);
  expect(await page.inputValue('#answer-words')).toContain(CANARY);
  // Put away and taken out again they are there too.
  await dan.press('Not now');
  expect(await answer().isVisible()).toBe(false);
  await dan.press(name.answer);
  expect(await page.inputValue('#answer-words')).toContain(CANARY);
});

test('on a bad line nothing is lost, and however often it is sent it arrives once', async () => {
  const { page } = dan;
  await page.setInputFiles('#answer-photos', [
    { name: 'sea.jpg', mimeType: 'image/jpeg', buffer: photo },
    { name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('hello') },
  ]);
  await page.getByText('‘note.jpg’ is not a photo that this page knows.').waitFor();
  await page.locator('.answer-photos input').fill('The sea at Cascais');
  const small = await pictureBytes(dan, '.answer-photos img');
  expect([photo.includes('GPS-canary'), small.includes('GPS-canary')]).toEqual([true, false]);
  expect(small.length).toBeLessThanOrEqual(400 * 1024);

  await dan.context.setOffline(true);
  await dan.press(name.send);
  await page.getByText('The house cannot be reached. Your words are still here').waitFor();
  await dan.context.setOffline(false);
  // The house has it, and its word of that is lost.
  const ids: string[] = [];
  await page.route('**/reply?id=*', async (route) => {
    ids.push(new URL(route.request().url()).searchParams.get('id') ?? '');
    if (ids.length > 1) return route.continue();
    expect((await route.fetch()).status()).toBe(200);
    return route.abort('connectionreset');
  });
  await dan.press(name.send);
  await page.getByText('The house cannot be reached. Your words are still here').waitFor();
  expect(await page.inputValue('#answer-words')).toContain(CANARY);
  await page.getByRole('button', { name: name.send, exact: true }).dblclick();
  await page.getByText('Your answer is sealed and kept.').waitFor();
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  await page.unroute('**/reply?id=*');
  expect((await answer().innerText()).includes('from the next morning on')).toBe(true);
  // What is sent is not asked about, and nothing of it stays on the device.
  page.once('dialog', () => expect.unreachable('nothing is unsent'));
  await page.reload();
  await page.waitForSelector('.hand');
  const kept = await page.evaluate(async () => [
    localStorage.length,
    sessionStorage.length,
    (await indexedDB.databases()).length,
  ]);
  expect(kept).toEqual([0, 0, 0]);
});

test('the letter is his to keep: one file that opens without the house', async () => {
  const { page } = dan;
  await dan.press('Keep it yourself');
  await page.getByText('Whoever has the file can read it.').waitFor();
  const coming = page.waitForEvent('download');
  await dan.press('Save the letter');
  const given = await coming;
  expect(given.suggestedFilename()).toMatch(/^Letter from Helen Marlow, \d{1,2} \w+ \d{4}\.html$/);
  const path = join(downloads, given.suggestedFilename());
  await given.saveAs(path);
  await page.getByText(`Given to your browser as ‘${given.suggestedFilename()}’`).waitFor();

  const alone = await chromium.newContext({ offline: true });
  const sheet = await alone.newPage();
  const asked: string[] = [];
  sheet.on('request', (request) => asked.push(request.url()));
  await sheet.goto(pathToFileURL(path).href);
  expect(await sheet.innerText('main')).toContain('I was parked across the road.');
  expect(await sheet.innerText('footer')).toContain('SHA256:');
  expect(asked).toHaveLength(1);
  expect(
    await sheet.evaluate(() =>
      fetch('https://example.org').then(
        () => 'out',
        () => 'held',
      ),
    ),
  ).toBe('held');
  await alone.close();

  await page.getByText('The letter as it was signed').click();
  const signed = page.waitForEvent('download');
  await dan.press('Save letter.eml');
  const eml = join(downloads, 'letter.eml');
  await (await signed).saveAs(eml);
  expect(readFileSync(eml, 'latin1')).toMatch(/^From: Helen Marlow <author@unsaid\.invalid>\r\n/);
});

test('before the next morning she sees nothing; then she finds it, opens it, prints it, and it is not new any more', async () => {
  const { page } = helen;
  await helen.unlock(words);
  await page.goto(`${house.origin}/answers`);
  await page.getByText('There is no answer yet.').waitFor();
  expect(holds(join(house.folder, 'data'), CANARY)).toBe(false);
  expect(holds(join(house.folder, 'data'), 'Cascais')).toBe(false);
  expect(holds(join(house.folder, 'data'), PLACE)).toBe(false);

  // In the hour before nine it is the morning after the next one.
  await house.live(1.1);
  await until('word of the answer', async () =>
    (await house.outbox()).some((message) => message.includes('Somebody has answered you'))
      ? true
      : undefined,
  );
  await page.goto(`${house.origin}/letters`);
  await page.getByRole('link', { name: /^An answer, \d/ }).waitFor();
  await helen.unlock(words);
  const link = page.getByRole('link', { name: /^An answer from Dan, \d{1,2} \w+ \d{4}$/ });
  await link.waitFor();
  const item = page.locator('li', { has: link });
  expect(await item.innerText()).toContain('New');
  await link.click();
  await page.locator('#words-read', { hasText: CANARY }).waitFor();
  const drawn = page.locator('#words-read img');
  expect(await drawn.getAttribute('alt')).toBe('The sea at Cascais');
  const width = await drawn.evaluate((image) => (image as HTMLImageElement).naturalWidth);
  expect([640, 960, 1280, 1600]).toContain(width);
  expect((await pictureBytes(helen, '#words-read img')).includes('GPS-canary')).toBe(false);
  expect(await helen.told()).toContain('Nobody is told that you have read it');

  await page.emulateMedia({ media: 'print' });
  expect(await page.locator('#words-read').isVisible()).toBe(true);
  expect(await page.getByRole('button', { name: 'Print', exact: true }).isVisible()).toBe(false);
  expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(5_000);
  await page.emulateMedia({ media: 'screen' });

  const coming = page.waitForEvent('download');
  await helen.press('Keep it as a file');
  const given = await coming;
  expect(given.suggestedFilename()).toMatch(/^Answer from Dan, \d{1,2} \w+ \d{4}\.html$/);
  const path = join(downloads, given.suggestedFilename());
  await given.saveAs(path);
  expect(readFileSync(path, 'utf8')).toContain(CANARY);
  expect(readFileSync(path, 'utf8')).toContain('src="data:image/jpeg;base64,');

  await helen.follow('All answers');
  await page.getByText('You have read it', { exact: true }).waitFor();
  expect(await page.getByRole('link', { name: /^An answer from Dan/ }).count()).toBe(1);
  // Also where her letter is.
  await page.getByRole('link', { name: /^An answer from Dan/ }).click();
  await helen.follow('The letter that it answers');
  await page.getByRole('heading', { name: 'Answers to it' }).waitFor();
  expect(await page.getByRole('link', { name: /^An answer from Dan/ }).count()).toBe(1);
  expect(helen.wrong).toEqual([]);
});

test('a second letter shows the same hand as before', async () => {
  await sealed('The oven', 'Dear Dan,\n\nI cleaned the oven.\n\nYour mother', async () => {
    await helen.page.getByRole('radio', { name: /Dan/ }).first().check();
  });
  await house.live(2);
  await dan.page.goto(`${house.origin}/waiting`);
  if (/link|digits/i.test(await dan.page.innerText('main')) && (await dan.page.locator('form').count()) < 2) {
    const [knock] = await house.knocks();
    await dan.page.goto(linkIn(knock ?? ''));
    await dan.press('Tell me who wrote it');
  }
  await dan.page.getByRole('button', { name: 'Open it', exact: true }).click();
  await dan.page.waitForSelector('.hand[data-hands=same]');
  const said = await dan.page.innerText('.hand');
  expect(said).toContain('The same hand as before');
  expect(said).toMatch(/The same hand as in the letter of \d{1,2} \w+ \d{4}\./);
  expect(dan.wrong).toEqual([]);
});
