//! What the journal knows of a life and the rows do not, made true: a sign of life sets back, a stop stops, a word is said, somebody is a keeper no more. What it means is the core's
//! (`life::learn`): here is only whether the rows have it. Nothing is ever released by it.

use super::apply::Found;
use super::lives::{self, read};
use super::rebuild::{self, Manifests};
use super::tx::{Tx, values};
use super::wakes;
use super::{alive, events, given, keeper_sets};
use crate::journal::Record;
use crate::keeper_sets::KeeperSetRow;
use crate::lives::{KeeperStanding, NewKeeper};
use crate::rows::{Keyed, Lane, NewAddress, SealedText, WakeOf};
use crate::{Result, StoreError};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, KeeperId};
use unsaid_delivery::life::learn::{self, learn};
use unsaid_delivery::life::{Change, Facts, Life, Vote};
use unsaid_delivery::message::Way;

/// Makes a fact about a life true. None: it is about something else. `restored`: more is missing than a crash explains.
pub(super) async fn apply(
    tx: &mut Tx,
    manifests: &Manifests<'_>,
    record: &Record,
    restored: bool,
    now: Now,
) -> Result<Option<Found>> {
    let rev = record.entry.rev;
    match &record.entry.fact {
        Fact::CheckedIn { account, .. }
        | Fact::Voted { account, .. }
        | Fact::Stopped { account }
        | Fact::Resumed { account }
        | Fact::Paused { account, .. }
        | Fact::LifeEnded { account }
        | Fact::PolicyChanged { account, .. } => row(tx, manifests, *account, record, now).await.map(Some),
        Fact::KeeperAdded { account, keeper, name, address, language, link } => {
            if !rebuild::has_account(tx, manifests, *account).await? {
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
        Fact::KeeperMoved { keeper, address } => match standing(tx, *keeper).await? {
            None => Ok(Some(Found::Absent)),
            Some((_, _, stored)) if stored >= rev => Ok(Some(Found::Known)),
            Some((account, ..)) => {
                given::moves(tx, account, *keeper, &SealedText(address.clone()), now).await?;
                Ok(Some(Found::Applied))
            }
        },
        Fact::AddressOffered { person, keeper, address, sealed, key } => {
            let address = NewAddress { id: *address, sealed: SealedText(sealed.clone()), key: Keyed(*key) };
            given::offered_after_all(tx, *person, *keeper, &address).await.map(Some)
        }
        Fact::AddressDeclined { person, keeper, address } => {
            given::declined_after_all(tx, *person, *keeper, *address).await.map(Some)
        }
        Fact::EventSaid { letter, keeper, happened } => {
            events::said_after_all(tx, (*letter, *keeper, *happened), rev, now).await.map(Some)
        }
        Fact::EventStopped { letter } => events::stopped_after_all(tx, *letter, rev, now).await.map(Some),
        Fact::SheLives { person, message, tell } => {
            alive::after_all(tx, (*person, *message, *tell), rev, now).await.map(Some)
        }
        Fact::PersonTold { person, name } => {
            let name = (!name.is_empty()).then(|| SealedText(name.clone()));
            given::told_after_all(tx, *person, name).await.map(Some)
        }
        Fact::KeeperSetMade { account, set, person, needed, of, file, made } => {
            if !rebuild::has_account(tx, manifests, *account).await? {
                return Ok(Some(Found::Absent));
            }
            let row = KeeperSetRow {
                id: *set,
                account: *account,
                person: *person,
                needed: *needed,
                of: *of,
                file: file.clone(),
                made: *made,
                rev,
            };
            keeper_sets::learn(tx, &row).await.map(Some)
        }
        Fact::KeeperRemoved { keeper, .. } => {
            // It is for good: whatever was said beside it, they are none any more.
            stands(tx, *keeper, KeeperStanding::Removed, i64::MAX, now).await.map(Some)
        }
        Fact::ChannelAdded { account, channel, sealed }
        | Fact::HandleAdded { account, channel, sealed }
        | Fact::BrowserAdded { account, channel, sealed } => {
            if !rebuild::has_account(tx, manifests, *account).await? {
                return Ok(Some(Found::Absent));
            }
            let there = tx.one("select 1 from channels where id = $1", values![*channel]).await?;
            if there.is_some() {
                return Ok(Some(Found::Known));
            }
            let way = match record.entry.fact {
                Fact::HandleAdded { .. } => Way::Hook,
                Fact::BrowserAdded { .. } => Way::Push,
                _ => Way::Mail,
            };
            lives::put_channel(tx, *account, (*channel, way), SealedText(sealed.clone()), now).await?;
            Ok(Some(Found::Applied))
        }
        Fact::ChannelRemoved { account, channel } => {
            let dropped = lives::drop_channel(tx, *account, *channel, now).await?;
            Ok(Some(if dropped { Found::Applied } else { Found::Known }))
        }
        Fact::StopCodeMade { account, code } => {
            if !rebuild::has_account(tx, manifests, *account).await? {
                return Ok(Some(Found::Absent));
            }
            // After a crash nobody was told of the new paper: the one before it, if there is one, still stops everything.
            let row = tx.one("select code from stop_codes where account = $1", values![*account]).await?;
            match row.map(|mut row| row.next::<Keyed>()).transpose()? {
                Some(stands) if stands == Keyed(*code) => return Ok(Some(Found::Known)),
                Some(_) if !restored => return Ok(Some(Found::Unmade)),
                _ => {}
            }
            lives::keep_stop_code(tx, *account, Keyed(*code)).await?;
            Ok(Some(Found::Applied))
        }
        _ => Ok(None),
    }
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
async fn row(
    tx: &mut Tx,
    manifests: &Manifests<'_>,
    account: AccountId,
    record: &Record,
    now: Now,
) -> Result<Found> {
    if !rebuild::has_account(tx, manifests, account).await? {
        return Ok(Found::Absent);
    }
    let (fact, rev) = (&record.entry.fact, record.entry.rev);
    let before = read(tx, account).await?;
    let beside = before.as_ref().is_some_and(|life| life.rev >= rev);
    if beside && !is_of_this_generation(tx, record).await? {
        return Ok(Found::Known);
    }
    let facts = match lives::view(tx, account).await? {
        Some(view) => view.facts,
        None => Facts::default(),
    };
    let Some(change) = learn(before.as_ref(), fact, beside, &facts, now) else {
        // There is always a plan before anything else.
        return Ok(before.map_or(Found::Absent, |_| Found::Known));
    };
    if let Fact::Voted { keeper, word, episode, .. } = fact {
        lives::said(tx, account, *episode, Vote { keeper: *keeper, word: *word }).await?;
    }
    let rev = before.map_or(rev, |life| rev.max(life.rev + i64::from(beside)));
    changes(tx, change, rev, now).await?;
    Ok(Found::Applied)
}

/// Records of a generation that was given up are compared by their revs alone: a journal that was gone, and is back, undoes nothing that came after it. One of this generation that
/// the rows lack has never been in them.
async fn is_of_this_generation(tx: &mut Tx, record: &Record) -> Result<bool> {
    let lives: u32 = tx.need("select generation from house where id = 1", &[]).await?.next()?;
    Ok(record.generation == lives)
}

pub(super) async fn changes(tx: &mut Tx, change: Change, rev: i64, now: Now) -> Result<()> {
    let account = change.life.account;
    lives::keep(tx, &Life { rev, ..change.life }).await?;
    if let Some(moves) = change.gate {
        lives::gate(tx, account, moves, now).await?;
    }
    // What would have been written was written then, or its time is over: nobody is told twice.
    match change.wake {
        Some(_) => wakes::at_once(tx, WakeOf::Life(account), Lane::Letters, now).await,
        None => wakes::remove(tx, WakeOf::Life(account)).await,
    }
}

/// The journal is gone: what these authors have said since is not known, and nobody is let go for that.
pub(super) async fn forgotten(tx: &mut Tx, now: Now) -> Result<u64> {
    let rows = tx.query("select account from lives order by account", &[]).await?;
    let mut many = 0;
    for mut row in rows {
        let account: AccountId = row.next()?;
        let view = lives::view(tx, account).await?.ok_or(StoreError::Missing)?;
        let rev = view.life.rev + 1;
        if let Some(change) = learn::forgotten(&view.life, &view.facts, now) {
            changes(tx, change, rev, now).await?;
            many += 1;
        }
    }
    Ok(many)
}
