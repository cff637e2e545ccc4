// The hand that signs, as the room with the keys holds it.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Opened } from '../../../seal';
import { makeHand, publicOf, seedOf, signedBy } from './hand';

const vectors = (path: string) =>
  readFileSync(new URL(`../../../../../vectors/v2/${path}`, import.meta.url), 'utf8');

test('the hand is told to the world as ssh-keygen tells it', () => {
  const seed = Buffer.from(vectors('keys/signing-seed.hex').trim(), 'hex');
  const kept = { seed: seed.toString('base64url'), inbox: '', inboxRecipient: 'age1pq1x' };
  expect(seedOf(kept)).toEqual(new Uint8Array(seed));
  const hand = publicOf(kept);
  const [kind, key] = vectors('keys/author.ssh.pub').trim().split(' ');
  expect(hand.line.split(' ').slice(0, 2)).toEqual([kind, key]);
  expect(hand.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  // Nothing of what it is made of is in what is told.
  expect(JSON.stringify(hand)).not.toContain(kept.seed);
});

test('each hand is another one, and a seed that is none is refused', async () => {
  const [one, other] = [await makeHand(), await makeHand()];
  expect(one.seed).not.toBe(other.seed);
  expect(publicOf(one).fingerprint).not.toBe(publicOf(other).fingerprint);
  expect(one.inboxRecipient).not.toBe(other.inboxRecipient);
  expect(() => seedOf({ ...one, seed: one.seed.slice(1) })).toThrow();
});

test('a letter that she reads again is told to be hers only when her own hand has signed it', async () => {
  const [hers, another] = [await makeHand(), await makeHand()];
  const letter = (replyTo: string | null) => ({ replyTo }) as Opened['letter'];
  const by = (hand: typeof hers): Opened => ({
    letter: letter('age1pq1x'),
    signature: { state: 'signed', hand: publicOf(hand) },
  });
  expect(signedBy(by(hers), hers)).toBe('hers');
  expect(signedBy(by(another), hers)).toBe('not-hers');
  const lacking = (state: 'unsigned' | 'broken', replyTo: string | null): Opened => ({
    letter: letter(replyTo),
    signature: { state },
  });
  expect(signedBy(lacking('broken', null), hers)).toBe('not-hers');
  // Taken away by whoever keeps the letter; and a letter from before there were signatures.
  expect(signedBy(lacking('unsigned', 'age1pq1x'), hers)).toBe('not-hers');
  expect(signedBy(lacking('unsigned', null), hers)).toBe('nobody');
});
