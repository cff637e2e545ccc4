//! A release, held against what people truly did and how long the house truly served; and, at the end, whether everybody who has died was released.

use crate::truth::Truth;
use crate::world::World;
use crate::{DAY, Secs};
use unsaid_delivery::life::plan::{
    ALONE_WARNINGS, ARMING_DAYS, ONE_KEEPER_WARNING_DAYS, REMINDERS, RESUME_NOTICE_DAYS, STOP_DAYS, WARNINGS,
};
use unsaid_delivery::life::{Fallback, Plan, Policy};

/// A sign stands for the day that follows it; and the readings of a clock are whole seconds.
const SLACK: Secs = DAY + 3_600;
/// What a house may lose beside the sum: mail that does not leave, keepers who say that she is well, a ladder that was begun too late to be heard.
const LOST: Secs = 400 * DAY;

fn days(days: impl Into<i64>) -> Secs {
    days.into() * DAY
}

/// What a policy demands since the last sign of life, in service.
struct Demanded {
    /// The whole ladder, with the pause after its last message.
    ladder: Secs,
    /// The grace that a quorum opens, and the hold-off.
    agreed: Secs,
    /// Where nobody speaks: all of it; none: never.
    alone: Option<Secs>,
    /// And the warnings of that.
    alone_warnings: u8,
}

fn demanded(plan: &Plan, standing: usize) -> Demanded {
    let slow = days(plan.warning_days.max(ONE_KEEPER_WARNING_DAYS));
    let pace = if plan.quorum_of(standing) == Some(1) { slow } else { days(plan.warning_days) };
    let ladder = days(plan.pause_days) * (i64::from(REMINDERS) + 1);
    let agreed = i64::from(WARNINGS) * pace + DAY;
    let silence = days(plan.every_days) + ladder;
    let by_herself = silence + i64::from(ALONE_WARNINGS) * slow + DAY;
    let (alone, alone_warnings) = match (plan.policy, plan.fallback) {
        (Policy::KeepersOnly, _) if standing > 0 => (None, 0),
        (Policy::KeepersOnly | Policy::Both, Fallback::Never) => (None, 0),
        (Policy::Both, Fallback::After(after)) if standing > 0 => {
            (Some(silence + days(after) + agreed), WARNINGS)
        }
        _ => (Some(by_herself), ALONE_WARNINGS),
    };
    Demanded { ladder, agreed, alone, alone_warnings }
}

/// 4, 6, 7, 8, 9: an author's letters are let go.
pub(super) fn is_released(truth: &mut Truth, author: usize) {
    let service = truth.mortals.service;
    let Some(mortal) = truth.mortals.of.get(&author) else { return };
    let dead = mortal.dies <= truth.now;
    let demanded = demanded(&mortal.plan, mortal.standing());
    let (since, served_since) = mortal.signed;
    let (passed, served) = (truth.now - since + SLACK, service - served_since + SLACK);
    let agreed = mortal.agree();
    let asks_her = mortal.plan.policy == Policy::Both;
    let by_word = demanded.agreed + if asks_her { demanded.ladder } else { 0 };
    let least = if agreed {
        by_word.min(demanded.alone.unwrap_or(by_word))
    } else {
        demanded.alone.unwrap_or(Secs::MAX)
    };
    let ladder = i64::from(REMINDERS) + 1;
    let (asked, warned) = (mortal.asked.len() as i64, mortal.warned.len() as i64);
    let heard = |asks: bool, warnings: u8| (!asks || asked >= ladder) && warned >= i64::from(warnings);
    let by_word_in_time = agreed
        && served >= by_word
        && mortal.agreed.is_some_and(|at| service - at + SLACK >= demanded.agreed);
    let alone_in_time = demanded.alone.is_some_and(|alone| served >= alone);
    let held_by_stop =
        mortal.stopped.map(|at| if agreed { at + days(RESUME_NOTICE_DAYS) } else { at + days(STOP_DAYS) });
    let figures = format!(
        "author {author}, who is {}, was let go after {} days of service ({} by the sun), {asked} questions and {warned} warnings; {} of {} keepers had spoken; the least would be {}, under {:?}",
        if dead { "dead" } else { "alive" },
        served / DAY,
        passed / DAY,
        mortal.said.len(),
        mortal.standing(),
        if least == Secs::MAX { -1 } else { least / DAY },
        mortal.plan,
    );
    let broken = if held_by_stop.is_some_and(|until| service + SLACK < until) {
        Some(4)
    } else if service - mortal.armed + SLACK < days(ARMING_DAYS) {
        Some(6)
    } else if by_word_in_time || alone_in_time {
        let by_word_heard = by_word_in_time && heard(asks_her, WARNINGS);
        let alone_heard = alone_in_time && heard(true, demanded.alone_warnings);
        (!by_word_heard && !alone_heard).then_some(8)
    } else if agreed && served >= by_word {
        // There were enough, and not for as long as the grace takes.
        Some(9)
    } else if !agreed
        && !mortal.had_agreed()
        && mortal.plan.policy.has_keepers()
        && mortal.standing() > 0
        && served >= by_word
    {
        Some(9)
    } else if passed >= least && least < Secs::MAX {
        Some(7)
    } else {
        Some(6)
    };
    if let Some(property) = broken {
        truth.broken(property, figures);
    } else if truth.now < mortal.away && truth.believed.is_none() {
        truth.broken(6, format_args!("{figures}; she is away, and has said so"));
    }
    truth.note('L', author, i64::from(dead));
}

/// 16: whoever died long ago was released, her mailbox closed or not, whenever she died.
pub(crate) fn everybody_is_released(world: &World) {
    let truth = world.truth();
    let service = truth.mortals.service;
    let mut kept = None;
    for (author, mortal) in &truth.mortals.of {
        let demanded = demanded(&mortal.plan, mortal.standing());
        let Some(alone) = demanded.alone else { continue };
        // Twice the grace: nobody could be reached, or weak signs were doubted.
        let twice =
            i64::from(demanded.alone_warnings) * days(mortal.plan.warning_days.max(ONE_KEEPER_WARNING_DAYS));
        let stopped = if mortal.stopped.is_some() { days(STOP_DAYS) } else { 0 };
        let away = (mortal.away - mortal.dies).clamp(0, days(STOP_DAYS));
        let bound = alone + twice + stopped + away + LOST;
        let since = mortal.died.max(mortal.signed.1);
        if mortal.dies < truth.now && service - since > bound && !mortal.released {
            kept = Some((*author, mortal.dies, (service - since) / DAY, bound / DAY));
            break;
        }
    }
    let Some((author, dies, served, bound)) = kept else { return };
    let account = truth.mortals.of[&author].account;
    drop(truth);
    let stands = world.hand.ask(world.hand.store.life(account)).ok().flatten().map(|view| view.life.stage);
    let died = crate::stamp(dies);
    world.truth().broken(16, format_args!("author {author} died at {died}, {served} days of service ago where {bound} are enough, and is {stands:?}"));
}
