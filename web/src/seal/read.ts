// The reader's way into a letter: the key file that the house gave out, and letter.age. Built on noble's
// primitives alone (X25519, HKDF, ChaCha20-Poly1305), so that the page stays small on an old telephone;
// it cannot seal, and knows no author, no account and no wrap.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { secretFromBech32 } from './bech32';
import { concat, fromBase64NoPad, sameBytes, utf8, type Bytes } from './bytes';
import { SealError } from './errors';
import { parseHeader, type Header } from './header';
import { readKeyFile } from './key';
import { parseLetter, type Letter } from './letter';

export { SealError } from './errors';
export type { Letter } from './letter';

const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const NONCE_BYTES = 16;

/** Opens a letter and refuses one that is not this letter in this version. */
export function readLetter(
  keyText: string | Uint8Array,
  letterAge: Uint8Array,
  expected: { readonly letterId: string; readonly version: number },
): Letter {
  const letter = parseLetter(openFile(keyText, letterAge));
  if (letter.letterId !== expected.letterId || letter.version !== expected.version) {
    throw new SealError('wrong-letter', 'the file holds another letter');
  }
  return letter;
}

/** The plain bytes of an age file that is sealed to an X25519 key (C2SP age v1). */
export function openFile(keyText: string | Uint8Array, file: Uint8Array): Bytes {
  const secret = secretFromBech32('age-secret-key-', readKeyFile(keyText));
  if (!secret) throw new SealError('damaged', 'not the key file of a letter');
  const header = parseHeader(file);
  const fileKey = unwrapFileKey(secret, header);
  if (!fileKey) throw new SealError('wrong-key', 'this key does not open this file');
  const macKey = hkdf(sha256, fileKey, undefined, utf8('header'), 32);
  if (!sameBytes(hmac(sha256, macKey, header.covered), header.mac)) throw damaged();

  const nonce = file.subarray(header.size, header.size + NONCE_BYTES);
  if (nonce.length !== NONCE_BYTES) throw damaged();
  const payloadKey = hkdf(sha256, fileKey, nonce, utf8('payload'), 32);
  return openPayload(payloadKey, file.subarray(header.size + NONCE_BYTES));
}

/** The file key, from the first X25519 stanza that this secret opens. */
function unwrapFileKey(secret: Uint8Array, header: Header): Uint8Array | undefined {
  const recipient = x25519.getPublicKey(secret);
  for (const { type, args, body } of header.stanzas) {
    if (type !== 'X25519') continue;
    const share = readShare(args);
    if (!share || body.length !== 32) throw damaged();
    try {
      // noble refuses an all-zero shared secret, as the age specification demands.
      const shared = x25519.getSharedSecret(secret, share);
      const key = hkdf(sha256, shared, concat(share, recipient), utf8('age-encryption.org/v1/X25519'), 32);
      return chacha20poly1305(key, new Uint8Array(12)).decrypt(body);
    } catch {
      // Not for this key: another stanza may be.
    }
  }
  return undefined;
}

function readShare(args: readonly string[]): Bytes | undefined {
  const share = fromBase64NoPad(args[0] ?? '');
  return args.length === 1 && share?.length === 32 ? share : undefined;
}

/** The STREAM of 64 KiB chunks; the last one says that it is the last, so nothing can be cut off unseen. */
function openPayload(key: Uint8Array, sealed: Uint8Array): Bytes {
  const pieces: Uint8Array[] = [];
  const step = CHUNK_BYTES + TAG_BYTES;
  const count = Math.max(1, Math.ceil(sealed.length / step));
  for (let i = 0; i < count; i++) {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(7, i);
    nonce[11] = i === count - 1 ? 1 : 0;
    let piece: Uint8Array;
    try {
      piece = chacha20poly1305(key, nonce).decrypt(sealed.subarray(i * step, (i + 1) * step));
    } catch {
      throw damaged();
    }
    // An empty chunk may stand only in an empty file.
    if (piece.length === 0 && i > 0) throw damaged();
    pieces.push(piece);
  }
  return concat(...pieces);
}

function damaged(): SealError {
  return new SealError('damaged', 'the file was changed or cut short');
}
