// An exported letter opens from a file in Chromium and in Debian's Firefox, with the key in it and with the words of the card,
// while every network is away; neither page asks anybody for anything.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildOpenMe } from '../src/pages/offline/build';
import { withLetter, type SealedInside } from '../src/pages/offline/sealed';
import { sha256Hex, utf8 } from '../src/seal/bytes';
import { keyFile } from '../src/seal/key';
import { composeLetter } from '../src/seal/letter';
import { Firefox, hasFirefox } from './firefox';

const web = fileURLToPath(new URL('..', import.meta.url));
const vectors = fileURLToPath(new URL('../../vectors/v2/', import.meta.url));
/** Pictures of the pages are kept where this says, to be looked at. */
const pictures = process.env['UNSAID_PICTURES'];

let folder: string;
/** Somebody who would hear of it if a page asked: its address, and what was asked. */
let listener: Server;
let elsewhere: string;
let heard = 0;
const pages = new Map<string, string>();
let words: string;
let fingerprint: string;
let from: string;

/** A letter as no author's page would make it: HTML that tries to act, and a drawing with a script in it called a picture. */
async function hostile(): Promise<Pick<SealedInside, 'letterId' | 'version' | 'letter' | 'media' | 'key'>> {
  const [letterId, version] = ['hostileaaaaaaaaaaaaaaaaaaa', 1];
  const drawing = utf8(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>parent.ran = 1</script></svg>',
  );
  const medium = { name: '001', type: 'image/svg+xml', size: drawing.length, sha256: sha256Hex(drawing) };
  const html =
    '<p onclick="ran=1">Hello<img src="x" onerror="ran=1"><a href="javascript:ran=1">there</a><script>ran=1</script></p>' +
    '<iframe srcdoc="<script>parent.ran=1</script>"></iframe><figure><img src="cid:001" alt="a drawing"></figure>';
  const names = { letterId, version, from: 'Nobody', to: 'Mara', date: new Date(0) };
  const identity = await generateX25519Identity();
  const sealed = async (plain: Uint8Array): Promise<string> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(identity));
    return Buffer.from(await encrypter.encrypt(plain)).toString('base64');
  };
  return {
    letterId,
    version,
    letter: await sealed(composeLetter({ ...names, text: 'Hello', html, media: [medium] })),
    media: { '001': await sealed(drawing) },
    key: { kind: 'clear', file: Buffer.from(keyFile(letterId, version, identity)).toString('base64') },
  };
}

const base64 = async (path: string) => (await readFile(join(vectors, path))).toString('base64');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unsaid-offline-'));
  listener = createServer((_, response) => {
    heard += 1;
    response.end();
  });
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready));
  elsewhere = `http://127.0.0.1:${(listener.address() as { port: number }).port}/x.png`;
  const openMe = await buildOpenMe();
  const about = JSON.parse(await readFile(join(vectors, 'rust-rich/about.json'), 'utf8')) as {
    letterId: string;
    version: number;
    from: string;
    words: string;
    fingerprint: string;
  };
  ({ words, fingerprint, from } = about);
  const sealed: SealedInside = {
    format: 'unsaid open-me 1',
    letterId: about.letterId,
    version: about.version,
    language: 'en',
    letter: await base64('rust-rich/letter.age'),
    signature: await base64('rust-rich/sig.age'),
    media: { '003': await base64('rust-rich/media/003.age') },
    outside: [],
    key: { kind: 'clear', file: await base64('rust-rich/letter.key') },
  };
  const put = async (name: string, more: Partial<SealedInside>): Promise<void> => {
    const path = join(folder, `${name} – ñ.html`);
    await writeFile(path, withLetter(openMe, { ...sealed, ...more }));
    pages.set(name, pathToFileURL(path).href);
  };
  await put('key', {});
  await put('words', { key: { kind: 'words', file: await base64('rust-rich/words.age') } });
  await put('unsigned', { signature: null });
  await put('damaged', { letter: sealed.letter.replace(/.{40}$/, 'A'.repeat(40)) });
  await put('another', { version: about.version + 1 });
  await put('hostile', { ...(await hostile()), signature: null });
  await put('empty', { key: undefined } as unknown as Partial<SealedInside>);
  await put('outside', { media: {}, outside: ['003'] });
  await put('spanish', { language: 'es-MX', signature: await base64('rust-rich/letter.eml.sig') });
  if (pictures) await mkdir(pictures, { recursive: true });
});

afterAll(async () => {
  listener?.close();
  await rm(folder, { recursive: true, force: true });
});

const shown = `document.querySelector('#letter p, #letter h2, #letter h3') !== null`;
const drawn = `[...document.querySelectorAll('#letter img')].filter((i) => i.complete && i.naturalWidth > 0).length`;
/**
 * Counts what a page still does while scrypt works: what is said of how far it is, and how often something as urgent as a finger, that began when that was said, had its turn while it still stood there. A page
 * that works in one go has no turn before the end. Neither frames nor timers would do: a busy machine draws none for seconds, and between two slices a timer stands behind the next of them.
 */
const watch = `(globalThis.turns_ = new Set(), globalThis.said_ = new Set(),
  new MutationObserver(() => {
    const words = () => document.querySelector('#words-status')?.textContent ?? '';
    const said = words();
    if (!said.includes('%')) return;
    said_.add(said);
    scheduler.postTask(() => words() === said && turns_.add(said), { priority: 'user-blocking' });
  }).observe(document.querySelector('#words-status'), { childList: true }), 1)`;
const watched = `[turns_.size, said_.size]`;
const hand = `document.querySelector('.hand')?.dataset.signature + ' ' + document.querySelector('.hand')?.textContent`;

describe('in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let asked: string[];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    });
  });
  afterAll(() => browser?.close());

  async function open(name: string): Promise<void> {
    await page?.context().close();
    const context = await browser.newContext({ offline: true });
    page = await context.newPage();
    asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pages.get(name)!);
  }

  const nothingAsked = () =>
    expect(asked.filter((url) => !url.startsWith('file:') && !url.startsWith('blob:'))).toEqual([]);

  test('the key in the file opens it: words, pictures, whose hand', async () => {
    await open('key');
    await page.waitForFunction(shown);
    expect(await page.title()).toBe(`A letter from ${from}`);
    expect(await page.evaluate(hand)).toContain(`signed ${from[0]?.toUpperCase()}Signed by ${from}`);
    expect(await page.evaluate(hand)).toContain(fingerprint);
    expect(await page.evaluate(`document.querySelectorAll('#letter figure').length`)).toBeGreaterThanOrEqual(
      3,
    );
    nothingAsked();
    if (!pictures) return;
    for (const scheme of ['light', 'dark'] as const) {
      for (const width of [390, 1280]) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize({ width, height: 900 });
        await page.screenshot({ path: join(pictures, `open-me-${width}-${scheme}.png`), fullPage: true });
      }
    }
  });

  test('the words open it; a wrong one is named, a short one written out', async () => {
    await open('words');
    const field = page.locator('#words');
    const list = words.split(' ');
    await field.fill(['qqqq', ...list.slice(1)].join(' '));
    await page.locator('button[type=submit]').click();
    await expect
      .poll(() => page.locator('#words-wrong').textContent())
      .toContain('The first word is not one of ours');
    await field.fill(list.toReversed().join(' '));
    await page.locator('button[type=submit]').click();
    await expect.poll(() => page.locator('#words-wrong').textContent()).toMatch(/not right|another one/);
    await field.fill('');
    const long = list.findIndex((word) => word.length > 4);
    await field.pressSequentially(`${list.slice(0, long).join(' ')} ${list[long]!.slice(0, 4)} `.trimStart());
    expect(await field.inputValue()).toContain(`${list[long]} `);
    await field.pressSequentially(
      list
        .slice(long + 1)
        .join(' ')
        .toUpperCase(),
    );
    if (pictures) {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.screenshot({ path: join(pictures, 'open-me-words-390.png'), fullPage: true });
    }
    await page.evaluate(watch);
    await page.locator('button[type=submit]').click();
    await page.waitForFunction(shown, undefined, { timeout: 60_000 });
    const [turns, steps] = (await page.evaluate(watched)) as [number, number];
    expect(turns).toBeGreaterThan(3);
    expect(steps).toBeGreaterThan(3);
    nothingAsked();
  });

  test('what is not signed, does not fit, is damaged or is another letter is said', async () => {
    await open('unsigned');
    expect(await page.evaluate(hand)).toContain('unsigned ?Not signed: be careful');
    await open('damaged');
    expect(await page.textContent('[role=alert]')).toContain('does not open');
    await open('another');
    expect(await page.textContent('[role=alert]')).toContain('another letter');
    await open('spanish');
    expect(await page.evaluate('document.documentElement.lang')).toBe('es');
    expect(await page.evaluate(hand)).toContain('broken ?La firma no corresponde');
    await page.getByRole('button', { name: 'English' }).click();
    expect(await page.evaluate(hand)).toContain('The signature does not fit');
    expect(await page.locator('#letter p').count()).toBeGreaterThan(0);
  });

  test('nothing in a hostile letter acts, and what is no picture gets no address', async () => {
    await open('hostile');
    await page.waitForFunction(shown);
    await page.locator('#letter').getByText('did not arrive whole').waitFor();
    expect(await page.textContent('#letter')).toMatch(/^Hellothere/);
    expect(await page.locator('#letter :is(img, a, script, iframe, [onclick])').count()).toBe(0);
    expect(await page.evaluate(`'ran' in globalThis`)).toBe(false);
    await open('empty');
    expect(await page.textContent('[role=alert]')).toContain('damaged');
  });

  test('no state of it puts up a barrier, narrow or wide, in light or in dark', async () => {
    const states: Record<string, () => Promise<void>> = {
      locked: () => open('words'),
      wrong: async () => {
        await open('words');
        await page.locator('#words').fill(['qqqq', ...words.split(' ').slice(1)].join(' '));
        await page.locator('button[type=submit]').click();
        await page.locator('#words-wrong').getByText('first word').waitFor();
      },
      open: async () => {
        await open('key');
        await page.waitForFunction(shown);
      },
      unsigned: () => open('unsigned'),
      outside: () => open('outside'),
      damaged: () => open('damaged'),
      spanish: () => open('spanish'),
    };
    const found: string[] = [];
    for (const [state, reach] of Object.entries(states)) {
      await reach();
      await page.evaluate(axe.source);
      for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) found.push(`${state}, ${width} wide: ${over} too wide`);
        for (const colorScheme of ['light', 'dark'] as const) {
          // Colours that are on their way from one scheme to the other are nobody's.
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          const at = `${state}, ${width} wide, ${colorScheme}`;
          for (const one of await barriers()) found.push(`${at}: ${one}`);
          if (!pictures || width === 320) continue;
          await page.screenshot({
            path: join(pictures, `${state}-${width}-${colorScheme}.png`),
            fullPage: true,
          });
        }
      }
    }
    expect(found).toEqual([]);
    // The search finds one that was put there.
    await page.evaluate(`document.querySelector('main').append(document.createElement('button'))`);
    expect(await barriers()).toEqual([expect.stringContaining('button-name')]);
  }, 120_000);

  /** What axe finds (WCAG 2.2 AA): the rule, and where. */
  const barriers = (): Promise<string[]> =>
    page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
        resultTypes: ['violations'],
      });
      return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${target.join(' ')}`));
    });

  test('a photo that is too large for the page is chosen from the folder', async () => {
    await open('outside');
    const before = await page.locator('#letter img').count();
    await page.setInputFiles('#media', join(vectors, 'rust-rich/media/003.age'));
    await expect.poll(() => page.textContent('[role=status]')).toBe('Photos shown: 1');
    expect(await page.locator('#letter figure[data-photo="003"]').count()).toBeGreaterThan(0);
    expect(before).toBeGreaterThanOrEqual(0);
  });

  test('its policy lets nothing out, whatever the page would try', async () => {
    await open('key');
    await page.context().setOffline(false);
    const before = heard;
    const tried = await page.evaluate(async (url) => {
      const out = await fetch(url).then(
        () => 'out',
        () => 'held',
      );
      const image = document.createElement('img');
      const loaded = new Promise((resolve) => {
        image.onload = () => resolve('out');
        image.onerror = () => resolve('held');
      });
      image.src = url;
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.body.append(image, script);
      return [out, await loaded, 'ran' in globalThis];
    }, elsewhere);
    expect(tried).toEqual(['held', 'held', false]);
    expect(heard).toBe(before);
    // A page without a policy is heard.
    const bare = join(folder, 'bare-chromium.html');
    await writeFile(bare, `<!doctype html><img src="${elsewhere}">`);
    await page.goto(pathToFileURL(bare).href);
    await expect.poll(() => heard).toBe(before + 1);
  });
});

describe.skipIf(!hasFirefox())('in Firefox', () => {
  let firefox: Firefox;
  beforeAll(async () => {
    firefox = await Firefox.begin();
  });
  afterAll(() => firefox?.end());

  const outward = () =>
    firefox.asked.filter((url) => !/^(file|blob|about|resource|chrome|moz-extension):/.test(url));

  test('the key in the file opens it, and nobody is asked for anything', async () => {
    await firefox.go(pages.get('key')!);
    await firefox.until(shown);
    expect(await firefox.evaluate<string>(hand)).toContain(fingerprint);
    expect(await firefox.evaluate<string>('document.title')).toBe(`A letter from ${from}`);
    expect(await firefox.evaluate<number>(drawn)).toBeGreaterThanOrEqual(0);
    expect(outward()).toEqual([]);
    if (!pictures) return;
    for (const width of [390, 1280]) {
      await firefox.size(width, 900);
      await firefox.picture(join(pictures, `open-me-firefox-${width}.png`));
    }
  });

  test('the words open it, in slices that leave the page alive', async () => {
    await firefox.go(pages.get('words')!);
    await firefox.evaluate(`document.querySelector('#words').focus()`);
    await firefox.type(words);
    expect(await firefox.evaluate<string>(`document.querySelector('#words').value`)).toBe(words);
    await firefox.evaluate(watch);
    await firefox.evaluate(`(document.querySelector('button[type=submit]').click(), 1)`);
    await firefox.until(shown, 120);
    const [turns, steps] = await firefox.evaluate<[number, number]>(watched);
    expect(turns).toBeGreaterThan(3);
    expect(steps).toBeGreaterThan(3);
    expect(await firefox.evaluate<string>(hand)).toContain('signed');
    expect(outward()).toEqual([]);
  });

  test('its policy holds there too, and this watch would have noticed', async () => {
    await firefox.go(pages.get('key')!);
    const tried = await firefox.evaluate<string>(`fetch('${elsewhere}').then(() => 'out', () => 'held')`);
    expect(tried).toBe('held');
    expect(outward()).toEqual([]);
    // A page without a policy does ask, and is seen asking.
    const bare = join(folder, 'bare.html');
    await writeFile(bare, `<!doctype html><img src="${elsewhere}">`);
    await firefox.go(pathToFileURL(bare).href).catch(() => {});
    await expect.poll(outward).toEqual([elsewhere]);
  });
});

test('the reader’s page is small until its letter is readable', async () => {
  const out = join(folder, 'dist');
  await build({ root: web, logLevel: 'error', build: { outDir: out, emptyOutDir: true } });
  const manifest = JSON.parse(await readFile(join(out, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    { file: string; imports?: string[]; css?: string[] }
  >;
  const files = new Set<string>();
  const take = (name: string): void => {
    const entry = manifest[name]!;
    if (files.has(entry.file)) return;
    for (const file of [entry.file, ...(entry.css ?? [])]) files.add(file);
    entry.imports?.forEach(take);
  };
  take('src/pages/reader/main.ts');
  take('src/ui/look.css');
  const { brotliCompressSync } = await import('node:zlib');
  let sum = 0;
  for (const file of files) {
    const bytes = await readFile(join(out, file));
    sum += brotliCompressSync(bytes).length;
    expect(bytes.toString('latin1').includes('zucchini'), `${file} carries the word list`).toBe(false);
  }
  expect(sum).toBeLessThanOrEqual(60 * 1024);
  // 'open-me' among the built files, when the author's pages take it.
  expect(sum).toBeGreaterThan(10 * 1024);
});
