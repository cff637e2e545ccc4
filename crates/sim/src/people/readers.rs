//! Whoever comes with a link: the person, a stranger who has their mailbox now, or a program. They open, answer wrongly, keep for later, say no, and take that back.

use crate::check::{opening, rows};
use crate::truth::{Fate, within};
use crate::world::{Event, World};
use crate::{DAY, Secs};
use jiff::ToSpan;
use unsaid::secrets::hashed;
use unsaid_delivery::accept;
use unsaid_delivery::calendar::{self, NINE};
use unsaid_delivery::record::Bounce;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::{Now, planted};
use unsaid_store::rows::{Answered, Keyed, ProofTried, Reader, Waiting};

impl World {
    /// What arrived is looked at, by programs, by people in their time, or never; some of it comes back.
    pub(crate) fn arrivals(&mut self) {
        self.mail_about_lives();
        let arrived = std::mem::take(&mut self.truth().arrivals);
        for (mailbox, token) in arrived {
            let link = hashed(&token);
            self.links[mailbox] = Some(link);
            let now = self.now();
            let (fate, scanned, unseen) = {
                let truth = self.truth();
                let here = &truth.mailboxes[mailbox];
                (here.fate(now, u32::MAX), here.scanned, within(&here.spam, now))
            };
            if fate == Fate::TakesAndSendsBack {
                let at = if self.readers.percent(50) {
                    self.readers.between(60, DAY)
                } else {
                    self.readers.between(DAY, 40 * DAY)
                };
                self.after(at, Event::Returns(mailbox, link));
                continue;
            }
            if scanned {
                self.after(5, Event::Scans(link));
            }
            if unseen || fate != Fate::Takes || !self.readers.percent(70) {
                continue;
            }
            let at: Secs = if self.readers.percent(10) {
                self.readers.between(0, 90)
            } else {
                self.readers.between(90, 12 * DAY)
            };
            self.after(at, Event::Comes(mailbox, link));
        }
    }

    /// Mail that was taken comes back: the report is handed to the engine as `unsaid receive` would.
    pub(crate) fn returns(&mut self, mailbox: usize, link: Keyed) {
        let Some(now) = self.door_or_later(Event::Returns(mailbox, link)) else { return };
        let Ok(Some(knock)) = self.hand.ask(self.hand.store.knock(link)) else { return };
        if self.hand.ask(self.hand.store.bounced(knock.message, Bounce::Dead, now)).is_ok() {
            self.note('b', mailbox, 0);
        }
    }

    /// A program looks at each link, as it does at all links: nothing may change by that.
    pub(crate) fn scans(&mut self, link: Keyed) {
        let Some(now) = self.door_or_later(Event::Scans(link)) else { return };
        rows::unchanged(self, || {
            let store = &self.hand.store;
            if let Ok(Some(knock)) = self.hand.ask(store.knock(link)) {
                let _looked = self.hand.ask(store.knock_named(knock.message));
                let _looked = self.hand.ask(store.sender(&knock.reader));
                let _looked = self.hand.ask(store.own_address(&knock.reader));
                let _looked = self.hand.ask(store.refusals(&knock.reader));
                let _looked = self.hand.ask(store.waiting(&knock.reader));
                // It goes over every letter of the house: in a large one its host looks seldom.
                if self.options.authors <= 100 {
                    let _looked = self.hand.ask(store.forecast(now));
                }
            }
        });
        self.note('g', 0, 0);
    }

    /// Somebody comes with the newest link of a mailbox, at the worst moment.
    pub(crate) fn comes_now(&mut self, mailbox: usize) {
        if let Some(link) = self.links[mailbox] {
            self.comes(mailbox, link);
        }
    }

    /// Somebody says no at the worst moment.
    pub(crate) fn refuses_now(&mut self, mailbox: usize) {
        let Some(link) = self.links[mailbox] else { return self.takes_everything_back(mailbox) };
        let Some((reader, now)) = self.enters(mailbox, link) else { return };
        self.says_no(mailbox, &reader, now);
    }

    /// Comes in with a link, if the house is open.
    fn enters(&mut self, mailbox: usize, link: Keyed) -> Option<(Reader, Now)> {
        let (_, now) = self.door()?;
        let store = &self.hand.store;
        let knock = self.hand.ask(store.knock(link)).ok()??;
        let token = Keyed(self.reader_ids.bytes());
        self.hand.ask(store.open_reader(token, knock.message, now)).ok()?;
        let reader = self.hand.ask(store.reader(token, now)).ok()??;
        self.links[mailbox] = Some(link);
        Some((reader, now))
    }

    /// Somebody reads the mail, and does something or nothing.
    pub(crate) fn comes(&mut self, mailbox: usize, link: Keyed) {
        if self.options.silent {
            return;
        }
        if self.door_or_later(Event::Comes(mailbox, link)).is_none() {
            return;
        }
        let Some((reader, now)) = self.enters(mailbox, link) else { return };
        let (stranger, refused) = {
            let truth = self.truth();
            let here = &truth.mailboxes[mailbox];
            let person = &truth.persons[here.person];
            let refused = here.no_house || here.no_person || here.quiet || person.no_author;
            (here.is_strangers(truth.now), refused || !person.no_letters.is_empty())
        };
        match (stranger, self.readers.below(100)) {
            (true, 0..=49) => {}
            (true, 50..=79) => self.refuses(mailbox, &reader, Scope::NotMe, now),
            (true, _) => self.opens_all(&reader, false, now),
            (false, 0..=9) if refused => self.takes_no_back(mailbox, &reader, now),
            (false, 0..=59) => self.opens_all(&reader, true, now),
            (false, 60..=74) => self.keeps_for_later(&reader, now),
            (false, 75..=84) => self.says_no(mailbox, &reader, now),
            (false, _) => {}
        }
        if self.readers.percent(20) {
            // They come again to read it once more.
            let again = self.readers.between(DAY, 25 * DAY);
            self.after(again, Event::Comes(mailbox, link));
        }
    }

    /// One of the ways to say no.
    fn says_no(&mut self, mailbox: usize, reader: &Reader, now: Now) {
        let scope = match self.acts.below(6) {
            0 | 1 => {
                let waiting = self.hand.ask(self.hand.store.waiting(reader)).unwrap_or_default();
                match waiting.first() {
                    Some(one) => Scope::Letter(one.delivery.letter),
                    None => Scope::Author,
                }
            }
            2 => Scope::NotMe,
            3 => Scope::Author,
            4 => Scope::House,
            _ => Scope::Quiet,
        };
        self.refuses(mailbox, reader, scope, now);
    }

    fn refuses(&mut self, mailbox: usize, reader: &Reader, scope: Scope, now: Now) {
        let before = opening::as_author_sees(self, reader.person());
        if self.hand.ask(self.hand.store.refuse(reader, scope, now)).is_ok() {
            let mut truth = self.truth();
            truth.say_no(mailbox, scope, true);
            truth.note('r', mailbox, 0);
            drop(truth);
            opening::unchanged(self, reader.person(), before);
            if let Some((door, _)) = self.door() {
                self.call_soon(door);
            }
        }
    }

    fn takes_no_back(&mut self, mailbox: usize, reader: &Reader, now: Now) {
        for standing in self.hand.ask(self.hand.store.refusals(reader)).unwrap_or_default() {
            if self.hand.ask(self.hand.store.lift(reader, standing.scope, now)).is_ok() {
                let mut truth = self.truth();
                truth.say_no(mailbox, standing.scope, false);
                truth.note('q', mailbox, 0);
            }
        }
    }

    /// Answers what is asked, rightly or not; whether it was right. Who is not the person does not know.
    fn answers(&mut self, reader: &Reader, waiting: &Waiting, themselves: bool, now: Now) -> bool {
        let known = {
            let truth = self.truth();
            let letter = truth.letter_of.get(&waiting.delivery.letter);
            letter.and_then(|l| truth.letters[*l].answer)
        };
        let slips = self.readers.once_in(4);
        let right = themselves && !slips && known.is_some();
        let answer = known.filter(|_| right).unwrap_or(Keyed(self.reader_ids.bytes()));
        let answer = Answered { plain: Keyed([0; 32]), with_year: Some(answer) };
        let tried = self.hand.ask(self.hand.store.try_proof(reader, waiting.delivery.id, answer, now));
        matches!(tried, Ok(ProofTried::Right)) && right
    }

    /// Opens everything that waits. They press whatever the page says.
    fn opens_all(&mut self, reader: &Reader, themselves: bool, now: Now) {
        let before = opening::as_author_sees(self, reader.person());
        for waiting in self.hand.ask(self.hand.store.waiting(reader)).unwrap_or_default() {
            let asked = {
                let truth = self.truth();
                let letter = truth.letter_of.get(&waiting.delivery.letter);
                letter.is_some_and(|l| truth.letters[*l].answer.is_some())
            };
            let proved = asked && self.answers(reader, &waiting, themselves, now);
            match accept::open(&waiting.delivery) {
                Ok(Some(granted)) => {
                    let opened =
                        self.hand.ask(self.hand.store.open(reader, &waiting.delivery, &granted, now));
                    if opened.is_ok() {
                        opening::opened(self, &waiting.delivery, asked && !proved);
                    }
                }
                Ok(None) => {}
                Err(_) => continue,
            }
            if let Ok(released) = self.hand.ask(self.hand.store.release(reader, waiting.delivery.id)) {
                opening::read(self, &waiting.delivery, released.wrap(), asked && !proved);
            }
        }
        opening::unchanged(self, reader.person(), before);
    }

    /// Everything that waits is kept for a day of theirs, or 'not today'.
    fn keeps_for_later(&mut self, reader: &Reader, now: Now) {
        let Ok(sender) = self.hand.ask(self.hand.store.sender(reader)) else { return };
        let zone = sender.zone;
        let today = calendar::day_in(now.trusted, &zone).unwrap_or_default();
        let days = i64::try_from(1 + self.readers.below(200)).unwrap_or(1);
        let not_today = self.readers.once_in(4);
        let day =
            today.checked_add(if not_today { accept::NOT_TODAY_DAYS } else { days }.days()).unwrap_or(today);
        let before = opening::as_author_sees(self, reader.person());
        for waiting in self.hand.ask(self.hand.store.waiting(reader)).unwrap_or_default() {
            // As it stands: what was kept before it has moved the rows of the pair.
            let Ok(Some(view)) = self.hand.ask(self.hand.store.delivery(waiting.delivery.id)) else {
                continue;
            };
            let chosen = (!not_today).then_some(day);
            let Ok(granted) = accept::later(&view.delivery, chosen, &zone, now) else { continue };
            let kept = self.hand.ask(self.hand.store.keep_for_later(reader, &view.delivery, &granted, now));
            if kept.is_ok() {
                let mut truth = self.truth();
                let until = truth.instant(day, NINE, &zone);
                if let Some(letter) = truth.letter_of.get(&waiting.delivery.letter).copied() {
                    let year = waiting.delivery.occurrence;
                    let kept = truth.letters[letter].occurrences.iter_mut().filter(|o| o.year == year);
                    kept.for_each(|o| {
                        o.quiet = Some((day, zone.clone()));
                        o.quiet_until = until;
                    });
                    truth.note('l', letter, days);
                }
            }
        }
        opening::unchanged(self, reader.person(), before);
        debug_assert!(planted::steps_left().is_none(), "whoever acts does not die");
    }
}
