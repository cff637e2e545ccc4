//! What the passing of observed time demands of one author's row. Given the row, what is known beside it, and the time; gives the row as it should be, what to
//! write, and when to look again. One step for each call: whoever commits it asks again. One thing because the order in which its questions are asked is the rule.

use super::plan::{ARMING_DAYS, HOLD_OFF_HOURS, REMINDERS, RESUME_NOTICE_DAYS};
use super::rungs::{self, Rung};
use super::{Change, Doubt, Facts, Fallback, GateMoves, Grace, Life, Opened, Policy, Stage, To, Word, Write};
use super::{Heard, votes};
use crate::KeeperId;
use crate::clock::{Now, Observed};
use crate::message::Says;
use crate::planted::{self, Planted};
use crate::state::Wake;

/// Where nothing is to come by itself a row is looked at again after so many observed days, should all else fail.
const IDLE_DAYS: i64 = 30;
/// Keepers are asked again so many observed days after they were first asked, then every thirty days for half a year, then every ninety.
const ROUNDS_DAYS: [i64; 8] = [0, 7, 21, 45, 75, 105, 135, 180];
/// And then.
const LATER_ROUNDS_DAYS: i64 = 90;
/// After she was let go they are asked for an address so many observed days after it was first found missing, and then once a year.
const LOST_ROUNDS_DAYS: [i64; 4] = [0, 21, 90, 180];
const YEAR_DAYS: i64 = 365;
/// For so many observed days she was asked for an unlock, and none came.
pub const UNLOCK_DAYS: i64 = 30;

/// A step that is being made.
struct Step<'a> {
    life: Life,
    facts: &'a Facts,
    now: Now,
    write: Vec<Write>,
    gate: Option<GateMoves>,
}

/// Decides about one author.
pub fn decide(life: &Life, facts: &Facts, now: Now) -> Change {
    let mut step = Step { life: life.clone(), facts, now, write: Vec::new(), gate: None };
    note_unlock_asked(&mut step.life, facts);
    match life.stage {
        Stage::Ended => step.ends("ended-for-good"),
        Stage::Released => step.released(),
        Stage::Stopped { until, resumes } => step.stopped(until, resumes),
        Stage::Grace(grace) => step.grace(grace),
        Stage::Gone { until, opened } => step.gone(until, opened),
        Stage::Present | Stage::Asked | Stage::Reminded(_) | Stage::Silent => step.before_grace(),
    }
}

/// `unlock-wanted`: a question that also asks for an unlock has reached her.
pub(super) fn note_unlock_asked(life: &mut Life, facts: &Facts) {
    let asks = matches!(life.stage, Stage::Asked | Stage::Reminded(_));
    if asks && life.wants_unlock() && life.weak.unlock_asked.is_none() {
        life.weak.unlock_asked = facts
            .rung
            .iter()
            .filter_map(|heard| if let Heard::Accepted(at) = heard { Some(*at) } else { None })
            .min();
    }
}

impl Step<'_> {
    // ---- how a step ends --------------------------------------------------------------------------------------------------------------

    fn done(self, wake: Option<Wake>, why: &'static str) -> Change {
        Change { life: self.life, wake, write: self.write, gate: self.gate, fact: None, why }
    }

    /// Nothing comes by itself any more.
    fn ends(self, why: &'static str) -> Change {
        self.done(None, why)
    }

    /// Something has moved: it is looked at again at once.
    fn again(self, why: &'static str) -> Change {
        let wake = Wake::Observed(self.now.observed);
        self.done(Some(wake), why)
    }

    /// Nothing moves before the earliest of these.
    fn waits(self, at: impl IntoIterator<Item = Option<Observed>>, why: &'static str) -> Change {
        let idle = self.now.observed.plus_days(IDLE_DAYS);
        let at = at.into_iter().flatten().fold(idle, Ord::min);
        self.done(Some(Wake::Observed(at)), why)
    }

    // ---- keepers ----------------------------------------------------------------------------------------------------------------------

    fn has_keepers(&self) -> bool {
        self.life.plan.policy.has_keepers() && !self.facts.keepers.is_empty()
    }

    /// Asks every keeper who has not said that she has died.
    fn ask_keepers(&mut self) {
        let life = &mut self.life;
        life.open = true;
        life.keepers_asked.get_or_insert(self.now.observed);
        life.rounds = life.rounds.saturating_add(1);
        let died = |keeper| self.facts.votes.iter().any(|v| v.keeper == keeper && v.word == Word::Died);
        for keeper in self.facts.keepers.iter().filter(|keeper| !died(**keeper)) {
            self.write.push(Write { says: Says::KeeperAsked, nth: life.rounds, to: To::Keeper(*keeper) });
        }
    }

    /// When keepers who were asked are asked again.
    fn next_round(&self) -> Option<Observed> {
        let spoken = matches!(self.life.stage, Stage::Grace(Grace { opened: Opened::Quorum, .. }));
        let first = self.life.keepers_asked.filter(|_| self.has_keepers() && !spoken)?;
        let round = usize::from(self.life.rounds);
        let last = ROUNDS_DAYS.len() - 1;
        let days = ROUNDS_DAYS.get(round).copied().unwrap_or_else(|| {
            let more = i64::try_from(round - last).unwrap_or(i64::MAX / LATER_ROUNDS_DAYS);
            ROUNDS_DAYS[last] + more.saturating_mul(LATER_ROUNDS_DAYS)
        });
        Some(first.plus_days(days))
    }

    /// A keeper's 'she is well' holds everything.
    fn held(&self) -> Option<Observed> {
        self.life.held.filter(|held| self.now.observed < *held)
    }

    // ---- before the grace -------------------------------------------------------------------------------------------------------------

    fn before_grace(mut self) -> Change {
        let now = self.now.observed;
        let doubts_at =
            self.life.weak.unlock_asked.filter(|_| self.life.weak.doubt == Doubt::None && self.has_keepers());
        let doubts_at = doubts_at.map(|asked| asked.plus_days(UNLOCK_DAYS));
        if doubts_at.is_some_and(|at| now >= at) {
            // `unlock-wanted`: whoever reads her mail can press a button.
            self.life.weak.doubt = Doubt::Open;
            self.ask_keepers();
            return self.again("unlock-wanted");
        }
        let died = votes::died(&self.life, self.facts);
        if self.life.weak.doubt == Doubt::Confirmed && !died {
            self.life.weak.doubt = Doubt::Open;
            return self.again("word-taken-back");
        }
        if self.life.weak.doubt == Doubt::Open {
            if died {
                self.life.weak.doubt = Doubt::Confirmed;
                return self.again("unlock-wanted");
            }
            if votes::quorum(&self.life.plan, self.facts, Word::Well) {
                return self.doubt_closes();
            }
        }
        let one_spoke = self.life.keepers_asked.is_none() && votes::saying(self.facts, Word::Died) > 0;
        if one_spoke && self.has_keepers() {
            self.ask_keepers();
            return self.again("one-speaks-the-others-are-asked");
        }
        if self.next_round().is_some_and(|at| now >= at) {
            self.ask_keepers();
            return self.again("keepers-are-asked");
        }
        // Under these two the keepers' word is enough, asked or not, from every state.
        let enough = matches!(self.life.plan.policy, Policy::KeepersOnly | Policy::Either);
        if died && enough {
            return match self.held() {
                Some(held) => self.waits([Some(held)], "well-buys-sixty-days"),
                None => self.open_grace(Opened::Quorum),
            };
        }
        match self.life.stage {
            Stage::Asked => self.ladder(0, doubts_at),
            Stage::Reminded(n) => self.ladder(n, doubts_at),
            Stage::Silent => self.silent(died),
            _ => self.present(died, doubts_at),
        }
    }

    /// A quorum says that she is well, and nothing else is open.
    fn doubt_closes(mut self) -> Change {
        self.life.weak = super::WeakSigns::default();
        if self.life.stage == Stage::Present {
            self.life.open = false;
            self.life.episode = self.life.episode.saturating_add(1);
            (self.life.keepers_asked, self.life.rounds, self.life.wells) = (None, 0, 0);
        }
        self.again("unlock-wanted")
    }

    fn present(mut self, died: bool, doubts_at: Option<Observed>) -> Change {
        let now = self.now;
        if let Some((plan, at)) = self.life.coming
            && now.observed >= at
        {
            // A new rhythm is reckoned from the last sign, and never asks in the past.
            self.life.plan = plan;
            self.life.coming = None;
            self.life.asks = asks(&self.life, self.life.sign).max(now.observed);
            return self.again("faster-after-the-old-period");
        }
        // `both-needs-her-silence`: keepers who speak unasked start the ladder that day.
        if died && self.held().is_none() && self.life.plan.policy == Policy::Both {
            return self.ask_her("both-needs-her-silence");
        }
        if let Some(change) = self.invite() {
            return change;
        }
        if let Some(until) = self.life.paused {
            if now.trusted < until {
                let round = self.next_round();
                // The pause is over on a day of the calendar; keepers who were asked are asked in observed time.
                return match round {
                    Some(_) => self.waits([round, Some(now.observed.plus_days(1))], "a-pause-is-no-silence"),
                    None => self.done(Some(Wake::Trusted(until)), "a-pause-is-no-silence"),
                };
            }
            self.life.paused = None;
            self.life.asks = asks(&self.life, now.observed);
            return self.again("a-pause-is-no-silence");
        }
        if let Some(change) = self.still_right() {
            return change;
        }
        let yearly = self.next_still_right();
        let coming = self.life.coming.map(|(_, at)| at);
        let round = self.next_round();
        if !self.life.plan.has_ladder(self.facts.keepers.len()) {
            return self.waits([coming, round, yearly], "keepers-alone-speak");
        }
        let asks = self.life.asks.max(self.life.held.unwrap_or_default());
        if now.observed >= asks {
            return self.ask_her("asked-after-silence");
        }
        let held = self.held();
        self.waits([Some(asks), coming, round, doubts_at, held, yearly], "asked-after-silence")
    }

    /// `invited-once`: whoever is named and has an address is written to once, as soon as anything may wait for their word. They may answer or not.
    fn invite(&self) -> Option<Change> {
        if self.life.open || !self.life.plan.policy.has_keepers() {
            return None;
        }
        self.say_to_them(Says::Invited, self.facts.invited.clone(), "invited-once")
    }

    /// `still-right-once-a-year`: a keeper of whom nothing was heard for a year, and who was not asked in it, is asked whether this is still right. Nothing follows from silence.
    fn still_right(&self) -> Option<Change> {
        if self.life.open || !self.life.plan.policy.has_keepers() {
            return None;
        }
        let year = jiff::SignedDuration::from_hours(YEAR_DAYS * 24);
        let quiet = self.facts.quiet.iter().filter(|(_, at)| self.now.trusted.duration_since(*at) >= year);
        let quiet = quiet.map(|(keeper, _)| *keeper).collect();
        self.say_to_them(Says::StillRight, quiet, "still-right-once-a-year")
    }

    fn say_to_them(&self, says: Says, keepers: Vec<KeeperId>, why: &'static str) -> Option<Change> {
        if keepers.is_empty() {
            return None;
        }
        let write =
            keepers.into_iter().map(|keeper| Write { says, nth: 1, to: To::Keeper(keeper) }).collect();
        let step = Step { life: self.life.clone(), facts: self.facts, now: self.now, write, gate: None };
        Some(step.again(why))
    }

    /// When the next of them is asked that, if both clocks go on alike.
    fn next_still_right(&self) -> Option<Observed> {
        let asks = !self.life.open && self.life.plan.policy.has_keepers();
        let first = self.facts.quiet.iter().map(|(_, at)| *at).min().filter(|_| asks)?;
        let gone_by = self.now.trusted.duration_since(first).as_secs();
        Some(self.now.observed.plus_seconds((YEAR_DAYS * 86_400 - gone_by).max(0)))
    }

    /// An episode begins with the question.
    fn ask_her(mut self, why: &'static str) -> Change {
        self.life.stage = Stage::Asked;
        self.write_rung(Says::Question, 1);
        self.again(why)
    }

    fn write_rung(&mut self, says: Says, nth: u8) {
        let written = rungs::write(&mut self.life, self.facts, says, nth, self.now);
        self.write.extend(written);
    }

    /// `rung`: 0 for the question, then the reminders.
    fn ladder(mut self, rung: u8, doubts_at: Option<Observed>) -> Change {
        let (says, nth) = if rung == 0 { (Says::Question, 1) } else { (Says::Reminder, rung) };
        let pause = self.life.plan.pause_days;
        match self.climb(says, nth, pause, doubts_at) {
            Climb::Stays(change) => *change,
            Climb::Up(step) => {
                self = *step;
                if rung < REMINDERS {
                    self.life.stage = Stage::Reminded(rung + 1);
                    self.write_rung(Says::Reminder, rung + 1);
                    return self.again("climbed-when-accepted");
                }
                self.ladder_ends()
            }
        }
    }

    fn ladder_ends(mut self) -> Change {
        self.life.climbed.get_or_insert(self.now.observed);
        let asks = self.has_keepers() && self.life.plan.policy != Policy::CheckIns;
        if self.life.plan.policy == Policy::Both {
            if asks || self.life.plan.fallback == Fallback::Never {
                self.life.stage = Stage::Silent;
                if asks {
                    self.ask_keepers();
                }
                return self.again("keepers-are-asked");
            }
        } else if asks {
            self.ask_keepers();
        }
        self.open_grace(Opened::Alone)
    }

    fn silent(mut self, died: bool) -> Change {
        if let Some(held) = self.held() {
            let round = self.next_round();
            return self.waits([Some(held), round], "well-buys-sixty-days");
        }
        if died {
            return self.open_grace(Opened::Quorum);
        }
        let Fallback::After(days) = self.life.plan.fallback else {
            let round = self.next_round();
            return self.waits([round], "never-without-keepers");
        };
        if !self.has_keepers() {
            return self.open_grace(Opened::Alone);
        }
        let since = *self.life.climbed.get_or_insert(self.now.observed);
        let falls = since.plus_days(days.into());
        if self.now.observed >= falls {
            return self.open_grace(Opened::NoAnswer);
        }
        let round = self.next_round();
        self.waits([Some(falls), round], "when-no-keeper-answers")
    }

    // ---- the grace --------------------------------------------------------------------------------------------------------------------

    fn open_grace(mut self, opened: Opened) -> Change {
        let pace = self.life.plan.grace(opened, self.facts.keepers.len());
        let doubled = self.is_doubled();
        let of = if doubled { pace.warnings.saturating_mul(2) } else { pace.warnings };
        self.life.stage = Stage::Grace(Grace { opened, warning: 1, of, days: pace.days, doubled });
        self.life.confirmed = Some(self.now.trusted);
        self.write_rung(Says::Warning, 1);
        self.again("grace-as-promised")
    }

    fn is_doubled(&self) -> bool {
        self.life.out_of_reach || self.life.weak.doubt == Doubt::Confirmed
    }

    fn grace(mut self, grace: Grace) -> Change {
        if let Some(change) = self.taken_back(grace.opened) {
            return change;
        }
        if self.is_doubled() && !grace.doubled {
            let of = grace.of.saturating_mul(2);
            self.life.stage = Stage::Grace(Grace { of, doubled: true, ..grace });
            return self.again("out-of-reach");
        }
        let died = votes::died(&self.life, self.facts);
        let doubt = match self.life.weak.doubt {
            Doubt::Open if died => Doubt::Confirmed,
            Doubt::Confirmed if !died => Doubt::Open,
            same => same,
        };
        if doubt != self.life.weak.doubt {
            self.life.weak.doubt = doubt;
            return self.again("unlock-wanted");
        }
        if self.is_quicker_by_quorum(grace) {
            return self.open_grace(Opened::Quorum);
        }
        if self.next_round().is_some_and(|at| self.now.observed >= at) {
            self.ask_keepers();
            return self.again("keepers-are-asked");
        }
        match self.climb(Says::Warning, grace.warning, grace.days, None) {
            Climb::Stays(change) => *change,
            Climb::Up(step) => {
                self = *step;
                if grace.warning < grace.of {
                    let warning = grace.warning + 1;
                    self.life.stage = Stage::Grace(Grace { warning, ..grace });
                    self.write_rung(Says::Warning, warning);
                    return self.again("grace-as-promised");
                }
                let until = self.now.observed.plus_hours(HOLD_OFF_HOURS);
                self.life.stage = Stage::Gone { until, opened: grace.opened };
                self.waits([Some(until)], "hold-off")
            }
        }
    }

    /// `either-whichever-is-first`: a quorum that comes during the long grace of a silence alone begins its own, if that ends sooner.
    fn is_quicker_by_quorum(&self, grace: Grace) -> bool {
        if self.life.plan.policy != Policy::Either
            || grace.opened == Opened::Quorum
            || self.held().is_some()
            || !votes::died(&self.life, self.facts)
        {
            return false;
        }
        let pace = self.life.plan.grace(Opened::Quorum, self.facts.keepers.len());
        let twice = if self.is_doubled() { 2 } else { 1 };
        let theirs = i64::from(pace.warnings) * i64::from(pace.days) * twice;
        let left = i64::from(grace.of.saturating_sub(grace.warning)) * i64::from(grace.days);
        theirs < left
    }

    /// `word-taken-back`: a keeper may think again. Where too few are left, the grace that they opened has never begun.
    fn taken_back(&mut self, opened: Opened) -> Option<Change> {
        if opened != Opened::Quorum || votes::died(&self.life, self.facts) {
            return None;
        }
        self.life.confirmed = None;
        let step =
            Step { life: self.life.clone(), facts: self.facts, now: self.now, write: Vec::new(), gate: None };
        Some(step.back_before_grace())
    }

    fn back_before_grace(mut self) -> Change {
        if self.life.climbed.is_some() && self.life.plan.policy == Policy::Both {
            self.life.stage = Stage::Silent;
        } else if self.life.climbed.is_some() {
            return self.open_grace(Opened::Alone);
        } else {
            self.life.stage = Stage::Present;
            self.life.asks = self.life.asks.max(self.now.observed);
        }
        self.again("word-taken-back")
    }

    fn gone(mut self, until: Observed, opened: Opened) -> Change {
        if let Some(change) = self.taken_back(opened) {
            return change;
        }
        let armed = self.life.armed.plus_days(ARMING_DAYS);
        let ready = until.max(armed).max(self.held().unwrap_or_default());
        if self.now.observed < ready {
            let why = if ready == armed { "arming-is-a-lower-bound" } else { "hold-off" };
            return self.waits([Some(ready)], why);
        }
        if let Some(away) = self.life.paused.filter(|away| self.now.trusted < *away) {
            return self.done(Some(Wake::Trusted(away)), "a-pause-is-no-silence");
        }
        self.life.stage = Stage::Released;
        self.life.released = Some(self.now.trusted);
        self.gate = Some(GateMoves::Opens);
        for keeper in &self.facts.keepers {
            self.write.push(Write { says: Says::Released, nth: 1, to: To::Keeper(*keeper) });
        }
        // From here on they are asked for addresses alone.
        (self.life.keepers_asked, self.life.rounds) = (None, 0);
        self.again("released")
    }

    /// `keepers-give-addresses`: where a letter of hers cannot be brought, her keepers are asked who knows a newer address; nothing else is asked of anybody any more.
    fn released(mut self) -> Change {
        if self.facts.lost == 0 || self.facts.keepers.is_empty() {
            (self.life.keepers_asked, self.life.rounds) = (None, 0);
            return self.ends("released");
        }
        let first = *self.life.keepers_asked.get_or_insert(self.now.observed);
        let round = usize::from(self.life.rounds);
        let last = LOST_ROUNDS_DAYS.len() - 1;
        let days = LOST_ROUNDS_DAYS.get(round).copied().unwrap_or_else(|| {
            let more = i64::try_from(round - last).unwrap_or(i64::MAX / YEAR_DAYS);
            LOST_ROUNDS_DAYS[last] + more.saturating_mul(YEAR_DAYS)
        });
        let next = first.plus_days(days);
        if self.now.observed < next {
            return self.done(Some(Wake::Observed(next)), "keepers-give-addresses");
        }
        self.life.rounds = self.life.rounds.saturating_add(1);
        for keeper in &self.facts.keepers {
            self.write.push(Write {
                says: Says::AddressAsked,
                nth: self.life.rounds,
                to: To::Keeper(*keeper),
            });
        }
        self.again("keepers-give-addresses")
    }

    // ---- a stop -----------------------------------------------------------------------------------------------------------------------

    fn stopped(mut self, until: Observed, resumes: Option<Observed>) -> Change {
        let now = self.now.observed;
        let ends = resumes.map_or(until, |resumes| resumes.min(until));
        if now >= ends {
            self.life.stage = Stage::Present;
            self.life.episode = self.life.episode.saturating_add(1);
            self.life.open = false;
            (self.life.keepers_asked, self.life.rounds, self.life.wells) = (None, 0, 0);
            self.life.asks = if resumes.is_some() { now } else { asks(&self.life, now) };
            self.tell_her(Says::GoesOn);
            return self.again("a-stop-ends-by-itself");
        }
        // `resume-by-keepers`: with thirty days' notice to her and to all of them.
        if resumes.is_none() && votes::died(&self.life, self.facts) {
            self.life.stage = Stage::Stopped { until, resumes: Some(now.plus_days(RESUME_NOTICE_DAYS)) };
            self.tell_her(Says::Resumes);
            for keeper in &self.facts.keepers {
                self.write.push(Write { says: Says::Resumes, nth: 1, to: To::Keeper(*keeper) });
            }
            return self.again("resume-by-keepers");
        }
        self.waits([Some(ends)], "stop-always-stops")
    }

    fn tell_her(&mut self, says: Says) {
        self.write.extend(self.facts.channels.iter().map(|to| Write { says, nth: 1, to: *to }));
    }
}

/// What becomes of a rung.
enum Climb<'a> {
    /// The step ends here.
    Stays(Box<Change>),
    /// The next one is to be written.
    Up(Box<Step<'a>>),
}

impl<'a> Step<'a> {
    fn climb(self, says: Says, nth: u8, pause_days: u16, doubts_at: Option<Observed>) -> Climb<'a> {
        let mut step = self;
        match rungs::stands(&step.life, step.facts, pause_days, step.now) {
            Rung::Waits(wake, why) => {
                let at = match wake {
                    Wake::Observed(at) => at,
                    Wake::Trusted(_) => step.now.observed.plus_days(1),
                };
                let round = step.next_round();
                Climb::Stays(Box::new(step.waits([Some(at), round, doubts_at], why)))
            }
            Rung::Again(why) => {
                step.write_rung(says, nth);
                Climb::Stays(Box::new(step.again(why)))
            }
            Rung::Probe(to) => {
                step.life.probed = true;
                step.write.push(Write { says: Says::Probe, nth: 1, to });
                Climb::Stays(Box::new(step.again("refused-while-no-mail-left")))
            }
            Rung::Judged { worth } => {
                step.life.judged = true;
                step.life.refusals = step.life.refusals.saturating_add(worth);
                step.reach();
                Climb::Stays(Box::new(step.again("out-of-reach")))
            }
            Rung::Accepted => {
                (step.life.refusals, step.life.out_of_reach) = (0, false);
                Climb::Up(Box::new(step))
            }
            Rung::Refused => Climb::Up(Box::new(step)),
        }
    }

    /// `out-of-reach`: keepers are asked at once, and the host is told.
    fn reach(&mut self) {
        if planted::is(Planted::ClosedWaitsForEver)
            || self.life.refusals < rungs::OUT_OF_REACH
            || self.life.out_of_reach
        {
            return;
        }
        self.life.out_of_reach = true;
        if self.has_keepers() && self.life.keepers_asked.is_none() {
            self.ask_keepers();
        }
        if let Some(to @ To::Host(_)) = self.facts.somebody_else {
            self.write.push(Write { says: Says::OutOfReach, nth: 1, to });
        }
    }
}

/// `once-a-day`: a sign stands for all of the day that follows it, because a second one on that day is not recorded.
pub(super) fn asks(life: &Life, sign: Observed) -> Observed {
    sign.plus_days(i64::from(life.plan.every_days) + 1)
}
