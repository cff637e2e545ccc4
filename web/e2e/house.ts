// A house for the browser stories: the town's program in a folder of its own, on a free port, with a clock that is moved, and one Chromium. Every page
// that it opens is watched: an error in a page, a word on its console, or a request to anybody but this house fails the story.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { called, saying, tongue } from './tongue';

export const programs =
  process.env['UNSAID_TEST_PROGRAMS'] ?? resolve(import.meta.dirname, '../../target/debug');

/** The flags with which Debian's Chromium runs as root, without a screen, and asks nobody outside. */
export const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** A port of this machine at which nobody listens. */
export async function freePort(): Promise<number> {
  return new Promise((given, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? given(address.port) : failed(new Error('no port')),
      );
    });
  });
}

/** Waits until something is there; fails after a minute. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tried = 0; tried < 600; tried += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((rested) => setTimeout(rested, 100));
  }
  throw new Error(`after a minute there was no ${what}`);
}

export class House {
  readonly folder = mkdtempSync(join(tmpdir(), 'unsaid-story-'));
  port = 0;
  /** Everything that the program printed, from all its starts. */
  said = '';
  private program: ChildProcess | undefined;

  private constructor(private readonly settings: Readonly<Record<string, string>>) {}

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<House> {
    const house = new House(settings);
    house.port = await freePort();
    await house.start();
    return house;
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  /** What every start and every command of this house is told. */
  private get environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      UNSAID_DATA: join(this.folder, 'data'),
      UNSAID_LISTEN: `127.0.0.1:${this.port}`,
      UNSAID_PUBLIC_URL: this.origin,
      UNSAID_HOUSE_NAME: 'the house of the stories',
      UNSAID_ZONE: 'Europe/London',
      // However full the disk is that the stories run on.
      UNSAID_LEAST_FREE: '0',
      UNSAID_RESERVE_MIB: '0',
      // Years go by here, in which nobody is to be asked for a backup every week.
      UNSAID_BACKUP_DAYS: '0',
      ...this.settings,
    };
  }

  /** `unsaid` with these words beside the open house, with this typed to it. Gives all that it said. */
  command(words: readonly string[], typed = ''): string {
    const { environment: env } = this;
    const done = spawnSync(join(programs, 'unsaid-town'), ['command', ...words], { env, input: typed });
    return `${done.stdout.toString()}${done.stderr.toString()}`;
  }

  /** Opens it, with these settings beside its own until it is stopped. */
  async start(also: Readonly<Record<string, string>> = {}): Promise<void> {
    const env = { ...this.environment, ...also };
    const program = spawn(join(programs, 'unsaid-town'), ['--empty'], { env });
    this.program = program;
    const hear = (words: Buffer) => (this.said += words.toString());
    program.stdout.on('data', hear);
    program.stderr.on('data', hear);
    await until('open house', async () => {
      if (program.exitCode !== null) throw new Error(`the town ended: ${this.said}`);
      const answer = await fetch(`${this.origin}/healthz`).catch(() => undefined);
      return answer?.ok === true ? true : undefined;
    });
  }

  /** The link that makes the first account. */
  async firstLink(): Promise<string> {
    return until('first link', () => /http\S+\/begin\/\S+/.exec(this.said)?.[0]);
  }

  /** Power off, without a word of warning. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const program = this.program;
    if (program === undefined || program.exitCode !== null) return;
    const ended = new Promise((done) => program.once('exit', done));
    program.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Stops the program and leaves its folder. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** The power is off for so many days. */
  async off(days: number): Promise<void> {
    const answer = await fetch(`${this.origin}/town/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.origin },
      body: JSON.stringify({ by: Math.round(days * 86_400), as: 'off' }),
    });
    if (!answer.ok) throw new Error(`the power was not cut: ${await answer.text()}`);
  }

  /** Time passes while the house serves. */
  async live(days: number): Promise<void> {
    let left = Math.round(days * 86_400);
    while (left > 0) {
      const by = Math.min(left, 300 * 86_400);
      const answer = await fetch(`${this.origin}/town/advance`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: this.origin },
        body: JSON.stringify({ by, as: 'lived' }),
      });
      if (!answer.ok) throw new Error(`the clock was not moved: ${await answer.text()}`);
      left -= by;
    }
  }

  /** The town's trusted time. */
  async now(): Promise<Date> {
    const answer = await fetch(`${this.origin}/town/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.origin },
      body: JSON.stringify({ by: 0, as: 'lived' }),
    });
    return new Date(((await answer.json()) as { trusted: string }).trusted);
  }

  /**
   * Lives until a moment, given as an instant. The town's clock goes on by itself while it is moved, and years take a minute: the last day is lived for
   * itself, so that the moment is missed by seconds and not by minutes.
   */
  async liveUntil(instant: string): Promise<void> {
    const days = async () => (new Date(instant).getTime() - (await this.now()).getTime()) / 86_400_000;
    await this.live(Math.max(0, (await days()) - 1));
    await this.live(Math.max(0, await days()));
  }

  /** All messages that left, the newest first: their text as a mail program shows it. */
  async outbox(): Promise<string[]> {
    const list = await (await fetch(`${this.origin}/outbox`)).text();
    const names = [...new Set([...list.matchAll(/\/outbox\/[^"]+/g)].map((found) => found[0]))];
    const read = names.map(async (name) => (await fetch(`${this.origin}${name}`)).text());
    return (await Promise.all(read)).map((page) =>
      page.replace(/<[^>]*>/g, ' ').replace(/&nbsp;|\u00a0/g, ' '),
    );
  }

  /** The link to such a page in the newest message to them that has these words in it. */
  async newest(to: string, path: string, says = ''): Promise<string> {
    const found = new RegExp(`http://localhost:\\d+/${path}/[\\w-]{43}`);
    return until(`message to ${to}`, async () => {
      const message = (await this.outbox()).find(
        (one) => one.includes(to) && one.includes(says) && found.test(one),
      );
      return message && found.exec(message)?.[0];
    });
  }

  /** The knocks among them. */
  async knocks(): Promise<string[]> {
    return (await this.outbox()).filter((message) => /\/k\/[\w-]{43}/.test(message));
  }
}

/** Presses a button of a page without scripts, where each of them leads to another page, and waits for that page. */
export async function pressOn(page: Page, name: string): Promise<void> {
  await Promise.all([
    page.waitForEvent('framenavigated'),
    page.getByRole('button', { name, exact: true }).click(),
  ]);
}

/** The sheet of the writing page, when it can be written on. */
export const SHEET = '#letter[contenteditable=true]';

/** Puts these words on the sheet in place of what stands there, as a paste does: paragraphs at empty lines. */
export async function putIn(page: Page, text: string): Promise<void> {
  await page.waitForSelector(SHEET);
  await page.focus(SHEET);
  await page.keyboard.press('ControlOrMeta+A');
  await page.evaluate((words) => {
    const data = new DataTransfer();
    data.setData('text/plain', words);
    const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.querySelector('#letter')?.dispatchEvent(paste);
  }, text);
}

/** The words on the sheet: an empty line between paragraphs. */
export const onSheet = (page: Page): Promise<string> =>
  page.$$eval('#letter > *', (blocks) =>
    blocks.map((block) => (block as HTMLElement).innerText.replace(/\n$/, '')).join('\n\n'),
  );

/** The address in a knock; fails where there is none. */
export function linkIn(knock: string): string {
  const [link] = /http:\/\/localhost:\d+\/k\/[\w-]{43}/.exec(knock) ?? [];
  if (link === undefined) throw new Error(`there is no link of a knock in: ${knock || 'nothing'}`);
  return link;
}

export class Window {
  private constructor(
    readonly house: House,
    readonly context: BrowserContext,
    readonly page: Page,
    /** What went wrong in any of its pages. */
    readonly wrong: string[],
  ) {}

  static async open(house: House, browser: Browser, width = 390): Promise<Window> {
    const context = await browser.newContext({
      viewport: { width, height: 844 },
      locale: tongue === 'es' ? 'es-ES' : 'en-GB',
      timezoneId: 'Europe/Lisbon',
    });
    context.setDefaultTimeout(60_000);
    const wrong: string[] = [];
    context.on('page', (page) => {
      page.on('pageerror', (error) => wrong.push(`error in ${page.url()}: ${error.message}`));
      page.on('console', (message) => {
        // Chromium writes down every refused request; being signed out, wrong words and a broken connection are part of the stories.
        const refused = /Failed to load resource/.test(message.text());
        if (message.type() === 'error' && !refused) wrong.push(`console of ${page.url()}: ${message.text()}`);
      });
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(house.origin) && !url.startsWith('data:') && !url.startsWith('blob:'))
          wrong.push(`asked ${url}`);
      });
    });
    return new Window(house, context, await context.newPage(), wrong);
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name: called(name), exact: true }).click();
  }

  async follow(name: string): Promise<void> {
    await this.page
      .getByRole('link', { name: called(name), exact: true })
      .first()
      .click();
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  /** What the pages in this window ask the house, in its session: JSON, or bytes. */
  async asks<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const { origin } = this.house;
    const bytes = body instanceof Uint8Array;
    const kind = bytes ? 'application/octet-stream' : 'application/json';
    const answer = await this.context.request.fetch(`${origin}${path}`, {
      method,
      headers: { 'unsaid-request': '1', origin, ...(body === undefined ? {} : { 'content-type': kind }) },
      ...(body === undefined ? {} : { data: bytes ? Buffer.from(body) : JSON.stringify(body) }),
    });
    return { status: answer.status(), body: (await answer.json()) as T };
  }

  /** The code of the newest message that has one. */
  async code(): Promise<string> {
    const before = Window.used.get(this.house) ?? new Set<string>();
    Window.used.set(this.house, before);
    return until('code in the outbox', async () => {
      for (const message of await this.house.outbox()) {
        const found = /\b(\d{4}) (\d{4})\b/.exec(message);
        if (found && /code|código/i.test(message) && !before.has(found[0])) {
          before.add(found[0]);
          return found[0];
        }
      }
      return undefined;
    });
  }

  private static readonly used = new Map<House, Set<string>>();

  /** Makes an account from a link, as somebody does who reads every page. Gives the six words. */
  async begin(link: string, email: string, name: string): Promise<string[]> {
    const { page } = this;
    await page.goto(link);
    await page.fill('#email', email);
    await this.press('Send me the code');
    await page.waitForSelector('#code');
    await page.fill('#code', await this.code());
    await this.press('Go on');
    await page.fill('#name', name);
    await page.check('#mine');
    await this.press('Next: six words on paper');
    await page.waitForSelector('.words li');
    const words = await page.$$eval('.words li', (items) => items.map((item) => item.textContent ?? ''));
    await this.press('I have written them down');
    const places = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'].map(saying);
    for (const field of ['#first', '#second']) {
      const label = await page.locator(`label[for="${field.slice(1)}"]`).innerText();
      await page.fill(field, words[places.findIndex((place) => label.search(place) >= 0)] ?? '');
    }
    await this.press('Make my account');
    await page.waitForSelector('#kit', { timeout: 60_000 });
    return words;
  }

  /** Signs in on a device that does not know her, and unlocks. */
  async signIn(email: string, words: string[]): Promise<void> {
    const { page } = this;
    await page.goto(`${this.house.origin}/sign-in`);
    await page.fill('#email', email);
    await this.press('Send me the code');
    await page.waitForSelector('#code');
    await page.fill('#code', await this.code());
    await this.press('Go on');
    await page.waitForSelector('#words');
    await page.fill('#words', words.join(' '));
    await this.press('Open my letters');
    await page.waitForURL(/letters$/, { timeout: 60_000 });
  }

  /** Unlocks where she is still signed in. */
  async unlock(words: string[]): Promise<void> {
    const { page } = this;
    await page.goto(`${this.house.origin}/unlock`);
    await page.fill('#words', words.join(' '));
    await this.press('Open my letters');
    await page.waitForURL(/letters$/, { timeout: 60_000 });
  }

  /** To a blank page, by her own way through the pages. */
  async blank(): Promise<void> {
    const { page } = this;
    if ((await page.getByRole('link', { name: called('Write a letter'), exact: true }).count()) === 0) {
      await page
        .getByRole('link', { name: tongue === 'es' ? /^(Cartas|Sus cartas)$/ : /^(Letters|Your letters)$/ })
        .first()
        .click();
    }
    await this.follow('Write a letter');
    await page.waitForSelector(SHEET);
  }

  /** Writes on the blank page and goes on to the question for whom. */
  async write(title: string, text: string): Promise<void> {
    // By her own way through the pages: opening the address anew would lock what she has unlocked.
    await this.blank();
    await putIn(this.page, text);
    await this.page.fill('#title', title);
    await this.follow('Next: for whom, and when');
    await this.page.waitForSelector('#who-new');
  }

  /** Names somebody new to write to. */
  async forSomebodyNew(name: string, address: string): Promise<void> {
    await this.page.check('#who-new');
    await this.page.fill('#name', name);
    await this.page.fill('#address', address);
  }

  /** From the question when to the sealed letter, with nothing asked before it opens. Gives what the page said about the day. */
  async seal(): Promise<string> {
    const { page } = this;
    await page.waitForFunction(() => (document.querySelector('.so')?.textContent ?? '').trim().length > 10);
    const so = ((await page.textContent('.so')) ?? '').replace(/\s+/g, ' ').trim();
    await this.press('Next: who can open it');
    await page.waitForSelector('#key-house');
    await page.check('#key-house');
    await page.check('#proof-none');
    await this.press('Seal the letter');
    await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
    await page.waitForSelector('.line');
    return so;
  }

  /** A letter that leaves at once, to somebody new or (`known`) to one of her people. */
  async sealAtOnce(name: string, known: boolean): Promise<void> {
    const { page } = this;
    await this.write(`To ${name}`, `Dear ${name},\n\nthere was no shift.`);
    if (known) await page.getByRole('radio', { name }).check();
    else await this.forSomebodyNew(name, `${name.toLowerCase()}@example.org`);
    await page.check('#when-at-once');
    await page.locator('summary', { hasText: 'How long' }).click();
    await page.check('#rest-none');
    await this.seal();
  }

  /** The words of the page, without its frame. */
  async told(): Promise<string> {
    return ((await this.page.innerText('main')) ?? '').replace(/\s+/g, ' ').trim();
  }
}

export async function browser(): Promise<Browser> {
  return chromium.launch(CHROMIUM);
}
