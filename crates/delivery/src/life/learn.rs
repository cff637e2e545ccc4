//! What the journal knows of a life and the rows do not: a house that was restored, copied back or failed over learns it at its start. What was granted then is granted now, whatever the rows
//! would say to it by themselves; nothing is judged a second time, nothing is written, and nothing is ever released by it.

use super::accept::{self, WELL_DAYS, WELLS, set_back};
use super::{Change, Facts, Life, Stage, Strength, Word};
use crate::clock::Now;
use crate::fact::Fact;

/// `what-was-said-stays-said`: makes a fact about her row true. `beside`: the rows have gone on beside it, on another machine that did not know of it. Then what protects her is done all the
/// same, and what would move things on is left to be asked again. None: there is nothing that it could still change.
pub fn learn(before: Option<&Life>, fact: &Fact, beside: bool, facts: &Facts, now: Now) -> Option<Change> {
    let Some(life) = before else {
        return match fact {
            Fact::PolicyChanged { account, plan } => Some(accept::begins(*account, None, *plan, now)),
            _ => None,
        };
    };
    let ended = life.stage == Stage::Ended;
    match fact {
        Fact::PolicyChanged { account, plan } if ended => {
            (!beside).then(|| accept::begins(*account, before, *plan, now))
        }
        // Which of two plans she meant is not known here: she was there, and asks for it again.
        Fact::PolicyChanged { .. } | Fact::Resumed { .. } if beside && !ended => {
            Some(signed(life, Strength::Strong, facts, now))
        }
        Fact::PolicyChanged { plan, .. } => Some(accept::takes_plan(life, *plan, facts, now)),
        Fact::Resumed { .. } => accept::resume(life, facts, now).ok(),
        Fact::Stopped { .. } => Some(accept::stop(life, facts, now)),
        Fact::LifeEnded { .. } => Some(accept::end(life, facts, now)),
        Fact::CheckedIn { strength, .. } if !ended => Some(signed(life, *strength, facts, now)),
        Fact::Paused { until, strength, .. } if !ended => {
            let mut change = signed(life, *strength, facts, now);
            let longer = change.life.paused.filter(|paused| beside && paused > until).unwrap_or(*until);
            change.life.paused = (longer > now.trusted).then_some(longer);
            Some(change)
        }
        Fact::Voted { keeper, episode, word, .. } => {
            let stands = facts.keepers.contains(keeper) && life.plan.policy.has_keepers();
            let over = ended || life.is_released() || *episode < life.episode;
            (stands && !over && (!beside || *word == Word::Well))
                .then(|| said(life, *episode, *word, facts, now))
        }
        _ => None,
    }
}

/// `nobody-knows-what-she-said`: the journal is gone, and with it every sign of the days since these rows were written. It is as if she had given one now; what she has ended or
/// stopped stays as it is.
pub fn forgotten(life: &Life, facts: &Facts, now: Now) -> Option<Change> {
    match life.stage {
        Stage::Ended => None,
        // Of which a stop stays a stop, and keepers who asked for it to begin anew ask again.
        _ => {
            let change = signed(life, Strength::Strong, facts, now);
            Some(Change { why: "nobody-knows-what-she-said", ..change })
        }
    }
}

fn change(life: Life, now: Now) -> Change {
    let wake = Some(crate::state::Wake::Trusted(now.trusted));
    Change { life, wake, write: Vec::new(), gate: None, fact: None, why: "what-was-said-stays-said" }
}

fn signed(life: &Life, strength: Strength, facts: &Facts, now: Now) -> Change {
    let mut next = life.clone();
    let (_, gate) = set_back(&mut next, strength, facts, now);
    Change { gate, ..change(next, now) }
}

/// A keeper's word. That of a later episode says that the rows lack the sign of hers with which the one before it ended.
fn said(life: &Life, episode: u32, word: Word, facts: &Facts, now: Now) -> Change {
    let mut next = if episode > life.episode {
        signed(life, Strength::Strong, facts, now)
    } else {
        change(life.clone(), now)
    };
    let row = &mut next.life;
    row.episode = episode;
    match word {
        Word::Died => row.open = true,
        // Whether the episode was open then is not known: what they were promised is kept.
        Word::Well if row.wells < WELLS => {
            row.wells += 1;
            let until = now.observed.plus_days(WELL_DAYS);
            row.held = Some(row.held.map_or(until, |held| held.max(until)));
        }
        Word::Well | Word::Unknown => {}
    }
    next
}
