//! The world of [`super`]: rows, hands, and what is true whatever anybody believes. What a store does around the rules stands here once more, short: fences,
//! revisions, and what an ended message means for its letter.

use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::decide::Address;
use unsaid_delivery::message::{Kind, Message, MessageState, Subject};
use unsaid_delivery::permit::{Facts, Permit, still_allowed};
use unsaid_delivery::record::{Answer, answered};
use unsaid_delivery::refusal::{Refused, Scope};
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach, Rule};
use unsaid_delivery::state::{Delivery, Rest, State, Wake};
use unsaid_delivery::{
    AccountId, AddressId, DeliveryId, LetterId, MessageId, Now, Observed, PersonId, calendar,
};

const LETTER: LetterId = LetterId([1; 16]);
const PERSON: PersonId = PersonId([2; 16]);
const ADDRESS: AddressId = AddressId([3; 16]);
const DELIVERY: DeliveryId = DeliveryId([4; 16]);

/// How far one worker has come with it; what it holds is in its memory alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hand {
    Idle,
    /// It has the wake.
    Taken {
        fence: u8,
    },
    /// It has read the row, and stands before DATA.
    Read {
        fence: u8,
        row: Message,
    },
    /// It was told that it may not leave.
    Dropping {
        fence: u8,
        row: Message,
    },
    /// It may leave; DATA was sent, and the relay has not said 354 yet.
    Begun {
        fence: u8,
        row: Message,
    },
    /// It was allowed once more; the content leaves. `cut`: somebody has taken over meanwhile.
    Writing {
        fence: u8,
        row: Message,
        cut: bool,
    },
    /// The relay has answered, and nobody else knows.
    Answered {
        fence: u8,
        row: Message,
        answer: Said,
        cut: bool,
    },
    /// The fact is flushed, its rows are locked, and nothing is committed.
    Flushed {
        row: Message,
    },
}

/// What the relay said; [`Answer`] as a value that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Said {
    Accepted,
    Later,
    Refused,
    /// It took the message, and nobody heard so.
    LostHavingTaken,
    /// It did not.
    Lost,
}

impl Said {
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Accepted => Answer::Accepted,
            Self::Later => Answer::Later,
            Self::Refused => Answer::Refused,
            Self::LostHavingTaken | Self::Lost => Answer::Unknown,
        }
    }

    pub(super) fn took_it(self) -> bool {
        matches!(self, Self::Accepted | Self::LostHavingTaken)
    }
}

/// Rows, hands, and the truth.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) message: Message,
    pub(super) delivery: State,
    pub(super) good: bool,
    pub(super) there: bool,
    pub(super) refused: Vec<Scope>,
    /// None: nothing wakes it any more. A wake that nobody holds has come.
    pub(super) wake: Option<Option<u8>>,
    pub(super) fence: u8,
    /// The delivery was woken, so that it is decided about again.
    pub(super) delivery_woken: bool,
    /// A fact was flushed by a process that died before the commit.
    pub(super) journal: bool,
    /// In no order: which of them is which makes no difference.
    pub(super) hands: Vec<Hand>,
    /// What the relay took, each with its date: the rest of a message is the same whenever it is written.
    pub(super) copies: Vec<Option<Timestamp>>,
    /// Copies that may be one too many: each was cut off between the second question and the commit.
    pub(super) cuts: u8,
    /// Acknowledged, and not taken back.
    pub(super) said_no: bool,
    pub(super) ever_no: bool,
    /// 250 was committed.
    pub(super) recorded: bool,
    pub(super) wrong: Option<&'static str>,
    pub(super) deaths: u8,
    pub(super) lapses: u8,
    pub(super) noes: u8,
}

/// Time is what an attempt is told from another by.
pub(super) fn now(fence: u8) -> Now {
    Now { trusted: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(fence.into()), observed: Observed(0) }
}

pub(super) fn delivery(state: State) -> Delivery {
    Delivery {
        id: DELIVERY,
        letter: LETTER,
        account: AccountId([6; 16]),
        person: PERSON,
        occurrence: 0,
        rule: Rule { gate: Gate::None, moment: Moment::AtOnce, reach: Reach::Send, proof: Proof::None },
        version: 1,
        pinned: state == State::Opened,
        state,
        rest: Rest { until: Timestamp::UNIX_EPOCH, observed: Observed(0) },
        due: None,
        tzdb: calendar::tzdb_version().to_owned(),
        forecast: None,
        parked: None,
        rev: 1,
    }
}

impl World {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            message: Message {
                id: MessageId([5; 16]),
                kind: Kind::Knock,
                subject: Subject::Person(PERSON),
                nth: 1,
                address: Some(ADDRESS),
                state: MessageState::Waiting,
                tries: 0,
                since: Observed(0),
                date: None,
                expires: None,
                foreseen: true,
                rev: 1,
            },
            delivery: State::Sending,
            good: true,
            there: true,
            refused: Vec::new(),
            wake: Some(None),
            fence: 0,
            delivery_woken: false,
            journal: false,
            hands: vec![Hand::Idle; workers],
            copies: Vec::new(),
            cuts: 0,
            said_no: false,
            ever_no: false,
            recorded: false,
            wrong: None,
            deaths: 0,
            lapses: 0,
            noes: 0,
        }
    }

    pub(super) fn allowed(&self, row: &Message) -> bool {
        let refused = self.refused.iter().map(|scope| Refused { scope: *scope }).collect();
        let address = self.there.then_some(Address { id: ADDRESS, good: self.good, refused });
        let facts = Facts {
            address: address.as_ref(),
            deliveries: &[(DELIVERY, LETTER, self.delivery)],
            holds: &[],
            life: None,
        };
        still_allowed(row, facts, now(self.fence)) == Permit::Go
    }

    pub(super) fn ours(&self, fence: u8, row: &Message) -> bool {
        self.wake == Some(Some(fence)) && self.message.rev == row.rev
    }

    /// What an ended knock means for the letter; `tell` in the store.
    pub(super) fn tell(&mut self) {
        if !self.delivery.is_knocking() {
            return;
        }
        match self.message.state {
            MessageState::Waiting | MessageState::Started => {}
            MessageState::Accepted => self.delivery = State::Knocked(self.message.nth),
            MessageState::Refused | MessageState::Dropped => self.delivery_woken = true,
        }
    }

    /// `keep` in the store.
    pub(super) fn keep(&mut self, row: &Message, said: Said) {
        let recorded = answered(row, said.answer(), now(self.fence));
        if recorded.state == MessageState::Accepted {
            self.recorded = true;
        }
        self.good &= !recorded.address_is_dead;
        self.message.state = recorded.state;
        self.message.tries = self.message.tries.saturating_add(recorded.counts.into());
        self.message.rev += 1;
        self.wake = recorded.wake.and_then(|wake| {
            assert!(matches!(wake, Wake::Observed(_)));
            self.wake.map(|_| None)
        });
        self.tell();
    }

    pub(super) fn says_no(&mut self) {
        self.said_no = true;
        self.ever_no = true;
    }

    pub(super) fn faulty(&mut self, what: &'static str) {
        self.wrong.get_or_insert(what);
    }

    /// Somebody else has it now: whoever is between the second question and the commit may have sent one copy too many.
    pub(super) fn cut_off(&mut self) {
        for hand in &mut self.hands {
            let (cut, may_have_left) = match hand {
                Hand::Writing { cut, .. } => (cut, true),
                Hand::Answered { cut, answer, .. } => (cut, answer.took_it()),
                _ => continue,
            };
            if may_have_left && !*cut {
                *cut = true;
                self.cuts += 1;
            }
        }
        self.cuts += u8::from(self.journal);
    }
}
