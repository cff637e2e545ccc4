//! The simulated mail server behind the production worker's mail port. It asks permission as the relay does, takes what it takes, loses answers, and is the
//! place where the process is killed and where people act at the worst moment: between the two questions.

use crate::chance::Draw;
use crate::truth::{Copy, Fate, Truth};
use async_trait::async_trait;
use jiff::Timestamp;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach, Reply};

/// A fault that is planted on purpose, to show that a checker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// None.
    Nothing,
    /// The second question before the content is not asked.
    AskedOnce,
    /// No question is asked.
    NotAsked,
    /// The engine is told a time that is a day ahead of the truth.
    ClockAhead,
    /// The server says accepted and drops the letter.
    Dropped,
    /// A person is told that a letter is kept for later, and the engine is not.
    NotKept,
    /// Nobody hands the engine what comes back.
    NotHeard,
    /// What is to be asked before a letter opens is forgotten when it is sealed.
    NotAskedFirst,
    /// A letter is sealed for a day that is years away, and its rule says another one, within days.
    Unforeseen,
}

/// What people do between the two questions. Given the address that is being written to.
pub(crate) type Meddle = Box<dyn Fn(&str) + Send + Sync>;

/// The server.
pub(crate) struct Post {
    /// What is true.
    pub(crate) truth: Arc<Mutex<Truth>>,
    /// Chance for faults.
    pub(crate) faults: Draw,
    /// True time.
    pub(crate) now: Mutex<Timestamp>,
    /// Nothing gets through while this is set.
    pub(crate) outage: AtomicBool,
    /// Faults are over.
    pub(crate) healed: AtomicBool,
    /// The process has been killed and must not be polled again.
    pub(crate) killed: AtomicBool,
    /// How often it was killed.
    pub(crate) kills: Mutex<u64>,
    /// The planted fault.
    pub(crate) planted: Planted,
    /// Who acts between the questions.
    pub(crate) meddle: Mutex<Option<Meddle>>,
}

impl Post {
    fn truth(&self) -> std::sync::MutexGuard<'_, Truth> {
        self.truth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn true_time(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills the process here once in a while.
    async fn may_be_killed(&self) {
        if !self.healed.load(Ordering::Relaxed) && self.faults.once_in(60) {
            self.killed.store(true, Ordering::Relaxed);
            *self.kills.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            pending::<()>().await;
        }
    }

    fn meddle(&self, to: &str) {
        if !self.healed.load(Ordering::Relaxed) && self.faults.once_in(6) {
            let meddle = self.meddle.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(meddle) = meddle.as_ref() {
                meddle(to);
            }
        }
    }

    /// Takes a copy, and compares it with everything that must hold.
    fn take(&self, message: &Outgoing, in_window: bool) {
        let now = self.true_time();
        let mut truth = self.truth();
        let Some((address, person, fate)) = truth.addresses.get(&message.to).copied() else {
            truth.broken("2 never to the wrong person", "a message to nobody's address");
            return;
        };
        if truth.recorded.contains(&message.message_id) {
            truth.broken("3 at most one", "an attempt started after acceptance was recorded");
        }
        let earlier: Vec<&Copy> =
            truth.copies.iter().filter(|c| c.message_id == message.message_id).collect();
        let plain_repeat = earlier.iter().any(|c| !c.in_window);
        let altered = earlier.iter().any(|c| c.bytes != message.bytes);
        if plain_repeat {
            truth.broken("3 at most one", "a second copy outside the window");
        }
        if altered {
            truth.broken("3 at most one", "a repeat differs from the first");
        }
        if truth.wanted(address, person, now) == 0 {
            let early = truth
                .letters
                .values()
                .any(|l| l.person == person && !l.stopped && !l.opened && l.not_before > now);
            let quiet = truth.letters.values().any(|l| {
                l.person == person
                    && !l.stopped
                    && !l.opened
                    && l.quiet_until.is_some_and(|until| until > now)
            });
            let what = format!("at {now} to a person for whom nothing may leave");
            let property = match (early, quiet) {
                (true, _) => "1 never early, 4 stop, 5 refused",
                (false, true) => "their day, 4 stop, 5 refused",
                (false, false) => "4 stop, 5 refused",
            };
            truth.broken(property, what);
        }
        if fate != Fate::Returns {
            truth.knocked.insert(person);
        }
        truth.copies.push(Copy {
            message_id: message.message_id.clone(),
            bytes: message.bytes.clone(),
            in_window,
            at: now,
            person,
            compared: false,
            returns: fate == Fate::Returns,
        });
    }
}

#[async_trait]
impl Mail for Post {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        let said = |code: u16, enhanced: &str| Reply { code, enhanced: Some(enhanced.to_owned()) };
        self.may_be_killed().await;
        if self.outage.load(Ordering::Relaxed) {
            return Answer::Later { reply: Reply::silence() };
        }
        let fate = self.truth().addresses.get(&message.to).map(|(_, _, fate)| *fate);
        match fate {
            Some(Fate::Dead) | None => return Answer::Refused { reply: said(550, "5.1.1") },
            Some(Fate::Slow) if !self.faults.once_in(4) => {
                return Answer::Later { reply: said(451, "4.7.1") };
            }
            Some(_) => {}
        }
        if self.planted != Planted::NotAsked && !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        self.may_be_killed().await;
        self.meddle(&message.to);
        if !matches!(self.planted, Planted::NotAsked | Planted::AskedOnce)
            && !permission.still_allowed().await
        {
            return Answer::Forbidden;
        }
        if self.planted == Planted::Dropped {
            return Answer::Accepted;
        }
        let healed = self.healed.load(Ordering::Relaxed);
        if !healed && self.faults.once_in(25) {
            // The content was written; whether the answer was lost before or after it was taken, only the server knows.
            if self.faults.once_in(2) {
                self.take(message, true);
            }
            return Answer::Unknown { why: "the answer was lost" };
        }
        let killed_in_window = !healed && self.faults.once_in(50);
        self.take(message, killed_in_window);
        if killed_in_window {
            self.killed.store(true, Ordering::Relaxed);
            *self.kills.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            pending::<()>().await;
        }
        // The engine writes it down with others, at its next breath: until then a kill falls into the window.
        self.truth().answered.push((message.message_id.clone(), 0));
        Answer::Accepted
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}
