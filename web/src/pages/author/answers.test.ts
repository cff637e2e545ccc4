// Answers as their author sees them: called by whom she knows, once her letters are open; by the day alone before that; the newest first; and
// opened in the room with the keys as the answer to the letter that the house says, or not at all.

import { afterEach, expect, test } from 'vitest';
import { replies, replySeen } from '../../api';
import { withFetch } from '../../api/request';
import { sealReply } from '../../seal/reply';
import { makeHand } from './keys/hand';
import type { Asked, AskedName, Told } from './keys/questions';
import { answerName, whoAnswered } from './answers';
import { changed, SELF, vaultText, type Records } from './vault';

const LETTER = 'bbbbbbbbbbbbbbbbbbbbbbbbbe';
const PERSON = 'ccccccccccccccccccccccccce';
const ID = 'aaaaaaaaaaaaaaaaaaaaaaaaae';
const row = (id: string, day: string) => ({ id, letter: LETTER, person: PERSON, day, seen: false, size: 9 });

afterEach(() => withFetch((input, init) => globalThis.fetch(input, init)));

const answering = (body: unknown): string[] => {
  const asked: string[] = [];
  withFetch(async (url, init) => {
    asked.push(`${init?.method} ${String(url)}`);
    return new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } });
  });
  return asked;
};

test('the newest come first', async () => {
  answering({ replies: [row('one', '2037-03-12'), row('two', '2037-05-04'), row('three', '2036-12-31')] });
  expect((await replies()).map(({ id }) => id)).toEqual(['two', 'one', 'three']);
});

test('that she has read it is told to the house by a post, and by nothing else', async () => {
  const asked = answering({});
  await replySeen(ID);
  expect(asked).toEqual([`POST /api/replies/${ID}/seen`]);
});

test('it is called by the name that she gave, by that of the letter, or by its day', () => {
  const none: Records = new Map();
  const letter = changed(none, LETTER, 'letter', { title: 'The van', to: 'My dear Dan' });
  const both = changed(letter, PERSON, 'person', { name: 'Dan' });
  const reply = row(ID, '2037-05-04');
  expect(answerName(none, reply)).toBe('An answer, 4 May 2037');
  expect(answerName(letter, reply)).toBe('An answer from My dear Dan, 4 May 2037');
  expect(answerName(both, reply)).toBe('An answer from Dan, 4 May 2037');
  expect(whoAnswered(none, reply)).toBe('');
});

/** The room's own program, in this process. */
async function room() {
  const scope = globalThis as unknown as {
    onmessage: (event: { data: unknown }) => void;
    postMessage: (told: Told) => void;
  };
  const waiting = new Map<number, (told: Told) => void>();
  scope.postMessage = (told) => waiting.get(told.id)?.(told);
  await import('./keys/room');
  let id = 0;
  return <N extends AskedName>(name: N, ask: Asked[N]['ask']): Promise<Told> =>
    new Promise((resolve) => {
      id += 1;
      waiting.set(id, resolve);
      scope.onmessage({ data: { id, name, ask } });
    });
}

test('the room opens it with the inbox of her hand, and refuses what answers another letter', async () => {
  const ask = await room();
  const file = await sealReply((await makeHand()).inboxRecipient, {
    id: ID,
    answers: { letterId: LETTER, version: 1 },
    from: 'Dan',
    to: 'Helen',
    day: '2037-03-12',
    text: 'Dear Mum',
    photos: [],
    language: 'en',
    photoWord: 'photo',
  });
  const question = { file, id: ID, letterId: LETTER };
  expect(await ask('read-reply', question)).toMatchObject({ ok: false, refusal: { code: 'locked' } });

  const made = (await ask('make-account', {
    accountId: LETTER,
    salt: new Uint8Array(16),
    hostRecipient: (await makeHand()).inboxRecipient,
  })) as { ok: true; answer: Asked['make-account']['answer'] };
  await ask('make-hand', {});
  const records = changed(new Map(), SELF, 'self', {});
  const { recipient } = made.answer;
  const kept = (await ask('close-vault', { text: vaultText(records), recipient })) as {
    ok: true;
    answer: Asked['close-vault']['answer'];
  };
  // Written to somebody else's inbox.
  expect(await ask('read-reply', question)).toMatchObject({ ok: false, refusal: { code: 'wrong-key' } });
  const hers = await sealReply(kept.answer.hand!.inboxRecipient, {
    id: ID,
    answers: { letterId: LETTER, version: 1 },
    from: 'Dan',
    to: 'Helen',
    day: '2037-03-12',
    text: 'Dear Mum',
    photos: [],
    language: 'en',
    photoWord: 'photo',
  });
  expect(await ask('read-reply', { ...question, file: hers })).toMatchObject({
    ok: true,
    answer: { text: 'Dear Mum', from: 'Dan' },
  });
  expect(await ask('read-reply', { ...question, file: hers, letterId: PERSON })).toMatchObject({
    ok: false,
    refusal: { code: 'wrong-letter' },
  });
}, 60_000);
