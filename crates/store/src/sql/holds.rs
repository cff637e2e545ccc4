//! What stands in the way of the whole house: one row for each reason, read by every node before a message begins. What a reason lets through is not known here.

use super::tx::{FromValue, Tx, Value, values};
use crate::Result;
use crate::rows::Standing;
use unsaid_delivery::clock::Now;
use unsaid_delivery::hold::Hold;

impl From<Hold> for Value {
    fn from(hold: Hold) -> Self {
        hold.key().into()
    }
}

impl FromValue for Hold {
    fn from_value(value: Value) -> Option<Self> {
        Self::of(&String::from_value(value)?)
    }
}

pub(super) async fn hold(tx: &mut Tx, what: Hold, now: Now) -> Result<bool> {
    let made = tx
        .exec(
            "insert into holds (what, since) values ($1, $2) on conflict (what) do nothing",
            values![what, now.trusted],
        )
        .await?;
    Ok(made == 1)
}

pub(super) async fn unhold(tx: &mut Tx, what: Hold) -> Result<bool> {
    Ok(tx.exec("delete from holds where what = $1", values![what]).await? == 1)
}

pub(super) async fn standing(tx: &mut Tx) -> Result<Vec<Standing>> {
    let rows = tx.query("select what, since from holds", &[]).await?;
    let mut standing: Vec<Standing> = rows
        .into_iter()
        .map(|mut row| Ok(Standing { what: row.next()?, since: row.next()? }))
        .collect::<Result<_>>()?;
    standing.sort_by_key(|one| one.what);
    Ok(standing)
}

/// The reasons alone, for the question before DATA.
pub(super) async fn reasons(tx: &mut Tx) -> Result<Vec<Hold>> {
    let rows = tx.query("select what from holds", &[]).await?;
    rows.into_iter().map(|mut row| row.next()).collect()
}
