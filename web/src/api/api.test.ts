// The room that talks to the house: every failure is a Problem or Unreachable, and an upload goes on where it stopped.

import { beforeEach, describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from './bytes';
import * as api from './index';
import { withFetch } from './request';

interface Seen {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

let seen: Seen[] = [];
let reached: boolean[] = [];

function house(answer: (asked: Seen) => Response | Promise<Response>): void {
  withFetch(async (input, init) => {
    const asked = {
      method: init?.method ?? 'GET',
      path: String(input),
      headers: new Headers(init?.headers),
      body: init?.body ?? null,
    };
    seen.push(asked);
    return answer(asked);
  });
}

const json = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json' } });
const problem = (status: number, value: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
  });

beforeEach(() => {
  seen = [];
  reached = [];
  api.hearReach((yes) => reached.push(yes));
});

describe('what the house refuses', () => {
  test('comes as a problem with its sentences and fields', async () => {
    const said = { status: 422, title: 'What happened.', detail: 'What to do.', key: 'address-without-at' };
    house(() => problem(422, { ...said, fields: { email: 'No @. Look again.' } }));
    const failure = await api.askForCode('nobody').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(api.Problem);
    expect(failure).toMatchObject({ ...said, fields: { email: 'No @. Look again.' }, retryAfter: null });
    expect(api.isProblem(failure, 'address-without-at')).toBe(true);
    expect(api.isProblem(failure, 'another')).toBe(false);
    expect(reached).toEqual([true]);
  });

  test('says how long to wait', async () => {
    house(() => problem(429, { key: 'too-many' }, { 'Retry-After': '600' }));
    expect(await api.giveCode('12345678').catch((error: unknown) => error)).toMatchObject({
      retryAfter: 600,
    });
  });

  test('is a problem even when its document is malformed', async () => {
    house(() => problem(422, { title: 7, fields: { email: 1 } }));
    expect(await api.account().catch((error: unknown) => error)).toMatchObject({ title: '', fields: {} });
  });
});

describe('a house out of reach', () => {
  test.each([
    ['no network', () => Promise.reject(new TypeError('failed to fetch'))],
    ['a proxy in front of a house that is off', () => new Response('<h1>502</h1>', { status: 502 })],
    ['an answer that ends in its middle', () => new Response('{"letters": [', { status: 200 })],
    [
      'a refusal that ends in its middle',
      () => new Response('{', { status: 500, headers: { 'Content-Type': 'application/problem+json' } }),
    ],
  ])('%s', async (_, answer) => {
    house(answer as () => Response);
    await expect(api.letters()).rejects.toBeInstanceOf(api.Unreachable);
  });

  test('is told to whoever listens', async () => {
    house(() => Promise.reject(new TypeError('failed to fetch')));
    await api.house().catch(() => {});
    expect(reached).toEqual([false]);
  });
});

test('every request carries our header, and bytes go as bytes', async () => {
  house(() => json({ rev: 8 }));
  expect(await api.putVault(new Uint8Array([1, 2]), '"7"')).toBe('"8"');
  const [asked] = seen;
  expect(asked?.headers.get('Unsaid-Request')).toBe('1');
  expect(asked?.headers.get('If-Match')).toBe('"7"');
  expect(asked?.headers.get('Content-Type')).toBe('application/octet-stream');
});

test('a day is asked for with its zone', async () => {
  house(() => json({}));
  await api.when({ kind: 'on', date: '2037-03-12', time: '09:00', zone: 'Europe/Lisbon' }, 7);
  expect(seen[0]?.path).toBe('/api/when?moment=on&rest=7&date=2037-03-12&time=09%3A00&zone=Europe%2FLisbon');
});

describe('an upload', () => {
  const CHUNK = 2 * 1024 * 1024;
  const part = (size: number) => ({
    name: 'letter.age',
    kind: 'letter' as const,
    sha256: 'a'.repeat(64),
    bytes: new Uint8Array(size).fill(7),
  });

  /** A house that stores chunks, and can be told to lose the answer to one. */
  function storing(options: { already?: number; loseAt?: number; damage?: number } = {}) {
    let stored = options.already ?? 0;
    let damage = options.damage ?? 0;
    let lost = false;
    house(({ method, path, body }) => {
      if (path.endsWith('/uploads')) return json({ upload: 'up', offset: stored });
      if (method === 'GET') return json({ offset: stored, size: 0 });
      const offset = Number(new URL(path, 'http://x').searchParams.get('offset'));
      if (offset !== stored) return problem(409, { key: 'offset', offset: stored });
      stored += (body as Uint8Array).length;
      if (options.loseAt === offset && !lost) {
        lost = true;
        return Promise.reject(new TypeError('lost'));
      }
      if (damage > 0) {
        damage -= 1;
        stored = 0;
        return problem(422, { key: 'damaged-on-the-way' });
      }
      return json({ offset: stored });
    });
    return () => stored;
  }

  test('goes in chunks and tells how far it is', async () => {
    const stored = storing();
    const told: number[] = [];
    await api.upload('letter', 1, part(2 * CHUNK + 5), (arrived) => told.push(arrived));
    expect(stored()).toBe(2 * CHUNK + 5);
    expect(told).toEqual([0, CHUNK, 2 * CHUNK, 2 * CHUNK + 5]);
  });

  test('goes on where an earlier attempt stopped', async () => {
    storing({ already: CHUNK });
    await api.upload('letter', 1, part(CHUNK + 9));
    expect(seen.filter(({ method }) => method === 'PUT').map(({ path }) => path)).toEqual([
      `/api/uploads/up?offset=${CHUNK}`,
    ]);
  });

  test('a lost answer is Unreachable, and the next attempt does not send the chunk again', async () => {
    const stored = storing({ loseAt: 0 });
    await expect(api.upload('letter', 1, part(CHUNK + 9))).rejects.toBeInstanceOf(api.Unreachable);
    seen = [];
    await api.upload('letter', 1, part(CHUNK + 9));
    expect(stored()).toBe(CHUNK + 9);
    expect(seen.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  test('begins again when it was damaged on its way, and not for ever', async () => {
    const stored = storing({ damage: 2 });
    await api.upload('letter', 1, part(9));
    expect(stored()).toBe(9);
    storing({ damage: 99 });
    await expect(api.upload('letter', 1, part(9))).rejects.toMatchObject({ key: 'damaged-on-the-way' });
  });
});

test('bytes in JSON are base64url without padding', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  expect(toBase64Url(new Uint8Array([251, 255]))).toBe('-_8');
  expect(() => fromBase64Url('-_8=')).toThrow();
});
