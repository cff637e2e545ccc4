// The frozen letters of both formats open in a real browser, by the same check that runs in Node. The bundle goes to a temporary folder; nothing leaves loopback.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const web = fileURLToPath(new URL('..', import.meta.url));
const vectors = fileURLToPath(new URL('../../vectors/', import.meta.url));

let folder: string;
let server: Server;
let browser: BrowserContext;
let page: Page;
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unsaid-vectors-'));
  const entry = {
    check: join(web, 'src/seal/vectors.check.ts'),
    second: join(web, 'src/seal/vectors-v2.check.ts'),
  };
  for (const [name, file] of Object.entries(entry)) {
    await build({
      configFile: false,
      logLevel: 'error',
      root: web,
      build: {
        outDir: join(folder, 'bundle'),
        emptyOutDir: false,
        lib: { entry: file, formats: ['es'], fileName: () => `${name}.js` },
      },
    });
  }

  server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = /^\/v[12]\//.test(path) ? join(vectors, path) : join(folder, path);
    if (path === '/') {
      response.setHeader('content-type', 'text/html');
      response.setHeader(
        'content-security-policy',
        "default-src 'none'; script-src 'self'; connect-src 'self'",
      );
      response.end('<!doctype html><title>vectors</title><script type="module" src="/start.js"></script>');
      return;
    }
    if (path.endsWith('.js')) response.setHeader('content-type', 'text/javascript');
    if (path === '/start.js') {
      response.end(
        "import * as check from '/bundle/check.js'; import * as second from '/bundle/second.js'; Object.assign(globalThis, { check, second });",
      );
      return;
    }
    readFile(file).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  page = await browser.newPage();
  page.on('request', (request) => asked.push(new URL(request.url()).hostname));
  await page.goto(`http://127.0.0.1:${address.port}/`);
  await page.waitForFunction(() => 'check' in globalThis);
});

afterAll(async () => {
  await browser?.close();
  await new Promise<void>((closed) => (server ? server.close(() => closed()) : closed()));
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Runs the check in the page; `spoil` names a file of which one bit is changed on its way. */
function openInBrowser(spoil: string | null): Promise<string[]> {
  return page.evaluate(async (spoil) => {
    const { check } = globalThis as unknown as { check: typeof import('../src/seal/vectors.check') };
    const read = async (path: string): Promise<Uint8Array> => {
      const response = await fetch(`/v1/${path}`);
      if (!response.ok) throw new Error(`no ${path}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    return check.openVectors(spoil === null ? read : check.spoiled(read, spoil));
  }, spoil);
}

test('every frozen letter opens in Chromium, and what must be refused is refused', async () => {
  const said = await openInBrowser(null);
  expect(said.filter((line) => line.endsWith(': opened'))).toEqual([
    'rust-short: opened',
    'rust-long: opened',
    'ts-short: opened',
    'ts-long: opened',
    'rust-unlock: opened',
    'ts-unlock: opened',
  ]);
  expect(said).toContain('refused/replayed-letter.age: wrong-binding');
});

test('the check in Chromium fails when one bit of a letter is changed', async () => {
  await expect(openInBrowser('ts-short/letter.age')).rejects.toThrow('damaged');
  await expect(openInBrowser('ts-short/text.txt')).rejects.toThrow('the letter composes to the same bytes');
});

test('every frozen letter of the second format opens in Chromium, and what must be refused is refused', async () => {
  const said = await page.evaluate(() => {
    const { second } = globalThis as unknown as { second: typeof import('../src/seal/vectors-v2.check') };
    return second.openVectorsV2(async (path) => {
      const response = await fetch(`/${path}`);
      if (!response.ok) throw new Error(`no ${path}`);
      return new Uint8Array(await response.arrayBuffer());
    });
  });
  for (const folder of ['rust-rich', 'ts-rich', 'rust-words', 'ts-words']) {
    expect(
      said.some((line) => line.startsWith(`${folder}: opened`)),
      folder,
    ).toBe(true);
  }
  expect(said).toContain('v2/refused/media-replaced.age: damaged');
});

test('nobody but loopback was asked for anything', () => {
  expect(new Set(asked)).toEqual(new Set(['127.0.0.1']));
});
