// The reader's way into a letter: the key file that the house gave out, and letter.age. Built on noble's
// primitives alone (X25519, HKDF, ChaCha20-Poly1305), so that the page stays small on an old telephone;
// it cannot seal, and knows no author, no account and no wrap.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { secretFromBech32 } from './bech32';
import { concat, fromBase64NoPad, fromUtf8, sha256Hex, utf8, type Bytes } from './bytes';
import { SealError } from './errors';
import { parseHeader, type Header } from './header';
import { readKeyFile } from './key';
import { parseLetter, type Letter, type Medium } from './letter';
import { NONCE_BYTES, openWithFileKey } from './payload';
import { verify, type Hand } from './sshsig';

export { SealError } from './errors';
export type { Letter, Medium, Picture } from './letter';
export type { Hand } from './sshsig';

/** Which letter is meant, as the house names it. */
export interface LetterName {
  readonly letterId: string;
  readonly version: number;
}

/** 'unsigned' and 'broken' both mean: be careful. Whether the hand is hers, the reader says, by the fingerprint. */
export type Signature =
  | { readonly state: 'signed'; readonly hand: Hand }
  | { readonly state: 'unsigned' }
  /** There is a signature, and it does not belong to this letter, or does not open. */
  | { readonly state: 'broken' };

export interface Opened {
  readonly letter: Letter;
  readonly signature: Signature;
}

/** Opens a letter with its signature, and refuses one that is not this letter in this version. */
export function openLetter(
  keyText: string | Uint8Array,
  files: { readonly letterAge: Uint8Array; readonly sigAge: Uint8Array | null },
  expected: LetterName,
): Opened {
  const eml = openFile(keyText, files.letterAge);
  const letter = parseLetter(eml);
  if (letter.letterId !== expected.letterId || letter.version !== expected.version) {
    throw new SealError('wrong-letter', 'the file holds another letter');
  }
  return { letter, signature: signatureOf(keyText, files.sigAge, eml) };
}

/** Without its signature. */
export const readLetter = (
  keyText: string | Uint8Array,
  letterAge: Uint8Array,
  expected: LetterName,
): Letter => openLetter(keyText, { letterAge, sigAge: null }, expected).letter;

function signatureOf(keyText: string | Uint8Array, sigAge: Uint8Array | null, eml: Uint8Array): Signature {
  if (sigAge === null) return { state: 'unsigned' };
  try {
    return { state: 'signed', hand: verify(fromUtf8(openFile(keyText, sigAge)), eml) };
  } catch {
    return { state: 'broken' };
  }
}

/** A file that lies beside the letter, when it is the one that the letter names by its hash. */
export function openMedia(keyText: string | Uint8Array, file: Uint8Array, medium: Medium): Bytes {
  const plain = openFile(keyText, file);
  if (plain.length !== medium.size || sha256Hex(plain) !== medium.sha256) {
    throw new SealError('damaged', 'not the file that the letter names');
  }
  return plain;
}

/** The plain bytes of an age file that is sealed to an X25519 key (C2SP age v1). */
export function openFile(keyText: string | Uint8Array, file: Uint8Array): Bytes {
  const secret = secretFromBech32('age-secret-key-', readKeyFile(keyText));
  if (!secret) throw new SealError('damaged', 'not the key file of a letter');
  const header = parseHeader(file);
  // A passphrase stands alone (C2SP age); and what ends before its nonce was cut short, whoever it was for.
  const mixed = header.stanzas.some(({ type }) => type === 'scrypt');
  if (mixed || file.length < header.size + NONCE_BYTES) throw damaged();
  const fileKey = unwrapFileKey(secret, header);
  if (!fileKey) throw new SealError('wrong-key', 'this key does not open this file');
  return openWithFileKey(fileKey, header, file);
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

function damaged(): SealError {
  return new SealError('damaged', 'the file was changed or cut short');
}
