//! Telling people that she lives, in memory.

use super::*;
use crate::alive::*;
use async_trait::async_trait;
use unsaid_delivery::life::alive::{self, NotTold, Told, Waited};
use unsaid_delivery::message::Notice;
use unsaid_delivery::rule::Proof;
use unsaid_delivery::state::State;

/// What she has asked for.
pub(super) struct ToldRow {
    told: Told,
    message: MessageId,
    asked: Timestamp,
    rev: i64,
}

impl World {
    fn was_late(&self, letter: LetterId) -> bool {
        self.taken_back_late.contains(&letter)
    }

    /// Her letters that were to be sent when she is gone, by person.
    fn waited(&self, account: AccountId) -> Vec<Waited> {
        let hers = self.deliveries.values().filter(|d| d.account == account && alive::concerns(d));
        let mut letters: Vec<Waited> = hers
            .map(|d| Waited { person: d.person, state: d.state, late: self.was_late(d.letter) })
            .collect();
        letters.sort_by_key(|letter| letter.person);
        letters
    }

    /// What a person was told of, because she was thought gone.
    fn told_of(&self, person: PersonId) -> impl Iterator<Item = &Delivery> {
        let all = self.deliveries_to.get(&person).into_iter().flatten();
        all.filter_map(|id| self.deliveries.get(id))
            .filter(|d| alive::concerns(d) && alive::was_told_of(d, self.was_late(d.letter)))
    }

    /// The same, as the message that says that she lives reads it.
    pub(super) fn alive_facts(&self, person: PersonId) -> Vec<(DeliveryId, LetterId, State)> {
        self.told_of(person).map(|d| (d.id, d.letter, d.state)).collect()
    }

    /// Whether her name may stand in what says that she lives, as far as the letters go.
    pub(super) fn knows_her(&self, person: PersonId) -> bool {
        let mut all = self.deliveries_to.get(&person).into_iter().flatten();
        let opened = all.any(|id| self.deliveries.get(id).is_some_and(|d| d.pinned));
        opened && !self.told_of(person).any(|d| d.rule.proof != Proof::None && !d.pinned)
    }

    /// A letter is taken back: whether it had left by then is not known afterwards.
    pub(super) fn withdrawing(&mut self, letter: LetterId) {
        if self.of_letter(letter).any(|d| alive::concerns(d) && alive::has_left(d.state)) {
            self.taken_back_late.insert(letter);
        }
    }

    fn goes_to(&self, person: PersonId) -> Option<AddressId> {
        self.told_of(person).next()?;
        let mut knocked: Vec<&MessageRow> =
            self.knocks(person).filter(|k| k.message.state == MessageState::Accepted).collect();
        knocked.reverse();
        knocked.sort_by_key(|knock| std::cmp::Reverse(knock.accepted_at));
        let knocked: Vec<AddressId> = knocked.into_iter().filter_map(|k| k.message.address).collect();
        let addresses = &self.persons.get(&person)?.addresses;
        let addresses: Vec<_> = addresses.iter().filter_map(|id| self.address(*id)).collect();
        alive::goes_to(&addresses, &knocked)
    }

    fn tell_alive(&mut self, person: PersonId, message: MessageId, now: Now) -> Result<()> {
        let rev = self.told_alive.get(&person).map_or(0, |row| row.rev) + 1;
        self.record(format!("{person} alive"), rev, Fact::SheLives { person, message, tell: true })?;
        let leaves = alive::leaves(now.observed);
        let told = Told { person, leaves, taken_back: false };
        self.told_alive.insert(person, ToldRow { told, message, asked: now.trusted, rev });
        if let Some(address) = self.goes_to(person) {
            let kind = Kind::Notice(Notice::SheLives);
            let mut row = MessageRow::new(message, kind, Subject::Person(person), None, now);
            row.message.address = Some(address);
            self.messages.insert(message, row);
            self.wakes.set(WakeOf::Message(message), Lane::Letters, Wake::Observed(leaves));
        }
        Ok(())
    }
}

#[async_trait]
impl AliveStore for MemoryStore {
    async fn reached(&self, author: &Author) -> Result<Vec<Reached>> {
        let world = self.world();
        let asked = |person: &PersonId| {
            let row = world.told_alive.get(person).filter(|row| !row.told.taken_back)?;
            Some(AliveAsked { leaves: row.told.leaves, at: row.asked })
        };
        let people = alive::reached(&world.waited(author.account));
        Ok(people.into_iter().map(|person| Reached { person, asked: asked(&person) }).collect())
    }

    async fn tell_alive(
        &self,
        author: &Author,
        whom: &[PersonId],
        names: &[MessageId],
        now: Now,
    ) -> Result<std::result::Result<(), NotTold>> {
        let mut world = self.world();
        let letters = world.waited(author.account);
        let told: Vec<Told> = world.told_alive.values().map(|row| row.told).collect();
        let life = world.lives.get(&author.account);
        let people = match alive::tell(life, &letters, &told, whom) {
            Ok(people) => people,
            Err(no) => return Ok(Err(no)),
        };
        for person in people {
            let place = whom.iter().position(|one| *one == person);
            let message = *place.and_then(|place| names.get(place)).ok_or(StoreError::Conflict)?;
            world.tell_alive(person, message, now)?;
        }
        Ok(Ok(()))
    }

    async fn untell_alive(&self, author: &Author, person: PersonId, now: Now) -> Result<bool> {
        let mut world = self.world();
        if world.persons.get(&person).is_none_or(|row| row.account != author.account) {
            return Err(StoreError::Missing);
        }
        let Some(row) = world.told_alive.get(&person) else { return Ok(false) };
        let (message, rev) = (row.message, row.rev + 1);
        if !alive::can_be_taken_back(&row.told, now.observed) {
            return Ok(false);
        }
        if world.messages.get(&message).is_some_and(|row| row.message.state != MessageState::Waiting) {
            return Ok(false);
        }
        world.record(format!("{person} alive"), rev, Fact::SheLives { person, message, tell: false })?;
        if let Some(row) = world.told_alive.get_mut(&person) {
            (row.told.taken_back, row.rev) = (true, rev);
        }
        if let Some(row) = world.messages.get_mut(&message) {
            row.message.state = MessageState::Dropped;
            row.message.rev += 1;
            world.wakes.remove(WakeOf::Message(message));
        }
        Ok(true)
    }
}
