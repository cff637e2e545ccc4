// The person's script alone, in Chromium, under the policy of the house: letters with photos, a photo that comes damaged, the
// words of a card, and the page for whoever has a card. The house is a few answers here; stories with the real one are elsewhere.

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const web = fileURLToPath(new URL('..', import.meta.url));
const vectors = fileURLToPath(new URL('../../vectors/v2/rust-rich/', import.meta.url));
const pictures = process.env['UNSAID_PICTURES'];

let folder: string;
let server: Server;
let browser: Browser;
let page: Page;
let base: string;
let about: { letterId: string; version: number; words: string; fingerprint: string; from: string };
let token: string;
/** What the house does wrong just now. */
const house = { damaged: false, nothing: false };
const complaints: string[] = [];

async function policy(): Promise<string> {
  const source = await readFile(join(web, '../crates/unsaid/src/http/headers.rs'), 'utf8');
  const found = /POLICY: &str = "([^;]*(?:[^"])*)";/.exec(source)?.[1];
  if (!found) throw new Error('no policy in headers.rs');
  return found.replace(/\\\n\s*/g, '');
}

const article = (kept: string, language: string) =>
  `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>x</title>
<meta name="viewport" content="width=device-width, initial-scale=1">STYLES</head><body><main class="main">
<aside class="margin"><p>From <strong>Ana</strong></p></aside>
<article class="sheet sheet--full sheet--folded" id="letter" data-letter="${about.letterId}" data-version="${about.version}"
 data-kept="${kept}" data-signed="true" data-key-url="/key" data-words-url="/opens" data-part-url="/parts/letter.age" data-parts-url="/parts">
<h1 class="unseen">A letter from Ana</h1></article></main>SCRIPT</body></html>`;

const claimPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>x</title>STYLES</head><body><main class="main">
<form class="form" id="claim" data-claim-url="/api/claim"><div class="field"><label for="words">Words</label>
<p class="help" id="words-help">x</p><textarea class="input input--words" id="words" aria-describedby="words-help" disabled></textarea></div>
<div class="acts"><button class="button button--main" type="submit" disabled>Look</button></div></form></main>SCRIPT</body></html>`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unsaid-reader-'));
  if (pictures) await mkdir(pictures, { recursive: true });
  about = JSON.parse(await readFile(join(vectors, 'about.json'), 'utf8')) as typeof about;
  const cards = JSON.parse(await readFile(join(vectors, '../rust-words/about.json'), 'utf8')) as {
    cards: { words: string; token: string }[];
  };
  token = cards.cards.find(({ words }) => words === about.words)?.token ?? '';
  await build({ root: web, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  const manifest = JSON.parse(await readFile(join(folder, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    { file: string }
  >;
  const strict = await policy();
  const whole = (html: string) =>
    html
      .replace('STYLES', `<link rel="stylesheet" href="/${manifest['src/ui/look.css']!.file}">`)
      .replace(
        'SCRIPT',
        `<script type="module" src="/${manifest['src/pages/reader/main.ts']!.file}"></script>`,
      );

  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const chunks: Buffer[] = [];
    request.on('data', (bytes: Buffer) => chunks.push(bytes));
    request.on('end', () => void answer(path, Buffer.concat(chunks).toString()));
    const send = (status: number, type: string, body: string | Buffer) =>
      response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': strict }).end(body);
    const problem = (title: string) =>
      send(
        422,
        'application/problem+json',
        JSON.stringify({ status: 422, title, detail: 'Look again.', type: 'x' }),
      );
    async function answer(asked: string, body: string): Promise<void> {
      const html = 'text/html; charset=utf-8';
      if (asked === '/house') return void send(200, html, whole(article('house', 'en')));
      if (asked === '/spanish') return void send(200, html, whole(article('house', 'es')));
      if (asked === '/kept') return void send(200, html, whole(article('words', 'en')));
      if (asked === '/words') return void send(200, html, whole(claimPage));
      if (asked === '/waiting') return void send(200, html, '<!doctype html><title>waiting</title>');
      if (asked === '/key') {
        const key = await readFile(join(vectors, 'letter.key'), 'utf8');
        return void send(
          200,
          'application/json',
          JSON.stringify({ key, letter: about.letterId, version: about.version }),
        );
      }
      if (asked === '/opens' || asked === '/api/claim') {
        const right = token === '' || (JSON.parse(body) as { token: string }).token === token;
        if (!right || house.nothing) return void problem('Nothing was found.');
        const wordsFile = (await readFile(join(vectors, 'words.age'))).toString('base64url');
        return void send(
          200,
          'application/json',
          JSON.stringify({ wordsFile, letter: about.letterId, version: about.version }),
        );
      }
      if (asked.startsWith('/parts/')) {
        const bytes = await readFile(join(vectors, asked.slice(7)));
        if (house.damaged && asked.includes('media')) bytes[bytes.length >> 1]! ^= 1;
        return void send(200, 'application/octet-stream', bytes);
      }
      const type = asked.endsWith('.js')
        ? 'text/javascript'
        : asked.endsWith('.css')
          ? 'text/css'
          : 'font/woff2';
      await readFile(join(folder, asked)).then(
        (bytes) => send(200, type, bytes),
        () => send(404, 'text/plain', 'no'),
      );
    }
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  page = await browser.newPage();
  page.on('console', (message) => {
    if (/policy|Trusted/i.test(message.text())) complaints.push(message.text());
  });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

const hand = () => page.locator('.hand').textContent();

test('a letter stands with its photos and its hand', async () => {
  await page.goto(`${base}/house`);
  await page.waitForSelector('.hand');
  expect(await hand()).toContain(about.fingerprint);
  await expect.poll(() => page.locator('#letter figure img').count()).toBeGreaterThanOrEqual(1);
  expect(
    await page
      .locator('#letter img')
      .evaluateAll((all) => all.every((one) => (one as HTMLImageElement).src.startsWith('blob:'))),
  ).toBe(true);
  expect(await page.locator('#letter strong, #letter em').count()).toBeGreaterThan(0);
  if (!pictures) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(pictures, `reader-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
});

test('a photo that comes damaged is said in its place, and can be fetched again; the words stand', async () => {
  house.damaged = true;
  await page.goto(`${base}/spanish`);
  const again = page.getByRole('button', { name: 'Traer de nuevo las fotos que faltan' });
  await again.waitFor();
  expect(await page.locator('#letter figure[data-photo="003"]').textContent()).toContain('no llegó entera');
  expect(await page.locator('#letter h2, #letter p').count()).toBeGreaterThan(1);
  house.damaged = false;
  await again.click();
  await expect.poll(() => page.locator('#letter figure[data-photo="003"] img').count()).toBe(1);
  expect(await again.count()).toBe(0);
});

test('a letter that is kept by words opens with them, in a Worker', async () => {
  await page.goto(`${base}/kept`);
  await page.fill('#words', `${about.words.split(' ').slice(0, 7).join(' ')} qqqq`);
  await page.click('button[type=submit]');
  await expect.poll(() => page.textContent('#words-wrong')).toContain('The eighth word');
  house.nothing = true;
  await page.fill('#words', about.words);
  await page.click('button[type=submit]');
  await expect
    .poll(() => page.textContent('#words-wrong'), { timeout: 30_000 })
    .toContain('Nothing was found.');
  house.nothing = false;
  await page.click('button[type=submit]');
  await page.waitForSelector('.hand', { timeout: 30_000 });
  expect(await hand()).toContain('Signed by');
});

test('whoever has a card gets to what waits, or is told that there is nothing', async () => {
  await page.goto(`${base}/words`);
  house.nothing = true;
  await page.waitForSelector('#words:not([disabled])');
  await page.fill('#words', about.words);
  await page.click('button[type=submit]');
  await expect
    .poll(() => page.textContent('#words-wrong'), { timeout: 30_000 })
    .toContain('Nothing was found.');
  house.nothing = false;
  await page.click('button[type=submit]');
  await page.waitForURL(`${base}/waiting`, { timeout: 30_000 });
});

test('the policy of the house had nothing to complain of', () => {
  expect(complaints).toEqual([]);
});
