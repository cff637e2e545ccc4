//! Looking after what is stored: what is to be looked at, what was found wrong, and what is held for it. Whether rows balance is [`super::balance`]'s.
//! One thing because each finding is written, held and let go in one place.

use super::map;
use super::tx::{Mode, Row, Tx, Value, values};
use super::{SqlStore, balance, boots, calls, notes, pair, transaction, uploads, wakes};
use crate::care::*;
use crate::notes::{About, Noted};
use crate::rows::{Part, StoredWrap, Taken, WakeOf, WrapKind};
use crate::{CareStore, Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{BlobId, BootId, DeliveryId, LetterId, PersonId};
use unsaid_delivery::parking::{self, ParkedBy};
use unsaid_delivery::state::{Parked, State, Wake};

impl super::tx::FromValue for Thing {
    fn from_value(value: Value) -> Option<Self> {
        Self::of(&String::from_value(value)?)
    }
}

impl super::tx::FromValue for Wrong {
    fn from_value(value: Value) -> Option<Self> {
        Self::of(&String::from_value(value)?)
    }
}

/// The columns of a wrap to look at, behind `w` and `p`.
macro_rules! wrap_columns {
    () => {
        "w.subject, w.version, w.kind, w.bytes, w.host_generation, p.name, p.kind, p.blob, p.size, p.sha256"
    };
}

fn wrap(row: &mut Row) -> Result<WrapToLookAt> {
    let wrap = StoredWrap {
        subject: row.next()?,
        version: row.next()?,
        kind: row.next()?,
        bytes: row.next()?,
        generation: row.next()?,
    };
    let (name, kind): (Option<String>, Option<String>) = (row.next()?, row.next()?);
    let (blob, size, sha256) = (row.next()?, row.next()?, row.next()?);
    let letter = match (name, kind, blob, size, sha256) {
        (Some(name), Some(kind), Some(blob), Some(size), Some(sha256)) => {
            Some(Part { name, kind, blob, size, sha256 })
        }
        _ => None,
    };
    Ok(WrapToLookAt { wrap, letter })
}

/// The rows that read. One that does not is said, and stands in nobody's way.
pub(super) fn readable<T>(
    rows: Vec<Row>,
    what: &'static str,
    read: impl Fn(&mut Row) -> Result<T>,
) -> Vec<T> {
    let read = |mut row| {
        let read = read(&mut row);
        if read.is_err() {
            tracing::error!(
                what,
                "a row says what cannot be and is passed over; the others go on. Restore it from a backup"
            );
        }
        read.ok()
    };
    rows.into_iter().filter_map(read).collect()
}

#[async_trait]
impl CareStore for SqlStore {
    async fn blobs_after(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<StoredBlob>> {
        let after = after.map_or_else(String::new, |blob| blob.to_string());
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select blob, size, sha256 from (
                         select * from (select blob, size, sha256 from parts where blob > $1 order by blob limit $2) a
                         union select * from (select blob, size, sha256 from replies where blob > $1 order by blob limit $2) b
                         union select * from (select blob, size, sha256 from draft_parts where blob > $1 order by blob limit $2) c
                     ) each_of order by blob limit $2",
                    values![after.as_str(), i64::try_from(limit).unwrap_or(i64::MAX)],
                )
                .await?;
            let blob =
                |row: &mut Row| Ok(StoredBlob { blob: row.next()?, size: row.next()?, sha256: row.next()? });
            Ok(readable(rows, "blob", blob))
        })
    }

    async fn wraps_after(&self, after: Option<&WrapName>, limit: usize) -> Result<Vec<WrapToLookAt>> {
        transaction!(self, Mode::Read, |tx| {
            let (subject, version, kind) =
                after.map_or(("", 0, ""), |after| (after.subject.as_str(), after.version, after.kind.name()));
            let rows = tx
                .query(
                    concat!(
                        "select ",
                        wrap_columns!(),
                        " from wraps w left join versions v on v.letter = w.subject and v.number = w.version
                             left join parts p on p.letter = w.subject and p.version = w.version and p.name = 'letter.age'
                         where (w.subject, w.version, w.kind) > ($1, $2, $3) and w.kind <> 'author'
                             and (w.kind = 'unlock' or v.sealed is not null)
                         order by w.subject, w.version, w.kind limit $4"
                    ),
                    values![subject, version, kind, i64::try_from(limit).unwrap_or(i64::MAX)],
                )
                .await?;
            Ok(readable(rows, "wrap", wrap))
        })
    }

    async fn looked_for(&self, finding: &Finding) -> Result<Option<ToLookAt>> {
        transaction!(self, Mode::Read, |tx| match finding.thing {
            Thing::Blob => {
                let row = tx
                    .one(
                        "select blob, size, sha256 from parts where blob = $1
                         union select blob, size, sha256 from replies where blob = $1
                         union select blob, size, sha256 from draft_parts where blob = $1",
                        values![finding.name.as_str()],
                    )
                    .await?;
                row.map(|mut row| {
                    Ok(ToLookAt::Blob(StoredBlob {
                        blob: row.next()?,
                        size: row.next()?,
                        sha256: row.next()?,
                    }))
                })
                .transpose()
            }
            Thing::Wrap => {
                let Some(name) = wrap_name(&finding.name) else { return Ok(None) };
                let row = tx
                    .one(
                        concat!(
                            "select ",
                            wrap_columns!(),
                            " from wraps w left join parts p on p.letter = w.subject and p.version = w.version and p.name = 'letter.age'
                             where w.subject = $1 and w.version = $2 and w.kind = $3"
                        ),
                        values![name.subject.as_str(), name.version, name.kind],
                    )
                    .await?;
                row.map(|mut row| Ok(ToLookAt::Wrap(Box::new(wrap(&mut row)?)))).transpose()
            }
            _ => Ok(None),
        })
    }

    async fn round(&self) -> Result<Option<Round>> {
        transaction!(self, Mode::Read, |tx| {
            let row =
                tx.one("select began, total, done, stage, behind from rounds where id = 1", &[]).await?;
            let Some(mut row) = row else { return Ok(None) };
            let (began, total, done) = (row.next()?, row.next()?, row.next()?);
            let (stage, behind): (String, String) = (row.next()?, row.next()?);
            // A place that does not read is no reason to stop: the round begins anew.
            Ok(place(&stage, &behind).map(|place| Round { began, total, done, place }))
        })
    }

    async fn begin_round(&self, now: Now) -> Result<Round> {
        transaction!(self, Mode::Write, |tx| {
            let total = tx
                .need(
                    "select (select count(*) from parts) + (select count(*) from replies) + (select count(*) from draft_parts)
                         + (select count(*) from wraps where kind <> 'author')",
                    &[],
                )
                .await?
                .next()?;
            let round = Round { began: now.observed, total, done: 0, place: Place::Blobs(None) };
            keep(&mut tx, &round).await?;
            Ok(round)
        })
    }

    async fn keep_round(&self, round: &Round) -> Result<()> {
        transaction!(self, Mode::Write, |tx| keep(&mut tx, round).await)
    }

    async fn to_be_sent(&self, letter: LetterId, version: u32) -> Result<(Vec<Part>, Vec<WrapToLookAt>)> {
        transaction!(self, Mode::Read, |tx| {
            let may_leave = tx
                .one(
                    "select 1 from versions v join letters l on l.id = v.letter
                     where v.letter = $1 and v.number = $2 and v.sealed is not null and l.withdrew = 0",
                    values![letter, version],
                )
                .await?;
            if may_leave.is_none() {
                return Ok((Vec::new(), Vec::new()));
            }
            let parts = uploads::parts(&mut tx, letter, version).await?;
            let rows = tx
                .query(
                    concat!(
                        "select ",
                        wrap_columns!(),
                        " from wraps w left join parts p on p.letter = w.subject and p.version = w.version and p.name = 'letter.age'
                         where w.subject = $1 and w.version = $2 and w.kind <> 'author' order by w.kind"
                    ),
                    values![letter, version],
                )
                .await?;
            let wraps = rows.into_iter().map(|mut row| wrap(&mut row)).collect::<Result<_>>()?;
            Ok((parts, wraps))
        })
    }

    async fn found(&self, finding: &Finding, now: Now) -> Result<Vec<DeliveryId>> {
        transaction!(self, Mode::Write, |tx| {
            stands(&mut tx, finding, now).await?;
            let mut parked = Vec::new();
            for id in of_its_versions(&mut tx, finding).await? {
                let Some(delivery) = locked(&mut tx, id).await? else { continue };
                if !delivery.state.has_left() && !delivery.state.is_end() && !is_parked(delivery.state) {
                    let state = State::Parked { why: Parked::Damaged, left: false };
                    pair::park(&mut tx, id, state, ParkedBy::Engine, now, None).await?;
                    parked.push(id);
                }
            }
            Ok(parked)
        })
    }

    async fn right_again(&self, finding: &Finding, now: Now) -> Result<Vec<DeliveryId>> {
        transaction!(self, Mode::Write, |tx| {
            let gone = tx
                .exec(
                    "delete from findings where thing = $1 and name = $2 and wrong = $3",
                    values![finding.thing.name(), finding.name.as_str(), finding.wrong.name()],
                )
                .await?;
            let mut released = Vec::new();
            if gone == 0 {
                return Ok(released);
            }
            for id in of_its_versions(&mut tx, finding).await? {
                let Some(delivery) = locked(&mut tx, id).await? else { continue };
                if !matches!(
                    delivery.state,
                    State::Parked { why: Parked::Damaged | Parked::WrongBinding, .. }
                ) || is_found_wrong(&mut tx, delivery.letter, delivery.version).await?
                {
                    continue;
                }
                // Where it was; nobody's word was needed for that, so it is no fact.
                let Ok((granted, _)) = parking::release(&delivery, now) else { continue };
                pair::move_to(&mut tx, id, granted.state, granted.wake).await?;
                notes::of(&mut tx, About::Delivery(id), Noted::LetGo).await?;
                released.push(id);
            }
            Ok(released)
        })
    }

    async fn findings(&self) -> Result<Vec<Finding>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx.query("select thing, name, wrong from findings", &[]).await?;
            let finding =
                |row: &mut Row| Ok(Finding { thing: row.next()?, name: row.next()?, wrong: row.next()? });
            let mut findings = readable(rows, "finding", finding);
            findings.sort();
            Ok(findings)
        })
    }

    async fn hold_back(&self, taken: &Taken, wrong: Wrong, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| hold_back(&mut tx, taken, wrong, now).await)
    }

    async fn unbalanced(&self, piece: Piece, now: Now) -> Result<Vec<Finding>> {
        // One view of rows and wakes: what ends between two questions is no hole.
        transaction!(self, Mode::Serial, |tx| balance::piece(&mut tx, piece, now).await)
    }

    async fn begun(&self, boot: BootId, now: Now) -> Result<u32> {
        let node = self.journal.node();
        transaction!(self, Mode::Serial, |tx| boots::begun(&mut tx, node, boot, now).await)
    }

    async fn working_on(&self, boot: BootId, of: Option<WakeOf>) -> Result<()> {
        transaction!(self, Mode::Write, |tx| boots::working_on(&mut tx, boot, of).await)
    }

    async fn closed(&self, boot: BootId) -> Result<()> {
        transaction!(self, Mode::Write, |tx| boots::closed(&mut tx, boot).await)
    }

    async fn balance(&self, now: Now) -> Result<Balanced> {
        balance::night(self, now).await
    }

    async fn health(&self) -> Result<Health> {
        transaction!(self, Mode::Read, |tx| calls::health(&mut tx).await)
    }

    async fn backed_up(&self, at: Timestamp) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec("update house set backed_up = $1 where id = 1", values![at]).await.map(drop)
        })
    }
}

async fn keep(tx: &mut Tx, round: &Round) -> Result<()> {
    let (stage, behind) = match &round.place {
        Place::Blobs(behind) => ("blobs", behind.map_or_else(String::new, |blob| blob.to_string())),
        Place::Wraps(None) => ("wraps", String::new()),
        Place::Wraps(Some(name)) => {
            ("wraps", format!("{} {} {}", name.subject, name.version, name.kind.name()))
        }
        Place::Through => ("through", String::new()),
    };
    tx.exec(
        "insert into rounds (id, began, total, done, stage, behind) values (1, $1, $2, $3, $4, $5)
         on conflict (id) do update set began = excluded.began, total = excluded.total, done = excluded.done,
             stage = excluded.stage, behind = excluded.behind",
        values![round.began, round.total, round.done, stage, behind.as_str()],
    )
    .await
    .map(drop)
}

fn place(stage: &str, behind: &str) -> Option<Place> {
    match (stage, behind) {
        ("blobs", "") => Some(Place::Blobs(None)),
        ("blobs", blob) => Some(Place::Blobs(Some(blob.parse().ok()?))),
        ("wraps", "") => Some(Place::Wraps(None)),
        ("wraps", name) => Some(Place::Wraps(Some(wrap_name(name)?))),
        ("through", _) => Some(Place::Through),
        _ => None,
    }
}

/// As [`Finding::of_wrap`] writes it.
fn wrap_name(text: &str) -> Option<WrapName> {
    let mut words = text.split(' ');
    let (subject, version, kind) = (words.next()?, words.next()?, words.next()?);
    let kind = WrapKind::OF_LETTERS.into_iter().chain([WrapKind::Unlock]).find(|k| k.name() == kind)?;
    Some(WrapName { subject: subject.to_owned(), version: version.parse().ok()?, kind })
}

/// It stands as found.
pub(super) async fn stands(tx: &mut Tx, finding: &Finding, now: Now) -> Result<()> {
    tx.exec(
        "insert into findings (thing, name, wrong, since) values ($1, $2, $3, $4)
         on conflict (thing, name, wrong) do nothing",
        values![finding.thing.name(), finding.name.as_str(), finding.wrong.name(), now.trusted],
    )
    .await
    .map(drop)
}

/// The deliveries of the versions that a finding concerns.
async fn of_its_versions(tx: &mut Tx, finding: &Finding) -> Result<Vec<DeliveryId>> {
    let rows = match finding.thing {
        Thing::Blob => {
            tx.query(
                "select d.id from parts p join deliveries d on d.letter = p.letter and d.version = p.version
                 where p.blob = $1 order by d.id",
                values![finding.name.as_str()],
            )
            .await?
        }
        Thing::Wrap => {
            let Some(name) = wrap_name(&finding.name).filter(|name| name.kind != WrapKind::Unlock) else {
                return Ok(Vec::new());
            };
            tx.query(
                "select id from deliveries where letter = $1 and version = $2 order by id",
                values![name.subject.as_str(), name.version],
            )
            .await?
        }
        _ => return Ok(Vec::new()),
    };
    Ok(readable(rows, "delivery", |row| row.next()))
}

/// Whether anything of a version stands as found wrong.
async fn is_found_wrong(tx: &mut Tx, letter: LetterId, version: u32) -> Result<bool> {
    let of_wraps: Vec<String> =
        WrapKind::OF_LETTERS.into_iter().map(|kind| format!("{letter} {version} {}", kind.name())).collect();
    let row = tx
        .one(
            "select 1 from findings f where (f.thing = 'wrap' and f.name in ($1, $2, $3))
                 or (f.thing = 'blob' and f.name in (select blob from parts where letter = $4 and version = $5)) limit 1",
            values![of_wraps[0].as_str(), of_wraps[1].as_str(), of_wraps[2].as_str(), letter, version],
        )
        .await?;
    Ok(row.is_some())
}

fn is_parked(state: State) -> bool {
    matches!(state, State::Parked { .. })
}

/// A promise with its pair locked.
async fn locked(tx: &mut Tx, id: DeliveryId) -> Result<Option<unsaid_delivery::state::Delivery>> {
    let Some(seen) = pair::delivery(tx, id).await? else { return Ok(None) };
    pair::lock(tx, seen.person).await?;
    pair::delivery(tx, id).await
}

/// Parks a promise without reading more of it than where it stands.
pub(super) async fn park_unread(tx: &mut Tx, id: DeliveryId, now: Now) -> Result<u64> {
    let (parked, by): (Value, Value) = (Parked::Internal.into(), ParkedBy::Engine.into());
    let changed = tx
        .exec(
            "update deliveries set
                 parked_state = case when state = 'parked' then parked_state else state end,
                 parked_number = case when state = 'parked' then parked_number else state_number end,
                 parked_word = case when state = 'parked' then parked_word else state_word end,
                 parked_since = case when state = 'parked' then parked_since else $1 end,
                 parked_observed = case when state = 'parked' then parked_observed else $2 end,
                 parked_by = case when state = 'parked' and parked_state is null then null else $3 end,
                 state = 'parked', state_word = $4, rev = rev + 1, state_number = case
                     when pinned = 1 or state in ('sending', 'knocked', 'askable', 'later', 'opened', 'refused', 'unanswered', 'unreachable') then 1
                     when state = 'parked' and state_number = 1 then 1 else 0 end
             where id = $5 and state <> 'withdrawn'",
            &[now.trusted.into(), now.observed.into(), by, parked, id.into()],
        )
        .await?;
    wakes::remove(tx, WakeOf::Delivery(id)).await?;
    Ok(changed)
}

/// Holds back what is ours. The pair is locked before the wake, where there is one: whoever else works on it waits.
async fn hold_back(tx: &mut Tx, taken: &Taken, wrong: Wrong, now: Now) -> Result<()> {
    lock_pair_of(tx, taken.of).await?;
    if !wakes::is_ours(tx, taken).await? {
        return Err(StoreError::Conflict);
    }
    hold(tx, taken.of, wrong, now).await
}

async fn lock_pair_of(tx: &mut Tx, of: WakeOf) -> Result<()> {
    let row = match of {
        WakeOf::Delivery(id) => tx.one("select person from deliveries where id = $1", values![id]).await?,
        WakeOf::Message(id) => tx.one("select person from messages where id = $1", values![id]).await?,
        _ => None,
    };
    match row.and_then(|mut row| row.next::<PersonId>().ok()) {
        Some(person) => lock_if_there(tx, person).await,
        None => Ok(()),
    }
}

/// Holds what cannot be worked on, whoever has it in hand.
pub(super) async fn hold(tx: &mut Tx, of: WakeOf, wrong: Wrong, now: Now) -> Result<()> {
    lock_pair_of(tx, of).await?;
    let (thing, name, there) = match of {
        WakeOf::Delivery(id) => {
            let row = tx.one("select 1 from deliveries where id = $1", values![id]).await?;
            park_unread(tx, id, now).await?;
            (Thing::Delivery, id.to_string(), row.is_some())
        }
        WakeOf::Message(id) => {
            let row = tx.one("select kind, person from messages where id = $1", values![id]).await?;
            let there = row.is_some();
            let (mut kind, mut person) = (String::new(), None);
            if let Some(mut row) = row {
                (kind, person) = (row.next().unwrap_or_default(), row.next::<PersonId>().ok());
            }
            let dropped: Value = unsaid_delivery::MessageState::Dropped.into();
            tx.exec(
                "update messages set state = $1, rev = rev + 1 where id = $2 and state not in ('accepted', 'refused')",
                &[dropped, id.into()],
            )
            .await?;
            // A kind that does not read was perhaps a knock.
            let knocks = !matches!(kind.as_str(), "code" | "ladder") && !kind.starts_with("notice-");
            if let Some(person) = person.filter(|_| knocks) {
                for id in pair::knocking(tx, person).await? {
                    park_unread(tx, id, now).await?;
                    stands(tx, &Finding::of_delivery(id, wrong), now).await?;
                }
            }
            (Thing::Message, id.to_string(), there)
        }
        WakeOf::Letter(id) => {
            let row = tx.one("select 1 from letters where id = $1 /*lock*/", values![id]).await?;
            (Thing::Letter, id.to_string(), row.is_some())
        }
        WakeOf::Life(id) => {
            let row = tx.one("select 1 from accounts where id = $1", values![id]).await?;
            (Thing::Life, id.to_string(), row.is_some())
        }
    };
    // Whether an author is alive is asked again, a day later and every day: an engine that stops asking would keep her letters for ever.
    let again = (matches!(of, WakeOf::Life(_)) && there).then_some(Wake::Observed(now.observed.plus_days(1)));
    wakes::settle(tx, of, again).await?;
    let wrong = if there { wrong } else { Wrong::RowGone };
    stands(tx, &Finding { thing, name, wrong }, now).await
}

async fn lock_if_there(tx: &mut Tx, person: PersonId) -> Result<()> {
    match pair::lock(tx, person).await {
        Ok(_) | Err(StoreError::Missing | StoreError::Damaged) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The states that a row may name.
pub(super) fn is_a_state(name: &str) -> bool {
    map::STATES.contains(&name)
}
