//! Why a whole house holds its letters back, and what may leave it all the same. A hold stands until whoever set it takes it back; several may stand at once. While any stands no letter
//! moves and no time of service counts: what could not be sent is held against nobody. Who sets one, and how it is shown, is not known here.

use crate::message::{Kind, Notice};

/// A reason for which no letter leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// It was restored or moved, and nobody has said yet that it is the one house.
    NotAdopted,
    /// Another house answers at its public address.
    AnotherHouse,
    /// Two generations of it have written.
    TwoGenerations,
    /// Its journal of facts is not there.
    JournalMissing,
    /// Two sources of time agree that it is earlier than it believes: the days of its letters may not have come.
    NoTrustedTime,
    /// Its host asked for it.
    ByHost,
}

impl Hold {
    /// Every reason there is, the gravest first.
    pub const ALL: [Self; 6] = [
        Self::NotAdopted,
        Self::AnotherHouse,
        Self::TwoGenerations,
        Self::JournalMissing,
        Self::NoTrustedTime,
        Self::ByHost,
    ];

    /// Its short name: in the store, the log, and the keys of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotAdopted => "not-adopted",
            Self::AnotherHouse => "another-house",
            Self::TwoGenerations => "two-generations",
            Self::JournalMissing => "journal-missing",
            Self::NoTrustedTime => "no-trusted-time",
            Self::ByHost => "by-host",
        }
    }

    /// The reason of a short name.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hold| hold.key() == key)
    }

    /// `house-holds`: whether a message of this kind leaves while this stands. Codes and calls to the host always do, or nobody could come in and mend it. A house that may not be the one that people
    /// trust says nothing else to anybody: the other one speaks, or will. One that is itself, and only waits, goes on with confirmations and check-ins, which are never held.
    pub fn lets(self, kind: Kind) -> bool {
        match (self, kind) {
            (_, Kind::Code | Kind::Notice(Notice::HostCalled(_))) => true,
            (_, Kind::Knock) => false,
            (Self::NoTrustedTime | Self::ByHost, Kind::Notice(_) | Kind::Ladder(_)) => true,
            (
                Self::NotAdopted | Self::AnotherHouse | Self::TwoGenerations | Self::JournalMissing,
                Kind::Notice(_) | Kind::Ladder(_),
            ) => false,
        }
    }

    /// Whether its host is called: not where a host has just brought it about.
    pub fn calls_host(self) -> bool {
        !matches!(self, Self::ByHost | Self::NotAdopted)
    }

    /// Whether the house is itself for certain, and may go on writing rows that time alone asks for.
    pub fn lets_keep(self) -> bool {
        matches!(self, Self::NoTrustedTime | Self::ByHost)
    }

    /// What it means, for the host: one sentence.
    pub fn means(self) -> &'static str {
        match self {
            Self::NotAdopted => "This house was restored or moved, so it sends no letter.",
            Self::AnotherHouse => {
                "Another house answers at this house's public address, so this one sends no letter."
            }
            Self::TwoGenerations => "This house has been continued in two places, so it sends no letter.",
            Self::JournalMissing => {
                "The journal of this house is not there, and with it perhaps what people refused or took back, so no letter leaves."
            }
            Self::NoTrustedTime => {
                "Two sources of time agree that it is earlier than this house believes, so it sends no letter."
            }
            Self::ByHost => "A host holds all letters of this house back.",
        }
    }

    /// What to do about it, for the host: one sentence.
    pub fn to_do(self) -> &'static str {
        match self {
            Self::NotAdopted => "If no other copy of it is running any more, close it and run: unsaid adopt",
            Self::AnotherHouse => {
                "Find out which of the two is the one that people use, and close the other; this one asks again every five minutes."
            }
            Self::TwoGenerations => "Close all but the newest, and on that one run: unsaid adopt",
            Self::JournalMissing => {
                "Bring the folder journal back from a copy, or, if there is none, close the house and run: unsaid adopt --without-journal"
            }
            Self::NoTrustedTime => {
                "Set this machine's clock right, and see what each source of time says: unsaid clock show"
            }
            Self::ByHost => {
                "Codes, confirmations and check-ins leave; when everything is well, let the letters go here or run: unsaid go-on"
            }
        }
    }
}

/// Whether a message of this kind leaves while all of these stand.
pub fn all_let(holds: &[Hold], kind: Kind) -> bool {
    holds.iter().all(|hold| hold.lets(kind))
}
