//! The seam under all questions: a transaction that runs the same SQL text on SQLite and on PostgreSQL, and the values that go in and come
//! out. It knows no table. Parameters are `$1`, `$2` … numbered in order of first appearance, because SQLite numbers named parameters in
//! that order. A comment `/*lock*/` or `/*skip*/` becomes a row lock in PostgreSQL; in SQLite, where a writer is alone anyway, it stays a
//! comment.

use super::{postgres::PgTx, sqlite::SqliteTx};
use crate::journal::Entry;
use crate::limits::Limits;
use crate::rows::{Keyed, SealedText};
use crate::{Result, StoreError};
use jiff::Timestamp;
use unsaid_delivery::clock::Observed;

/// How much a transaction is kept apart from others. SQLite has one writer, so there every one of these but `Read` is alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One unchanging view of everything; writes nothing.
    Read,
    /// Writes; what it depends on is locked first (`/*lock*/`), in the order account, letter, person, delivery, message, wake.
    Write,
    /// Writes, and depends on rows that are not there: serializable.
    Serial,
}

/// A value that goes in or comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// The engine of a transaction.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each transaction, and it is never kept in a list"
)]
pub(crate) enum Engine {
    Sqlite(SqliteTx),
    Postgres(PgTx),
}

/// One transaction: what it asks, and the facts that go into the journal before it is committed.
pub(crate) struct Tx {
    pub(super) engine: Engine,
    pub(super) entries: Vec<Entry>,
    /// The house's numbers, as they stood when it began.
    pub(super) limits: Limits,
    /// Manifests of recovery that must be on the disk before the commit.
    pub(super) manifests: Vec<(String, String)>,
    /// Manifests that lose wraps: written anew after the commit.
    pub(super) thinned: Vec<(String, String)>,
    /// The engine asked for the whole transaction to be tried again.
    pub(super) again: bool,
    /// Counted by the simulator, and by nobody in a program that is shipped.
    _opened: unsaid_delivery::planted::Opened,
    /// At which of its changes it is made to fail.
    #[cfg(test)]
    pub(super) falls: Option<super::rehearsal::Falls>,
}

/// What the engines say inside.
pub(crate) enum Fault {
    /// Try the whole transaction again.
    Again,
    /// It cannot be.
    Cannot(StoreError),
}

impl Tx {
    pub(super) fn new(engine: Engine, limits: Limits) -> Self {
        Self {
            engine,
            limits,
            entries: Vec::new(),
            manifests: Vec::new(),
            thinned: Vec::new(),
            again: false,
            _opened: unsaid_delivery::planted::Opened::new(),
            #[cfg(test)]
            falls: None,
        }
    }

    /// Runs a statement. Gives how many rows it changed.
    pub(crate) async fn exec(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        #[cfg(test)]
        self.fall_at(sql).await?;
        let done = match &mut self.engine {
            Engine::Sqlite(tx) => tx.exec(sql, values),
            Engine::Postgres(tx) => tx.exec(sql, values).await,
        };
        self.heard(done)
    }

    /// Asks a question.
    pub(crate) async fn query(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>> {
        #[cfg(test)]
        self.fall_at(sql).await?;
        let rows = match &mut self.engine {
            Engine::Sqlite(tx) => tx.query(sql, values),
            Engine::Postgres(tx) => tx.query(sql, values).await,
        };
        self.heard(rows)
    }

    /// Asks a question with at most one answer.
    pub(crate) async fn one(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// Asks a question that has an answer if the thing is there and hers.
    pub(crate) async fn need(&mut self, sql: &'static str, values: &[Value]) -> Result<Row> {
        self.one(sql, values).await?.ok_or(StoreError::Missing)
    }

    /// Runs several statements without values (a step of the schema).
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        #[cfg(test)]
        if self.falls.is_some() {
            for statement in super::rehearsal::statements(sql) {
                self.fall_at(&statement).await?;
                self.run(&statement).await?;
            }
            return Ok(());
        }
        self.run(sql).await
    }

    async fn run(&mut self, sql: &str) -> Result<()> {
        let done = match &mut self.engine {
            Engine::Sqlite(tx) => tx.batch(sql),
            Engine::Postgres(tx) => tx.batch(sql).await,
        };
        self.heard(done)
    }

    /// Fails at this statement, if it is made to. In PostgreSQL the server itself fails, and takes nothing more in this transaction.
    #[cfg(test)]
    async fn fall_at(&mut self, sql: &str) -> Result<()> {
        let Some(error) = self.falls.as_ref().and_then(|falls| falls.at(sql)) else { return Ok(()) };
        if let Engine::Postgres(tx) = &mut self.engine {
            let failed = tx.batch(super::rehearsal::FAILS).await;
            self.heard(failed)?;
        }
        Err(error)
    }

    /// A fact that is journaled, and flushed, before this commits. `rev` is the one the subject will have.
    pub(crate) fn fact(&mut self, subject: impl ToString, rev: i64, fact: unsaid_delivery::Fact) {
        self.entries.push(Entry { subject: subject.to_string(), rev, fact });
    }

    fn heard<T>(&mut self, answer: std::result::Result<T, Fault>) -> Result<T> {
        answer.map_err(|fault| match fault {
            Fault::Again => {
                self.again = true;
                StoreError::Unavailable("the transaction has to be tried again".into())
            }
            Fault::Cannot(error) => error,
        })
    }
}

/// Values for a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::tx::Value::from($value)),*] };
}
pub(crate) use values;

/// One row; its columns are read in the order in which they were asked for.
pub(crate) struct Row(pub(super) std::vec::IntoIter<Value>);

impl Row {
    /// The next column. What does not read as its type is damage: we wrote it ourselves.
    pub(crate) fn next<T: FromValue>(&mut self) -> Result<T> {
        self.0.next().and_then(T::from_value).ok_or(StoreError::Damaged)
    }

    /// The next so many columns, read together. However they read, the ones behind them come next.
    pub(crate) fn read<T>(&mut self, columns: usize, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let behind = self.0.len().saturating_sub(columns);
        let value = read(self);
        while self.0.len() > behind {
            self.0.next();
        }
        value
    }
}

/// Reads a column.
pub(crate) trait FromValue: Sized {
    fn from_value(value: Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Int(n) = value { Some(n) } else { None }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes) } else { None }
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl FromValue for [u8; 32] {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok()
    }
}

impl FromValue for Keyed {
    fn from_value(value: Value) -> Option<Self> {
        <[u8; 32]>::from_value(value).map(Self)
    }
}

impl FromValue for SealedText {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value).map(Self)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value) -> Option<Self> {
        Self::from_microsecond(i64::from_value(value)?).ok()
    }
}

impl FromValue for Observed {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(Self)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(flag.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}

impl From<[u8; 32]> for Value {
    fn from(bytes: [u8; 32]) -> Self {
        Self::Blob(bytes.into())
    }
}

impl From<Keyed> for Value {
    fn from(key: Keyed) -> Self {
        key.0.into()
    }
}

impl From<SealedText> for Value {
    fn from(text: SealedText) -> Self {
        Self::Blob(text.0)
    }
}

impl From<Observed> for Value {
    fn from(at: Observed) -> Self {
        Self::Int(at.0)
    }
}

/// An instant that has passed: rounded down to the microsecond. For one that is waited for see [`not_before`].
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.as_nanosecond().div_euclid(1_000).try_into().unwrap_or(i64::MAX))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An instant that is waited for: rounded up to the microsecond, so that nothing is ever early.
pub(crate) fn not_before(at: Timestamp) -> Value {
    let micros = -(-at.as_nanosecond()).div_euclid(1_000);
    // The last instant of the calendar has no microsecond above it.
    Value::Int(i64::try_from(micros).map_or(i64::MAX, |m| m.min(Timestamp::MAX.as_microsecond())))
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl FromValue for $number {
            fn from_value(value: Value) -> Option<Self> {
                i64::from_value(value)?.try_into().ok()
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, i16);

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Int(n.into())
    }
}

/// A size or an offset. Beyond what the column holds it becomes the largest number there is, which no check lets through.
impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Int(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl From<unsaid_delivery::id::$id> for Value {
            fn from(id: unsaid_delivery::id::$id) -> Self {
                Self::Text(id.to_string())
            }
        }
        impl FromValue for unsaid_delivery::id::$id {
            fn from_value(value: Value) -> Option<Self> {
                String::from_value(value)?.parse().ok()
            }
        }
    )*};
}
ids!(
    AccountId,
    PersonId,
    AddressId,
    LetterId,
    DeliveryId,
    MessageId,
    BlobId,
    BootId,
    DraftId,
    ReplyId,
    ChannelId,
    KeeperId,
    KeeperSetId
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_waited_for_is_never_early(nanos in -1_000_000_000_000i128..4_000_000_000_000_000_000) {
            let at = Timestamp::from_nanosecond(nanos).unwrap();
            let late = Timestamp::from_value(not_before(at)).unwrap();
            let floor = Timestamp::from_value(Value::from(at)).unwrap();
            prop_assert!(late >= at && floor <= at);
            prop_assert!(late.as_nanosecond() - floor.as_nanosecond() <= 1_000);
        }
    }
}
