// The hand that signs, as records hold it: made from chance, and told to the world only in its public half.

import { handOf as publicHandOf, makeAccount, type Opened } from '../../../seal';
import { base64url, fromBase64NoPad } from '../../../seal/bytes';
import type { Hand } from '../vault';
import type { SignedBy } from './kinds';
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

/** Whether a letter that she reads again is signed as she signs. A letter with a place for answers has always been signed. */
export function signedBy({ letter, signature }: Opened, hand: Hand | null): SignedBy {
  if (signature.state === 'unsigned') return letter.replyTo === null ? 'nobody' : 'not-hers';
  if (signature.state === 'broken' || hand === null) return 'not-hers';
  return signature.hand.line === publicOf(hand).line ? 'hers' : 'not-hers';
}
