//! Manifests of recovery: what a version of a letter, or an account, needs to stand again where a backup has not got it. They are texts beside the journal,
//! written before the commit that they belong to and put back if that failed. Here is how they are read, and how the one of an account is written;
//! that of a letter is written in [`super::seal`], where its lines are listed, that of a life in [`super::life_manifest`]. Knows no folder and no journal.
//!
//! ```text
//! unsaid-recovery-account 1
//! account <id>
//! made <instant>
//! email <sealed> <keyed hash>
//! name <sealed> <keyed hash of the approved name>
//! role <author or host>
//! speaks <language> <zone>
//! recipient <age1pq…>
//! unlock <number> <salt> <keyed hash> <host generation> <wrap>
//! kit <keyed hash>
//! vault <revision> <vault.age>
//! ```

use super::map;
use super::tx::{FromValue, Tx, Value, values};
use crate::rows::*;
use crate::{Result, StoreError};
use jiff::Timestamp;
use std::fmt::Write;
use std::str::{FromStr, SplitAsciiWhitespace};
use unsaid_delivery::clock::Observed;
use unsaid_delivery::id::{AccountId, AddressId, DeliveryId, KeeperId, KeeperSetId, LetterId, PersonId};
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach, Rule};
use unsaid_delivery::state::Rest;

/// A version of a letter as its manifest has it.
#[derive(Debug, Clone)]
pub struct LetterManifest {
    /// Which letter.
    pub letter: LetterId,
    /// Which version.
    pub version: u32,
    /// Whose.
    pub account: AccountId,
    /// When it was sealed.
    pub sealed: Timestamp,
    /// SHA-256 of its parts' manifest.
    pub manifest: [u8; 32],
    /// Who kept its key when it was sealed.
    pub kept: Kept,
    /// Its parts.
    pub parts: Vec<Part>,
    /// Kind, generation of the host's key, bytes.
    pub wraps: Vec<(WrapKind, u32, Vec<u8>)>,
    /// To which set the wrap of the kind keepers is.
    pub keeper_set: Option<KeeperSetId>,
    /// Until when new words rest.
    pub amends: Option<Rest>,
    /// What was promised with it.
    pub promised: Option<Promised>,
}

/// A promise as a manifest has it.
#[derive(Debug, Clone)]
pub struct Promised {
    /// Its name.
    pub delivery: DeliveryId,
    /// Which time of a rule that recurs.
    pub occurrence: i16,
    /// To whom.
    pub person: PersonId,
    /// Their language.
    pub language: String,
    /// Their zone.
    pub zone: Option<String>,
    /// Their addresses, in the order in which they are tried.
    pub addresses: Vec<NewAddress>,
    /// What the author asked for.
    pub rule: Rule,
    /// What is asked before it opens.
    pub asked: Option<NewProof>,
    /// The end of its rest.
    pub rest: Rest,
    /// Its instant.
    pub due: Option<Timestamp>,
    /// With which zone data that was derived.
    pub tzdb: String,
}

/// An account as its manifest has it.
#[derive(Debug, Clone)]
pub(super) struct AccountManifest {
    pub(super) account: AccountId,
    pub(super) made: Timestamp,
    pub(super) email: SealedText,
    pub(super) email_key: Keyed,
    pub(super) name: SealedText,
    pub(super) approved: Option<Keyed>,
    pub(super) role: Role,
    pub(super) language: String,
    pub(super) zone: String,
    pub(super) recipient: String,
    pub(super) unlock_number: u32,
    pub(super) salt: Vec<u8>,
    pub(super) unlock_key: Keyed,
    pub(super) host_generation: u32,
    pub(super) unlock_wrap: Vec<u8>,
    pub(super) kit: Option<Keyed>,
    pub(super) vault_rev: i64,
    pub(super) vault: Vec<u8>,
}

/// The words of one line behind its first.
pub(super) struct Words<'a>(SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.0.next()
    }
    pub(super) fn owned(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }
    /// `-` stands for nothing.
    pub(super) fn perhaps(&mut self) -> Option<Option<&'a str>> {
        self.text().map(|word| (word != "-").then_some(word))
    }
    pub(super) fn read<T: FromStr>(&mut self) -> Option<T> {
        self.text()?.parse().ok()
    }
    pub(super) fn word<T: FromValue>(&mut self) -> Option<T> {
        T::from_value(Value::from(self.text()?))
    }
    pub(super) fn bytes(&mut self) -> Option<Vec<u8>> {
        unhex(self.text()?)
    }
    pub(super) fn perhaps_bytes(&mut self) -> Option<Option<Vec<u8>>> {
        match self.perhaps()? {
            None => Some(None),
            Some(word) => Some(Some(unhex(word)?)),
        }
    }
    /// All that is left of the line.
    pub(super) fn others(&mut self) -> String {
        self.0.by_ref().collect::<Vec<_>>().join(" ")
    }
    pub(super) fn keyed(&mut self) -> Option<Keyed> {
        self.bytes()?.try_into().ok().map(Keyed)
    }
    fn perhaps_keyed(&mut self) -> Option<Option<Keyed>> {
        match self.perhaps()? {
            None => Some(None),
            Some(word) => Some(Some(Keyed(unhex(word)?.try_into().ok()?))),
        }
    }
    fn rest(&mut self) -> Option<Rest> {
        Some(Rest { until: self.read()?, observed: Observed(self.read()?) })
    }
    fn gate(&mut self) -> Option<Gate> {
        let (kind, event, keepers, quorum) =
            (self.text()?, self.perhaps()?, self.perhaps()?, self.perhaps()?);
        Some(match kind {
            "none" => Gate::None,
            "gone" => Gate::Gone,
            "word" => Gate::Word {
                event: String::from_utf8(unhex(event?)?).ok()?,
                keepers: keepers.map_or(Some(Vec::new()), |ids| {
                    ids.split(',')
                        .filter(|id| !id.is_empty())
                        .map(|id| id.parse().ok())
                        .collect::<Option<Vec<KeeperId>>>()
                })?,
                quorum: quorum?.parse().ok()?,
            },
            _ => return None,
        })
    }
    fn moment(&mut self) -> Option<Moment> {
        let (kind, date, time, zone, number) =
            (self.text()?, self.perhaps()?, self.perhaps()?, self.perhaps()?, self.perhaps()?);
        let time = || time?.parse().ok();
        let zone = || zone.map(str::to_owned);
        let birthday = || map::birthday(date.map(str::to_owned)).ok();
        Some(match kind {
            "at-once" => Moment::AtOnce,
            "on" => Moment::On { date: date?.parse().ok()?, time: time()?, zone: zone()? },
            "birthday" => {
                let (year, birthday) = birthday()?;
                let age = number?.parse().ok()?;
                Moment::Birthday { age, year: year?, birthday, time: time()?, zone: zone()? }
            }
            "each-birthday" => {
                let (_, birthday) = birthday()?;
                let until = number?.parse().ok()?;
                Moment::EachBirthday { until, birthday, time: time()?, zone: zone()? }
            }
            "after" => Moment::After { days: number?.parse().ok()? },
            _ => return None,
        })
    }
}

/// The lines of a text that begins with this one; words that this version does not know are passed over.
pub(super) fn lines<'a>(text: &'a str, begins: &str) -> Option<impl Iterator<Item = (&'a str, Words<'a>)>> {
    let mut lines = text.lines();
    (lines.next()? == begins).then_some(())?;
    Some(lines.filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().map(|first| (first, Words(words)))
    }))
}

impl LetterManifest {
    /// Reads one; none if it is not whole.
    pub fn read(text: &str) -> Option<Self> {
        let (mut letter, mut version, mut account, mut sealed, mut manifest) = (None, None, None, None, None);
        let (mut kept, mut parts, mut wraps, mut amends) = (None, Vec::new(), Vec::new(), None);
        let mut keeper_set = None;
        let (mut delivery, mut person, mut addresses, mut rest, mut due) =
            (None, None, Vec::new(), None, None);
        let (mut gate, mut moment, mut reach, mut proof, mut asked) = (None, None, None, None, None);
        for (first, mut words) in lines(text, "unsaid-recovery 1")? {
            match first {
                "letter" => letter = Some(words.read()?),
                "version" => version = Some(words.read()?),
                "account" => account = Some(words.read()?),
                "sealed" => sealed = Some(words.read()?),
                "manifest" => manifest = Some(words.keyed()?.0),
                "kept" => kept = Some(words.word()?),
                "part" => parts.push(Part {
                    name: words.owned()?,
                    kind: words.owned()?,
                    blob: words.read()?,
                    size: words.read()?,
                    sha256: words.keyed()?.0,
                }),
                "wrap" => wraps.push((words.word()?, words.read()?, words.bytes()?)),
                "keeper-set" => keeper_set = Some(words.read()?),
                "amends" => amends = Some(words.rest()?),
                "delivery" => delivery = Some((words.read()?, words.read()?)),
                "person" => {
                    person = Some((words.read()?, words.owned()?, words.perhaps()?.map(str::to_owned)));
                }
                "address" => {
                    let id: AddressId = words.read()?;
                    let key = words.keyed()?;
                    addresses.push(NewAddress { id, key, sealed: SealedText(words.bytes()?) });
                }
                "gate" => gate = Some(words.gate()?),
                "moment" => moment = Some(words.moment()?),
                "reach" => reach = Some(words.word::<Reach>()?),
                "proof" => proof = Some(words.word::<Proof>()?),
                "asked" => {
                    let question = match words.perhaps()? {
                        None => None,
                        Some(word) => Some(SealedText(unhex(word)?)),
                    };
                    let with_year = words.text()? == "1";
                    asked = Some(NewProof { asks: Asks { question, with_year }, answer: words.keyed()? });
                }
                "rest" => rest = Some(words.rest()?),
                "due" => {
                    let instant = match words.perhaps()? {
                        None => None,
                        Some(word) => Some(word.parse().ok()?),
                    };
                    due = Some((instant, words.owned()?));
                }
                _ => {}
            }
        }
        let promised = match delivery {
            None => None,
            Some((delivery, occurrence)) => {
                let ((person, language, zone), (due, tzdb)) = (person?, due?);
                let rule = Rule { gate: gate?, moment: moment?, reach: reach?, proof: proof? };
                Some(Promised {
                    delivery,
                    occurrence,
                    person,
                    language,
                    zone,
                    addresses,
                    rule,
                    asked,
                    rest: rest?,
                    due,
                    tzdb,
                })
            }
        };
        let by_wraps = |kind| wraps.iter().any(|(there, _, _)| *there == kind);
        // Manifests without the word are older than what keepers open.
        let kept = kept.unwrap_or(match (by_wraps(WrapKind::Words), by_wraps(WrapKind::Host)) {
            (true, _) => Kept::Words,
            (false, true) => Kept::House,
            (false, false) => Kept::Nobody,
        });
        Some(Self {
            letter: letter?,
            version: version?,
            account: account?,
            sealed: sealed?,
            manifest: manifest?,
            kept,
            parts,
            wraps,
            keeper_set,
            amends,
            promised,
        })
    }
}

impl AccountManifest {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (mut account, mut made, mut email, mut name, mut role) = (None, None, None, None, None);
        let (mut speaks, mut recipient, mut unlock, mut kit, mut vault) = (None, None, None, None, None);
        for (first, mut words) in lines(text, "unsaid-recovery-account 1")? {
            match first {
                "account" => account = Some(words.read()?),
                "made" => made = Some(words.read()?),
                "email" => email = Some((SealedText(words.bytes()?), words.keyed()?)),
                "name" => name = Some((SealedText(words.bytes()?), words.perhaps_keyed()?)),
                "role" => role = Some(words.word()?),
                "speaks" => speaks = Some((words.owned()?, words.owned()?)),
                "recipient" => recipient = Some(words.owned()?),
                "unlock" => {
                    let (number, salt, key) = (words.read()?, words.bytes()?, words.keyed()?);
                    unlock = Some((number, salt, key, words.read()?, words.bytes()?));
                }
                "kit" => kit = Some(words.perhaps_keyed()?),
                "vault" => vault = Some((words.read()?, words.bytes()?)),
                _ => {}
            }
        }
        let ((email, email_key), (name, approved), (language, zone)) = (email?, name?, speaks?);
        let (unlock_number, salt, unlock_key, host_generation, unlock_wrap) = unlock?;
        let (vault_rev, vault) = vault?;
        Some(Self {
            account: account?,
            made: made?,
            email,
            email_key,
            name,
            approved,
            role: role?,
            language,
            zone,
            recipient: recipient?,
            unlock_number,
            salt,
            unlock_key,
            host_generation,
            unlock_wrap,
            kit: kit?,
            vault_rev,
            vault,
        })
    }
}

/// Whose account this manifest is of; none if it is not a whole one.
pub fn account_in(text: &str) -> Option<AccountId> {
    AccountManifest::read(text).map(|found| found.account)
}

/// What the manifest of this account is called.
pub(super) fn account_name(account: AccountId) -> String {
    format!("account-{account}")
}

/// The manifest of recovery of an account as the rows stand: its name and its text.
pub(super) async fn of_account(tx: &mut Tx, account: AccountId) -> Result<(String, String)> {
    let mut row = tx
        .need(
            "select a.made, a.email, a.email_key, a.name, a.approved_name, a.role, a.language, a.zone, a.recipient,
                 a.unlock_number, a.salt, a.unlock_key, w.host_generation, w.bytes, a.kit, a.vault_rev, a.vault
             from accounts a join wraps w on w.subject = a.id and w.kind = 'unlock' and w.version = a.unlock_number
             where a.id = $1",
            values![account],
        )
        .await?;
    let made: Timestamp = row.next()?;
    let mut text = format!("unsaid-recovery-account 1\naccount {account}\nmade {made}\n");
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{words}");
    };
    let perhaps = |key: Option<Keyed>| key.map_or_else(|| "-".to_owned(), |key| hex(&key.0));
    let (email, email_key): (Vec<u8>, Keyed) = (row.next()?, row.next()?);
    line(format_args!("email {} {}", hex(&email), hex(&email_key.0)));
    let (name, approved): (Vec<u8>, Option<Keyed>) = (row.next()?, row.next()?);
    line(format_args!("name {} {}", hex(&name), perhaps(approved)));
    line(format_args!("role {}", row.next::<String>()?));
    let (language, zone): (String, String) = (row.next()?, row.next()?);
    line(format_args!("speaks {language} {zone}"));
    line(format_args!("recipient {}", row.next::<String>()?));
    let (number, salt, key): (u32, Vec<u8>, Keyed) = (row.next()?, row.next()?, row.next()?);
    let (generation, wrap): (u32, Vec<u8>) = (row.next()?, row.next()?);
    line(format_args!("unlock {number} {} {} {generation} {}", hex(&salt), hex(&key.0), hex(&wrap)));
    line(format_args!("kit {}", perhaps(row.next()?)));
    let (rev, vault): (i64, Vec<u8>) = (row.next()?, row.next()?);
    line(format_args!("vault {rev} {}", hex(&vault)));
    Ok((account_name(account), text))
}

/// Writes the manifest of an account before this transaction commits.
pub(super) async fn keep_account(tx: &mut Tx, account: AccountId) -> Result<()> {
    let manifest = match of_account(tx, account).await {
        // It has no unlock wrap: there is nothing that would let her in.
        Err(StoreError::Missing) => return Ok(()),
        other => other?,
    };
    tx.manifests.push(manifest);
    Ok(())
}

/// No bytes are written as `.`, so that every word of a line is there.
pub(super) fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return ".".into();
    }
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text == "." {
        return Some(Vec::new());
    }
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}
