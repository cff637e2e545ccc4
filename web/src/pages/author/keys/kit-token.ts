// What lets the paper kit sign in (docs/protocol.md): the house knows it as an HMAC, and it leads to no key.

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
