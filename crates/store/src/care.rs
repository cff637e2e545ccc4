//! The words of looking after what is stored: sealed bytes and the house's layer around keys, gone round once in thirty days; rows that have to balance
//! every night; and what was found wrong, which stands until it is right again. Knows no bytes and no keys: who looks is the worker.

use crate::rows::{Part, StoredWrap, WrapKind};
use jiff::Timestamp;
use jiff::civil::Date;
use unsaid_delivery::clock::Observed;
use unsaid_delivery::id::{BlobId, DeliveryId};

/// Sealed bytes that a row names: a part of a version, a photo of a draft, an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its name.
    pub blob: BlobId,
    /// In bytes.
    pub size: u64,
    /// Of the sealed bytes.
    pub sha256: [u8; 32],
}

/// Which wrap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WrapName {
    /// A letter's id, or an account's for `unlock`.
    pub subject: String,
    /// Which version, or number.
    pub version: u32,
    /// Which kind.
    pub kind: WrapKind,
}

/// A wrap under the house's layer that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrapToLookAt {
    /// As it is stored.
    pub wrap: StoredWrap,
    /// What it opens; none for an account's.
    pub letter: Option<Part>,
}

impl WrapToLookAt {
    /// Its name.
    pub fn name(&self) -> WrapName {
        WrapName { subject: self.wrap.subject.clone(), version: self.wrap.version, kind: self.wrap.kind }
    }
}

/// Something that is to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToLookAt {
    /// Sealed bytes.
    Blob(StoredBlob),
    /// A wrap.
    Wrap(Box<WrapToLookAt>),
}

/// How far the scrubber has come in going round everything that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// When it began, in observed time.
    pub began: Observed,
    /// How much there was to look at when it began.
    pub total: u64,
    /// How much of it was looked at.
    pub done: u64,
    /// Where it goes on.
    pub place: Place,
}

/// Where a round goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Sealed bytes, behind these.
    Blobs(Option<BlobId>),
    /// Wraps, behind this one.
    Wraps(Option<WrapName>),
    /// Everything was looked at.
    Through,
}

/// Whose fault it is that something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// Sealed bytes.
    Blob,
    /// What lies under the house's layer.
    Wrap,
    /// A promise.
    Delivery,
    /// A message.
    Message,
    /// New words of a letter.
    Letter,
    /// Whether an author is alive.
    Life,
    /// Something that wakes.
    Wake,
    /// Nothing smaller than the house.
    House,
}

impl Thing {
    /// The word in the column and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Wrap => "wrap",
            Self::Delivery => "delivery",
            Self::Message => "message",
            Self::Letter => "letter",
            Self::Life => "life",
            Self::Wake => "wake",
            Self::House => "house",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [
            Self::Blob,
            Self::Wrap,
            Self::Delivery,
            Self::Message,
            Self::Letter,
            Self::Life,
            Self::Wake,
            Self::House,
        ]
        .into_iter()
        .find(|thing| thing.name() == name)
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrong {
    /// Stored bytes are missing, or not what they were.
    Damaged,
    /// The wrap carries another letter's line.
    WrongBinding,
    /// No wake, no lease and nobody who was asked. It was woken at once.
    NoWake,
    /// It wakes long after its time. It was woken at once.
    SleepsTooLong,
    /// Its wake points at no row: the row has vanished.
    RowGone,
    /// Its row says what cannot be.
    Unreadable,
    /// Its version is not there, or was never sealed.
    VersionMissing,
    /// It was opened, and its row says that it waits.
    OpenedButWaits,
    /// Its author took it back, and its row says that it waits.
    WithdrawnButWaits,
    /// There were more of them the night before, and nothing erases them.
    Fewer,
    /// A fact of the journal that no row shows.
    FactWithoutRow,
    /// The program fell over it again and again.
    Fault,
}

impl Wrong {
    /// Everything there is.
    pub const ALL: [Self; 12] = [
        Self::Damaged,
        Self::WrongBinding,
        Self::NoWake,
        Self::SleepsTooLong,
        Self::RowGone,
        Self::Unreadable,
        Self::VersionMissing,
        Self::OpenedButWaits,
        Self::WithdrawnButWaits,
        Self::Fewer,
        Self::FactWithoutRow,
        Self::Fault,
    ];

    /// The word in the column and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::WrongBinding => "wrong-binding",
            Self::NoWake => "no-wake",
            Self::SleepsTooLong => "sleeps-too-long",
            Self::RowGone => "row-gone",
            Self::Unreadable => "unreadable",
            Self::VersionMissing => "version-missing",
            Self::OpenedButWaits => "opened-but-waits",
            Self::WithdrawnButWaits => "withdrawn-but-waits",
            Self::Fewer => "fewer",
            Self::FactWithoutRow => "fact-without-row",
            Self::Fault => "fault",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wrong| wrong.name() == name)
    }

    /// What it is and what to do, for the host: two sentences.
    pub fn says(self) -> &'static str {
        match self {
            Self::Damaged => {
                "Stored bytes are damaged or missing, and what has not left of them is held. Put the file back from a backup; it is looked at every hour."
            }
            Self::WrongBinding => {
                "What opens a letter names another one, and the letter is held. Put the database back from a backup, or ask the author to seal it again."
            }
            Self::NoWake => "Nothing would have woken it; it was woken at once. Report it.",
            Self::SleepsTooLong => {
                "It would have woken long after its time; it was woken at once. Report it."
            }
            Self::RowGone => {
                "Its row has vanished from the database. Restore the newest backup and adopt it: the journal knows what happened since."
            }
            Self::Unreadable => {
                "Its row says what cannot be, so it is held. Restore the newest backup and adopt it, or ask the author to seal it again."
            }
            Self::VersionMissing => {
                "The version that is to go is not there, so it is held. Restore the newest backup and adopt it, or ask the author to seal it again."
            }
            Self::OpenedButWaits => {
                "It was opened, and its row says that it waits; it is held. Restore the newest backup and adopt it."
            }
            Self::WithdrawnButWaits => {
                "Its author took it back, and its row says that it waits; it is held. Restore the newest backup and adopt it."
            }
            Self::Fewer => {
                "There are fewer promises than the night before, and nothing erases them. Restore the newest backup and adopt it."
            }
            Self::FactWithoutRow => {
                "The journal says what no row shows. Restart the house, which compares them; if it stays, restore the newest backup and adopt it."
            }
            Self::Fault => {
                "The program fell over it again and again, so it is held and the rest goes on. Report it."
            }
        }
    }
}

/// What was found wrong. It stands until it is right again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What kind of thing.
    pub thing: Thing,
    /// Which one: an id, or for a wrap its subject, number and kind.
    pub name: String,
    /// What is wrong with it.
    pub wrong: Wrong,
}

impl Finding {
    /// Bytes that are not what they were.
    pub fn of_blob(blob: BlobId) -> Self {
        Self { thing: Thing::Blob, name: blob.to_string(), wrong: Wrong::Damaged }
    }

    /// A wrap.
    pub fn of_wrap(name: &WrapName, wrong: Wrong) -> Self {
        let name = format!("{} {} {}", name.subject, name.version, name.kind.name());
        Self { thing: Thing::Wrap, name, wrong }
    }

    /// A promise.
    pub fn of_delivery(delivery: DeliveryId, wrong: Wrong) -> Self {
        Self { thing: Thing::Delivery, name: delivery.to_string(), wrong }
    }
}

/// How the house does, beside what was found wrong: for its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// The last day of which the rows were counted.
    pub balanced: Option<Date>,
    /// When a backup was made last, by the house's time.
    pub backed_up: Option<Timestamp>,
    /// How many messages wait to leave by mail.
    pub waiting: u64,
    /// Since when the first of them does.
    pub waits_since: Option<Observed>,
    /// Since when the first message waits that the webhook was given and did not take.
    pub hook_waits_since: Option<Observed>,
    /// When the relay took a message last.
    pub accepted: Option<Observed>,
}

/// What so many starts died over is held for the host.
pub const DEATHS: i64 = 3;
/// Starts that died within so many observed seconds died in a loop.
pub const LOOP_SECONDS: i64 = 600;

/// A part of all names, so that looking at every row never takes long: the `nth` of `of` (which is 1, or [`PIECES`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// From 0.
    pub nth: u16,
    /// Of so many.
    pub of: u16,
}

/// All names are cut into so many pieces where there are many rows: those of two letters of base32 each.
pub const PIECES: u16 = 1_024;

impl Piece {
    /// Everything at once.
    pub const ALL: Self = Self { nth: 0, of: 1 };

    /// Whether an id is of this piece.
    pub fn holds(self, id: [u8; 16]) -> bool {
        self.of == 1 || u16::from_be_bytes([id[0], id[1]]) >> 6 == self.nth
    }

    /// The first and the last id of it.
    pub(crate) fn ends(self) -> ([u8; 16], [u8; 16]) {
        if self.of == 1 {
            return ([0; 16], [255; 16]);
        }
        let (mut first, mut last) = ([0; 16], [255; 16]);
        first[..2].copy_from_slice(&(self.nth << 6).to_be_bytes());
        last[..2].copy_from_slice(&((self.nth << 6) | 0x3f).to_be_bytes());
        (first, last)
    }
}

/// How the rows stood in a night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The day, by trusted time.
    pub day: Date,
    /// Deliveries by state, as `EngineStore::counts` has them.
    pub counts: Vec<(String, u64)>,
    /// Promises that were made before this instant are counted in `until_then`.
    pub until: Timestamp,
    /// How many promises there were that were made before `until`.
    pub until_then: u64,
}

/// A night's balance beside the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balanced {
    /// How it stood the time before, if there was one.
    pub before: Option<Balance>,
    /// How it stands.
    pub today: Balance,
    /// Promises of the time before that are not there any more: 0 in a house that lost nothing.
    pub lost: u64,
}

impl Balanced {
    /// How many promises came since the time before.
    pub fn entered(&self) -> u64 {
        let before = self.before.as_ref().map_or(0, |b| b.until_then);
        (self.today.until_then + self.lost).saturating_sub(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_id_is_of_one_piece_and_within_its_ends(id in any::<[u8; 16]>()) {
            let held: Vec<u16> = (0..PIECES).filter(|nth| Piece { nth: *nth, of: PIECES }.holds(id)).collect();
            prop_assert_eq!(held.len(), 1);
            let (first, last) = Piece { nth: held[0], of: PIECES }.ends();
            prop_assert!(first <= id && id <= last);
            // Two letters of its text are those of its piece.
            let text = |id: [u8; 16]| DeliveryId(id).to_string();
            prop_assert!(text(first)[..2] == text(id)[..2] && text(last)[..2] == text(id)[..2]);
        }
    }

    #[test]
    fn every_word_reads_back_and_says_two_sentences() {
        for wrong in Wrong::ALL {
            assert_eq!(Wrong::of(wrong.name()), Some(wrong));
            assert!(
                wrong.says().ends_with('.') && wrong.says().matches(". ").count() == 1,
                "{}",
                wrong.says()
            );
        }
    }
}
