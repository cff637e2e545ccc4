// The payload of an age file (C2SP age v1) once its file key is known: the header's code, then the STREAM of chunks. It knows
// no way to the file key.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, sameBytes, utf8, type Bytes } from './bytes';
import { SealError } from './errors';
import type { Header } from './header';

const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
/** What stands between the header and the chunks. */
export const NONCE_BYTES = 16;

/** The plain bytes. Throws 'damaged' when anything was changed or cut off. */
export function openWithFileKey(fileKey: Uint8Array, header: Header, file: Uint8Array): Bytes {
  const macKey = hkdf(sha256, fileKey, undefined, utf8('header'), 32);
  if (!sameBytes(hmac(sha256, macKey, header.covered), header.mac)) throw damaged();
  const nonce = file.subarray(header.size, header.size + NONCE_BYTES);
  if (nonce.length !== NONCE_BYTES) throw damaged();
  const payloadKey = hkdf(sha256, fileKey, nonce, utf8('payload'), 32);
  return openPayload(payloadKey, file.subarray(header.size + NONCE_BYTES));
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
