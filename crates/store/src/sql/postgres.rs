//! PostgreSQL under the seam: a pool of connections. Without TLS, so it connects to this machine (a socket, a loopback address), or
//! elsewhere only where the url itself says `sslmode=disable`, because then the host has decided that the way there is safe (a tunnel).
//! What other writers may do meanwhile is settled by row locks; see [`super::tx::Mode`].

use super::tx::{Fault, Mode, Row, Value};
use crate::{Result, StoreError};
use bytes::{BufMut, BytesMut};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use std::error::Error;
use std::net::IpAddr;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use tokio_postgres::{Config, NoTls};

/// At most so many transactions at a time.
pub(crate) const CONNECTIONS: usize = 16;

/// The pool.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
    /// The server stands on another machine, with a clock of its own.
    elsewhere: bool,
}

/// A transaction on one of its connections. Dropped without a commit, the connection is closed, and the server takes everything back.
pub(crate) struct PgTx {
    connection: Option<Object>,
}

/// What became of a commit.
pub(crate) enum Committed {
    /// It stands.
    Yes,
    /// It certainly does not.
    No(Fault),
    /// The connection broke, and nobody could say.
    Unknown,
}

impl Postgres {
    pub(crate) fn open(url: &str) -> Result<Self> {
        let config: Config = url
            .parse()
            .map_err(|_| StoreError::Unavailable("the url of PostgreSQL cannot be read".into()))?;
        let elsewhere = !is_near(&config);
        if elsewhere && config.get_ssl_mode() != SslMode::Disable {
            return Err(StoreError::Unavailable(
                "PostgreSQL stands on another machine: lead a tunnel to it, and say sslmode=disable in its url".into(),
            ));
        }
        let manager =
            Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|_| StoreError::Unavailable("the pool could not be made".into()))?;
        Ok(Self { pool, elsewhere })
    }

    /// Whether its clock is another than this machine's.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    /// As if it stood on another machine.
    #[cfg(test)]
    pub(crate) fn moved_elsewhere(self) -> Self {
        Self { elsewhere: true, ..self }
    }

    pub(crate) async fn begin(&self, mode: Mode) -> std::result::Result<PgTx, Fault> {
        let connection = self.pool.get().await.map_err(|error| {
            Fault::Cannot(match error {
                deadpool_postgres::PoolError::Backend(error) => cannot(&error),
                _ => StoreError::Unavailable("PostgreSQL gave no connection".into()),
            })
        })?;
        let tx = PgTx { connection: Some(connection) };
        tx.connection()?
            .batch_execute(match mode {
                Mode::Read => "begin isolation level repeatable read read only",
                Mode::Write => "begin isolation level read committed",
                Mode::Serial => "begin isolation level serializable",
            })
            .await
            .map_err(|e| fault(&e))?;
        Ok(tx)
    }

    /// What became of a transaction whose connection broke at its commit.
    pub(crate) async fn became_of(&self, transaction: &str) -> Committed {
        // While the server still works on it, it is asked again; each question is a round trip, and that is the pause.
        for _ in 0..1_000 {
            let Ok(connection) = self.pool.get().await else { continue };
            let row = connection
                .query_one("select pg_xact_status(cast($1 as text)::xid8)", &[&transaction])
                .await
                .and_then(|row| row.try_get::<_, Option<String>>(0));
            match row.as_ref().map(Option::as_deref) {
                Ok(Some("committed")) => return Committed::Yes,
                Ok(Some("aborted")) => return Committed::No(Fault::Again),
                _ => tokio::task::yield_now().await,
            }
        }
        Committed::Unknown
    }
}

impl PgTx {
    fn connection(&self) -> std::result::Result<&Object, Fault> {
        self.connection
            .as_ref()
            .ok_or_else(|| Fault::Cannot(StoreError::Unavailable("the transaction is over".into())))
    }

    pub(crate) async fn exec(&mut self, sql: &str, values: &[Value]) -> std::result::Result<u64, Fault> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(&with_locks(sql)).await.map_err(|e| fault(&e))?;
        connection.execute_raw(&statement, values).await.map_err(|e| fault(&e))
    }

    pub(crate) async fn query(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> std::result::Result<Vec<Row>, Fault> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(&with_locks(sql)).await.map_err(|e| fault(&e))?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
        let rows = connection.query(&statement, &values).await.map_err(|e| fault(&e))?;
        rows.into_iter()
            .map(|row| {
                let columns: std::result::Result<Vec<Value>, _> =
                    (0..row.len()).map(|i| row.try_get::<_, Value>(i)).collect();
                Ok(Row(columns.map_err(|_| Fault::Cannot(StoreError::Damaged))?.into_iter()))
            })
            .collect()
    }

    pub(crate) async fn batch(&mut self, sql: &str) -> std::result::Result<(), Fault> {
        self.connection()?.batch_execute(sql).await.map_err(|e| fault(&e))
    }

    /// The server's own name for this transaction, by which its end can be asked for on another connection.
    pub(crate) async fn name(&mut self) -> std::result::Result<String, Fault> {
        let mut rows = self.query("select cast(pg_current_xact_id() as text)", &[]).await?;
        rows.pop().and_then(|mut row| row.next().ok()).ok_or(Fault::Cannot(StoreError::Damaged))
    }

    pub(crate) async fn commit(&mut self) -> Committed {
        let answer = match self.connection() {
            Ok(connection) => connection.batch_execute("commit").await,
            Err(fault) => return Committed::No(fault),
        };
        match answer {
            Ok(()) => {
                // Given back to the pool in good order.
                self.connection = None;
                Committed::Yes
            }
            Err(error) if error.as_db_error().is_some() => Committed::No(fault(&error)),
            Err(_) => Committed::Unknown,
        }
    }
}

impl Drop for PgTx {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

/// Only this machine, where nobody listens on the way.
fn is_near(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        Host::Unix(_) => true,
    }) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn with_locks(sql: &str) -> String {
    sql.replace("/*lock*/", "for update").replace("/*skip*/", "for update skip locked")
}

fn fault(error: &tokio_postgres::Error) -> Fault {
    match error.code() {
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => Fault::Again,
        _ => Fault::Cannot(cannot(error)),
    }
}

/// The error without any value of a row: PostgreSQL's own text quotes keys.
fn cannot(error: &tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(&SqlState::DISK_FULL) => StoreError::Full,
        Some(code) if code.code().starts_with("23") => StoreError::Conflict,
        Some(&SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED) => StoreError::Damaged,
        Some(code) => StoreError::Unavailable(format!("PostgreSQL answered with code {}", code.code())),
        None => StoreError::Unavailable("PostgreSQL does not answer".into()),
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, kind) {
            (Self::Null, _) => return Ok(IsNull::Yes),
            (Self::Int(n), &Type::INT8) => out.put_i64(*n),
            (Self::Int(n), &Type::INT4) => out.put_i32(i32::try_from(*n)?),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR) => out.put_slice(text.as_bytes()),
            (Self::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            _ => return Err(format!("a value does not fit a parameter of type {kind}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Self::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(kind, raw)?.into()),
            Type::TEXT | Type::VARCHAR => Self::Text(<&str>::from_sql(kind, raw)?.into()),
            Type::BYTEA => Self::Blob(raw.into()),
            _ => return Err(format!("a column of type {kind} has no place here").into()),
        })
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
