//! Stories of the two clocks with more than one source of time, each named for the rule that it defends (docs/delivery.md). What one source alone may do stands in
//! rules.rs.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use unsaid_delivery::clock::{
    AGREEMENT_SLACK_SECONDS, DAY, Doubt, HOUR, Mark, Reading, SOURCES_AGREE_SECONDS, Source, Timekeeper,
    agreed,
};
use unsaid_delivery::{Now, Observed};

/// True time when each story begins.
const BEGIN: &str = "2026-11-21T12:00:00Z";

fn truth(seconds: i64) -> Timestamp {
    let begin: Timestamp = BEGIN.parse().expect("an instant");
    begin + SignedDuration::from_secs(seconds)
}

/// So many seconds of true time and of the monotonic clock after the beginning; each source is so many seconds away from the truth.
fn reading(seconds: i64, away: &[(&str, i64)]) -> Reading {
    Reading {
        monotonic: Duration::from_secs(seconds as u64),
        sources: away
            .iter()
            .map(|(name, away)| Source { name: (*name).to_owned(), at: truth(seconds + away) })
            .collect(),
    }
}

/// Off since so many seconds before the beginning.
fn off_for(seconds: i64) -> Mark {
    Mark { trusted: truth(-seconds), observed: Observed(500) }
}

fn said(away: &[(&str, i64)]) -> Option<(i64, i64, usize)> {
    let from_truth = |at: Timestamp| at.as_second() - truth(0).as_second();
    agreed(&reading(0, away).sources).map(|a| (from_truth(a.lowest), from_truth(a.highest), a.sources))
}

#[test]
fn two_sources_agree() {
    // Who agrees: two, on the same instant within the slack, and the lower is what has certainly been reached.
    assert_eq!(said(&[]), None);
    assert_eq!(said(&[("wall", 0)]), None);
    assert_eq!(said(&[("wall", 0), ("a", -SOURCES_AGREE_SECONDS)]), Some((-SOURCES_AGREE_SECONDS, 0, 2)));
    assert_eq!(said(&[("wall", 0), ("a", -SOURCES_AGREE_SECONDS - 1)]), None);
    // One that is heard twice is one.
    assert_eq!(said(&[("wall", 0), ("wall", 0)]), None);
    assert_eq!(said(&[("a", 0), ("a", 1), ("wall", 2)]), Some((0, 2, 2)));
    // The many against the few, and of two pairs the earlier.
    assert_eq!(said(&[("wall", DAY), ("a", 0), ("b", 1), ("c", 2), ("d", DAY)]), Some((0, 2, 3)));
    assert_eq!(said(&[("wall", DAY), ("a", 0), ("b", 1), ("d", DAY + 1)]), Some((0, 1, 2)));

    // At any time, however long the step is, and without a human.
    for off in [HOUR, 39 * DAY, 90 * DAY, 50 * 365 * DAY] {
        let mut keeper = Timekeeper::start(off_for(off), &reading(0, &[("wall", 0), ("a", -2)]));
        let now = keeper.read(&reading(60, &[("wall", 0), ("a", -2)]), true);
        assert_eq!(now.trusted, truth(58), "the lower of the two");
        assert_eq!(now.observed, Observed(560), "downtime is not service");
        assert_eq!(keeper.doubt(&reading(60, &[("wall", 0), ("a", -2)])), None);
    }
    // While it runs, too: a machine that was frozen for three days, whose monotonic clock knows nothing of it.
    let mut keeper = Timekeeper::start(off_for(0), &reading(0, &[("wall", 0), ("a", 0)]));
    keeper.read(&reading(600, &[("wall", 0), ("a", 0)]), true);
    let thawed = keeper.read(&reading(620, &[("wall", 3 * DAY), ("a", 0)]), true);
    assert_eq!(thawed.trusted, truth(620), "one of them alone says so");
    let thawed = keeper.read(&reading(640, &[("wall", 3 * DAY), ("a", 3 * DAY - 1)]), true);
    assert_eq!(thawed.trusted, truth(640 + 3 * DAY - 1));
    assert_eq!(thawed.observed, Observed(500 + 640));
}

/// A house of three sources lives for four days, a turn every ten minutes; `lies` is how far each is from the truth.
fn live(mark: Mark, lies: impl Fn(i64) -> [i64; 3]) -> Vec<(i64, Now)> {
    let sources = |at: i64| {
        let [wall, a, b] = lies(at);
        reading(at, &[("wall", wall), ("a", a), ("b", b)])
    };
    let mut keeper = Timekeeper::start(mark, &sources(0));
    (1..=4 * 144).map(|turn| turn * 600).map(|at| (at, keeper.read(&sources(at), true))).collect()
}

#[test]
fn one_liar_moves_nothing() {
    // Whichever of the three lies, by however much, from the start on or from the second day, for good or in turns: never ahead of the truth, and never far behind it.
    let years = 365 * DAY;
    for liar in 0..3 {
        for lie in
            [50 * years, 3 * years, 41 * DAY, DAY, 2_400, 31, 29, -29, -31, -3 * HOUR, -years, -56 * years]
        {
            for (from, shifty) in [(0, false), (2 * DAY, false), (0, true), (DAY, true)] {
                for off in [0, 12 * DAY, 200 * DAY] {
                    let lied = live(off_for(off), |at| {
                        let mut away = [0; 3];
                        let odd = shifty && (at / 600) % 3 == 0;
                        if at >= from && !odd {
                            away[liar] = lie;
                        }
                        away
                    });
                    let mut before = truth(-off);
                    for (at, now) in lied {
                        let case = format!("source {liar} lies by {lie} from {from}, off {off}, at {at}");
                        assert!(now.trusted <= truth(at), "ahead: {case}");
                        assert!(now.trusted >= truth(at - SOURCES_AGREE_SECONDS), "behind: {case}");
                        assert!(now.trusted >= before, "back: {case}");
                        before = now.trusted;
                    }
                }
            }
        }
    }
}

#[test]
fn where_several_are_known_one_alone_is_never_believed() {
    // Off for ten days. The hosts are not to be reached, and what the wall clock says alone would be believed in a house that knows no others.
    let mark = off_for(10 * DAY);
    let run = |mut keeper: Timekeeper| {
        for at in (600..=2 * DAY).step_by(600) {
            keeper.read(&reading(at, &[("wall", 0)]), true);
        }
        keeper
    };
    let alone = run(Timekeeper::start(mark, &reading(0, &[("wall", 0)])));
    assert_eq!(alone.now().trusted, truth(2 * DAY));
    let known = run(Timekeeper::start(mark, &reading(0, &[("wall", 0)])).knowing_several());
    assert_eq!(known.now().trusted, truth(-8 * DAY), "time that was lived, and nothing more");
    assert_eq!(
        known.doubt(&reading(2 * DAY, &[("wall", 0)])),
        Some(Doubt::Alone { ahead_seconds: 10 * DAY })
    );
    // It need not be told: it has seen two.
    let mut seen = Timekeeper::start(mark, &reading(0, &[("wall", 0), ("a", -DAY)]));
    for at in (600..=2 * DAY).step_by(600) {
        seen.read(&reading(at, &[("wall", 0)]), true);
    }
    assert_eq!(seen.now().trusted, truth(-8 * DAY));
    // One that answers, and says what trusted time says anyway, is no doubt; nor is silence.
    let well = Timekeeper::start(off_for(0), &reading(0, &[("wall", 0)])).knowing_several();
    assert_eq!(well.doubt(&reading(0, &[("wall", AGREEMENT_SLACK_SECONDS)])), None);
    assert_eq!(well.doubt(&reading(0, &[])), None);
    assert_eq!(well.doubt(&reading(0, &[("a", -DAY)])), Some(Doubt::Alone { ahead_seconds: -DAY }));
}

#[test]
fn where_no_two_agree_it_is_shown_and_nothing_is_believed() {
    let apart = [("wall", 0), ("a", DAY), ("b", -HOUR)];
    let mut keeper = Timekeeper::start(off_for(5 * DAY), &reading(0, &apart));
    for at in (600..=2 * DAY).step_by(600) {
        keeper.read(&reading(at, &apart), true);
    }
    assert_eq!(keeper.now().trusted, truth(-3 * DAY));
    let doubt = keeper.doubt(&reading(2 * DAY, &apart));
    assert_eq!(doubt, Some(Doubt::Apart { between_seconds: DAY + HOUR }));
    // As soon as two do, all is well.
    let agree = [("wall", 0), ("a", DAY), ("b", -1)];
    assert_eq!(keeper.read(&reading(2 * DAY + 20, &agree), true).trusted, truth(2 * DAY + 19));
    assert_eq!(keeper.doubt(&reading(2 * DAY + 20, &agree)), None);
}

#[test]
fn stands_still_when_ahead() {
    // A house whose first clock was an hour ahead, and which is told of two sources later.
    let mark = Mark { trusted: truth(HOUR), observed: Observed(0) };
    let right = [("wall", 0), ("a", 0)];
    let mut keeper = Timekeeper::start(mark, &reading(0, &right));
    let looked = keeper.at(Duration::from_secs(15)).trusted;
    assert_eq!(looked, truth(HOUR + 15));
    for at in (20..=HOUR).step_by(20) {
        let now = keeper.read(&reading(at, &right), true);
        assert_eq!(now.observed, Observed(at), "service goes on");
        assert!(now.trusted >= looked, "nobody sees it go back");
        assert!(now.trusted <= truth(HOUR + 20), "and it goes no further ahead");
        let ahead = HOUR + 15 - at;
        // With the twenty seconds that it would go on by.
        assert_eq!(keeper.stands_still(), ahead + 20 > SOURCES_AGREE_SECONDS, "at {at}");
        if keeper.stands_still() {
            assert_eq!(now.trusted, looked);
            assert_eq!(
                keeper.at(Duration::from_secs(at as u64 + 19)).trusted,
                looked,
                "for those who look, too"
            );
            let doubt = (ahead > SOURCES_AGREE_SECONDS).then_some(Doubt::Ahead { ahead_seconds: ahead });
            assert_eq!(keeper.doubt(&reading(at, &right)), doubt);
            // What another node stored does not move it either.
            keeper.follow(Mark { trusted: truth(2 * HOUR), observed: Observed(0) });
            assert_eq!(keeper.now().trusted, looked);
        }
    }
    let caught_up = keeper.read(&reading(3 * HOUR, &right), true);
    assert!(!keeper.stands_still());
    assert!(
        caught_up.trusted >= truth(3 * HOUR) && caught_up.trusted <= truth(3 * HOUR + SOURCES_AGREE_SECONDS)
    );

    // A monotonic clock that is fast never gets further ahead than sources may differ.
    let mut keeper = Timekeeper::start(off_for(0), &reading(0, &right));
    for turn in 1..=10_000 {
        let mut fast = reading(turn * 600, &right);
        fast.monotonic = Duration::from_secs(turn as u64 * 601);
        let now = keeper.read(&fast, true);
        assert!(now.trusted <= truth(turn * 600 + SOURCES_AGREE_SECONDS), "turn {turn}");
    }
}

#[test]
fn a_house_begins_with_what_two_agree_on_and_else_with_the_earliest() {
    let first = |away: &[(&str, i64)]| Timekeeper::first_mark(&reading(0, away)).map(|mark| mark.trusted);
    assert_eq!(first(&[]), None);
    assert_eq!(first(&[("wall", 50 * DAY)]), Some(truth(50 * DAY)), "it has nothing else");
    assert_eq!(first(&[("wall", 50 * DAY), ("a", 0), ("b", 3)]), Some(truth(0)));
    assert_eq!(first(&[("wall", 50 * DAY), ("a", 0)]), Some(truth(0)));
    assert_eq!(first(&[("wall", -50 * DAY), ("a", 0), ("b", 3)]), Some(truth(0)));
}

#[test]
fn served_once() {
    // Two nodes of one house. The one that holds the ticker credits service; the other follows what is stored.
    let wall = [("wall", 0)];
    let mark = Mark { trusted: truth(0), observed: Observed(1_000) };
    let mut holder = Timekeeper::start(mark, &reading(0, &wall));
    let mut other = Timekeeper::start(mark, &reading(0, &wall));
    for at in (30..=HOUR).step_by(30) {
        holder.read(&reading(at, &wall), true);
        other.read(&reading(at, &wall), false);
        other.follow(holder.mark());
    }
    assert_eq!(
        (holder.now().observed, other.now().observed),
        (Observed(1_000 + HOUR), Observed(1_000 + HOUR))
    );
    // The other one stands still until somebody credits it; what it lives itself goes on, and so do trusted time and its leases.
    let silent = other.read(&reading(HOUR + 600, &wall), false);
    assert_eq!((silent.observed, silent.trusted), (Observed(1_000 + HOUR), truth(HOUR + 600)));
    assert_eq!(other.lived(), Observed(HOUR + 600));
    // It takes over, and goes on from there.
    assert_eq!(other.read(&reading(HOUR + 660, &wall), true).observed, Observed(1_000 + HOUR + 60));
    // The first one wakes from a pause that it took for ten minutes at most, and follows: what it had credited itself was stored by nobody.
    let mut stored = other.mark();
    holder.read(&reading(6 * HOUR, &wall), true);
    assert_eq!(holder.now().observed, Observed(1_000 + HOUR + 600));
    stored.observed = Observed(1_000 + 5 * HOUR);
    holder.follow(stored);
    assert_eq!(holder.now().observed, Observed(1_000 + 5 * HOUR));
    holder.follow(mark);
    assert_eq!(holder.now().observed, Observed(1_000 + 5 * HOUR), "never back");
}

#[test]
fn what_is_stored_meanwhile_is_followed_while_it_runs() {
    // A host has confirmed the clock after half a year off: the open house need not be closed for it.
    let mut keeper = Timekeeper::start(off_for(180 * DAY), &reading(0, &[("wall", 0)]));
    keeper.read(&reading(600, &[("wall", 0)]), true);
    assert_eq!(
        keeper.doubt(&reading(600, &[("wall", 0)])),
        Some(Doubt::NeedsConfirming { ahead_seconds: 180 * DAY })
    );
    keeper.follow(Mark { trusted: truth(600), observed: Observed(0) });
    assert_eq!(keeper.now().trusted, truth(600));
    assert_eq!(keeper.doubt(&reading(600, &[("wall", 0)])), None);
    // And what was confirmed is not taken a second time.
    for at in (1_200..=12 * HOUR).step_by(600) {
        assert_eq!(keeper.read(&reading(at, &[("wall", 0)]), true).trusted, truth(at));
    }
}
