// The frozen letters open in Node, whoever made them; crates/seal and a real browser open the same ones.

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CARDS, KEEPERS, openVectorsV2, RICH, WITHOUT_HOUSE } from './vectors-v2.check';
import { LETTERS, openVectors, spoiled, UNLOCKS } from './vectors.check';

const read = (path: string) => readFile(new URL(`../../../vectors/v1/${path}`, import.meta.url));

test('every frozen case opens, or is refused for the reason that stands in it', async () => {
  const said = await openVectors(read);
  for (const folder of [...LETTERS, ...UNLOCKS]) expect(said).toContain(`${folder}: opened`);
  expect(said).toContain('refused/replayed-letter.age: wrong-binding');
}, 60_000);

test.each([
  'rust-short/letter.age',
  'ts-long/letter.eml',
  'ts-short/wraps/author.age',
  'rust-long/wraps/host.age',
  'rust-unlock/passphrase.age',
  'keys/author.txt',
])(
  'the check fails when %s has one bit changed',
  async (path) => {
    await expect(openVectors(spoiled(read, path))).rejects.toThrow(/disagrees|damaged|wrong-key|bad-input/);
  },
  60_000,
);

const readAll = (path: string) => readFile(new URL(`../../../vectors/${path}`, import.meta.url));

test('every frozen case of the second format opens, or is refused for the reason that stands in it', async () => {
  const said = await openVectorsV2(readAll);
  for (const folder of [...RICH, ...CARDS, ...KEEPERS, ...WITHOUT_HOUSE]) {
    expect(said.some((line) => line.startsWith(`${folder}: opened`)), folder).toBe(true);
  }
  expect(said).toContain('ts-rich: opened and proved');
  expect(said).toContain('v2/refused/words-as-host.age: wrong-binding');
}, 120_000);

test.each([
  'v2/rust-rich/letter.age',
  'v2/rust-rich/sig.age',
  'v2/rust-rich/media/003.age',
  'v2/ts-rich/plain/001.png',
  'v2/ts-rich/letter.eml.sig',
  'v2/ts-rich/wraps/words.age',
  'v2/ts-rich/words.age',
  'v2/ts-rich/letter.html',
  'v2/keys/signing-seed.hex',
  'v2/rust-keepers/keeper-set.age',
  'v2/rust-keepers/wraps/keepers.age',
  'v2/ts-keepers/letter.key',
  'v2/rust-without-house/folder/keys/keepers.age',
  'v2/ts-without-house/folder/keys/keeper-set.age',
])(
  'the check of the second format fails when %s has one bit changed',
  async (path) => {
    await expect(openVectorsV2(spoiled(readAll, path))).rejects.toThrow(
      /disagrees|damaged|wrong-key|bad-|words-wrong|cards-/,
    );
  },
  120_000,
);
