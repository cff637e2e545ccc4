//! Rows that a database has not got, made again from what stands beside the journal: an account, a person with their addresses, a sealed version with its
//! parts, wraps and promise, a knock that was accepted. What is made here begins where its fact left it; the facts that came later move it on. Bytes are not
//! here: whether the parts of a version can be read is looked at by whoever adopts. One thing because what is made leans on what was made before it.

use super::apply::{Found, raise_letter};
use super::life_manifest::LifeManifest;
use super::recovery::{AccountManifest, LetterManifest, Promised, account_name};
use super::tx::{Mode, Tx, Value, not_before, values};
use super::{SqlStore, amends, engine, pair, persons, proofs, seal, transaction, wakes};
use crate::journal::{Journal, Record};
use crate::rows::*;
use crate::{Result, StoreError};
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::decide::{NextOccurrence, pause_days};
use unsaid_delivery::fact::{Knocked, ToldOf};
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::{AccountId, AddressId, DeliveryId, LetterId, MessageId, PersonId};
use unsaid_delivery::state::{Delivery, Rest, State, Wake};
use unsaid_delivery::{Fact, calendar};

/// The manifests of recovery beside several journals.
pub(super) struct Manifests<'a>(Vec<&'a dyn Journal>);

impl<'a> Manifests<'a> {
    pub(super) fn of(journals: &[&'a dyn Journal]) -> Self {
        Self(journals.to_vec())
    }

    /// The manifest of a version whose parts have this hash; none if nobody has it.
    fn letter(&self, letter: LetterId, version: u32, manifest: Option<[u8; 32]>) -> Option<LetterManifest> {
        let fits = |found: &LetterManifest| {
            (found.letter, found.version) == (letter, version) && manifest.is_none_or(|m| m == found.manifest)
        };
        self.texts(&format!("{letter}-{version}"))
            .filter_map(|text| LetterManifest::read(&text))
            .filter(fits)
            // Several nodes may have written it: the one whose wraps are for the newest key was written last.
            .max_by_key(|found| found.wraps.iter().map(|(_, generation, _)| *generation).max())
    }

    fn account(&self, account: AccountId) -> Option<AccountManifest> {
        self.texts(&account_name(account))
            .filter_map(|text| AccountManifest::read(&text))
            .filter(|found| found.account == account)
            .max_by_key(|found| (found.unlock_number, found.vault_rev))
    }

    fn accounts(&self) -> Vec<AccountId> {
        let mut accounts: Vec<AccountId> = self
            .0
            .iter()
            .filter_map(|journal| journal.manifests().ok())
            .flatten()
            .filter_map(|name| name.strip_prefix("account-")?.parse().ok())
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    /// The manifests of lives; where several nodes wrote one, the older first.
    pub(super) fn lives(&self) -> Vec<LifeManifest> {
        let named = self.0.iter().filter_map(|journal| Some((journal, journal.manifests().ok()?)));
        let mut lives: Vec<LifeManifest> = named
            .flat_map(|(journal, names)| {
                let lives = names.into_iter().filter(|name| name.starts_with("life-"));
                lives
                    .filter_map(|name| LifeManifest::read(&journal.manifest(&name).ok()??))
                    .collect::<Vec<_>>()
            })
            .collect();
        lives.sort_by_key(|found| (found.account, found.row.map(|row| row.rev)));
        lives.dedup();
        lives
    }

    /// What cannot be read is not there, and is missed where it is needed.
    fn texts(&self, name: &str) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(move |journal| journal.manifest(name).ok().flatten())
    }
}

/// A version that was sealed: it stands as its manifest has it.
pub(super) async fn sealed(
    tx: &mut Tx,
    manifests: &Manifests<'_>,
    letter: LetterId,
    version: u32,
    manifest: [u8; 32],
    rev: i64,
    now: Now,
) -> Result<Found> {
    let row = tx
        .one("select manifest from versions where letter = $1 and number = $2", values![letter, version])
        .await?;
    let reserved = row.is_some();
    let stands: Option<[u8; 32]> = row.map_or(Ok(None), |mut row| row.next())?;
    if stands == Some(manifest) {
        return Ok(Found::Known);
    }
    let cannot = if reserved { Found::Unmade } else { Found::Absent };
    let Some(found) = manifests.letter(letter, version, Some(manifest)) else { return Ok(cannot) };
    if stands.is_some() || !has_account(tx, manifests, found.account).await? {
        return Ok(cannot);
    }
    make(tx, &found, rev, now).await?;
    tx.exec(
        "insert into rebuilt (letter, version) values ($1, $2) on conflict (letter, version) do nothing",
        values![letter, version],
    )
    .await?;
    Ok(if reserved { Found::Made } else { Found::Rebuilt })
}

async fn make(tx: &mut Tx, found: &LetterManifest, rev: i64, now: Now) -> Result<()> {
    let (letter, version) = (found.letter, found.version);
    tx.exec(
        "insert into letters (id, account, reserved, withdrew, rev) values ($1, $2, $3, 0, 0) on conflict (id) do nothing",
        values![letter, found.account, found.sealed],
    )
    .await?;
    let others = tx
        .one("select 1 from versions where letter = $1 and sealed is not null", values![letter])
        .await?
        .is_some();
    let existing = seal::existing(tx, letter).await?;
    // New words wait for the fact that they count, which may be the next one.
    let new_words = others && existing.is_some_and(|(_, undone)| !undone);
    if new_words && let Some(before) = amends::resting(tx, letter).await? {
        amends::take_back(tx, letter, before.version).await?;
    }
    let rest = found.amends.unwrap_or(Rest { until: found.sealed, observed: Observed(0) });
    tx.exec(
        "insert into versions (letter, number) values ($1, $2) on conflict (letter, number) do nothing",
        values![letter, version],
    )
    .await?;
    let amends_word = match (new_words, others && found.promised.is_none()) {
        (true, _) => "resting".into(),
        (false, true) => "counts".into(),
        (false, false) => Value::Null,
    };
    tx.exec(
        "update versions set manifest = $1, sealed = $2, kept = $3, amends = $4, rest_until = $5, rest_observed = $6, nr = (
             select coalesce(max(v.nr), 0) + 1 from versions v join letters l on l.id = v.letter where l.account = $7)
         where letter = $8 and number = $9",
        &[
            found.manifest.into(),
            found.sealed.into(),
            found.kept.into(),
            amends_word,
            if new_words { not_before(rest.until) } else { Value::Null },
            if new_words { rest.observed.into() } else { Value::Null },
            found.account.into(),
            letter.into(),
            version.into(),
        ],
    )
    .await?;
    for part in &found.parts {
        tx.exec(
            "insert into parts (letter, version, name, kind, blob, size, sha256) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (letter, version, name) do nothing",
            values![letter, version, part.name.as_str(), part.kind.as_str(), part.blob, part.size, part.sha256],
        )
        .await?;
        tx.exec("delete from orphans where blob = $1", values![part.blob]).await?;
    }
    tx.exec("delete from wraps where subject = $1 and version = $2", values![letter, version]).await?;
    for (kind, generation, bytes) in &found.wraps {
        tx.exec(
            "insert into wraps (subject, version, kind, bytes, host_generation, keeper_set) values ($1, $2, $3, $4, $5, $6)",
            values![
                letter,
                version,
                *kind,
                bytes.clone(),
                *generation,
                found.keeper_set.filter(|_| *kind == WrapKind::Keepers)
            ],
        )
        .await?;
    }
    if let Some(promised) = &found.promised {
        person(tx, found.account, promised, now).await?;
        if new_words {
            wakes::set(tx, WakeOf::Letter(letter), Lane::Letters, Wake::Trusted(rest.until)).await?;
        } else {
            promise(tx, found, promised, existing.map(|(id, _)| id), now).await?;
        }
    }
    raise_letter(tx, letter, rev).await
}

/// What was promised begins to rest as it did then.
async fn promise(
    tx: &mut Tx,
    found: &LetterManifest,
    promised: &Promised,
    undone: Option<DeliveryId>,
    now: Now,
) -> Result<()> {
    let promise = Promise {
        delivery: promised.delivery,
        person: promised.person,
        rule: promised.rule.clone(),
        occurrence: promised.occurrence,
        rest: promised.rest,
        due: promised.due.unwrap_or(found.sealed),
        tzdb: promised.tzdb.clone(),
        proof: promised.asked.clone(),
    };
    let seal = Seal { letter: found.letter, version: found.version, manifest: found.manifest, promise: None };
    let id = match undone {
        None => seal::begin(tx, found.account, &seal, &promise).await?,
        Some(id) => seal::begin_anew(tx, id, &seal, &promise).await?,
    };
    proofs::begin(tx, found.letter, id, promise.proof.as_ref()).await?;
    let leaves = promise.due.max(promise.rest.until);
    pair::foresee(tx, id, Forecast::of(leaves, By::Act, now)).await?;
    wakes::set(tx, WakeOf::Delivery(id), Lane::Letters, Wake::Trusted(promise.rest.until)).await
}

/// The person of a promise with the addresses that they had then; those that are here already stay as they are.
async fn person(tx: &mut Tx, account: AccountId, promised: &Promised, now: Now) -> Result<()> {
    make_person(tx, promised.person, account, promised.zone.clone(), &promised.language, now).await?;
    // Made a moment ago for an address of theirs, or older than this sealing: in either case this is newer.
    tx.exec(
        "update persons set language = $1, zone = $2 where id = $3",
        values![promised.language.as_str(), promised.zone.clone(), promised.person],
    )
    .await?;
    for address in &promised.addresses {
        persons::put_address(tx, promised.person, address, now).await?;
    }
    Ok(())
}

async fn make_person(
    tx: &mut Tx,
    person: PersonId,
    account: AccountId,
    zone: Option<String>,
    language: &str,
    now: Now,
) -> Result<()> {
    tx.exec(
        "insert into persons (id, account, nr, zone, language, series, made)
         values ($1, $2, (select coalesce(max(p.nr), 0) + 1 from persons p where p.account = $2), $3, $4, 1, $5)
         on conflict (id) do nothing",
        values![person, account, zone, language, now.trusted],
    )
    .await
    .map(drop)
}

/// An address that was given.
pub(super) async fn address(
    tx: &mut Tx,
    person: PersonId,
    id: AddressId,
    sealed: &[u8],
    of: Option<(AccountId, [u8; 32])>,
    now: Now,
) -> Result<Found> {
    if tx.one("select 1 from addresses where id = $1", values![id]).await?.is_some() {
        return Ok(Found::Known);
    }
    let there = tx.one("select 1 from persons where id = $1", values![person]).await?.is_some();
    let Some((account, key)) = of else { return Ok(if there { Found::Unmade } else { Found::Absent }) };
    if !has_person(tx, account, person, now).await? {
        return Ok(Found::Absent);
    }
    let address = NewAddress { id, sealed: SealedText(sealed.to_vec()), key: Keyed(key) };
    persons::put_address(tx, person, &address, now).await?;
    persons::has_another(tx, person, now).await?;
    // A person is made with their first address in one transaction: a crash can have taken both.
    Ok(Found::Made)
}

/// Whether the person is here. One of an account that is here is made, and spoken to in its author's language until more is known.
async fn has_person(tx: &mut Tx, account: AccountId, person: PersonId, now: Now) -> Result<bool> {
    if tx.one("select 1 from persons where id = $1", values![person]).await?.is_some() {
        return Ok(true);
    }
    let row = tx.one("select language from accounts where id = $1", values![account]).await?;
    let Some(mut row) = row else { return Ok(false) };
    let language: String = row.next()?;
    make_person(tx, person, account, None, &language, now).await?;
    Ok(true)
}

/// That somebody looks after a person, or does not: the newest choice stands.
pub(super) async fn looked_after(
    tx: &mut Tx,
    account: AccountId,
    person: PersonId,
    name: &[u8],
    rev: i64,
    now: Now,
) -> Result<Found> {
    if !has_person(tx, account, person, now).await? {
        return Ok(Found::Absent);
    }
    let stands = tx.need("select looked_after_rev from persons where id = $1", values![person]).await?.next();
    let stands: i64 = stands?;
    if stands >= rev {
        return Ok(Found::Known);
    }
    let name = (!name.is_empty()).then(|| SealedText(name.to_vec()));
    persons::looked_after(tx, person, name, rev).await?;
    Ok(Found::Applied)
}

/// Whether the account is here; it is made if its manifest is.
pub(super) async fn has_account(tx: &mut Tx, manifests: &Manifests<'_>, account: AccountId) -> Result<bool> {
    if tx.one("select 1 from accounts where id = $1", values![account]).await?.is_some() {
        return Ok(true);
    }
    let Some(found) = manifests.account(account) else { return Ok(false) };
    let taken =
        tx.one("select 1 from accounts where email_key = $1", values![found.email_key]).await?.is_some();
    if taken {
        return Ok(false);
    }
    tx.exec(
        "insert into accounts (id, email, email_key, name, role, language, zone, recipient, salt, unlock_key, unlock_number,
             vault, vault_rev, made, approved_name, kit)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        values![
            account,
            found.email,
            found.email_key,
            found.name,
            found.role,
            found.language,
            found.zone,
            found.recipient,
            found.salt,
            found.unlock_key,
            found.unlock_number,
            found.vault,
            found.vault_rev,
            found.made,
            found.approved,
            found.kit
        ],
    )
    .await?;
    unlock_wrap(tx, account, found.unlock_number, found.unlock_wrap, found.host_generation).await?;
    Ok(true)
}

async fn unlock_wrap(
    tx: &mut Tx,
    account: AccountId,
    number: u32,
    bytes: Vec<u8>,
    generation: u32,
) -> Result<()> {
    tx.exec("delete from wraps where subject = $1 and kind = 'unlock'", values![account]).await?;
    tx.exec(
        "insert into wraps (subject, version, kind, bytes, host_generation) values ($1, $2, 'unlock', $3, $4)",
        values![account, number, bytes, generation],
    )
    .await
    .map(drop)
}

/// Her words, made or made anew.
pub(super) async fn unlock(
    tx: &mut Tx,
    manifests: &Manifests<'_>,
    account: AccountId,
    number: u32,
    restored: bool,
) -> Result<Found> {
    let row = tx.one("select unlock_number from accounts where id = $1", values![account]).await?;
    let Some(mut row) = row else {
        let made = has_account(tx, manifests, account).await?;
        return Ok(match (made, number) {
            // The account itself was about to be made.
            (true, 1) => Found::Made,
            (true, _) => Found::Rebuilt,
            (false, 1) => Found::Unmade,
            (false, _) => Found::Absent,
        });
    };
    if row.next::<u32>()? >= number {
        return Ok(Found::Known);
    }
    let found = manifests.account(account).filter(|found| restored && found.unlock_number >= number);
    let Some(found) = found else { return Ok(Found::Unmade) };
    tx.exec(
        "update accounts set salt = $1, unlock_key = $2, unlock_number = $3 where id = $4",
        values![found.salt, found.unlock_key, found.unlock_number, account],
    )
    .await?;
    tx.exec("delete from sessions where account = $1", values![account]).await?;
    unlock_wrap(tx, account, found.unlock_number, found.unlock_wrap, found.host_generation).await?;
    Ok(Found::Made)
}

/// Another address to sign in with.
pub(super) async fn sign_in(
    tx: &mut Tx,
    account: AccountId,
    key: Keyed,
    email: &[u8],
    restored: bool,
) -> Result<Found> {
    let row = tx.one("select email_key from accounts where id = $1", values![account]).await?;
    let Some(mut row) = row else { return Ok(Found::Absent) };
    if row.next::<Keyed>()? == key {
        return Ok(Found::Known);
    }
    let taken = tx.one("select 1 from accounts where email_key = $1", values![key]).await?.is_some();
    if taken || !restored {
        return Ok(Found::Unmade);
    }
    tx.exec(
        "update accounts set email = $1, email_key = $2 where id = $3",
        values![email.to_vec(), key, account],
    )
    .await?;
    tx.exec("delete from sessions where account = $1", values![account]).await?;
    Ok(Found::Made)
}

/// A card with words, and the wraps that its words open.
pub(super) async fn card(
    tx: &mut Tx,
    manifests: &Manifests<'_>,
    person: PersonId,
    claim: Keyed,
    restored: bool,
) -> Result<Found> {
    if tx.one("select 1 from cards where claim = $1", values![claim]).await?.is_some() {
        return Ok(Found::Known);
    }
    if tx.one("select 1 from persons where id = $1", values![person]).await?.is_none() {
        return Ok(Found::Absent);
    }
    if !restored {
        return Ok(Found::Unmade);
    }
    tx.exec("update cards set present = 0 where person = $1", values![person]).await?;
    tx.exec("insert into cards (claim, person, present) values ($1, $2, 1)", values![claim, person]).await?;
    let rows = tx
        .query(
            "select distinct d.letter, v.number from deliveries d join versions v on v.letter = d.letter
             where d.person = $1 and v.kept = 'words' and v.sealed is not null",
            values![person],
        )
        .await?;
    for mut row in rows {
        let (letter, version): (LetterId, u32) = (row.next()?, row.next()?);
        let Some(found) = manifests.letter(letter, version, None) else { continue };
        for (kind, generation, bytes) in found.wraps {
            if kind == WrapKind::Words {
                // Where it is gone by now it stays gone.
                tx.exec(
                    "update wraps set bytes = $1, host_generation = $2 where subject = $3 and version = $4 and kind = 'words'",
                    values![bytes, generation, letter, version],
                )
                .await?;
            }
        }
    }
    Ok(Found::Made)
}

/// Wraps that were locked anew for another host key.
pub(super) async fn rewrapped(
    tx: &mut Tx,
    manifests: &Manifests<'_>,
    subject: &str,
    version: u32,
    generation: u32,
) -> Result<Found> {
    let older = tx
        .one(
            "select 1 from wraps where subject = $1 and version = $2 and host_generation < $3 and kind <> 'author'",
            values![subject, version, generation],
        )
        .await?;
    if older.is_none() {
        return Ok(Found::Known);
    }
    let letter = subject.parse().ok().and_then(|letter| manifests.letter(letter, version, None));
    let wraps = match (letter, subject.parse().ok().and_then(|account| manifests.account(account))) {
        (Some(letter), _) => letter.wraps,
        (None, Some(account)) if account.unlock_number == version => {
            vec![(WrapKind::Unlock, account.host_generation, account.unlock_wrap)]
        }
        _ => return Ok(Found::Unmade),
    };
    let mut changed = 0;
    for (kind, newer, bytes) in wraps {
        if kind != WrapKind::Author && newer >= generation {
            changed += tx
                .exec(
                    "update wraps set bytes = $1, host_generation = $2
                 where subject = $3 and version = $4 and kind = $5 and host_generation < $2",
                    values![bytes, newer, subject, version, kind],
                )
                .await?;
        }
    }
    Ok(if changed > 0 { Found::Made } else { Found::Unmade })
}

/// An accepted knock of which the rows have never heard: it is not sent again, and its link works.
pub(super) async fn knock(tx: &mut Tx, id: MessageId, knock: &Knocked, now: Now) -> Result<Found> {
    let there = tx
        .one("select 1 from addresses where id = $1 and person = $2", values![knock.address, knock.person])
        .await?;
    if there.is_none() {
        return Ok(Found::Absent);
    }
    pair::lock(tx, knock.person).await?;
    // Whatever this store has written for the same place was never sent by it: this one was.
    let rows = tx
        .query(
            "select id from messages
             where person = $1 and series = $2 and nth = $3 and address = $4 and kind = 'knock' and state <> 'dropped'",
            values![knock.person, knock.series, i64::from(knock.nth), knock.address],
        )
        .await?;
    for mut row in rows {
        let instead: MessageId = row.next()?;
        tx.exec("update messages set state = 'dropped', rev = rev + 1 where id = $1", values![instead])
            .await?;
        wakes::remove(tx, WakeOf::Message(instead)).await?;
    }
    tx.exec(
        "insert into messages (id, kind, subject, person, series, nr, nth, address, state, tries, since, foreseen, ended, rev)
         values ($1, 'knock', 'person', $2, $3, (select coalesce(max(m.nr), 0) + 1 from messages m where m.person = $2),
             $4, $5, 'accepted', 1, $6, 1, $6, 3)",
        values![id, knock.person, knock.series, i64::from(knock.nth), knock.address, now.observed],
    )
    .await?;
    tx.exec(
        "insert into links (hash, message) values ($1, $2) on conflict (hash) do nothing",
        values![Keyed(knock.link), id],
    )
    .await?;
    tx.exec(
        "update persons set series = $1 where id = $2 and series < $1",
        values![knock.series, knock.person],
    )
    .await?;
    Ok(Found::Rebuilt)
}

/// The promises for which an accepted knock spoke have been knocked for, wherever the rows thought them to be.
pub(super) async fn told(tx: &mut Tx, knock: &Knocked, now: Now) -> Result<()> {
    let wake = Wake::Observed(now.observed.plus_days(pause_days(knock.nth)));
    for told in &knock.told {
        let Some(delivery) = occurrence(tx, told).await? else { continue };
        let moves = match delivery.state {
            State::Resting | State::Waiting | State::Due | State::Sending => true,
            State::Knocked(nth) => nth < knock.nth,
            _ => false,
        };
        if moves {
            pair::move_to(tx, delivery.id, State::Knocked(knock.nth), Some(wake)).await?;
            next_occurrence(tx, delivery.id, 0, now).await?;
        }
    }
    Ok(())
}

/// The row of an occurrence; made from another one of its letter if it is not here.
async fn occurrence(tx: &mut Tx, told: &ToldOf) -> Result<Option<Delivery>> {
    let all = pair::of_letter(tx, told.letter).await?;
    let before = |d: &&Delivery| {
        d.id != told.delivery
            && d.occurrence < told.occurrence
            && matches!(d.state, State::Resting | State::Waiting | State::Due)
    };
    // They were missed, or ended in silence: of what an outage missed the newest alone goes.
    for missed in all.iter().filter(before) {
        pair::move_to(tx, missed.id, State::Unreachable, None).await?;
    }
    if let Some(row) = all.iter().find(|d| d.id == told.delivery) {
        if row.occurrence != told.occurrence && !all.iter().any(|d| d.occurrence == told.occurrence) {
            tx.exec(
                "update deliveries set occurrence = $1 where id = $2",
                values![i64::from(told.occurrence), told.delivery],
            )
            .await?;
        }
        return pair::delivery(tx, told.delivery).await;
    }
    if let Some(same) = all.iter().find(|d| d.occurrence == told.occurrence) {
        return Ok(Some(same.clone()));
    }
    let Some(from) = all.last() else { return Ok(None) };
    let Ok(Some(due)) = calendar::comes_at(&from.rule.moment, told.occurrence, from.rest.until) else {
        return Ok(None);
    };
    engine::insert_occurrence(tx, told.delivery, from.id, told.occurrence, due, calendar::tzdb_version())
        .await?;
    pair::delivery(tx, told.delivery).await
}

/// What has fallen due by a fact and not by a decision of ours foresees the one that comes after it. Raises the rev to that of the fact.
pub(super) async fn next_occurrence(tx: &mut Tx, id: DeliveryId, rev: i64, now: Now) -> Result<()> {
    tx.exec("update deliveries set rev = $1 where id = $2 and rev < $1", values![rev, id]).await?;
    let Some(delivery) = pair::delivery(tx, id).await? else { return Ok(()) };
    let moment = &delivery.rule.moment;
    let Some(year) = calendar::next_occurrence(moment, delivery.occurrence) else { return Ok(()) };
    let all = pair::of_letter(tx, delivery.letter).await?;
    let over = |d: &Delivery| matches!(d.state, State::Withdrawn { .. });
    if all.iter().any(|d| d.occurrence > delivery.occurrence || over(d)) {
        return Ok(());
    }
    // A zone that means nothing holds the row that is there, with its reason; there is no instant to foresee.
    let ready = delivery.due.unwrap_or(delivery.rest.until);
    let Ok(Some(due)) = calendar::comes_at(moment, year, ready) else { return Ok(()) };
    let next = NextOccurrence { occurrence: year, due };
    engine::foresee(tx, &delivery, next, calendar::tzdb_version(), now).await
}

/// What was opened then is that version, whichever counts here.
pub(super) async fn take_version(tx: &mut Tx, delivery: &Delivery, version: u32) -> Result<bool> {
    let there = tx
        .one(
            "select 1 from versions where letter = $1 and number = $2 and sealed is not null",
            values![delivery.letter, version],
        )
        .await?;
    if there.is_none() {
        return Ok(false);
    }
    tx.exec("update deliveries set version = $1 where id = $2", values![version, delivery.id]).await?;
    Ok(true)
}

/// Vaults that are newer beside the journal than in the rows: titles and names that were written since.
pub(super) async fn newer_vaults(tx: &mut Tx, manifests: &Manifests<'_>) -> Result<()> {
    for account in manifests.accounts() {
        let Some(found) = manifests.account(account) else { continue };
        tx.exec(
            "update accounts set vault = $1, vault_rev = $2 where id = $3 and vault_rev < $2",
            values![found.vault, found.vault_rev, account],
        )
        .await?;
        if let Some(kit) = found.kit {
            tx.exec(
                "update accounts set kit = $1 where id = $2 and not exists (select 1 from accounts o where o.kit = $1)",
                values![kit, account],
            )
            .await?;
        }
    }
    Ok(())
}

/// The manifest of what was voided is written as the rows have it; of what they have never had there is none to write.
pub(super) async fn put_back(store: &SqlStore, record: &Record) -> Result<()> {
    let versions: Vec<(LetterId, u32)> = match &record.entry.fact {
        Fact::Sealed { letter, version, .. } => vec![(*letter, *version)],
        Fact::Rewrapped { subject, version, .. } => {
            subject.parse().map(|l| (l, *version)).into_iter().collect()
        }
        _ => Vec::new(),
    };
    for (letter, version) in versions {
        let written: Result<(String, String)> =
            transaction!(store, Mode::Read, |tx| seal::recovery(&mut tx, letter, version).await);
        let (name, text) = match written {
            Ok(written) => written,
            // It was never sealed here.
            Err(StoreError::Missing | StoreError::Damaged) => continue,
            Err(error) => return Err(error),
        };
        store.journal.keep_manifest(&name, &text).map_err(|error| super::replay::cannot(&error))?;
    }
    Ok(())
}
