// A set as a browser makes it, locks it, opens it and locks it anew; every wrong way to open it; and the Python reference of the standard,
// which reads our cards as we read its own.

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { hex, sameBytes, utf8 } from './bytes';
import { sealPassphrase, sealWordsFile } from './claim';
import { SealError } from './errors';
import { lockKeeperSet, makeKeeperSet, openKeepersFile, openKeeperSet, sealKeepersFile } from './keeper-set';
import { openLetter } from './read';
import { sealLetter } from './seal';
import { joinCards, makeCards, readCard } from './slip39';
import { openWrap, unbind } from './wrap';
import { makeAccount } from './account';

const chance = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const master = Uint8Array.from({ length: 16 }, () => 7);
const join = (...cards: string[]) => joinCards(cards.map(readCard));
const code = (what: Promise<unknown>) =>
  what.then(
    () => 'opened',
    (error: unknown) => (error instanceof SealError ? error.code : String(error)),
  );

describe('a set', () => {
  test('any two of three cards open the letter that was sealed to it', async () => {
    const [ana, house, set] = await Promise.all([makeAccount(), makeAccount(), makeKeeperSet()]);
    const file = await lockKeeperSet(set.identity, master, chance(48));
    const cards = makeCards(master, 2, 3, chance);
    const name = { letterId: 'abcdefghijklmnopqrstuvwxyz', version: 1 };
    const sealed = await sealLetter({
      ...name,
      from: 'Ana',
      to: 'Leo',
      date: new Date(0),
      text: 'Dear Leo',
      authorRecipient: ana.recipient,
      kept: { kind: 'keepers', hostRecipient: house.recipient, set },
      seed: null,
    });
    expect(sealed.wraps.map(({ kind }) => kind)).toEqual(['author', 'keepers']);
    const binding = { id: name.letterId, version: 1, kind: 'keepers' } as const;
    const inner = unbind(await openWrap(house.identity, sealed.wraps[1]!.bytes), binding);
    for (const [a, b] of [[0, 1], [2, 0], [1, 2]] as const) {
      const key = await openKeepersFile(await openKeeperSet(file, join(cards[a]!, cards[b]!)), inner);
      expect(openLetter(key, { letterAge: sealed.parts[0]!.bytes, sigAge: null }, name).letter.text).toBe('Dear Leo');
    }
    expect(await code(openWrap(house.identity, inner))).toBe('wrong-key');
  });

  test('a set whose recipient and identity do not belong together is not sealed to', async () => {
    const [ana, one, other] = await Promise.all([makeAccount(), makeKeeperSet(), makeKeeperSet()]);
    const set = { identity: one.identity, recipient: other.recipient };
    const letter = { letterId: 'abcdefghijklmnopqrstuvwxyz', version: 1, from: 'A', to: 'B', date: new Date(0), text: 'x' };
    const kept = { kind: 'keepers', hostRecipient: ana.recipient, set } as const;
    expect(await code(sealLetter({ ...letter, authorRecipient: ana.recipient, kept, seed: null }))).toBe('wrong-key');
  });

  test('locked anew it is the same set, and its old cards open it no more', async () => {
    const set = await makeKeeperSet();
    const newer = chance(16);
    const file = await lockKeeperSet(set.identity, newer, chance(48));
    expect(await openKeeperSet(file, newer)).toBe(set.identity);
    expect(await code(openKeeperSet(file, master))).toBe('cards-other');
  });

  test('what is no set is refused by its name', async () => {
    const set = await makeKeeperSet();
    const file = await lockKeeperSet(set.identity, master, chance(48));
    const flipped = Uint8Array.from(file);
    flipped[file.length - 3]! ^= 1;
    const under = (text: string, work: number) => sealPassphrase(hex(master), utf8(text), chance(48), work);
    for (const damaged of [
      file.subarray(0, -1),
      flipped,
      new Uint8Array(),
      new Uint8Array(5000),
      await under('x', 11),
      await under('# Unsaid keepers\nhello\n', 10),
    ]) {
      expect(await code(openKeeperSet(damaged, master))).toBe('damaged');
    }
    expect(await code(openKeeperSet(file, master.subarray(1)))).toBe('bad-input');
    expect(await code(lockKeeperSet(set.identity, chance(32), chance(48)))).toBe('bad-input');
    expect(await code(lockKeeperSet('no identity', master, chance(48)))).toBe('bad-input');
    expect(await code(sealKeepersFile(set.recipient, utf8('no key')))).toBe('damaged');
    const words = await sealWordsFile('x', utf8('k'), chance(48));
    expect(await code(openKeepersFile(set.identity, words))).toBe('not-a-wrap');
  });
});

/** scripts/with-shamir brings it; UNSAID_TEST_REQUIRE=1 says that it has to be here. */
const python = process.env['UNSAID_TEST_SHAMIR'];
const required = process.env['UNSAID_TEST_REQUIRE'] === '1';

test.skipIf(!python && !required)('the Python reference reads our cards, and we read its own', () => {
  const ask = (script: string, ...words: string[]) => execFileSync(python!, ['-c', script, ...words], { encoding: 'utf8' }).trim();
  const reads = 'import sys; from shamir_mnemonic import combine_mnemonics; print(combine_mnemonics(sys.argv[1:]).hex())';
  const makes =
    'import sys; from shamir_mnemonic import generate_mnemonics; [print(card) for card in generate_mnemonics(1, [(int(sys.argv[2]), int(sys.argv[3]))], bytes.fromhex(sys.argv[1]))[0]]';
  for (const [needed, of] of [[2, 3], [3, 3], [3, 5]] as const) {
    const secret = chance(16);
    const cards = makeCards(secret, needed, of, chance);
    expect(ask(reads, ...cards.slice(-needed))).toBe(hex(secret));
    const theirs = ask(makes, hex(secret), String(needed), String(of)).split('\n');
    expect(theirs).toHaveLength(of);
    expect(sameBytes(join(...theirs.slice(0, needed)), secret)).toBe(true);
    expect(sameBytes(join(...theirs.slice(-needed)), secret)).toBe(true);
  }
}, 60_000);
