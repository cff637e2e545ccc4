//! One author in a world of her own: her row, her keepers, and a relay that does what a story says. Steps the pure rules as the worker would, one commit after
//! another. Knows no store.

#![allow(dead_code, reason = "each story needs a part of it")]

use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::HOUR;
use unsaid_delivery::id::{AccountId, ChannelId, KeeperId};
use unsaid_delivery::life::accept::{self, Armed};
use unsaid_delivery::life::learn::learn;
use unsaid_delivery::life::{
    Change, Facts, GateMoves, Heard, Life, NoVote, Plan, Policy, Stage, Strength, To, Vote, Word, Write,
    decide,
};
use unsaid_delivery::message::Says;
use unsaid_delivery::{Now, Observed};

pub(crate) const HER: AccountId = AccountId([1; 16]);
pub(crate) const HOST: To = To::Host(AccountId([9; 16]));

/// What the relay does with what is written to her.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relay {
    /// Takes it at once.
    Takes,
    /// Her own addresses refuse for good; everybody else's are taken.
    HersRefuse,
    /// Nothing leaves.
    Down,
    /// Her addresses refuse, and nothing else leaves either.
    HersRefuseAndDown,
}

#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) write: Write,
    pub(crate) rung: u32,
    pub(crate) at: Observed,
    pub(crate) heard: Heard,
}

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) life: Life,
    pub(crate) now: Now,
    pub(crate) keepers: Vec<KeeperId>,
    pub(crate) votes: Vec<Vote>,
    pub(crate) second: bool,
    /// What became of what went by a webhook; none where she has none.
    pub(crate) hook: Option<Heard>,
    pub(crate) written: Vec<Written>,
    pub(crate) relay: Relay,
    pub(crate) mail_left: Option<Observed>,
    pub(crate) somebody_else: Option<To>,
    pub(crate) hears_bounces: bool,
    pub(crate) gate_open: bool,
    /// People whom her letters cannot reach.
    pub(crate) lost: u64,
    /// Those who can be written to, and were not yet.
    pub(crate) invited: Vec<KeeperId>,
    /// When each keeper was last asked whether this is still right.
    pub(crate) still_asked: Vec<(KeeperId, Timestamp)>,
    pub(crate) whys: Vec<&'static str>,
    /// What the journal holds of her.
    pub(crate) journal: Vec<Fact>,
}

pub(crate) fn keeper(n: u8) -> KeeperId {
    KeeperId([n; 16])
}

pub(crate) fn start() -> Now {
    Now {
        trusted: "2026-11-21T12:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH),
        observed: Observed(1_000 * HOUR),
    }
}

pub(crate) fn plan(policy: Policy) -> Plan {
    Plan { policy, ..Plan::default() }
}

impl World {
    pub(crate) fn new(plan: Plan, keepers: u8) -> Self {
        let now = start();
        let change = accept::arm(HER, None, plan, now).unwrap_or_else(|e| panic!("{e:?}"));
        Self {
            life: change.life,
            now,
            keepers: (1..=keepers).map(keeper).collect(),
            votes: Vec::new(),
            second: false,
            hook: None,
            written: Vec::new(),
            relay: Relay::Takes,
            mail_left: None,
            somebody_else: Some(HOST),
            hears_bounces: true,
            gate_open: false,
            lost: 0,
            invited: Vec::new(),
            still_asked: Vec::new(),
            whys: Vec::new(),
            journal: Vec::new(),
        }
    }

    pub(crate) fn facts(&self) -> Facts {
        let mut channels = vec![To::SignIn];
        if self.second {
            channels.push(To::Channel(ChannelId([7; 16])));
        }
        let hers = |w: &&Written| {
            w.rung == self.life.rung
                && matches!(w.write.says, Says::Question | Says::Reminder | Says::Warning)
        };
        Facts {
            channels,
            keepers: self.keepers.clone(),
            votes: self.votes.clone(),
            rung: self.written.iter().filter(hers).map(|w| w.heard).chain(self.hook).collect(),
            mail_left: self.mail_left,
            somebody_else: self.somebody_else,
            hears_bounces: self.hears_bounces,
            quiet: self.keepers.iter().map(|k| (*k, self.quiet_since(*k))).collect(),
            invited: self.invited.clone(),
            lost: self.lost,
        }
    }

    fn quiet_since(&self, keeper: KeeperId) -> Timestamp {
        let asked = self.still_asked.iter().filter(|(of, _)| *of == keeper).map(|(_, at)| *at);
        asked.max().unwrap_or(start().trusted)
    }

    /// Commits, as the store does.
    pub(crate) fn commit(&mut self, change: Change) {
        let episode = self.life.episode;
        self.life = Life { rev: self.life.rev + 1, ..change.life };
        if self.life.episode != episode {
            self.votes.clear();
        }
        match change.gate {
            Some(GateMoves::Opens) => self.gate_open = true,
            Some(GateMoves::Shuts) => self.gate_open = false,
            None => {}
        }
        self.whys.push(change.why);
        self.journal.extend(change.fact);
        for write in change.write {
            if let (Says::Invited, To::Keeper(keeper)) = (write.says, write.to) {
                self.invited.retain(|one| *one != keeper);
            }
            if let (Says::StillRight, To::Keeper(keeper)) = (write.says, write.to) {
                self.still_asked.push((keeper, self.now.trusted));
            }
            let hers = matches!(write.to, To::SignIn | To::Channel(_));
            let heard = match (self.relay, hers) {
                (Relay::Takes, _) | (Relay::HersRefuse, false) => Heard::Accepted(self.now.observed),
                (Relay::HersRefuse | Relay::HersRefuseAndDown, true) => Heard::Refused(self.now.observed),
                (Relay::Down, _) | (Relay::HersRefuseAndDown, false) => Heard::NotYet,
            };
            if !hers && heard == Heard::Accepted(self.now.observed) {
                self.mail_left = Some(self.now.observed);
            }
            self.written.push(Written { write, rung: self.life.rung, at: self.now.observed, heard });
        }
    }

    /// Does what time demands, until nothing more is to be done now.
    pub(crate) fn settle(&mut self) {
        for _ in 0..60 {
            let change = decide(&self.life, &self.facts(), self.now);
            let more = change.wake.is_some_and(|wake| wake.has_come(self.now));
            let moved = change.life != self.life || !change.write.is_empty();
            if moved {
                self.commit(change);
            }
            if !more {
                return;
            }
            assert!(moved, "woken for nothing at {:?} {:?}", self.life.stage, self.whys.last());
        }
        panic!("never settles: {:?}", self.whys.iter().rev().take(8).collect::<Vec<_>>());
    }

    /// The house serves so many hours.
    pub(crate) fn serve_hours(&mut self, hours: i64) {
        for _ in 0..hours {
            self.now.observed = self.now.observed.plus_hours(1);
            self.now.trusted += jiff::SignedDuration::from_hours(1);
            self.settle();
        }
    }

    pub(crate) fn serve_days(&mut self, days: i64) {
        // Four steps a day are as fine as any rule here.
        for _ in 0..days * 4 {
            self.now.observed = self.now.observed.plus_hours(6);
            self.now.trusted += jiff::SignedDuration::from_hours(6);
            self.settle();
        }
    }

    /// The house is off.
    pub(crate) fn off_days(&mut self, days: i64) {
        self.now.trusted += jiff::SignedDuration::from_hours(24 * days);
        self.settle();
    }

    /// Serves until she is let go; gives after how many days. None: not within so many.
    pub(crate) fn days_until_released(&mut self, most: i64) -> Option<i64> {
        (1..=most).find(|_| {
            self.serve_days(1);
            self.life.is_released()
        })
    }

    /// Serves until she is at a stage; gives after how many days.
    pub(crate) fn days_until(&mut self, most: i64, at: impl Fn(Stage) -> bool) -> Option<i64> {
        (0..=most).find(|day| {
            if *day > 0 {
                self.serve_days(1);
            }
            at(self.life.stage)
        })
    }

    pub(crate) fn sign(&mut self, strength: Strength) -> bool {
        match accept::sign(&self.life, strength, &self.facts(), self.now) {
            Armed::Recorded(change) => {
                self.commit(*change);
                self.settle();
                true
            }
            _ => false,
        }
    }

    pub(crate) fn vote(&mut self, n: u8, word: Word) -> Result<(), NoVote> {
        let change = accept::vote(&self.life, keeper(n), word, &self.facts(), self.now)?;
        self.commit(change);
        self.votes = accept::voted(&self.votes, Vote { keeper: keeper(n), word });
        self.settle();
        Ok(())
    }

    pub(crate) fn stop(&mut self) {
        let change = accept::stop(&self.life, &self.facts(), self.now);
        self.commit(change);
        self.settle();
    }

    /// A copy that is older than this one learns what happened since.
    pub(crate) fn restored(&self, old: &Self) -> Self {
        let mut copy = old.clone();
        for fact in &self.journal[old.journal.len()..] {
            let Some(change) = learn(Some(&copy.life), fact, false, &copy.facts(), copy.now) else {
                continue;
            };
            // Nobody is told twice, and it is in the journal.
            copy.commit(Change { write: Vec::new(), fact: None, ..change });
            if let Fact::Voted { keeper, word, .. } = fact {
                copy.votes = accept::voted(&copy.votes, Vote { keeper: *keeper, word: *word });
            }
        }
        copy.journal = self.journal.clone();
        copy
    }

    /// How often this was written.
    pub(crate) fn said(&self, says: Says) -> usize {
        self.written.iter().filter(|w| w.write.says == says).count()
    }

    pub(crate) fn days(&self, from: Observed) -> i64 {
        (self.now.observed.0 - from.0) / (24 * HOUR)
    }
}
