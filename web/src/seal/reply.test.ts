// An answer goes to the inbox of its letter and to nobody else, holds what was written and no more, and opens only as the answer
// to the letter that it was written to.

import { expect, test } from 'vitest';
import { makeAccount } from './account';
import { fromHtml } from './body';
import { fromUtf8 } from './bytes';
import { parseHeader } from './header';
import {
  composeReply,
  MAX_REPLY_BYTES,
  MAX_REPLY_PICTURE_BYTES,
  MAX_REPLY_PICTURES,
  MAX_REPLY_TEXT,
  openReply,
  sealReply,
  type Reply,
} from './reply';

const ID = 'aaaaaaaaaaaaaaaaaaaaaaaaae';
const LETTER = 'bbbbbbbbbbbbbbbbbbbbbbbbbe';

const photo = (size: number) => ({
  type: 'image/jpeg' as const,
  bytes: new Uint8Array(size).fill(7),
  alt: 'The sea & the dog',
  width: 1600,
  height: 1067,
});

const reply = (change: Partial<Reply> = {}): Reply => ({
  id: ID,
  answers: { letterId: LETTER, version: 2 },
  from: 'Dan',
  to: 'Helen Marlow',
  day: '2037-03-12',
  text: 'Dear Mum,\n\nI saw the van.\nI always knew. 🚐',
  photos: [photo(2000)],
  language: 'en',
  photoWord: 'photo',
  ...change,
});

const inbox = await makeAccount();

test('it comes back as it was written, with its photos and what is on them', async () => {
  const file = await sealReply(inbox.recipient, reply());
  const letter = await openReply(inbox.identity, file, { id: ID, letterId: LETTER });
  expect([letter.from, letter.to]).toEqual(['Dan', 'Helen Marlow']);
  expect(letter.text).toBe(
    'Dear Mum,\n\nI saw the van.\nI always knew. 🚐\n\n[photo: The sea & the dog]',
  );
  expect(fromHtml(letter.html!).at(-1)).toEqual({
    kind: 'photo',
    name: '001',
    alt: 'The sea & the dog',
    width: 1600,
    height: 1067,
  });
  expect(letter.pictures).toEqual([{ name: '001', type: 'image/jpeg', bytes: photo(2000).bytes }]);
});

test('it says a day and no hour, and nothing but what was given to it', () => {
  const eml = fromUtf8(composeReply(reply({ photos: [] })));
  const head = eml.slice(0, eml.indexOf('\r\n\r\n')).replace(/\r\n /g, ' ');
  expect(head.split('\r\n').map((line) => line.split(':')[0])).toEqual([
    'From',
    'To',
    'Date',
    'Message-ID',
    'In-Reply-To',
    'MIME-Version',
    'Content-Type',
  ]);
  expect(head).toContain('Date: Thu, 12 Mar 2037 12:00:00 +0000');
  expect(head).toContain(`In-Reply-To: <${LETTER}.2@unsaid>`);
});

test('a short one is as long as another short one', () => {
  const size = (text: string) => composeReply(reply({ text, photos: [] })).length;
  expect(size('No.')).toBe(size('I forgive you, and I would like to come on Sunday if you will have me.'));
});

test('another letter, another name, another key: it does not open', async () => {
  const file = await sealReply(inbox.recipient, reply());
  const other = (await makeAccount()).identity;
  const named = { id: ID, letterId: LETTER };
  await expect(openReply(other, file, named)).rejects.toMatchObject({ code: 'wrong-key' });
  await expect(openReply(inbox.identity, file, { ...named, letterId: ID })).rejects.toMatchObject({
    code: 'wrong-letter',
  });
  await expect(openReply(inbox.identity, file, { ...named, id: LETTER })).rejects.toMatchObject({
    code: 'wrong-letter',
  });
  file[file.length - 1]! ^= 1;
  await expect(openReply(inbox.identity, file, named)).rejects.toMatchObject({ code: 'damaged' });
});

test('the largest answer fits what the house takes', async () => {
  const photos = Array.from({ length: MAX_REPLY_PICTURES }, () => photo(MAX_REPLY_PICTURE_BYTES));
  const text = '山'.repeat(MAX_REPLY_TEXT);
  const file = await sealReply(inbox.recipient, reply({ photos, text }));
  expect(file.length).toBeLessThanOrEqual(MAX_REPLY_BYTES);
  const letter = await openReply(inbox.identity, file, { id: ID, letterId: LETTER });
  expect(letter.pictures).toHaveLength(MAX_REPLY_PICTURES);
});

test.each<[string, Partial<Reply>, string]>([
  ['eleven photos', { photos: Array.from({ length: 11 }, () => photo(10)) }, 'bad-picture'],
  ['a photo that is too large', { photos: [photo(MAX_REPLY_PICTURE_BYTES + 1)] }, 'bad-picture'],
  ['more than a novel', { text: 'x'.repeat(MAX_REPLY_TEXT + 1) }, 'text-too-long'],
  ['nothing at all', { text: ' \n ', photos: [] }, 'bad-input'],
])('%s is refused', async (_, change, code) => {
  await expect(sealReply(inbox.recipient, reply(change))).rejects.toMatchObject({ code });
});

test.each([
  ['the kind of key that letters have', 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'],
  ['a key with a letter changed', inbox.recipient.slice(0, -1) + (inbox.recipient.endsWith('q') ? 'p' : 'q')],
  ['nothing', ''],
])('%s is no inbox', async (_, recipient) => {
  await expect(sealReply(recipient, reply())).rejects.toMatchObject({ code: 'bad-input' });
});

test('one key opens it, and there is no other way in', async () => {
  const { stanzas } = parseHeader(await sealReply(inbox.recipient, reply()));
  expect(stanzas.map(({ type }) => type).filter((type) => !type.endsWith('-grease'))).toEqual([
    'mlkem768x25519',
  ]);
});
