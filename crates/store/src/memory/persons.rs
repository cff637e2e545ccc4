//! The people an author writes to, in memory.

use super::*;
use crate::PersonStore;
use async_trait::async_trait;
use unsaid_delivery::state::State;

/// So many addresses one person may have.
pub(super) const MOST_ADDRESSES: usize = 5;

impl World {
    /// A person of hers.
    pub(super) fn person(&self, author: &Author, person: PersonId) -> Result<&PersonRow> {
        self.persons.get(&person).filter(|p| p.account == author.account).ok_or(StoreError::Missing)
    }

    fn present_card(&self, person: PersonId) -> Option<Keyed> {
        self.cards.iter().find(|(_, card)| card.person == person && card.present).map(|(claim, _)| *claim)
    }

    /// Makes this the person's present card; its fact is written.
    fn add_card(&mut self, person: PersonId, claim: Keyed) -> Result<()> {
        self.room_for_card(person)?;
        expect(!self.cards.contains_key(&claim))?;
        let nr = self.cards.values().filter(|card| card.person == person).count() as i64 + 1;
        self.record(format!("{person} card"), nr, Fact::CardReplaced { person, claim: claim.0 })?;
        for card in self.cards.values_mut().filter(|card| card.person == person) {
            card.present = false;
        }
        self.cards.insert(claim, CardRow { person, present: true });
        Ok(())
    }

    /// Puts an address at the end of a person's, or first where keepers have given it; the fact is written.
    fn put_address(&mut self, person: PersonId, new: NewAddress, now: Now) {
        self.persons_at.entry(new.key).or_default().insert(person);
        let given = now.trusted;
        let row = AddressRow { person, sealed: new.sealed, key: new.key, good: true, given, removed: false };
        self.addresses.insert(new.id, row);
        let of_keepers = self.given.iter().any(|((of, _), given)| *of == person && given.id == new.id);
        if let Some(row) = self.persons.get_mut(&person) {
            let place = if of_keepers { 0 } else { row.addresses.len() };
            row.addresses.insert(place, new.id);
        }
    }

    /// An address is given, and what could not be brought anywhere goes to it.
    pub(super) fn give_address(
        &mut self,
        author: &Author,
        person: PersonId,
        address: NewAddress,
        now: Now,
    ) -> Result<()> {
        expect(!self.addresses.contains_key(&address.id))?;
        self.record(address.id, 1, given(author, person, &address))?;
        self.put_address(person, address, now);
        let all: Vec<Delivery> = self
            .deliveries_to(person)
            .into_iter()
            .filter_map(|id| self.deliveries.get(&id))
            .cloned()
            .collect();
        for delivery in all.iter().filter(|d| d.state == State::Unreachable) {
            // Of several birthdays that could not be brought the newest alone goes now.
            let newer = |d: &&Delivery| {
                d.letter == delivery.letter && d.occurrence > delivery.occurrence && d.state.has_left()
            };
            if all.iter().find(newer).is_none() {
                self.move_delivery(delivery.id, State::Sending, Some(at_once(now)));
            }
        }
        self.wake_knocking(person, now);
        Ok(())
    }
}

fn given(author: &Author, person: PersonId, new: &NewAddress) -> Fact {
    let of = Some((author.account, new.key.0));
    Fact::AddressGiven { person, address: new.id, sealed: new.sealed.0.clone(), of }
}

#[async_trait]
impl PersonStore for MemoryStore {
    async fn add_person(&self, author: &Author, new: NewPerson, now: Now) -> Result<()> {
        let mut world = self.world();
        world.room_for_person(author, now)?;
        expect(!world.persons.contains_key(&new.id))?;
        if let Some(address) = &new.address {
            expect(!world.addresses.contains_key(&address.id))?;
            world.record(address.id, 1, given(author, new.id, address))?;
        }
        let order = world.next_sequence();
        world.persons.insert(
            new.id,
            PersonRow {
                account: author.account,
                made: now.trusted,
                order,
                zone: new.zone,
                language: new.language,
                addresses: Vec::new(),
                allowed_name: None,
                early: Early::Nothing,
                looked_after: None,
                looked_after_rev: 0,
                series: 1,
            },
        );
        if let Some(address) = new.address {
            world.put_address(new.id, address, now);
        }
        Ok(())
    }

    async fn persons(&self, author: &Author) -> Result<Vec<Person>> {
        let world = self.world();
        let mut rows: Vec<_> = world.persons.iter().filter(|(_, p)| p.account == author.account).collect();
        rows.sort_by_key(|(_, p)| p.order);
        Ok(rows
            .into_iter()
            .map(|(id, row)| Person {
                id: *id,
                zone: row.zone.clone(),
                language: row.language.clone(),
                early: row.early,
                looked_after: row.looked_after.clone(),
                addresses: row
                    .addresses
                    .iter()
                    .filter_map(|id| world.addresses.get(id).map(|a| (id, a)))
                    .map(|(id, a)| PersonAddress {
                        id: *id,
                        sealed: a.sealed.clone(),
                        good: a.good,
                        given: Some(a.given),
                    })
                    .collect(),
            })
            .collect())
    }

    async fn add_address(
        &self,
        author: &Author,
        person: PersonId,
        address: NewAddress,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let row = world.person(author, person)?;
        expect(row.addresses.len() < MOST_ADDRESSES)?;
        world.give_address(author, person, address, now)
    }

    async fn remove_address(
        &self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let row = world.person(author, person)?;
        if !row.addresses.contains(&address) {
            return Err(StoreError::Missing);
        }
        world.record(address, 2, Fact::AddressRemoved { person, address })?;
        if let Some(row) = world.persons.get_mut(&person) {
            row.addresses.retain(|id| *id != address);
        }
        if let Some(row) = world.addresses.get_mut(&address) {
            row.removed = true;
        }
        world.wake_messages(person, now);
        world.wake_knocking(person, now);
        Ok(())
    }

    async fn update_person(
        &self,
        author: &Author,
        person: PersonId,
        zone: Option<String>,
        language: String,
    ) -> Result<()> {
        let mut world = self.world();
        world.person(author, person)?;
        if let Some(row) = world.persons.get_mut(&person) {
            row.zone = zone;
            row.language = language;
        }
        Ok(())
    }

    async fn tell_early(&self, author: &Author, person: PersonId, early: Early) -> Result<()> {
        let mut world = self.world();
        world.person(author, person)?;
        if let Some(row) = world.persons.get_mut(&person) {
            row.early = early;
        }
        Ok(())
    }

    async fn look_after(&self, author: &Author, person: PersonId, name: Option<SealedText>) -> Result<()> {
        let mut world = self.world();
        world.person(author, person)?;
        let rev = world.persons.get(&person).map_or(0, |row| row.looked_after_rev) + 1;
        let text = name.clone().map(|name| name.0).unwrap_or_default();
        let fact = Fact::LookedAfter { account: author.account, person, name: text };
        world.record(format!("{person} looked after"), rev, fact)?;
        if let Some(row) = world.persons.get_mut(&person) {
            (row.looked_after, row.looked_after_rev) = (name, rev);
        }
        Ok(())
    }

    async fn put_card(&self, author: &Author, person: PersonId, claim: Keyed, _now: Now) -> Result<()> {
        let mut world = self.world();
        world.person(author, person)?;
        match world.present_card(person) {
            Some(there) if there == claim => Ok(()),
            Some(_) => Err(StoreError::Conflict),
            None => world.add_card(person, claim),
        }
    }

    async fn has_card(&self, author: &Author, person: PersonId) -> Result<bool> {
        let world = self.world();
        world.person(author, person)?;
        Ok(world.present_card(person).is_some())
    }

    async fn replace_card(
        &self,
        author: &Author,
        person: PersonId,
        claim: Keyed,
        wraps: Vec<NewWordsWrap>,
        _now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        world.person(author, person)?;
        expect(!world.cards.contains_key(&claim))?;
        let letters: BTreeSet<LetterId> = world
            .deliveries_to(person)
            .into_iter()
            .filter_map(|id| world.deliveries.get(&id).map(|d| d.letter))
            .collect();
        let mut new = Vec::new();
        for letter in letters {
            let Some(row) = world.letters.get(&letter) else { continue };
            let undone = |d: &Delivery| d.state == State::Withdrawn { undone: true };
            if row.withdrew || world.of_letter(letter).all(undone) {
                continue;
            }
            let counts =
                |v: &VersionRow| v.sealed.is_some() && matches!(v.amends, None | Some(Amends::Counts));
            let newest = row.versions.iter().filter(|(_, v)| counts(v)).map(|(number, _)| *number).max();
            for (version, row) in &row.versions {
                let rests = matches!(row.amends, Some(Amends::Resting(_)));
                let by_words = row.sealed.is_some_and(|sealed| sealed.kept == Kept::Words);
                if !by_words || !(rests || Some(*version) == newest) {
                    continue;
                }
                let given = wraps.iter().find(|w| w.letter == letter && w.version == *version);
                let given = given.cloned().ok_or(StoreError::Conflict)?;
                // Of several birthdays one may be read, and the next still to come.
                let of_this = || world.of_letter(letter).filter(|d| d.version == *version);
                if !(of_this().any(|d| d.pinned) && of_this().all(|d| d.pinned)) {
                    new.push(given);
                }
            }
        }
        world.add_card(person, claim)?;
        for row in world.letters.values_mut().filter(|l| l.account == author.account) {
            for version in row.versions.values_mut().filter(|v| v.sealed.is_none()) {
                version.wraps.remove(&WrapKind::Words);
            }
        }
        for wrap in new {
            if let Some(row) = world.version_mut(wrap.letter, wrap.version) {
                row.wraps.insert(WrapKind::Words, Wrap { bytes: wrap.bytes, generation: wrap.generation });
            }
        }
        Ok(())
    }
}
