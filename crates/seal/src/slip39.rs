//! Keepers' cards: a master secret as words on n cards, of which any m give it back and fewer say nothing (SLIP-0039, Shamir's
//! secret sharing over GF(256)). Reads every card of the standard, with groups and passphrases; makes cards of one group,
//! extendable. Arithmetic on secrets neither branches on them nor looks anything up by them. It never stores a card, and knows
//! no keeper.

use crate::{Chance, errors::SealError, words::places_of};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{collections::BTreeMap, sync::OnceLock};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Words on a card for a master of 16 bytes: what ours always have.
pub const CARD_WORDS: usize = 20;
/// At most so many cards in a set: a card's number has four bits.
pub const MOST_CARDS: u8 = 16;

/// PBKDF2 rounds are 10,000 times two to the exponent; a card that asks for more than this is not worked on.
const MOST_EXPONENT: u8 = 6;
const CHECKSUM_WORDS: usize = 3;
/// Where the secret and its digest lie on the polynomial.
const SECRET_AT: u8 = 255;
const DIGEST_AT: u8 = 254;
const DIGEST_BYTES: usize = 4;

type Bytes = Zeroizing<Vec<u8>>;

/// What one card says.
#[derive(PartialEq, Eq)]
pub struct Card {
    /// The set that it belongs to: 15 random bits.
    pub set: u16,
    /// Whether further sets can be made of the same master (then the set does not salt its encryption).
    pub extendable: bool,
    /// log2 of the work, in units of 10,000 PBKDF2 rounds.
    pub exponent: u8,
    /// Which group of cards, from 0.
    pub group: u8,
    /// How many groups are needed, and how many there are.
    pub groups: (u8, u8),
    /// Its number in its group, from 0.
    pub index: u8,
    /// How many cards of its group are needed.
    pub needed: u8,
    /// Its share of the hidden master.
    value: Bytes,
}

/// All 1,024 words of the standard, sorted, each known by its first four letters.
pub fn list() -> &'static [&'static str] {
    static LIST: OnceLock<Vec<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| include_str!("../../../vectors/slip39/words.txt").lines().collect())
}

/// `of` cards for a master of 16 bytes or more (an even number), any `needed` of which give it back.
///
/// # Errors
/// `BadInput` for a set that cannot be: needed is from 2 to `of`, which is at most 16, or one card of one.
pub fn make_cards(
    master: &[u8],
    needed: u8,
    of: u8,
    chance: &mut impl Chance,
) -> Result<Vec<Zeroizing<String>>, SealError> {
    let possible = of <= MOST_CARDS && if needed == 1 { of == 1 } else { (2..=of).contains(&needed) };
    if !possible || master.len() < 16 || !master.len().is_multiple_of(2) {
        return Err(SealError::BadInput("no such set of cards"));
    }
    let set = (chance.next_u32() & 0x7fff) as u16;
    let hidden = feistel(master, b"", 0, None, [0, 1, 2, 3]);
    let values = split(&hidden, needed, of, chance);
    let card = |(index, value)| Card {
        set,
        extendable: true,
        exponent: 0,
        group: 0,
        groups: (1, 1),
        index,
        needed,
        value,
    };
    Ok((0..of).zip(values).map(card).map(|card| card.words()).collect())
}

impl Card {
    /// What typed words say, when they are a card's: lower or upper case, four letters of a word are enough.
    ///
    /// # Errors
    /// `WordUnknown` with the place; `WordCount`; `WordsChecksum`, with the place when one word alone is wrong; `Damaged` for
    /// what no card says.
    pub fn read(typed: &str) -> Result<Self, SealError> {
        let places = places_of(typed, list())?;
        let count = SealError::WordCount { typed: places.len(), needed: CARD_WORDS };
        if places.len() < CARD_WORDS {
            return Err(count);
        }
        let padding = (10 * (places.len() - 7)) % 16;
        if padding > 8 {
            return Err(count);
        }
        if residue(&places) != 1 {
            return Err(SealError::WordsChecksum { index: wrong_place(&places) });
        }
        let mut bits = Bits { places: &places[..places.len() - CHECKSUM_WORDS], at: 0 };
        let set = bits.take(15) as u16;
        let extendable = bits.take(1) == 1;
        let exponent = bits.take(4) as u8;
        let group = bits.take(4) as u8;
        let groups = (bits.take(4) as u8 + 1, bits.take(4) as u8 + 1);
        let index = bits.take(4) as u8;
        let needed = bits.take(4) as u8 + 1;
        if bits.take(padding) != 0 || groups.0 > groups.1 || exponent > MOST_EXPONENT {
            return Err(SealError::Damaged);
        }
        let left = (10 * bits.places.len() - bits.at) / 8;
        let value = Zeroizing::new((0..left).map(|_| bits.take(8) as u8).collect());
        Ok(Self { set, extendable, exponent, group, groups, index, needed, value })
    }

    /// Its words, lower case with single spaces.
    pub fn words(&self) -> Zeroizing<String> {
        let number = |value: u16, width: usize| (0..width).rev().map(move |bit| value >> bit & 1);
        let padding = (10 - 8 * self.value.len() % 10) % 10;
        let head = [
            (self.set, 15),
            (self.extendable.into(), 1),
            (self.exponent.into(), 4),
            (self.group.into(), 4),
            (u16::from(self.groups.0) - 1, 4),
            (u16::from(self.groups.1) - 1, 4),
            (self.index.into(), 4),
            (u16::from(self.needed) - 1, 4),
            (0, padding),
        ];
        let share = self.value.iter().map(|byte| (u16::from(*byte), 8));
        let bits: Zeroizing<Vec<u16>> = Zeroizing::new(
            head.into_iter().chain(share).flat_map(|(value, width)| number(value, width)).collect(),
        );
        let word = |ten: &[u16]| ten.iter().fold(0, |place, bit| place << 1 | bit);
        let mut places: Zeroizing<Vec<u16>> = Zeroizing::new(bits.chunks(10).map(word).collect());
        let sum = polymod(
            customisation(self.extendable).chain(places.iter().map(|place| u32::from(*place))).chain([0; 3]),
        ) ^ 1;
        places.extend([20, 10, 0].map(|shift| (sum >> shift & 1023) as u16));
        let mut text = Zeroizing::new(String::with_capacity(places.len() * 9));
        for (at, place) in places.iter().enumerate() {
            if at > 0 {
                text.push(' ');
            }
            text.push_str(list()[usize::from(*place)]);
        }
        text
    }

    /// Whether both can belong to one set, as far as the cards say: the same number is no promise that they do.
    pub fn same_set(&self, other: &Self) -> bool {
        (self.set, self.extendable, self.exponent, self.groups, self.value.len())
            == (other.set, other.extendable, other.exponent, other.groups, other.value.len())
    }
}

/// The master that the cards hold. The same card twice counts once.
///
/// # Errors
/// `CardsDiffer` for cards of different sets, `CardTwice` for one card that says two things, `CardsTooFew` with the number that
/// is missing, and `CardsWrong` when together they hold nothing.
pub fn join_cards(cards: &[Card], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let first = cards.first().ok_or(SealError::CardsTooFew { more: 1 })?;
    let mut groups: BTreeMap<u8, Vec<&Card>> = BTreeMap::new();
    for card in cards {
        if !card.same_set(first) {
            return Err(SealError::CardsDiffer);
        }
        let group = groups.entry(card.group).or_default();
        if group.iter().any(|other| other.needed != card.needed) {
            return Err(SealError::CardsDiffer);
        }
        match group.iter().find(|other| other.index == card.index) {
            Some(before) if !bool::from(before.value.ct_eq(&card.value)) => return Err(SealError::CardTwice),
            Some(_) => {}
            None => group.push(card),
        }
    }
    // Groups that are not whole do not count, so that a card too many does no harm.
    let needed = usize::from(first.groups.0);
    let whole: Vec<_> =
        groups.iter().filter(|(_, cards)| cards.len() >= usize::from(cards[0].needed)).collect();
    if whole.len() < needed {
        return Err(SealError::CardsTooFew { more: missing(&groups, needed) });
    }
    let mut secrets = Vec::with_capacity(needed);
    for (group, cards) in whole.into_iter().take(needed) {
        let enough = &cards[..usize::from(cards[0].needed)];
        let points: Vec<Point<'_>> = enough.iter().map(|card| (card.index, card.value.as_slice())).collect();
        secrets.push((*group, recover(&points)?));
    }
    let points: Vec<Point<'_>> = secrets.iter().map(|(at, value)| (*at, value.as_slice())).collect();
    let salt = (!first.extendable).then_some(first.set);
    Ok(feistel(&recover(&points)?, passphrase.as_bytes(), first.exponent, salt, [3, 2, 1, 0]))
}

/// How many cards more would do, where the groups that have most go first.
fn missing(groups: &BTreeMap<u8, Vec<&Card>>, needed: usize) -> usize {
    let mut lacking: Vec<usize> =
        groups.values().map(|cards| usize::from(cards[0].needed).saturating_sub(cards.len())).collect();
    lacking.sort_unstable();
    lacking.iter().take(needed).sum::<usize>() + needed.saturating_sub(groups.len())
}

// ---- Sharing. Where a point lies is public, its value is not.

type Point<'a> = (u8, &'a [u8]);

fn split(secret: &[u8], needed: u8, of: u8, chance: &mut impl Chance) -> Vec<Bytes> {
    if needed == 1 {
        return vec![Zeroizing::new(secret.to_vec())];
    }
    let mut random = |length: usize| {
        let mut bytes = Zeroizing::new(vec![0; length]);
        chance.fill_bytes(&mut bytes);
        bytes
    };
    let mut values: Vec<Bytes> = (2..needed).map(|_| random(secret.len())).collect();
    let pad = random(secret.len() - DIGEST_BYTES);
    let mut proof = Zeroizing::new(digest(&pad, secret).to_vec());
    proof.extend_from_slice(&pad);
    let rest: Vec<Bytes> = {
        let mut fixed: Vec<Point<'_>> = (0..).zip(values.iter().map(|value| value.as_slice())).collect();
        fixed.extend([(DIGEST_AT, proof.as_slice()), (SECRET_AT, secret)]);
        (needed - 2..of).map(|at| interpolate(&fixed, at)).collect()
    };
    values.extend(rest);
    values
}

fn recover(points: &[Point<'_>]) -> Result<Bytes, SealError> {
    if let [(_, only)] = points {
        return Ok(Zeroizing::new(only.to_vec()));
    }
    let secret = interpolate(points, SECRET_AT);
    let proof = interpolate(points, DIGEST_AT);
    let (said, pad) = proof.split_at(DIGEST_BYTES);
    if digest(pad, &secret).ct_eq(said).into() { Ok(secret) } else { Err(SealError::CardsWrong) }
}

fn digest(pad: &[u8], secret: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(pad).expect("HMAC takes a key of any length");
    mac.update(secret);
    let whole = mac.finalize().into_bytes();
    std::array::from_fn(|at| whole[at])
}

/// The value at `x` of the polynomial through the points (Lagrange).
fn interpolate(points: &[Point<'_>], x: u8) -> Bytes {
    let mut out = Zeroizing::new(vec![0; points[0].1.len()]);
    for (at, value) in points {
        let weight = points
            .iter()
            .filter(|(other, _)| other != at)
            .fold(1, |weight, (other, _)| times(weight, times(x ^ other, inverse(at ^ other))));
        for (sum, byte) in out.iter_mut().zip(*value) {
            *sum ^= times(weight, *byte);
        }
    }
    out
}

/// Product in GF(256) modulo x^8 + x^4 + x^3 + x + 1, in the same steps whatever the factors are.
fn times(mut a: u8, b: u8) -> u8 {
    let mut product = 0;
    for bit in 0..8 {
        product ^= a & 0u8.wrapping_sub(b >> bit & 1);
        a = (a << 1) ^ (0x1b & 0u8.wrapping_sub(a >> 7));
    }
    product
}

/// a^254; 0 has none and gives 0.
fn inverse(a: u8) -> u8 {
    let (mut out, mut power) = (1, a);
    for _ in 1..8 {
        power = times(power, power);
        out = times(out, power);
    }
    out
}

/// Four rounds of a Feistel network over PBKDF2 (RFC 8018): in this order they hide, in the other they show again. A set that is
/// not extendable salts it.
fn feistel(data: &[u8], passphrase: &[u8], exponent: u8, set: Option<u16>, rounds: [u8; 4]) -> Bytes {
    let (left, right) = data.split_at(data.len() / 2);
    let (mut left, mut right) = (Zeroizing::new(left.to_vec()), Zeroizing::new(right.to_vec()));
    for round in rounds {
        let mut password = Zeroizing::new(vec![round]);
        password.extend_from_slice(passphrase);
        let mut salt = Zeroizing::new(Vec::new());
        if let Some(set) = set {
            salt.extend_from_slice(b"shamir");
            salt.extend_from_slice(&set.to_be_bytes());
        }
        salt.extend_from_slice(&right);
        let mut stream = Zeroizing::new(vec![0; left.len()]);
        pbkdf2::pbkdf2_hmac::<Sha256>(&password, &salt, 2500 << exponent, &mut stream);
        for (byte, mask) in left.iter_mut().zip(stream.iter()) {
            *byte ^= mask;
        }
        std::mem::swap(&mut left, &mut right);
    }
    right.extend_from_slice(&left);
    right
}

// ---- The checksum, a Reed-Solomon code over GF(1024) that notices up to three wrong words for certain.

const GENERATOR: [u32; 10] = [
    0x00e0_e040,
    0x01c1_c080,
    0x0383_8100,
    0x0707_0200,
    0x0e0e_0009,
    0x1c0c_2412,
    0x3808_6c24,
    0x3090_fc48,
    0x21b1_f890,
    0x03f3_f120,
];

fn customisation(extendable: bool) -> impl Iterator<Item = u32> {
    (if extendable { "shamir_extendable" } else { "shamir" }).bytes().map(u32::from)
}

fn polymod(values: impl Iterator<Item = u32>) -> u32 {
    values.fold(1, |sum, value| {
        let top = sum >> 20;
        let next = (sum & 0x000f_ffff) << 10 ^ value;
        GENERATOR.iter().enumerate().fold(next, |sum, (bit, generator)| sum ^ (generator * (top >> bit & 1)))
    })
}

/// 1 for the words of a card. Linear in the places over GF(2), but for a constant.
fn residue(places: &[usize]) -> u32 {
    polymod(customisation(places[1] >> 4 & 1 == 1).chain(places.iter().map(|place| *place as u32)))
}

/// The one place at which another word makes the card whole; None where more than one word is wrong. The standard forbids to say
/// which word. What each bit of a place changes is worked out once.
fn wrong_place(places: &[usize]) -> Option<usize> {
    let wrong = residue(places);
    let mut tried = places.to_vec();
    (0..places.len()).find(|&index| {
        let mut with = |place: usize| {
            tried[index] = place;
            residue(&tried)
        };
        // The bit of the second word that says 'extendable' changes what the checksum begins with: there each word is tried.
        let whole = if index == 1 {
            (0..list().len()).any(|place| with(place) == 1)
        } else {
            let bits: [u32; 10] = std::array::from_fn(|bit| with(places[index] ^ 1 << bit) ^ wrong);
            (0..list().len()).any(|change| {
                let moved = bits.iter().enumerate().filter(|(at, _)| change >> at & 1 == 1);
                moved.fold(wrong, |sum, (_, bit)| sum ^ bit) == 1
            })
        };
        tried[index] = places[index];
        whole
    })
}

/// Ten bits of each word, from the front.
struct Bits<'a> {
    places: &'a [usize],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        (0..count).fold(0, |number, _| {
            let bit = self.places[self.at / 10] >> (9 - self.at % 10) & 1;
            self.at += 1;
            number << 1 | bit
        })
    }
}

#[cfg(test)]
mod tests;
