//! What the journal knows of a life and the rows do not, made true: a sign of life sets back, a stop stops, a word is said. As the rules would have it now, because that is when it is
//! learnt: nothing is ever released by it.

use super::apply::Found;
use super::lives::{self, read};
use super::tx::{Tx, values};
use super::wakes;
use crate::Result;
use crate::lives::{KeeperStanding, NewKeeper};
use crate::rows::{Keyed, Lane, SealedText, WakeOf};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, KeeperId};
use unsaid_delivery::life::accept::{self, Armed};
use unsaid_delivery::life::{Change, Facts, Life, Stage, Vote};

/// Makes a fact about a life true. None: it is about something else.
pub(super) async fn apply(tx: &mut Tx, fact: &Fact, rev: i64, now: Now) -> Result<Option<Found>> {
    match fact {
        Fact::CheckedIn { account, .. }
        | Fact::Voted { account, .. }
        | Fact::Stopped { account }
        | Fact::Resumed { account }
        | Fact::Paused { account, .. }
        | Fact::LifeEnded { account }
        | Fact::PolicyChanged { account, .. } => row(tx, *account, fact, rev, now).await.map(Some),
        Fact::KeeperAdded { account, keeper, name, address, language, link } => {
            if !has_account(tx, *account).await? {
                return Ok(Some(Found::Absent));
            }
            if standing(tx, *keeper).await?.is_some() {
                return Ok(Some(Found::Known));
            }
            let keeper = NewKeeper {
                id: *keeper,
                name: SealedText(name.clone()),
                address: (!address.is_empty()).then(|| SealedText(address.clone())),
                language: language.clone(),
                link: Keyed(*link),
            };
            lives::put_keeper(tx, *account, &keeper, now).await?;
            Ok(Some(Found::Applied))
        }
        Fact::KeeperAnswered { keeper, enrolled } => {
            let new = if *enrolled { KeeperStanding::Enrolled } else { KeeperStanding::Declined };
            stands(tx, *keeper, new, rev, now).await.map(Some)
        }
        Fact::KeeperRemoved { keeper, .. } => {
            stands(tx, *keeper, KeeperStanding::Removed, rev, now).await.map(Some)
        }
        Fact::ChannelAdded { account, channel, sealed } => {
            if !has_account(tx, *account).await? {
                return Ok(Some(Found::Absent));
            }
            let there = tx.one("select 1 from channels where id = $1", values![*channel]).await?;
            if there.is_some() {
                return Ok(Some(Found::Known));
            }
            lives::put_channel(tx, *account, *channel, SealedText(sealed.clone()), now).await?;
            Ok(Some(Found::Applied))
        }
        Fact::ChannelRemoved { account, channel } => {
            let dropped = lives::drop_channel(tx, *account, *channel, now).await?;
            Ok(Some(if dropped { Found::Applied } else { Found::Known }))
        }
        Fact::StopCodeMade { account, code } => {
            if !has_account(tx, *account).await? {
                return Ok(Some(Found::Absent));
            }
            lives::keep_stop_code(tx, *account, Keyed(*code)).await?;
            Ok(Some(Found::Applied))
        }
        _ => Ok(None),
    }
}

async fn has_account(tx: &mut Tx, account: AccountId) -> Result<bool> {
    Ok(tx.one("select 1 from accounts where id = $1", values![account]).await?.is_some())
}

async fn standing(tx: &mut Tx, keeper: KeeperId) -> Result<Option<(AccountId, KeeperStanding, i64)>> {
    let row = tx.one("select account, standing, rev from keepers where id = $1", values![keeper]).await?;
    row.map(|mut row| Ok((row.next()?, row.next()?, row.next()?))).transpose()
}

async fn stands(tx: &mut Tx, keeper: KeeperId, new: KeeperStanding, rev: i64, now: Now) -> Result<Found> {
    match standing(tx, keeper).await? {
        None => Ok(Found::Absent),
        Some((_, old, stored)) if stored >= rev || old == KeeperStanding::Removed => Ok(Found::Known),
        Some((account, ..)) => {
            lives::stand(tx, account, keeper, new, now).await?;
            Ok(Found::Applied)
        }
    }
}

/// A fact about her one row.
async fn row(tx: &mut Tx, account: AccountId, fact: &Fact, rev: i64, now: Now) -> Result<Found> {
    if !has_account(tx, account).await? {
        return Ok(Found::Absent);
    }
    let before = read(tx, account).await?;
    if before.as_ref().is_some_and(|life| life.rev >= rev) {
        return Ok(Found::Known);
    }
    let facts = match lives::view(tx, account).await? {
        Some(view) => view.facts,
        None => Facts::default(),
    };
    let Some(change) = change(before.as_ref(), fact, &facts, now) else { return Ok(Found::Known) };
    if let Fact::Voted { keeper, word, episode, .. } = fact {
        // One who is no keeper any more has said nothing that counts.
        let stands = facts.keepers.contains(keeper);
        if !stands || before.as_ref().is_some_and(|life| life.episode != *episode) {
            return Ok(Found::Known);
        }
        lives::said(tx, account, *episode, Vote { keeper: *keeper, word: *word }).await?;
    }
    lives::keep(tx, &Life { rev, ..change.life }).await?;
    if let Some(moves) = change.gate {
        lives::gate(tx, account, moves, now).await?;
    }
    // What would have been written was written then, or its time is over: nobody is told twice.
    match change.wake {
        Some(_) => wakes::at_once(tx, WakeOf::Life(account), Lane::Letters, now).await?,
        None => wakes::remove(tx, WakeOf::Life(account)).await?,
    }
    Ok(Found::Applied)
}

/// What the rules make of it now.
fn change(before: Option<&Life>, fact: &Fact, facts: &Facts, now: Now) -> Option<Change> {
    if let Fact::PolicyChanged { account, plan } = fact {
        return match before {
            Some(life) if life.stage != Stage::Ended => accept::change_plan(life, *plan, facts, now).ok(),
            _ => accept::arm(*account, before, *plan, now).ok(),
        };
    }
    let life = before?;
    match fact {
        Fact::CheckedIn { strength, .. } => match accept::sign(life, *strength, facts, now) {
            Armed::Recorded(change) => Some(*change),
            _ => None,
        },
        Fact::Voted { keeper, word, .. } => accept::vote(life, *keeper, *word, facts, now).ok(),
        Fact::Stopped { .. } => Some(accept::stop(life, facts, now)),
        Fact::Resumed { .. } => accept::resume(life, facts, now).ok(),
        Fact::LifeEnded { .. } => Some(accept::end(life, facts, now)),
        Fact::Paused { until, .. } => {
            // From whatever session: what was granted once is not too long now. One that is over by now was a sign of life all the same.
            accept::pause(life, *until, false, facts, now)
                .ok()
                .or_else(|| accept::resume(life, facts, now).ok())
        }
        _ => None,
    }
}
