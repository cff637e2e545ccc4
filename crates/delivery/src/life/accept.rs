//! What a human may ask: a sign of life, a keeper's word, a pause, a stop, and everything that she may change. Each answer carries its fact: it goes into the
//! journal before anybody is told. A sign of life sets back from every state; what stops always stops.

use super::decide::{asks, note_unlock_asked};
use super::plan::{LOCKED_PAUSE_DAYS, PAUSE_DAYS, STOP_DAYS};
use super::{Change, Doubt, Facts, GateMoves, Life, Plan, PlanRefused, Stage, Strength, To, WeakSigns, Word};
use super::{Vote, Write};
use crate::clock::Now;
use crate::fact::Fact;
use crate::id::{AccountId, KeeperId};
use crate::message::Says;
use crate::planted::{self, Planted};
use crate::state::Wake;
use jiff::{SignedDuration, Timestamp};

/// After so many weak signs in a row each question also asks for an unlock.
pub const WEAK_IN_A_ROW: u8 = 3;
/// While nothing is open a sign is recorded once in so many observed hours for each strength.
pub const ONCE_IN_HOURS: i64 = 24;
/// A keeper's 'she is well' holds everything for so many observed days.
pub const WELL_DAYS: i64 = 60;
/// And so often in one episode.
pub const WELLS: u8 = 3;

/// What becomes of a sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Armed {
    /// Recorded, and it sets back.
    Recorded(Box<Change>),
    /// The same was recorded within a day, and nothing is open: nothing to write down.
    Already,
    /// Her keepers say that she has died, and that it is somebody else who presses the button: only an unlock or the stop code counts.
    UnlockWanted,
    /// She has ended it for good: there is nothing to set back.
    Ended,
}

/// Why something is not taken. Its words stand under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeRefused {
    /// A pause has to end, within a year, or within sixty days from a session that is locked.
    PauseTooLong,
    /// That day has passed.
    PausePassed,
    /// Only an unlock counts now.
    UnlockWanted,
    /// She has ended it for good.
    Ended,
    /// The plan is not one that may be chosen.
    Plan(PlanRefused),
}

impl LifeRefused {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::PauseTooLong => "pause-too-long",
            Self::PausePassed => "pause-passed",
            Self::UnlockWanted => "unlock-first",
            Self::Ended => "life-ended",
            Self::Plan(plan) => plan.key(),
        }
    }
}

/// Why a keeper's word is not taken. Its words stand under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoVote {
    /// This is no keeper of hers, or not any more.
    NotAKeeper,
    /// Her letters do not wait for anybody's word.
    NotAsked,
    /// They have gone already, or she has ended it.
    Over,
}

impl NoVote {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotAKeeper => "not-a-keeper",
            Self::NotAsked => "keepers-not-asked",
            Self::Over => "keepers-too-late",
        }
    }
}

fn change(life: Life, write: Vec<Write>, fact: Fact, now: Now, why: &'static str) -> Change {
    Change { life, wake: Some(Wake::Trusted(now.trusted)), write, gate: None, fact: Some(fact), why }
}

/// She begins, or begins anew after she had ended it.
pub fn arm(account: AccountId, before: Option<&Life>, plan: Plan, now: Now) -> Result<Change, PlanRefused> {
    plan.check()?;
    Ok(begins(account, before, plan, now))
}

pub(super) fn begins(account: AccountId, before: Option<&Life>, plan: Plan, now: Now) -> Change {
    let mut life = Life {
        account,
        plan,
        coming: None,
        stage: Stage::Present,
        episode: before.map_or(1, |life| life.episode.saturating_add(1)),
        open: false,
        armed: now.observed,
        sign: now.observed,
        weak_at: None,
        strong_at: Some(now.observed),
        asks: now.observed,
        paused: None,
        rung: before.map_or(0, |life| life.rung),
        written: now.observed,
        judged: false,
        probed: false,
        refusals: 0,
        out_of_reach: false,
        keepers_asked: None,
        rounds: 0,
        climbed: None,
        wells: 0,
        held: None,
        weak: WeakSigns::default(),
        confirmed: None,
        released: None,
        rev: before.map_or(0, |life| life.rev),
    };
    life.asks = asks(&life, now.observed);
    let fact = Fact::PolicyChanged { account, plan };
    change(life, Vec::new(), fact, now, "arming-is-a-lower-bound")
}

/// `a-sign-always-sets-back`: from every state. `strength` is what the act was: a POST that follows a human act, never a GET, a poll or a script.
pub fn sign(life: &Life, strength: Strength, facts: &Facts, now: Now) -> Armed {
    if life.stage == Stage::Ended {
        return Armed::Ended;
    }
    if strength == Strength::Weak && life.weak.doubt == Doubt::Confirmed {
        return Armed::UnlockWanted;
    }
    let last = match strength {
        Strength::Weak => life.weak_at,
        Strength::Strong => life.strong_at,
    };
    if planted::is(Planted::GraceIgnoresCheckin) && matches!(life.stage, Stage::Grace(_)) {
        return Armed::Already;
    }
    let today = last.is_some_and(|at| now.observed < at.plus_hours(ONCE_IN_HOURS));
    if today && !ends_something(life, strength) {
        return Armed::Already;
    }
    let mut next = life.clone();
    let (write, gate) = set_back(&mut next, strength, facts, now);
    let fact = Fact::CheckedIn { account: life.account, strength };
    let why = if gate.is_some() { "a-sign-after-the-release" } else { "a-sign-always-sets-back" };
    Armed::Recorded(Box::new(Change { gate, ..change(next, write, fact, now, why) }))
}

/// Whether a sign now would end anything.
fn ends_something(life: &Life, strength: Strength) -> bool {
    let stage = match life.stage {
        Stage::Present | Stage::Ended => false,
        Stage::Stopped { resumes, .. } => resumes.is_some(),
        _ => true,
    };
    let doubted = strength == Strength::Strong && (life.weak != WeakSigns::default());
    life.open || stage || doubted
}

/// Sets everything back. A stop stays a stop.
pub(super) fn set_back(
    life: &mut Life,
    strength: Strength,
    facts: &Facts,
    now: Now,
) -> (Vec<Write>, Option<GateMoves>) {
    note_unlock_asked(life, facts);
    let ends = ends_something(life, strength);
    // `unlock-wanted`: while her keepers are asked because of weak signs, another weak sign does not silence them.
    let doubt_stays = strength == Strength::Weak && life.weak.doubt == Doubt::Open;
    let mut write = Vec::new();
    // Once she was let go all of them were told so, whatever had been asked of them before.
    let were_told = life.is_released() || life.keepers_asked.is_some() || !facts.votes.is_empty();
    if life.open && !doubt_stays && were_told {
        write.extend(facts.keepers.iter().map(|k| Write { says: Says::IsWell, nth: 1, to: To::Keeper(*k) }));
    }
    let gate = life.is_released().then_some(GateMoves::Shuts);
    match strength {
        Strength::Strong => {
            life.weak = WeakSigns::default();
            life.strong_at = Some(now.observed);
        }
        Strength::Weak => {
            let every = i64::from(life.plan.every_days);
            if ends || life.weak.counted.is_none_or(|at| now.observed >= at.plus_days(every)) {
                life.weak.in_a_row = life.weak.in_a_row.saturating_add(1);
                life.weak.counted = Some(now.observed);
            }
            life.weak_at = Some(now.observed);
        }
    }
    if !doubt_stays {
        close(life, ends);
    }
    life.stage = match life.stage {
        Stage::Stopped { until, .. } => Stage::Stopped { until, resumes: None },
        _ => Stage::Present,
    };
    (life.climbed, life.confirmed, life.released) = (None, None, None);
    (life.refusals, life.out_of_reach, life.judged, life.probed) = (0, false, false, false);
    life.sign = now.observed;
    life.asks = asks(life, now.observed);
    (write, gate)
}

/// The episode is over, and what was said in it is void.
fn close(life: &mut Life, ends: bool) {
    if ends {
        life.episode = life.episode.saturating_add(1);
    }
    life.open = false;
    (life.keepers_asked, life.rounds, life.wells, life.held) = (None, 0, 0, None);
}

/// A keeper's word. It opens the grace at most; nobody skips it.
pub fn vote(life: &Life, keeper: KeeperId, word: Word, facts: &Facts, now: Now) -> Result<Change, NoVote> {
    if !facts.keepers.contains(&keeper) {
        return Err(NoVote::NotAKeeper);
    }
    if !life.plan.policy.has_keepers() {
        return Err(NoVote::NotAsked);
    }
    if matches!(life.stage, Stage::Released | Stage::Ended) {
        return Err(NoVote::Over);
    }
    let mut next = life.clone();
    let before = facts.votes.iter().find(|vote| vote.keeper == keeper).map(|vote| vote.word);
    let mut write = Vec::new();
    match word {
        Word::Died => {
            // An episode begins with the first rung or the first such word.
            next.open = true;
        }
        // `well-buys-sixty-days`: three times in one episode, whoever says it.
        Word::Well if next.open && next.wells < WELLS => {
            next.wells += 1;
            let until = now.observed.plus_days(WELL_DAYS);
            next.held = Some(next.held.map_or(until, |held| held.max(until)));
        }
        Word::Well | Word::Unknown => {}
    }
    // `told-what-keepers-say`: whatever they say, and once for each word.
    if before != Some(word) {
        let says = match word {
            Word::Died => Says::SaidDied,
            Word::Well => Says::SaidWell,
            Word::Unknown => Says::SaidUnknown,
        };
        write.extend(facts.channels.iter().map(|to| Write { says, nth: 1, to: *to }));
    }
    let fact = Fact::Voted { account: life.account, keeper, episode: life.episode, word };
    Ok(change(next, write, fact, now, "quorum-of-distinct-keepers"))
}

/// The words of the present episode once this one has been said: one of each keeper.
pub fn voted(votes: &[Vote], vote: Vote) -> Vec<Vote> {
    let again = planted::is(Planted::DupVotes);
    let others = votes.iter().copied().filter(|other| other.keeper != vote.keeper || again);
    others.chain([vote]).collect()
}

/// `a-pause-is-no-silence`: she says until when she will not answer. It is a sign of life of its own.
pub fn pause(
    life: &Life,
    until: Timestamp,
    locked: bool,
    facts: &Facts,
    now: Now,
) -> Result<Change, LifeRefused> {
    if life.stage == Stage::Ended {
        return Err(LifeRefused::Ended);
    }
    let strength = if locked { Strength::Weak } else { Strength::Strong };
    if locked && life.weak.doubt == Doubt::Confirmed {
        return Err(LifeRefused::UnlockWanted);
    }
    if until <= now.trusted {
        return Err(LifeRefused::PausePassed);
    }
    let days = if locked { LOCKED_PAUSE_DAYS } else { PAUSE_DAYS };
    if until.duration_since(now.trusted) > SignedDuration::from_hours(days * 24) {
        return Err(LifeRefused::PauseTooLong);
    }
    let mut next = life.clone();
    let (write, gate) = set_back(&mut next, strength, facts, now);
    next.paused = Some(until);
    let fact = Fact::Paused { account: life.account, until, strength };
    Ok(Change { gate, ..change(next, write, fact, now, "a-pause-is-no-silence") })
}

/// She is back before her pause or a stop is over. From a session that is unlocked.
pub fn resume(life: &Life, facts: &Facts, now: Now) -> Result<Change, LifeRefused> {
    if life.stage == Stage::Ended {
        return Err(LifeRefused::Ended);
    }
    let mut next = life.clone();
    let (write, gate) = set_back(&mut next, Strength::Strong, facts, now);
    next.paused = None;
    next.stage = Stage::Present;
    let fact = Fact::Resumed { account: life.account };
    Ok(Change { gate, ..change(next, write, fact, now, "a-sign-always-sets-back") })
}

/// `stop-always-stops`: the eight words on paper, from anywhere. A strong sign of life, and everything is still for a year.
pub fn stop(life: &Life, facts: &Facts, now: Now) -> Change {
    let mut next = life.clone();
    let told = matches!(life.stage, Stage::Stopped { resumes: None, .. } | Stage::Ended);
    let (_, gate) = set_back(&mut next, Strength::Strong, facts, now);
    // She who had ended it has nothing that could go on: it stays ended.
    if life.stage == Stage::Ended {
        next.stage = Stage::Ended;
    } else {
        next.stage = Stage::Stopped { until: now.observed.plus_days(STOP_DAYS), resumes: None };
    }
    let keepers = facts.keepers.iter().map(|keeper| To::Keeper(*keeper));
    let everybody = facts.channels.iter().copied().chain(keepers);
    let write = if told {
        Vec::new()
    } else {
        everybody.map(|to| Write { says: Says::Stopped, nth: 1, to }).collect()
    };
    Change { gate, ..change(next, write, Fact::Stopped { account: life.account }, now, "stop-always-stops") }
}

/// `ended-for-good`: from a session that is unlocked. What waits for her end waits for ever, until she begins anew.
pub fn end(life: &Life, facts: &Facts, now: Now) -> Change {
    let mut next = life.clone();
    let (write, gate) = set_back(&mut next, Strength::Strong, facts, now);
    (next.stage, next.paused, next.coming) = (Stage::Ended, None, None);
    let fact = Fact::LifeEnded { account: life.account };
    Change { gate, wake: None, ..change(next, write, fact, now, "ended-for-good") }
}

/// Another plan, by hand with words, kit or passkey: a strong sign of life. What is slower counts at once, what is faster after the whole time of the old one.
pub fn change_plan(life: &Life, plan: Plan, facts: &Facts, now: Now) -> Result<Change, LifeRefused> {
    plan.check().map_err(LifeRefused::Plan)?;
    if life.stage == Stage::Ended {
        return Err(LifeRefused::Ended);
    }
    Ok(takes_plan(life, plan, facts, now))
}

pub(super) fn takes_plan(life: &Life, plan: Plan, facts: &Facts, now: Now) -> Change {
    let mut next = life.clone();
    let (write, gate) = set_back(&mut next, Strength::Strong, facts, now);
    if life.plan.is_faster(&plan) {
        next.coming = Some((plan, life.plan.next_counts_from(now.observed)));
    } else {
        (next.plan, next.coming) = (plan, None);
        next.asks = asks(&next, now.observed);
    }
    let fact = Fact::PolicyChanged { account: life.account, plan };
    Change { gate, ..change(next, write, fact, now, "faster-after-the-old-period") }
}
