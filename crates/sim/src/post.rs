//! The simulated relay behind the production worker's mail port, one for each node. It asks permission as the real one does, takes what it takes, is slow, loses answers, and is a place
//! where the process dies and where people act at the worst moment: between the two questions, and right after the content.

use crate::Secs;
use crate::chance::Draw;
use crate::check::knocks;
use crate::mortals::Whose;
use crate::truth::{Fate, Truth};
use async_trait::async_trait;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach, Reply};

/// What a node and its relay share.
#[derive(Default)]
pub(crate) struct Gate {
    /// The process died in the middle of a message.
    pub(crate) killed: bool,
    /// People who act now, before the node goes on.
    pub(crate) moments: Vec<Moment>,
    /// Messages that wait for time.
    pub(crate) sleepers: Vec<(Secs, Waker)>,
    /// Message-IDs that were taken, and whose answers are not certainly recorded yet: each with how many breaths ago it was answered.
    pub(crate) uncertain: Vec<(String, Option<u32>)>,
}

/// When people act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The address was named, and nobody was asked yet.
    Before(usize),
    /// Between the two questions.
    Between(usize),
    /// The content is with the server, and the engine does not know what it said.
    After(usize),
    /// Between the two questions of a message about a life.
    About(Whose),
}

/// What befalls all relays alike.
pub(crate) struct Weather {
    /// Chance for faults.
    pub(crate) faults: Draw,
    /// Nothing gets through until then.
    pub(crate) down_until: Secs,
    /// Faults are over.
    pub(crate) healed: bool,
}

/// One node's way out.
pub(crate) struct Post {
    pub(crate) truth: Arc<Mutex<Truth>>,
    pub(crate) weather: Arc<Mutex<Weather>>,
    pub(crate) gate: Arc<Mutex<Gate>>,
}

/// The only holder of these is this thread, and nothing panics in between.
pub(crate) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Post {
    /// Once in `n` times, as long as anything breaks.
    pub(crate) fn breaks(&self, n: u64) -> bool {
        let weather = held(&self.weather);
        !weather.healed && weather.faults.once_in(n)
    }

    /// Dies here once in `n` times.
    pub(crate) async fn may_die(&self, n: u64) {
        if self.breaks(n) {
            held(&self.gate).killed = true;
            pending::<()>().await;
        }
    }

    /// Lets people act, once in `n` times.
    pub(crate) async fn people(&self, moment: Moment, n: u64) {
        if !self.breaks(n) {
            return;
        }
        let mut called = false;
        poll_fn(|cx| {
            if called {
                return Poll::Ready(());
            }
            called = true;
            held(&self.gate).moments.push(moment);
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// The other side takes its time: mostly none, now and then minutes.
    pub(crate) async fn slow(&self) {
        let wait = {
            let weather = held(&self.weather);
            match weather.faults.below(400) {
                _ if weather.healed => 0,
                0 => weather.faults.between(60, 600),
                1..=4 => weather.faults.between(1, 60),
                _ => 0,
            }
        };
        let until = held(&self.truth).now + wait;
        poll_fn(|cx| {
            if held(&self.truth).now >= until {
                return Poll::Ready(());
            }
            held(&self.gate).sleepers.push((until, cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// The engine has the answer, and writes it down with others.
    pub(crate) fn is_answered(&self, message: &Outgoing) {
        let mut gate = held(&self.gate);
        if let Some((_, breaths)) = gate.uncertain.iter_mut().find(|(id, _)| *id == message.message_id) {
            *breaths = Some(0);
        }
    }
}

#[async_trait]
impl Mail for Post {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        let said = |code: u16, enhanced: &str| Reply { code, enhanced: Some(enhanced.to_owned()) };
        self.may_die(400).await;
        let mailbox = held(&self.truth).mailbox_of.get(&message.to).copied();
        let about = held(&self.truth).mortals.address_of.get(&message.to).copied();
        if let Some(whose) = about {
            return self.send_about(whose, message, permission).await;
        }
        let Some(mailbox) = mailbox else {
            held(&self.truth).broken(2, "a message to nobody's address");
            return Answer::Refused { reply: said(550, "5.1.1") };
        };
        self.people(Moment::Before(mailbox), 100).await;
        self.slow().await;
        if held(&self.weather).down_until > held(&self.truth).now {
            return Answer::Later { reply: Reply::silence() };
        }
        let fate = {
            let mut truth = held(&self.truth);
            let now = truth.now;
            let tries = truth.copies.get(&message.message_id).map_or(0, |c| c.later);
            let fate = truth.mailboxes[mailbox].fate(now, tries);
            if fate == Fate::SaysLater {
                truth.copies.entry(message.message_id.clone()).or_default().later += 1;
            }
            fate
        };
        match fate {
            Fate::Refuses => return Answer::Refused { reply: said(550, "5.1.1") },
            Fate::SaysLater => return Answer::Later { reply: said(451, "4.7.1") },
            Fate::Takes | Fate::TakesAndSendsBack => {}
        }
        if self.breaks(60) {
            return Answer::Later { reply: said(451, "4.3.0") };
        }
        if !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        self.may_die(400).await;
        self.people(Moment::Between(mailbox), 25).await;
        self.slow().await;
        if !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        if self.breaks(150) {
            // The content was written; whether the answer was lost before or after it was taken, only the server knows.
            if self.breaks(2) {
                held(&self.truth).note('?', mailbox, 0);
                knocks::taken(&mut held(&self.truth), mailbox, message, true);
            }
            return Answer::Unknown { why: "the answer was lost" };
        }
        knocks::taken(&mut held(&self.truth), mailbox, message, false);
        // The engine writes it down with others, at its next breath: until then a death falls into the window.
        held(&self.gate).uncertain.push((message.message_id.clone(), None));
        self.may_die(400).await;
        self.people(Moment::After(mailbox), 100).await;
        self.slow().await;
        self.is_answered(message);
        Answer::Accepted
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}
