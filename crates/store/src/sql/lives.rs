//! Whether an author is alive, in a database: her row, her keepers and channels, and what a change of it writes. The rules are the core's. One thing because a change of
//! her row moves her messages, her wake and her letters in the same transaction.

use super::lives_map::{self, life_columns};
use super::tx::{Mode, Tx, Value, not_before, values};
use super::{
    SqlStore, alive, asks, codes, given, keys, life_manifest, messages, rehearsed, transaction, wakes,
};
use crate::lives::*;
use crate::rows::*;
use crate::{Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{AccountId, AddressId, ChannelId, KeeperId, MessageId, PersonId};
use unsaid_delivery::life::{Change, Facts, GateMoves, Heard, Life, To, Vote, Word, Write};
use unsaid_delivery::message::{Kind, Ladder, Message, MessageState, Notice, Says, Subject, Way};
use unsaid_delivery::planted;

#[async_trait]
impl LifeStore for SqlStore {
    async fn life(&self, account: AccountId) -> Result<Option<LifeView>> {
        transaction!(self, Mode::Read, |tx| view(&mut tx, account).await)
    }

    async fn commit_life(
        &self,
        before: Option<&Life>,
        change: &Change,
        names: &Names,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            commit(&mut tx, before, change, names, now).await?;
            let of = WakeOf::Life(change.life.account);
            match change.wake {
                Some(wake) => wakes::set(&mut tx, of, Lane::Letters, wake).await,
                None => wakes::remove(&mut tx, of).await,
            }
        })?;
        planted::moved(change.life.account, change.life.stage);
        Ok(())
    }

    async fn decided_life(
        &self,
        taken: &Taken,
        before: &Life,
        change: &Change,
        names: &Names,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            if taken.of != WakeOf::Life(before.account) {
                return Err(StoreError::Conflict);
            }
            lock(&mut tx, before.account).await?;
            if !wakes::is_ours(&mut tx, taken).await? {
                return Err(StoreError::Conflict);
            }
            commit(&mut tx, Some(before), change, names, now).await?;
            wakes::settle(&mut tx, taken.of, change.wake).await
        })?;
        planted::moved(change.life.account, change.life.stage);
        Ok(())
    }

    async fn asked_by(&self, link: Keyed) -> Result<Option<AskedBy>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx.one("select message from links where hash = $1", values![link]).await?;
            let Some(mut row) = row else { return Ok(None) };
            let id: MessageId = row.next()?;
            let Some(message) = messages::read(&mut tx, id).await? else { return Ok(None) };
            let Kind::Ladder(ladder) = message.kind else { return Ok(None) };
            let account = tx.need("select account from messages where id = $1", values![id]).await?.next()?;
            Ok(Some(AskedBy { message: id, account, ladder, to: to_of(message.subject, account) }))
        })
    }

    async fn gone_letters(&self, account: AccountId) -> Result<GoneLetters> {
        transaction!(self, Mode::Read, |tx| {
            let mut row = tx
                .need(
                    "select coalesce(sum(case when state in ('resting', 'waiting', 'due', 'sending') then 1 else 0 end), 0),
                         coalesce(sum(case when state in ('knocked', 'later', 'askable', 'opened', 'refused', 'unanswered', 'unreachable')
                             or (state = 'parked' and state_number = 1) then 1 else 0 end), 0)
                     from deliveries where account = $1 and gate = 'gone'",
                    values![account],
                )
                .await?;
            Ok(GoneLetters { wait: row.next()?, left: row.next()? })
        })
    }

    async fn keepers(&self, account: AccountId) -> Result<Vec<KeeperRow>> {
        transaction!(self, Mode::Read, |tx| keepers(&mut tx, account).await)
    }

    async fn add_keeper(&self, author: &Author, keeper: NewKeeper, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await?;
            let stand = keepers(&mut tx, author.account).await?;
            if stand.iter().filter(|k| k.standing.counts()).count() >= KEEPERS {
                return Err(StoreError::Conflict);
            }
            let taken = tx
                .one("select 1 from keepers where id = $1 or link = $2", values![keeper.id, keeper.link])
                .await?;
            if taken.is_some() {
                return Err(StoreError::Conflict);
            }
            tx.fact(keeper.id, 1, keeper_added(author.account, &keeper));
            put_keeper(&mut tx, author.account, &keeper, now).await?;
            life_manifest::keep(&mut tx, author.account).await
        })
    }

    async fn keeper_of(&self, link: Keyed) -> Result<Option<KeeperRow>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx.one("select id, account from keepers where link = $1", values![link]).await?;
            let found = match row {
                Some(mut row) => Some((row.next()?, row.next()?)),
                None => asks::keeper_asked_by(&mut tx, link).await?,
            };
            let Some((id, account)): Option<(KeeperId, AccountId)> = found else { return Ok(None) };
            Ok(keepers(&mut tx, account).await?.into_iter().find(|keeper| keeper.id == id))
        })
    }

    async fn keeper_answers(
        &self,
        keeper: KeeperId,
        enrolled: bool,
        told: MessageId,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let KeeperOf { account, standing, rev } = locked_keeper(&mut tx, keeper).await?;
            let new = if enrolled { KeeperStanding::Enrolled } else { KeeperStanding::Declined };
            if standing == KeeperStanding::Removed {
                return Err(StoreError::Missing);
            }
            heard_of_keeper(&mut tx, keeper, now).await?;
            if standing == new {
                return Ok(());
            }
            tx.fact(keeper, rev + 1, Fact::KeeperAnswered { keeper, enrolled });
            stand(&mut tx, account, keeper, new, now).await?;
            keys::notice(&mut tx, account, told_of(enrolled), told, now).await?;
            life_manifest::keep(&mut tx, account).await
        })
    }

    async fn keeper_moves(
        &self,
        keeper: KeeperId,
        address: SealedText,
        told: MessageId,
        now: Now,
    ) -> Result<()> {
        self.moves(keeper, address, told, now).await
    }

    async fn lost_persons(&self, keeper: KeeperId) -> Result<Vec<LostPerson>> {
        self.lost(keeper).await
    }

    async fn offer_address(
        &self,
        keeper: KeeperId,
        person: PersonId,
        address: NewAddress,
        told: MessageId,
        now: Now,
    ) -> Result<Offered> {
        self.offered(keeper, person, address, told, now).await
    }

    async fn offered_addresses(&self, author: &Author, person: PersonId) -> Result<Vec<OfferedAddress>> {
        self.offers(author, person).await
    }

    async fn answer_offer(
        &self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        takes: bool,
        now: Now,
    ) -> Result<()> {
        self.answer(author, person, address, takes, now).await
    }

    async fn tell_of_person(
        &self,
        author: &Author,
        person: PersonId,
        name: Option<SealedText>,
    ) -> Result<()> {
        self.tells_of(author, person, name).await
    }

    async fn told_of_person(&self, author: &Author, person: PersonId) -> Result<Option<SealedText>> {
        self.told(author, person).await
    }

    async fn remove_keeper(&self, author: &Author, keeper: KeeperId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let KeeperOf { account, standing, rev } = locked_keeper(&mut tx, keeper).await?;
            if account != author.account || standing == KeeperStanding::Removed {
                return Err(StoreError::Missing);
            }
            tx.fact(keeper, rev + 1, Fact::KeeperRemoved { account, keeper });
            stand(&mut tx, account, keeper, KeeperStanding::Removed, now).await?;
            life_manifest::keep(&mut tx, account).await
        })
    }

    async fn channels(&self, account: AccountId) -> Result<Vec<ChannelRow>> {
        transaction!(self, Mode::Read, |tx| channels(&mut tx, account).await)
    }

    async fn ask_channel(
        &self,
        author: &Author,
        ask: EmailChangeAsk,
        way: Way,
        now: Now,
    ) -> Result<CodeAsked> {
        transaction!(self, Mode::Write, |tx| {
            keys::ask_for_address(&mut tx, author, &ask, Some(way), now).await
        })
    }

    async fn prove_channel(
        &self,
        author: &Author,
        browser: Keyed,
        code: Keyed,
        channel: NewChannel,
        now: Now,
    ) -> Result<ChannelTried> {
        transaction!(self, Mode::Write, |tx| {
            prove_channel(&mut tx, author, browser, code, &channel, now).await
        })
    }

    async fn add_channel(
        &self,
        author: &Author,
        channel: ChannelId,
        way: Way,
        sealed: SealedText,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await?;
            add_channel(&mut tx, author.account, (channel, way), &sealed, now).await
        })
    }

    async fn remove_channel(&self, author: &Author, channel: ChannelId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            if remove_channel(&mut tx, author.account, channel, now).await? {
                Ok(())
            } else {
                Err(StoreError::Missing)
            }
        })
    }

    async fn browser_over(&self, channel: ChannelId, told: MessageId, now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| {
            let row = tx.one("select account from channels where id = $1", values![channel]).await?;
            let Some(mut row) = row else { return Ok(false) };
            let account: AccountId = row.next()?;
            if !remove_channel(&mut tx, account, channel, now).await? {
                return Ok(false);
            }
            keys::notice(&mut tx, account, Notice::BrowserOver, told, now).await?;
            Ok(true)
        })
    }

    async fn send_rehearsal(&self, author: &Author, messages: &[ToSend], now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| rehearsed::send(&mut tx, author, messages, now).await)
    }

    async fn rehearsal_sent(&self, account: AccountId) -> Result<Option<RehearsalSent>> {
        transaction!(self, Mode::Read, |tx| rehearsed::sent(&mut tx, account).await)
    }

    async fn stop_rehearsal(&self, author: &Author) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| rehearsed::stop(&mut tx, author).await)
    }

    async fn put_stop_code(&self, author: &Author, code: Keyed) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let taken = tx
                .one(
                    "select 1 from stop_codes where code = $1 and account <> $2",
                    values![code, author.account],
                )
                .await?;
            if taken.is_some() {
                return Err(StoreError::Conflict);
            }
            let fact = Fact::StopCodeMade { account: author.account, code: code.0 };
            tx.fact(author.account, 0, fact);
            keep_stop_code(&mut tx, author.account, code).await?;
            life_manifest::keep(&mut tx, author.account).await
        })
    }

    async fn account_of_stop_code(&self, code: Keyed) -> Result<Option<AccountId>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx.one("select account from stop_codes where code = $1", values![code]).await?;
            row.map(|mut row| row.next()).transpose()
        })
    }
}

/// Her row.
pub(super) async fn read(tx: &mut Tx, account: AccountId) -> Result<Option<Life>> {
    let row = tx
        .one(concat!("select ", life_columns!(), " from lives where account = $1"), values![account])
        .await?;
    row.map(|mut row| lives_map::life(&mut row)).transpose()
}

async fn lock(tx: &mut Tx, account: AccountId) -> Result<Option<i64>> {
    let row = tx.one("select rev from lives where account = $1 /*lock*/", values![account]).await?;
    row.map(|mut row| row.next()).transpose()
}

/// Her row with what decisions may know.
pub(super) async fn view(tx: &mut Tx, account: AccountId) -> Result<Option<LifeView>> {
    let Some(life) = read(tx, account).await? else { return Ok(None) };
    let others = channels(tx, account).await?.into_iter().map(|channel| To::Channel(channel.id));
    let named = keepers(tx, account).await?;
    let standing: Vec<&KeeperRow> = named.iter().filter(|keeper| keeper.standing.counts()).collect();
    let host: Option<AccountId> = {
        let row = tx
            .one(
                "select id from accounts where role = 'host' and id <> $1 order by made, id limit 1",
                values![account],
            )
            .await?;
        row.map(|mut row| row.next()).transpose()?
    };
    let reachable = standing.iter().find(|keeper| keeper.address.is_some());
    let somebody_else = host.map(To::Host).or_else(|| reachable.map(|keeper| To::Keeper(keeper.id)));
    let facts = Facts {
        channels: [To::SignIn].into_iter().chain(others).collect(),
        keepers: standing.iter().map(|keeper| keeper.id).collect(),
        quiet: quiet(tx, account).await?,
        invited: to_be_invited(tx, account).await?,
        lost: given::how_many_lost(tx, account).await?,
        votes: votes(tx, account, life.episode).await?,
        rung: rung(tx, &life).await?,
        mail_left: mail_left(tx, account).await?,
        somebody_else,
        hears_bounces: false,
    };
    Ok(Some(LifeView { life, facts }))
}

/// Since when nothing has passed between the house and each keeper who stands.
async fn quiet(tx: &mut Tx, account: AccountId) -> Result<Vec<(KeeperId, Timestamp)>> {
    let rows = tx
        .query(
            "select id, added, heard, asked from keepers
             where account = $1 and standing in ('invited', 'enrolled') order by nr",
            values![account],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            let (id, added): (KeeperId, Timestamp) = (row.next()?, row.next()?);
            let (heard, asked): (Option<Timestamp>, Option<Timestamp>) = (row.next()?, row.next()?);
            Ok((id, added.max(heard.unwrap_or(added)).max(asked.unwrap_or(added))))
        })
        .collect()
}

/// Who can be written to, and has had nothing of the house yet, nor the house of them.
async fn to_be_invited(tx: &mut Tx, account: AccountId) -> Result<Vec<KeeperId>> {
    let rows = tx
        .query(
            "select id from keepers where account = $1 and standing = 'invited' and address is not null
             and asked is null and heard is null order by nr",
            values![account],
        )
        .await?;
    rows.into_iter().map(|mut row| row.next()).collect()
}

/// They have done something here.
async fn heard_of_keeper(tx: &mut Tx, keeper: KeeperId, now: Now) -> Result<()> {
    tx.exec("update keepers set heard = $1 where id = $2", values![now.trusted, keeper]).await.map(drop)
}

async fn votes(tx: &mut Tx, account: AccountId, episode: u32) -> Result<Vec<Vote>> {
    let rows = tx
        .query(
            "select keeper, word from votes where account = $1 and episode = $2 order by keeper",
            values![account, episode],
        )
        .await?;
    let mut votes: Vec<Vote> = rows
        .into_iter()
        .map(|mut row| Ok(Vote { keeper: row.next()?, word: row.next()? }))
        .collect::<Result<_>>()?;
    votes.sort_by_key(|vote| vote.keeper);
    Ok(votes)
}

/// What became of the messages of the newest writing.
async fn rung(tx: &mut Tx, life: &Life) -> Result<Vec<Heard>> {
    let rows = tx
        .query(
            "select state, ended, way from messages where account = $1 and rung = $2 and state <> 'dropped'
             and kind in ('ladder-question', 'ladder-reminder', 'ladder-warning') order by id",
            values![life.account, life.rung],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            let (state, ended): (MessageState, Option<Observed>) = (row.next()?, row.next()?);
            match row.next()? {
                Way::Mail => heard_of(state, ended),
                Way::Hook | Way::Push => Ok(Heard::Beside),
            }
        })
        .collect()
}

fn heard_of(state: MessageState, ended: Option<Observed>) -> Result<Heard> {
    Ok(match state {
        MessageState::Accepted => Heard::Accepted(ended.ok_or(StoreError::Damaged)?),
        MessageState::Refused => Heard::Refused(ended.ok_or(StoreError::Damaged)?),
        _ => Heard::NotYet,
    })
}

/// When the relay last took a message that was not for her.
async fn mail_left(tx: &mut Tx, account: AccountId) -> Result<Option<Observed>> {
    let row = tx
        .one(
            "select ended from messages where ended is not null and state = 'accepted'
             and (account is null or account <> $1 or subject = 'keeper' or (subject = 'account' and whom is not null))
             order by ended desc limit 1",
            values![account],
        )
        .await?;
    row.map(|mut row| row.next()).transpose()
}

fn keeper(row: &mut super::tx::Row) -> Result<KeeperRow> {
    Ok(KeeperRow {
        id: row.next()?,
        account: row.next()?,
        name: row.next()?,
        address: row.next()?,
        language: row.next()?,
        standing: row.next()?,
        added: row.next()?,
        heard: row.next()?,
        said: None,
    })
}

async fn keepers(tx: &mut Tx, account: AccountId) -> Result<Vec<KeeperRow>> {
    let rows = tx
        .query(
            "select id, account, name, address, language, standing, added, heard from keepers
             where account = $1 order by nr",
            values![account],
        )
        .await?;
    let mut keepers: Vec<KeeperRow> =
        rows.into_iter().map(|mut row| keeper(&mut row)).collect::<Result<_>>()?;
    let rows = tx
        .query(
            "select keeper, episode, word from votes where account = $1 order by episode",
            values![account],
        )
        .await?;
    for mut row in rows {
        let (id, episode, word): (KeeperId, u32, Word) = (row.next()?, row.next()?, row.next()?);
        for keeper in keepers.iter_mut().filter(|keeper| keeper.id == id) {
            keeper.said = Some((episode, word));
        }
    }
    Ok(keepers)
}

/// Her other channels, oldest first.
pub(super) async fn channels(tx: &mut Tx, account: AccountId) -> Result<Vec<ChannelRow>> {
    let rows = tx
        .query(
            "select id, sealed, way, added from channels where account = $1 and removed = 0 order by nr",
            values![account],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            Ok(ChannelRow { id: row.next()?, sealed: row.next()?, way: row.next()?, added: row.next()? })
        })
        .collect()
}

/// Her life is looked at again at once, if she has one and it wakes at all. Whoever has it in hand reads it again.
pub(super) async fn look(tx: &mut Tx, account: AccountId, now: Now) -> Result<()> {
    let moved = tx.exec("update lives set rev = rev + 1 where account = $1", values![account]).await?;
    if moved == 0 {
        return Ok(());
    }
    wakes::at_once(tx, WakeOf::Life(account), Lane::Letters, now).await
}

async fn commit(tx: &mut Tx, before: Option<&Life>, change: &Change, names: &Names, now: Now) -> Result<()> {
    let account = change.life.account;
    if lock(tx, account).await? != before.map(|life| life.rev) || names.len() != change.write.len() {
        return Err(StoreError::Conflict);
    }
    let rev = before.map_or(0, |life| life.rev) + 1;
    if let Some(fact) = &change.fact {
        if let Fact::Voted { keeper, word, episode, .. } = fact {
            said(tx, account, *episode, Vote { keeper: *keeper, word: *word }).await?;
            heard_of_keeper(tx, *keeper, now).await?;
        }
        tx.fact(account, rev, fact.clone());
    }
    let hers = !matches!(change.fact, None | Some(Fact::CheckedIn { .. } | Fact::Voted { .. }));
    keep(tx, &Life { rev, ..change.life.clone() }).await?;
    for (write, name) in change.write.iter().zip(names) {
        put(tx, &change.life, *write, *name, now).await?;
    }
    if change.life.is_released() && before.is_some_and(|life| !life.is_released()) {
        given::count_offers(tx, &change.life, now).await?;
    }
    if let Some(moves) = change.gate {
        gate(tx, account, moves, now).await?;
    }
    if hers { life_manifest::keep(tx, account).await } else { Ok(()) }
}

/// Writes the row, new or not.
pub(super) async fn keep(tx: &mut Tx, life: &Life) -> Result<()> {
    tx.exec("delete from lives where account = $1", values![life.account]).await?;
    tx.exec(
        concat!(
            "insert into lives (",
            life_columns!(),
            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, $25, $26, $27, $28)"
        ),
        &lives_map::life_values(life),
    )
    .await
    .map(drop)
}

/// A keeper's word takes the place of an earlier one of that episode; who speaks has enrolled.
pub(super) async fn said(tx: &mut Tx, account: AccountId, episode: u32, vote: Vote) -> Result<()> {
    let stands = tx
        .exec(
            "update keepers set standing = 'enrolled', rev = rev + 1
             where id = $1 and account = $2 and standing in ('invited', 'enrolled')",
            values![vote.keeper, account],
        )
        .await?;
    if stands == 0 {
        return Err(StoreError::Conflict);
    }
    tx.exec(
        "insert into votes (account, episode, keeper, word) values ($1, $2, $3, $4)
         on conflict (account, episode, keeper) do update set word = excluded.word",
        values![account, episode, vote.keeper, vote.word],
    )
    .await
    .map(drop)
}

/// Writes one message, to leave at once.
async fn put(tx: &mut Tx, life: &Life, write: Write, (id, link): (MessageId, Keyed), now: Now) -> Result<()> {
    let (subject, whom) = match write.to {
        To::SignIn => ("account", Value::Null),
        To::Host(host) => ("account", host.into()),
        To::Channel(channel) => ("channel", channel.into()),
        To::Keeper(keeper) => {
            if matches!(write.says, Says::Invited | Says::StillRight) {
                tx.exec("update keepers set asked = $1 where id = $2", values![now.trusted, keeper]).await?;
            }
            let address = tx
                .one("select 1 from keepers where id = $1 and address is not null", values![keeper])
                .await?;
            if address.is_none() {
                return Ok(());
            }
            ("keeper", keeper.into())
        }
    };
    let kind = Kind::Ladder(Ladder { says: write.says, episode: life.episode, rung: life.rung });
    let expires = expires(write.says, now).map_or(Value::Null, not_before);
    tx.exec(
        "insert into messages (id, kind, subject, account, whom, series, nr, nth, state, tries, since, expires, foreseen,
             episode, rung, rev, way)
         values ($1, $2, $3, $4, $5, 0, 0, $6, 'waiting', 0, $7, $8, 1, $9, $10, 1, (select c.way from channels c where c.id = $5))",
        &[
            id.into(),
            kind.into(),
            subject.into(),
            life.account.into(),
            whom,
            i64::from(write.nth).into(),
            now.observed.into(),
            expires,
            life.episode.into(),
            life.rung.into(),
        ],
    )
    .await?;
    tx.exec("insert into links (hash, message) values ($1, $2)", values![link, id]).await?;
    wakes::at_once(tx, WakeOf::Message(id), Lane::Letters, now).await
}

/// Her letters that wait for her end. Each rev moves, so that whoever has one of them in hand reads the gate again.
pub(super) async fn gate(tx: &mut Tx, account: AccountId, moves: GateMoves, now: Now) -> Result<()> {
    let rows = match moves {
        GateMoves::Opens => {
            tx.query(
                "update deliveries set rev = rev + 1 where account = $1 and gate = 'gone' and state = 'waiting' returning id",
                values![account],
            )
            .await?
        }
        GateMoves::Shuts => {
            tx.query(
                "update deliveries set state = 'waiting', rev = rev + 1
                 where account = $1 and gate = 'gone' and state in ('waiting', 'due', 'sending') returning id",
                values![account],
            )
            .await?
        }
    };
    for mut row in rows {
        wakes::at_once(tx, WakeOf::Delivery(row.next()?), Lane::Letters, now).await?;
    }
    Ok(())
}

/// An answer about a message of the ladder: her life is looked at again at once.
pub(super) async fn heard(tx: &mut Tx, message: MessageId, state: MessageState, now: Now) -> Result<()> {
    if matches!(state, MessageState::Waiting | MessageState::Started) {
        return Ok(());
    }
    let account: AccountId =
        tx.need("select account from messages where id = $1", values![message]).await?.next()?;
    let of = WakeOf::Life(account);
    if wakes::is_held(tx, of).await? {
        tx.exec("update lives set rev = rev + 1 where account = $1", values![account]).await?;
    }
    let lives = tx
        .one(
            "select 1 from lives where account = $1 and stage <> 'ended' and stage <> 'released'",
            values![account],
        )
        .await?;
    match lives {
        Some(_) => wakes::at_once(tx, of, Lane::Letters, now).await,
        None => Ok(()),
    }
}

/// About whom a message of the ladder, or one that says that she lives, is.
pub(super) async fn about(tx: &mut Tx, message: &Message) -> Result<Option<About>> {
    if let (Kind::Notice(Notice::SheLives), Subject::Person(person)) = (message.kind, message.subject) {
        let account = alive::author_of(tx, person).await?;
        return Ok(Some(About { account, life: read(tx, account).await?, name: None }));
    }
    let (Kind::Ladder(_) | Kind::Notice(Notice::Rehearsal)) = message.kind else { return Ok(None) };
    let mut row = tx
        .need(
            "select m.account, a.name, coalesce(k.standing, '') from messages m join accounts a on a.id = m.account
             left join keepers k on k.id = m.whom where m.id = $1",
            values![message.id],
        )
        .await?;
    let (account, name, standing): (AccountId, SealedText, String) = (row.next()?, row.next()?, row.next()?);
    let life = read(tx, account).await?;
    Ok(Some(About { account, life, name: (standing == "enrolled").then_some(name) }))
}

/// Whether a message's channel or keeper is one no more.
pub(super) async fn recipient_left(tx: &mut Tx, message: &Message) -> Result<bool> {
    let row = match message.subject {
        Subject::Channel(id) => {
            tx.one("select 1 from channels where id = $1 and removed = 0", values![id]).await?
        }
        Subject::Keeper(id) => {
            tx.one("select 1 from keepers where id = $1 and standing in ('invited', 'enrolled')", values![id])
                .await?
        }
        _ => return Ok(false),
    };
    Ok(row.is_none())
}

fn to_of(subject: Subject, about: AccountId) -> To {
    match subject {
        Subject::Channel(channel) => To::Channel(channel),
        Subject::Keeper(keeper) => To::Keeper(keeper),
        Subject::Account(account) if account != about => To::Host(account),
        _ => To::SignIn,
    }
}

/// A keeper's row, locked.
pub(super) struct KeeperOf {
    pub(super) account: AccountId,
    pub(super) standing: KeeperStanding,
    pub(super) rev: i64,
}

pub(super) async fn locked_keeper(tx: &mut Tx, keeper: KeeperId) -> Result<KeeperOf> {
    let mut row =
        tx.need("select account, standing, rev from keepers where id = $1 /*lock*/", values![keeper]).await?;
    Ok(KeeperOf { account: row.next()?, standing: row.next()?, rev: row.next()? })
}

/// Where a keeper stands from now on.
pub(super) async fn stand(
    tx: &mut Tx,
    account: AccountId,
    keeper: KeeperId,
    standing: KeeperStanding,
    now: Now,
) -> Result<()> {
    tx.exec("update keepers set standing = $1, rev = rev + 1 where id = $2", values![standing, keeper])
        .await?;
    if !standing.counts() {
        super::events::recount(tx, account, now).await?;
    }
    look(tx, account, now).await
}

pub(super) async fn put_keeper(tx: &mut Tx, account: AccountId, keeper: &NewKeeper, now: Now) -> Result<()> {
    tx.exec(
        "insert into keepers (id, account, name, address, language, standing, link, nr, added, rev)
         values ($1, $2, $3, $4, $5, 'invited', $6,
             (select coalesce(max(k.nr), 0) + 1 from keepers k where k.account = $2), $7, 1)",
        values![
            keeper.id,
            account,
            keeper.name.clone(),
            keeper.address.clone(),
            keeper.language.as_str(),
            keeper.link,
            now.trusted
        ],
    )
    .await?;
    look(tx, account, now).await
}

async fn prove_channel(
    tx: &mut Tx,
    author: &Author,
    browser: Keyed,
    code: Keyed,
    channel: &NewChannel,
    now: Now,
) -> Result<ChannelTried> {
    let account = author.account;
    tx.need("select 1 from accounts where id = $1 /*lock*/", values![account]).await?;
    match codes::try_for(tx, browser, code, Some(account), codes::purpose_of(channel.way), now).await? {
        CodeTried::Over => return Ok(ChannelTried::Over),
        CodeTried::Wrong => return Ok(ChannelTried::Wrong),
        CodeTried::Right { email_key, .. } if email_key != channel.key => return Ok(ChannelTried::Over),
        CodeTried::Right { .. } => {}
    }
    if channels(tx, account).await?.len() >= CHANNELS {
        return Ok(ChannelTried::Full);
    }
    add_channel(tx, account, (channel.id, channel.way), &channel.sealed, now).await?;
    keys::notice(tx, account, Notice::ChannelAdded, channel.told, now).await?;
    Ok(ChannelTried::Proved)
}

/// Her account is locked.
async fn add_channel(
    tx: &mut Tx,
    account: AccountId,
    (channel, way): (ChannelId, Way),
    sealed: &SealedText,
    now: Now,
) -> Result<()> {
    let taken = tx.one("select 1 from channels where id = $1", values![channel]).await?;
    if taken.is_some() || channels(tx, account).await?.len() >= CHANNELS {
        return Err(StoreError::Conflict);
    }
    tx.fact(channel, 1, channel_added(account, channel, way, sealed));
    put_channel(tx, account, (channel, way), sealed.clone(), now).await?;
    life_manifest::keep(tx, account).await
}

pub(super) async fn put_channel(
    tx: &mut Tx,
    account: AccountId,
    (channel, way): (ChannelId, Way),
    sealed: SealedText,
    now: Now,
) -> Result<()> {
    tx.exec(
        "insert into channels (id, account, sealed, way, nr, added, removed)
         values ($1, $2, $3, $4, (select coalesce(max(c.nr), 0) + 1 from channels c where c.account = $2), $5, 0)",
        values![channel, account, sealed, way, now.trusted],
    )
    .await?;
    look(tx, account, now).await
}

/// Removes it, with its fact. False: it was not there.
async fn remove_channel(tx: &mut Tx, account: AccountId, channel: ChannelId, now: Now) -> Result<bool> {
    if !drop_channel(tx, account, channel, now).await? {
        return Ok(false);
    }
    tx.fact(channel, 2, Fact::ChannelRemoved { account, channel });
    life_manifest::keep(tx, account).await?;
    Ok(true)
}

/// False: it was not there.
pub(super) async fn drop_channel(
    tx: &mut Tx,
    account: AccountId,
    channel: ChannelId,
    now: Now,
) -> Result<bool> {
    let removed = tx
        .exec(
            "update channels set removed = 1 where id = $1 and account = $2 and removed = 0",
            values![channel, account],
        )
        .await?;
    if removed > 0 {
        look(tx, account, now).await?;
    }
    Ok(removed > 0)
}

pub(super) async fn keep_stop_code(tx: &mut Tx, account: AccountId, code: Keyed) -> Result<()> {
    tx.exec(
        "insert into stop_codes (account, code) values ($1, $2) on conflict (account) do update set code = excluded.code",
        values![account, code],
    )
    .await
    .map(drop)
}
