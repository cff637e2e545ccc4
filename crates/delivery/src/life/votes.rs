//! What her keepers have said: distinct ones who still stand, the last word of each, of the present episode alone.

use super::{Facts, Life, Plan, Word};
use crate::id::KeeperId;
use crate::planted::{self, Planted};
use std::collections::BTreeSet;

/// How many distinct keepers who stand say this.
pub fn saying(facts: &Facts, word: Word) -> usize {
    let standing: BTreeSet<KeeperId> = facts.keepers.iter().copied().collect();
    let said: BTreeSet<KeeperId> = facts
        .votes
        .iter()
        .filter(|vote| vote.word == word && standing.contains(&vote.keeper))
        .map(|vote| vote.keeper)
        .collect();
    if planted::is(Planted::DupVotes) {
        return facts.votes.iter().filter(|vote| vote.word == word).count();
    }
    said.len()
}

/// `quorum-of-distinct-keepers`: whether enough of them say this. Nobody to ask is no quorum.
pub fn quorum(plan: &Plan, facts: &Facts, word: Word) -> bool {
    let standing: BTreeSet<KeeperId> = facts.keepers.iter().copied().collect();
    plan.quorum_of(standing.len()).is_some_and(|needed| saying(facts, word) >= usize::from(needed))
}

/// Whether a quorum of hers says that she has died, under a policy that listens to them.
pub fn died(life: &Life, facts: &Facts) -> bool {
    life.plan.policy.has_keepers() && quorum(&life.plan, facts, Word::Died)
}
