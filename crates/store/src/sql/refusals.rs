//! Saying no, and taking it back. A row says which no stands for which address and person; `rev` orders every no and every lifting of this
//! house, so that a replay knows what it has. Which no concerns whom is asked in [`super::pair`].

use super::tx::{Row, Tx, values};
use super::{map, pair};
use crate::rows::{Keyed, Reader};
use crate::{Result, StoreError};
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::pause_days;
use unsaid_delivery::id::{AccountId, PersonId};
use unsaid_delivery::state::Wake;
use unsaid_delivery::{Fact, Scope, accept, refusal};

/// Whom a no is about.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) account: Option<AccountId>,
    pub(super) person: Option<PersonId>,
    pub(super) address: Keyed,
}

impl About {
    fn of(reader: &Reader, scope: Scope) -> Self {
        let person = refusal::person_of(scope, reader.person);
        Self { account: person.map(|_| reader.account), person, address: reader.address_key() }
    }

    /// The name under which its facts are journaled.
    fn subject(&self, scope: Scope) -> String {
        let [word, letter] = map::scope_values(scope).map(|value| match value {
            super::tx::Value::Text(text) => text,
            _ => String::new(),
        });
        format!("{} {word} {letter}", self.person.map_or_else(|| "-".into(), |p| p.to_string()))
    }
}

pub(super) async fn refuse(tx: &mut Tx, reader: &Reader, scope: Scope, now: Now) -> Result<()> {
    // Who came with words and not to an address can say no for themselves, and for no address.
    if reader.address().is_none() && !matches!(scope, Scope::Letter(_) | Scope::Author) {
        return Err(StoreError::Conflict);
    }
    if reader.older_card {
        return Err(StoreError::Conflict);
    }
    pair::lock(tx, reader.person).await?;
    let deliveries = pair::deliveries(tx, reader.person).await?;
    if let Scope::Letter(letter) = scope
        && !deliveries.iter().any(|d| d.letter == letter)
    {
        return Err(StoreError::Missing);
    }
    if !stands(tx, reader, scope).await? {
        let about = About::of(reader, scope);
        let rev = next_rev(tx).await?;
        keep(tx, about, scope, rev).await?;
        let (person, address) = (about.person, about.address.0);
        tx.fact(about.subject(scope), rev, Fact::Refused { person, address, scope });
    }
    for delivery in &deliveries {
        if let Some(state) = accept::refuse(delivery, scope) {
            pair::move_to(tx, delivery.id, state, None).await?;
        }
    }
    for person in touched(tx, reader, scope).await? {
        pair::wake_messages(tx, person, now).await?;
        pair::wake_knocking(tx, person, now).await?;
    }
    Ok(())
}

pub(super) async fn lift(tx: &mut Tx, reader: &Reader, scope: Scope, now: Now) -> Result<()> {
    if reader.older_card {
        return Err(StoreError::Conflict);
    }
    pair::lock(tx, reader.person).await?;
    if !stands(tx, reader, scope).await? {
        return Ok(());
    }
    let about = About::of(reader, scope);
    let rev = next_rev(tx).await?;
    take_back(tx, about, scope, rev).await?;
    let (person, address) = (about.person, about.address.0);
    tx.fact(about.subject(scope), rev, Fact::Lifted { person, address, scope });
    // A no to the house was about whoever writes to this address.
    let persons = if scope == Scope::House { touched(tx, reader, scope).await? } else { vec![reader.person] };
    for person in persons {
        lifted(tx, person, scope, now).await?;
    }
    Ok(())
}

/// What becomes of a person's deliveries when a no is lifted. Also at a replay.
pub(super) async fn lifted(tx: &mut Tx, person: PersonId, scope: Scope, now: Now) -> Result<()> {
    for delivery in pair::deliveries(tx, person).await? {
        if let Some(state) = accept::lift(&delivery, scope) {
            let wake = (!state.is_end()).then(|| Wake::Observed(now.observed.plus_days(pause_days(1))));
            pair::move_to(tx, delivery.id, state, wake).await?;
        }
    }
    Ok(())
}

/// Every no and every lifting of this house gets the next number.
async fn next_rev(tx: &mut Tx) -> Result<i64> {
    tx.need("update house set refusals = refusals + 1 where id = 1 returning refusals", &[]).await?.next()
}

/// Whether the row of this no says as much already, or something newer.
pub(super) async fn knows(tx: &mut Tx, about: About, scope: Scope, rev: i64) -> Result<bool> {
    let [word, letter] = map::scope_values(scope);
    let person = about.person.map_or_else(String::new, |id| id.to_string());
    let row = tx
        .one(
            "select 1 from refusals where address = $1 and person = $2 and scope = $3 and letter = $4 and rev >= $5",
            &[about.address.into(), person.into(), word, letter, rev.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// Keeps a no, unless the row knows something newer. Also at a replay.
pub(super) async fn keep(tx: &mut Tx, about: About, scope: Scope, rev: i64) -> Result<()> {
    let [word, letter] = map::scope_values(scope);
    let text = |id: Option<String>| id.unwrap_or_default();
    tx.exec(
        "insert into refusals (scope, letter, person, account, address, standing, rev) values ($1, $2, $3, $4, $5, 1, $6)
         on conflict (address, person, scope, letter) do update set standing = 1, rev = excluded.rev
         where refusals.rev < excluded.rev",
        &[
            word,
            letter,
            text(about.person.map(|id| id.to_string())).into(),
            text(about.account.map(|id| id.to_string())).into(),
            about.address.into(),
            rev.into(),
        ],
    )
    .await
    .map(drop)
}

/// Lifts every no of this width that concerns them, unless a row knows something newer. Also at a replay.
pub(super) async fn take_back(tx: &mut Tx, about: About, scope: Scope, rev: i64) -> Result<()> {
    let [word, letter] = map::scope_values(scope);
    let account = about.account.map_or_else(String::new, |id| id.to_string());
    let person = about.person.map_or_else(String::new, |id| id.to_string());
    tx.exec(
        "update refusals set standing = 0, rev = $1
         where scope = $2 and letter = $3 and rev < $1 and (address = $4 or person = $5)
             and (case scope
                 when 'house' then address = $4
                 when 'not-me' then address = $4 and person = $5
                 when 'quiet' then address = $4 and account = $6
                 when 'letter' then person = $5
                 else account = $6 and (person = $5 or address = $4) end)",
        &[rev.into(), word, letter, about.address.into(), person.into(), account.into()],
    )
    .await
    .map(drop)
}

/// What stands for this reader, oldest first.
pub(super) async fn standing(tx: &mut Tx, reader: &Reader) -> Result<Vec<Scope>> {
    let rows = tx
        .query(
            "select scope, letter, min(rev) from refusals
             where standing = 1 and (address = $1 or person = $2)
                 and (case scope
                     when 'house' then address = $1
                     when 'not-me' then address = $1 and person = $2
                     when 'quiet' then address = $1 and account = $3
                     when 'letter' then person = $2
                     else account = $3 and (person = $2 or address = $1) end)
             group by scope, letter order by min(rev)",
            values![reader.address_key(), reader.person, reader.account],
        )
        .await?;
    rows.into_iter().map(|mut row: Row| map::scope(&mut row)).collect()
}

async fn stands(tx: &mut Tx, reader: &Reader, scope: Scope) -> Result<bool> {
    Ok(standing(tx, reader).await?.contains(&scope))
}

/// After 'this is not for me' an address proves nothing for that person.
pub(super) async fn is_not_me(tx: &mut Tx, reader: &Reader) -> Result<bool> {
    stands(tx, reader, Scope::NotMe).await
}

/// Everybody whom a no of this reader's touches.
async fn touched(tx: &mut Tx, reader: &Reader, scope: Scope) -> Result<Vec<PersonId>> {
    if matches!(scope, Scope::NotMe | Scope::Letter(_)) {
        return Ok(vec![reader.person]);
    }
    let rows = tx
        .query(
            "select p.id, p.account from persons p
             where p.id = $1 or p.id in (select a.person from addresses a where a.key = $2) order by p.id",
            values![reader.person, reader.address_key()],
        )
        .await?;
    let mut persons = Vec::with_capacity(rows.len());
    for mut row in rows {
        let (person, account): (PersonId, AccountId) = (row.next()?, row.next()?);
        if scope == Scope::House || account == reader.account {
            persons.push(person);
        }
    }
    Ok(persons)
}
