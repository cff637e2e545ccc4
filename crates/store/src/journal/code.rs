//! The journal's bytes, version 1. Knows no files. One thing because how a kind is written and how it is read are compared side by side.
//!
//! A file begins with the 16 bytes [`MAGIC`]. Then come frames, one for each append; all numbers are little-endian:
//!
//! ```text
//! frame   = length u32, crc32c(length) u32, crc32c(body) u32, body          (length: of the body, in bytes)
//! body    = seq u64, hash of the body before [32], generation u32, node, count u16, record × count
//! node    = length u8, UTF-8
//! record  = kind u8, subject, rev i64, length u32, values
//! subject = length u16, UTF-8
//! ```
//!
//! `seq` is the place of the first record; the others follow by one. The hash is SHA-256, zeros in the first frame; it chains the frames.
//! A length has a checksum of its own, so that a damaged length is not taken for a torn tail. A kind that is here once keeps its number and its values for ever; a new fact, or an old one that needs
//! more values, takes the next free number (50). Values by kind; an id is its 16 bytes:
//!
//! ```text
//!  1 sealed          letter, version u32, manifest [32]
//!  2 undone          letter
//!  3 withdrawn       letter
//!  4 accepted        message
//!  5 opened          delivery, version u32
//!  6 refused         person or nothing (u8 1 or 0, id), address [32], scope
//!  7 lifted          as refused
//!  8 unreachable     delivery
//!  9 address-given   person, address, sealed address (length u32, bytes)
//! 10 address-removed person, address
//! 11 unlock-replaced account, number u32
//! 12 amend-undone    letter, version u32
//! 13 unwrapped       letter, version u32
//! 14 rule-changed    delivery, year (u8 1 or 0, i16), month u8, day u8, leap u8 (1 28 February, 2 1 March)
//! 15 card-replaced   person, claim [32]
//! 16 rewrapped       subject (length u8, UTF-8), version u32, generation u32
//! 17 sign-in-changed account, address hash [32], sealed address (length u32, bytes)
//! 18 kept-for-later  delivery, year i16, month u8, day u8
//! 19 answered        reply, delivery, blob, size u64, SHA-256 [32], seen from i64 (microseconds since 1970)
//! 20 bounced         message
//! 21 proof-changed   letter, with year u8, answer [32]
//! 22 knocked         an accepted knock: message, person, series u32, nth u8, address, link [32], count u16, (delivery, letter, occurrence i16) × count
//! 23 address-given   person, address, sealed address (length u32, bytes), account, keyed hash [32]
//! 24 adopted         generation u32
//! 25 parked          delivery
//! 26 released        delivery
//! 27 checked-in      account, strength
//! 28 voted           account, keeper, episode u32, word u8 (1 well, 2 not known, 3 died)
//! 29 stopped         account
//! 30 resumed         account
//! 31 paused          account, until i64 (microseconds since 1970), strength
//! 32 life-ended      account
//! 33 policy-changed  account, policy u8 (1 both, 2 keepers only, 3 either, 4 check-ins), every u16, pause u16, quorum u8, warning u16, fallback u16 (days, 0 never)
//! 34 keeper-added    account, keeper, sealed name, sealed address (empty for none), language (each length u32, bytes), link [32]
//! 35 keeper-answered keeper, enrolled u8
//! 36 keeper-removed  account, keeper
//! 37 channel-added   account, channel, sealed address (length u32, bytes)
//! 38 channel-removed account, channel
//! 39 stop-code-made  account, keyed hash [32]
//! 40 keeper-moved    keeper, sealed address (length u32, bytes)
//! 41 address-offered person, keeper, address, sealed address (length u32, bytes), keyed hash [32]
//! 42 person-told     person, sealed name (length u32, bytes; empty for none)
//! 43 keeper-set-made account, set, person or nothing (u8 1 or 0, id), needed u8, of u8, file (length u32, bytes), made i64 (microseconds since 1970)
//! 44 handle-added    account, channel, sealed handle (length u32, bytes)
//! 45 event-said      letter, keeper, happened u8
//! 46 event-stopped   letter
//! 47 address-declined person, keeper, address
//! 48 browser-added   account, channel, sealed subscription (length u32, bytes)
//! 49 she-lives       person, message, tell u8
//! 50 looked-after    account, person, sealed name (length u32, bytes; empty for none)
//! 255 void           first u64, last u64
//! strength = u8: 1 weak, 2 strong
//! scope = u8: 1 not-me, 2 letter (id follows), 3 author, 4 house, 5 quiet
//! ```

mod lives;

use super::{Entry, Seq};
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use unsaid_delivery::fact::{Knocked, ToldOf};
use unsaid_delivery::id::{AccountId, AddressId, BlobId, DeliveryId, LetterId, MessageId, PersonId, ReplyId};
use unsaid_delivery::rule::{Birthday, LeapDay};
use unsaid_delivery::{Fact, Scope};

/// What a file begins with.
pub const MAGIC: &[u8; 16] = b"unsaid-journal 1";
/// The part of [`MAGIC`] that every version shares.
pub const MAGIC_OF_ANY: &[u8] = b"unsaid-journal ";
/// A frame's own bytes before its body.
pub const HEADER: usize = 12;
/// No body is longer, in bytes.
pub const LONGEST: usize = 16 << 20;
/// The newest kind of fact that this version knows. What is beyond is neither written nor read: a newer version wrote it.
pub const NEWEST: u8 = 50;
/// The kind of what is no fact.
const VOID: u8 = 255;

/// What one record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A fact.
    Kept(Entry),
    /// These records never came to anything.
    Void(RangeInclusive<Seq>),
}

/// The body of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The place of its first record.
    pub seq: Seq,
    /// SHA-256 of the body before.
    pub before: [u8; 32],
    /// The generation of the house.
    pub generation: u32,
    /// Who wrote it.
    pub node: String,
    /// Its records.
    pub said: Vec<Said>,
}

/// The hash by which the next frame names this body.
pub fn hash(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// A frame with its header; none if it would be too long, or holds what has no kind.
pub fn write(frame: &Frame) -> Option<Vec<u8>> {
    let mut out = Out(vec![0; HEADER]);
    out.u64(frame.seq);
    out.0.extend(frame.before);
    out.u32(frame.generation);
    out.u8(frame.node.len().try_into().ok()?);
    out.0.extend(frame.node.as_bytes());
    out.u16(frame.said.len().try_into().ok()?);
    for said in &frame.said {
        let mut values = Out(Vec::new());
        let (kind, subject, rev) = match said {
            Said::Kept(entry) => {
                let kind = values.fact(&entry.fact).filter(|kind| (1..=NEWEST).contains(kind))?;
                (kind, entry.subject.as_str(), entry.rev)
            }
            Said::Void(range) => {
                values.u64(*range.start());
                values.u64(*range.end());
                (VOID, "", 0)
            }
        };
        out.u8(kind);
        out.u16(subject.len().try_into().ok()?);
        out.0.extend(subject.as_bytes());
        out.0.extend(rev.to_le_bytes());
        out.bytes(&values.0)?;
    }
    let length = out.0.len() - HEADER;
    if length > LONGEST {
        return None;
    }
    let length = u32::try_from(length).ok()?.to_le_bytes();
    let body_sum = crc32c::crc32c(&out.0[HEADER..]).to_le_bytes();
    out.0[..4].copy_from_slice(&length);
    out.0[4..8].copy_from_slice(&crc32c::crc32c(&length).to_le_bytes());
    out.0[8..12].copy_from_slice(&body_sum);
    Some(out.0)
}

/// The body's length that a header names, and its checksum; none if the header is not one.
pub fn header(bytes: &[u8]) -> Option<(usize, u32)> {
    let length: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    let sum = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    let body_sum = u32::from_le_bytes(bytes.get(8..HEADER)?.try_into().ok()?);
    let count = u32::from_le_bytes(length) as usize;
    (crc32c::crc32c(&length) == sum && count <= LONGEST && count > 0).then_some((count, body_sum))
}

/// Whether a whole frame begins here.
pub fn whole(bytes: &[u8]) -> bool {
    header(bytes).is_some_and(|(length, sum)| {
        bytes.get(HEADER..HEADER + length).is_some_and(|body| crc32c::crc32c(body) == sum)
    })
}

/// Reads a body.
pub fn read(body: &[u8]) -> Option<Frame> {
    let mut from = From(body);
    let (seq, before, generation) = (from.u64()?, from.array()?, from.u32()?);
    let length = from.u8()?.into();
    let node = from.text(length)?;
    let count = from.u16()?;
    let mut said = Vec::with_capacity(count.into());
    for _ in 0..count {
        let kind = from.u8()?;
        let length = from.u16()?.into();
        let subject = from.text(length)?;
        let rev = i64::from_le_bytes(from.array()?);
        let mut values = From(from.bytes()?);
        said.push(if kind == VOID {
            Said::Void(values.u64()?..=values.u64()?)
        } else {
            Said::Kept(Entry { subject, rev, fact: values.fact(kind)? })
        });
        values.0.is_empty().then_some(())?;
    }
    from.0.is_empty().then_some(Frame { seq, before, generation, node, said })
}

/// Whether this is the body of a frame that a newer version wrote: it is whole, and holds a kind that is not known here.
pub fn is_newer(body: &[u8]) -> bool {
    fn kinds(body: &[u8]) -> Option<Vec<u8>> {
        let mut from = From(body);
        from.take(8 + 32 + 4)?;
        let length = from.u8()?.into();
        from.text(length)?;
        let mut kinds = Vec::new();
        for _ in 0..from.u16()? {
            kinds.push(from.u8()?);
            let length = from.u16()?.into();
            from.text(length)?;
            from.take(8)?;
            from.bytes()?;
        }
        from.0.is_empty().then_some(kinds)
    }
    kinds(body).is_some_and(|kinds| kinds.iter().any(|kind| (NEWEST + 1..VOID).contains(kind)))
}

struct Out(Vec<u8>);

impl Out {
    fn u8(&mut self, n: u8) {
        self.0.push(n);
    }
    fn u16(&mut self, n: u16) {
        self.0.extend(n.to_le_bytes());
    }
    fn u32(&mut self, n: u32) {
        self.0.extend(n.to_le_bytes());
    }
    fn u64(&mut self, n: u64) {
        self.0.extend(n.to_le_bytes());
    }
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.u32(bytes.len().try_into().ok()?);
        self.0.extend(bytes);
        Some(())
    }
    fn scope(&mut self, person: Option<PersonId>, address: &[u8; 32], scope: Scope) {
        self.u8(person.is_some().into());
        self.0.extend(person.iter().flat_map(|p| p.0));
        self.0.extend(address);
        match scope {
            Scope::NotMe => self.u8(1),
            Scope::Letter(letter) => {
                self.u8(2);
                self.0.extend(letter.0);
            }
            Scope::Author => self.u8(3),
            Scope::House => self.u8(4),
            Scope::Quiet => self.u8(5),
        }
    }
    /// Writes the values of a fact; gives its kind. None: it cannot be written, and nothing of it may be kept.
    fn fact(&mut self, fact: &Fact) -> Option<u8> {
        Some(match fact {
            Fact::Sealed { letter, version, manifest } => {
                self.0.extend(letter.0);
                self.u32(*version);
                self.0.extend(manifest);
                1
            }
            Fact::Undone { letter } => {
                self.0.extend(letter.0);
                2
            }
            Fact::Withdrawn { letter } => {
                self.0.extend(letter.0);
                3
            }
            Fact::Accepted { message, knock: None } => {
                self.0.extend(message.0);
                4
            }
            Fact::Accepted { message, knock: Some(knock) } => {
                self.0.extend(message.0);
                self.knocked(knock);
                22
            }
            Fact::Opened { delivery, version } => {
                self.0.extend(delivery.0);
                self.u32(*version);
                5
            }
            Fact::Refused { person, address, scope } => {
                self.scope(*person, address, *scope);
                6
            }
            Fact::Lifted { person, address, scope } => {
                self.scope(*person, address, *scope);
                7
            }
            Fact::Unreachable { delivery } => {
                self.0.extend(delivery.0);
                8
            }
            Fact::AddressGiven { person, address, sealed, of } => {
                self.0.extend(person.0);
                self.0.extend(address.0);
                // A sealed address is some hundred bytes; the length of the frame is checked at the end.
                self.u32(sealed.len() as u32);
                self.0.extend(sealed);
                let Some((account, key)) = of else { return Some(9) };
                self.0.extend(account.0);
                self.0.extend(key);
                23
            }
            Fact::AddressRemoved { person, address } => {
                self.0.extend(person.0);
                self.0.extend(address.0);
                10
            }
            Fact::UnlockReplaced { account, number } => {
                self.0.extend(account.0);
                self.u32(*number);
                11
            }
            Fact::AmendUndone { letter, version } => {
                self.0.extend(letter.0);
                self.u32(*version);
                12
            }
            Fact::Unwrapped { letter, version } => {
                self.0.extend(letter.0);
                self.u32(*version);
                13
            }
            Fact::RuleChanged { delivery, year, birthday } => {
                self.0.extend(delivery.0);
                self.u8(year.is_some().into());
                self.0.extend(year.iter().flat_map(|y| y.to_le_bytes()));
                self.0.extend(birthday.month.to_le_bytes());
                self.0.extend(birthday.day.to_le_bytes());
                self.u8(match birthday.leap {
                    LeapDay::February28 => 1,
                    LeapDay::March1 => 2,
                });
                14
            }
            Fact::CardReplaced { person, claim } => {
                self.0.extend(person.0);
                self.0.extend(claim);
                15
            }
            Fact::Rewrapped { subject, version, generation } => {
                // An id: 26 letters.
                self.u8(subject.len() as u8);
                self.0.extend(subject.as_bytes());
                self.u32(*version);
                self.u32(*generation);
                16
            }
            Fact::SignInChanged { account, email_key, email } => {
                self.0.extend(account.0);
                self.0.extend(email_key);
                // As with the addresses of people: the length of the frame is checked at the end.
                self.u32(email.len() as u32);
                self.0.extend(email);
                17
            }
            Fact::KeptForLater { delivery, day } => {
                self.0.extend(delivery.0);
                self.0.extend(day.year().to_le_bytes());
                self.0.extend(day.month().to_le_bytes());
                self.0.extend(day.day().to_le_bytes());
                18
            }
            Fact::Answered { reply, delivery, blob, size, sha256, seen_from } => {
                self.0.extend(reply.0);
                self.0.extend(delivery.0);
                self.0.extend(blob.0);
                self.u64(*size);
                self.0.extend(sha256);
                self.0.extend(seen_from.as_microsecond().to_le_bytes());
                19
            }
            Fact::Bounced { message } => {
                self.0.extend(message.0);
                20
            }
            Fact::ProofChanged { letter, with_year, answer } => {
                self.0.extend(letter.0);
                self.u8((*with_year).into());
                self.0.extend(answer);
                21
            }
            Fact::Parked { delivery } => {
                self.0.extend(delivery.0);
                25
            }
            Fact::Released { delivery } => {
                self.0.extend(delivery.0);
                26
            }
            Fact::Adopted { generation } => {
                self.u32(*generation);
                24
            }
            // About a life. What is neither above nor there has no kind, and is not written at all.
            life => self.life(life)?,
        })
    }
    fn knocked(&mut self, knock: &Knocked) {
        self.0.extend(knock.person.0);
        self.u32(knock.series);
        self.u8(knock.nth);
        self.0.extend(knock.address.0);
        self.0.extend(knock.link);
        // What waits from one author to one person: their letters are counted long before this is full. What is beyond is looked at again.
        let told = &knock.told[..knock.told.len().min(usize::from(u16::MAX))];
        self.u16(told.len() as u16);
        for one in told {
            self.0.extend(one.delivery.0);
            self.0.extend(one.letter.0);
            self.0.extend(one.occurrence.to_le_bytes());
        }
    }
}

struct From<'a>(&'a [u8]);

impl<'a> From<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[n]| n)
    }
    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }
    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.u32()?;
        self.take(count.try_into().ok()?)
    }
    fn text(&mut self, length: usize) -> Option<String> {
        String::from_utf8(self.take(length)?.into()).ok()
    }
    fn scope(&mut self) -> Option<(Option<PersonId>, [u8; 32], Scope)> {
        let person = match self.u8()? {
            0 => None,
            1 => Some(PersonId(self.array()?)),
            _ => return None,
        };
        let address = self.array()?;
        let scope = match self.u8()? {
            1 => Scope::NotMe,
            2 => Scope::Letter(LetterId(self.array()?)),
            3 => Scope::Author,
            4 => Scope::House,
            5 => Scope::Quiet,
            _ => return None,
        };
        Some((person, address, scope))
    }
    fn fact(&mut self, kind: u8) -> Option<Fact> {
        Some(match kind {
            1 => Fact::Sealed {
                letter: LetterId(self.array()?),
                version: self.u32()?,
                manifest: self.array()?,
            },
            2 => Fact::Undone { letter: LetterId(self.array()?) },
            3 => Fact::Withdrawn { letter: LetterId(self.array()?) },
            4 => Fact::Accepted { message: MessageId(self.array()?), knock: None },
            5 => Fact::Opened { delivery: DeliveryId(self.array()?), version: self.u32()? },
            6 => {
                let (person, address, scope) = self.scope()?;
                Fact::Refused { person, address, scope }
            }
            7 => {
                let (person, address, scope) = self.scope()?;
                Fact::Lifted { person, address, scope }
            }
            8 => Fact::Unreachable { delivery: DeliveryId(self.array()?) },
            9 => Fact::AddressGiven {
                person: PersonId(self.array()?),
                address: AddressId(self.array()?),
                sealed: self.bytes()?.to_vec(),
                of: None,
            },
            10 => Fact::AddressRemoved { person: PersonId(self.array()?), address: AddressId(self.array()?) },
            11 => Fact::UnlockReplaced { account: AccountId(self.array()?), number: self.u32()? },
            12 => Fact::AmendUndone { letter: LetterId(self.array()?), version: self.u32()? },
            13 => Fact::Unwrapped { letter: LetterId(self.array()?), version: self.u32()? },
            14 => Fact::RuleChanged {
                delivery: DeliveryId(self.array()?),
                year: match self.u8()? {
                    0 => None,
                    1 => Some(i16::from_le_bytes(self.array()?)),
                    _ => return None,
                },
                birthday: Birthday {
                    month: i8::from_le_bytes(self.array()?),
                    day: i8::from_le_bytes(self.array()?),
                    leap: match self.u8()? {
                        1 => LeapDay::February28,
                        2 => LeapDay::March1,
                        _ => return None,
                    },
                },
            },
            15 => Fact::CardReplaced { person: PersonId(self.array()?), claim: self.array()? },
            16 => {
                let length = self.u8()?.into();
                Fact::Rewrapped { subject: self.text(length)?, version: self.u32()?, generation: self.u32()? }
            }
            17 => Fact::SignInChanged {
                account: AccountId(self.array()?),
                email_key: self.array()?,
                email: self.bytes()?.to_vec(),
            },
            18 => {
                let delivery = DeliveryId(self.array()?);
                let (year, month, day) = (
                    i16::from_le_bytes(self.array()?),
                    i8::from_le_bytes(self.array()?),
                    i8::from_le_bytes(self.array()?),
                );
                Fact::KeptForLater { delivery, day: Date::new(year, month, day).ok()? }
            }
            19 => Fact::Answered {
                reply: ReplyId(self.array()?),
                delivery: DeliveryId(self.array()?),
                blob: BlobId(self.array()?),
                size: self.u64()?,
                sha256: self.array()?,
                seen_from: Timestamp::from_microsecond(i64::from_le_bytes(self.array()?)).ok()?,
            },
            20 => Fact::Bounced { message: MessageId(self.array()?) },
            21 => Fact::ProofChanged {
                letter: LetterId(self.array()?),
                with_year: match self.u8()? {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                answer: self.array()?,
            },
            22 => Fact::Accepted { message: MessageId(self.array()?), knock: Some(self.knocked()?) },
            23 => Fact::AddressGiven {
                person: PersonId(self.array()?),
                address: AddressId(self.array()?),
                sealed: self.bytes()?.to_vec(),
                of: Some((AccountId(self.array()?), self.array()?)),
            },
            24 => Fact::Adopted { generation: self.u32()? },
            25 => Fact::Parked { delivery: DeliveryId(self.array()?) },
            26 => Fact::Released { delivery: DeliveryId(self.array()?) },
            kind => self.life(kind)?,
        })
    }
    fn knocked(&mut self) -> Option<Knocked> {
        let mut knock = Knocked {
            person: PersonId(self.array()?),
            series: self.u32()?,
            nth: self.u8()?,
            address: AddressId(self.array()?),
            link: self.array()?,
            told: Vec::new(),
        };
        for _ in 0..self.u16()? {
            knock.told.push(ToldOf {
                delivery: DeliveryId(self.array()?),
                letter: LetterId(self.array()?),
                occurrence: i16::from_le_bytes(self.array()?),
            });
        }
        Some(knock)
    }
}
