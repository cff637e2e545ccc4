//! What keepers give beside their word, in memory: a newer address of their own, and one of somebody whom letters cannot reach; and what they may be told of that person.

use super::persons::MOST_ADDRESSES;
use super::*;
use crate::lives::*;
use unsaid_delivery::life::Stage;
use unsaid_delivery::message::Notice;
use unsaid_delivery::record::NOTICE_DAYS;
use unsaid_delivery::rule::Gate;
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

    /// For whom something waits for her end, and of whom her keepers may be told.
    fn waited_for(&self, account: AccountId) -> BTreeSet<PersonId> {
        let hers = self.deliveries.values().filter(|d| d.account == account);
        hers.filter(|d| {
            d.rule.gate == Gate::Gone && d.state == State::Waiting && self.told.contains_key(&d.person)
        })
        .map(|d| d.person)
        .collect()
    }

    pub(super) fn lost_to(&self, keeper: KeeperId) -> Vec<LostPerson> {
        let Some(row) = self.keepers.get(&keeper).filter(|k| k.row.standing.counts()) else {
            return Vec::new();
        };
        let account = row.row.account;
        let mut lost = self.nameless(account);
        let life = self.lives.get(&account);
        if life.is_some_and(|life| life.stage == Stage::Released) {
            lost.extend(self.lost_of(account));
        }
        let mut all = lost.clone();
        if life.is_some_and(|life| life.is_asking_keepers()) {
            all.extend(self.waited_for(account));
        }
        let mut all: Vec<PersonId> = all.into_iter().collect();
        all.sort_by_key(|person| self.persons.get(person).map(|row| row.order));
        all.into_iter()
            .filter_map(|person| Some((person, self.told.get(&person)?)))
            .map(|(person, told)| LostPerson {
                person,
                told: told.clone(),
                given: self.given.get(&(person, keeper)).map(|given| (given.id, given.sealed.clone())),
                unreachable: lost.contains(&person),
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
        let lost = self.lost_to(keeper).into_iter().find(|lost| lost.person == person);
        let lost = lost.ok_or(StoreError::Missing)?;
        let row = self.keepers.get(&keeper).ok_or(StoreError::Missing)?;
        let (account, rev) = (row.row.account, row.rev);
        let before = self.given.get(&(person, keeper)).map(|given| given.key);
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
        if !lost.unreachable {
            if before != Some(address.key) && !self.is_at(person, address.key) {
                self.notice(account, Notice::KeeperKnowsAddress, told, None, now);
                self.look_at_life(account, now);
            }
            return Ok(Offered::Noted);
        }
        let stand = self.keepers_who_stand(account);
        let agree = self.agree(&stand, person, address.key);
        let needed = match self.lives.get(&account) {
            Some(life) if life.is_released() => life.plan.quorum_of(stand.len()),
            life => unsaid_delivery::event::needed(life.map_or(2, |life| life.plan.quorum), stand.len()),
        };
        let needed = needed.ok_or(StoreError::Missing)?;
        if agree < usize::from(needed) {
            return Ok(Offered::Noted);
        }
        self.takes_up(account, person, address, now)?;
        self.notice(account, Notice::KeeperGaveAddress, told, None, now);
        self.look_at_life(account, now);
        Ok(Offered::Counts)
    }

    fn keepers_who_stand(&self, account: AccountId) -> Vec<KeeperId> {
        let all = self.keepers_of(account).into_iter();
        all.filter(|k| k.row.standing.counts()).map(|k| k.row.id).collect()
    }

    /// How many of them have given the address of this key.
    fn agree(&self, stand: &[KeeperId], person: PersonId, key: Keyed) -> usize {
        stand.iter().filter(|k| self.given.get(&(person, **k)).is_some_and(|g| g.key == key)).count()
    }

    fn is_at(&self, person: PersonId, key: Keyed) -> bool {
        let row = self.persons.get(&person);
        row.into_iter()
            .flat_map(|row| &row.addresses)
            .any(|id| self.addresses.get(id).is_some_and(|address| address.key == key && address.good))
    }

    /// What keepers have given is an address from now on, and the first that is tried. Those that were there before are told.
    fn takes_up(&mut self, account: AccountId, person: PersonId, new: NewAddress, now: Now) -> Result<()> {
        let old = self.persons.get(&person).map(|row| row.addresses.clone()).unwrap_or_default();
        let id = new.id;
        self.give_address(&Author { account }, person, new, now)?;
        self.given.retain(|(of, _), _| *of != person);
        for old in old {
            if self.addresses.get(&old).is_none_or(|row| !row.good) {
                continue;
            }
            let (message, kind) = (elsewhere(old, id), Kind::Notice(Notice::GoesElsewhere));
            let expires = hours_after(now.trusted, NOTICE_DAYS * 24);
            let mut row = MessageRow::new(message, kind, Subject::Person(person), Some(expires), now);
            row.message.address = Some(old);
            self.messages.insert(message, row);
            self.wakes.set(WakeOf::Message(message), Lane::Letters, at_once(now));
        }
        Ok(())
    }

    /// She is let go: what enough of her keepers have given before counts now.
    pub(super) fn count_offers(&mut self, life: &Life, now: Now) -> Result<()> {
        let account = life.account;
        let stand = self.keepers_who_stand(account);
        let Some(needed) = life.plan.quorum_of(stand.len()) else { return Ok(()) };
        for person in self.waited_for(account) {
            let mut given = stand.iter().filter_map(|keeper| self.given.get(&(person, *keeper)));
            let agreed = given.find(|address| {
                self.agree(&stand, person, address.key) >= usize::from(needed)
                    && !self.is_at(person, address.key)
            });
            if let Some(address) = agreed.cloned() {
                self.takes_up(account, person, address, now)?;
            }
        }
        Ok(())
    }

    pub(super) fn offered_addresses(&self, author: &Author, person: PersonId) -> Result<Vec<OfferedAddress>> {
        self.person(author, person)?;
        let stand = self.keepers_who_stand(author.account);
        let of = |keeper: &KeeperId| {
            let given = self.given.get(&(person, *keeper)).filter(|given| !self.is_at(person, given.key))?;
            Some(OfferedAddress { person, keeper: *keeper, address: given.id, sealed: given.sealed.clone() })
        };
        Ok(stand.iter().filter_map(of).collect())
    }

    pub(super) fn answer_offer(
        &mut self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        takes: bool,
        now: Now,
    ) -> Result<()> {
        let full = self.person(author, person)?.addresses.len() >= MOST_ADDRESSES;
        let found = self.given.iter().find(|((of, _), given)| *of == person && given.id == address);
        let ((_, keeper), given) = found.ok_or(StoreError::Missing)?;
        let (keeper, given) = (*keeper, given.clone());
        if takes {
            expect(!full)?;
            self.give_address(author, person, given.clone(), now)?;
            self.given.retain(|(of, _), other| *of != person || other.key != given.key);
            return Ok(());
        }
        let rev = self.keepers.get(&keeper).map_or(0, |row| row.rev) + 1;
        self.record(keeper, rev, Fact::AddressDeclined { person, keeper, address })?;
        self.given.remove(&(person, keeper));
        if let Some(row) = self.keepers.get_mut(&keeper) {
            row.rev += 1;
        }
        Ok(())
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
