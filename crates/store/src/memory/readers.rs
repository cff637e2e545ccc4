//! The person's side, in memory: links, what waits, opening, saying no and taking it back.

use super::*;
use crate::ReaderStore;
use crate::limits::READERS_OF_A_LINK;
use async_trait::async_trait;
use unsaid_delivery::accept::{self, Granted};
use unsaid_delivery::decide::pause_days;
use unsaid_delivery::message::{Kind, Notice, Subject};
use unsaid_delivery::parking::ParkedBy;
use unsaid_delivery::planted::{self, Planted};
use unsaid_delivery::refusal;
use unsaid_delivery::state::{Parked, State};

/// A reader's session lasts so long.
const READER_HOURS: i64 = 30 * 24;
/// The part whose size a reader is shown.
const LETTER_PART: &str = "letter.age";
/// The part that holds the signature.
const SIGNATURE_PART: &str = "sig.age";

impl World {
    /// Whom a knock went to.
    fn reader_of(&self, message: MessageId) -> Option<Reader> {
        let row = self
            .messages
            .get(&message)
            .filter(|row| matches!(row.message.kind, Kind::Knock | Kind::Notice(Notice::AtTheDoor)))?;
        let Subject::Person(person) = row.message.subject else { return None };
        let address = row.message.address?;
        Some(Reader {
            account: self.persons.get(&person)?.account,
            person,
            at: Some((address, self.addresses.get(&address)?.key)),
            older_card: false,
            session: None,
        })
    }

    /// Who comes with this card.
    fn reader_with(&self, claim: Keyed) -> Option<Reader> {
        let card = self.cards.get(&claim)?;
        let account = self.persons.get(&card.person)?.account;
        Some(Reader { account, person: card.person, at: None, older_card: !card.present, session: None })
    }

    /// One more than there may be of this link, or this card: the oldest has to open it again.
    fn only_so_many_readers(&mut self, who: ReaderOf, newest: Keyed) {
        let theirs = self.readers_of.get(&who).into_iter().flatten();
        let mut found: Vec<(std::cmp::Reverse<Timestamp>, Keyed)> = theirs
            .filter_map(|token| self.readers.get(token).map(|row| (std::cmp::Reverse(row.until), *token)))
            .collect();
        found.sort_unstable();
        for (_, token) in found.into_iter().skip(READERS_OF_A_LINK as usize) {
            if token != newest {
                self.forget_reader(token);
            }
        }
    }

    fn keep_reader(&mut self, token: Keyed, who: ReaderOf, until: Timestamp) {
        self.readers.insert(token, ReaderRow { who, until });
        self.readers_of.entry(who).or_default().insert(token);
        self.only_so_many_readers(who, token);
    }

    fn forget_reader(&mut self, token: Keyed) {
        if let Some(row) = self.readers.remove(&token)
            && let Some(theirs) = self.readers_of.get_mut(&row.who)
        {
            theirs.remove(&token);
        }
    }

    /// Whether a card leads to this delivery of its person: the present one to all, an older one to what was opened with words.
    fn leads_to(&self, older_card: bool, d: &Delivery) -> bool {
        let with_words = || self.sealing(d.letter, d.version).is_some_and(|s| s.kept == Kept::Words);
        !older_card || (d.pinned && with_words())
    }

    /// What this reader may open: nothing while they say that this address is not the person's.
    pub(super) fn openable(&self, reader: &Reader) -> Vec<&Delivery> {
        self.there(reader).into_iter().filter(|d| d.state.may_be_opened()).collect()
    }

    /// The same, and what is held after it had been announced to them.
    pub(super) fn there(&self, reader: &Reader) -> Vec<&Delivery> {
        if self.refused(reader.person, reader.address_key()).contains(&Scope::NotMe) {
            return Vec::new();
        }
        let ids = self.deliveries_to.get(&reader.person).into_iter().flatten();
        ids.filter_map(|id| self.deliveries.get(id))
            .filter(|d| d.account == reader.account && d.state.is_there_for_person())
            .filter(|d| self.leads_to(reader.older_card, d))
            .collect()
    }

    /// A delivery of theirs that was opened and can be opened again.
    pub(super) fn opened(&self, reader: &Reader, delivery: DeliveryId) -> Result<&Delivery> {
        let mut openable = self.openable(reader).into_iter();
        let found = openable.find(|d| d.id == delivery && d.pinned).ok_or(StoreError::Missing)?;
        if self.asks(reader, found).is_some() { Err(StoreError::Missing) } else { Ok(found) }
    }

    /// What a reader asks something of, as it was read. Missing unless it is theirs and may be opened.
    fn theirs(&self, reader: &Reader, delivery: &Delivery) -> Result<()> {
        let not_me = self.refused(reader.person, reader.address_key()).contains(&Scope::NotMe);
        let stored = self.deliveries.get(&delivery.id).filter(|d| {
            !not_me
                && d.account == reader.account
                && d.person == reader.person
                && d.state.may_be_opened()
                && self.leads_to(reader.older_card, d)
        });
        expect(stored.ok_or(StoreError::Missing)?.rev == delivery.rev)
    }

    /// A knock with whom it went to.
    fn knock(&self, message: MessageId) -> Option<Knock> {
        let reader = self.reader_of(message)?;
        let looked_after = self.is_looked_after(reader.person);
        Some(Knock { message, reader, waits: !self.openable(&reader).is_empty(), looked_after })
    }

    /// Whether somebody else reads their mail.
    pub(super) fn is_looked_after(&self, person: PersonId) -> bool {
        self.persons.get(&person).is_some_and(|row| row.looked_after.is_some())
    }

    /// Writes a no, or the lifting of one. Its subject is the person; the house's has none.
    fn record_refusal(&mut self, person: Option<PersonId>, fact: Fact) -> Result<()> {
        let subject = person.map_or_else(|| "-".to_owned(), |p| p.to_string());
        self.record(subject, self.refusals_rev + 1, fact)?;
        self.refusals_rev += 1;
        Ok(())
    }

    /// Everybody whom a refusal of this reader's touches.
    fn touched(&self, reader: &Reader, scope: Scope) -> Vec<PersonId> {
        let row = refusal_row(reader, scope);
        let mut touched = BTreeSet::from([reader.person]);
        for person in self.persons_at.get(&reader.address_key()).into_iter().flatten() {
            if let Some(p) = self.persons.get(person)
                && row.touches(p.account, *person, reader.address_key())
            {
                touched.insert(*person);
            }
        }
        touched.into_iter().collect()
    }
}

fn refusal_row(reader: &Reader, scope: Scope) -> RefusalRow {
    RefusalRow { address_key: reader.address_key(), account: reader.account, person: reader.person, scope }
}

#[async_trait]
impl ReaderStore for MemoryStore {
    async fn knock(&self, link: Keyed) -> Result<Option<Knock>> {
        let world = self.world();
        Ok(world.links.get(&link).and_then(|message| world.knock(*message)))
    }

    async fn knock_named(&self, message: MessageId) -> Result<Option<Knock>> {
        let mut world = self.world();
        let knock = world.knock(message);
        if planted::is(Planted::GetCheckin)
            && let Some(row) = knock.as_ref().and_then(|knock| world.persons.get_mut(&knock.reader.person))
        {
            row.series += 1;
        }
        Ok(knock)
    }

    async fn keep_for_later(
        &self,
        reader: &Reader,
        delivery: &Delivery,
        granted: &Granted,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        world.theirs(reader, delivery)?;
        world.record(delivery.id, delivery.rev + 1, granted.fact.clone())?;
        world.move_delivery(delivery.id, granted.state, granted.wake);
        if let Some(row) = world.persons.get_mut(&reader.person) {
            row.series += 1;
        }
        world.wake_messages(reader.person, now);
        Ok(())
    }

    async fn reply(&self, reader: &Reader, reply: NewReply, now: Now) -> Result<Replied> {
        self.world().keep_reply(reader, reply, now)
    }

    async fn try_digits(&self, address: Keyed, now: Now) -> Result<DigitsTried> {
        Ok(self.world().try_digits(address, now))
    }

    async fn open_reader(&self, token: Keyed, message: MessageId, now: Now) -> Result<()> {
        let mut world = self.world();
        world.reader_of(message).ok_or(StoreError::Missing)?;
        expect(!world.readers.contains_key(&token))?;
        let until = hours_after(now.trusted, READER_HOURS);
        world.keep_reader(token, ReaderOf::Knock(message), until);
        Ok(())
    }

    async fn reader(&self, token: Keyed, now: Now) -> Result<Option<Reader>> {
        let world = self.world();
        let row = world.readers.get(&token).filter(|r| now.trusted < r.until);
        let reader = row.and_then(|r| match r.who {
            ReaderOf::Knock(message) => world.reader_of(message),
            ReaderOf::Card(claim) => world.reader_with(claim),
        });
        Ok(reader.map(|reader| Reader { session: Some(token), ..reader }))
    }

    async fn end_reader(&self, token: Keyed) -> Result<()> {
        let mut world = self.world();
        world.forget_reader(token);
        world.forget_answers(token);
        Ok(())
    }

    async fn waiting(&self, reader: &Reader) -> Result<Vec<Waiting>> {
        let world = self.world();
        let mut rows: Vec<_> = world
            .there(reader)
            .into_iter()
            .filter_map(|delivery| {
                let sealed = world.sealing(delivery.letter, delivery.version)?;
                let size = world.part(delivery.letter, delivery.version, LETTER_PART).map_or(0, |p| p.size);
                let signed = world.part(delivery.letter, delivery.version, SIGNATURE_PART).is_ok();
                let (delivery, kept) = (delivery.clone(), sealed.kept);
                let order = (sealed.at, sealed.order, delivery.occurrence);
                let asks = world.asks(reader, &delivery);
                Some((order, Waiting { delivery, sealed_at: sealed.at, size, kept, signed, asks }))
            })
            .collect();
        rows.sort_by_key(|(sealed, _)| std::cmp::Reverse(*sealed));
        Ok(rows.into_iter().map(|(_, waiting)| waiting).collect())
    }

    async fn sender(&self, reader: &Reader) -> Result<Sender> {
        let world = self.world();
        let row = world.accounts.get(&reader.account).ok_or(StoreError::Missing)?;
        let zone = world.zone(reader.person).ok_or(StoreError::Missing)?;
        let (name, may_be_named) = (row.account.name.clone(), world.may_be_named(reader));
        let person = world.persons.get(&reader.person);
        let allowed_name = person.and_then(|p| p.allowed_name);
        let by_mail = person.and_then(|p| p.looked_after.clone()).filter(|_| !reader.came_with_words());
        let looks_after = by_mail.map(|name| (reader.person, name));
        Ok(Sender { account: reader.account, name, zone, may_be_named, allowed_name, looks_after })
    }

    async fn own_address(&self, reader: &Reader) -> Result<Option<SealedText>> {
        let world = self.world();
        let row = reader.at.and_then(|(address, _)| world.addresses.get(&address));
        Ok(row.filter(|row| !row.removed && row.person == reader.person).map(|row| row.sealed.clone()))
    }

    async fn open(&self, reader: &Reader, delivery: &Delivery, granted: &Granted, now: Now) -> Result<()> {
        let mut world = self.world();
        world.theirs(reader, delivery)?;
        if world.asks(reader, delivery).is_some() || !world.are_enough(delivery, Some(now)) {
            return Err(StoreError::Missing);
        }
        world.record(delivery.id, delivery.rev + 1, granted.fact.clone())?;
        world.move_delivery(delivery.id, granted.state, granted.wake);
        if let Some(row) = world.deliveries.get_mut(&delivery.id) {
            row.pinned = true;
        }
        if let Some(row) = world.persons.get_mut(&reader.person) {
            row.series += 1;
        }
        Ok(())
    }

    async fn release(&self, reader: &Reader, delivery: DeliveryId) -> Result<Released> {
        let world = self.world();
        let row = world.opened(reader, delivery)?;
        if !world.are_enough(row, None) {
            return Err(StoreError::Missing);
        }
        let versions = world.letters.get(&row.letter).map(|l| &l.versions);
        let newest = planted::is(Planted::WrongVersion);
        let version = versions.and_then(|v| if newest { v.values().last() } else { v.get(&row.version) });
        let found = WrapKind::OF_LETTERS
            .into_iter()
            .find_map(|kind| version.and_then(|v| v.wraps.get(&kind)).map(|wrap| (kind, wrap)));
        let (kind, wrap) = found.ok_or(StoreError::Missing)?;
        Ok(Released { wrap: wrap.bytes.clone(), subject: row.letter.to_string(), version: row.version, kind })
    }

    async fn try_proof(
        &self,
        reader: &Reader,
        delivery: DeliveryId,
        answer: Answered,
        now: Now,
    ) -> Result<ProofTried> {
        self.world().try_proof(reader, delivery, answer, now)
    }

    async fn allow_name(&self, reader: &Reader, name: Option<Keyed>) -> Result<()> {
        let mut world = self.world();
        if world.refused(reader.person, reader.address_key()).contains(&Scope::NotMe) {
            return Err(StoreError::Missing);
        }
        world.persons.get_mut(&reader.person).ok_or(StoreError::Missing)?.allowed_name = name;
        Ok(())
    }

    async fn open_reader_by_claim(&self, token: Keyed, claim: Keyed, now: Now) -> Result<bool> {
        let mut world = self.world();
        let Some(reader) = world.reader_with(claim) else { return Ok(false) };
        let opens = |d: &Delivery| d.state.may_be_opened() && world.leads_to(reader.older_card, d);
        let ids = world.deliveries_to(reader.person);
        if !ids.iter().filter_map(|id| world.deliveries.get(id)).any(opens) {
            return Ok(false);
        }
        expect(!world.readers.contains_key(&token))?;
        let until = hours_after(now.trusted, READER_HOURS);
        world.keep_reader(token, ReaderOf::Card(claim), until);
        Ok(true)
    }

    async fn early_by_claim(&self, claim: Keyed) -> Result<Option<(Early, Vec<Delivery>)>> {
        let world = self.world();
        let Some(card) = world.cards.get(&claim).filter(|card| card.present) else { return Ok(None) };
        let early = world.persons.get(&card.person).map_or(Early::Nothing, |row| row.early);
        let ids = world.deliveries_to(card.person);
        let mut waits: Vec<Delivery> =
            ids.iter().filter_map(|id| world.deliveries.get(id)).cloned().collect();
        waits.retain(|d| matches!(d.state, State::Waiting | State::Due));
        waits.sort_by_key(|d| d.id);
        Ok((early != Early::Nothing && !waits.is_empty()).then_some((early, waits)))
    }

    async fn ask_at_door(&self, address: Keyed, now: Now) -> Result<()> {
        self.world().ask_at_door(address, now);
        Ok(())
    }

    async fn claim_opens(&self, reader: &Reader, delivery: DeliveryId, claim: Keyed) -> Result<bool> {
        let world = self.world();
        let card = world.cards.get(&claim).filter(|card| card.person == reader.person);
        let found = world.deliveries.get(&delivery).filter(|d| d.person == reader.person);
        Ok(card
            .zip(found)
            .is_some_and(|(card, d)| d.state.may_be_opened() && world.leads_to(!card.present, d)))
    }

    async fn card_is_older(&self, reader: &Reader, claim: Keyed) -> Result<bool> {
        let world = self.world();
        Ok(world.cards.get(&claim).is_some_and(|card| card.person == reader.person && !card.present))
    }

    async fn reader_part(&self, reader: &Reader, delivery: DeliveryId, name: &str) -> Result<Part> {
        let world = self.world();
        let row = world.opened(reader, delivery)?;
        world.part(row.letter, row.version, name)
    }

    async fn refuse(&self, reader: &Reader, scope: Scope, now: Now) -> Result<()> {
        let mut world = self.world();
        // Who came with words and not to an address can say no for themselves, and for no address.
        expect(reader.at.is_some() || matches!(scope, Scope::Letter(_) | Scope::Author))?;
        expect(!reader.older_card)?;
        if let Scope::Letter(letter) = scope
            && !world.of_pair(reader.person).iter().any(|(_, of, _)| *of == letter)
        {
            return Err(StoreError::Missing);
        }
        if !world.refused(reader.person, reader.address_key()).contains(&scope) {
            let (person, address) = (refusal::person_of(scope, reader.person), reader.address_key().0);
            world.record_refusal(person, Fact::Refused { person, address, scope })?;
            world.refusals.push(refusal_row(reader, scope));
        }
        for id in world.deliveries_to(reader.person) {
            if let Some(state) = world.deliveries.get(&id).and_then(|d| accept::refuse(d, scope)) {
                world.move_delivery(id, state, None);
            }
        }
        for person in world.touched(reader, scope) {
            world.wake_messages(person, now);
            world.wake_knocking(person, now);
        }
        Ok(())
    }

    async fn lift(&self, reader: &Reader, scope: Scope, now: Now) -> Result<()> {
        let mut world = self.world();
        expect(!reader.older_card)?;
        if !world.refused(reader.person, reader.address_key()).contains(&scope) {
            return Ok(());
        }
        let (person, address) = (refusal::person_of(scope, reader.person), reader.address_key().0);
        world.record_refusal(person, Fact::Lifted { person, address, scope })?;
        world.refusals.lift(scope, reader.account, reader.person, reader.address_key());
        // A refusal of the house was about whoever writes to this address.
        let persons = if scope == Scope::House { world.touched(reader, scope) } else { vec![reader.person] };
        let wake = Wake::Observed(now.observed.plus_days(pause_days(1)));
        for person in persons {
            for id in world.deliveries_to(person) {
                if let Some(state) = world.deliveries.get(&id).and_then(|d| accept::lift(d, scope)) {
                    world.move_delivery(id, state, (!state.is_end()).then_some(wake));
                }
            }
        }
        Ok(())
    }

    async fn refusals(&self, reader: &Reader) -> Result<Vec<StandingRefusal>> {
        let scopes = self.world().refused(reader.person, reader.address_key());
        Ok(scopes.into_iter().map(|scope| StandingRefusal { scope }).collect())
    }

    async fn park(&self, delivery: DeliveryId, why: Parked) -> Result<()> {
        let mut world = self.world();
        let state = world.deliveries.get(&delivery).ok_or(StoreError::Missing)?.state;
        if !matches!(state, State::Parked { .. } | State::Withdrawn { .. }) {
            let now =
                world.mark.map_or(Now { trusted: Timestamp::UNIX_EPOCH, observed: Observed(0) }, |mark| {
                    Now { trusted: mark.trusted, observed: mark.observed }
                });
            let parked = State::Parked { why, left: state.has_left() };
            world.park_delivery(delivery, parked, ParkedBy::Engine, now, None);
        }
        Ok(())
    }
}
