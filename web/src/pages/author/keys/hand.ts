// The hand that signs, as records hold it: made from chance, and told to the world only in its public half.

import { handOf as publicHandOf, makeAccount } from '../../../seal';
import { base64url, fromBase64NoPad } from '../../../seal/bytes';
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

export function publicOf(hand: Hand): PublicHand {
  return { ...publicHandOf(seedOf(hand)), inboxRecipient: hand.inboxRecipient };
}
