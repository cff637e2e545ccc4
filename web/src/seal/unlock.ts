// From six words to the account, and back. Two things are derived from the words: a token that the
// server knows only as an HMAC, and the passphrase of a file that the server keeps under its own layer.
// Neither tells the other, and the words themselves go nowhere.

import { Decrypter, Encrypter } from 'age-encryption';
import { hkdf } from '@noble/hashes/hkdf.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { accountOf, type Account } from './account';
import { base64url, fromUtf8, hex, utf8, type Bytes } from './bytes';
import { SealError } from './errors';
import { parseHeader } from './header';
import { normaliseWords, sixWords } from './words';
import { wrapBound } from './wrap';

/** Bytes of the account's scrypt salt, which the server gives out after sign-in. */
export const SALT_BYTES = 16;

/** RFC 7914: 64 MiB and about half a second in a browser. Blocks; run it in the worker. */
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, dkLen: 32 };

/** The age file's passphrase is random already: more work would protect nothing. */
const FILE_WORK_FACTOR = 10;

/** What the words give. */
export interface UnlockSecrets {
  /** 32 bytes in base64url: the server peels the unlock wrap for whoever shows it. */
  readonly token: string;
  /** 64 hexadecimal digits: opens passphrase.age. Never sent. */
  readonly filePassphrase: string;
}

/** Derives token and passphrase. Takes words as typed; refuses unknown ones with their place. */
export function deriveUnlock(typedWords: string, salt: Uint8Array): UnlockSecrets {
  if (salt.length !== SALT_BYTES) throw new SealError('bad-input', 'a salt has 16 bytes');
  const root = scrypt(utf8(normaliseWords(typedWords)), salt, SCRYPT);
  const derived = (info: string) => hkdf(sha256, root, undefined, utf8(info), 32);
  return {
    token: base64url(derived('unsaid unlock token v1')),
    filePassphrase: hex(derived('unsaid unlock file v1')),
  };
}

/** passphrase.age: the account's identity under the derived passphrase. */
export async function sealPassphraseFile(identity: string, filePassphrase: string): Promise<Bytes> {
  await accountOf(identity);
  if (!/^[0-9a-f]{64}$/.test(filePassphrase)) throw new SealError('bad-input', 'not a derived passphrase');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(filePassphrase);
  encrypter.setScryptWorkFactor(FILE_WORK_FACTOR);
  return (await encrypter.encrypt(utf8(`# Unsaid account\n${identity}\n`))) as Bytes;
}

/** Opens passphrase.age, as the server gave it out for the token. */
export async function openPassphraseFile(file: Uint8Array, filePassphrase: string): Promise<Account> {
  const [stanza, ...others] = parseHeader(file).stanzas;
  // A hostile file could ask for gigabytes of scrypt; ours asks for very little.
  if (others.length > 0 || stanza?.type !== 'scrypt' || stanza.args[1] !== String(FILE_WORK_FACTOR)) {
    throw new SealError('damaged', 'not a passphrase file of ours');
  }
  const decrypter = new Decrypter();
  decrypter.addPassphrase(filePassphrase);
  let text: string;
  try {
    text = fromUtf8(await decrypter.decrypt(file));
  } catch (error) {
    const wrong = error instanceof Error && error.message.startsWith('no identity matched');
    throw new SealError(wrong ? 'words-wrong' : 'damaged', 'passphrase.age does not open');
  }
  const identity = /^(?:#[^\n]*\n)*(AGE-SECRET-KEY-PQ-1[0-9A-Z]{58})\n?$/.exec(text)?.[1];
  if (!identity) throw new SealError('damaged', 'no account in passphrase.age');
  return accountOf(identity);
}

/** What the server stores and what the author writes down, when words are made or made anew. */
export interface NewUnlock {
  /** Six words, shown to the author and to nobody else. */
  readonly words: string;
  /** For the server, which keeps an HMAC of it. */
  readonly token: string;
  /** `host{ binding line, passphrase.age }` */
  readonly wrap: Bytes;
}

/** For whom new words are made. */
export interface UnlockPlace {
  readonly accountId: string;
  /** How many times words were made for this account, this time included: from 1. */
  readonly number: number;
  readonly salt: Uint8Array;
  readonly hostRecipient: string;
}

/** Makes six new words that open `identity`, from nine random bytes. */
export async function makeUnlock(
  identity: string,
  place: UnlockPlace,
  random: Uint8Array,
): Promise<NewUnlock> {
  const words = sixWords(random);
  const { token, filePassphrase } = deriveUnlock(words, place.salt);
  const file = await sealPassphraseFile(identity, filePassphrase);
  const binding = { id: place.accountId, version: place.number, kind: 'unlock' } as const;
  return { words, token, wrap: await wrapBound(place.hostRecipient, binding, file) };
}
