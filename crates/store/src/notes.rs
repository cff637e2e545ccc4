//! What is remembered of a letter's way beside its state: what was decided, and when, for its author to read until it leaves. A fact that is hers to know leaves a note in the transaction of that fact; what
//! the engine decides without one leaves it with the row that moves. Nothing is decided by a note, and nothing that a person does leaves one. A house that comes back from a backup has those
//! of the backup.

use crate::rows::Letter;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::id::{AccountId, DeliveryId, LetterId, MessageId, PersonId};
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::Parked;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Noted {
    /// Whom it is for has an address more.
    AddressGiven,
    /// An address of theirs was taken away.
    AddressRemoved,
    /// Mail to an address of theirs came back for good.
    CameBack,
    /// The rest of new words is over: they count.
    NewWordsCount,
    /// New words were taken back in their rest.
    NewWordsUndone,
    /// A birthday was corrected, for this letter too.
    BirthdayCorrected,
    /// Other zone data gives another instant for its day.
    DayMoved,
    /// A host holds it.
    HeldByHost,
    /// Many would have left that nobody foresaw.
    HeldUnforeseen,
    /// Something that is stored of it is damaged.
    HeldDamaged,
    /// What it says of its time means nothing here.
    HeldNotUnderstood,
    /// It goes on where it was.
    LetGo,
    /// She has asked for this plan: how it is found out whether she lives.
    PlanChosen,
    /// She is away.
    Paused,
    /// She is back before a pause or a stop was over.
    Resumed,
    /// Everything of hers was stopped with the paper.
    Stopped,
    /// Nothing waits for her end any more.
    Ended,
}

impl Noted {
    /// Every one there is.
    pub const ALL: [Self; 17] = [
        Self::AddressGiven,
        Self::AddressRemoved,
        Self::CameBack,
        Self::NewWordsCount,
        Self::NewWordsUndone,
        Self::BirthdayCorrected,
        Self::DayMoved,
        Self::HeldByHost,
        Self::HeldUnforeseen,
        Self::HeldDamaged,
        Self::HeldNotUnderstood,
        Self::LetGo,
        Self::PlanChosen,
        Self::Paused,
        Self::Resumed,
        Self::Stopped,
        Self::Ended,
    ];

    /// Its short name, in the store and in answers.
    pub fn key(self) -> &'static str {
        match self {
            Self::AddressGiven => "address-given",
            Self::AddressRemoved => "address-removed",
            Self::CameBack => "came-back",
            Self::NewWordsCount => "new-words-count",
            Self::NewWordsUndone => "new-words-undone",
            Self::BirthdayCorrected => "birthday-corrected",
            Self::DayMoved => "day-moved",
            Self::HeldByHost => "held-by-host",
            Self::HeldUnforeseen => "held-unforeseen",
            Self::HeldDamaged => "held-damaged",
            Self::HeldNotUnderstood => "held-not-understood",
            Self::LetGo => "let-go",
            Self::PlanChosen => "plan-chosen",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Stopped => "stopped",
            Self::Ended => "ended",
        }
    }

    /// Why it is held.
    pub(crate) fn held(why: Parked) -> Self {
        match why {
            Parked::ByHost => Self::HeldByHost,
            Parked::Unforeseen => Self::HeldUnforeseen,
            Parked::RuleUnknown | Parked::ZoneUnknown => Self::HeldNotUnderstood,
            _ => Self::HeldDamaged,
        }
    }
}

/// A note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// When, by trusted time as the house had written it down last: good for a day, not for an hour.
    pub at: Timestamp,
    /// What.
    pub what: Noted,
}

/// About what a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Letter(LetterId),
    Delivery(DeliveryId),
    Person(PersonId),
    Message(MessageId),
    Account(AccountId),
}

/// What a fact leaves behind for an author to read, if anything.
pub(crate) fn of(fact: &Fact) -> Option<(About, Noted)> {
    Some(match fact {
        Fact::AddressGiven { person, .. } => (About::Person(*person), Noted::AddressGiven),
        Fact::AddressRemoved { person, .. } => (About::Person(*person), Noted::AddressRemoved),
        Fact::Bounced { message } => (About::Message(*message), Noted::CameBack),
        Fact::Unwrapped { letter, .. } => (About::Letter(*letter), Noted::NewWordsCount),
        Fact::AmendUndone { letter, .. } => (About::Letter(*letter), Noted::NewWordsUndone),
        Fact::RuleChanged { delivery, .. } => (About::Delivery(*delivery), Noted::BirthdayCorrected),
        Fact::ProofChanged { letter, .. } => (About::Letter(*letter), Noted::BirthdayCorrected),
        Fact::Parked { delivery } => (About::Delivery(*delivery), Noted::HeldByHost),
        Fact::Released { delivery } => (About::Delivery(*delivery), Noted::LetGo),
        Fact::PolicyChanged { account, .. } => (About::Account(*account), Noted::PlanChosen),
        Fact::Paused { account, .. } => (About::Account(*account), Noted::Paused),
        Fact::Resumed { account } => (About::Account(*account), Noted::Resumed),
        Fact::Stopped { account } => (About::Account(*account), Noted::Stopped),
        Fact::LifeEnded { account } => (About::Account(*account), Noted::Ended),
        _ => return None,
    })
}

/// Whose notes are a letter's, in this order: its own, those of whom it is for, and, where it waits for her end, its author's.
pub(crate) fn subjects(letter: &Letter) -> Vec<String> {
    let mut subjects = vec![letter.id.to_string()];
    if let Some(delivery) = &letter.delivery {
        subjects.push(delivery.person.to_string());
        if delivery.rule.gate == Gate::Gone {
            subjects.push(delivery.account.to_string());
        }
    }
    subjects
}

/// The notes of a letter, the newest first, from those of each of its subjects, oldest first. What was before it is no part of its way, but for the plan by which it is found out whether she lives.
pub(crate) fn of_letter(letter: &Letter, notes: Vec<(usize, Note)>) -> Vec<Note> {
    let sealed = letter.versions.first().map(|(_, at)| *at);
    let mut notes: Vec<Note> = notes
        .into_iter()
        .filter(|(of, note)| {
            *of == 0 || note.what == Noted::PlanChosen || sealed.is_some_and(|sealed| note.at >= sealed)
        })
        .map(|(_, note)| note)
        .collect();
    notes.reverse();
    notes.sort_by_key(|note| std::cmp::Reverse(note.at));
    notes
}
