//! SQLite under the seam: one connection, in-line. Its futures are ready at once unless somebody else holds the connection. Write-ahead
//! log, `synchronous=full` (with `normal` a power cut may take back what was acknowledged), foreign keys on, what is deleted is overwritten.

use super::tx::{Fault, Row, Value};
use crate::{Result, StoreError};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The connection. Whoever holds it is alone; without it nothing is read or written.
#[derive(Clone)]
pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

/// A transaction on it.
pub(crate) struct SqliteTx {
    connection: OwnedMutexGuard<Connection>,
    open: bool,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::with(Connection::open(path).map_err(cannot)?)
    }

    pub(crate) fn in_memory() -> Result<Self> {
        Self::with(Connection::open_in_memory().map_err(cannot)?)
    }

    /// The same rows once more, in memory. Unavailable while somebody holds the connection.
    pub(crate) fn copy(&self) -> Result<Self> {
        let mut copy = Connection::open_in_memory().map_err(cannot)?;
        {
            let source = self.0.try_lock().map_err(|_| StoreError::Unavailable("it is in use".into()))?;
            let backup = rusqlite::backup::Backup::new(&source, &mut copy).map_err(cannot)?;
            backup.step(-1).map_err(cannot)?;
        }
        Self::with(copy)
    }

    fn with(connection: Connection) -> Result<Self> {
        // A copy of the file may be made by another process while we run; it is waited for.
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(cannot)?;
        connection
            .execute_batch(
                "pragma journal_mode = wal;
                 pragma synchronous = full;
                 pragma foreign_keys = on;
                 pragma secure_delete = on;
                 pragma trusted_schema = off;",
            )
            .map_err(cannot)?;
        connection.set_prepared_statement_cache_capacity(256);
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    pub(crate) async fn begin(&self, read: bool) -> std::result::Result<SqliteTx, Fault> {
        // Tried first without waiting: that is always ready, in any runtime and in none.
        let connection = match Arc::clone(&self.0).try_lock_owned() {
            Ok(connection) => connection,
            Err(_) => Arc::clone(&self.0).lock_owned().await,
        };
        let begin = if read { "begin deferred" } else { "begin immediate" };
        connection.prepare_cached(begin).and_then(|mut s| s.execute([])).map_err(fault)?;
        Ok(SqliteTx { connection, open: true })
    }
}

impl SqliteTx {
    pub(crate) fn exec(&mut self, sql: &'static str, values: &[Value]) -> std::result::Result<u64, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        numbered_in_order(&statement);
        let changed = statement.execute(rusqlite::params_from_iter(values)).map_err(fault)?;
        Ok(changed as u64)
    }

    pub(crate) fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> std::result::Result<Vec<Row>, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        numbered_in_order(&statement);
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(fault)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(match row.get_ref(column).map_err(fault)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(n) => Value::Int(n),
                    ValueRef::Text(text) => {
                        Value::Text(std::str::from_utf8(text).map_err(|_| damaged())?.to_owned())
                    }
                    ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
                    ValueRef::Real(_) => return Err(damaged()),
                });
            }
            found.push(Row(values.into_iter()));
        }
        Ok(found)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> std::result::Result<(), Fault> {
        let sql = sql.replace("bigint", "integer").replace("bytea", "blob").replace("/*strict*/", "strict");
        self.connection.execute_batch(&sql).map_err(fault)
    }

    pub(crate) fn commit(&mut self) -> std::result::Result<(), Fault> {
        self.connection.prepare_cached("commit").and_then(|mut s| s.execute([])).map_err(fault)?;
        self.open = false;
        Ok(())
    }
}

impl Drop for SqliteTx {
    /// What was not committed is taken back before anybody else gets the connection.
    fn drop(&mut self) {
        if self.open
            && !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("rollback")
        {
            tracing::error!(code = code(&error), "a transaction could not be taken back");
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Both engines see the same numbers only if each parameter first appears in its place.
fn numbered_in_order(statement: &rusqlite::Statement<'_>) {
    if cfg!(debug_assertions) {
        for i in 1..=statement.parameter_count() {
            assert_eq!(
                statement.parameter_name(i),
                Some(format!("${i}").as_str()),
                "parameters out of order"
            );
        }
    }
}

fn damaged() -> Fault {
    Fault::Cannot(StoreError::Damaged)
}

fn fault(error: rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Again,
        _ => Fault::Cannot(cannot(error)),
    }
}

/// The error without any value of a row: SQLite's own text may quote what it could not store.
pub(super) fn cannot(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged,
        _ => StoreError::Unavailable(format!("sqlite answered with code {}", code(&error))),
    }
}

fn code(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(-1, |e| e.extended_code)
}
