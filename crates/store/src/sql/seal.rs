//! Sealing: the version becomes immutable, its promise begins to rest, and the manifest of recovery is written.
//!
//! A manifest of recovery is a text that needs nothing else to be read: one word and its values a line, `unsaid-recovery 1` first. Bytes are
//! hexadecimal, instants RFC 3339, ids as everywhere; `-` stands for nothing. A later `adopt` can rebuild from it what a backup lacks:
//!
//! ```text
//! unsaid-recovery 1
//! letter <id>
//! version <number>
//! account <id>
//! sealed <instant>
//! manifest <SHA-256 of the parts' manifest>
//! part <name> <kind> <blob> <size in bytes> <SHA-256>        each complete part
//! wrap <kind> <host generation> <bytes>                      each wrap that stands
//! keeper-set <id>                                            to which set the wrap of the kind keepers is
//! kept <nobody, house, words or keepers>                              who kept its key when it was sealed
//! amends <instant> <observed seconds>                        new words, which count from then on
//! delivery <id> <occurrence>                                 from here on: only where something is promised
//! person <id> <language> <zone>
//! address <id> <keyed hash> <sealed>                         each, in the order in which they are tried
//! gate <kind> <event as hex> <keepers, with commas> <quorum>
//! moment <kind> <date> <time> <zone> <number>
//! reach <kind>
//! proof <kind>
//! asked <question, sealed and as hex> <1 where the year of birth is asked for, else 0> <keyed hash of the answer>
//! rest <instant> <observed seconds>
//! due <instant> <version of the zone data>
//! ```

use super::recovery::{self, hex};
use super::tx::{Tx, Value, not_before, values};
use super::{keeper_sets, map, pair, proofs, uploads, wakes};
use crate::rows::{Author, Kept, Lane, Promise, Seal, WakeOf, WrapKind};
use crate::{Result, StoreError};
use jiff::Timestamp;
use std::fmt::Write as _;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::{AccountId, DeliveryId, LetterId};
use unsaid_delivery::rule::{Gate, Moment, Proof};
use unsaid_delivery::state::{State, Wake};

pub(super) async fn seal(tx: &mut Tx, author: &Author, seal: &Seal, now: Now) -> Result<()> {
    let mut row = tx
        .need(
            "select rev, withdrew from letters where id = $1 and account = $2 /*lock*/",
            values![seal.letter, author.account],
        )
        .await?;
    let (rev, withdrew): (i64, bool) = (row.next()?, row.next()?);
    if let Some(promise) = &seal.promise {
        let (account, _) = pair::lock(tx, promise.person).await?;
        if account != author.account {
            return Err(StoreError::Missing);
        }
    }
    let existing = existing(tx, seal.letter).await?;
    let stored: Option<[u8; 32]> = tx
        .need(
            "select manifest from versions where letter = $1 and number = $2",
            values![seal.letter, seal.version],
        )
        .await?
        .next()?;
    if let Some(stored) = stored {
        // Perhaps the answer was lost on its way. But what was taken back since is not sealed any more.
        let taken_back = existing.is_some_and(|(_, undone)| undone) || withdrew;
        return if stored == seal.manifest && !taken_back { Ok(()) } else { Err(StoreError::Conflict) };
    }
    if existing.is_some_and(|(_, undone)| !undone) {
        return Err(StoreError::Conflict);
    }
    let kept = kept(tx, seal.letter, seal.version).await?;
    still_there(tx, seal.letter, seal.version, kept, seal.promise.is_some()).await?;
    tx.exec(
        "update versions set manifest = $1, sealed = $2, kept = $3, nr = (
             select coalesce(max(v.nr), 0) + 1 from versions v join letters l on l.id = v.letter where l.account = $4)
         where letter = $5 and number = $6",
        values![
            seal.manifest,
            now.trusted,
            kept,
            author.account,
            seal.letter,
            seal.version
        ],
    )
    .await?;
    tx.exec("update letters set rev = rev + 1 where id = $1", values![seal.letter]).await?;
    if let Some(promise) = &seal.promise {
        if promise.proof.is_some() != (promise.rule.proof != Proof::None) {
            return Err(StoreError::Conflict);
        }
        let id = match existing {
            None => {
                let id = begin(tx, author.account, seal, promise).await?;
                pair::made(tx, id, now).await?;
                id
            }
            Some((id, _)) => begin_anew(tx, id, seal, promise).await?,
        };
        proofs::begin(tx, seal.letter, id, promise.proof.as_ref()).await?;
        let leaves = promise.due.max(promise.rest.until);
        pair::foresee(tx, id, Forecast::of(leaves, By::Act, now)).await?;
        wakes::set(tx, WakeOf::Delivery(id), Lane::Letters, Wake::Trusted(promise.rest.until)).await?;
    }
    let manifest = recovery(tx, seal.letter, seal.version).await?;
    tx.manifests.push(manifest);
    recovery::keep_account(tx, author.account).await?;
    tx.fact(
        seal.letter,
        rev + 1,
        Fact::Sealed { letter: seal.letter, version: seal.version, manifest: seal.manifest },
    );
    Ok(())
}

/// Who keeps the key of a version, by the wraps that are there.
pub(super) async fn kept(tx: &mut Tx, letter: LetterId, version: u32) -> Result<Kept> {
    let rows = tx
        .query("select kind from wraps where subject = $1 and version = $2", values![letter, version])
        .await?;
    let mut kept = Kept::Nobody;
    for mut row in rows {
        match row.next()? {
            WrapKind::Words => return Ok(Kept::Words),
            WrapKind::Keepers => kept = Kept::Keepers,
            WrapKind::Host if kept == Kept::Nobody => kept = Kept::House,
            WrapKind::Host | WrapKind::Author | WrapKind::Unlock => {}
        }
    }
    Ok(kept)
}

/// What was proved a moment ago can be taken away meanwhile: by another window that begins the version anew, or by a new card. Conflict if nothing opens it any more for her or (where it is
/// promised) for its person: then it is proved again.
pub(super) async fn still_there(
    tx: &mut Tx,
    letter: LetterId,
    version: u32,
    kept: Kept,
    promised: bool,
) -> Result<()> {
    let hers = super::letters::wrap(tx, letter, version, WrapKind::Author).await?;
    if hers.is_none() || (promised && kept == Kept::Nobody) { Err(StoreError::Conflict) } else { Ok(()) }
}

/// The promise about a letter, and whether it was taken back in its rest.
pub(super) async fn existing(tx: &mut Tx, letter: LetterId) -> Result<Option<(DeliveryId, bool)>> {
    let row = tx
        .one(
            "select id, case when state = 'withdrawn' and state_number = 1 then 1 else 0 end from deliveries
             where letter = $1 order by occurrence desc limit 1 /*lock*/",
            values![letter],
        )
        .await?;
    row.map(|mut row| Ok((row.next()?, row.next()?))).transpose()
}

pub(super) async fn begin(
    tx: &mut Tx,
    account: AccountId,
    seal: &Seal,
    promise: &Promise,
) -> Result<DeliveryId> {
    let [gate, event, keepers, quorum, moment, date, time, zone, number, reach, proof] =
        map::rule_values(&promise.rule);
    let [state, state_number, state_word] = map::state_values(State::Resting);
    let [until, observed] = map::rest_values(promise.rest);
    tx.exec(
        "insert into deliveries (id, letter, account, person, occurrence, gate, gate_event, gate_keepers, gate_quorum,
             moment, moment_date, moment_time, moment_zone, moment_number, reach, proof, version, pinned,
             state, state_number, state_word, rest_until, rest_observed, due, tzdb, rev)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0,
             $18, $19, $20, $21, $22, $23, $24, 1)",
        &[
            promise.delivery.into(),
            seal.letter.into(),
            account.into(),
            promise.person.into(),
            i64::from(promise.occurrence).into(),
            gate,
            event,
            keepers,
            quorum,
            moment,
            date,
            time,
            zone,
            number,
            reach,
            proof,
            seal.version.into(),
            state,
            state_number,
            state_word,
            until,
            observed,
            not_before(promise.due),
            promise.tzdb.as_str().into(),
        ],
    )
    .await?;
    Ok(promise.delivery)
}

/// What was undone keeps its name and takes everything else anew.
pub(super) async fn begin_anew(
    tx: &mut Tx,
    id: DeliveryId,
    seal: &Seal,
    promise: &Promise,
) -> Result<DeliveryId> {
    let [gate, event, keepers, quorum, moment, date, time, zone, number, reach, proof] =
        map::rule_values(&promise.rule);
    let [state, state_number, state_word] = map::state_values(State::Resting);
    let [until, observed] = map::rest_values(promise.rest);
    tx.exec(
        "update deliveries set person = $1, gate = $2, gate_event = $3, gate_keepers = $4, gate_quorum = $5, moment = $6,
             moment_date = $7, moment_time = $8, moment_zone = $9, moment_number = $10, reach = $11, proof = $12, version = $13,
             pinned = 0, state = $14, state_number = $15, state_word = $16, rest_until = $17, rest_observed = $18, due = $19,
             tzdb = $20, occurrence = $21, rev = rev + 1
         where id = $22",
        &[
            promise.person.into(),
            gate,
            event,
            keepers,
            quorum,
            moment,
            date,
            time,
            zone,
            number,
            reach,
            proof,
            seal.version.into(),
            state,
            state_number,
            state_word,
            until,
            observed,
            not_before(promise.due),
            promise.tzdb.as_str().into(),
            i64::from(promise.occurrence).into(),
            id.into(),
        ],
    )
    .await?;
    Ok(id)
}

/// The manifest of recovery of a sealed version as the rows stand: its name and its text.
pub(super) async fn recovery(tx: &mut Tx, letter: LetterId, version: u32) -> Result<(String, String)> {
    let mut row = tx
        .need(
            "select l.account, v.sealed, v.manifest, v.kept from letters l join versions v on v.letter = l.id
             where l.id = $1 and v.number = $2",
            values![letter, version],
        )
        .await?;
    let (account, sealed, manifest): (AccountId, Timestamp, [u8; 32]) =
        (row.next()?, row.next()?, row.next()?);
    let kept: Option<String> = row.next()?;
    let mut text = format!(
        "unsaid-recovery 1\nletter {letter}\nversion {version}\naccount {account}\nsealed {sealed}\nmanifest {}\n",
        hex(&manifest)
    );
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{words}");
    };
    for part in uploads::parts(tx, letter, version).await? {
        let (name, kind, blob, size) = (part.name, part.kind, part.blob, part.size);
        line(format_args!("part {name} {kind} {blob} {size} {}", hex(&part.sha256)));
    }
    let wraps = tx
        .query(
            "select kind, host_generation, bytes from wraps where subject = $1 and version = $2 order by kind",
            values![letter, version],
        )
        .await?;
    for mut row in wraps {
        let (kind, generation, bytes): (String, u32, Vec<u8>) = (row.next()?, row.next()?, row.next()?);
        line(format_args!("wrap {kind} {generation} {}", hex(&bytes)));
    }
    if let Some(set) = keeper_sets::of_version(tx, letter, version).await? {
        line(format_args!("keeper-set {set}"));
    }
    if let Some(kept) = kept {
        line(format_args!("kept {kept}"));
    }
    let delivery = tx
        .one(
            concat!(
                "select ",
                map::delivery_columns!(),
                " from deliveries d where d.letter = $1 and (d.version = $2 or exists (
                      select 1 from versions v where v.letter = $1 and v.number = $2 and v.amends = 'resting'))
                  order by d.occurrence desc limit 1"
            ),
            values![letter, version],
        )
        .await?;
    if let Some(new) = super::amends::resting(tx, letter).await?.filter(|new| new.version == version) {
        line(format_args!("amends {} {}", new.rest.until, new.rest.observed.0));
    }
    if let Some(mut row) = delivery {
        let delivery = map::delivery(&mut row)?;
        line(format_args!("delivery {} {}", delivery.id, delivery.occurrence));
        let mut row =
            tx.need("select language, zone from persons where id = $1", values![delivery.person]).await?;
        let (language, zone): (String, Option<String>) = (row.next()?, row.next()?);
        line(format_args!("person {} {language} {}", delivery.person, or_nothing(zone)));
        let addresses = tx
            .query(
                "select id, key, sealed from addresses where person = $1 and removed = 0 order by nr",
                values![delivery.person],
            )
            .await?;
        for mut row in addresses {
            let (id, key, sealed): (String, Vec<u8>, Vec<u8>) = (row.next()?, row.next()?, row.next()?);
            line(format_args!("address {id} {} {}", hex(&key), hex(&sealed)));
        }
        line(format_args!("{}", gate(&delivery.rule.gate)));
        line(format_args!("{}", moment(&delivery.rule.moment)));
        for (word, value) in
            [("reach", Value::from(delivery.rule.reach)), ("proof", Value::from(delivery.rule.proof))]
        {
            if let Value::Text(kind) = value {
                line(format_args!("{word} {kind}"));
            }
        }
        if let Some(proof) = proofs::newest(tx, letter).await? {
            let question = or_nothing(proof.asks.question.map(|question| hex(&question.0)));
            let with_year = u8::from(proof.asks.with_year);
            line(format_args!("asked {question} {with_year} {}", hex(&proof.answer.0)));
        }
        line(format_args!("rest {} {}", delivery.rest.until, delivery.rest.observed.0));
        let due = or_nothing(delivery.due.map(|due| due.to_string()));
        line(format_args!("due {due} {}", delivery.tzdb));
    }
    Ok((format!("{letter}-{version}"), text))
}

fn gate(gate: &Gate) -> String {
    match gate {
        Gate::None => "gate none - - -".into(),
        Gate::Gone => "gate gone - - -".into(),
        Gate::Word { event, keepers, quorum } => {
            let keepers: Vec<String> = keepers.iter().map(ToString::to_string).collect();
            let keepers = or_nothing((!keepers.is_empty()).then(|| keepers.join(",")));
            format!("gate word {} {keepers} {quorum}", hex(event.as_bytes()))
        }
    }
}

fn moment(moment: &Moment) -> String {
    match moment {
        Moment::AtOnce => "moment at-once - - - -".into(),
        Moment::On { date, time, zone } => format!("moment on {date} {time} {zone} -"),
        Moment::Birthday { age, year, birthday, time, zone } => {
            format!("moment birthday {} {time} {zone} {age}", map::birthday_text(Some(*year), *birthday))
        }
        Moment::EachBirthday { until, birthday, time, zone } => {
            format!("moment each-birthday {} {time} {zone} {until}", map::birthday_text(None, *birthday))
        }
        Moment::After { days } => format!("moment after - - - {days}"),
    }
}

fn or_nothing(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".into())
}
