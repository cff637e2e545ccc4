//! The sets of keepers' cards, in memory.

use super::*;
use crate::keeper_sets::*;
use async_trait::async_trait;
use unsaid_delivery::id::KeeperSetId;

#[async_trait]
impl KeeperSetStore for MemoryStore {
    async fn put_keeper_set(&self, author: &Author, set: NewKeeperSet, now: Now) -> Result<KeeperSetRow> {
        let mut world = self.world();
        if let Some(person) = set.person {
            world.person(author, person)?;
        }
        let place = world.keeper_sets.iter().position(|row| row.id == set.id);
        let before =
            place.and_then(|at| world.keeper_sets.get(at)).map(|row| (row.account, row.person, row.rev));
        if before.is_some_and(|(account, ..)| account != author.account) {
            return Err(StoreError::Missing);
        }
        expect(before.is_none_or(|(_, person, _)| person == set.person) && can_be(&set))?;
        let hers = world.keeper_sets.iter().filter(|row| row.account == author.account).count();
        expect(place.is_some() || hers < SETS)?;
        let row = KeeperSetRow {
            id: set.id,
            account: author.account,
            person: set.person,
            needed: set.needed,
            of: set.of,
            file: set.file,
            made: now.trusted,
            rev: before.map_or(0, |(_, _, rev)| rev) + 1,
        };
        world.record(row.id, row.rev, row.fact())?;
        match place.and_then(|at| world.keeper_sets.get_mut(at)) {
            Some(there) => *there = row.clone(),
            None => world.keeper_sets.push(row.clone()),
        }
        Ok(row)
    }

    async fn keeper_sets(&self, account: AccountId) -> Result<Vec<KeeperSetRow>> {
        Ok(self.world().keeper_sets.iter().filter(|row| row.account == account).cloned().collect())
    }

    async fn keeper_set(&self, id: KeeperSetId) -> Result<Option<KeeperSetRow>> {
        Ok(self.world().keeper_sets.iter().find(|row| row.id == id).cloned())
    }

    async fn put_keepers_wrap(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        set: KeeperSetId,
        bytes: Vec<u8>,
        host_generation: u32,
    ) -> Result<()> {
        let mut world = self.world();
        let row = world.version(author, letter, version)?;
        expect(row.sealed.is_none())?;
        if !world.keeper_sets.iter().any(|row| row.id == set && row.account == author.account) {
            return Err(StoreError::Missing);
        }
        if let Some(row) = world.version_mut(letter, version) {
            row.wraps.insert(WrapKind::Keepers, Wrap { bytes, generation: host_generation });
            row.keeper_set = Some(set);
        }
        Ok(())
    }

    async fn keeper_set_of(&self, letter: LetterId, version: u32) -> Result<Option<KeeperSetId>> {
        let world = self.world();
        let row = world.letters.get(&letter).and_then(|row| row.versions.get(&version));
        Ok(row.filter(|row| row.wraps.contains_key(&WrapKind::Keepers)).and_then(|row| row.keeper_set))
    }
}
