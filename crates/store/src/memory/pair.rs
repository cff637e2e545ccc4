//! What is known of an author and a person together: addresses, refusals, the knocks of the present series, and everything promised. Read
//! by decisions, by the question before DATA and by the person's pages alike, so that all of them mean the same.

use super::*;
use crate::notes::{About, Noted};
use unsaid_delivery::decide::{Address, Pair};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::message::{Kind, MessageState, Notice, Subject};
use unsaid_delivery::parking::{ParkedBy, Parking};
use unsaid_delivery::permit::{self, Permit};
use unsaid_delivery::refusal::Refused;
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::State;

impl RefusalRow {
    /// Whether this touches a person of an author's at an address.
    pub(super) fn touches(&self, account: AccountId, person: PersonId, address_key: Keyed) -> bool {
        let at_address = self.address_key == address_key;
        match self.scope {
            Scope::House => at_address,
            Scope::NotMe => at_address && self.person == person,
            Scope::Quiet => at_address && self.account == account,
            Scope::Author => self.person == person || (at_address && self.account == account),
            Scope::Letter(_) => self.person == person,
        }
    }
}

impl World {
    /// What stands refused for a person at an address, each scope once.
    pub(super) fn refused(&self, person: PersonId, address_key: Keyed) -> Vec<Scope> {
        let Some(row) = self.persons.get(&person) else { return Vec::new() };
        let mut scopes = Vec::new();
        for (_, refusal) in self.refusals.touching(row.account, person, address_key) {
            if !scopes.contains(&refusal.scope) {
                scopes.push(refusal.scope);
            }
        }
        scopes
    }

    /// An address as decisions see it; none if it was taken away.
    pub(super) fn address(&self, id: AddressId) -> Option<Address> {
        let row = self.addresses.get(&id).filter(|a| !a.removed)?;
        let refused = self.refused(row.person, row.key).into_iter().map(|scope| Refused { scope }).collect();
        Some(Address { id, good: row.good, refused })
    }

    /// The pair of a person and their author.
    pub(super) fn pair(&self, person: PersonId) -> Pair {
        let Some(row) = self.persons.get(&person) else { return Pair::default() };
        let series: Vec<&MessageRow> = self.knocks(person).filter(|k| k.series == row.series).collect();
        Pair {
            addresses: row.addresses.iter().filter_map(|id| self.address(*id)).collect(),
            knocks: series.iter().map(|k| k.message.clone()).collect(),
            last_accepted: series.iter().filter_map(|k| k.accepted_at).max(),
            zone: self.zone(person).unwrap_or_default(),
            gone: self.lives.get(&row.account).and_then(|life| life.gate()),
            word: None,
            later: None,
        }
    }

    /// The same, for whoever decides about this delivery.
    pub(super) fn pair_of(&self, delivery: &Delivery) -> Pair {
        let later = self.of_letter(delivery.letter).map(|d| d.occurrence);
        let later = later.filter(|occurrence| *occurrence > delivery.occurrence).min();
        Pair { later, word: self.opening(delivery), ..self.pair(delivery.person) }
    }

    /// In which zone the days of a person fall: theirs, or their author's where theirs is not known.
    pub(super) fn zone(&self, person: PersonId) -> Option<String> {
        let row = self.persons.get(&person)?;
        row.zone.clone().or_else(|| self.accounts.get(&row.account).map(|a| a.account.zone.clone()))
    }

    /// All knocks to a person, oldest first.
    pub(super) fn knocks(&self, person: PersonId) -> impl Iterator<Item = &MessageRow> {
        self.knocks_to.get(&person).into_iter().flatten().filter_map(|id| self.messages.get(id))
    }

    /// The names of all deliveries to a person.
    pub(super) fn deliveries_to(&self, person: PersonId) -> Vec<DeliveryId> {
        self.deliveries_to.get(&person).into_iter().flatten().copied().collect()
    }

    /// Everything of a pair, as the question before DATA wants it.
    pub(super) fn of_pair(&self, person: PersonId) -> Vec<(DeliveryId, LetterId, State)> {
        let ids = self.deliveries_to.get(&person).into_iter().flatten();
        ids.filter_map(|id| self.deliveries.get(id)).map(|d| (d.id, d.letter, d.state)).collect()
    }

    /// `a-sign-after-the-release`: the same without what waits for her end and is not owed any more. It is no reason to write.
    pub(super) fn owed_of_pair(&self, person: PersonId) -> Vec<(DeliveryId, LetterId, State)> {
        let owed = |id: &DeliveryId| {
            self.deliveries.get(id).is_some_and(|d| {
                let gone = || self.lives.get(&d.account).is_some_and(|row| row.is_released());
                d.rule.gate != Gate::Gone || matches!(d.state, State::Knocked(_)) || gone()
            })
        };
        self.of_pair(person).into_iter().filter(|(id, ..)| owed(id)).collect()
    }

    /// Whether a message may leave, as far as these holds of the house let it.
    pub(super) fn permit(&self, message: &Message, holds: &[Hold], now: Now) -> Permit {
        let (address, deliveries) = match (message.kind, message.subject) {
            (Kind::Knock, Subject::Person(person)) => {
                (message.address.and_then(|id| self.address(id)), self.owed_of_pair(person))
            }
            (Kind::Notice(Notice::AtTheDoor | Notice::GoesElsewhere), Subject::Person(person)) => {
                (message.address.and_then(|id| self.address(id)), self.of_pair(person))
            }
            (Kind::Notice(Notice::SheLives), Subject::Person(person)) => {
                (message.address.and_then(|id| self.address(id)), self.alive_facts(person))
            }
            _ => (None, Vec::new()),
        };
        let about = match self.recipient_left(message) {
            true => return Permit::Drop("address-removed"),
            false => self.about(message),
        };
        let life = about.as_ref().and_then(|about| about.life.as_ref());
        permit::still_allowed(
            message,
            permit::Facts { address: address.as_ref(), deliveries: &deliveries, holds, life },
            now,
        )
    }

    /// Moves a delivery to a state, with its wake: none removes it.
    pub(super) fn move_delivery(&mut self, id: DeliveryId, state: State, wake: Option<Wake>) {
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            delivery.state = state;
            delivery.rev += 1;
            if !matches!(state, State::Parked { .. }) {
                delivery.parked = None;
            }
        }
        self.set_wake(id, wake);
    }

    /// Parks a delivery: where it was is kept beside it. One that is parked already keeps where it was, and since when.
    pub(super) fn park_delivery(
        &mut self,
        id: DeliveryId,
        state: State,
        by: ParkedBy,
        now: Now,
        wake: Option<Wake>,
    ) {
        let free = self.deliveries.get(&id).is_some_and(|d| !matches!(d.state, State::Parked { .. }));
        if let (true, ParkedBy::Engine, State::Parked { why, .. }) = (free, by, state) {
            self.note(About::Delivery(id), Noted::held(why));
        }
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            let parking = Parking { was: delivery.state, by, since: now.trusted, observed: now.observed };
            delivery.parked = match (delivery.state, delivery.parked) {
                (State::Parked { .. }, before) => before.map(|before| Parking { by, ..before }),
                _ => Some(parking),
            };
            delivery.state = state;
            delivery.rev += 1;
        }
        self.set_wake(id, wake);
    }

    fn set_wake(&mut self, id: DeliveryId, wake: Option<Wake>) {
        match wake {
            Some(wake) => self.wakes.set(WakeOf::Delivery(id), Lane::Letters, wake),
            None => self.wakes.remove(WakeOf::Delivery(id)),
        }
    }

    /// The knocking deliveries of a person wake at once. Whoever has one of them in hand has read what is no longer so: its rev moves, and they read
    /// again.
    pub(super) fn wake_knocking(&mut self, person: PersonId, now: Now) {
        for (id, _, state) in self.of_pair(person) {
            if state.is_knocking() {
                if self.wakes.has_holder(WakeOf::Delivery(id))
                    && let Some(delivery) = self.deliveries.get_mut(&id)
                {
                    delivery.rev += 1;
                }
                self.wakes.set(WakeOf::Delivery(id), Lane::Letters, at_once(now));
            }
        }
    }

    /// The waiting knocks to a person wake at once, to be looked at again.
    pub(super) fn wake_messages(&mut self, person: PersonId, now: Now) {
        for id in self.knocks_to.get(&person).into_iter().flatten() {
            if self.messages.get(id).is_some_and(|m| m.message.state == MessageState::Waiting) {
                self.wakes.move_to(WakeOf::Message(*id), at_once(now));
            }
        }
    }
}
