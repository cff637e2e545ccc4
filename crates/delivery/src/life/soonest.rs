//! Before which moment nothing of an author's can leave, whoever says what from now on and however quickly each message is accepted: a lower bound, for
//! people who are about to give their word. It decides nothing; `decide` does, and a story holds one against the other.

use super::plan::{ARMING_DAYS, HOLD_OFF_HOURS, REMINDERS, RESUME_NOTICE_DAYS};
use super::{Facts, Fallback, Life, Opened, Plan, Policy, Stage};
use crate::clock::Now;

const DAY: i64 = 24;

/// In so many hours at the earliest, observed or trusted, whichever is longer. None: nothing leaves any more unless she begins anew, or it has been let go already.
pub fn soonest_hours(life: &Life, facts: &Facts, now: Now) -> Option<i64> {
    let by_plan = |plan: &Plan| hours(life, plan, facts, now);
    // A faster plan may count before the end of this one's whole time.
    let coming = life.coming.as_ref().map(|(plan, _)| by_plan(plan));
    let least = match (by_plan(&life.plan), coming.flatten()) {
        (Some(one), Some(other)) => one.min(other),
        (one, other) => one.or(other)?,
    };
    let observed = |at: crate::clock::Observed| (at.0 - now.observed.0).max(0) / 3_600;
    let armed = observed(life.armed.plus_days(ARMING_DAYS));
    let held = life.held.map_or(0, observed);
    let paused = life.paused.map_or(0, |until| until.duration_since(now.trusted).as_hours().max(0));
    Some(least.max(armed).max(held).max(paused))
}

fn hours(life: &Life, plan: &Plan, facts: &Facts, now: Now) -> Option<i64> {
    let left = |at: crate::clock::Observed| (at.0 - now.observed.0).max(0) / 3_600;
    let keepers = if plan.policy.has_keepers() { facts.keepers.len() } else { 0 };
    let whole = |opened| {
        let pace = plan.grace(opened, keepers);
        i64::from(pace.warnings) * i64::from(pace.days) * DAY + HOLD_OFF_HOURS
    };
    let theirs = (keepers > 0).then(|| whole(Opened::Quorum));
    let pause = i64::from(plan.pause_days);
    // The pause of the newest writing runs already.
    let ladder = |climbed: u8| {
        let more = i64::from(REMINDERS - climbed.min(REMINDERS));
        left(life.written.plus_days(pause)) + more * pause * DAY
    };
    let all_of_it = i64::from(REMINDERS + 1) * pause * DAY;
    let before_grace = |ladder: i64, asks: i64| {
        let alone = asks + ladder + whole(Opened::Alone);
        match plan.policy {
            Policy::CheckIns => Some(alone),
            Policy::KeepersOnly => theirs.or(Some(alone)),
            Policy::Either => Some(theirs.map_or(alone, |theirs| theirs.min(alone))),
            // A quorum that speaks unasked starts the ladder that day.
            Policy::Both => match theirs {
                Some(theirs) => Some(ladder + theirs),
                None if plan.fallback == Fallback::Never => None,
                None => Some(alone),
            },
        }
    };
    match life.stage {
        Stage::Ended | Stage::Released => None,
        Stage::Present => before_grace(all_of_it, left(life.asks)),
        Stage::Asked => before_grace(ladder(0), 0),
        Stage::Reminded(n) => before_grace(ladder(n), 0),
        Stage::Silent => before_grace(0, 0),
        Stage::Grace(grace) => {
            let more = i64::from(grace.of.saturating_sub(grace.warning)) * i64::from(grace.days) * DAY;
            let this = left(life.written.plus_days(grace.days.into())) + more + HOLD_OFF_HOURS;
            let quicker = plan.policy == Policy::Either && grace.opened != Opened::Quorum;
            Some(theirs.filter(|_| quicker).map_or(this, |theirs| theirs.min(this)))
        }
        Stage::Gone { until, .. } => Some(left(until)),
        Stage::Stopped { until, resumes } => {
            let noticed = resumes.unwrap_or_else(|| now.observed.plus_days(RESUME_NOTICE_DAYS));
            Some(left(noticed.min(until)) + before_grace(all_of_it, 0)?)
        }
    }
}
