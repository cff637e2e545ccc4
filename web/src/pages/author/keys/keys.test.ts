// The room with the keys without a Worker: words on a card and the kit's token come out as the frozen letters say, and a letter
// that is wrapped under words opens with them and with nothing else.

import { readFileSync } from 'node:fs';
import { Decrypter } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { makeAccount, openWrap, readKeyFile, SealError, sealLetter, unbind } from '../../../seal';
import { makeHand, publicOf } from './hand';
import { kitToken } from './kit-token';
import { openPart } from './parts';
import { claimToken, claimWords, wrapWithWords } from './words-on-a-card';

const vectors = (path: string) =>
  readFileSync(new URL(`../../../../../vectors/v2/${path}`, import.meta.url), 'utf8');

interface Frozen {
  cards: { random: string; token: string; words: string }[];
  kit: { identity: string; token: string };
}

const frozen = JSON.parse(vectors('rust-words/about.json')) as Frozen;
const bytes = (hex: string) => Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));

describe('words on a card', () => {
  test('are those of the frozen cards, and so is what the house hears', () => {
    for (const { random, words, token } of frozen.cards) {
      expect(claimWords(bytes(random))).toBe(words);
      expect(claimToken(words)).toBe(token);
    }
    expect(kitToken(frozen.kit.identity)).toBe(frozen.kit.token);
  });

  test('open a letter under the layer of the house, and other words do not', async () => {
    const [author, host] = [await makeAccount(), await makeAccount()];
    const name = { letterId: 'abcdefghijklmnopqrstuvwx23', version: 3 };
    const written = { ...name, from: 'Helen', to: 'Dan', date: new Date(0), text: 'Dear Dan' };
    const sealed = await sealLetter({
      ...written,
      authorRecipient: author.recipient,
      kept: null,
      seed: null,
    });
    const authorWrap = sealed.wraps[0]!.bytes;
    const { words } = frozen.cards[3]!;
    const place = { ...name, identity: author.identity, authorWrap, hostRecipient: host.recipient };
    const wrapped = await wrapWithWords({ ...place, words });
    const inner = unbind(await openWrap(host.identity, wrapped), {
      id: name.letterId,
      version: 3,
      kind: 'words',
    });
    const open = async (passphrase: string) => {
      const decrypter = new Decrypter();
      decrypter.addPassphrase(passphrase);
      return decrypter.decrypt(inner);
    };
    expect(readKeyFile(await open(words))).toBe(readKeyFile(await openWrap(author.identity, authorWrap)));
    await expect(open(frozen.cards[2]!.words)).rejects.toThrow();
  });
});

test('the hand is told to the world as ssh-keygen tells it', () => {
  const seed = Buffer.from(vectors('keys/signing-seed.hex').trim(), 'hex').toString('base64url');
  const hand = publicOf({ seed, inbox: '', inboxRecipient: 'age1pq1x' });
  const [kind, key] = vectors('keys/author.ssh.pub').trim().split(' ');
  expect(hand.line.split(' ').slice(0, 2)).toEqual([kind, key]);
  expect(hand.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
});

test('each hand is another one', async () => {
  const [one, other] = [await makeHand(), await makeHand()];
  expect(one.seed).not.toBe(other.seed);
  expect(publicOf(one).fingerprint).not.toBe(publicOf(other).fingerprint);
  expect(one.inboxRecipient).not.toBe(other.inboxRecipient);
});

test('a part that is not the one that the letter names is refused', async () => {
  const author = await makeAccount();
  const letter = {
    letterId: 'abcdefghijklmnopqrstuvwx23',
    version: 1,
    from: 'Helen',
    to: 'Dan',
    date: new Date(0),
    text: 'Dear Dan',
  };
  const sealed = await sealLetter({ ...letter, authorRecipient: author.recipient, kept: null, seed: null });
  const [part, wrap] = [sealed.parts[0]!.bytes, sealed.wraps[0]!.bytes];
  const refused = async (file: Uint8Array, hash: string) =>
    openPart(author.identity, wrap, file, hash).catch((error: unknown) =>
      error instanceof SealError ? error.code : error,
    );
  expect(await refused(part, '0'.repeat(64))).toBe('damaged');
  expect(await refused(part.subarray(0, part.length - 1), '0'.repeat(64))).toBe('damaged');
});
