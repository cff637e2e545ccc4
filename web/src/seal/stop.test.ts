// The token of a stop paper is the one that the house reckons from typed words (crates/seal/src/stop.rs).

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { newClaimWords } from './claim';
import { stopToken } from './stop';

const words = newClaimWords(new Uint8Array(10).fill(7));

test('the token is of its words, however they are typed, and of no other paper', () => {
  const plain = createHash('sha256').update(`unsaid-stop-v1${words}`).digest('base64url');
  expect(stopToken(words)).toBe(plain);
  expect(stopToken(`  ${words.toUpperCase().replaceAll(' ', ',  ')}\n`)).toBe(plain);
  expect(stopToken(newClaimWords(new Uint8Array(10).fill(8)))).not.toBe(plain);
});

test('a misread word gives no token', () => {
  const [first = '', ...rest] = words.split(' ');
  expect(() => stopToken([...rest, first].join(' '))).toThrow();
  expect(() => stopToken(rest.join(' '))).toThrow();
});
