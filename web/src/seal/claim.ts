// Eight words on a card, that only the author and her person know: 80 random bits and eight that notice a wrong word before
// anything is asked of anybody. From them follow a token, which the house knows as an HMAC alone, and the passphrase of the
// file that holds K. It never sends a word. scrypt is slow here: run it in a Worker, or in slices.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64, base64url, concat, fromBase64NoPad, utf8, type Bytes } from './bytes';
import { SealError } from './errors';
import { parseHeader } from './header';
import { openWithFileKey } from './payload';
import { normaliseWords } from './words';
import { ENGLISH } from './words-en';

/** How many words stand on a card. */
export const CLAIM_WORDS = 8;
/** log2 of scrypt's N (RFC 7914), with r = 8 and p = 1: 64 MiB, for the token and for the file. */
const WORK_FACTOR = 16;
/** The words need no salt of their own, because they are random; a fixed one lets a card outlive its house. */
const SALT = utf8('unsaid-claim-v1');
const LABEL = utf8('age-encryption.org/v1/scrypt');

/** From 0 to 1, while scrypt works. */
export type Told = (done: number) => void;

/** The eight words of ten random bytes, in their canonical form: whole words, single spaces. */
export function newClaimWords(random: Uint8Array): string {
  if (random.length !== 10) throw new SealError('bad-input', 'eight words are made from ten random bytes');
  let bits = 0n;
  for (const byte of [...random, checksum(random)]) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: CLAIM_WORDS }, (_, i) => ENGLISH[Number((bits >> BigInt(77 - 11 * i)) & 2047n)]!).join(' ');
}

/**
 * The canonical form of typed words, when they are a card's. Throws 'word-unknown' or 'word-count' as other words do, and
 * 'words-checksum', with the place of the one that is likely misread where one alone can be meant.
 */
export function checkClaimWords(typed: string): string {
  const words = normaliseWords(typed, CLAIM_WORDS);
  const places = words.split(' ').map((word) => ENGLISH.indexOf(word));
  if (isWhole(places)) return words;
  throw new SealError('words-checksum', 'not the words of a card', likelyWrong(places));
}

const checksum = (random: Uint8Array): number => sha256(random)[0]!;

function isWhole(places: readonly number[]): boolean {
  let bits = 0n;
  for (const place of places) bits = (bits << 11n) | BigInt(place);
  const random = Uint8Array.from({ length: 10 }, (_, i) => Number((bits >> BigInt(80 - 8 * i)) & 255n));
  return checksum(random) === Number(bits & 255n);
}

/** The one word that would make the card whole if it were a word that looks alike. */
function likelyWrong(places: readonly number[]): number | undefined {
  const found: number[] = [];
  for (const [index, place] of places.entries()) {
    for (const [other, word] of ENGLISH.entries()) {
      if (other === place || !looksLike(ENGLISH[place]!, word)) continue;
      if (isWhole(places.with(index, other))) found.push(index);
      if (found.length > 1) return undefined;
    }
  }
  return found[0];
}

/** The same first three letters, or one letter more, less or different. */
function looksLike(a: string, b: string): boolean {
  if (a.slice(0, 3) === b.slice(0, 3)) return true;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let same = 0;
  while (same < short.length && short[same] === long[same]) same += 1;
  if (short.length === long.length) return short.slice(same + 1) === long.slice(same + 1);
  return long.length === short.length + 1 && short.slice(same) === long.slice(same + 1);
}

/** What is shown instead of the words: 32 bytes in base64url that lead neither to the words nor to K. */
export async function deriveClaim(canonical: string, told?: Told): Promise<{ token: string }> {
  const root = await stretched(canonical, SALT, told);
  return { token: base64url(hkdf(sha256, root, undefined, utf8('unsaid claim token v1'), 32)) };
}

/**
 * `words{ K }`: the key file under the words, as an age file that any age tool opens with them. It goes under the host's
 * layer, and into an exported folder as it is. `random` are 48 bytes of chance: a salt, a file key and a nonce.
 */
export async function sealWordsFile(
  canonical: string,
  keyFile: Uint8Array,
  random: Uint8Array,
  told?: Told,
): Promise<Bytes> {
  if (keyFile.length === 0 || keyFile.length > 4096) throw new SealError('bad-input', 'not a key file');
  return sealPassphrase(canonical, keyFile, random, WORK_FACTOR, told);
}

/** The key file in `words{ K }`. Throws 'words-wrong' for other words, 'damaged' for a file that is not one of ours. */
export async function openWordsFile(canonical: string, file: Uint8Array, told?: Told): Promise<Bytes> {
  return openPassphrase(canonical, file, WORK_FACTOR, told);
}

/** An age file of one chunk under a passphrase, with this work factor. `random` as for `sealWordsFile`. */
export async function sealPassphrase(
  passphrase: string,
  plain: Uint8Array,
  random: Uint8Array,
  work: number,
  told?: Told,
): Promise<Bytes> {
  if (random.length !== 48) throw new SealError('bad-input', '48 random bytes are needed');
  const [salt, fileKey, nonce] = [random.slice(0, 16), random.slice(16, 32), random.slice(32, 48)];
  const key = await stretched(passphrase, concat(LABEL, salt), told, work);
  const body = chacha20poly1305(key, new Uint8Array(12)).encrypt(fileKey);
  const bare = (bytes: Uint8Array) => base64(bytes).replace(/=+$/, '');
  const head = `age-encryption.org/v1\n-> scrypt ${bare(salt)} ${work}\n${bare(body)}\n---`;
  const code = hmac(sha256, hkdf(sha256, fileKey, undefined, utf8('header'), 32), utf8(head));
  const payloadKey = hkdf(sha256, fileKey, nonce, utf8('payload'), 32);
  const only = new Uint8Array(12);
  only[11] = 1;
  return concat(utf8(`${head} ${bare(code)}\n`), nonce, chacha20poly1305(payloadKey, only).encrypt(plain));
}

/** What lies in such a file. Throws 'words-wrong' for another passphrase, and 'damaged' for a file that asks for other work than ours does. */
export async function openPassphrase(passphrase: string, file: Uint8Array, work: number, told?: Told): Promise<Bytes> {
  const header = parseHeader(file);
  const [stanza, ...others] = header.stanzas;
  const salt = fromBase64NoPad(stanza?.args[0] ?? '');
  // A hostile file could ask for gigabytes of scrypt: ours ask for one amount.
  const ours = stanza?.type === 'scrypt' && stanza.args.length === 2 && stanza.args[1] === String(work);
  if (!ours || others.length > 0 || salt?.length !== 16 || stanza.body.length !== 32) {
    throw new SealError('damaged', 'not a file under a passphrase of ours');
  }
  const key = await stretched(passphrase, concat(LABEL, salt), told, work);
  let fileKey: Uint8Array;
  try {
    fileKey = chacha20poly1305(key, new Uint8Array(12)).decrypt(stanza.body);
  } catch {
    throw new SealError('words-wrong', 'another passphrase');
  }
  return openWithFileKey(fileKey, header, file);
}

/** About half a second and 64 MiB for words, in slices: a page that does it itself stays alive. */
const stretched = (words: string, salt: Uint8Array, told?: Told, work = WORK_FACTOR): Promise<Uint8Array> =>
  scryptAsync(utf8(words), salt, {
    N: 2 ** work,
    r: 8,
    p: 1,
    dkLen: 32,
    asyncTick: 12,
    ...(told ? { onProgress: told } : {}),
  });
