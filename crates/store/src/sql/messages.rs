//! Messages: what sending one needs, whether it may still leave, and what became of it.

use super::map::{self, message_columns};
use super::tx::{Tx, Value, not_before, values};
use super::{alive, holds, lives, notes, pair, readers, wakes};
use crate::notes::{About, Noted};
use crate::rows::*;
use crate::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::{Address, NewKnock, pause_days};
use unsaid_delivery::fact::{Knocked, ToldOf};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::{AddressId, DeliveryId, LetterId, MessageId, PersonId};
use unsaid_delivery::message::{Kind, Message, MessageState, Notice, Subject, Way};
use unsaid_delivery::permit::{self, Facts, Permit};
use unsaid_delivery::record::{self, Bounce, CameBack, NOTICE_DAYS, Recorded};
use unsaid_delivery::rule::{Gate, Proof};
use unsaid_delivery::state::{Delivery, State, Wake};

/// Who is not known yet, and of whose browser nothing is known, is greeted in this language.
const NEWCOMERS_LANGUAGE: &str = "en";

/// Writes a knock, to leave at once.
pub(super) async fn knock(
    tx: &mut Tx,
    person: PersonId,
    series: i64,
    new: NewKnock,
    (id, link): (MessageId, Keyed),
    now: Now,
) -> Result<()> {
    let there = tx
        .one(
            "select 1 from addresses where id = $1 and person = $2 and removed = 0",
            values![new.address, person],
        )
        .await?;
    if there.is_none() {
        return Err(StoreError::Conflict);
    }
    // One that exists already, and was not dropped, breaks the index `one_knock`: Conflict.
    tx.exec(
        "insert into messages (id, kind, subject, person, series, nr, nth, address, state, tries, since, foreseen, rev)
         values ($1, 'knock', 'person', $2, $3, (select coalesce(max(m.nr), 0) + 1 from messages m where m.person = $2),
             $4, $5, 'waiting', 0, $6, $7, 1)",
        values![id, person, series, i64::from(new.nth), new.address, now.observed, new.foreseen],
    )
    .await?;
    tx.exec("insert into links (hash, message) values ($1, $2)", values![link, id]).await?;
    wakes::at_once(tx, WakeOf::Message(id), Lane::Letters, now).await
}

pub(super) async fn read(tx: &mut Tx, id: MessageId) -> Result<Option<Message>> {
    let row = tx
        .one(concat!("select ", message_columns!(), " from messages m where m.id = $1"), values![id])
        .await?;
    row.map(|mut row| map::message(&mut row)).transpose()
}

pub(super) async fn view(tx: &mut Tx, id: MessageId) -> Result<Option<MessageView>> {
    let Some(message) = read(tx, id).await? else { return Ok(None) };
    let way = match message.subject {
        Subject::Channel(_) | Subject::SigningIn => {
            tx.need("select way from messages where id = $1", values![id]).await?.next()?
        }
        Subject::Person(_) | Subject::Account(_) | Subject::Keeper(_) => Way::Mail,
    };
    let (address, deliveries) = facts(tx, &message).await?;
    let row = match message.subject {
        Subject::Person(_) => {
            tx.one(
                "select a.sealed, a.id, p.language, 0 from messages m
                 join persons p on p.id = m.person join addresses a on a.id = m.address where m.id = $1",
                values![id],
            )
            .await?
        }
        Subject::Account(_) => {
            tx.one(
                "select coalesce(n.sealed, a.email), case when n.sealed is null then a.id else m.id end, a.language, 0
                 from messages m join accounts a on a.id = coalesce(m.whom, m.account) left join notice_to n on n.message = m.id
                 where m.id = $1",
                values![id],
            )
            .await?
        }
        Subject::Channel(_) => {
            tx.one(
                "select c.sealed, c.id, a.language, 0 from messages m join channels c on c.id = m.whom
                 join accounts a on a.id = m.account where m.id = $1",
                values![id],
            )
            .await?
        }
        Subject::Keeper(_) => {
            tx.one(
                "select k.address, k.id, k.language, 0 from messages m join keepers k on k.id = m.whom
                 where m.id = $1 and k.address is not null",
                values![id],
            )
            .await?
        }
        Subject::SigningIn => {
            tx.one(
                "select c.email, c.message, coalesce(a.language, c.language), case when c.invitation is null then 0 else 1 end
                 from codes c left join accounts a on a.id = c.account or (c.account is null and a.email_key = c.email_key)
                 where c.message = $1",
                values![id],
            )
            .await?
        }
    };
    let Some(mut row) = row else {
        // A code's request is forgotten after a day, and its message with it. Anything else has lost what it needs.
        return if message.subject == Subject::SigningIn { Ok(None) } else { Err(StoreError::Damaged) };
    };
    let name = match (message.kind, message.subject) {
        (Kind::Knock, _) => name_to_say(tx, &message).await?,
        (Kind::Notice(Notice::SheLives), Subject::Person(person)) if alive::knows_her(tx, person).await? => {
            name_to_say(tx, &message).await?
        }
        _ => None,
    };
    let looked_after = match (message.kind, message.subject) {
        (Kind::Knock, Subject::Person(person)) => readers::is_looked_after(tx, person).await?,
        _ => false,
    };
    let about = lives::about(tx, &message).await?;
    let (to, to_bound_to) = (row.next()?, row.next()?);
    let language: Option<String> = row.next()?;
    Ok(Some(MessageView {
        message,
        to,
        to_bound_to,
        address,
        deliveries,
        way,
        language: language.unwrap_or_else(|| NEWCOMERS_LANGUAGE.into()),
        newcomer: row.next()?,
        name,
        looked_after,
        about,
    }))
}

/// Whose name a knock may perhaps say: nobody's while something unopened of the pair asks for a proof.
async fn name_to_say(tx: &mut Tx, message: &Message) -> Result<Option<NameToSay>> {
    let Subject::Person(person) = message.subject else { return Ok(None) };
    let asks = |d: &Delivery| d.rule.proof != Proof::None && !d.pinned && d.state.may_be_opened();
    if pair::deliveries(tx, person).await?.iter().any(asks) {
        return Ok(None);
    }
    let mut row = tx
        .need(
            "select a.id, a.name, a.approved_name, p.allowed_name from persons p join accounts a on a.id = p.account
             where p.id = $1",
            values![person],
        )
        .await?;
    let (account, name, approved, allowed) = (row.next()?, row.next()?, row.next()?, row.next()?);
    Ok(Some(NameToSay { account, name, approved, allowed }))
}

type Waits = Vec<(DeliveryId, LetterId, State)>;

/// What is read again before a message may leave: for a knock its address (none if it was taken away) and everything of the pair.
async fn facts(tx: &mut Tx, message: &Message) -> Result<(Option<Address>, Waits)> {
    let (
        Kind::Knock | Kind::Notice(Notice::AtTheDoor | Notice::GoesElsewhere | Notice::SheLives),
        Subject::Person(person),
    ) = (message.kind, message.subject)
    else {
        return Ok((None, Vec::new()));
    };
    let addresses = pair::addresses(tx, person).await?;
    let address = addresses.into_iter().find(|a| Some(a.id) == message.address);
    if message.kind == Kind::Notice(Notice::SheLives) {
        return Ok((address, alive::facts(tx, person).await?));
    }
    let mut deliveries = pair::deliveries(tx, person).await?;
    if message.kind == Kind::Knock
        && deliveries.iter().any(|d| d.rule.gate == Gate::Gone)
        && pair::gone(tx, person).await?.is_none()
    {
        // `a-sign-after-the-release`: what waits for her end, and is not owed any more, is no reason to write.
        deliveries.retain(|d| d.rule.gate != Gate::Gone || matches!(d.state, State::Knocked(_)));
    }
    Ok((address, deliveries.into_iter().map(|d| (d.id, d.letter, d.state)).collect()))
}

async fn permit(tx: &mut Tx, message: &Message, holds: &[Hold], now: Now) -> Result<Permit> {
    let (address, deliveries) = facts(tx, message).await?;
    let about = match lives::recipient_left(tx, message).await? {
        true => return Ok(Permit::Drop("address-removed")),
        false => lives::about(tx, message).await?,
    };
    let life = about.as_ref().and_then(|about| about.life.as_ref());
    let facts = Facts { address: address.as_ref(), deliveries: &deliveries, holds, life };
    Ok(permit::still_allowed(message, facts, now))
}

/// The row of a message that is still ours, with its pair and itself locked: fence, holder and rev stand. None otherwise. Writes nothing.
pub(super) async fn ours(tx: &mut Tx, taken: &Taken, message: &Message) -> Result<Option<Message>> {
    if taken.of != WakeOf::Message(message.id) {
        return Ok(None);
    }
    if let Subject::Person(person) = message.subject {
        pair::lock(tx, person).await?;
    }
    tx.one("select 1 from messages where id = $1 /*lock*/", values![message.id]).await?;
    let row = read(tx, message.id).await?.filter(|row| row.rev == message.rev);
    Ok(if wakes::is_ours(tx, taken).await? { row } else { None })
}

pub(super) async fn start(
    tx: &mut Tx,
    taken: &Taken,
    message: &Message,
    date: Timestamp,
    now: Now,
) -> Result<StartAnswer> {
    let Some(row) = ours(tx, taken, message).await? else { return Ok(StartAnswer::NotOurs) };
    begin(tx, &row, date, now).await
}

/// Begins what is [`ours`], if it may leave.
pub(super) async fn begin(tx: &mut Tx, row: &Message, date: Timestamp, now: Now) -> Result<StartAnswer> {
    let holds = holds::reasons(tx).await?;
    match permit(tx, row, &holds, now).await? {
        Permit::Go => {}
        Permit::Drop(why) => return Ok(StartAnswer::NotAllowed(why)),
        Permit::Wait(_) => return Ok(StartAnswer::Held),
    }
    tx.exec(
        "update messages set state = 'started', date = coalesce(date, $1), rev = rev + 1 where id = $2",
        values![date, row.id],
    )
    .await?;
    Ok(StartAnswer::Started(read(tx, row.id).await?.ok_or(StoreError::Damaged)?))
}

pub(super) async fn still_allowed(tx: &mut Tx, taken: &Taken, message: &Message, now: Now) -> Result<bool> {
    if taken.of != WakeOf::Message(message.id) || !wakes::looks_ours(tx, taken).await? {
        return Ok(false);
    }
    let Some(row) = read(tx, message.id).await?.filter(|row| row.rev == message.rev) else {
        return Ok(false);
    };
    // What has begun when a hold begins ends as it would have.
    Ok(permit(tx, &row, &[], now).await? == Permit::Go)
}

pub(super) async fn recorded(
    tx: &mut Tx,
    taken: &Taken,
    message: &Message,
    recorded: &Recorded,
    now: Now,
) -> Result<()> {
    let row = ours(tx, taken, message).await?.ok_or(StoreError::Conflict)?;
    keep(tx, &row, recorded, now).await
}

/// Keeps the answer about what is [`ours`].
pub(super) async fn keep(tx: &mut Tx, row: &Message, recorded: &Recorded, now: Now) -> Result<()> {
    if recorded.state == MessageState::Accepted && row.kind != Kind::Code {
        let knock = knocked(tx, row).await?;
        tx.fact(row.id, row.rev + 1, Fact::Accepted { message: row.id, knock });
    }
    if let (true, Some(address)) = (recorded.address_is_dead, row.address) {
        tx.exec("update addresses set good = 0 where id = $1", values![address]).await?;
        notes::of(tx, About::Message(row.id), Noted::CameBack).await?;
    }
    let tries = row.tries.saturating_add(recorded.counts.into());
    become_state(tx, row, recorded.state, tries, now).await?;
    wakes::settle(tx, WakeOf::Message(row.id), recorded.wake).await?;
    tell(tx, row, recorded.state, now).await
}

/// What the fact of an accepted knock says of it.
async fn knocked(tx: &mut Tx, row: &Message) -> Result<Option<Knocked>> {
    let (Kind::Knock, Subject::Person(person), Some(address)) = (row.kind, row.subject, row.address) else {
        return Ok(None);
    };
    let series = tx.need("select series from messages where id = $1", values![row.id]).await?.next()?;
    let link = tx.need("select hash from links where message = $1", values![row.id]).await?.next()?;
    let told = pair::deliveries(tx, person).await?.into_iter().filter(|d| d.state.is_knocking());
    let told = told.map(|d| ToldOf { delivery: d.id, letter: d.letter, occurrence: d.occurrence }).collect();
    Ok(Some(Knocked { person, series, nth: row.nth, address, link, told }))
}

pub(super) async fn dropped(tx: &mut Tx, taken: &Taken, message: &Message, now: Now) -> Result<()> {
    let row = ours(tx, taken, message).await?.ok_or(StoreError::Conflict)?;
    become_state(tx, &row, MessageState::Dropped, row.tries, now).await?;
    wakes::remove(tx, WakeOf::Message(message.id)).await?;
    tell(tx, &row, MessageState::Dropped, now).await
}

/// The relay has accepted it, as the journal knows and the rows did not.
pub(super) async fn accepted_after_all(tx: &mut Tx, message: &Message, now: Now) -> Result<()> {
    become_state(tx, message, MessageState::Accepted, message.tries.saturating_add(1), now).await?;
    wakes::remove(tx, WakeOf::Message(message.id)).await?;
    tell(tx, message, MessageState::Accepted, now).await
}

/// It came back, as the journal knows and the rows did not.
pub(super) async fn bounced_after_all(tx: &mut Tx, message: &Message, now: Now) -> Result<()> {
    if let Some(address) = message.address {
        tx.exec("update addresses set good = 0 where id = $1", values![address]).await?;
    }
    become_state(tx, message, MessageState::Refused, message.tries, now).await?;
    wakes::remove(tx, WakeOf::Message(message.id)).await?;
    if let Subject::Person(person) = message.subject {
        for delivery in pair::deliveries(tx, person).await? {
            if delivery.state == State::Unanswered {
                pair::move_to(tx, delivery.id, State::Sending, Some(Wake::Trusted(now.trusted))).await?;
            }
        }
    }
    tell(tx, message, MessageState::Refused, now).await
}

pub(super) async fn bounced(tx: &mut Tx, id: MessageId, bounce: Bounce, now: Now) -> Result<CameBack> {
    let message = read(tx, id).await?.ok_or(StoreError::Missing)?;
    if let Subject::Person(person) = message.subject {
        pair::lock(tx, person).await?;
    }
    tx.one("select 1 from messages where id = $1 /*lock*/", values![id]).await?;
    let message = read(tx, id).await?.ok_or(StoreError::Missing)?;
    let became = record::bounced(&message, bounce);
    if became == CameBack::AddressIsDead {
        tx.fact(id, message.rev + 1, Fact::Bounced { message: id });
        bounced_after_all(tx, &message, now).await?;
    }
    Ok(became)
}

/// Writes a notice to an address of a person, which waits for its wake. `expires`: from then on it is pointless.
pub(super) async fn put_notice_to(
    tx: &mut Tx,
    (id, what): (MessageId, Notice),
    (person, address): (PersonId, AddressId),
    expires: Option<Timestamp>,
    now: Now,
) -> Result<()> {
    tx.exec(
        "insert into messages (id, kind, subject, person, series, nr, nth, address, state, tries, since, expires, foreseen, rev)
         values ($1, $2, 'person', $3, 0, 0, 1, $4, 'waiting', 0, $5, $6, 1, 1)",
        &[
            id.into(),
            Kind::Notice(what).into(),
            person.into(),
            address.into(),
            now.observed.into(),
            expires.map_or(Value::Null, not_before),
        ],
    )
    .await
    .map(drop)
}

/// When a notice of now is pointless.
pub(super) fn notice_ends(now: Now) -> Timestamp {
    now.trusted.checked_add(SignedDuration::from_hours(NOTICE_DAYS * 24)).unwrap_or(Timestamp::MAX)
}

pub(super) async fn nobody_reads(tx: &mut Tx, knock: MessageId, notice: MessageId, now: Now) -> Result<bool> {
    let row = tx
        .one(
            "select m.person, m.address from messages m join addresses a on a.id = m.address
             where m.id = $1 and m.kind = 'knock' and a.removed = 0",
            values![knock],
        )
        .await?;
    let Some(mut row) = row else { return Ok(false) };
    let (person, address): (PersonId, AddressId) = (row.next()?, row.next()?);
    pair::lock(tx, person).await?;
    let kind = Kind::Notice(Notice::NobodyReads);
    let told = tx
        .one(
            "select 1 from messages where person = $1 and address = $2 and kind = $3 and since > $4 limit 1",
            values![person, address, kind, now.observed.plus_days(-TOLD_AGAIN_DAYS)],
        )
        .await?;
    if told.is_some() {
        return Ok(false);
    }
    let what = (notice, Notice::NobodyReads);
    put_notice_to(tx, what, (person, address), Some(notice_ends(now)), now).await?;
    wakes::at_once(tx, WakeOf::Message(notice), Lane::Letters, now).await?;
    Ok(true)
}

async fn become_state(
    tx: &mut Tx,
    message: &Message,
    state: MessageState,
    tries: u16,
    now: Now,
) -> Result<()> {
    // Of a message of the ladder it counts, too, when it was refused. What did not go by mail never does.
    let counts = state == MessageState::Accepted
        || (state == MessageState::Refused && matches!(message.kind, Kind::Ladder(_)));
    let ended = counts.then_some(now.observed);
    tx.exec(
        "update messages set state = $1, tries = $2, ended = case when way is null then cast($3 as bigint) end, rev = rev + 1
         where id = $4",
        &[state.into(), i64::from(tries).into(), ended.map_or(Value::Null, Into::into), message.id.into()],
    )
    .await
    .map(drop)
}

/// What an ended knock means for everything that knocks in its pair.
async fn tell(tx: &mut Tx, message: &Message, state: MessageState, now: Now) -> Result<()> {
    if let Kind::Ladder(_) = message.kind {
        return lives::heard(tx, message.id, state, now).await;
    }
    let (Kind::Knock, Subject::Person(person)) = (message.kind, message.subject) else { return Ok(()) };
    match state {
        MessageState::Waiting | MessageState::Started => Ok(()),
        MessageState::Accepted => {
            let wake = Wake::Observed(now.observed.plus_days(pause_days(message.nth)));
            for id in pair::knocking(tx, person).await? {
                pair::move_to(tx, id, State::Knocked(message.nth), Some(wake)).await?;
            }
            Ok(())
        }
        MessageState::Refused | MessageState::Dropped => pair::wake_knocking(tx, person, now).await,
    }
}
