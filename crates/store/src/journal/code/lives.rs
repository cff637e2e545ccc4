//! What the journal holds of an author's life: the values of the kinds 27 to 50, as the table in [`super`] has them.

use super::{From, Out};
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::id::{
    AccountId, AddressId, ChannelId, KeeperId, KeeperSetId, LetterId, MessageId, PersonId,
};
use unsaid_delivery::life::{Fallback, Plan, Policy, Strength, Word};

impl Out {
    /// Writes the values of a fact about a life; gives its kind. None: it is about something else.
    pub(super) fn life(&mut self, fact: &Fact) -> Option<u8> {
        Some(match fact {
            Fact::CheckedIn { account, strength } => {
                self.0.extend(account.0);
                self.strength(*strength);
                27
            }
            Fact::Voted { account, keeper, episode, word } => {
                self.0.extend(account.0);
                self.0.extend(keeper.0);
                self.u32(*episode);
                self.u8(match word {
                    Word::Well => 1,
                    Word::Unknown => 2,
                    Word::Died => 3,
                });
                28
            }
            Fact::Stopped { account } => {
                self.0.extend(account.0);
                29
            }
            Fact::Resumed { account } => {
                self.0.extend(account.0);
                30
            }
            Fact::Paused { account, until, strength } => {
                self.0.extend(account.0);
                self.0.extend(until.as_microsecond().to_le_bytes());
                self.strength(*strength);
                31
            }
            Fact::LifeEnded { account } => {
                self.0.extend(account.0);
                32
            }
            Fact::PolicyChanged { account, plan } => {
                self.0.extend(account.0);
                self.plan(plan);
                33
            }
            Fact::KeeperAdded { account, keeper, name, address, language, link } => {
                self.0.extend(account.0);
                self.0.extend(keeper.0);
                self.long(name);
                self.long(address);
                self.long(language.as_bytes());
                self.0.extend(link);
                34
            }
            Fact::KeeperAnswered { keeper, enrolled } => {
                self.0.extend(keeper.0);
                self.u8((*enrolled).into());
                35
            }
            Fact::KeeperRemoved { account, keeper } => {
                self.0.extend(account.0);
                self.0.extend(keeper.0);
                36
            }
            Fact::ChannelAdded { account, channel, sealed } => {
                self.0.extend(account.0);
                self.0.extend(channel.0);
                self.long(sealed);
                37
            }
            Fact::HandleAdded { account, channel, sealed } => {
                self.0.extend(account.0);
                self.0.extend(channel.0);
                self.long(sealed);
                44
            }
            Fact::BrowserAdded { account, channel, sealed } => {
                self.0.extend(account.0);
                self.0.extend(channel.0);
                self.long(sealed);
                48
            }
            Fact::ChannelRemoved { account, channel } => {
                self.0.extend(account.0);
                self.0.extend(channel.0);
                38
            }
            Fact::StopCodeMade { account, code } => {
                self.0.extend(account.0);
                self.0.extend(code);
                39
            }
            Fact::KeeperMoved { keeper, address } => {
                self.0.extend(keeper.0);
                self.long(address);
                40
            }
            Fact::AddressOffered { person, keeper, address, sealed, key } => {
                self.0.extend(person.0);
                self.0.extend(keeper.0);
                self.0.extend(address.0);
                self.long(sealed);
                self.0.extend(key);
                41
            }
            Fact::AddressDeclined { person, keeper, address } => {
                self.0.extend(person.0);
                self.0.extend(keeper.0);
                self.0.extend(address.0);
                47
            }
            Fact::PersonTold { person, name } => {
                self.0.extend(person.0);
                self.long(name);
                42
            }
            Fact::KeeperSetMade { account, set, person, needed, of, file, made } => {
                self.0.extend(account.0);
                self.0.extend(set.0);
                self.u8(person.is_some().into());
                self.0.extend(person.iter().flat_map(|person| person.0));
                self.u8(*needed);
                self.u8(*of);
                self.long(file);
                self.0.extend(made.as_microsecond().to_le_bytes());
                43
            }
            Fact::EventSaid { letter, keeper, happened } => {
                self.0.extend(letter.0);
                self.0.extend(keeper.0);
                self.u8((*happened).into());
                45
            }
            Fact::EventStopped { letter } => {
                self.0.extend(letter.0);
                46
            }
            Fact::SheLives { person, message, tell } => {
                self.0.extend(person.0);
                self.0.extend(message.0);
                self.u8((*tell).into());
                49
            }
            Fact::LookedAfter { account, person, name } => {
                self.0.extend(account.0);
                self.0.extend(person.0);
                self.long(name);
                50
            }
            _ => return None,
        })
    }

    fn strength(&mut self, strength: Strength) {
        self.u8(match strength {
            Strength::Weak => 1,
            Strength::Strong => 2,
        });
    }

    fn plan(&mut self, plan: &Plan) {
        self.u8(match plan.policy {
            Policy::Both => 1,
            Policy::KeepersOnly => 2,
            Policy::Either => 3,
            Policy::CheckIns => 4,
        });
        self.u16(plan.every_days);
        self.u16(plan.pause_days);
        self.u8(plan.quorum);
        self.u16(plan.warning_days);
        self.u16(match plan.fallback {
            Fallback::Never => 0,
            Fallback::After(days) => days,
        });
    }

    /// Some hundred bytes; the length of the frame is checked at the end.
    fn long(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.0.extend(bytes);
    }
}

impl From<'_> {
    pub(super) fn life(&mut self, kind: u8) -> Option<Fact> {
        Some(match kind {
            27 => Fact::CheckedIn { account: AccountId(self.array()?), strength: self.strength()? },
            28 => Fact::Voted {
                account: AccountId(self.array()?),
                keeper: KeeperId(self.array()?),
                episode: self.u32()?,
                word: match self.u8()? {
                    1 => Word::Well,
                    2 => Word::Unknown,
                    3 => Word::Died,
                    _ => return None,
                },
            },
            29 => Fact::Stopped { account: AccountId(self.array()?) },
            30 => Fact::Resumed { account: AccountId(self.array()?) },
            31 => Fact::Paused {
                account: AccountId(self.array()?),
                until: Timestamp::from_microsecond(i64::from_le_bytes(self.array()?)).ok()?,
                strength: self.strength()?,
            },
            32 => Fact::LifeEnded { account: AccountId(self.array()?) },
            33 => Fact::PolicyChanged { account: AccountId(self.array()?), plan: self.plan()? },
            34 => Fact::KeeperAdded {
                account: AccountId(self.array()?),
                keeper: KeeperId(self.array()?),
                name: self.bytes()?.to_vec(),
                address: self.bytes()?.to_vec(),
                language: String::from_utf8(self.bytes()?.to_vec()).ok()?,
                link: self.array()?,
            },
            35 => Fact::KeeperAnswered { keeper: KeeperId(self.array()?), enrolled: self.flag()? },
            36 => Fact::KeeperRemoved { account: AccountId(self.array()?), keeper: KeeperId(self.array()?) },
            37 => Fact::ChannelAdded {
                account: AccountId(self.array()?),
                channel: ChannelId(self.array()?),
                sealed: self.bytes()?.to_vec(),
            },
            44 => Fact::HandleAdded {
                account: AccountId(self.array()?),
                channel: ChannelId(self.array()?),
                sealed: self.bytes()?.to_vec(),
            },
            48 => Fact::BrowserAdded {
                account: AccountId(self.array()?),
                channel: ChannelId(self.array()?),
                sealed: self.bytes()?.to_vec(),
            },
            38 => {
                Fact::ChannelRemoved { account: AccountId(self.array()?), channel: ChannelId(self.array()?) }
            }
            39 => Fact::StopCodeMade { account: AccountId(self.array()?), code: self.array()? },
            40 => Fact::KeeperMoved { keeper: KeeperId(self.array()?), address: self.bytes()?.to_vec() },
            41 => Fact::AddressOffered {
                person: PersonId(self.array()?),
                keeper: KeeperId(self.array()?),
                address: AddressId(self.array()?),
                sealed: self.bytes()?.to_vec(),
                key: self.array()?,
            },
            42 => Fact::PersonTold { person: PersonId(self.array()?), name: self.bytes()?.to_vec() },
            43 => Fact::KeeperSetMade {
                account: AccountId(self.array()?),
                set: KeeperSetId(self.array()?),
                person: if self.flag()? { Some(PersonId(self.array()?)) } else { None },
                needed: self.u8()?,
                of: self.u8()?,
                file: self.bytes()?.to_vec(),
                made: Timestamp::from_microsecond(i64::from_le_bytes(self.array()?)).ok()?,
            },
            45 => Fact::EventSaid {
                letter: LetterId(self.array()?),
                keeper: KeeperId(self.array()?),
                happened: self.flag()?,
            },
            46 => Fact::EventStopped { letter: LetterId(self.array()?) },
            47 => Fact::AddressDeclined {
                person: PersonId(self.array()?),
                keeper: KeeperId(self.array()?),
                address: AddressId(self.array()?),
            },
            49 => Fact::SheLives {
                person: PersonId(self.array()?),
                message: MessageId(self.array()?),
                tell: self.flag()?,
            },
            50 => Fact::LookedAfter {
                account: AccountId(self.array()?),
                person: PersonId(self.array()?),
                name: self.bytes()?.to_vec(),
            },
            _ => return None,
        })
    }

    fn strength(&mut self) -> Option<Strength> {
        match self.u8()? {
            1 => Some(Strength::Weak),
            2 => Some(Strength::Strong),
            _ => None,
        }
    }

    fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn plan(&mut self) -> Option<Plan> {
        let policy = match self.u8()? {
            1 => Policy::Both,
            2 => Policy::KeepersOnly,
            3 => Policy::Either,
            4 => Policy::CheckIns,
            _ => return None,
        };
        let (every_days, pause_days, quorum) = (self.u16()?, self.u16()?, self.u8()?);
        let warning_days = self.u16()?;
        let fallback = match self.u16()? {
            0 => Fallback::Never,
            days => Fallback::After(days),
        };
        Some(Plan { policy, every_days, pause_days, quorum, warning_days, fallback })
    }
}
