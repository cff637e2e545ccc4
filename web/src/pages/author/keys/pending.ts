// What the seal room is about to give: until it does, these refuse. Nothing here is kept.

import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { SealError } from '../../../seal';
import { secretFromBech32 } from '../../../seal/bech32';
import { base64url, utf8 } from '../../../seal/bytes';

export function kitToken(identity: string): string {
  const secret = secretFromBech32('age-secret-key-pq-', identity);
  if (!secret) throw new SealError('bad-input', 'not an identity');
  return base64url(hkdf(sha256, secret, undefined, utf8('unsaid kit token v1'), 32));
}

const not = (): never => {
  throw new SealError('bad-input', 'not yet');
};

export const claimWords: (random: Uint8Array) => string = not;
export const claimToken: (words: string) => string = not;
export const rewrapWords: (of: object) => Promise<Uint8Array> = not;
export const openPart: (
  identity: string,
  wrap: Uint8Array,
  part: Uint8Array,
  sha256: string,
) => Promise<Uint8Array> = not;
