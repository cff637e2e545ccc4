// The reader's own age code against the 143 test vectors of C2SP, as far as they concern X25519 files.

import { readdir, readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sha256Hex } from './bytes';
import { openFile } from './read';

const folder = new URL('../../../crates/seal/tests/cctv/', import.meta.url);

interface Vector {
  name: string;
  expected: string;
  payload: string;
  identities: string[];
  file: Uint8Array;
}

async function vectors(): Promise<Vector[]> {
  const found: Vector[] = [];
  for (const name of await readdir(folder)) {
    if (name === 'README.md' || name.startsWith('.')) continue;
    const raw = await readFile(new URL(name, folder));
    const end = raw.indexOf('\n\n');
    const head = raw.subarray(0, end).toString('utf8');
    const all = (key: string) =>
      [...head.matchAll(new RegExp(`^${key}: (.*)$`, 'gm'))].map((match) => match[1]!);
    const identities = all('identity').filter((identity) => identity.startsWith('AGE-SECRET-KEY-1'));
    // Passphrases, armour and age1pq are no business of the reader's page.
    if (all('passphrase').length > 0 || all('armored').length > 0 || identities.length !== 1) continue;
    if (all('identity').length !== 1) continue;
    const body = raw.subarray(end + 2);
    found.push({
      name,
      expected: all('expect')[0]!,
      payload: all('payload')[0] ?? '',
      identities,
      file: all('compressed').length > 0 ? inflateSync(body) : body,
    });
  }
  return found;
}

const known = await vectors();

test('enough vectors concern the reader', () => {
  expect(known.length).toBeGreaterThan(60);
  expect(known.filter((vector) => vector.expected === 'success').length).toBeGreaterThan(10);
});

test.each(known)('$name: $expected', ({ expected, payload, identities, file }) => {
  const open = () => openFile(identities[0]!, file);
  if (expected === 'success') expect(sha256Hex(open())).toBe(payload);
  else if (expected === 'no match') expect(open).toThrow('wrong-key');
  else expect(open).toThrow(/^damaged|^wrong-key/);
});
