// Sealing a letter, opening one's own, and the proof that what the house stores is what was written.
// K, the letter's key, and R, its recipient, live inside one call: R is used once and forgotten, so no
// stored file names a public key that could be attacked later. Does no request and asks no clock.

import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { sha256Hex, type Bytes } from './bytes';
import { SealError } from './errors';
import { keyFile, readKeyFile } from './key';
import { composeLetter, normaliseText, parseLetter, type Letter, type LetterToCompose } from './letter';
import { manifestHash } from './manifest';
import { openWrap, wrap, wrapBound } from './wrap';

/** What is sealed, and for whom it can be opened. */
export interface LetterToSeal extends LetterToCompose {
  /** The account's recipient: the author can always read and amend. */
  readonly authorRecipient: string;
  /** The house's recipient for 'kept by this house'; null for a letter that stays with the author. */
  readonly hostRecipient: string | null;
}

/** One file of a sealed version. */
export interface SealedPart {
  readonly name: 'letter.age';
  readonly kind: 'letter';
  readonly bytes: Bytes;
  /** SHA-256 of the bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

/** One way of opening. */
export interface SealedWrap {
  readonly kind: 'author' | 'host';
  readonly bytes: Bytes;
}

/** Everything that goes to the house. */
export interface SealedLetter {
  readonly parts: readonly SealedPart[];
  readonly manifestHash: string;
  readonly wraps: readonly SealedWrap[];
}

/** Seals one version under a fresh key. */
export async function sealLetter(letter: LetterToSeal): Promise<SealedLetter> {
  const { letterId, version } = letter;
  const plain = composeLetter(letter);
  const identity = await generateX25519Identity();
  const key = keyFile(letterId, version, identity);

  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const bytes = (await encrypter.encrypt(plain)) as Bytes;

  const wraps: SealedWrap[] = [{ kind: 'author', bytes: await wrap(letter.authorRecipient, key) }];
  if (letter.hostRecipient !== null) {
    const binding = { id: letterId, version, kind: 'host' } as const;
    wraps.push({ kind: 'host', bytes: await wrapBound(letter.hostRecipient, binding, key) });
  }
  const part = {
    name: 'letter.age',
    kind: 'letter',
    bytes,
    sha256: sha256Hex(bytes),
    size: bytes.length,
  } as const;
  return { parts: [part], manifestHash: manifestHash([part]), wraps };
}

/** Which letter is meant, as the house names it. */
export interface LetterName {
  readonly letterId: string;
  readonly version: number;
}

/** Opens a letter of one's own with the account's identity. Refuses another letter or version than the one named. */
export async function openSealed(
  identity: string,
  authorWrap: Uint8Array,
  letterAge: Uint8Array,
  expected: LetterName,
): Promise<Letter> {
  const key = readKeyFile(await openWrap(identity, authorWrap));
  const decrypter = new Decrypter();
  decrypter.addIdentity(key);
  let plain: Uint8Array;
  try {
    plain = await decrypter.decrypt(letterAge);
  } catch (error) {
    const nobody = error instanceof Error && error.message.startsWith('no identity matched');
    throw new SealError(nobody ? 'wrong-key' : 'damaged', 'letter.age does not open');
  }
  const letter = parseLetter(plain);
  if (letter.letterId !== expected.letterId || letter.version !== expected.version) {
    throw new SealError('wrong-letter', 'the file holds another letter');
  }
  return letter;
}

/** What was sealed, and what the house gives back for it. */
export interface Proof {
  readonly identity: string;
  readonly written: LetterToCompose;
  /** The hash that was sent with the letter. */
  readonly manifestHash: string;
  /** The parts as fetched again from the house. */
  readonly parts: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** author.age as fetched again from the house. */
  readonly authorWrap: Uint8Array;
}

/**
 * The author's half of 'sealed is said only after the proof': hashes what came back, opens it by way of author.age, and
 * compares it with what was written. Throws 'proof-failed', or the reason why it does not open.
 */
export async function proveSealed(proof: Proof): Promise<Letter> {
  const { written } = proof;
  const named = proof.parts.map(({ name, bytes }) => ({
    name,
    size: bytes.length,
    sha256: sha256Hex(bytes),
  }));
  const letterAge = proof.parts.find((part) => part.name === 'letter.age')?.bytes;
  if (!letterAge || manifestHash(named) !== proof.manifestHash) {
    throw new SealError('proof-failed', 'the stored bytes are not those that were sealed');
  }
  const letter = await openSealed(proof.identity, proof.authorWrap, letterAge, written);
  const expected = parseLetter(composeLetter(written));
  const same =
    letter.text === normaliseText(written.text) &&
    letter.from === expected.from &&
    letter.to === expected.to &&
    letter.date.getTime() === expected.date.getTime();
  if (!same) throw new SealError('proof-failed', 'the stored letter is not what was written');
  return letter;
}
