//! Keepers' cards after the release, in memory: what a reader asks with, and what keepers give.

use super::*;
use crate::asks::*;
use crate::keeper_sets::KeeperSetRow;
use crate::lives::{KeeperRow, KeeperStanding, Names};
use async_trait::async_trait;
use unsaid_delivery::message::{Kind, Notice, Subject};

/// What stands for one letter.
pub(super) struct AskRow {
    ask: Ask,
    /// Since when new keys are counted, and how many there were.
    made: (Timestamp, i64),
    written: Option<Timestamp>,
    /// The sealed card, and the number of its set.
    shares: BTreeMap<KeeperId, (Vec<u8>, u16)>,
}

impl World {
    /// A letter of theirs that may be opened, and is kept by keepers: with how many cards are needed.
    fn kept_by_keepers(&self, reader: &Reader, delivery: DeliveryId) -> Result<(&Delivery, u8)> {
        let found = self.openable(reader).into_iter().find(|d| d.id == delivery && !reader.older_card);
        let found = found.ok_or(StoreError::Missing)?;
        Ok((found, self.cards_needed(found).ok_or(StoreError::Missing)?))
    }

    fn cards_needed(&self, delivery: &Delivery) -> Option<u8> {
        self.set_of(delivery.letter, delivery.version).map(|set| set.needed)
    }

    /// The set whose cards open a version; none where it is kept otherwise.
    fn set_of(&self, letter: LetterId, version: u32) -> Option<&KeeperSetRow> {
        let row = self.letters.get(&letter)?.versions.get(&version)?;
        let set = row.keeper_set.filter(|_| row.wraps.contains_key(&WrapKind::Keepers))?;
        self.keeper_sets.iter().find(|row| row.id == set)
    }

    fn standing_ask(&self, delivery: DeliveryId, now: Now) -> Option<&AskRow> {
        self.asked_with.get(&delivery).filter(|row| now.trusted < row.ask.until)
    }

    fn gathering(&self, delivery: &Delivery, needed: u8, now: Now) -> Gathering {
        let row = self.standing_ask(delivery.id, now);
        let mut holders = Vec::new();
        for keeper in self.keepers_of(delivery.account) {
            let KeeperRow { id, standing, ref name, .. } = keeper.row;
            let gave = row.is_some_and(|row| row.shares.contains_key(&id));
            if standing.counts() || (gave && standing != KeeperStanding::Removed) {
                holders.push(Holder { keeper: id, name: name.clone(), gave });
            }
        }
        Gathering { needed, holders, ask: row.map(|row| row.ask.clone()) }
    }

    fn given(&self, delivery: &Delivery, now: Now) -> u8 {
        let holders = self.gathering(delivery, 0, now).holders;
        holders.iter().filter(|holder| holder.gave).count().try_into().unwrap_or(u8::MAX)
    }

    /// Whether as many cards were given for a letter as open it; no question where it is kept otherwise.
    pub(super) fn are_enough(&self, delivery: &Delivery, now: Option<Now>) -> bool {
        let Some(needed) = self.cards_needed(delivery) else { return true };
        let Some(row) = self.asked_with.get(&delivery.id) else { return false };
        let stands = |keeper: &&KeeperId| {
            self.keepers.get(keeper).is_some_and(|k| k.row.standing != KeeperStanding::Removed)
        };
        now.is_none_or(|now| now.trusted < row.ask.until)
            && row.shares.keys().filter(stands).count() >= usize::from(needed)
    }

    /// Whose link a message that asked for a card came with.
    pub(super) fn keeper_asked_by(&self, link: Keyed) -> Option<&super::lives::Keeper> {
        let message = &self.messages.get(self.links.get(&link)?)?.message;
        match (message.kind, message.subject) {
            (Kind::Notice(Notice::CardAsked | Notice::EventAsked), Subject::Keeper(keeper)) => {
                self.keepers.get(&keeper)
            }
            _ => None,
        }
    }

    /// What is over is forgotten.
    pub(super) fn prune_asks(&mut self, now: Now) {
        self.asked_with.retain(|_, row| now.trusted < row.ask.until);
    }

    /// Each keeper who stands and has an address is told.
    fn write_to_holders(&mut self, account: AccountId, names: &Names, now: Now) {
        let whom: Vec<KeeperId> = self
            .keepers_of(account)
            .into_iter()
            .filter(|k| k.row.standing.counts() && k.row.address.is_some())
            .map(|k| k.row.id)
            .collect();
        for (keeper, name) in whom.into_iter().zip(names) {
            self.write_to_keeper(keeper, Notice::CardAsked, *name, days_after(now.trusted, ASK_DAYS), now);
        }
    }

    /// A notice to a keeper, with a link.
    pub(super) fn write_to_keeper(
        &mut self,
        keeper: KeeperId,
        what: Notice,
        (id, link): (MessageId, Keyed),
        expires: Timestamp,
        now: Now,
    ) {
        let mut row = MessageRow::new(id, Kind::Notice(what), Subject::Keeper(keeper), Some(expires), now);
        row.link = Some(link);
        self.messages.insert(id, row);
        self.links.insert(link, id);
        self.wakes.set(WakeOf::Message(id), Lane::Letters, at_once(now));
    }
}

#[async_trait]
impl AskStore for MemoryStore {
    async fn gathering(&self, reader: &Reader, delivery: DeliveryId, now: Now) -> Result<Gathering> {
        let world = self.world();
        let (delivery, needed) = world.kept_by_keepers(reader, delivery)?;
        Ok(world.gathering(delivery, needed, now))
    }

    async fn ask_keepers(
        &self,
        reader: &Reader,
        delivery: DeliveryId,
        recipient: &str,
        names: &Names,
        now: Now,
    ) -> Result<AskedKeepers> {
        let mut world = self.world();
        let account = world.kept_by_keepers(reader, delivery)?.0.account;
        let same = world.standing_ask(delivery, now).is_some_and(|row| row.ask.recipient == recipient);
        let before = world.asked_with.get(&delivery);
        let mut written = before.and_then(|row| row.written);
        if !same {
            let counted =
                before.map(|row| row.made).filter(|(since, _)| hours_after(*since, 24) > now.trusted);
            let (since, keys) = counted.unwrap_or((now.trusted, 0));
            if keys >= ASKS_A_DAY {
                return Ok(AskedKeepers::TooOften);
            }
            let rev = before.map_or(0, |row| row.ask.rev) + 1;
            let until = days_after(now.trusted, ASK_DAYS);
            let ask = Ask { recipient: recipient.to_owned(), until, rev };
            let row = AskRow { ask, made: (since, keys + 1), written, shares: BTreeMap::new() };
            world.asked_with.insert(delivery, row);
        }
        if written.is_none_or(|at| days_after(at, WRITTEN_AGAIN_DAYS) <= now.trusted) {
            world.write_to_holders(account, names, now);
            written = Some(now.trusted);
        }
        if let Some(row) = world.asked_with.get_mut(&delivery) {
            row.written = written;
        }
        Ok(AskedKeepers::Asked)
    }

    async fn shares(&self, reader: &Reader, delivery: DeliveryId, now: Now) -> Result<Vec<Share>> {
        let world = self.world();
        let (delivery, needed) = world.kept_by_keepers(reader, delivery)?;
        let Some(row) = world.standing_ask(delivery.id, now) else { return Ok(Vec::new()) };
        let holders = world.gathering(delivery, needed, now).holders.into_iter();
        let given = holders.filter_map(|holder| {
            let (bytes, _) = row.shares.get(&holder.keeper)?;
            Some(Share { keeper: holder.keeper, name: holder.name, bytes: bytes.clone() })
        });
        Ok(given.collect())
    }

    async fn cards_asked(&self, keeper: KeeperId, now: Now) -> Result<Vec<CardAsked>> {
        let world = self.world();
        let Some(row) = world.keepers.get(&keeper).filter(|k| k.row.standing != KeeperStanding::Removed)
        else {
            return Ok(Vec::new());
        };
        let mut asked: Vec<(Timestamp, CardAsked)> = Vec::new();
        for (id, ask) in world.asked_with.iter().filter(|(_, ask)| now.trusted < ask.ask.until) {
            let found = world.deliveries.get(id);
            let found = found.filter(|d| d.account == row.row.account && d.state.may_be_opened());
            let Some((delivery, needed)) = found.and_then(|d| Some((d, world.cards_needed(d)?))) else {
                continue;
            };
            let others = ask.shares.iter().filter(|(other, _)| **other != keeper);
            let sets: BTreeSet<u16> = others.map(|(_, (_, set))| *set).collect();
            let one = CardAsked {
                delivery: *id,
                person: delivery.person,
                told: world.told.get(&delivery.person).cloned(),
                recipient: ask.ask.recipient.clone(),
                needed,
                given: world.given(delivery, now),
                gave: ask.shares.contains_key(&keeper),
                sets: sets.into_iter().collect(),
            };
            asked.push((ask.ask.until, one));
        }
        asked.sort_by_key(|(until, one)| (*until, one.delivery.to_string()));
        Ok(asked.into_iter().map(|(_, one)| one).collect())
    }

    async fn give_share(&self, keeper: KeeperId, share: NewShare, now: Now) -> Result<Gave> {
        let mut world = self.world();
        let row = world.keepers.get(&keeper).filter(|k| k.row.standing != KeeperStanding::Removed);
        let account = row.ok_or(StoreError::Missing)?.row.account;
        let found = world.deliveries.get(&share.delivery).cloned();
        let found = found.filter(|d| d.account == account && d.state.may_be_opened());
        let Some((delivery, needed)) =
            found.and_then(|d| Some((world.cards_needed(&d)?, d))).map(|(n, d)| (d, n))
        else {
            return Ok(Gave::NotAsked);
        };
        let Some(ask) = world.standing_ask(delivery.id, now) else { return Ok(Gave::NotAsked) };
        if ask.ask.recipient != share.recipient {
            return Ok(Gave::Replaced);
        }
        if let Some(row) = world.asked_with.get_mut(&delivery.id) {
            row.shares.insert(keeper, (share.bytes, share.set));
        }
        Ok(Gave::Kept { given: world.given(&delivery, now), needed })
    }
}
