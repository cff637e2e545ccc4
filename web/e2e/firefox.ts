// Drives Debian's own firefox-esr over WebDriver BiDi (W3C), for the pages that must work there. A small client: it begins a
// browser with a profile of its own and a proxy that leads nowhere, so that nothing it does can reach a network.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const FIREFOX = '/usr/bin/firefox-esr';
export const hasFirefox = (): boolean => existsSync(FIREFOX);

/** Quiet, without any service of its maker; every address but this machine's own goes to a proxy that is not there. */
const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  'app.update.auto': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.proxy.allow_hijacking_localhost': true,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.type': 1,
  'remote.active-protocols': 1,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
};

/** A message of BiDi, in either direction. */
interface Message {
  readonly id?: number;
  readonly type?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: string;
  readonly message?: string;
}

/** As much of WebSocket (RFC 6455) as a client of one server needs: Node 20 has none of its own. */
class Socket {
  #buffer = Buffer.alloc(0);
  #pieces: Buffer[] = [];

  private constructor(
    private readonly stream: Duplex,
    private readonly hear: (text: string) => void,
  ) {
    stream.on('data', (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#read();
    });
    stream.on('error', () => {});
  }

  static open(address: string, hear: (text: string) => void): Promise<Socket> {
    const url = new URL(address);
    return new Promise((resolve, reject) => {
      const asked = request({
        host: url.hostname,
        port: url.port,
        path: url.pathname,
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
        },
      });
      asked.on('upgrade', (_, stream) => resolve(new Socket(stream, hear)));
      asked.on('response', (answer) => reject(new Error(`no WebSocket: ${answer.statusCode}`)));
      asked.on('error', reject);
      asked.end();
    });
  }

  #read(): void {
    for (;;) {
      const bytes = this.#buffer;
      if (bytes.length < 2) return;
      let [length, at] = [bytes[1]! & 127, 2];
      if (length === 126) {
        if (bytes.length < 4) return;
        [length, at] = [bytes.readUInt16BE(2), 4];
      } else if (length === 127) {
        if (bytes.length < 10) return;
        [length, at] = [Number(bytes.readBigUInt64BE(2)), 10];
      }
      if (bytes.length < at + length) return;
      const payload = bytes.subarray(at, at + length);
      const [last, kind] = [(bytes[0]! & 128) !== 0, bytes[0]! & 15];
      this.#buffer = bytes.subarray(at + length);
      if (kind === 9) this.#frame(10, payload);
      if (kind > 2) continue;
      this.#pieces.push(payload);
      if (!last) continue;
      this.hear(Buffer.concat(this.#pieces).toString('utf8'));
      this.#pieces = [];
    }
  }

  send(text: string): void {
    this.#frame(1, Buffer.from(text, 'utf8'));
  }

  #frame(kind: number, payload: Buffer): void {
    const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65536 ? 4 : 10);
    head[0] = 128 | kind;
    head[1] = 128 | (head.length === 2 ? payload.length : head.length === 4 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(payload.length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
    const mask = randomBytes(4);
    this.stream.write(Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4]!)]));
  }

  close(): void {
    this.stream.destroy();
  }
}

/** One browser with one page. */
export class Firefox {
  /** The addresses that the page asked for, in their order; those of files too. */
  readonly asked: string[] = [];
  /** What the page's console said that is an error or a warning. */
  readonly complaints: string[] = [];
  #socket!: Socket;
  #next = 0;
  readonly #waiting = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  #context = '';

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async begin(): Promise<Firefox> {
    const folder = await mkdtemp(join(tmpdir(), 'unsaid-firefox-'));
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    );
    await writeFile(join(folder, 'user.js'), lines.join('\n'));
    const child = spawn(
      FIREFOX,
      ['--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', folder, 'about:blank'],
      {
        env: { ...process.env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: '1' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const browser = new Firefox(child, folder);
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr!.on('data', (bytes: Buffer) => {
        said += bytes.toString('utf8');
        const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
        if (found) resolve(found[1]!);
      });
      child.on('exit', () => reject(new Error(`firefox ended: ${said.slice(-500)}`)));
      setTimeout(() => reject(new Error('firefox did not begin')), 60_000).unref();
    });
    browser.#socket = await Socket.open(`${address}/session`, (text) =>
      browser.#hear(JSON.parse(text) as Message),
    );
    await browser.send('session.new', { capabilities: {} });
    const tree = (await browser.send('browsingContext.getTree', {})) as { contexts: { context: string }[] };
    browser.#context = tree.contexts[0]!.context;
    await browser.send('session.subscribe', { events: ['network.beforeRequestSent', 'log.entryAdded'] });
    return browser;
  }

  #hear(message: Message): void {
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (waiting) {
      this.#waiting.delete(message.id!);
      if (message.type === 'error') waiting.reject(new Error(`${message.error}: ${message.message}`));
      else waiting.resolve(message.result ?? {});
      return;
    }
    const params = (message.params ?? {}) as {
      context?: string;
      request?: { url: string };
      level?: string;
      text?: string;
    };
    if (message.method === 'network.beforeRequestSent' && params.request) this.asked.push(params.request.url);
    if (message.method === 'log.entryAdded' && params.level !== 'info' && params.level !== 'debug') {
      this.complaints.push(params.text ?? '');
    }
  }

  send(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  async go(url: string): Promise<void> {
    await this.send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
  }

  /** The value of an expression in the page, as JSON carries it. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = (await this.send('script.evaluate', {
      expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value) ?? 'null')`,
      target: { context: this.#context },
      awaitPromise: true,
    })) as { type: string; result?: { value: string }; exceptionDetails?: { text: string } };
    if (answer.type !== 'success') throw new Error(answer.exceptionDetails?.text ?? 'the page threw');
    return JSON.parse(answer.result!.value) as T;
  }

  /** Until the expression is true. */
  async until(expression: string, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await this.evaluate<boolean>(`!!(${expression})`))) {
      if (Date.now() > end) throw new Error(`never true: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Typed key by key into what has the focus. */
  async type(text: string): Promise<void> {
    const keys = [...text].flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await this.send('input.performActions', {
      context: this.#context,
      actions: [{ type: 'key', id: 'keyboard', actions: keys }],
    });
  }

  async size(width: number, height: number): Promise<void> {
    await this.send('browsingContext.setViewport', { context: this.#context, viewport: { width, height } });
  }

  async picture(path: string): Promise<void> {
    const answer = (await this.send('browsingContext.captureScreenshot', {
      context: this.#context,
      origin: 'document',
    })) as { data: string };
    await writeFile(path, Buffer.from(answer.data, 'base64'));
  }

  async end(): Promise<void> {
    this.#socket?.close();
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
