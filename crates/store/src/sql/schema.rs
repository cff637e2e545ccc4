//! Steps of the schema: forward only, each in one transaction, each written once for both engines. A database that a newer program has
//! stepped further is refused before anything in it is read.

use super::tx::{Mode, values};
use super::{Base, SqlStore, transaction};
use crate::{Result, StoreError};

/// Every step there is, oldest first. A step that was released is never changed; another one is added.
pub(super) const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
    include_str!("schema/0011.sql"),
    include_str!("schema/0012.sql"),
    include_str!("schema/0013.sql"),
    include_str!("schema/0014.sql"),
    include_str!("schema/0015.sql"),
    include_str!("schema/0016.sql"),
    include_str!("schema/0017.sql"),
    include_str!("schema/0018.sql"),
    include_str!("schema/0019.sql"),
    include_str!("schema/0020.sql"),
    include_str!("schema/0021.sql"),
    include_str!("schema/0022.sql"),
    include_str!("schema/0023.sql"),
    include_str!("schema/0024.sql"),
    include_str!("schema/0025.sql"),
];

/// Whether the tables are those of this program; nothing is changed.
pub(super) async fn needs_no_step(store: &SqlStore) -> Result<()> {
    let known = STEPS.len() as i64;
    let found: i64 = transaction!(store, Mode::Read, |tx| {
        tx.need("select number from schema_step where id = 1", &[]).await?.next()
    })?;
    match found.cmp(&known) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(StoreError::Newer { found, known }),
        std::cmp::Ordering::Less => {
            Err(StoreError::Unavailable("the house is kept open by an older program".into()))
        }
    }
}

/// Takes the steps that are missing.
pub(super) async fn step_forward(store: &SqlStore) -> Result<()> {
    let known = STEPS.len() as i64;
    transaction!(store, Mode::Write, |tx| {
        if matches!(store.base, Base::Postgres(_)) {
            // Two nodes may start at once; the second waits here until the first has taken its steps. The number is ours alone.
            tx.batch("select pg_advisory_xact_lock(8243118391205571)").await?;
        }
        tx.batch(
            "create table if not exists schema_step (id bigint primary key check (id = 1), number bigint not null) /*strict*/;",
        )
        .await?;
        let found = match tx.one("select number from schema_step where id = 1", &[]).await? {
            Some(mut row) => row.next()?,
            None => 0,
        };
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        for step in STEPS.iter().skip(found as usize) {
            tx.batch(step).await?;
        }
        if found < known {
            tx.exec(
                "insert into schema_step (id, number) values (1, $1) on conflict (id) do update set number = $1",
                values![known],
            )
            .await?;
        }
        Ok(())
    })
}
