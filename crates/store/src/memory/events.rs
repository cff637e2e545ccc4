//! What keepers say of what a letter waits for, in memory.

use super::*;
use crate::asks::days_after;
use crate::events::*;
use crate::lives::{KeeperRow, Names};
use async_trait::async_trait;
use unsaid_delivery::event::{Event, Gateway, Heard, NoWord, Opening, Said, Spoken, Told};
use unsaid_delivery::life::Stage;
use unsaid_delivery::message::{MessageState, Notice};
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::State;

/// What stands of one event.
#[derive(Default, Clone)]
pub(super) struct EventRow {
    spoken: Option<Spoken>,
    told: Option<MessageId>,
    asked: Option<Timestamp>,
    heard: BTreeMap<KeeperId, bool>,
    rev: i64,
}

impl World {
    /// None: the letter does not wait for keepers' word.
    fn event_of(&self, letter: LetterId) -> Option<Event> {
        let (account, quorum) = self.of_letter(letter).find_map(|d| match d.rule.gate {
            Gate::Word { quorum, .. } => Some((d.account, quorum)),
            _ => None,
        })?;
        let row = self.events.get(&letter).cloned().unwrap_or_default();
        let told = row.spoken.filter(|spoken| spoken.grace).map(|spoken| {
            let message = row.told.and_then(|id| self.messages.get(&id));
            message.map_or(Told::Since(spoken.since), |m| match m.message.state {
                MessageState::Waiting | MessageState::Started => Told::Waits,
                _ => Told::Since(m.accepted_at.unwrap_or(spoken.since)),
            })
        });
        let stand = self.keepers_of(account).into_iter().filter(|k| k.row.standing.counts());
        Some(Event {
            quorum,
            keepers: stand.map(|k| k.row.id).collect(),
            heard: row
                .heard
                .iter()
                .map(|(keeper, happened)| Heard { keeper: *keeper, happened: *happened })
                .collect(),
            spoken: row.spoken,
            told,
            waits: self.of_letter(letter).any(|d| d.state == State::Waiting),
            released: self.lives.get(&account).is_some_and(|life| life.stage == Stage::Released),
        })
    }

    /// Of a promise that waits for keepers' word: that enough of them have said it.
    pub(super) fn opening(&self, delivery: &Delivery) -> Option<Opening> {
        match delivery.rule.gate {
            Gate::Word { .. } => self.event_of(delivery.letter)?.opening(),
            Gate::None | Gate::Gone => None,
        }
    }

    /// Everything that waits for it is looked at again.
    fn look_at_event(&mut self, letter: LetterId, now: Now) {
        let waiting: Vec<DeliveryId> =
            self.of_letter(letter).filter(|d| d.state == State::Waiting).map(|d| d.id).collect();
        for id in waiting {
            self.move_delivery(id, State::Waiting, Some(at_once(now)));
        }
    }

    /// A keeper stands otherwise: what was said comes to something else, perhaps.
    pub(super) fn recount(&mut self, account: AccountId, now: Now) {
        let hers = |letter: &LetterId| self.letters.get(letter).is_some_and(|row| row.account == account);
        let letters: Vec<LetterId> = self.events.keys().copied().filter(hers).collect();
        for letter in letters {
            let Some(event) = self.event_of(letter).filter(|event| event.spoken.is_some()) else { continue };
            if event.counted(now).0.spoken.is_none() {
                if let Some(row) = self.events.get_mut(&letter) {
                    (row.spoken, row.told) = (None, None);
                }
                self.look_at_event(letter, now);
            }
        }
    }

    fn ask_others(&mut self, account: AccountId, letter: LetterId, names: &Names, now: Now) {
        let said = self.events.get(&letter).map(|row| row.heard.clone()).unwrap_or_default();
        let whom: Vec<KeeperId> = self
            .keepers_of(account)
            .into_iter()
            .filter(|k| k.row.standing.counts() && k.row.address.is_some())
            .map(|k| k.row.id)
            .filter(|id| said.get(id) != Some(&true))
            .collect();
        for (keeper, (id, link)) in whom.into_iter().zip(names) {
            self.write_to_keeper(keeper, Notice::EventAsked, (*id, *link), days_after(now.trusted, 30), now);
        }
    }

    /// Of the letters of hers that wait for keepers' word: to whom they are, where that person has no address that is good.
    pub(super) fn nameless(&self, account: AccountId) -> BTreeSet<PersonId> {
        let hers = self.deliveries.values().filter(|d| d.account == account);
        hers.filter(|d| {
            matches!(d.rule.gate, Gate::Word { .. })
                && matches!(d.state, State::Waiting | State::Unreachable)
                && self.wants_address(d.person)
        })
        .map(|d| d.person)
        .collect()
    }

    fn wants_address(&self, person: PersonId) -> bool {
        let known = self.persons.get(&person).map(|row| row.addresses.clone()).unwrap_or_default();
        !known.iter().any(|id| self.addresses.get(id).is_some_and(|a| a.good && !a.removed))
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn event(&self, author: &Author, letter: LetterId) -> Result<Option<Event>> {
        let world = self.world();
        let hers = world.letters.get(&letter).is_some_and(|row| row.account == author.account);
        if !hers {
            return Err(StoreError::Missing);
        }
        Ok(world.event_of(letter))
    }

    async fn events_asked(&self, keeper: KeeperId, now: Now) -> Result<Vec<EventAsked>> {
        let world = self.world();
        let Some(KeeperRow { account, .. }) =
            world.keepers.get(&keeper).map(|k| &k.row).filter(|row| row.standing.counts())
        else {
            return Ok(Vec::new());
        };
        let hers = world.deliveries.values().filter(|d| d.account == *account && d.state == State::Waiting);
        let mut waiting: Vec<&Delivery> = hers.filter(|d| matches!(d.rule.gate, Gate::Word { .. })).collect();
        waiting.sort_by_key(|d| (d.letter, d.occurrence));
        let mut asked: Vec<EventAsked> = Vec::new();
        for delivery in waiting {
            let Gate::Word { event, .. } = &delivery.rule.gate else { continue };
            let Some(known) = world.event_of(delivery.letter) else { continue };
            let open = matches!(known.gateway(now), Gateway::Open(_));
            if open || asked.iter().any(|one| one.letter == delivery.letter) {
                continue;
            }
            let given = world.given.get(&(delivery.person, keeper));
            asked.push(EventAsked {
                letter: delivery.letter,
                person: delivery.person,
                event: event.clone(),
                told: world.told.get(&delivery.person).cloned(),
                wants_address: world.wants_address(delivery.person),
                given: given.map(|given| (given.id, given.sealed.clone())),
                own: known.heard.iter().find(|heard| heard.keeper == keeper).map(|heard| heard.happened),
                known,
            });
        }
        Ok(asked)
    }

    async fn say_event(
        &self,
        keeper: KeeperId,
        word: NewWord,
        names: &Names,
        now: Now,
    ) -> Result<std::result::Result<Said, NoWord>> {
        let mut world = self.world();
        let hers = world.of_letter(word.letter).map(|d| d.account).next().ok_or(StoreError::Missing)?;
        let row = world.keepers.get(&keeper).ok_or(StoreError::Missing)?;
        let (account, counts) = (row.row.account, row.row.standing.counts());
        if account != hers {
            return Err(StoreError::Missing);
        }
        if !counts {
            return Ok(Err(NoWord::NotAKeeper));
        }
        let Some(event) = world.event_of(word.letter) else { return Ok(Err(NoWord::Over)) };
        let (event, said) = match event.say(keeper, word.happened, now) {
            Ok(said) => said,
            Err(no) => return Ok(Err(no)),
        };
        let rev = world.events.get(&word.letter).map_or(0, |row| row.rev) + 1;
        let fact = Fact::EventSaid { letter: word.letter, keeper, happened: word.happened };
        world.record(format!("{} event", word.letter), rev, fact)?;
        world.notice(account, Notice::EventSaid, word.told, None, now);
        let begins = said.begins && event.spoken.is_some_and(|spoken| spoken.grace);
        if begins {
            world.notice(account, Notice::EventOpens, word.opens, None, now);
        }
        if let Some(row) = world.keepers.get_mut(&keeper) {
            row.row.heard = Some(now.trusted);
        }
        let row = world.events.entry(word.letter).or_default();
        row.rev = rev;
        row.heard.insert(keeper, word.happened);
        row.spoken = event.spoken;
        row.told = if begins { Some(word.opens) } else { row.told.filter(|_| event.spoken.is_some()) };
        let asks =
            word.happened && row.asked.is_none_or(|at| days_after(at, ASKED_AGAIN_DAYS) <= now.trusted);
        if asks {
            row.asked = Some(now.trusted);
            world.ask_others(account, word.letter, names, now);
        }
        world.look_at_event(word.letter, now);
        Ok(Ok(said))
    }

    async fn stop_event(&self, author: &Author, letter: LetterId, now: Now) -> Result<bool> {
        let mut world = self.world();
        let hers = world.letters.get(&letter).is_some_and(|row| row.account == author.account);
        if !hers {
            return Err(StoreError::Missing);
        }
        if world.event_of(letter).and_then(|event| event.stop(now)).is_none() {
            return Ok(false);
        }
        let rev = world.events.get(&letter).map_or(0, |row| row.rev) + 1;
        world.record(format!("{letter} event"), rev, Fact::EventStopped { letter })?;
        let row = world.events.entry(letter).or_default();
        let asked = row.asked;
        *row = EventRow { asked, rev, ..EventRow::default() };
        world.look_at_event(letter, now);
        Ok(true)
    }
}
