// The frozen letters open in Node, whoever made them; crates/seal and a real browser open the same ones.

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
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
