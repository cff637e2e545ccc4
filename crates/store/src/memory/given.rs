//! What keepers give beside their word, in memory: a newer address of their own, and one of somebody whom letters cannot reach; and what they may be told of that person.

use super::*;
use crate::lives::*;
use unsaid_delivery::life::Stage;
use unsaid_delivery::message::Notice;
use unsaid_delivery::state::State;

impl World {
    pub(super) fn keeper_moves(
        &mut self,
        keeper: KeeperId,
        address: SealedText,
        told: MessageId,
        now: Now,
    ) -> Result<()> {
        let row = self.keepers.get(&keeper).ok_or(StoreError::Missing)?;
        let (account, rev) = (row.row.account, row.rev);
        if row.row.standing == KeeperStanding::Removed {
            return Err(StoreError::Missing);
        }
        self.record(keeper, rev + 1, Fact::KeeperMoved { keeper, address: address.0.clone() })?;
        if let Some(row) = self.keepers.get_mut(&keeper) {
            row.row.address = Some(address);
            row.row.heard = Some(now.trusted);
            row.rev += 1;
        }
        self.notice(account, Notice::KeeperMoved, told, None, now);
        self.look_at_life(account, now);
        Ok(())
    }

    /// Whom her letters cannot reach, and of whom her keepers may be told: whoever does not know for whom it is could only guess. Oldest first.
    pub(super) fn lost_of(&self, account: AccountId) -> Vec<PersonId> {
        // Few persons are ever told of, and her life is looked at for every message about it: the deliveries are gone through only for those.
        let of_hers =
            |person: &&PersonId| self.persons.get(*person).is_some_and(|row| row.account == account);
        let told: BTreeSet<PersonId> = self.told.keys().filter(of_hers).copied().collect();
        if told.is_empty() {
            return Vec::new();
        }
        let hers = self.deliveries.values().filter(|d| d.account == account);
        let lost: BTreeSet<PersonId> = hers
            .filter(|d| d.state == State::Unreachable && told.contains(&d.person))
            .map(|d| d.person)
            .collect();
        let mut lost: Vec<PersonId> = lost.into_iter().collect();
        lost.sort_by_key(|person| self.persons.get(person).map(|row| row.order));
        lost
    }

    pub(super) fn lost_to(&self, keeper: KeeperId) -> Vec<LostPerson> {
        let Some(row) = self.keepers.get(&keeper).filter(|k| k.row.standing.counts()) else {
            return Vec::new();
        };
        let account = row.row.account;
        let mut lost = self.nameless(account);
        if self.lives.get(&account).is_some_and(|life| life.stage == Stage::Released) {
            lost.extend(self.lost_of(account));
        }
        let mut lost: Vec<PersonId> = lost.into_iter().collect();
        lost.sort_by_key(|person| self.persons.get(person).map(|row| row.order));
        lost.into_iter()
            .filter_map(|person| Some((person, self.told.get(&person)?)))
            .map(|(person, told)| LostPerson {
                person,
                told: told.clone(),
                given: self.given.get(&(person, keeper)).map(|given| (given.id, given.sealed.clone())),
            })
            .collect()
    }

    pub(super) fn offer_address(
        &mut self,
        keeper: KeeperId,
        person: PersonId,
        address: NewAddress,
        told: MessageId,
        now: Now,
    ) -> Result<Offered> {
        if !self.lost_to(keeper).iter().any(|lost| lost.person == person) {
            return Err(StoreError::Missing);
        }
        let row = self.keepers.get(&keeper).ok_or(StoreError::Missing)?;
        let (account, rev) = (row.row.account, row.rev);
        let fact = Fact::AddressOffered {
            person,
            keeper,
            address: address.id,
            sealed: address.sealed.0.clone(),
            key: address.key.0,
        };
        self.record(keeper, rev + 1, fact)?;
        self.given.insert((person, keeper), address.clone());
        if let Some(row) = self.keepers.get_mut(&keeper) {
            row.row.heard = Some(now.trusted);
            row.rev += 1;
        }
        let stand: Vec<KeeperId> = self
            .keepers_of(account)
            .into_iter()
            .filter(|k| k.row.standing.counts())
            .map(|k| k.row.id)
            .collect();
        let same = |k: &&KeeperId| self.given.get(&(person, **k)).is_some_and(|g| g.key == address.key);
        let agree = stand.iter().filter(same).count();
        let needed = match self.lives.get(&account) {
            Some(life) if life.is_released() => life.plan.quorum_of(stand.len()),
            life => unsaid_delivery::event::needed(life.map_or(2, |life| life.plan.quorum), stand.len()),
        };
        let needed = needed.ok_or(StoreError::Missing)?;
        if agree < usize::from(needed) {
            return Ok(Offered::Noted);
        }
        self.give_address(&Author { account }, person, address, now)?;
        self.given.retain(|(of, _), _| *of != person);
        self.notice(account, Notice::KeeperGaveAddress, told, None, now);
        self.look_at_life(account, now);
        Ok(Offered::Counts)
    }

    pub(super) fn tell_of_person(
        &mut self,
        author: &Author,
        person: PersonId,
        name: Option<SealedText>,
    ) -> Result<()> {
        self.person(author, person)?;
        let text = name.clone().map(|name| name.0).unwrap_or_default();
        self.record(format!("{person} told"), 0, Fact::PersonTold { person, name: text })?;
        match name {
            Some(name) => self.told.insert(person, name),
            None => self.told.remove(&person),
        };
        Ok(())
    }
}
