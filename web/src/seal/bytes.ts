// Bytes and the few texts that stand for them. Knows nothing of letters or keys.

import { sha256 } from '@noble/hashes/sha2.js';

/** Bytes in a buffer of their own. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text; lone surrogates become U+FFFD. */
export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** The text of UTF-8 bytes. Throws a TypeError on anything that is not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** One character for each byte (ISO 8859-1), for parsing headers. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return text;
}

/** The bytes of a text that has one character for each byte. */
export function fromLatin1(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** All pieces behind each other. */
export function concat(...pieces: Uint8Array[]): Bytes {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** Whether both hold the same bytes, in a time that does not tell where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** SHA-256 (FIPS 180-4) in lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array): string {
  return hex(sha256(bytes));
}

/** RFC 4648 base64 with padding. */
export function base64(bytes: Uint8Array): string {
  return btoa(latin1(bytes));
}

/** RFC 4648 base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Canonical base64 without padding, as age uses it; undefined for anything else. */
export function fromBase64NoPad(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9+/]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = fromLatin1(atob(text));
  return base64(bytes).replaceAll('=', '') === text ? bytes : undefined;
}

/** RFC 4648 base64 with padding, without white space; undefined for anything else, and for another writing of the same. */
export function fromBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  let bytes: Bytes;
  try {
    bytes = fromLatin1(atob(text));
  } catch {
    return undefined;
  }
  // Only the last group can have bits that belong to no byte.
  const last = bytes.subarray(bytes.length - (bytes.length % 3 || 3));
  return base64(last) === text.slice(-4) || text === '' ? bytes : undefined;
}
