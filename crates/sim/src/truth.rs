//! What is true in the simulated world, whatever the engine believes: true time, what mail servers took, what people did and were told. The checkers compare with this and never with
//! the engine's tables. Nothing here knows a store.

use crate::Secs;
use crate::mortals::Mortals;
use crate::report::Log;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::{BTreeMap, BTreeSet};
use unsaid_delivery::id::{AddressId, LetterId, PersonId};
use unsaid_delivery::refusal::Scope;
use unsaid_store::rows::Keyed;

/// The hour of the mornings.
const NINE: Time = Time::constant(9, 0, 0, 0);
/// Never.
pub(crate) const NEVER: Secs = i64::MAX / 4;

/// A mail address, and what becomes of it in the course of time.
pub(crate) struct Mailbox {
    pub(crate) id: AddressId,
    pub(crate) person: usize,
    /// From then on nobody reads it.
    pub(crate) dead_from: Secs,
    /// Its server takes mail for nobody and sends it back days later, instead of refusing it at once.
    pub(crate) sends_back: bool,
    /// From then on it is somebody else's.
    pub(crate) strangers_from: Secs,
    /// It says 'later' to the first two tries of each message.
    pub(crate) grey: bool,
    /// While it is full it says 'later'.
    pub(crate) full: Vec<(Secs, Secs)>,
    /// While its owner finds nothing, because it lies elsewhere.
    pub(crate) spam: Vec<(Secs, Secs)>,
    /// A program looks at each link that comes.
    pub(crate) scanned: bool,
    /// What was said there: everything here, this person, no knocks.
    pub(crate) no_house: bool,
    pub(crate) no_person: bool,
    pub(crate) quiet: bool,
}

/// How a mail server treats what comes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Takes,
    TakesAndSendsBack,
    SaysLater,
    Refuses,
}

/// Whether a time lies in one of these.
pub(crate) fn within(spans: &[(Secs, Secs)], at: Secs) -> bool {
    spans.iter().any(|(from, to)| (*from..*to).contains(&at))
}

impl Mailbox {
    /// Somebody other than the person reads it.
    pub(crate) fn is_strangers(&self, at: Secs) -> bool {
        at >= self.strangers_from
    }

    /// Nobody reads it.
    pub(crate) fn is_dead(&self, at: Secs) -> bool {
        at >= self.dead_from && !self.is_strangers(at)
    }

    /// What its server says to a message that has been tried so often.
    pub(crate) fn fate(&self, at: Secs, tries: u32) -> Fate {
        if self.is_dead(at) {
            if self.sends_back { Fate::TakesAndSendsBack } else { Fate::Refuses }
        } else if within(&self.full, at) || (self.grey && tries < 2) {
            Fate::SaysLater
        } else {
            Fate::Takes
        }
    }
}

/// Somebody an author writes to.
pub(crate) struct Somebody {
    pub(crate) id: PersonId,
    pub(crate) author: usize,
    pub(crate) mailboxes: Vec<usize>,
    pub(crate) letters: Vec<usize>,
    /// They said no to everything of this author, or to these letters.
    pub(crate) no_author: bool,
    pub(crate) no_letters: BTreeSet<usize>,
    /// Whether they ever said any no, at any address: then nobody owes them a knock.
    pub(crate) ever_refused: bool,
    /// Something went to them that only liars brought near.
    pub(crate) told_for_liars: bool,
    /// When any copy was taken for them, the last.
    pub(crate) accepted: Secs,
    /// When copies that did not come back were taken for them, the last.
    pub(crate) last_taken: Secs,
}

/// One time that a letter is for.
pub(crate) struct Occurrence {
    /// Its year; 0 for what happens once.
    pub(crate) year: i16,
    /// The day and hour that its author meant; none where it goes when its rest ends.
    pub(crate) day: Option<(Date, Time)>,
    /// Nothing leaves before; never, while it waits for its author's end.
    pub(crate) not_before: Secs,
    /// The moment that she chose.
    pub(crate) moment: Secs,
    /// It was opened.
    pub(crate) opened: bool,
    /// The version that was read.
    pub(crate) read: Option<u32>,
    /// The person keeps it for later: until this day in this zone, and when that begins for them.
    pub(crate) quiet: Option<(Date, String)>,
    pub(crate) quiet_until: Secs,
    /// They have been told of it.
    pub(crate) told: bool,
}

/// The words of a letter.
pub(crate) struct Words {
    pub(crate) number: u32,
    /// They count from then on, once the engine has seen it.
    pub(crate) from: Secs,
    /// They were sealed; otherwise they are a draft.
    pub(crate) sealed: bool,
    /// Taken back in their rest.
    pub(crate) undone: bool,
}

/// One letter, as it was promised.
pub(crate) struct Promised {
    pub(crate) id: LetterId,
    pub(crate) author: usize,
    pub(crate) person: usize,
    /// In which its days fall.
    pub(crate) zone: String,
    /// When its rest has ended.
    pub(crate) rested: Secs,
    /// It waits for its author's end.
    pub(crate) gone: bool,
    /// None: it is never sent.
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) words: Vec<Words>,
    /// What opens it, where it asks something first.
    pub(crate) answer: Option<Keyed>,
    /// The author has been told that it is taken back.
    pub(crate) stopped: bool,
    /// When that was.
    pub(crate) stopped_at: Secs,
    /// When it was sealed.
    pub(crate) sealed_at: Secs,
}

impl Promised {
    /// Something of it may be told by now.
    pub(crate) fn waits(&self, at: Secs) -> bool {
        !self.stopped
            && self.occurrences.iter().any(|o| o.not_before <= at && !o.opened && o.quiet_until <= at)
    }
}

/// What became of one message.
#[derive(Default)]
pub(crate) struct Copies {
    /// How often it was taken.
    pub(crate) taken: u32,
    /// Of these, how often the engine may not know of it: it died, was paused, or the answer was lost between DATA and the record.
    pub(crate) in_window: u32,
    /// The engine has certainly recorded that it was accepted.
    pub(crate) recorded: bool,
    /// How often a server said 'later'.
    pub(crate) later: u32,
    /// Its bytes, hashed.
    pub(crate) bytes: Option<u64>,
}

/// A leap of the house's time: it was off for more than a week, and what that brought near was in nobody's coming week.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Leap {
    /// When it went off and came back.
    pub(crate) off: Secs,
    pub(crate) back: Secs,
    /// How much of what it brought near was told of within the breaker's time.
    pub(crate) told: u64,
}

/// Two of three sources of time lie alike, and the house believes them: what time it is cannot be told by it, and what it holds back for that it can.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Believed {
    /// Since when.
    pub(crate) since: Secs,
    /// By how much they are ahead.
    pub(crate) ahead: Secs,
    /// To how many people something went that was in nobody's coming week when it began.
    pub(crate) told: u64,
}

/// Everything that is true.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) now: Secs,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) mailbox_of: BTreeMap<String, usize>,
    pub(crate) persons: Vec<Somebody>,
    pub(crate) person_of: BTreeMap<PersonId, usize>,
    pub(crate) letters: Vec<Promised>,
    pub(crate) letter_of: BTreeMap<LetterId, usize>,
    pub(crate) copies: BTreeMap<String, Copies>,
    pub(crate) duplicates: u64,
    pub(crate) leap: Leap,
    /// Until true time has come to where the house believes to be.
    pub(crate) believed: Option<Believed>,
    /// By how much it may be ahead ever since: so far apart are clocks that agree.
    pub(crate) slack: Secs,
    /// Zones whose rules are others than those of the program.
    pub(crate) zones: BTreeMap<String, TimeZone>,
    /// Authors who die, and their keepers.
    pub(crate) mortals: Mortals,
    /// The house is a restored copy, and nobody has adopted it.
    pub(crate) inert: bool,
    /// What was taken and nobody has looked at yet: the mailbox, and the token of the link.
    pub(crate) arrivals: Vec<(usize, Vec<u8>)>,
    /// What was broken. The run ends when this is not empty.
    pub(crate) violations: Vec<String>,
    pub(crate) log: Log,
}

impl Truth {
    /// A zone, by the rules that are in force.
    fn zone(&self, name: &str) -> TimeZone {
        let bundled = || TimeZoneDatabase::bundled().get(name).unwrap_or(TimeZone::UTC);
        self.zones.get(name).cloned().unwrap_or_else(bundled)
    }

    /// The instant of a civil time, worked out here and not by the engine's calendar.
    pub(crate) fn instant(&self, day: Date, time: Time, zone: &str) -> Secs {
        day.to_datetime(time).to_zoned(self.zone(zone)).map_or(NEVER, |z| z.timestamp().as_second())
    }

    /// The civil day of an instant.
    pub(crate) fn day_of(&self, at: Timestamp, zone: &str) -> Date {
        at.to_zoned(self.zone(zone)).date()
    }

    /// Other rules for some zones: what is still to come, comes by them.
    pub(crate) fn new_zones(&mut self, zones: BTreeMap<String, TimeZone>) {
        self.zones = zones;
        for letter in 0..self.letters.len() {
            for nth in 0..self.letters[letter].occurrences.len() {
                let (one, zone) = (&self.letters[letter].occurrences[nth], &self.letters[letter].zone);
                let comes = one.day.filter(|_| one.moment > self.now);
                let moment = comes.map(|(day, time)| self.instant(day, time, zone));
                let waits = one.not_before == NEVER;
                let kept = one.quiet.as_ref().filter(|_| one.quiet_until > self.now);
                let quiet_until = kept.map(|(day, zone)| self.instant(*day, NINE, zone));
                let rested = self.letters[letter].rested;
                let one = &mut self.letters[letter].occurrences[nth];
                one.moment = moment.map_or(one.moment, |at| at.max(rested));
                if comes.is_some() && !waits {
                    one.not_before = one.moment;
                }
                one.quiet_until = quiet_until.unwrap_or(one.quiet_until);
            }
        }
    }

    /// Notes a broken property, by its number.
    pub(crate) fn broken(&mut self, property: u8, what: impl std::fmt::Display) {
        // The first few say enough.
        if self.violations.len() < 20 {
            let at = crate::stamp(self.now);
            self.violations.push(format!("{property} {}: {what}, at {at}", crate::check::name(property)));
        }
    }

    /// Notes an event.
    pub(crate) fn note(&mut self, what: char, who: usize, more: i64) {
        self.log.note(self.now, what, who as u64, more);
    }

    /// Whether this mailbox, or its person, has said no to this letter.
    pub(crate) fn refused(&self, mailbox: usize, letter: usize) -> bool {
        let here = &self.mailboxes[mailbox];
        let person = &self.persons[here.person];
        here.no_house
            || here.no_person
            || here.quiet
            || person.no_author
            || person.no_letters.contains(&letter)
    }

    /// Letters about which a knock to this mailbox may leave now.
    pub(crate) fn wanted(&self, mailbox: usize) -> usize {
        let person = &self.persons[self.mailboxes[mailbox].person];
        let letters = person.letters.iter();
        letters
            .filter(|l| self.letters[**l].waits(self.now + self.slack) && !self.refused(mailbox, **l))
            .count()
    }

    /// Whoever says no to what they keep for later, and takes that back, has it before them again, without the day.
    fn forgets_its_day(&mut self, person: usize, scope: Scope) {
        for letter in self.persons[person].letters.clone() {
            let letter = &mut self.letters[letter];
            let covered = scope == Scope::Author || scope == Scope::Letter(letter.id);
            for one in letter.occurrences.iter_mut().filter(|_| covered) {
                (one.quiet, one.quiet_until) = (None, 0);
            }
        }
    }

    /// Somebody at this mailbox says no, or takes it back.
    pub(crate) fn say_no(&mut self, mailbox: usize, scope: Scope, no: bool) {
        let person = self.mailboxes[mailbox].person;
        if no {
            self.forgets_its_day(person, scope);
        }
        match scope {
            Scope::House => self.mailboxes[mailbox].no_house = no,
            Scope::NotMe => self.mailboxes[mailbox].no_person = no,
            Scope::Quiet => self.mailboxes[mailbox].quiet = no,
            Scope::Author => self.persons[person].no_author = no,
            Scope::Letter(letter) => {
                if let Some(letter) = self.letter_of.get(&letter) {
                    if no {
                        self.persons[person].no_letters.insert(*letter);
                    } else {
                        self.persons[person].no_letters.remove(letter);
                    }
                }
            }
        }
        self.persons[person].ever_refused = true;
    }
}
