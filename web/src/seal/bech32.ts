// Bech32 (BIP-173), only as far as reading a secret of 32 bytes needs it. Refuses everything else.

import type { Bytes } from './bytes';

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** The 32 bytes of `text`, when its prefix, its alphabet and its checksum are right. */
export function secretFromBech32(prefix: string, text: string): Bytes | undefined {
  const lower = text.toLowerCase();
  if (text !== text.toUpperCase() || !lower.startsWith(prefix + '1')) return undefined;
  const values: number[] = [];
  for (const letter of lower.slice(prefix.length + 1)) values.push(ALPHABET.indexOf(letter));
  // 32 bytes are 52 letters, of which the last has four bits of filling; the checksum is six.
  if (values.length !== 58 || values.includes(-1)) return undefined;
  const codes = Array.from(prefix, (c) => c.charCodeAt(0));
  if (polymod([...codes.map((c) => c >> 5), 0, ...codes.map((c) => c & 31), ...values]) !== 1)
    return undefined;

  const out = new Uint8Array(32);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const value of values.slice(0, 52)) {
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = held >> bits;
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? out : undefined;
}

function polymod(values: number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((g, i) => {
      if ((top >>> i) & 1) sum ^= g;
    });
  }
  return sum >>> 0;
}
