// The hand that signs, as records hold it: made from chance, and told to the world only in its public half.

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { makeAccount } from '../../../seal';
import { base64, base64url, concat, fromBase64NoPad, utf8 } from '../../../seal/bytes';
import type { Hand } from '../vault';
import type { PublicHand } from './questions';

/** A new hand: a seed for Ed25519, and an inbox for answers. */
export async function makeHand(): Promise<Hand> {
  const inbox = await makeAccount();
  return {
    seed: base64url(crypto.getRandomValues(new Uint8Array(32))),
    inbox: inbox.identity,
    inboxRecipient: inbox.recipient,
  };
}

export function seedOf(hand: Hand): Uint8Array {
  const seed = fromBase64NoPad(hand.seed.replaceAll('-', '+').replaceAll('_', '/'));
  if (seed?.length !== 32) throw new Error('not a seed');
  return seed;
}

const withLength = (bytes: Uint8Array): Uint8Array => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
};

export function publicOf(hand: Hand): PublicHand {
  const blob = concat(withLength(utf8('ssh-ed25519')), withLength(ed25519.getPublicKey(seedOf(hand))));
  return {
    line: `ssh-ed25519 ${base64(blob)} unsaid`,
    fingerprint: `SHA256:${base64(sha256(blob)).replace(/=+$/, '')}`,
    inboxRecipient: hand.inboxRecipient,
  };
}
