//! What one fact of a journal does to rows that do not have it. Each is applied once: what the rows say already, or something newer, is left as it is. It opens no
//! journal and decides nothing about the house: see [`super::replay`].

use super::letters::{self, move_by_her, said};
use super::rebuild::{self, Manifests};
use super::refusals::{self, About};
use super::tx::{Tx, values};
use super::{amends, messages, pair, persons, readers, replies};
use crate::Result;
use crate::journal::Record;
use crate::rows::Keyed;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::{AccountId, DeliveryId, LetterId, PersonId};
use unsaid_delivery::message::{Message, MessageState};
use unsaid_delivery::parking::{self, ParkedBy};
use unsaid_delivery::state::{Delivery, State};

/// What became of a record that the rows did not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It is in the rows now.
    Applied,
    /// The rows say it already, or something newer.
    Known,
    /// Its rows were made, from its values and its manifest of recovery.
    Made,
    /// The same, of something that the rows had never heard of: no crash explains that.
    Rebuilt,
    /// What it is about is not here and cannot be made; no crash explains that either.
    Absent,
    /// What it is about is here, and what it says cannot be made.
    Unmade,
}

impl Found {
    /// Its word in the store, for `unsaid adopt`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Applied | Self::Made => "applied",
            Self::Known => "known",
            Self::Rebuilt => "rebuilt",
            Self::Absent | Self::Unmade => "missing",
        }
    }
}

/// `restored`: more is missing than a crash explains. Then what takes the place of something (words, a card, an address to sign in with) was acknowledged, and is made; after a crash it was
/// not: what stood before still opens, and whoever asked for it asks again.
pub(super) async fn apply(
    tx: &mut Tx,
    manifests: &Manifests<'_>,
    record: &Record,
    restored: bool,
    now: Now,
) -> Result<Found> {
    let rev = record.entry.rev;
    if let Some(found) = super::lives_replay::apply(tx, manifests, record, restored, now).await? {
        return Ok(found);
    }
    match &record.entry.fact {
        Fact::Sealed { letter, version, manifest } => {
            rebuild::sealed(tx, manifests, *letter, *version, *manifest, rev, now).await
        }
        Fact::AddressGiven { person, address, sealed, of } => {
            rebuild::address(tx, *person, *address, sealed, *of, now).await
        }
        Fact::LookedAfter { account, person, name } => {
            rebuild::looked_after(tx, *account, *person, name, record.entry.rev, now).await
        }
        Fact::UnlockReplaced { account, number } => {
            rebuild::unlock(tx, manifests, *account, *number, restored).await
        }
        Fact::CardReplaced { person, claim } => {
            rebuild::card(tx, manifests, *person, Keyed(*claim), restored).await
        }
        Fact::Rewrapped { subject, version, generation } => {
            rebuild::rewrapped(tx, manifests, subject, *version, *generation).await
        }
        Fact::SignInChanged { account, email_key, email } => {
            rebuild::sign_in(tx, *account, Keyed(*email_key), email, restored).await
        }
        Fact::Undone { letter } => taken_back(tx, *letter, rev, true).await,
        Fact::Withdrawn { letter } => taken_back(tx, *letter, rev, false).await,
        Fact::Accepted { message, knock } => {
            let row: Option<Message> = messages::read(tx, *message).await?;
            let found = match (row, knock) {
                (Some(row), _) if matches!(row.state, MessageState::Waiting | MessageState::Started) => {
                    messages::accepted_after_all(tx, &row, now).await?;
                    Found::Applied
                }
                (Some(_), _) => return Ok(Found::Known),
                // It was no knock, or an older program wrote it: there is nothing here that could be sent again.
                (None, None) => return Ok(Found::Known),
                (None, Some(knock)) => match rebuild::knock(tx, *message, knock, now).await? {
                    Found::Absent => return Ok(Found::Absent),
                    found => found,
                },
            };
            match knock {
                Some(knock) => rebuild::told(tx, knock, now).await.map(|()| found),
                None => Ok(found),
            }
        }
        Fact::Opened { delivery, version } => {
            let Some(row) = here(tx, *delivery).await? else { return Ok(Found::Absent) };
            if row.rev >= rev || row.pinned {
                return Ok(Found::Known);
            }
            if row.version != *version && !rebuild::take_version(tx, &row, *version).await? {
                return Ok(Found::Known);
            }
            pair::move_to(tx, row.id, State::Opened, None).await?;
            readers::pin(tx, row.id, row.person).await?;
            rebuild::next_occurrence(tx, row.id, rev, now).await?;
            Ok(Found::Applied)
        }
        Fact::KeptForLater { delivery, day } => {
            let Some(row) = here(tx, *delivery).await? else { return Ok(Found::Absent) };
            if row.rev >= rev {
                return Ok(Found::Known);
            }
            // When its day comes is reckoned at its next wake, which is now.
            let wake = unsaid_delivery::state::Wake::Trusted(now.trusted);
            pair::move_to(tx, row.id, State::Later(*day), Some(wake)).await?;
            pair::begin_anew(tx, row.person).await?;
            rebuild::next_occurrence(tx, row.id, rev, now).await?;
            Ok(Found::Applied)
        }
        Fact::Answered { reply, delivery, blob, size, sha256, seen_from } => {
            if here(tx, *delivery).await?.is_none() {
                return Ok(Found::Absent);
            }
            replies::kept_after_all(tx, *reply, *delivery, (*blob, *size, *sha256), *seen_from, now)
                .await
                .map(|made| if made { Found::Applied } else { Found::Known })
        }
        Fact::Bounced { message } => match messages::read(tx, *message).await? {
            None => Ok(Found::Absent),
            Some(row) if row.rev < rev && row.state != MessageState::Refused => {
                messages::bounced_after_all(tx, &row, now).await?;
                Ok(Found::Applied)
            }
            Some(_) => Ok(Found::Known),
        },
        Fact::Parked { delivery } => {
            let Some(row) = here(tx, *delivery).await? else { return Ok(Found::Absent) };
            if row.rev >= rev {
                return Ok(Found::Known);
            }
            let Ok(granted) = parking::park(&row) else { return Ok(Found::Known) };
            pair::park(tx, row.id, granted.state, ParkedBy::Host, now, granted.wake).await?;
            Ok(Found::Applied)
        }
        Fact::Released { delivery } => {
            let Some(row) = here(tx, *delivery).await? else { return Ok(Found::Absent) };
            if row.rev >= rev {
                return Ok(Found::Known);
            }
            let Ok((granted, forecast)) = parking::release(&row, now) else { return Ok(Found::Known) };
            if forecast.is_some() {
                pair::foresee(tx, row.id, forecast).await?;
            }
            pair::move_to(tx, row.id, granted.state, granted.wake).await?;
            Ok(Found::Applied)
        }
        Fact::Unreachable { delivery } => {
            let Some(row) = here(tx, *delivery).await? else { return Ok(Found::Absent) };
            if row.rev >= rev {
                return Ok(Found::Known);
            }
            pair::move_to(tx, row.id, State::Unreachable, None).await?;
            rebuild::next_occurrence(tx, row.id, rev, now).await?;
            Ok(Found::Applied)
        }
        Fact::Refused { person, address, scope } => {
            let Some(about) = about(tx, *person, *address).await? else { return Ok(Found::Absent) };
            if refusals::knows(tx, about, *scope, rev).await? {
                return Ok(Found::Known);
            }
            refusals::keep(tx, about, *scope, rev).await?;
            raise(tx, rev).await?;
            if let Some(person) = *person {
                for delivery in pair::deliveries(tx, person).await? {
                    if let Some(state) = unsaid_delivery::accept::refuse(&delivery, *scope) {
                        pair::move_to(tx, delivery.id, state, None).await?;
                    }
                }
                pair::wake_knocking(tx, person, now).await?;
            }
            Ok(Found::Applied)
        }
        Fact::Lifted { person, address, scope } => {
            let Some(about) = about(tx, *person, *address).await? else { return Ok(Found::Absent) };
            if refusals::knows(tx, about, *scope, rev).await? {
                return Ok(Found::Known);
            }
            refusals::take_back(tx, about, *scope, rev).await?;
            raise(tx, rev).await?;
            if let Some(person) = *person {
                refusals::lifted(tx, person, *scope, now).await?;
            }
            Ok(Found::Applied)
        }
        Fact::AmendUndone { letter, version } => {
            if !rests(tx, *letter, *version).await? {
                return known_if_there(tx, *letter).await;
            }
            amends::take_back(tx, *letter, *version).await?;
            raise_letter(tx, *letter, rev).await?;
            Ok(Found::Applied)
        }
        Fact::Unwrapped { letter, version } => {
            if !rests(tx, *letter, *version).await? {
                return known_if_there(tx, *letter).await;
            }
            amends::counts(tx, *letter, *version).await?;
            super::wakes::remove(tx, crate::rows::WakeOf::Letter(*letter)).await?;
            raise_letter(tx, *letter, rev).await?;
            Ok(Found::Applied)
        }
        Fact::RuleChanged { delivery, year, birthday } => {
            let Some(row) = here(tx, *delivery).await? else { return Ok(Found::Absent) };
            if row.rev >= rev {
                return Ok(Found::Known);
            }
            // As it was decided then; the instant is derived again at its next wake, which is now.
            let corrected = unsaid_delivery::accept::correct_birthday(&row, *year, *birthday, now);
            if let Ok(Some(corrected)) = corrected {
                letters::set_rule(tx, row.id, &corrected.rule, corrected.occurrence).await?;
                pair::set_due(tx, row.id, Some(corrected.due), &row.tzdb).await?;
                let leaves = corrected.due.max(row.rest.until);
                pair::foresee(tx, row.id, Forecast::of(leaves, By::Act, now)).await?;
                pair::move_to(tx, row.id, row.state, Some(corrected.wake)).await?;
            }
            Ok(Found::Applied)
        }
        Fact::ProofChanged { letter, with_year, answer } => {
            if super::proofs::correct_after_all(tx, *letter, (*with_year, Keyed(*answer)), rev).await? {
                Ok(Found::Applied)
            } else {
                known_if_there(tx, *letter).await
            }
        }
        // Which generation lives is compared with the folder's own file, at every start.
        Fact::Adopted { .. } => Ok(Found::Known),
        // About a life: done above. By their names, so that a new fact has to be given its place.
        Fact::CheckedIn { .. }
        | Fact::Voted { .. }
        | Fact::Stopped { .. }
        | Fact::Resumed { .. }
        | Fact::Paused { .. }
        | Fact::LifeEnded { .. }
        | Fact::PolicyChanged { .. }
        | Fact::KeeperAdded { .. }
        | Fact::KeeperAnswered { .. }
        | Fact::KeeperRemoved { .. }
        | Fact::KeeperMoved { .. }
        | Fact::AddressOffered { .. }
        | Fact::AddressDeclined { .. }
        | Fact::PersonTold { .. }
        | Fact::EventSaid { .. }
        | Fact::EventStopped { .. }
        | Fact::SheLives { .. }
        | Fact::ChannelAdded { .. }
        | Fact::HandleAdded { .. }
        | Fact::BrowserAdded { .. }
        | Fact::ChannelRemoved { .. }
        | Fact::StopCodeMade { .. }
        | Fact::KeeperSetMade { .. } => Ok(Found::Known),
        Fact::AddressRemoved { person, address } => {
            let row = tx.one("select removed from addresses where id = $1", values![*address]).await?;
            let Some(mut row) = row else { return Ok(Found::Absent) };
            if row.next()? {
                return Ok(Found::Known);
            }
            tx.exec("update addresses set removed = 1 where id = $1", values![*address]).await?;
            persons::take_back(tx, *person, now).await?;
            Ok(Found::Applied)
        }
    }
}

/// What she took back is taken back, as `accept` would have it.
async fn taken_back(tx: &mut Tx, letter: LetterId, rev: i64, undone: bool) -> Result<Found> {
    let row = tx.one("select rev from letters where id = $1 /*lock*/", values![letter]).await?;
    let Some(mut row) = row else { return Ok(Found::Absent) };
    let stored: i64 = row.next()?;
    if stored >= rev {
        return Ok(Found::Known);
    }
    said(tx, letter, !undone).await?;
    if !undone {
        // What was read stays the reader's.
        letters::withdraw_others(tx, letter, None).await?;
        raise_letter(tx, letter, rev).await?;
        return Ok(Found::Applied);
    }
    for delivery in pair::of_letter(tx, letter).await? {
        if !delivery.pinned && delivery.state != State::Opened {
            move_by_her(tx, &delivery, State::Withdrawn { undone }, None).await?;
        }
    }
    raise_letter(tx, letter, rev).await?;
    Ok(Found::Applied)
}

/// Whether this version still rests.
async fn rests(tx: &mut Tx, letter: LetterId, version: u32) -> Result<bool> {
    Ok(amends::resting(tx, letter).await?.is_some_and(|new| new.version == version))
}

pub(super) async fn raise_letter(tx: &mut Tx, letter: LetterId, rev: i64) -> Result<()> {
    tx.exec("update letters set rev = $1 where id = $2 and rev < $1", values![rev, letter]).await.map(drop)
}

/// A promise, if it is here.
async fn here(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>> {
    pair::delivery(tx, id).await
}

async fn known_if_there(tx: &mut Tx, letter: LetterId) -> Result<Found> {
    let row = tx.one("select 1 from letters where id = $1", values![letter]).await?;
    Ok(row.map_or(Found::Absent, |_| Found::Known))
}

/// Whom a no of the journal is about; none if that person is not here.
async fn about(tx: &mut Tx, person: Option<PersonId>, address: [u8; 32]) -> Result<Option<About>> {
    let address = Keyed(address);
    let Some(person) = person else { return Ok(Some(About { account: None, person: None, address })) };
    let row = tx.one("select account from persons where id = $1", values![person]).await?;
    let Some(mut row) = row else { return Ok(None) };
    let account: AccountId = row.next()?;
    Ok(Some(About { account: Some(account), person: Some(person), address }))
}

async fn raise(tx: &mut Tx, rev: i64) -> Result<()> {
    tx.exec("update house set refusals = $1 where id = 1 and refusals < $1", values![rev]).await.map(drop)
}
