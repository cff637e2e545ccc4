//! What a human may ask, and what becomes of it. http asks here and commits the answer; it decides nothing itself.
//! This file does not know refusals by the person: a refused delivery runs its course silently, and its author cannot tell.

use crate::calendar::{self, ZoneUnknown};
use crate::clock::Now;
use crate::fact::Fact;
use crate::refusal::Scope;
use crate::rule::{Birthday, Gate, Moment, Reach, RestAsked, Rule};
use crate::state::{Amending, Delivery, Rest, State, Wake};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// Why something that was asked cannot be. Each has two sentences in the words of the pages, under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The rule asks for something that this version does not yet do.
    NotYet,
    /// The day has passed.
    DayPassed,
    /// The day is more than 150 years away.
    DayTooFar,
    /// No year has that birthday.
    BirthdayUnknown,
    /// The zone's name means nothing to us.
    ZoneUnknown,
    /// The person has no address, and the letter is to be sent.
    NoAddress,
    /// It would wait until it is asked for, and nothing leads to it: no address and no card.
    NoWay,
    /// The rest is over, so there is nothing to undo; withdrawing is what is left.
    Rested,
    /// It still rests: undoing is simpler and says more.
    StillResting,
    /// A letter that is already sealed cannot be sealed again before it is taken back.
    AlreadySealed,
    /// There is nothing there to take back.
    NothingSealed,
    /// It cannot be opened: it was taken back, or is held.
    NotHere,
}

impl Refusal {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotYet => "not-yet",
            Self::DayPassed => "day-passed",
            Self::DayTooFar => "day-too-far",
            Self::BirthdayUnknown => "birthday-unknown",
            Self::ZoneUnknown => "zone-unknown",
            Self::NoAddress => "no-address",
            Self::NoWay => "no-way",
            Self::Rested => "rested",
            Self::StillResting => "still-resting",
            Self::AlreadySealed => "already-sealed",
            Self::NothingSealed => "nothing-sealed",
            Self::NotHere => "not-here",
        }
    }
}

impl From<ZoneUnknown> for Refusal {
    fn from(_: ZoneUnknown) -> Self {
        Self::ZoneUnknown
    }
}

/// What sealing under a rule would mean, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// When the rest ends.
    pub rest: Rest,
    /// The instant of the moment; the end of the rest for a letter that goes at once.
    pub due: Timestamp,
    /// When it goes: the later of both.
    pub leaves: Timestamp,
    /// The day that was chosen lies before the end of the rest, so it goes at that end.
    pub early: bool,
    /// The first occurrence: a year for birthdays that recur, else 0.
    pub occurrence: i16,
}

/// `rest-first`, `kinds-we-keep`: what a rule would mean if it were sealed now. `author_zone` is an IANA name.
pub fn plan(rule: &Rule, rest: RestAsked, author_zone: &str, now: Now) -> Result<Plan, Refusal> {
    if !kept_by_this_version(rule) {
        return Err(Refusal::NotYet);
    }
    let rest = calendar::rest(rest, author_zone, now)?;
    let (occurrence, due) = first_due(&rule.moment, now)?;
    let due = due.unwrap_or(rest.until);
    Ok(Plan { rest, due, leaves: due.max(rest.until), early: due < rest.until, occurrence })
}

/// The first occurrence of a moment and its instant; no instant for one that comes with the end of the rest.
fn first_due(moment: &Moment, now: Now) -> Result<(i16, Option<Timestamp>), Refusal> {
    let (zone, birthday) = match moment {
        Moment::AtOnce | Moment::After { .. } => return Ok((0, None)),
        Moment::On { zone, .. } => (zone, None),
        Moment::Birthday { zone, birthday, .. } | Moment::EachBirthday { zone, birthday, .. } => {
            (zone, Some(*birthday))
        }
    };
    let today = calendar::day_in(now.trusted, zone)?;
    // A leap year has every day that any year has.
    if birthday.is_some_and(|birthday| Date::new(2000, birthday.month, birthday.day).is_err()) {
        return Err(Refusal::BirthdayUnknown);
    }
    let occurrence = calendar::first_occurrence(moment, now.trusted)?.ok_or(Refusal::DayPassed)?;
    let last = match moment {
        Moment::EachBirthday { until, .. } => *until,
        _ => occurrence,
    };
    let farthest = today.checked_add(calendar::FARTHEST_YEARS.years()).unwrap_or(Date::MAX);
    let too_far = |day: Option<Date>| day.is_none_or(|day| day > farthest);
    let day = calendar::day_of(moment, occurrence);
    if day.is_some_and(|day| day < today) {
        return Err(Refusal::DayPassed);
    }
    if too_far(day) || too_far(calendar::day_of(moment, last)) {
        return Err(Refusal::DayTooFar);
    }
    Ok((occurrence, calendar::comes_at(moment, occurrence, now.trusted)?))
}

/// What this version can keep. Anything else is refused before it is promised, and parked should it stand in a row.
pub fn kept_by_this_version(rule: &Rule) -> bool {
    let gate = match &rule.gate {
        Gate::None | Gate::Gone => true,
        // Some of her keepers alone: not yet. And who comes by themselves waits for nobody's word.
        Gate::Word { keepers, .. } => keepers.is_empty() && rule.reach == Reach::Send,
    };
    gate
        && !matches!(rule.moment, Moment::After { .. })
        // Whoever may never come is not promised a letter for each year.
        && !(rule.reach == Reach::Claim && matches!(rule.moment, Moment::EachBirthday { .. }))
}

/// What changes in a delivery when something is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Its new state.
    pub state: State,
    /// When it wants to be looked at again; none for an end.
    pub wake: Option<Wake>,
    /// What goes into the journal first.
    pub fact: Fact,
    /// The name of the rule that allowed it.
    pub why: &'static str,
}

/// `seal-once`: a letter with a living delivery is not sealed over. What was undone in its rest is a draft, and may be. `has_way`: of what is sent, that there is an
/// address for it; of what is held until it is asked for, that there is a card or an address that leads to it.
pub fn may_seal(existing: Option<&Delivery>, reach: Reach, has_way: bool) -> Result<(), Refusal> {
    match (existing, reach) {
        (Some(d), _) if d.state != (State::Withdrawn { undone: true }) => Err(Refusal::AlreadySealed),
        (_, Reach::Send) if !has_way => Err(Refusal::NoAddress),
        (_, Reach::Claim) if !has_way => Err(Refusal::NoWay),
        _ => Ok(()),
    }
}

/// `undo-in-rest`: one click while it rests makes it a draft again, and nobody will know that it was ever sealed. A rest that is
/// over by the clock but not yet noticed by the worker is over.
pub fn undo(delivery: &Delivery, now: Now) -> Result<Granted, Refusal> {
    match delivery.state {
        State::Resting if !delivery.rest.has_ended(now) => Ok(Granted {
            state: State::Withdrawn { undone: true },
            wake: None,
            fact: Fact::Undone { letter: delivery.letter },
            why: "undo-in-rest",
        }),
        State::Withdrawn { undone: true } => Err(Refusal::NothingSealed),
        _ => Err(Refusal::Rested),
    }
}

/// `amend-rests-too`: a sealed letter may be given new words until it is opened, and nobody says whether it was. `deliveries` are all its
/// occurrences; none for a letter that is never delivered, whose new version counts at once.
pub fn amend(deliveries: &[Delivery], withdrew: bool) -> Result<(), Refusal> {
    if withdrew || deliveries.iter().any(|d| matches!(d.state, State::Withdrawn { .. })) {
        return Err(Refusal::NothingSealed);
    }
    if deliveries.iter().any(|d| d.state == State::Resting) {
        return Err(Refusal::StillResting);
    }
    Ok(())
}

/// `undo-in-rest`, of a new version: until its rest ends one click returns to the one before.
pub fn undo_amend(amending: Option<&Amending>, now: Now) -> Result<Fact, Refusal> {
    match amending {
        Some(resting) if !resting.rest.has_ended(now) => {
            Ok(Fact::AmendUndone { letter: resting.letter, version: resting.version })
        }
        _ => Err(Refusal::Rested),
    }
}

/// What changes in a delivery when the birthday in its rule is corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// The rule with the right day.
    pub rule: Rule,
    /// The occurrence that this row is now.
    pub occurrence: i16,
    /// Its instant.
    pub due: Timestamp,
    /// When it wants to be looked at again.
    pub wake: Wake,
    /// What goes into the journal first.
    pub fact: Fact,
}

/// `corrected-if-meant`: a corrected birthday reaches a sealed letter only if its author says so, and only what has not left. None: nothing
/// changes, because it has left, has ended or is not about a birthday.
pub fn correct_birthday(
    delivery: &Delivery,
    year: Option<i16>,
    birthday: Birthday,
    now: Now,
) -> Result<Option<Corrected>, Refusal> {
    if !matches!(delivery.state, State::Resting | State::Waiting) {
        return Ok(None);
    }
    let (moment, year) = match &delivery.rule.moment {
        Moment::Birthday { age, time, zone, .. } => {
            let year = year.ok_or(Refusal::BirthdayUnknown)?;
            (Moment::Birthday { age: *age, year, birthday, time: *time, zone: zone.clone() }, Some(year))
        }
        Moment::EachBirthday { until, time, zone, .. } => {
            (Moment::EachBirthday { until: *until, birthday, time: *time, zone: zone.clone() }, None)
        }
        _ => return Ok(None),
    };
    // A year whose letter has left does not come again under another day.
    let (first, _) = first_due(&moment, now)?;
    let occurrence = first.max(delivery.occurrence);
    let Some(due) = calendar::comes_at(&moment, occurrence, now.trusted)? else {
        return Err(Refusal::DayPassed);
    };
    if matches!(&moment, Moment::EachBirthday { until, .. } if occurrence > *until) {
        return Err(Refusal::DayPassed);
    }
    let wake = match delivery.state {
        State::Resting => Wake::Trusted(delivery.rest.until),
        _ => Wake::Trusted(due),
    };
    let fact = Fact::RuleChanged { delivery: delivery.id, year, birthday };
    Ok(Some(Corrected { rule: Rule { moment, ..delivery.rule.clone() }, occurrence, due, wake, fact }))
}

/// `withdraw-until-opened`: after the rest, until it is opened. What comes of it is not said: the answer is one and the same. None: nothing
/// changes in the delivery, but the fact that she asked is kept, and she is shown 'withdrawn' all the same.
pub fn withdraw(delivery: &Delivery) -> Result<Granted, Refusal> {
    let fact = Fact::Withdrawn { letter: delivery.letter };
    let stays = |state| Granted { state, wake: None, fact: fact.clone(), why: "withdraw-says-nothing" };
    match delivery.state {
        State::Withdrawn { undone: true } => Err(Refusal::NothingSealed),
        // What was read stays the reader's, whatever the delivery's state became since.
        state if delivery.pinned || state == State::Opened => Ok(stays(state)),
        _ => Ok(Granted {
            state: State::Withdrawn { undone: false },
            wake: None,
            fact,
            why: "withdraw-until-opened",
        }),
    }
}

/// `open-by-hand`: the person's own act opens, and pins the version. Opening again changes nothing. `asked-before-it-opens`: whether what the rule asks was answered
/// belongs to the session in which they come, so the store holds it, in the same transaction.
pub fn open(delivery: &Delivery) -> Result<Option<Granted>, Refusal> {
    if !delivery.state.may_be_opened() {
        return Err(Refusal::NotHere);
    }
    if delivery.pinned && delivery.state == State::Opened {
        return Ok(None);
    }
    Ok(Some(Granted {
        state: State::Opened,
        wake: None,
        fact: Fact::Opened { delivery: delivery.id, version: delivery.version },
        why: "open-by-hand",
    }))
}

/// So many wrong answers to what is asked before a letter opens are taken within a day of trusted time.
pub const ANSWERS_A_DAY: usize = 5;
/// And so many in all, for each delivery.
pub const ANSWERS_EVER: usize = 20;

/// Why an answer is not looked at any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Not today.
    Today,
    /// Never again: words, or a quorum of keepers, are what is left.
    Ever,
}

/// `few-answers`: whether one more answer is looked at, right or wrong. What is counted are wrong ones, in all and within the last day.
pub fn may_answer(wrong: usize, wrong_today: usize) -> Result<(), NoAnswer> {
    if wrong >= ANSWERS_EVER {
        return Err(NoAnswer::Ever);
    }
    if wrong_today >= ANSWERS_A_DAY {
        return Err(NoAnswer::Today);
    }
    Ok(())
}

/// The farthest day for which a letter is kept for later, in years.
pub const FARTHEST_LATER_YEARS: i16 = 10;
/// 'Not today' is kept for so many days.
pub const NOT_TODAY_DAYS: i64 = 14;

/// `their-day`: the person keeps it for a day of theirs, from tomorrow on, ten years ahead at most; none: 'not today'. Until then nothing is sent
/// about it; it can be opened all the while. `zone` is `Pair.zone`.
pub fn later(delivery: &Delivery, day: Option<Date>, zone: &str, now: Now) -> Result<Granted, Refusal> {
    // Of what is held until it is asked for nothing is ever sent: it waits for any day of theirs as it is.
    let may = delivery.state.may_be_opened() && !delivery.pinned && delivery.rule.reach == Reach::Send;
    if !may || matches!(delivery.state, State::Opened | State::Refused) {
        return Err(Refusal::NotHere);
    }
    let today = calendar::day_in(now.trusted, zone)?;
    let day = match day {
        Some(day) => day,
        None => today.checked_add(NOT_TODAY_DAYS.days()).map_err(|_| Refusal::DayTooFar)?,
    };
    if day <= today {
        return Err(Refusal::DayPassed);
    }
    if day > today.checked_add(FARTHEST_LATER_YEARS.years()).unwrap_or(Date::MAX) {
        return Err(Refusal::DayTooFar);
    }
    Ok(Granted {
        state: State::Later(day),
        wake: Some(Wake::Trusted(calendar::instant(day, calendar::NINE, zone)?)),
        fact: Fact::KeptForLater { delivery: delivery.id, day },
        why: "their-day",
    })
}

/// `answered-next-morning`: when what a person answers may be seen by the author: at the first nine in the morning in her zone that is at least an
/// hour away, so that nobody learns at what hour it was written.
pub fn answer_is_seen(author_zone: &str, now: Now) -> Result<Timestamp, Refusal> {
    let zone = calendar::zone(author_zone)?;
    let earliest = now.trusted.checked_add(1.hour()).unwrap_or(now.trusted);
    let today = earliest.to_zoned(zone.clone()).date();
    let nine = |day: Date| {
        day.to_datetime(calendar::NINE).to_zoned(zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp())
    };
    Ok(if nine(today) >= earliest { nine(today) } else { nine(today.tomorrow().unwrap_or(today)) })
}

/// `refuse-ends-contact`: which state a delivery takes when the person says no. None: it stays as it is.
pub fn refuse(delivery: &Delivery, scope: Scope) -> Option<State> {
    let covered = match scope {
        Scope::Letter(letter) => delivery.letter == letter,
        Scope::Author => true,
        // One address said no: another may still be knocked at; `decide` finds out at the next wake.
        Scope::NotMe | Scope::House | Scope::Quiet => false,
    };
    (covered && (delivery.state.is_knocking() || matches!(delivery.state, State::Later(_) | State::Askable)))
        .then_some(State::Refused)
}

/// `lift-reopens`: taking a no back makes what was refused waiting again: it may be opened, and one knock may follow.
pub fn lift(delivery: &Delivery, scope: Scope) -> Option<State> {
    let covered = match scope {
        Scope::Letter(letter) => delivery.letter == letter,
        Scope::NotMe | Scope::Author | Scope::House => true,
        Scope::Quiet => false,
    };
    (covered && delivery.state == State::Refused).then_some(if delivery.pinned {
        State::Opened
    } else if delivery.rule.reach == Reach::Claim {
        // What is held until it is asked for is never knocked for.
        State::Askable
    } else {
        // The person is here and looking at it: no knock is owed to them today.
        State::Knocked(1)
    })
}
