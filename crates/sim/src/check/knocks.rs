//! A copy that a mail server takes, held against everything that must hold at that moment.

use crate::truth::{Believed, NEVER, Promised, Truth};
use crate::{DAY, Secs};
use memchr::memmem;
use std::hash::{DefaultHasher, Hash, Hasher};
use unsaid::mail::Outgoing;

/// So long nothing leaves in numbers that was not foreseen, so many are no number, and one in so many of a large house.
const BREAKER: Secs = 72 * 3_600;
const FEW: u64 = 5;
const ONE_IN: u64 = 100;
const WEEK: Secs = 7 * DAY;

/// A message arrived. `in_window`: the engine may not know of it.
pub(crate) fn taken(truth: &mut Truth, mailbox: usize, message: &Outgoing, in_window: bool) {
    let now = truth.now;
    truth.moves();
    if truth.inert {
        truth.broken(11, "a restored copy sent before it was adopted");
    }
    at_most_one(truth, message, in_window);
    something_waits(truth, mailbox);
    let person = truth.mailboxes[mailbox].person;
    truth.persons[person].accepted = now;
    if !truth.mailboxes[mailbox].is_dead(now) {
        truth.persons[person].last_taken = now;
    }
    truth.note('m', mailbox, i64::from(in_window));
    if let Some(link) = token_in(&message.bytes, &[b"https://example.net/k/"]) {
        truth.arrivals.push((mailbox, link));
    }
}

/// 3: at most one copy outside the window, none once acceptance is recorded, and a repeat is the same to the byte.
pub(crate) fn at_most_one(truth: &mut Truth, message: &Outgoing, in_window: bool) {
    let mut hasher = DefaultHasher::new();
    message.bytes.hash(&mut hasher);
    let bytes = hasher.finish();
    let copies = truth.copies.entry(message.message_id.clone()).or_default();
    let (repeat, recorded) = (copies.taken > copies.in_window, copies.recorded);
    let altered = copies.bytes.is_some_and(|before| before != bytes);
    copies.bytes = Some(bytes);
    if copies.taken > 0 {
        truth.duplicates += 1;
    }
    copies.taken += 1;
    copies.in_window += u32::from(in_window);
    if recorded {
        truth.broken(3, "an attempt started after acceptance was recorded");
    } else if repeat {
        truth.broken(3, "a second copy outside the window");
    }
    if altered {
        truth.broken(3, "a repeat differs from the first");
    }
}

/// 1, 4, 5, 10: something waits for this person that may be told here and now.
fn something_waits(truth: &mut Truth, mailbox: usize) {
    if truth.wanted(mailbox) > 0 {
        return in_few(truth, mailbox);
    }
    if let Some(believed) = truth.believed
        && for_liars(truth, mailbox, believed)
    {
        return;
    }
    let now = truth.now + truth.slack;
    let person = &truth.persons[truth.mailboxes[mailbox].person];
    let sent: Vec<&Promised> = person.letters.iter().map(|l| &truth.letters[*l]).collect();
    let sent: Vec<&Promised> = sent.into_iter().filter(|l| !l.occurrences.is_empty()).collect();
    let early = |within: Secs| {
        let open = sent.iter().filter(|l| !l.stopped).flat_map(|l| &l.occurrences).filter(|o| !o.opened);
        open.map(|o| o.not_before - now).any(|wait| wait > 0 && wait <= within)
    };
    let taken_back = |within: Secs| sent.iter().any(|l| l.stopped && now - l.stopped_at <= within);
    let kept = || {
        let open = sent.iter().filter(|l| !l.stopped).flat_map(|l| &l.occurrences);
        open.filter(|o| !o.opened).any(|o| o.quiet_until > now)
    };
    let waits_for_her = || {
        sent.iter()
            .any(|l| l.gone && !l.stopped && l.occurrences.iter().any(|o| !o.opened && o.not_before == NEVER))
    };
    // Which of several it was about only the engine knows: the nearest is named.
    let (property, what) = if sent.is_empty() {
        (10, "a knock to somebody for whom nothing is ever sent")
    } else if sent.iter().any(|l| l.waits(now)) {
        (5, "a knock about what was refused there")
    } else if taken_back(3_600) {
        (4, "a knock about what was just taken back")
    } else if early(40 * DAY) {
        (1, "a knock before its time")
    } else if kept() {
        (5, "a knock before the day that they chose")
    } else if taken_back(NEVER) {
        (4, "a knock about what was taken back")
    } else if waits_for_her() {
        (6, "a knock about what waits for its author's end")
    } else if early(NEVER) {
        (1, "a knock long before its time")
    } else {
        (5, "a knock about what was opened already")
    };
    let who = truth.mailboxes[mailbox].person;
    let of_letter = |l: &usize| {
        let one = &truth.letters[*l];
        let of = one.occurrences.iter().filter(|o| !o.opened).take(3).map(|o| {
            format!("{} not before {}, quiet until {}", o.year, o.not_before - now, o.quiet_until - now)
        });
        let of: Vec<String> = of.collect();
        format!(
            "letter {l} stopped {}, refused {}: {}",
            one.stopped,
            truth.refused(mailbox, *l),
            of.join("; ")
        )
    };
    let letters: Vec<String> = truth.persons[who].letters.iter().map(of_letter).collect();
    truth.broken(
        property,
        format_args!("{what}, to person {who} at mailbox {mailbox}. {}", letters.join(" | ")),
    );
}

/// 13: what a leap of the house's time brought near leaves in few numbers, before somebody could have looked.
fn in_few(truth: &mut Truth, mailbox: usize) {
    let (now, leap) = (truth.now, truth.leap);
    let at_once = now < leap.back + BREAKER;
    let mut new = 0;
    for letter in truth.persons[truth.mailboxes[mailbox].person].letters.clone() {
        let promised = &mut truth.letters[letter];
        // Whom time let go was not brought near by a leap: she had been warned of it for weeks of service.
        if promised.stopped || promised.gone {
            continue;
        }
        for one in promised.occurrences.iter_mut().filter(|o| o.not_before <= now && !o.told) {
            one.told = true;
            let brought_near = one.not_before > leap.off + WEEK && one.not_before <= leap.back + WEEK;
            new += u64::from(at_once && brought_near && promised.sealed_at < leap.off);
        }
    }
    truth.leap.told += new;
    let told = truth.leap.told;
    if new > 0 && told > FEW {
        let waits = |l: &&Promised| !l.stopped && l.occurrences.iter().any(|o| !o.told);
        let waiting = truth.letters.iter().filter(waits).count() as u64;
        if told > FEW.max(waiting / ONE_IN) {
            truth
                .broken(13, format_args!("{told} letters left that nobody had foreseen, and {waiting} wait"));
        }
    }
}

/// 13: what two lying sources alike brought near leaves in few numbers, too; nothing that only one house has can tell that they lie. Whether this knock came by them.
fn for_liars(truth: &mut Truth, mailbox: usize, believed: Believed) -> bool {
    let index = truth.mailboxes[mailbox].person;
    let person = &truth.persons[index];
    let open = person.letters.iter().map(|l| &truth.letters[*l]).filter(|l| !l.stopped);
    let near = |l: &Promised| {
        let come = |at: Secs| at <= truth.now + believed.ahead;
        let mut open = l.occurrences.iter().filter(|o| !o.opened);
        open.any(|o| come(o.not_before) && come(o.quiet_until))
    };
    let brought_near: Vec<&Promised> = open.filter(|l| near(l)).collect();
    if brought_near.is_empty() {
        return false;
    }
    let week = believed.since + WEEK;
    // What was sealed or kept meanwhile was asked for by somebody; what was in the coming week was foreseen.
    let unforeseen = |l: &&Promised| {
        let open = || l.occurrences.iter().filter(|o| !o.opened);
        l.sealed_at < believed.since
            && open().all(|o| o.not_before > week)
            && open().all(|o| o.quiet.is_none())
    };
    if person.told_for_liars || !brought_near.iter().all(unforeseen) {
        return true;
    }
    truth.persons[index].told_for_liars = true;
    let told = believed.told + 1;
    truth.believed = Some(Believed { told, ..believed });
    let waits = |l: &&Promised| !l.stopped && l.occurrences.iter().any(|o| !o.told);
    let waiting = truth.letters.iter().filter(waits).count() as u64;
    if told > FEW.max(waiting / ONE_IN) {
        truth.broken(
            13,
            format_args!("letters left to {told} people because two clocks lied, and {waiting} wait"),
        );
    }
    true
}

/// The token of the link to the first of these pages that is in a message, as a person's mail program would find it: quoted-printable, soft breaks taken out.
pub(crate) fn token_in(message: &[u8], pages: &[&[u8]]) -> Option<Vec<u8>> {
    const LENGTH: usize = 43;
    // A soft break may stand anywhere within.
    let mut plain = Vec::with_capacity(message.len());
    let mut from = 0;
    for soft in memmem::find_iter(message, b"=\r\n") {
        plain.extend_from_slice(&message[from..soft]);
        from = soft + 3;
    }
    plain.extend_from_slice(&message[from..]);
    let at = pages.iter().find_map(|page| memmem::find(&plain, page).map(|at| at + page.len()))?;
    unbase64(plain.get(at..at + LENGTH)?)
}

fn unbase64(text: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut held): (u32, u32) = (0, 0);
    let mut bytes = Vec::new();
    for c in text {
        bits = (bits << 6) | u32::try_from(ALPHABET.iter().position(|a| a == c)?).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).ok()?);
        }
    }
    Some(bytes)
}
