//! What is remembered of a letter's way, in a database: a line for each fact that is hers to know, in that fact's own transaction. What it means is not known here.

use super::tx::{Row, Tx, values};
use crate::journal::Entry;
use crate::notes::{self, About, Note, Noted};
use crate::rows::Letter;
use crate::{Result, StoreError};
use jiff::Timestamp;

/// The facts of a transaction, before it is committed.
pub(super) async fn of_facts(tx: &mut Tx) -> Result<()> {
    let found: Vec<(About, Noted)> =
        tx.entries.iter().filter_map(|entry: &Entry| notes::of(&entry.fact)).collect();
    for (about, what) in found {
        of(tx, about, what).await?;
    }
    Ok(())
}

/// One line, at the time that the house has written down last; nothing before it has any.
pub(super) async fn of(tx: &mut Tx, about: About, what: Noted) -> Result<()> {
    let Some(mut row) = tx.one("select trusted from clock where id = 1", &[]).await? else { return Ok(()) };
    let at: Timestamp = row.next()?;
    let subject: Option<String> = match about {
        About::Letter(id) => Some(id.to_string()),
        About::Person(id) => Some(id.to_string()),
        About::Account(id) => Some(id.to_string()),
        About::Delivery(id) => {
            let row = tx.one("select letter from deliveries where id = $1", values![id]).await?;
            row.map(|mut row| row.next()).transpose()?
        }
        About::Message(id) => {
            let row = tx.one("select person from messages where id = $1", values![id]).await?;
            row.map(|mut row| row.next::<Option<String>>()).transpose()?.flatten()
        }
    };
    let Some(subject) = subject else { return Ok(()) };
    tx.exec(
        "insert into notes (subject, nr, at, what)
         values ($1, (select coalesce(max(n.nr), 0) + 1 from notes n where n.subject = $1), $2, $3)",
        values![subject.as_str(), at, what.key()],
    )
    .await
    .map(drop)
}

pub(super) async fn of_letter(tx: &mut Tx, letter: &Letter) -> Result<Vec<Note>> {
    let mut found = Vec::new();
    for (place, subject) in notes::subjects(letter).into_iter().enumerate() {
        let rows = tx
            .query("select at, what from notes where subject = $1 order by nr", values![subject.as_str()])
            .await?;
        for mut row in rows {
            found.push((place, note(&mut row)?));
        }
    }
    Ok(notes::of_letter(letter, found))
}

fn note(row: &mut Row) -> Result<Note> {
    let (at, word): (Timestamp, String) = (row.next()?, row.next()?);
    let what = Noted::ALL.into_iter().find(|what| what.key() == word).ok_or(StoreError::Damaged)?;
    Ok(Note { at, what })
}
