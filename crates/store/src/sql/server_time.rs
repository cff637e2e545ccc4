//! What time it is by a database server on another machine. This is the one file whose SQL asks for the time, and nothing that is stored depends on the answer: it is one source beside
//! others, and what two sources agree on is decided in `unsaid_delivery::clock`. A statement that wrote the server's time into a row would believe that clock alone.

use super::tx::Mode;
use super::{Base, SqlStore, transaction};
use crate::Result;
use jiff::Timestamp;

/// None: the database is on this machine, whose clock is heard already.
pub(super) async fn ask(store: &SqlStore) -> Result<Option<Timestamp>> {
    match &store.base {
        Base::Postgres(base) if base.is_elsewhere() => {
            transaction!(store, Mode::Read, |tx| {
                let sql = "select cast(floor(extract(epoch from clock_timestamp()) * 1000000) as bigint)";
                tx.need(sql, &[]).await?.next().map(Some)
            })
        }
        Base::Postgres(_) | Base::Sqlite(_) => Ok(None),
    }
}
