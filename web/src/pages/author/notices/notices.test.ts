// What shows notices: one for each, whatever came; a press leads to a page of this house and nowhere else.

import { describe, expect, test } from 'vitest';
import { listen, type Worker } from './notices';

const ORIGIN = 'https://letters.example.org';
type Heard = Parameters<Parameters<Worker['addEventListener']>[1]>[0];

function worker() {
  const shown: { title: string; how: Record<string, unknown> }[] = [];
  const opened: string[] = [];
  const heard = new Map<string, (event: Heard) => void>();
  listen({
    location: { origin: ORIGIN },
    registration: {
      showNotification: async (title, how) => void shown.push({ title, how }),
    },
    clients: { openWindow: async (url) => void opened.push(url) },
    skipWaiting: async () => undefined,
    addEventListener: (what, then) => void heard.set(what, then),
  });
  const happens = async (what: string, more: Partial<Heard>): Promise<void> => {
    const waits: Promise<unknown>[] = [];
    heard.get(what)?.({ waitUntil: (done) => void waits.push(done), ...more });
    await Promise.all(waits);
    if (waits.length !== 1) throw new Error('it has to be waited for');
  };
  const push = (text: string | null) =>
    happens('push', { data: text === null ? null : { text: () => text } });
  return { shown, opened, heard, happens, push };
}

const said = (link: string) =>
  JSON.stringify({ id: 'abc', lang: 'en', title: 'Unsaid', text: 'Something from Unsaid needs you.', link });

describe('a notice', () => {
  test('is shown as it was said, and once however often it comes', async () => {
    const { shown, push } = worker();
    await push(said(`${ORIGIN}/well/abc`));
    expect(shown).toEqual([
      {
        title: 'Unsaid',
        how: {
          body: 'Something from Unsaid needs you.',
          lang: 'en',
          tag: 'abc',
          icon: '/favicon.svg',
          data: `${ORIGIN}/well/abc`,
        },
      },
    ]);
  });

  test('that cannot be read is shown all the same, and leads home', async () => {
    for (const text of [null, '', 'null', '{', '[]', '{"title":1}', '"words"']) {
      const { shown, push } = worker();
      await push(text);
      expect(shown).toHaveLength(1);
      expect(shown[0]?.how['data']).toBe(`${ORIGIN}/`);
    }
  });

  test('leads to this house and nowhere else', async () => {
    for (const link of [
      'https://letters.example.org.evil.example/',
      '//evil.example/',
      'javascript:alert(1)',
      'https://letters.example.org@evil.example/',
      'http://letters.example.org/',
    ]) {
      const { shown, push, happens, opened } = worker();
      await push(said(link));
      expect(shown[0]?.how['data']).toBe(`${ORIGIN}/`);
      await happens('notificationclick', { notification: { close: () => undefined, data: link } });
      expect(opened).toEqual([`${ORIGIN}/`]);
    }
  });

  test('that is pressed is put away and opens its page', async () => {
    const { happens, opened } = worker();
    let closed = 0;
    const notification = { close: () => void (closed += 1), data: `${ORIGIN}/well/abc` };
    await happens('notificationclick', { notification });
    expect([closed, opened]).toEqual([1, [`${ORIGIN}/well/abc`]]);
  });

  test('is all that it hears of', () => {
    expect([...worker().heard.keys()]).toEqual(['install', 'push', 'notificationclick']);
  });
});
