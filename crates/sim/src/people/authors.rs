//! Authors: they move in with their people, seal, give new words, take back.

use crate::truth::{NEVER, Occurrence, Promised, Somebody, Words};
use crate::world::{Event, World, Writer};
use crate::{DAY, Secs, faults};
use jiff::civil::{Date, Time, date};
use unsaid::chance::SeededChance;
use unsaid_delivery::accept;
use unsaid_delivery::calendar::{self, NINE};
use unsaid_delivery::id::{AccountId, BlobId, DeliveryId, LetterId, PersonId};
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Proof, Reach, RestAsked, Rule};
use unsaid_delivery::{Fact, Now};
use unsaid_store::StoreError;
use unsaid_store::rows::{
    Amend, Asks, Author, Keyed, NewAccount, NewAddress, NewPerson, NewProof, Promise, Seal, UploadAsk,
    WrapKind,
};

const ZONES: [&str; 6] = [
    "Europe/London",
    "Europe/Madrid",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Auckland",
];

/// What the house cannot refuse, or the simulation is wrong.
fn sure<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|e| unreachable!("the simulated house refused what it must take: {e}"))
}

/// The day of a birthday in a year.
fn birthday_in(year: i16, birthday: Birthday) -> Date {
    Date::new(year, birthday.month, birthday.day).unwrap_or_else(|_| match birthday.leap {
        LeapDay::February28 => date(year, 2, 28),
        LeapDay::March1 => date(year, 3, 1),
    })
}

impl World {
    /// An author opens her account, with some people, and letters that she will write in the course of the years.
    pub(crate) fn moves_in(&mut self) {
        let Some((_, now)) = self.door() else { return };
        let who = self.writers.len();
        let id = AccountId(self.ids.id());
        let zone = ZONES[self.people.place(ZONES.len())];
        let author = self.opens_account(id, zone, who, now);
        let mut persons = Vec::new();
        for _ in 0..1 + self.people.below(3) {
            persons.push(self.adds_person(&author, who, now));
        }
        self.writers.push(Writer { author, zone, persons });
        self.may_arm(who);
        let (begins, heals) = (self.begins(), self.heals_at);
        let years = u64::try_from((heals - begins) / (365 * DAY)).unwrap_or(1);
        // A letter in a year or two, and at least one.
        for _ in 0..1 + self.people.below(1 + years.min(8)) {
            let at = self.people.between(begins, heals - 30 * DAY);
            self.at(at, Event::Seals(who));
        }
    }

    fn opens_account(&self, id: AccountId, zone: &str, who: usize, now: Now) -> Author {
        let (token, key) = (Keyed(self.ids.bytes()), Keyed(self.ids.bytes()));
        let chance = SeededChance::new(self.ids.below(u64::MAX));
        let seal = |text: &str| self.shared.keys.seal_text(&id.to_string(), text, &chance);
        let email = seal(&format!("author{who}@example.org"));
        let store = &self.hand.store;
        sure(self.hand.ask(store.open_newcomer(token, id, key, email.clone(), None, now)));
        let account = NewAccount {
            id,
            email,
            email_key: key,
            name: seal("Somebody"),
            language: "en".to_owned(),
            zone: zone.to_owned(),
            recipient: "age1pq1".to_owned(),
            salt: vec![0; 16],
            unlock_key: Keyed(self.ids.bytes()),
            unlock_wrap: vec![3],
            vault: vec![4],
            host_generation: 1,
        };
        sure(self.hand.ask(store.create_account(token, account, true, now)))
    }

    fn adds_person(&mut self, author: &Author, who: usize, now: Now) -> usize {
        let id = PersonId(self.ids.id());
        let person = NewPerson { id, zone: None, language: "en".to_owned(), address: None };
        sure(self.hand.ask(self.hand.store.add_person(author, person, now)));
        let index = self.truth().persons.len();
        let somebody = Somebody {
            id,
            author: who,
            mailboxes: Vec::new(),
            letters: Vec::new(),
            no_author: false,
            no_letters: Default::default(),
            ever_refused: false,
            told_for_liars: false,
            accepted: 0,
            last_taken: 0,
        };
        self.truth().persons.push(somebody);
        self.truth().person_of.insert(id, index);
        for _ in 0..1 + self.people.below(3) {
            self.adds_address(author, index, now);
        }
        index
    }

    fn adds_address(&mut self, author: &Author, person: usize, now: Now) {
        let mut mailbox = faults::life_of_a_mailbox(self);
        mailbox.person = person;
        let id = mailbox.id;
        let index = self.truth().mailboxes.len();
        let text = format!("p{index}@example{}.org", index % 7);
        let sealed =
            self.shared.keys.seal_text(&id.to_string(), &text, &SeededChance::new(self.ids.below(u64::MAX)));
        let address = NewAddress { id, sealed, key: self.shared.keys.address_index(&text) };
        let person_id = self.truth().persons[person].id;
        sure(self.hand.ask(self.hand.store.add_address(author, person_id, address, now)));
        let mut truth = self.truth();
        truth.mailbox_of.insert(text, index);
        truth.mailboxes.push(mailbox);
        truth.persons[person].mailboxes.push(index);
        drop(truth);
        self.links.push(None);
    }

    /// Seals a letter under a rule, as the page would: through `accept` and the store.
    pub(crate) fn seals(&mut self, who: usize) {
        if !self.truth().can_act(who) {
            return;
        }
        let Some(now) = self.door_or_later(Event::Seals(who)) else { return };
        let armed = self.unlocks(who, now);
        let (author, zone) = (self.writers[who].author, self.writers[who].zone);
        let person = self.writers[who].persons[self.people.place(self.writers[who].persons.len())];
        let letter = LetterId(self.ids.id());
        if self.people.percent(8) {
            return self.seals_never(who, person, letter, now);
        }
        let moment = self.some_moment(now, zone);
        // One letter in four asks something first.
        let answer = self.people.once_in(4).then(|| Keyed(self.ids.bytes()));
        let proof = if answer.is_some() { Proof::Birthday } else { Proof::None };
        let gone = armed && self.lives.percent(70);
        let gate = if gone { Gate::Gone } else { Gate::None };
        let rule = Rule { gate, moment: moment.clone(), reach: Reach::Send, proof };
        let rest = match self.people.below(4) {
            0 => RestAsked::None,
            1 => RestAsked::Mornings(3),
            _ => RestAsked::Morning,
        };
        let Ok(plan) = accept::plan(&rule, rest, zone, now) else { return };
        let delivery = DeliveryId(self.ids.id());
        self.uploads(&author, letter, 1, now);
        let promise = Promise {
            delivery,
            person: self.truth().persons[person].id,
            rule,
            occurrence: plan.occurrence,
            rest: plan.rest,
            due: plan.due,
            tzdb: calendar::tzdb_version().to_owned(),
            proof: answer.map(|answer| NewProof { asks: Asks { question: None, with_year: true }, answer }),
        };
        let seal = Seal { letter, version: 1, manifest: [7; 32], promise: Some(promise) };
        sure(self.hand.ask(self.hand.store.seal(&author, seal, now)));
        let rested = plan.rest.until.as_second();
        let mut occurrences = self.occurrences(&moment, now, rested);
        if gone {
            occurrences.iter_mut().for_each(|o| o.not_before = NEVER);
        }
        let first = occurrences.first().map_or(NEVER, |o| o.not_before);
        let index = self.promises(who, person, letter, Some((delivery, zone)), occurrences, answer, rested);
        self.truth().letters[index].gone = gone;
        self.plans_for(index, rested, first);
    }

    /// What its author will do with it later: some of that is close to the moment at which it leaves.
    fn plans_for(&mut self, letter: usize, rested: Secs, leaves: Secs) {
        let now = self.now();
        if self.people.percent(12) {
            let at = match self.people.below(3) {
                0 => now + self.people.between(0, (rested - now).max(1) + 3_600),
                1 => leaves + self.people.between(-2 * 3_600, 2 * 3_600),
                _ => now + self.people.between(0, 3 * 365 * DAY),
            };
            self.at(at.max(now), Event::TakesBack(letter));
        }
        for _ in 0..self.people.below(3) {
            let at = match self.people.below(3) {
                0 => leaves + self.people.between(-3 * DAY, 3 * DAY),
                _ => now + self.people.between(DAY, 500 * DAY),
            };
            self.at(at.max(now), Event::Amends(letter));
        }
    }

    fn seals_never(&mut self, who: usize, person: usize, letter: LetterId, now: Now) {
        let author = self.writers[who].author;
        self.uploads(&author, letter, 1, now);
        let seal = Seal { letter, version: 1, manifest: [7; 32], promise: None };
        sure(self.hand.ask(self.hand.store.seal(&author, seal, now)));
        self.promises(who, person, letter, None, Vec::new(), None, 0);
        self.note('N', self.deliveries.len() - 1, 0);
    }

    #[expect(clippy::too_many_arguments, reason = "what is promised has as many parts")]
    fn promises(
        &mut self,
        author: usize,
        person: usize,
        id: LetterId,
        delivery: Option<(DeliveryId, &str)>,
        occurrences: Vec<Occurrence>,
        answer: Option<Keyed>,
        from: Secs,
    ) -> usize {
        let mut truth = self.truth();
        let index = truth.letters.len();
        let words = vec![Words { number: 1, from, sealed: true, undone: false }];
        let first = occurrences.first().map_or(0, |o| o.not_before);
        let sealed_at = truth.now;
        let promised = Promised {
            id,
            author,
            person,
            zone: delivery.map_or_else(String::new, |(_, zone)| zone.to_owned()),
            rested: from,
            gone: false,
            occurrences,
            words,
            answer,
            stopped: false,
            stopped_at: 0,
            sealed_at,
        };
        truth.letters.push(promised);
        truth.letter_of.insert(id, index);
        truth.persons[person].letters.push(index);
        if delivery.is_some() {
            let wait = first - truth.now;
            truth.note('S', index, wait);
        }
        drop(truth);
        self.deliveries.push(delivery.map(|(delivery, _)| delivery));
        index
    }

    fn some_moment(&self, now: Now, zone: &str) -> Moment {
        let zone = zone.to_owned();
        match self.people.below(10) {
            0..=2 => Moment::AtOnce,
            3..=5 => {
                let day = now.trusted + jiff::SignedDuration::from_secs(self.people.between(0, 900 * DAY));
                if self.people.percent(50) {
                    // Many think of the same day.
                    let year = self.truth().day_of(day, &zone).year();
                    return Moment::On { date: date(year, 12, 24), time: NINE, zone };
                }
                let time = if self.people.percent(20) { jiff::civil::time(2, 30, 0, 0) } else { NINE };
                Moment::On { date: self.truth().day_of(day, &zone), time, zone }
            }
            6..=7 => {
                let age = 1 + u16::try_from(self.people.below(90)).unwrap_or(0);
                let in_years = i16::try_from(self.people.below(3)).unwrap_or(0);
                let year = self.truth().day_of(now.trusted, &zone).year() + in_years
                    - i16::try_from(age).unwrap_or(0);
                Moment::Birthday { age, year, birthday: self.some_birthday(), time: NINE, zone }
            }
            _ => {
                let until = self.truth().day_of(now.trusted, &zone).year()
                    + 1
                    + i16::try_from(self.people.below(12)).unwrap_or(0);
                Moment::EachBirthday { until, birthday: self.some_birthday(), time: NINE, zone }
            }
        }
    }

    /// Now and then 29 February.
    fn some_birthday(&self) -> Birthday {
        let some = |below: u64| i8::try_from(1 + self.people.below(below)).unwrap_or(1);
        let (month, day) = if self.people.once_in(3) { (2, 29) } else { (some(12), some(28)) };
        let leap = if self.people.once_in(2) { LeapDay::February28 } else { LeapDay::March1 };
        Birthday { month, day, leap }
    }

    /// What was promised, worked out here from the civil day and not taken from the engine's cache.
    fn occurrences(&self, moment: &Moment, now: Now, rested: Secs) -> Vec<Occurrence> {
        let truth = self.truth();
        let at = |year: i16, day: Option<(Date, Time)>, zone: &str| Occurrence {
            year,
            day,
            not_before: day.map_or(rested, |(day, time)| truth.instant(day, time, zone)).max(rested),
            moment: day.map_or(rested, |(day, time)| truth.instant(day, time, zone)).max(rested),
            opened: false,
            read: None,
            quiet: None,
            quiet_until: 0,
            told: false,
        };
        match moment {
            Moment::AtOnce | Moment::After { .. } => vec![at(0, None, "")],
            Moment::On { date, time, zone } => vec![at(0, Some((*date, *time)), zone)],
            Moment::Birthday { age, year, birthday, time, zone } => {
                let day = birthday_in(year + i16::try_from(*age).unwrap_or(0), *birthday);
                vec![at(0, Some((day, *time)), zone)]
            }
            Moment::EachBirthday { until, birthday, time, zone } => {
                let today = truth.day_of(now.trusted, zone);
                let years = today.year()..=*until;
                let days = years.map(|year| (year, birthday_in(year, *birthday)));
                let come = days.filter(|(_, day)| *day >= today);
                come.map(|(year, day)| at(year, Some((day, *time)), zone)).collect()
            }
        }
    }

    /// Brings a version: one part, and wraps that tell it from others.
    fn uploads(&self, author: &Author, letter: LetterId, version: u32, now: Now) {
        let (hand, store) = (&self.hand, &self.hand.store);
        if version == 1 {
            sure(hand.ask(store.reserve_letter(author, letter, now)));
        }
        let ask = UploadAsk {
            blob: BlobId(self.ids.id()),
            letter,
            version,
            name: "letter.age".to_owned(),
            kind: "letter".to_owned(),
            size: 10,
            sha256: [1; 32],
        };
        let blob = sure(hand.ask(store.begin_upload(author, ask, now))).blob;
        sure(hand.ask(store.upload_grew(author, blob, 10)));
        sure(hand.ask(store.upload_ended(author, blob, true)));
        for kind in [WrapKind::Author, WrapKind::Host] {
            let bytes = version.to_le_bytes().to_vec();
            sure(hand.ask(store.put_wrap(author, letter, version, kind, bytes, 1)));
        }
    }

    /// New words for a sealed letter; some of them stay a draft.
    pub(crate) fn amends(&mut self, index: usize) {
        let (letter, who) = self.whose_letter(index);
        if !self.truth().can_act(who) {
            return;
        }
        let Some(now) = self.door_or_later(Event::Amends(index)) else { return };
        let (author, zone) = (self.writers[who].author, self.writers[who].zone);
        let Ok(version) = self.hand.ask(self.hand.store.reserve_version(&author, letter, now)) else {
            return;
        };
        self.uploads(&author, letter, version, now);
        let Ok(rest) = calendar::rest(RestAsked::Morning, zone, now) else { return };
        let draft = self.people.percent(30);
        // What rests is taken back by new words, and so is what has rested and was not looked at yet: she is shown that it rests.
        let seen = self.hand.ask(self.hand.store.letter(&author, letter));
        let resting = seen.ok().and_then(|seen| seen.amending).map(|amending| amending.version);
        let amend = Amend { letter, version, manifest: [8; 32], rest };
        let sealed = !draft && self.hand.ask(self.hand.store.amend(&author, amend, now)).is_ok();
        let words = Words { number: version, from: rest.until.as_second(), sealed, undone: false };
        {
            let mut truth = self.truth();
            let promised = &mut truth.letters[index];
            promised.words.retain(|w| w.number != version);
            if sealed {
                promised.words.iter_mut().filter(|w| Some(w.number) == resting).for_each(|w| w.undone = true);
            }
            promised.words.push(words);
        }
        self.note('A', index, i64::from(sealed));
        if sealed && self.people.percent(30) {
            let at = self.people.between(0, 2 * DAY);
            self.after(at, Event::UndoesAmend(index));
        }
    }

    /// Takes the newest words back in their rest.
    pub(crate) fn undoes_amend(&mut self, index: usize) {
        let (letter, who) = self.whose_letter(index);
        if !self.truth().can_act(who) {
            return;
        }
        let Some(now) = self.door_or_later(Event::UndoesAmend(index)) else { return };
        let author = self.writers[who].author;
        let Ok(seen) = self.hand.ask(self.hand.store.letter(&author, letter)) else { return };
        let Ok(Fact::AmendUndone { version, .. }) = accept::undo_amend(seen.amending.as_ref(), now) else {
            return;
        };
        if self.hand.ask(self.hand.store.undo_amend(&author, letter, version, now)).is_ok() {
            let mut truth = self.truth();
            truth.letters[index]
                .words
                .iter_mut()
                .filter(|w| w.number == version)
                .for_each(|w| w.undone = true);
            truth.note('U', index, version.into());
        }
    }

    /// Takes a letter back, by whichever way is open. The moment of the acknowledgement is the truth.
    pub(crate) fn takes_back(&mut self, index: usize) {
        let Some(now) = self.door_or_later(Event::TakesBack(index)) else { return };
        self.takes_back_now(index, now);
    }

    /// A letter's name, and its author.
    fn whose_letter(&self, index: usize) -> (LetterId, usize) {
        let truth = self.truth();
        (truth.letters[index].id, truth.letters[index].author)
    }

    fn takes_back_now(&self, index: usize, now: Now) {
        let (letter, who) = self.whose_letter(index);
        if !self.truth().can_act(who) {
            return;
        }
        let author = self.writers[who].author;
        let Ok(seen) = self.hand.ask(self.hand.store.letter(&author, letter)) else { return };
        let Some(delivery) = seen.delivery else { return };
        let granted = match accept::undo(&delivery, now) {
            Err(accept::Refusal::Rested) => accept::withdraw(&delivery),
            other => other,
        };
        let told = granted
            .map(|granted| self.hand.ask(self.hand.store.commit_author(&author, &delivery, &granted, now)));
        let mut truth = self.truth();
        let truth = &mut *truth;
        if matches!(told, Ok(Ok(_))) {
            truth.letters[index].stopped = true;
            truth.letters[index].stopped_at = truth.now;
            truth.note('T', index, 0);
        } else {
            truth.note('W', index, 0);
        }
    }

    /// An author takes back everything that waits for whoever is just being written to.
    pub(crate) fn takes_everything_back(&mut self, mailbox: usize) {
        let Some((_, now)) = self.door() else { return };
        let waiting: Vec<usize> = {
            let truth = self.truth();
            let person = &truth.persons[truth.mailboxes[mailbox].person];
            person.letters.iter().copied().filter(|l| truth.letters[*l].waits(truth.now)).collect()
        };
        waiting.into_iter().for_each(|letter| self.takes_back_now(letter, now));
    }
}
