//! The engine's side, in memory: what wakes, and what becomes of it. One thing because its trait is one.

use super::*;
use crate::EngineStore;
use crate::notes::{About, Noted};
use async_trait::async_trait;
use unsaid_delivery::accept::Granted;
use unsaid_delivery::breaker::Weighed;
use unsaid_delivery::decide::{AmendDecision, Decision, pause_days};
use unsaid_delivery::fact::{Knocked, ToldOf};
use unsaid_delivery::forecast::Forecast;
use unsaid_delivery::message::{Call, Kind, MessageState, Notice, Subject};
use unsaid_delivery::parking::ParkedBy;
use unsaid_delivery::permit::Permit;
use unsaid_delivery::planted::{self, Planted};
use unsaid_delivery::record::{self, Bounce, CameBack, Recorded};
use unsaid_delivery::state::{Amending, State};

/// The word for a state (delivery.md).
pub(super) fn name(state: State) -> &'static str {
    match state {
        State::Resting => "resting",
        State::Waiting => "waiting",
        State::Due => "due",
        State::Sending => "sending",
        State::Knocked(_) => "knocked",
        State::Askable => "askable",
        State::Later(_) => "later",
        State::Parked { .. } => "parked",
        State::Opened => "opened",
        State::Withdrawn { .. } => "withdrawn",
        State::Refused => "refused",
        State::Unanswered => "unanswered",
        State::Unreachable => "unreachable",
    }
}

impl World {
    /// The row of a message that is still ours: fence, holder and rev stand.
    fn ours(&self, taken: &Taken, message: &Message) -> Option<&MessageRow> {
        let of = WakeOf::Message(message.id);
        let holds = taken.of == of && self.wakes.is_held(of, taken.boot, taken.fence);
        self.messages.get(&message.id).filter(|row| holds && row.message.rev == message.rev)
    }

    /// Every wrap under the host's layer.
    pub(super) fn hosted(&self) -> impl Iterator<Item = StoredWrap> {
        let letters = self.letters.iter().flat_map(|(letter, row)| {
            row.versions.iter().flat_map(move |(version, row)| {
                let hosted = row.wraps.iter().filter(|(kind, _)| **kind != WrapKind::Author);
                hosted.map(move |(kind, wrap)| StoredWrap {
                    subject: letter.to_string(),
                    version: *version,
                    kind: *kind,
                    bytes: wrap.bytes.clone(),
                    generation: wrap.generation,
                })
            })
        });
        let accounts = self.accounts.iter().map(|(account, row)| StoredWrap {
            subject: account.to_string(),
            version: row.account.unlock_number,
            kind: WrapKind::Unlock,
            bytes: row.unlock_wrap.bytes.clone(),
            generation: row.unlock_wrap.generation,
        });
        letters.chain(accounts)
    }

    /// Takes what has come, nobody holds, and is wanted.
    fn take(
        &mut self,
        boot: BootId,
        lane: Lane,
        now: Now,
        limit: usize,
        wanted: impl Fn(WakeOf) -> bool,
    ) -> Vec<Taken> {
        let free: Vec<WakeOf> = self
            .wakes
            .come(lane, now)
            .filter(|(of, holder, _)| holder.is_none() && wanted(*of))
            .map(|(of, ..)| of)
            .take(limit)
            .collect();
        free.into_iter()
            .filter_map(|of| self.wakes.hold(of, boot).map(|fence| Taken { of, fence, boot }))
            .collect()
    }

    /// Gives a wake back with a new time, or removes it.
    pub(super) fn settle(&mut self, of: WakeOf, wake: Option<Wake>) {
        match wake {
            Some(wake) => {
                self.wakes.move_to(of, wake);
                self.wakes.let_go(of);
            }
            None => self.wakes.remove(of),
        }
    }

    fn start(&mut self, taken: &Taken, message: &Message, date: Timestamp, now: Now) -> Result<StartAnswer> {
        let anybodys = self.messages.get(&message.id).filter(|_| planted::is(Planted::NoFence));
        let Some(row) = self.ours(taken, message).or(anybodys) else { return Ok(StartAnswer::NotOurs) };
        let holds: Vec<Hold> = self.holds.keys().copied().collect();
        match self.permit(&row.message, &holds, now) {
            Permit::Go => {}
            Permit::Drop(why) => return Ok(StartAnswer::NotAllowed(why)),
            Permit::Wait(_) => return Ok(StartAnswer::Held),
        }
        let row = self.messages.get_mut(&message.id).ok_or(StoreError::Damaged)?;
        row.message.state = MessageState::Started;
        row.message.date = row.message.date.or(Some(date));
        row.message.rev += 1;
        Ok(StartAnswer::Started(row.message.clone()))
    }

    fn recorded(&mut self, taken: &Taken, message: &Message, recorded: &Recorded, now: Now) -> Result<()> {
        let row = self.ours(taken, message).ok_or(StoreError::Conflict)?;
        let address = row.message.address;
        if recorded.state == MessageState::Accepted && row.message.kind != Kind::Code {
            let knock = self.knocked(message.id);
            self.record(message.id, message.rev + 1, Fact::Accepted { message: message.id, knock })?;
        }
        if recorded.address_is_dead
            && let Some(row) = address.and_then(|id| self.addresses.get_mut(&id))
        {
            row.good = false;
            self.note(About::Message(message.id), Noted::CameBack);
        }
        self.end_or_retry(message, recorded.state, recorded.counts, recorded.wake, now);
        Ok(())
    }

    /// What the fact of an accepted knock says of it.
    fn knocked(&self, id: MessageId) -> Option<Knocked> {
        let row = self.messages.get(&id)?;
        let (Kind::Knock, Subject::Person(person)) = (row.message.kind, row.message.subject) else {
            return None;
        };
        let told = |d: &Delivery| ToldOf { delivery: d.id, letter: d.letter, occurrence: d.occurrence };
        let theirs = self.deliveries_to.get(&person).into_iter().flatten();
        Some(Knocked {
            person,
            series: row.series,
            nth: row.message.nth,
            address: row.message.address?,
            link: row.link?.0,
            told: theirs
                .filter_map(|d| self.deliveries.get(d))
                .filter(|d| d.state.is_knocking())
                .map(told)
                .collect(),
        })
    }

    /// When a message was accepted; none: it came back.
    fn accepted_at(&mut self, id: MessageId, at: Option<Observed>) {
        // What did not go by mail says nothing about mail.
        let Some(row) = self.messages.get_mut(&id).filter(|row| row.way == Way::Mail) else { return };
        if let Some(before) = row.accepted_at {
            self.left.remove(&(before, id));
        }
        self.left.extend(at.map(|at| (at, id)));
        if row.message.kind == Kind::Knock {
            if let Some(before) = row.accepted_at {
                self.knocks_left.remove(&(before, id));
            }
            self.knocks_left.extend(at.map(|at| (at, id)));
        }
        row.accepted_at = at;
    }

    /// Changes what was tried or dropped, and tells the deliveries that waited for it.
    fn end_or_retry(
        &mut self,
        message: &Message,
        state: MessageState,
        counts: bool,
        wake: Option<Wake>,
        now: Now,
    ) {
        let Some(row) = self.messages.get_mut(&message.id) else { return };
        row.message.state = state;
        row.message.rev += 1;
        if counts {
            row.message.tries = row.message.tries.saturating_add(1);
        }
        let (kind, subject, nth) = (row.message.kind, row.message.subject, row.message.nth);
        if state == MessageState::Accepted {
            self.accepted_at(message.id, Some(now.observed));
        }
        self.settle(WakeOf::Message(message.id), wake);
        if let Kind::Ladder(_) = kind {
            self.ladder_heard(message.id, state, now);
        }
        let (Kind::Knock, Subject::Person(person)) = (kind, subject) else { return };
        match state {
            MessageState::Waiting | MessageState::Started => {}
            MessageState::Accepted => {
                let wake = Wake::Observed(now.observed.plus_days(pause_days(nth)));
                for (id, _, state) in self.of_pair(person) {
                    if state.is_knocking() {
                        let wake = Some(wake).filter(|_| !planted::is(Planted::WakeForgotten));
                        self.move_delivery(id, State::Knocked(nth), wake);
                    }
                }
            }
            MessageState::Refused | MessageState::Dropped => self.wake_knocking(person, now),
        }
    }
}

#[async_trait]
impl EngineStore for MemoryStore {
    async fn take(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Taken>> {
        Ok(self.world().take(boot, lane, now, limit, |_| true))
    }

    async fn take_messages(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Taken>> {
        Ok(self.world().take(boot, lane, now, limit, |of| matches!(of, WakeOf::Message(_))))
    }

    async fn held(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Held>> {
        let world = self.world();
        Ok(world
            .wakes
            .come(lane, now)
            .filter_map(|(of, holder, fence)| holder.filter(|h| *h != boot).map(|h| (of, h, fence)))
            .map(|(of, holder, fence)| {
                let beat = world.beats.get(&holder).map_or(0, |(beat, _)| *beat);
                Held { of, holder, fence, beat }
            })
            .take(limit)
            .collect())
    }

    async fn take_over(&self, boot: BootId, held: &Held) -> Result<Option<Taken>> {
        let mut world = self.world();
        let beat = world.beats.get(&held.holder).map_or(0, |(beat, _)| *beat);
        if beat != held.beat || !world.wakes.is_held(held.of, held.holder, held.fence) {
            return Ok(None);
        }
        Ok(world.wakes.hold(held.of, boot).map(|fence| Taken { of: held.of, fence, boot }))
    }

    async fn give_back(&self, taken: &Taken) -> Result<()> {
        let mut world = self.world();
        if world.wakes.is_held(taken.of, taken.boot, taken.fence) {
            world.wakes.let_go(taken.of);
        }
        Ok(())
    }

    async fn next_wakes(&self, lane: Lane) -> Result<NextWakes> {
        Ok(self.world().wakes.next(lane))
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryView>> {
        let world = self.world();
        Ok(world
            .deliveries
            .get(&id)
            .map(|delivery| DeliveryView { delivery: delivery.clone(), pair: world.pair_of(delivery) }))
    }

    async fn decided(
        &self,
        taken: &Taken,
        delivery: &Delivery,
        decision: &Decision,
        knock: Option<(MessageId, Keyed)>,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let of = WakeOf::Delivery(delivery.id);
        expect(taken.of == of && world.wakes.is_held(of, taken.boot, taken.fence))?;
        let stored = world.deliveries.get(&delivery.id).ok_or(StoreError::Conflict)?;
        expect(stored.rev == delivery.rev)?;
        let person = stored.person;
        let knock = match (decision.knock, knock) {
            (None, _) => None,
            (Some(_), None) => return Err(StoreError::Conflict),
            (Some(new), Some((id, link))) => {
                let series = world.persons.get(&person).ok_or(StoreError::Damaged)?.series;
                let series = series + u32::from(decision.anew);
                let there = |k: &MessageRow| {
                    k.series == series
                        && k.message.nth == new.nth
                        && k.message.address == Some(new.address)
                        && k.message.state != MessageState::Dropped
                };
                expect(!world.knocks(person).any(there))?;
                expect(!world.messages.contains_key(&id) && !world.links.contains_key(&link))?;
                Some((new, id, link, series))
            }
        };
        if decision.state == State::Unreachable {
            world.record(delivery.id, delivery.rev + 1, Fact::Unreachable { delivery: delivery.id })?;
            let account = delivery.account;
            if world.lives.get(&account).is_some_and(|life| life.is_released()) {
                world.look_at_life(account, now);
            }
        }
        if matches!(decision.state, State::Parked { .. }) {
            world.park_delivery(delivery.id, decision.state, ParkedBy::Engine, now, decision.wake);
        } else {
            if matches!(delivery.state, State::Parked { .. }) {
                world.note(About::Delivery(delivery.id), Noted::LetGo);
            }
            world.move_delivery(delivery.id, decision.state, decision.wake);
        }
        if decision.unforeseen {
            world.left_unforeseen.insert(delivery.id, now.observed);
        }
        if let Some(row) = world.deliveries.get_mut(&delivery.id) {
            row.due = decision.due;
            row.tzdb.clone_from(&decision.tzdb);
            row.occurrence = decision.occurrence;
            row.forecast = decision.forecast.or(row.forecast);
        }
        world.settle(of, decision.wake);
        if decision.anew
            && let Some(row) = world.persons.get_mut(&person)
        {
            row.series += 1;
        }
        if let Some(next) = decision.next {
            world.foresee(delivery.id, next, &decision.tzdb, now);
        }
        if let Some((new, id, link, series)) = knock {
            let mut row = MessageRow::new(id, Kind::Knock, Subject::Person(person), None, now);
            (row.series, row.link) = (series, Some(link));
            (row.message.nth, row.message.address) = (new.nth, Some(new.address));
            row.message.foreseen = new.foreseen;
            world.messages.insert(id, row);
            world.knocks_to.entry(person).or_default().push(id);
            world.links.insert(link, id);
            world.wakes.set(WakeOf::Message(id), Lane::Letters, at_once(now));
        }
        Ok(())
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageView>> {
        let world = self.world();
        let Some(row) = world.messages.get(&id) else { return Ok(None) };
        let message = row.message.clone();
        let view = |to, to_bound_to, language| MessageView {
            message: message.clone(),
            to,
            to_bound_to,
            address: None,
            deliveries: Vec::new(),
            way: row.way,
            language,
            newcomer: row.newcomer,
            name: None,
            looked_after: false,
            about: world.about(&row.message),
        };
        Ok(match message.subject {
            Subject::Person(person) => {
                let to = message.address.and_then(|a| world.addresses.get(&a).map(|row| (a, row)));
                let (Some((address, to)), Some(person_row)) = (to, world.persons.get(&person)) else {
                    return Err(StoreError::Damaged);
                };
                let view = view(to.sealed.clone(), address.to_string(), person_row.language.clone());
                Some(match message.kind {
                    Kind::Knock => MessageView {
                        address: world.address(address),
                        deliveries: world.owed_of_pair(person),
                        name: world.name_to_say(person),
                        looked_after: world.is_looked_after(person),
                        ..view
                    },
                    Kind::Notice(Notice::SheLives) => MessageView {
                        address: world.address(address),
                        deliveries: world.alive_facts(person),
                        name: if world.knows_her(person) { world.name_to_say(person) } else { None },
                        ..view
                    },
                    _ => view,
                })
            }
            Subject::Account(account) => world.accounts.get(&account).map(|a| {
                let language = a.account.language.clone();
                match &row.notice_to {
                    Some(to) => view(to.clone(), id.to_string(), language),
                    None => view(a.account.email.clone(), account.to_string(), language),
                }
            }),
            Subject::Channel(channel) => {
                let row = world.channels.get(&channel);
                let her = row.and_then(|row| world.accounts.get(&row.account));
                row.zip(her).map(|(row, her)| {
                    view(row.sealed.clone(), channel.to_string(), her.account.language.clone())
                })
            }
            Subject::Keeper(keeper) => world.keepers.get(&keeper).and_then(|row| {
                let to = row.row.address.clone()?;
                Some(view(to, keeper.to_string(), row.row.language.clone()))
            }),
            Subject::SigningIn => row.to.as_ref().map(|(to, key, spoken)| {
                let asked =
                    world.codes.values().find(|code| code.message == id).and_then(|code| code.account);
                let account = asked.or(world.account_of.get(key).copied());
                let account = account.and_then(|id| world.accounts.get(&id));
                let language = account.map_or(spoken, |a| &a.account.language);
                view(to.clone(), id.to_string(), language.to_owned())
            }),
        })
    }

    async fn start(
        &self,
        taken: &Taken,
        message: &Message,
        date: Timestamp,
        now: Now,
    ) -> Result<StartAnswer> {
        self.world().start(taken, message, date, now)
    }

    async fn start_many(&self, group: &[Starting], now: Now) -> Vec<Result<StartAnswer>> {
        let mut world = self.world();
        group.iter().map(|one| world.start(&one.taken, &one.message, one.date, now)).collect()
    }

    async fn still_allowed(&self, taken: &Taken, message: &Message, now: Now) -> Result<bool> {
        let world = self.world();
        let anybodys = world.messages.get(&message.id).filter(|_| planted::is(Planted::NoFence));
        let row = world.ours(taken, message).or(anybodys);
        Ok(row.is_some_and(|row| world.permit(&row.message, &[], now) == Permit::Go))
    }

    async fn recorded(&self, taken: &Taken, message: &Message, recorded: &Recorded, now: Now) -> Result<()> {
        self.world().recorded(taken, message, recorded, now)
    }

    async fn recorded_many(&self, group: &[Recording], now: Now) -> Vec<Result<()>> {
        let mut world = self.world();
        group.iter().map(|one| world.recorded(&one.taken, &one.message, &one.recorded, now)).collect()
    }

    async fn dropped(&self, taken: &Taken, message: &Message, now: Now) -> Result<()> {
        let mut world = self.world();
        expect(world.ours(taken, message).is_some())?;
        world.end_or_retry(message, MessageState::Dropped, false, None, now);
        Ok(())
    }

    async fn bounced(&self, message: MessageId, bounce: Bounce, now: Now) -> Result<CameBack> {
        let mut world = self.world();
        let row = world.messages.get(&message).ok_or(StoreError::Missing)?;
        let became = record::bounced(&row.message, bounce);
        if became != CameBack::AddressIsDead {
            return Ok(became);
        }
        let (row, address) = (row.message.clone(), row.message.address);
        world.record(message, row.rev + 1, Fact::Bounced { message })?;
        if let Some(address) = address.and_then(|id| world.addresses.get_mut(&id)) {
            address.good = false;
        }
        world.accepted_at(message, None);
        if let Subject::Person(person) = row.subject {
            for (id, _, state) in world.of_pair(person) {
                if state == State::Unanswered {
                    world.move_delivery(id, State::Sending, Some(at_once(now)));
                }
            }
        }
        world.end_or_retry(&row, MessageState::Refused, false, None, now);
        Ok(became)
    }

    async fn asked_at_door(&self, limit: usize) -> Result<Vec<Keyed>> {
        Ok(self.world().who_asked_at_door(limit))
    }

    async fn answer_at_door(&self, address: Keyed, notices: &[(MessageId, Keyed)], now: Now) -> Result<u64> {
        Ok(self.world().answer_at_door(address, notices, now))
    }

    async fn nobody_reads(&self, knock: MessageId, notice: MessageId, now: Now) -> Result<bool> {
        Ok(self.world().nobody_reads(knock, notice, now))
    }

    async fn counts(&self) -> Result<Vec<(String, u64)>> {
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for delivery in self.world().deliveries.values() {
            *counts.entry(name(delivery.state)).or_default() += 1;
        }
        Ok(counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect())
    }

    async fn foresee(&self, now: Now, limit: usize) -> Result<u64> {
        Ok(self.world().look_ahead(now, limit))
    }

    async fn rederive(&self, limit: usize) -> Result<Rederived> {
        Ok(self.world().rederive(limit))
    }

    async fn forecast(&self, now: Now) -> Result<Foreseen> {
        Ok(self.world().forecast(now))
    }

    async fn call_host(&self, call: Call, notices: &[MessageId], now: Now) -> Result<u64> {
        let mut world = self.world();
        let pause = SignedDuration::from_hours(call.pause_hours());
        if world.calls.get(&call).is_some_and(|at| now.trusted.duration_since(*at) < pause) {
            return Ok(0);
        }
        world.calls.insert(call, now.trusted);
        let hosts = world.hosts.clone();
        let mut called = 0;
        for ((_, host), notice) in hosts.into_iter().zip(notices) {
            world.notice_from(host, Notice::HostCalled(call), *notice, now.trusted, now);
            world.wakes.remove(WakeOf::Message(*notice));
            world.wakes.set(WakeOf::Message(*notice), Lane::Codes, at_once(now));
            called += 1;
        }
        Ok(called)
    }

    async fn called(&self, call: Call) -> Result<Option<Timestamp>> {
        Ok(self.world().calls.get(&call).copied())
    }

    async fn knocks_left(&self, since: Observed, limit: usize) -> Result<Vec<Observed>> {
        let world = self.world();
        let newest = world.knocks_left.iter().rev().map(|(at, _)| *at);
        Ok(newest.take_while(|at| *at > since).take(limit).collect())
    }

    async fn look(&self, now: Now) -> Result<u64> {
        Ok(self.world().look(now))
    }

    async fn weigh(&self, now: Now) -> Result<Weighed> {
        Ok(self.world().weigh(now))
    }

    async fn parked(&self, limit: usize) -> Result<Vec<Delivery>> {
        let world = self.world();
        let parked = world.deliveries.values().filter(|d| matches!(d.state, State::Parked { .. }));
        let mut parked: Vec<Delivery> = parked.cloned().collect();
        parked.sort_by_key(|d| (d.parked.map_or(Timestamp::UNIX_EPOCH, |parking| parking.since), d.id));
        parked.truncate(limit);
        Ok(parked)
    }

    async fn commit_parking(
        &self,
        delivery: &Delivery,
        granted: &Granted,
        forecast: Option<Forecast>,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let stored = world.deliveries.get(&delivery.id).ok_or(StoreError::Missing)?;
        expect(stored.rev == delivery.rev && stored.person == delivery.person)?;
        world.record(delivery.id, delivery.rev + 1, granted.fact.clone())?;
        if matches!(granted.state, State::Parked { .. }) {
            world.park_delivery(delivery.id, granted.state, ParkedBy::Host, now, granted.wake);
            return Ok(());
        }
        world.move_delivery(delivery.id, granted.state, granted.wake);
        if let Some(row) = world.deliveries.get_mut(&delivery.id) {
            row.forecast = forecast.or(row.forecast);
        }
        Ok(())
    }

    async fn amending(&self, letter: LetterId) -> Result<Option<Amending>> {
        Ok(self.world().amending(letter))
    }

    async fn amended(
        &self,
        taken: &Taken,
        amending: &Amending,
        decision: AmendDecision,
        _now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let (letter, version) = (amending.letter, amending.version);
        let of = WakeOf::Letter(letter);
        expect(taken.of == of && world.wakes.is_held(of, taken.boot, taken.fence))?;
        expect(world.amending(letter).is_some_and(|there| there.version == version))?;
        match decision {
            AmendDecision::Rests(wake) => world.settle(of, Some(wake)),
            AmendDecision::Counts => {
                world.record_of_letter(letter, Fact::Unwrapped { letter, version })?;
                world.counts(letter, version);
                world.settle(of, None);
            }
        }
        Ok(())
    }

    async fn wraps_to_rewrap(&self, below: u32, limit: usize) -> Result<Vec<StoredWrap>> {
        let world = self.world();
        let mut wraps: Vec<StoredWrap> = world.hosted().filter(|wrap| wrap.generation < below).collect();
        wraps.sort_by_key(|w| (w.generation, w.subject.clone(), w.version, w.kind));
        wraps.truncate(limit);
        Ok(wraps)
    }

    async fn rewrapped(&self, old: &StoredWrap, bytes: Vec<u8>, generation: u32) -> Result<()> {
        let mut world = self.world();
        let there = world.hosted().any(|wrap| wrap == *old);
        expect(there)?;
        let fact = Fact::Rewrapped { subject: old.subject.clone(), version: old.version, generation };
        world.record(format!("{} {}", old.subject, old.kind.name()), generation.into(), fact)?;
        let new = Wrap { bytes, generation };
        if old.kind == WrapKind::Unlock {
            let account = old.subject.parse().map_err(|_| StoreError::Damaged)?;
            world.accounts.get_mut(&account).ok_or(StoreError::Damaged)?.unlock_wrap = new;
        } else {
            let letter = old.subject.parse().map_err(|_| StoreError::Damaged)?;
            let row = world.version_mut(letter, old.version).ok_or(StoreError::Damaged)?;
            row.wraps.insert(old.kind, new);
        }
        Ok(())
    }

    async fn wraps_by_generation(&self) -> Result<Vec<(u32, u64)>> {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for wrap in self.world().hosted() {
            *counts.entry(wrap.generation).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }
}
