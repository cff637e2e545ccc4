//! The people an author writes to, in memory.

use super::*;
use crate::PersonStore;
use async_trait::async_trait;
use unsaid_delivery::state::State;

/// So many addresses one person may have.
const MOST_ADDRESSES: usize = 5;

impl World {
    /// A person of hers.
    pub(super) fn person(&self, author: &Author, person: PersonId) -> Result<&PersonRow> {
        self.persons.get(&person).filter(|p| p.account == author.account).ok_or(StoreError::Missing)
    }

    /// Puts an address at the end of a person's; the fact is written.
    fn put_address(&mut self, person: PersonId, new: NewAddress) {
        self.persons_at.entry(new.key).or_default().insert(person);
        let row = AddressRow { person, sealed: new.sealed, key: new.key, good: true, removed: false };
        self.addresses.insert(new.id, row);
        if let Some(row) = self.persons.get_mut(&person) {
            row.addresses.push(new.id);
        }
    }
}

fn given(person: PersonId, new: &NewAddress) -> Fact {
    Fact::AddressGiven { person, address: new.id, sealed: new.sealed.0.clone() }
}

#[async_trait]
impl PersonStore for MemoryStore {
    async fn add_person(&self, author: &Author, new: NewPerson, _now: Now) -> Result<()> {
        let mut world = self.world();
        expect(!world.persons.contains_key(&new.id))?;
        if let Some(address) = &new.address {
            expect(!world.addresses.contains_key(&address.id))?;
            world.record(address.id, 1, given(new.id, address))?;
        }
        let order = world.next_sequence();
        world.persons.insert(
            new.id,
            PersonRow {
                account: author.account,
                order,
                zone: new.zone,
                language: new.language,
                addresses: Vec::new(),
                series: 1,
            },
        );
        if let Some(address) = new.address {
            world.put_address(new.id, address);
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
                addresses: row
                    .addresses
                    .iter()
                    .filter_map(|id| world.addresses.get(id).map(|a| (id, a)))
                    .map(|(id, a)| PersonAddress { id: *id, sealed: a.sealed.clone(), good: a.good })
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
        expect(row.addresses.len() < MOST_ADDRESSES && !world.addresses.contains_key(&address.id))?;
        world.record(address.id, 1, given(person, &address))?;
        world.put_address(person, address);
        for (id, _, state) in world.of_pair(person) {
            if state == State::Unreachable {
                world.move_delivery(id, State::Sending, Some(at_once(now)));
            }
        }
        world.wake_knocking(person, now);
        Ok(())
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
}
