// An answer arrives once, however often it is sent; what was changed is another one; and whatever goes wrong, it can be sent again.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFetch } from '../../api/request';
import type { Reply } from '../../seal/reply';
import { newId, NotSealed, Sender, Unreachable, type Written } from './send';

const written = (text = 'Dear Mum'): Written => ({
  answers: { letterId: 'bbbbbbbbbbbbbbbbbbbbbbbbbe', version: 1 },
  from: 'Dan',
  to: 'Helen',
  text,
  photos: [],
  language: 'en',
  photoWord: 'photo',
});

interface Came {
  url: string;
  body: string;
}

let came: Came[];
let sealed: Reply[];
/** What the house answers, one after the other; the last one stays. */
let answers: (() => Response | Promise<Response>)[];

const ok = () => new Response('{}', { status: 200, headers: { 'Content-Type': 'application/json' } });
const lost = () => Promise.reject(new TypeError('lost'));
const problem = (status: number, key: string) => () =>
  new Response(JSON.stringify({ key, title: 'No.', detail: 'Tomorrow.' }), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });

function sender(refuse?: 'bad-input'): Sender {
  let byte = 0;
  return new Sender('/waiting/x/reply', {
    seal: async (reply) => {
      sealed.push(reply);
      if (refuse) return { kind: 'refused', code: refuse };
      return { kind: 'sealed', bytes: new TextEncoder().encode(`sealed ${sealed.length} ${reply.text}`) };
    },
    chance: (bytes) => new Uint8Array(bytes).fill((byte += 1)),
    day: () => '2037-03-12',
  });
}

beforeEach(() => {
  came = [];
  sealed = [];
  answers = [ok];
  withFetch(async (url, init) => {
    came.push({ url: String(url), body: new TextDecoder().decode(init?.body as Uint8Array) });
    return (answers.length > 1 ? answers.shift()! : answers[0]!)();
  });
});

afterEach(() => withFetch((input, init) => globalThis.fetch(input, init)));

const steps: string[] = [];
const tell = (step: string) => void steps.push(step);

test('an id has 128 bits in 26 letters, and only such as the house writes', () => {
  expect(newId(() => new Uint8Array(16))).toBe('a'.repeat(26));
  expect(newId(() => new Uint8Array(16).fill(255))).toBe('7'.repeat(25) + '4');
  expect(newId((n) => crypto.getRandomValues(new Uint8Array(n)))).toMatch(/^[a-z2-7]{25}[aeimquy4]$/);
});

test('pressed three times at once, it is sealed once and sent once', async () => {
  const one = sender();
  await Promise.all([1, 2, 3].map(() => one.send(written(), tell)));
  expect(sealed).toHaveLength(1);
  expect(sealed[0]).toMatchObject({ day: '2037-03-12', text: 'Dear Mum' });
  expect(came).toEqual([{ url: `/waiting/x/reply?id=${sealed[0]!.id}`, body: 'sealed 1 Dear Mum' }]);
});

test('when the answer of the house was lost, the very same bytes go under the same id', async () => {
  answers = [lost, ok];
  const one = sender();
  await expect(one.send(written(), tell)).rejects.toBeInstanceOf(Unreachable);
  await one.send(written(), tell);
  expect(sealed).toHaveLength(1);
  expect(came[1]).toEqual(came[0]);
});

test('what was changed in between is another answer, and so is what comes after it', async () => {
  answers = [lost, ok];
  const one = sender();
  await expect(one.send(written(), tell)).rejects.toBeInstanceOf(Unreachable);
  await one.send(written('Dear Mum, and Dad'), tell);
  await one.send(written('Dear Mum, and Dad'), tell);
  expect(new Set(came.map(({ url }) => url)).size).toBe(3);
});

test('too many for a day is said, and the same answer can be sent tomorrow', async () => {
  answers = [problem(429, 'replies-too-many'), ok];
  const one = sender();
  await expect(one.send(written(), tell)).rejects.toMatchObject({ status: 429, title: 'No.' });
  await one.send(written(), tell);
  expect(came[1]).toEqual(came[0]);
});

test('a name that is taken is drawn anew, and not for ever', async () => {
  answers = [problem(409, 'changed-meanwhile'), ok];
  await sender().send(written(), tell);
  expect(new Set(came.map(({ url }) => url)).size).toBe(2);
  answers = [problem(409, 'changed-meanwhile')];
  await expect(sender().send(written(), tell)).rejects.toMatchObject({ status: 409 });
});

test('what does not seal is not sent', async () => {
  await expect(sender('bad-input').send(written(), tell)).rejects.toBeInstanceOf(NotSealed);
  expect(came).toEqual([]);
});
