// Sealing a letter, opening one's own, and the proof that what the house stores is what was written.
// K, the letter's key, and R, its recipient, live inside one call: R is used once and forgotten, so no
// stored file names a public key that could be attacked later. Does no request and asks no clock.

import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { fromHtml, toHtml } from './body';
import { sameBytes, sha256Hex, utf8, type Bytes } from './bytes';
import { checkClaimWords, sealWordsFile } from './claim';
import { SealError } from './errors';
import { openKeepersFile, sealKeepersFile, type KeeperSet } from './keeper-set';
import { keyFile, readKeyFile } from './key';
import {
  composeLetter,
  howManyInside,
  MAX_PICTURES,
  parseLetter,
  type Letter,
  type LetterToCompose,
  type Medium,
  type Picture,
} from './letter';
import { manifestHash } from './manifest';
import { openLetter, openMedia, type LetterName, type Opened } from './read';
import { handOf, sign } from './sshsig';
import { openWrap, wrap, wrapBound } from './wrap';

export type { LetterName } from './read';

/** Who besides the author has a way to open it. Null: nobody, it stays unsent. */
export type Kept =
  | { readonly kind: 'house'; readonly hostRecipient: string }
  /** The words of the person's card, as typed or canonical. */
  | { readonly kind: 'words'; readonly hostRecipient: string; readonly words: string }
  /** The keepers together. The set's identity is the author's too (it lies in her vault): what was wrapped is opened with it at once, as a proof. */
  | { readonly kind: 'keepers'; readonly hostRecipient: string; readonly set: KeeperSet };

/** What was written: all its pictures, in order of appearance, wherever they will lie. */
export interface Written {
  readonly letterId: string;
  readonly version: number;
  readonly from: string;
  readonly to: string;
  readonly date: Date;
  readonly text: string;
  /** Canonical HTML (body.ts); null for words alone. */
  readonly html?: string | null;
  readonly pictures?: readonly Picture[];
  /** The inbox recipient, for answers. */
  readonly replyTo?: string | null;
}

/** What is sealed, and for whom it can be opened. */
export interface LetterToSeal extends Written {
  /** The account's recipient: the author can always read and amend. */
  readonly authorRecipient: string;
  readonly kept: Kept | null;
  /** The hand that signs: 32 secret bytes. Null leaves the letter unsigned. */
  readonly seed: Uint8Array | null;
}

/** One file of a sealed version: `letter.age`, `sig.age`, `media/003.age`. */
export interface SealedPart {
  readonly name: string;
  readonly kind: 'letter' | 'signature' | 'media';
  readonly bytes: Bytes;
  /** SHA-256 of the bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

/** One way of opening. */
export interface SealedWrap {
  readonly kind: 'author' | 'host' | 'words' | 'keepers';
  readonly bytes: Bytes;
}

/** Everything that goes to the house. */
export interface SealedLetter {
  readonly parts: readonly SealedPart[];
  readonly manifestHash: string;
  readonly wraps: readonly SealedWrap[];
}

/** The letter as it is composed: which pictures lie inside, and the names and hashes of those beside it. */
export function placed(written: Written): LetterToCompose {
  const { letterId, version, from, to, date, text, html = null, replyTo = null, pictures: all = [] } = written;
  if (html !== null && toHtmlAgain(html) !== html) {
    // What the reader's parser would not give back exactly must not be sealed: words could be lost.
    throw new SealError('bad-input', 'not the canonical HTML of a letter');
  }
  // Before anything is hashed: sixty pictures of any size are refused by their number alone.
  if (all.length > MAX_PICTURES) throw new SealError('bad-picture', 'too many');
  const inside = howManyInside(all.map(({ bytes }) => bytes.length));
  const media = besideOf(written).map(
    ({ name, type, bytes }): Medium => ({ name, type, size: bytes.length, sha256: sha256Hex(bytes) }),
  );
  const pictures = all.slice(0, inside);
  return { letterId, version, from, to, date, text, html, replyTo, pictures, media };
}

const besideOf = ({ pictures = [] }: Written): readonly Picture[] =>
  pictures.slice(howManyInside(pictures.map(({ bytes }) => bytes.length)));

function toHtmlAgain(html: string): string {
  const lang = /^<!doctype html>\n<html lang="([A-Za-z0-9-]+)">/.exec(html)?.[1] ?? 'und';
  return toHtml(fromHtml(html), { lang });
}

/** Seals one version under a fresh key. Words take a second: run it in a Worker. */
export async function sealLetter(letter: LetterToSeal): Promise<SealedLetter> {
  const { letterId, version, kept, seed } = letter;
  const eml = composeLetter(placed(letter));
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const key = keyFile(letterId, version, identity);
  const part = async (name: string, kind: SealedPart['kind'], plain: Uint8Array): Promise<SealedPart> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    const bytes = (await encrypter.encrypt(plain)) as Bytes;
    return { name, kind, bytes, sha256: sha256Hex(bytes), size: bytes.length };
  };

  const parts = [await part('letter.age', 'letter', eml)];
  if (seed !== null) parts.push(await part('sig.age', 'signature', utf8(sign(seed, eml))));
  for (const { name, bytes } of besideOf(letter)) {
    parts.push(await part(`media/${name}.age`, 'media', bytes));
  }

  const wraps: SealedWrap[] = [{ kind: 'author', bytes: await wrap(letter.authorRecipient, key) }];
  if (kept?.kind === 'house') {
    const binding = { id: letterId, version, kind: 'host' } as const;
    wraps.push({ kind: 'host', bytes: await wrapBound(kept.hostRecipient, binding, key) });
  }
  if (kept?.kind === 'words') wraps.push({ kind: 'words', bytes: await wordsWrap(letter, kept, key) });
  if (kept?.kind === 'keepers') wraps.push({ kind: 'keepers', bytes: await keepersWrap(letter, kept, key) });
  return { parts, manifestHash: manifestHash(parts), wraps };
}

/** `host{ binding line, words{ K } }`: for a new letter, and for a card that somebody has seen. */
export async function wordsWrap(
  { letterId, version }: LetterName,
  { hostRecipient, words }: { readonly hostRecipient: string; readonly words: string },
  key: Uint8Array,
): Promise<Bytes> {
  readKeyFile(key);
  const inner = await sealWordsFile(checkClaimWords(words), key, crypto.getRandomValues(new Uint8Array(48)));
  return wrapBound(hostRecipient, { id: letterId, version, kind: 'words' }, inner);
}

/** `host{ binding line, set{ K } }`, once it was seen that the set opens it: the house can only see that it is locked. */
export async function keepersWrap(
  { letterId, version }: LetterName,
  { hostRecipient, set }: { readonly hostRecipient: string; readonly set: KeeperSet },
  key: Uint8Array,
): Promise<Bytes> {
  const inner = await sealKeepersFile(set.recipient, key);
  if (!sameBytes(await openKeepersFile(set.identity, inner), key)) {
    throw new SealError('proof-failed', 'the set does not open what was wrapped to it');
  }
  return wrapBound(hostRecipient, { id: letterId, version, kind: 'keepers' }, inner);
}

/** A letter of one's own, opened: with its key, for the pictures beside it (`openMedia`) and for an export. */
export interface OpenedOwn extends Opened {
  /** The key file. */
  readonly key: Bytes;
}

/** Opens a letter of one's own with the account's identity. Refuses another letter or version than the one named. */
export async function openSealed(
  identity: string,
  authorWrap: Uint8Array,
  files: { readonly letterAge: Uint8Array; readonly sigAge: Uint8Array | null },
  expected: LetterName,
): Promise<OpenedOwn> {
  const key = await openWrap(identity, authorWrap);
  return { ...openLetter(key, files, expected), key };
}

/** What was sealed, and what the house gives back for it. */
export interface Proof {
  readonly identity: string;
  readonly written: Written;
  /** The hand that signed, or null. */
  readonly seed: Uint8Array | null;
  /** The hash that was sent with the letter. */
  readonly manifestHash: string;
  /** The parts as fetched again from the house. */
  readonly parts: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** author.age as fetched again from the house. */
  readonly authorWrap: Uint8Array;
}

/**
 * The author's half of 'sealed is said only after the proof': hashes what came back, opens every part by way of author.age,
 * and compares words, pictures and signature with what was written. Throws 'proof-failed', or why it does not open.
 */
export async function proveSealed(proof: Proof): Promise<Letter> {
  const { written, seed } = proof;
  const named = proof.parts.map(({ name, bytes }) => ({
    name,
    size: bytes.length,
    sha256: sha256Hex(bytes),
  }));
  const find = (name: string) => proof.parts.find((part) => part.name === name)?.bytes;
  const letterAge = find('letter.age');
  if (!letterAge || manifestHash(named) !== proof.manifestHash) {
    throw new SealError('proof-failed', 'the stored bytes are not those that were sealed');
  }
  const files = { letterAge, sigAge: find('sig.age') ?? null };
  const { letter, signature, key } = await openSealed(proof.identity, proof.authorWrap, files, written);

  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new SealError('proof-failed', what);
  };
  const expected = parseLetter(composeLetter(placed(written)));
  const plain = ({ pictures: _, ...rest }: Letter) => JSON.stringify(rest);
  must(plain(letter) === plain(expected), 'the stored letter is not what was written');
  must(samePictures(letter.pictures, expected.pictures), 'a picture inside is not what was written');
  for (const medium of expected.media) {
    const bytes = find(`media/${medium.name}.age`);
    must(bytes !== undefined, 'a picture beside the letter is missing');
    openMedia(key, bytes!, medium);
  }
  const hand = signature.state === 'signed' ? signature.hand.line : signature.state;
  must(hand === (seed === null ? 'unsigned' : handOf(seed).line), 'the signature is not the one that was made');
  return letter;
}

const samePictures = (a: readonly Picture[], b: readonly Picture[]): boolean =>
  a.length === b.length &&
  a.every(({ name, type, bytes }, i) => {
    const other = b[i]!;
    return name === other.name && type === other.type && sameBytes(bytes, other.bytes);
  });
