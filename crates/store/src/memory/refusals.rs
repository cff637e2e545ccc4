//! Every no that stands, in the order in which it was said, and by whom and where it was said: whoever asks whether a person may be written to at an address looks at what concerns these
//! two, and not at every no of the house.

use super::*;

/// The table.
#[derive(Default)]
pub(super) struct Refusals {
    rows: BTreeMap<u64, RefusalRow>,
    by_person: BTreeMap<PersonId, BTreeSet<u64>>,
    by_address: BTreeMap<Keyed, BTreeSet<u64>>,
    next: u64,
}

impl Refusals {
    /// One more.
    pub(super) fn push(&mut self, row: RefusalRow) {
        self.next += 1;
        self.by_person.entry(row.person).or_default().insert(self.next);
        self.by_address.entry(row.address_key).or_default().insert(self.next);
        self.rows.insert(self.next, row);
    }

    /// Those that touch a person of an author's at an address, the oldest first.
    pub(super) fn touching(
        &self,
        account: AccountId,
        person: PersonId,
        address_key: Keyed,
    ) -> impl Iterator<Item = (u64, &RefusalRow)> {
        let theirs = self.by_person.get(&person).into_iter().flatten();
        let there = self.by_address.get(&address_key).into_iter().flatten();
        let mut both: Vec<u64> = theirs.chain(there).copied().collect();
        both.sort_unstable();
        both.dedup();
        let rows = both.into_iter().filter_map(|at| self.rows.get(&at).map(|row| (at, row)));
        rows.filter(move |(_, row)| row.touches(account, person, address_key))
    }

    /// What touches them in this scope does not stand any more.
    pub(super) fn lift(&mut self, scope: Scope, account: AccountId, person: PersonId, address_key: Keyed) {
        let over = self.touching(account, person, address_key).filter(|(_, row)| row.scope == scope);
        for at in over.map(|(at, _)| at).collect::<Vec<_>>() {
            let Some(row) = self.rows.remove(&at) else { continue };
            if let Some(theirs) = self.by_person.get_mut(&row.person) {
                theirs.remove(&at);
            }
            if let Some(there) = self.by_address.get_mut(&row.address_key) {
                there.remove(&at);
            }
        }
    }
}
