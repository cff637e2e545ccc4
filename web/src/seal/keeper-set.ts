// The set of an author's keepers: one age1pq pair, whose secret lies in keeper-set.age under a master of 16 random bytes, and the master on
// their cards (slip39.ts). A letter that the keepers open together is K, wrapped to the set. The set's recipient stays when a keeper
// leaves: then the file alone is locked anew, with a new master. It knows no keeper and no house.

import { accountOf, makeAccount } from './account';
import { fromUtf8, hex, utf8, type Bytes } from './bytes';
import { openPassphrase, sealPassphrase } from './claim';
import { SealError } from './errors';
import { readKeyFile } from './key';
import { openWrap, wrap } from './wrap';

/** Bytes of the master that the cards of a set hold. */
export const MASTER_BYTES = 16;
/** keeper-set.age is never larger, in bytes. */
export const MOST_SET_BYTES = 4096;
/** log2 of scrypt's N (RFC 7914). The master is random already: more work would protect nothing. */
const WORK_FACTOR = 10;

/** A set: the secret half, which goes into keeper-set.age, and the half that letters are wrapped to. */
export interface KeeperSet {
  /** `AGE-SECRET-KEY-PQ-1…`: opens every letter that was wrapped to the set. */
  readonly identity: string;
  /** `age1pq1…` */
  readonly recipient: string;
}

/** A new set. typage takes the randomness from the browser. */
export const makeKeeperSet = (): Promise<KeeperSet> => makeAccount();

/**
 * keeper-set.age: an age file whose passphrase is the master in hexadecimal, so that any age tool opens it. `random` are 48 bytes of chance: a salt, a
 * file key and a nonce.
 */
export async function lockKeeperSet(identity: string, master: Uint8Array, random: Uint8Array): Promise<Bytes> {
  await accountOf(identity);
  return sealPassphrase(passphrase(master), utf8(`# Unsaid keepers\n${identity}\n`), random, WORK_FACTOR);
}

/** The identity in keeper-set.age. Throws 'cards-other' for the master of other cards, and 'damaged' for what is no such file. */
export async function openKeeperSet(file: Uint8Array, master: Uint8Array): Promise<string> {
  const words = passphrase(master);
  if (file.length > MOST_SET_BYTES) throw new SealError('damaged', 'too large for a set');
  let text: string;
  try {
    text = fromUtf8(await openPassphrase(words, file, WORK_FACTOR));
  } catch (error) {
    if (!(error instanceof SealError)) throw new SealError('damaged', 'not text');
    throw error.code === 'words-wrong' ? new SealError('cards-other', 'the master of other cards') : error;
  }
  const identity = /^(?:#[^\n]*\n)*(AGE-SECRET-KEY-PQ-1[0-9A-Z]{58})\n?$/.exec(text)?.[1];
  if (!identity) throw new SealError('damaged', 'no set in keeper-set.age');
  return identity;
}

/** `set{ K }`: the key file under the set. It goes under the host's layer, and into an exported folder as it is. */
export async function sealKeepersFile(recipient: string, keyFile: Uint8Array): Promise<Bytes> {
  readKeyFile(keyFile);
  return wrap(recipient, keyFile);
}

/** The key file in `set{ K }`. */
export async function openKeepersFile(identity: string, file: Uint8Array): Promise<Bytes> {
  const key = await openWrap(identity, file);
  readKeyFile(key);
  return key;
}

function passphrase(master: Uint8Array): string {
  if (master.length !== MASTER_BYTES) throw new SealError('bad-input', 'the master of a set has 16 bytes');
  return hex(master);
}
