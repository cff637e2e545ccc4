//! Sign-in codes: who asked for one, how often, and whether what was typed is right. Only keyed hashes of codes are here.

use super::limits::count;
use super::sessions::ago;
use super::tx::{Tx, not_before, values};
use super::wakes;
use crate::limits::{CODES_OF_AN_INVITATION, DAY, HOUR, Limits};
use crate::rows::{CodeAsk, CodeAsked, CodeTried, Keyed, Lane, WakeOf};
use crate::{Result, StoreError};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, MessageId};
use unsaid_delivery::message::Way;

/// So many are asked for one address in a day.
const A_DAY: i64 = 10;
/// A request is over after so many wrong tries.
const TRIES: i64 = 5;

/// Requests for codes come one after the other: what is counted for the whole house must not be counted by two at once.
pub(super) async fn in_turn(tx: &mut Tx) -> Result<()> {
    tx.need("select 1 from house where id = 1 /*lock*/", &[]).await.map(drop)
}

/// Whether the mail of this request goes out. Every question is asked for every request, so that known and unknown addresses are the same work.
async fn may_be_written(tx: &mut Tx, ask: &CodeAsk, now: Now) -> Result<bool> {
    let hour_ago = ago(now, HOUR);
    let sql = "select count(*) from codes where written = 1 and asked > $1";
    let written = count(tx, sql, values![hour_ago]).await?;
    let sql = "select count(*) from codes where written = 1 and known = 0 and asked > $1";
    let to_new = count(tx, sql, values![hour_ago]).await?;
    let sql = "select count(*) from codes where written = 1 and email_key = $1 and asked > $2";
    let to_this = count(tx, sql, values![ask.email_key, hour_ago]).await?;
    let sql = "select count(*) from codes where invitation = $1 and asked > $2";
    let values = values![ask.invitation.unwrap_or(Keyed([0; 32])), ago(now, DAY)];
    let invited = count(tx, sql, values).await?;
    let invited = ask.known || Limits::room(CODES_OF_AN_INVITATION, invited);
    Ok(tx.limits.may_write(ask.known, written, to_new, to_this) && invited)
}

pub(super) async fn ask(tx: &mut Tx, ask: &CodeAsk, now: Now) -> Result<CodeAsked> {
    // What nobody counts any more is not kept; a row whose mail is still owed is.
    tx.exec(
        "delete from codes where asked <= $1 and not exists
             (select 1 from messages m where m.id = codes.message and m.state in ('waiting', 'started'))",
        values![ago(now, DAY)],
    )
    .await?;
    let asked: i64 = tx
        .need(
            "select count(*) from codes where email_key = $1 and asked > $2",
            values![ask.email_key, ago(now, DAY)],
        )
        .await?
        .next()?;
    if asked >= A_DAY {
        return Ok(CodeAsked::TooMany);
    }
    let written = may_be_written(tx, ask, now).await?;
    drop_earlier(tx, ask.browser).await?;
    tx.exec(
        "insert into codes (message, browser, email_key, email, invitation, asked, expires, language, written, known,
             tries, ended)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0)",
        values![
            ask.message,
            ask.browser,
            ask.email_key,
            ask.to.clone(),
            ask.invitation,
            now.trusted,
            ask.expires,
            ask.language.as_str(),
            ask.write && written,
            ask.known
        ],
    )
    .await?;
    if ask.write && written {
        tx.exec(
            "insert into messages (id, kind, subject, series, nr, nth, state, tries, since, expires, foreseen, rev)
             values ($1, 'code', 'signing-in', 0, 0, 1, 'waiting', 0, $2, $3, 1, 1)",
            values![ask.message, now.observed, not_before(ask.expires)],
        )
        .await?;
        wakes::at_once(tx, WakeOf::Message(ask.message), Lane::Codes, now).await?;
    }
    Ok(if ask.write && !written { CodeAsked::Held } else { CodeAsked::Taken })
}

/// An earlier request of the same browser ends. Its mail, if it has not begun to leave, is not wanted any more.
async fn drop_earlier(tx: &mut Tx, browser: Keyed) -> Result<()> {
    let ended = tx
        .query(
            "update codes set ended = 1 where browser = $1 and ended = 0 returning message",
            values![browser],
        )
        .await?;
    for mut row in ended {
        let message: MessageId = row.next()?;
        let dropped = tx
            .exec(
                "update messages set state = 'dropped', rev = rev + 1 where id = $1 and state = 'waiting'",
                values![message],
            )
            .await?;
        if dropped == 1 {
            wakes::remove(tx, WakeOf::Message(message)).await?;
        }
    }
    Ok(())
}

pub(super) async fn set(tx: &mut Tx, message: MessageId, code: Keyed) -> Result<()> {
    let changed = tx
        .exec(
            "update codes set code = $1 where message = $2 and ended = 0
                 and exists (select 1 from messages m where m.id = codes.message)",
            values![code, message],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Missing) }
}

/// A code for signing in.
pub(super) async fn try_one(tx: &mut Tx, browser: Keyed, typed: Keyed, now: Now) -> Result<CodeTried> {
    try_for(tx, browser, typed, None, "", now).await
}

/// What a code for another address at which she is written to is good for.
pub(super) fn purpose_of(way: Way) -> &'static str {
    match way {
        Way::Mail => "channel",
        Way::Hook => "hook",
        Way::Push => "push",
    }
}

/// A code for signing in, or for an address of an account: each is good for what it was asked for alone.
pub(super) async fn try_for(
    tx: &mut Tx,
    browser: Keyed,
    typed: Keyed,
    of: Option<AccountId>,
    purpose: &str,
    now: Now,
) -> Result<CodeTried> {
    let row = tx
        .one(
            "select message, code, tries, email_key, email, invitation from codes
             where browser = $1 and ended = 0 and expires > $2 and coalesce(account, '') = $3
                 and coalesce(purpose, '') = $4 /*lock*/",
            values![
                browser,
                now.trusted,
                of.map_or_else(String::new, |account| account.to_string()),
                purpose
            ],
        )
        .await?;
    let Some(mut row) = row else { return Ok(CodeTried::Over) };
    let (message, code): (MessageId, Option<Keyed>) = (row.next()?, row.next()?);
    let tries: i64 = row.next()?;
    let (email_key, to, invitation) = (row.next()?, row.next()?, row.next()?);
    if tries >= TRIES {
        return Ok(CodeTried::Over);
    }
    if code != Some(typed) {
        tx.exec("update codes set tries = tries + 1 where message = $1", values![message]).await?;
        return Ok(CodeTried::Wrong);
    }
    tx.exec("update codes set ended = 1, code = null where message = $1", values![message]).await?;
    let account: Option<AccountId> = account_of(tx, email_key).await?;
    Ok(CodeTried::Right { email_key, to, message, account, invitation })
}

pub(super) async fn account_of(tx: &mut Tx, email_key: Keyed) -> Result<Option<AccountId>> {
    let row = tx.one("select id from accounts where email_key = $1", values![email_key]).await?;
    row.map(|mut row| row.next()).transpose()
}
