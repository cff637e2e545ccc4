// The account's key pair: age1pq (ML-KEM-768 and X25519), made in the browser. The identity is the one
// secret of an author; words and kit are two ways back to it. Knows nothing of letters.

import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import { SealError } from './errors';

/** The account's secret and the public half that everything is wrapped to. */
export interface Account {
  /** `AGE-SECRET-KEY-PQ-1…`, never sent or stored in clear. */
  readonly identity: string;
  /** `age1pq1…`, about 1,960 characters. */
  readonly recipient: string;
}

/** A new account. typage takes the randomness from the browser. */
export async function makeAccount(): Promise<Account> {
  return accountOf(await generateHybridIdentity());
}

/** The account that belongs to an identity. */
export async function accountOf(identity: string): Promise<Account> {
  if (!/^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/.test(identity))
    throw new SealError('bad-input', 'not an age1pq identity');
  try {
    return { identity, recipient: await identityToRecipient(identity) };
  } catch {
    throw new SealError('bad-input', 'not an age1pq identity');
  }
}
