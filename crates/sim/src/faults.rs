//! What breaks, and when. Most of it is laid out at the beginning; the worst comes relative to what the engine just does: between its two questions, and right behind a message.
//! Faults stay within what can be recovered from: a single clock that lies across a start, or leaps forward in the hour after it, is outside the model (delivery.md).

use crate::check::rows;
use crate::node::Lies;
use crate::options::Over;
use crate::post::{Moment, held};
use crate::truth::{Believed, Leap, NEVER};
use crate::world::{Event, World};
use crate::{DAY, Secs};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use unsaid_delivery::calendar::overlay::{self, Rules};
use unsaid_delivery::clock::SOURCES_AGREE_SECONDS;

/// By how much a wall clock is wrong, in seconds: fifty years, three years, a day, forty minutes; and back, three hours and a year.
const WRONG: [Secs; 6] = [50 * 365 * DAY, 3 * 365 * DAY, DAY, 2_400, -10_800, -365 * DAY];
/// What zones go by from some day on (POSIX.1, 8.3): summer time abolished, summer time for ever, and a zone that goes over to its neighbours'.
const NEW_ZONES: [(&str, &str); 4] = [
    ("Europe/Madrid", "CET-1"),
    ("America/New_York", "EDT4"),
    ("America/Los_Angeles", "PST8"),
    ("Pacific/Auckland", "NZST-11"),
];
/// A clock that leaps forward within this time of a start may be taken for one that was just set right.
const SETTLED: Secs = 3_600 + 60;

/// Lays out what will break.
pub(crate) fn foresee(world: &mut World) {
    let (begins, heals) = (world.begins(), world.heals_at);
    let years = i64::try_from(world.options.years).unwrap_or(1);
    for _ in 0..years.max(1) {
        let at = world.faults.between(begins, heals);
        let wrong = WRONG[world.faults.place(WRONG.len())];
        let (node, lasts) = (world.faults.place(2), world.faults.between(600, 3 * DAY));
        world.at(at, Event::WallWrong(node, wrong, lasts));
    }
    let zones_at = world.faults.between(begins + (heals - begins) / 4, heals);
    world.at(zones_at, Event::NewZones);
    if world.liars {
        let at = world.faults.between(begins + 200 * DAY, heals - 500 * DAY);
        let (wrong, lasts) =
            (world.faults.between(150 * DAY, 300 * DAY), world.faults.between(3_600, 48 * 3_600));
        world.at(at, Event::TwoLie(wrong, lasts));
    }
    for _ in 0..2 * years.max(1) {
        let at = world.faults.between(begins, heals);
        let lasts = world.faults.between(3_600, 12 * DAY);
        world.at(at, Event::RelayDown(lasts));
    }
    for _ in 0..years.max(1) {
        let at = world.faults.between(begins, heals);
        let lasts = world.faults.between(600, 21 * DAY);
        world.at(at, Event::PowerOff(lasts));
    }
    // Now and then it is off just when many letters are due.
    for year in 0..years {
        if world.faults.percent(30) {
            let christmas = begins + 33 * DAY + year * 365 * DAY;
            let at = christmas - world.faults.between(9 * DAY, 20 * DAY);
            let lasts = christmas - at + world.faults.between(DAY, 15 * DAY);
            world.at(at, Event::PowerOff(lasts));
        }
    }
    for _ in 0..(years / 8).max(1) {
        let at = world.faults.between(begins, heals);
        let lasts = world.faults.between(20 * DAY, 120 * DAY);
        world.at(at, Event::PowerOff(lasts));
    }
    if world.options.over != Over::Memory {
        for _ in 0..(years / 3).max(1) {
            let at = world.faults.between(begins + 130 * DAY, heals - 60 * DAY);
            let age = world.faults.between(DAY, 120 * DAY);
            world.at(at - age, Event::BacksUp);
            world.at(at, Event::Restores);
        }
    }
    for _ in 0..4 * years.max(1) {
        let at = world.faults.between(begins, heals);
        let (node, lasts) = (world.faults.place(2), world.faults.between(300, 90 * 60));
        world.at(at, Event::Pauses(node, lasts));
    }
}

/// Something breaks, or is right again.
pub(crate) fn strikes(world: &mut World, event: Event) {
    let healed = held(&world.shared.weather).healed;
    match event {
        Event::WallRight(node) => wall(world, node, 0),
        Event::Adopts => adopts(world),
        Event::GoesOn(node) => goes_on(world, node),
        Event::Heals => heals(world),
        Event::TwoRight => two_right(world),
        Event::CaughtUp => {
            let mut truth = world.truth();
            (truth.believed, truth.slack) = (None, SOURCES_AGREE_SECONDS);
        }
        _ if healed => {}
        Event::TwoLie(wrong, lasts) => two_lie(world, wrong, lasts),
        Event::NewZones => new_zones(world),
        Event::WallWrong(node, wrong, lasts) => {
            let now = world.now();
            let Some(here) = world.nodes[node].as_mut() else { return };
            here.read_on(&mut held(&world.shared.truth));
            if (here.age() <= SETTLED && !world.several) || here.paused_until.is_some() {
                return world.at(now + SETTLED, event);
            }
            wall(world, node, wrong);
            world.after(lasts, Event::WallRight(node));
        }
        Event::RelayDown(lasts) => {
            let until = world.now() + lasts;
            let mut weather = held(&world.shared.weather);
            weather.down_until = weather.down_until.max(until);
            drop(weather);
            world.note('R', 0, lasts);
        }
        Event::PowerOff(lasts) => {
            world.note('P', 0, lasts);
            let now = world.now();
            // It may be off already.
            let off = if now < world.off.1 { world.off.0 } else { now };
            let back = world.off.1.max(now + lasts);
            world.off = (off, back);
            if back - off > 7 * DAY {
                world.truth().leap = Leap { off, back, told: 0 };
            }
            for node in 0..world.nodes.len() {
                let now = world.now();
                let ago = world.faults.between(0, 30);
                if let Some(here) = world.nodes[node].as_mut().filter(|here| here.paused_until.is_none()) {
                    here.read_on(&mut held(&world.shared.truth));
                    here.beat(&world.hand, now - ago);
                }
                let apart = world.faults.between(0, 1_800);
                world.dies(node, lasts + apart);
            }
        }
        Event::Pauses(node, lasts) => pauses(world, node, lasts),
        Event::BacksUp => {
            if world.options.over == Over::Postgres {
                for node in 0..world.nodes.len() {
                    let away = world.faults.between(30, 600);
                    world.dies(node, away);
                }
            }
            let inert = world.truth().inert;
            if let Some(backup) = world.hand.backs_up(inert) {
                world.backups.push(backup);
                world.note('B', 0, 0);
            }
        }
        Event::Restores => restores(world),
        _ => {}
    }
}

/// The disk is lost, and the oldest backup that is kept takes its place. Nobody adopts it for hours or weeks; until then it may take what people say, and send nothing.
fn restores(world: &mut World) {
    if world.backups.is_empty() {
        return;
    }
    let backup = world.backups.remove(0);
    for node in 0..world.nodes.len() {
        let away = world.faults.between(600, 7_200);
        world.dies(node, away);
    }
    let inert = match world.hand.restores(&backup) {
        Ok(inert) => inert,
        Err(error) => {
            return world.truth().broken(11, format_args!("a backup could not be restored: {error}"));
        }
    };
    world.restores += 1;
    world.note('Y', 0, i64::from(inert));
    world.truth().inert = inert;
    if !inert {
        return;
    }
    let waits = world.faults.between(3 * 3_600, 20 * DAY);
    world.after(waits, Event::Adopts);
}

/// The host says that this is the living house: from now on it knows everything that was acknowledged.
fn adopts(world: &mut World) {
    if !world.truth().inert {
        return;
    }
    for node in 0..world.nodes.len() {
        let away = world.faults.between(30, 600);
        world.dies(node, away);
    }
    if let Err(error) = world.hand.adopts() {
        return world.truth().broken(11, format_args!("a restored house could not be adopted: {error}"));
    }
    world.truth().inert = false;
    world.note('a', 0, 0);
    world.looks_at_lives();
    rows::look(world, true);
}

fn wall(world: &mut World, node: usize, wrong: Secs) {
    // While two lie a third would outvote nobody.
    if world.truth().believed.is_some() {
        return;
    }
    let source = if world.several { world.faults.place(3) } else { 0 };
    let mut lies = [0; 3];
    lies[source] = wrong;
    lie(world, node, lies);
}

fn lie(world: &mut World, node: usize, lies: Lies) {
    world.lies[node] = lies;
    let Some(here) = world.nodes[node].as_mut() else { return };
    here.read_on(&mut held(&world.shared.truth));
    if here.lies != lies {
        here.lies = lies;
        let most = lies.into_iter().find(|wrong| *wrong != 0).unwrap_or(0);
        world.note(if most == 0 { 'C' } else { 'c' }, node, most);
    }
}

/// Two of three lie together, for less long than the breaker waits: what they bring near is held back, and when they are right again everything waits until true time has come there.
fn two_lie(world: &mut World, wrong: Secs, lasts: Secs) {
    let honest = world.faults.place(3);
    let mut lies = [wrong; 3];
    lies[honest] = 0;
    let since = world.now();
    world.truth().believed = Some(Believed { since, ahead: wrong, told: 0 });
    for node in 0..world.nodes.len() {
        lie(world, node, lies);
        world.call_soon(node);
    }
    world.after(lasts, Event::TwoRight);
    world.after(lasts + wrong + 2 * DAY, Event::CaughtUp);
}

fn two_right(world: &mut World) {
    for node in 0..world.nodes.len() {
        lie(world, node, [0; 3]);
        if let Some(here) = world.nodes[node].as_mut().filter(|here| here.paused_until.is_none()) {
            here.read_on(&mut held(&world.shared.truth));
            here.looks_at_the_time(&world.hand);
        }
        world.call_soon(node);
    }
}

/// New zone data, which comes with a new program: both nodes are started anew. What it says of the past is of no consequence any more.
fn new_zones(world: &mut World) {
    let mut rules = Rules::of("2099z");
    let mut zones = BTreeMap::new();
    for (name, posix) in NEW_ZONES {
        rules = rules.with(name, posix);
        zones.extend(TimeZone::posix(posix).map(|zone| (name.to_owned(), zone)));
    }
    for node in 0..world.nodes.len() {
        let away = world.faults.between(30, 600);
        world.dies(node, away);
    }
    overlay::put(rules);
    world.truth().new_zones(zones);
    world.note('t', 0, 0);
}

/// A whole machine stands still, in the middle of whatever it does.
pub(crate) fn pauses(world: &mut World, node: usize, lasts: Secs) {
    let until = world.now() + lasts;
    let Some(here) = world.nodes[node].as_mut().filter(|here| here.paused_until.is_none()) else { return };
    here.read_on(&mut held(&world.shared.truth));
    here.paused_until = Some(until);
    here.leaves_a_window(&mut held(&world.shared.truth));
    world.note('z', node, lasts);
    world.at(until, Event::GoesOn(node));
    world.call_soon(1 - node);
}

/// And goes on where it stood.
pub(crate) fn goes_on(world: &mut World, node: usize) {
    let now = world.now();
    let Some(here) = world.nodes[node].as_mut().filter(|here| here.paused_until.is_some()) else { return };
    here.paused_until = None;
    here.slept(now);
    let busy = here.is_busy();
    world.note('Z', node, 0);
    if busy { world.goes_on(node) } else { world.call_soon(node) }
}

/// Nothing breaks any more: all clocks are right, both nodes run, the relay is there.
fn heals(world: &mut World) {
    {
        let mut weather = held(&world.shared.weather);
        weather.healed = true;
        weather.down_until = 0;
    }
    world.note('H', 0, 0);
    adopts(world);
    for node in 0..world.nodes.len() {
        world.dies(node, 60);
        world.after(60, Event::Boot(node));
    }
}

/// The worst moment has come, and somebody uses it: an author takes back what is just leaving, a person says no, a machine stands still for longer than its lease, another one goes on.
pub(crate) fn moment(world: &mut World, node: usize, moment: Moment) {
    let (Moment::Before(mailbox) | Moment::Between(mailbox) | Moment::After(mailbox)) = moment else {
        let Moment::About(whose) = moment else { return };
        return world.at_a_message(whose);
    };
    let other = 1 - node;
    let other_stands = world.nodes[other].as_ref().is_some_and(|n| n.paused_until.is_some());
    if other_stands && world.acts.percent(60) {
        return goes_on(world, other);
    }
    let other_runs = world.nodes[other].is_some() && !other_stands;
    match (moment, world.acts.below(10)) {
        (Moment::Before(_), _) if other_runs => {
            let lasts = world.acts.between(76 * 60, 200 * 60);
            pauses(world, node, lasts);
        }
        (Moment::Between(_), 0..=4) => world.takes_everything_back(mailbox),
        (Moment::Between(_), 5..=7) => world.refuses_now(mailbox),
        (Moment::Between(_), 8) => world.comes_now(mailbox),
        (Moment::After(_), 0..=2) => world.comes_now(mailbox),
        (Moment::After(_), 3..=4) => world.takes_everything_back(mailbox),
        (Moment::After(_), 5) => world.refuses_now(mailbox),
        (Moment::After(_), 6..=7) if other_runs => {
            let lasts = world.acts.between(60, 200 * 60);
            pauses(world, node, lasts);
        }
        _ => {}
    }
}

/// What becomes of a mailbox in the course of time, drawn once: when it dies, when it is given to somebody else, when it is full, when mail lies where nobody looks.
pub(crate) fn life_of_a_mailbox(world: &World) -> crate::truth::Mailbox {
    let (begins, heals) = (world.begins(), world.heals_at);
    let people = &world.people;
    // That an address is dead may be told, and how soon that is found depends on how often somebody is written to.
    let calm = world.options.calm;
    // Four in ten die within fifteen years, one in twenty is dead when it is given.
    let dead_from = match people.below(100) {
        _ if calm => NEVER,
        0..=4 => begins,
        5..=64 => begins + people.between(90 * DAY, 22 * 365 * DAY),
        _ => NEVER,
    };
    let strangers_from = if dead_from < NEVER && people.percent(30) {
        dead_from + people.between(200 * DAY, 700 * DAY)
    } else {
        NEVER
    };
    let spans = |each: Secs, least: Secs, most: Secs| {
        let mut spans = Vec::new();
        let mut at = begins + people.between(0, 2 * each);
        while at < heals {
            let until = (at + people.between(least, most)).min(heals);
            spans.push((at, until));
            at = until + people.between(each / 2, 2 * each);
        }
        spans
    };
    crate::truth::Mailbox {
        id: unsaid_delivery::id::AddressId(world.ids.id()),
        person: 0,
        dead_from,
        sends_back: people.percent(30),
        strangers_from,
        grey: people.percent(30),
        full: if people.percent(20) { spans(4 * 365 * DAY, DAY, 25 * DAY) } else { Vec::new() },
        spam: spans(6 * 365 * DAY, 10 * DAY, 100 * DAY),
        scanned: people.percent(25),
        no_house: false,
        no_person: false,
        quiet: false,
    }
}
