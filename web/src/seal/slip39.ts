// Keepers' cards: a master secret as words on n cards, of which any m give it back and fewer say nothing (SLIP-0039, Shamir's
// secret sharing over GF(256)). Reads every card of the standard, with groups and passphrases; makes cards of one group, extendable.
// Arithmetic on secrets neither branches on them nor looks anything up by them. It never stores a card, and knows no keeper.

import { hmac } from '@noble/hashes/hmac.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, sameBytes, utf8, type Bytes } from './bytes';
import { SealError } from './errors';
import { SLIP39_WORDS } from './slip39-words';
import { placesOf } from './words';

/** Words on a card for a master of 16 bytes: what ours always have. */
export const CARD_WORDS = 20;
/** At most so many cards in a set: a card's number has four bits. */
export const MOST_CARDS = 16;

/** PBKDF2 rounds are 10,000 times two to the exponent; a card that asks for more than this is not worked on. */
const MOST_EXPONENT = 6;
const CHECKSUM_WORDS = 3;
/** Where the secret and its digest lie on the polynomial. */
const SECRET_AT = 255;
const DIGEST_AT = 254;
const DIGEST_BYTES = 4;

/** What one card says. */
export interface Card {
  /** The set that it belongs to: 15 random bits. */
  readonly set: number;
  readonly extendable: boolean;
  readonly exponent: number;
  readonly group: { readonly index: number; readonly needed: number; readonly of: number };
  /** Its number, from 0, and how many of its group are needed. */
  readonly index: number;
  readonly needed: number;
  readonly value: Bytes;
}

/** So many random bytes. */
export type Chance = (length: number) => Uint8Array;

/**
 * `of` cards for a master of 16 bytes or more (an even number), any `needed` of which give it back. Throws 'bad-input' for a set that
 * cannot be: needed from 2 to `of`, which is at most 16, or one card of one.
 */
export function makeCards(master: Uint8Array, needed: number, of: number, chance: Chance): string[] {
  const possible = of <= MOST_CARDS && (needed === 1 ? of === 1 : needed >= 2 && needed <= of);
  if (!possible || master.length < 16 || master.length % 2 !== 0) throw new SealError('bad-input', 'no such set of cards');
  const id = chance(2);
  const set = ((id[0]! << 8) | id[1]!) & 0x7fff;
  const hidden = feistel(master, new Uint8Array(), 0, set, true, [0, 1, 2, 3]);
  return split(hidden, needed, of, chance).map((value, index) =>
    writeCard({ set, extendable: true, exponent: 0, group: { index: 0, needed: 1, of: 1 }, index, needed, value }),
  );
}

/**
 * What typed words say, when they are a card's: lower or upper case, four letters of a word are enough. Throws 'word-unknown' with the
 * place; 'word-count'; 'words-checksum', with the place when one word alone is wrong; 'damaged' for what no card says.
 */
export function readCard(typed: string): Card {
  const places = placesOf(typed, SLIP39_WORDS);
  const padding = (10 * (places.length - 7)) % 16;
  if (places.length < CARD_WORDS || padding > 8) {
    throw new SealError('word-count', `${CARD_WORDS} words are needed`, places.length);
  }
  if (residue(places) !== 1) throw new SealError('words-checksum', 'not the words of a card', wrongPlace(places));
  const bits = new Bits(places.slice(0, -CHECKSUM_WORDS));
  const card = {
    set: bits.take(15),
    extendable: bits.take(1) === 1,
    exponent: bits.take(4),
    group: { index: bits.take(4), needed: bits.take(4) + 1, of: bits.take(4) + 1 },
    index: bits.take(4),
    needed: bits.take(4) + 1,
  };
  if (bits.take(padding) !== 0 || card.group.needed > card.group.of || card.exponent > MOST_EXPONENT) {
    throw new SealError('damaged', 'no card says this');
  }
  return { ...card, value: bits.rest() };
}

/** The words of a card, lower case with single spaces. */
export function writeCard(card: Card): string {
  const { group } = card;
  const head: [number, number][] = [
    [card.set, 15],
    [card.extendable ? 1 : 0, 1],
    [card.exponent, 4],
    [group.index, 4],
    [group.needed - 1, 4],
    [group.of - 1, 4],
    [card.index, 4],
    [card.needed - 1, 4],
    [0, (10 - ((8 * card.value.length) % 10)) % 10],
  ];
  const numbers = [...head, ...Array.from(card.value, (byte): [number, number] => [byte, 8])];
  const places: number[] = [];
  let held = 0;
  let count = 0;
  for (const [number, width] of numbers) {
    for (let bit = width - 1; bit >= 0; bit--) {
      held = (held << 1) | ((number >> bit) & 1);
      if (++count % 10 === 0) {
        places.push(held);
        held = 0;
      }
    }
  }
  const sum = polymod([...customisation(card.extendable), ...places, 0, 0, 0]) ^ 1;
  places.push((sum >>> 20) & 1023, (sum >>> 10) & 1023, sum & 1023);
  return places.map((place) => SLIP39_WORDS[place]!).join(' ');
}

/**
 * The master that the cards hold. Throws 'cards-differ' for cards of different sets, 'card-twice' for one card that says two things, 'cards-too-few'
 * with the number that is missing, and 'cards-wrong' when together they hold nothing. The same card twice counts once.
 */
export function joinCards(cards: readonly Card[], passphrase = ''): Bytes {
  const [first] = cards;
  if (first === undefined) throw new SealError('cards-too-few', 'no card', 1);
  if (!cards.every((card) => sameSet(card, first))) throw new SealError('cards-differ', 'cards of more than one set');
  const groups = new Map<number, Card[]>();
  for (const card of cards) {
    const group = groups.get(card.group.index) ?? [];
    const before = group.find((other) => other.index === card.index);
    if (before && !sameBytes(before.value, card.value)) throw new SealError('card-twice', 'one number, two cards');
    if (group.some((other) => other.needed !== card.needed)) throw new SealError('cards-differ', 'thresholds differ');
    if (!before) group.push(card);
    groups.set(card.group.index, group);
  }
  // Groups that are not whole do not count, so that a card too many does no harm.
  const whole = [...groups].filter(([, group]) => group.length >= group[0]!.needed);
  if (whole.length < first.group.needed) throw new SealError('cards-too-few', 'more cards are needed', missing(groups, first));
  const secrets = whole.slice(0, first.group.needed).map(([index, group]) => {
    const enough = group.slice(0, group[0]!.needed);
    return { at: index, value: recover(enough.map((card) => ({ at: card.index, value: card.value }))) };
  });
  return feistel(recover(secrets), utf8(passphrase), first.exponent, first.set, first.extendable, [3, 2, 1, 0]);
}

/** How many cards more would do, where the groups that have most go first. */
function missing(groups: ReadonlyMap<number, readonly Card[]>, { group }: Card): number {
  const lacking = [...groups.values()].map((cards) => Math.max(0, cards[0]!.needed - cards.length)).sort((a, b) => a - b);
  const unseen = Math.max(0, group.needed - lacking.length);
  return lacking.slice(0, group.needed).reduce((sum, more) => sum + more, unseen);
}

const sameSet = (a: Card, b: Card): boolean =>
  a.set === b.set &&
  a.extendable === b.extendable &&
  a.exponent === b.exponent &&
  a.group.needed === b.group.needed &&
  a.group.of === b.group.of &&
  a.value.length === b.value.length;

// ---- Sharing.

interface Point {
  readonly at: number;
  readonly value: Uint8Array;
}

function split(secret: Bytes, needed: number, of: number, chance: Chance): Bytes[] {
  if (needed === 1) return [secret];
  const random = Array.from({ length: needed - 2 }, (_, at) => ({ at, value: concat(chance(secret.length)) }));
  const pad = concat(chance(secret.length - DIGEST_BYTES));
  const fixed = [...random, { at: DIGEST_AT, value: concat(digest(pad, secret), pad) }, { at: SECRET_AT, value: secret }];
  return Array.from({ length: of }, (_, at) => random[at]?.value ?? interpolate(fixed, at));
}

function recover(points: readonly Point[]): Bytes {
  if (points.length === 1) return concat(points[0]!.value);
  const secret = interpolate(points, SECRET_AT);
  const proof = interpolate(points, DIGEST_AT);
  if (!sameBytes(digest(proof.subarray(DIGEST_BYTES), secret), proof.subarray(0, DIGEST_BYTES))) {
    throw new SealError('cards-wrong', 'the digest of the secret is another');
  }
  return secret;
}

const digest = (pad: Uint8Array, secret: Uint8Array): Uint8Array => hmac(sha256, pad, secret).subarray(0, DIGEST_BYTES);

/** The value at `x` of the polynomial through the points (Lagrange). Where the points lie is public, their values are not. */
function interpolate(points: readonly Point[], x: number): Bytes {
  const out = new Uint8Array(points[0]!.value.length);
  for (const point of points) {
    let weight = 1;
    for (const other of points) {
      if (other.at !== point.at) weight = times(weight, times(x ^ other.at, inverse(point.at ^ other.at)));
    }
    for (let i = 0; i < out.length; i++) out[i]! ^= times(weight, point.value[i]!);
  }
  return out;
}

/** Product in GF(256) modulo x^8 + x^4 + x^3 + x + 1, in the same steps whatever the factors are. */
function times(a: number, b: number): number {
  let product = 0;
  for (let i = 0; i < 8; i++) {
    product ^= a & -((b >> i) & 1);
    a = ((a << 1) ^ (0x11b & -(a >> 7))) & 0xff;
  }
  return product;
}

/** a^254; 0 has none and gives 0. */
function inverse(a: number): number {
  let out = 1;
  let power = a;
  for (let i = 1; i < 8; i++) {
    power = times(power, power);
    out = times(out, power);
  }
  return out;
}

/** Four rounds of a Feistel network over PBKDF2 (RFC 8018): in this order they hide, in the other they show again. */
function feistel(
  data: Uint8Array,
  passphrase: Uint8Array,
  exponent: number,
  set: number,
  extendable: boolean,
  rounds: readonly number[],
): Bytes {
  const half = data.length / 2;
  const salt = extendable ? new Uint8Array() : concat(utf8('shamir'), Uint8Array.of(set >> 8, set & 255));
  let left = concat(data.subarray(0, half));
  let right = concat(data.subarray(half));
  for (const round of rounds) {
    const stream = pbkdf2(sha256, concat(Uint8Array.of(round), passphrase), concat(salt, right), {
      c: 2500 << exponent,
      dkLen: half,
    });
    const mixed = Uint8Array.from(left, (byte, i) => byte ^ stream[i]!);
    left = right;
    right = mixed;
  }
  return concat(right, left);
}

// ---- The checksum, a Reed-Solomon code over GF(1024) that notices up to three wrong words for certain.

const GENERATOR = [
  0xe0e040, 0x1c1c080, 0x3838100, 0x7070200, 0xe0e0009, 0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890, 0x3f3f120,
];

const customisation = (extendable: boolean): Bytes => utf8(extendable ? 'shamir_extendable' : 'shamir');

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 20;
    sum = ((sum & 0xfffff) << 10) ^ value;
    for (let i = 0; i < GENERATOR.length; i++) if ((top >> i) & 1) sum ^= GENERATOR[i]!;
  }
  return sum >>> 0;
}

/** 1 for the words of a card. Linear in the places over GF(2), but for a constant. */
function residue(places: readonly number[]): number {
  return polymod([...customisation(((places[1]! >> 4) & 1) === 1), ...places]);
}

/**
 * The one place at which another word makes the card whole; undefined where more than one word is wrong. The standard forbids to say which word.
 * What each bit of a place changes is worked out once, so that 20 places times 1,024 words are as many exclusive ors.
 */
function wrongPlace(places: readonly number[]): number | undefined {
  const wrong = residue(places);
  const found = places.findIndex((place, index) => {
    // The bit of the second word that says 'extendable' changes what the checksum begins with: there each word is tried.
    if (index === 1) return SLIP39_WORDS.some((_, other) => residue(places.with(1, other)) === 1);
    const bits = Array.from({ length: 10 }, (_, bit) => residue(places.with(index, place ^ (1 << bit))) ^ wrong);
    return SLIP39_WORDS.some((_, change) => bits.reduce((sum, bit, at) => ((change >> at) & 1 ? sum ^ bit : sum), wrong) === 1);
  });
  return found < 0 ? undefined : found;
}

/** Ten bits of each word, from the front. */
class Bits {
  readonly #places: readonly number[];
  #at = 0;

  constructor(places: readonly number[]) {
    this.#places = places;
  }

  take(count: number): number {
    let number = 0;
    for (; count > 0; count--, this.#at++) {
      number = (number << 1) | ((this.#places[Math.floor(this.#at / 10)]! >> (9 - (this.#at % 10))) & 1);
    }
    return number;
  }

  rest(): Bytes {
    const left = 10 * this.#places.length - this.#at;
    return Uint8Array.from({ length: left / 8 }, () => this.take(8)) as Bytes;
  }
}
