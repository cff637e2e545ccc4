//! Wakes, decides, commits. A worker is given the time and does one turn: takes what has come, asks the pure rules, does the deed, records what the
//! world answered, and says when to be woken next. It never starts a task, never waits by itself and never reads a clock: serve and the
//! simulator loop around it. It knows nothing of requests and pages.
//!
//! * [`deliveries`]: what time demands of a delivery, committed.
//! * [`lives`]: what time demands of an author's life, committed.
//! * [`about`]: what a message about a life says.
//! * [`messages`]: one message, from its row to its recorded answer.
//! * [`groups`]: messages side by side, begun and recorded in groups.
//! * [`amends`]: new words of a sealed letter, whose rest ends.
//! * [`foresight`]: what leaves within the forecast, written down a long time before, and what was not.
//! * [`door`]: whether something waits for an address that somebody asked for.
//! * [`calls`]: what the host alone can mend, said to them.
//! * [`keeping`]: old wraps under the house's present key, and forgetting what was thrown away.
//! * [`scrub`]: looking round at everything that is stored, and at what is about to leave.
//! * [`night`]: whether the rows balance.
//! * [`careful`]: after a death, what was left is worked on alone.
//! * [`hopeless`]: what cannot be worked on, held alone.
//! * [`welcome`]: what others have answered lately, held against the next knock.
//! * [`leases`]: taking over what another node, or an earlier start of this one, left behind.
//! * [`ticker`]: the beat, and which node credits the time of service.

mod about;
mod amends;
mod calls;
mod careful;
mod deliveries;
mod door;
mod foresight;
mod groups;
mod hopeless;
mod keeping;
mod leases;
mod lives;
mod messages;
mod night;
mod rehearsed;
mod scrub;
mod ticker;
mod welcome;

pub use keeping::Keeping;

use crate::chance::Chance;
use crate::holds::Holds;
use crate::mail::Mail;
use crate::mail::compose::Letterhead;
use crate::mail::hook::Hook;
use crate::mail::push::Push;
use crate::secrets::HouseKeys;
use futures_util::FutureExt;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use unsaid_delivery::clock::HOUR;
use unsaid_delivery::message::{Kind, Notice};
use unsaid_delivery::record::{Silence, Welcome};
use unsaid_delivery::{BootId, Now, Observed};
use unsaid_store::care::Wrong;
use unsaid_store::rows::{self, Beaten, Lane, Taken, WakeOf};
use unsaid_store::{Store, StoreError};

/// What stands for everything that is only told, where a hold is asked what it lets.
const CONFIRMATION: Kind = Kind::Notice(Notice::Welcome);
/// How many wakes are taken at once.
const GROUP: usize = 100;
/// How many messages stand in front of the relay at once.
const CONNECTIONS: usize = 8;
/// How many groups one turn works through before it lets the clock be read again.
const ROUNDS: usize = 20;
/// What failed inside is looked at again after this long, in observed seconds.
const AFTER_TROUBLE_SECONDS: i64 = 300;
/// What could not be recorded is tried again after this long at the latest, in observed seconds: until then no letter moves.
const RECORD_AGAIN_SECONDS: i64 = 60;
/// What met a fault of the program is tried again after this long, in observed seconds.
const AFTER_FAULT_SECONDS: i64 = 3_600;

/// What a worker works with. All of it are ports.
pub struct Tools {
    /// Rows.
    pub store: Arc<dyn Store>,
    /// The way out.
    pub mail: Arc<dyn Mail>,
    /// The host's own way to authors, where there is one.
    pub hook: Option<Arc<Hook>>,
    /// The way to browsers of authors, where the host lets it be.
    pub push: Option<Arc<Push>>,
    /// For link tokens, Message-IDs and addresses.
    pub keys: Arc<HouseKeys>,
    /// For ids and codes.
    pub chance: Arc<dyn Chance>,
    /// Whose paper messages are written on.
    pub letterhead: Letterhead,
    /// The bare address bounces go to where `hears_bounces` is not set; empty for none.
    pub return_path: String,
    /// Mail that comes back is handed to `unsaid receive`: each message has a return path of its own, and a knock a Reply-To.
    pub hears_bounces: bool,
    /// What comes after the @ of a Message-ID: the house's name in the net.
    pub domain: String,
    /// At most so many knocks leave in an hour.
    pub hourly: u32,
}

/// One lane's worker.
pub struct Worker {
    tools: Tools,
    boot: BootId,
    lane: Lane,
    beats: ticker::Beats,
    /// What this process has lived, as its loop said last; none where nobody says it.
    lived: Option<Observed>,
    seen: leases::Seen,
    /// What stands in the way of the whole house.
    holds: Arc<Holds>,
    /// Taken, and not begun: what stands in the way does not let it.
    held: Vec<Taken>,
    /// Taken, and to be tried again by ourselves after trouble.
    troubled: Vec<(Observed, Taken)>,
    /// The store did not answer when it was asked for work, and may have handed some out all the same.
    unheard: bool,
    /// Answered by the relay, and not recorded yet: nothing else is begun before these are.
    unrecorded: Vec<messages::Answered>,
    /// For what the host is to be called, and was.
    calls: calls::Calls,
    /// What it knows of looking ahead.
    ahead: foresight::Ahead,
    /// After deaths.
    care: careful::Care,
    /// What cannot be worked on.
    hopeless: hopeless::Hopeless,
    /// When knocks left within the last hour, as far as this worker and the store know.
    left: Mutex<VecDeque<Observed>>,
    /// Where this house was not wanted lately.
    welcome: Mutex<Welcome>,
    /// Whether the relay answers at all.
    silence: Mutex<Silence>,
    /// One worker of a house keeps it in order beside its letters.
    kept: Option<keeping::Kept>,
}

/// When the worker wants to be called again. `None` everywhere: when nudged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NextWake {
    /// By trusted time.
    pub trusted: Option<jiff::Timestamp>,
    /// By observed time.
    pub observed: Option<Observed>,
    /// There is more to do at once.
    pub again: bool,
    /// What a beat told, if this turn made one: the loop's clock goes by it.
    pub beaten: Option<Beaten>,
}

/// How one piece of work ended.
enum Done {
    /// Committed, or nothing to do.
    Well,
    /// To be tried again by us, after so many observed seconds.
    Trouble(i64),
    /// The program fell over it. To be tried again by us an hour later, and a few times at the most.
    Fell,
    /// It says what cannot be, or points at nothing: to be held back.
    Hopeless(Wrong),
    /// Not begun, because of what stands in the way of the whole house. It stays in our hands until that is over.
    Held,
}

/// What a worker may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Whatever has come.
    All,
    /// What is never held: confirmations and check-ins.
    Messages,
    /// Nothing. The house may not be the one that people trust.
    Nothing,
}

impl Worker {
    /// A worker of one lane, of this start.
    pub fn new(tools: Tools, boot: BootId, lane: Lane) -> Self {
        Self {
            tools,
            boot,
            lane,
            beats: ticker::Beats::default(),
            lived: None,
            seen: leases::Seen::default(),
            holds: Arc::default(),
            held: Vec::new(),
            troubled: Vec::new(),
            unheard: false,
            unrecorded: Vec::new(),
            calls: calls::Calls::default(),
            ahead: foresight::Ahead::default(),
            care: careful::Care::default(),
            hopeless: hopeless::Hopeless::default(),
            left: Mutex::new(VecDeque::new()),
            welcome: Mutex::default(),
            silence: Mutex::default(),
            kept: None,
        }
    }

    /// The same worker, which also renews old wraps and forgets what was thrown away.
    pub fn keeping(self, ports: Keeping) -> Self {
        Self { kept: Some(keeping::Kept::new(ports)), ..self }
    }

    /// The same worker for a house whose letters have no bytes (in tests of mail alone): it looks at none, and keeps nothing in order.
    pub fn sending_alone(self) -> Self {
        Self { kept: None, ..self }
    }

    /// The same worker, whose house's loops and pages know what it reads about what stands in the way.
    pub fn sharing(self, holds: Arc<Holds>) -> Self {
        Self { holds, ..self }
    }

    /// What this process has lived until the next turn ([`unsaid_delivery::clock::Timekeeper::lived`]). Leases of others are watched by it, and beats go by it: observed time stands while another node
    /// credits it, or nobody does. A loop that never says it has only one node, and observed time that never stands.
    pub fn lives(&mut self, lived: Observed) {
        self.lived = Some(lived);
    }

    fn lived(&self, now: Now) -> Observed {
        self.lived.unwrap_or(now.observed)
    }

    /// One turn. Errors of single pieces of work are logged and tried again later; an error here means that the store does not answer.
    pub async fn turn(&mut self, now: Now) -> Result<NextWake, StoreError> {
        let beaten = self.beat(now).await?;
        self.holds.look(&*self.tools.store).await?;
        self.record_after_trouble(now).await;
        if self.holds.let_keep() {
            self.look(now).await?;
        }
        if self.lane == Lane::Letters && self.takes() == Takes::All && !self.holds_still() {
            self.answer_at_door(now).await?;
        }
        let again = !self.holds_still() && self.rounds(now).await?;
        let record_again =
            (!self.unrecorded.is_empty()).then(|| now.observed.plus_seconds(RECORD_AGAIN_SECONDS));
        let mut wake = if self.holds_still() || self.takes() != Takes::All {
            // What has come meanwhile cannot be begun: to be woken for it would be to turn for nothing.
            NextWake { observed: record_again, again, ..NextWake::default() }
        } else {
            let next = self.tools.store.next_wakes(self.lane).await?;
            let trouble = self.troubled.iter().map(|(at, _)| *at).min();
            // A lease that another holds is looked at anew at the latest when the loop comes by itself.
            let leases = self.lived.is_none().then(|| self.seen.next()).flatten();
            let observed = [next.observed, trouble, record_again, leases].into_iter().flatten().min();
            NextWake { trusted: next.trusted, observed, again, beaten: None }
        };
        if self.lane == Lane::Letters {
            self.call_hosts(now).await?;
        }
        if self.care.takes_singly(now) {
            wake.observed = [wake.observed, self.care.next()].into_iter().flatten().min();
        } else if self.holds.let_keep() {
            self.look_ahead(now, &mut wake).await?;
            self.keep_in_order(now, &mut wake).await?;
        }
        wake.beaten = beaten;
        Ok(wake)
    }

    /// `house-holds`: what may be taken while something stands in the way of the whole house.
    fn takes(&self) -> Takes {
        if self.lane == Lane::Codes || self.holds.let_go(Kind::Knock) {
            Takes::All
        } else if self.holds.let_go(CONFIRMATION) {
            Takes::Messages
        } else {
            Takes::Nothing
        }
    }

    /// Takes what has come and works on it, until nothing is left or an answer could not be recorded. Says whether there may be more.
    async fn rounds(&mut self, now: Now) -> Result<bool, StoreError> {
        let takes = self.takes();
        if takes == Takes::Nothing {
            return Ok(false);
        }
        let mut work = self.after_trouble(now);
        let went = self.rounds_with(&mut work, takes, now).await;
        // What is in hand stays in hand: it is ours, and nobody else would take it up.
        self.troubled.extend(work.into_iter().map(|one| (now.observed, one)));
        self.unheard |= went.is_err();
        went
    }

    async fn rounds_with(
        &mut self,
        work: &mut Vec<Taken>,
        takes: Takes,
        now: Now,
    ) -> Result<bool, StoreError> {
        if self.unheard {
            self.unheard = !self.take_up(work, now).await?;
        }
        for one in self.take_over(now).await? {
            self.alone(one, now).await?;
        }
        let singly = self.care.takes_singly(now);
        let most = if singly { 1 } else { GROUP };
        if takes == Takes::All {
            work.append(&mut self.held);
        }
        for _ in 0..ROUNDS {
            self.count_what_left(now).await?;
            work.extend(match takes {
                Takes::All => self.tools.store.take(self.boot, self.lane, now, most).await?,
                _ => self.tools.store.take_messages(self.boot, self.lane, now, most).await?,
            });
            if work.is_empty() {
                return Ok(false);
            }
            let taken = std::mem::take(work);
            if singly {
                for one in taken {
                    self.alone(one, now).await?;
                }
            } else {
                self.work(taken, now).await;
            }
            if self.holds_still() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `recorded-before-the-next`: while an answer to a letter's message is in memory alone, nothing is begun: a crash would send all of it again.
    fn holds_still(&self) -> bool {
        self.holds_still_for(&self.unrecorded)
    }

    /// Deliveries one after the other (two of one person must see each other's knock), then messages side by side.
    async fn work(&mut self, taken: Vec<Taken>, now: Now) {
        let mut messages = Vec::new();
        let letters_move = self.takes() == Takes::All;
        for one in taken {
            match one.of {
                WakeOf::Delivery(_) | WakeOf::Letter(_) | WakeOf::Life(_) if !letters_move => {
                    self.held.push(one);
                }
                WakeOf::Life(id) => {
                    let done = netted(one.of, self.live(one, id, now)).await;
                    self.keep_if_troubled(one, done.unwrap_or_else(|fell| fell), now);
                }
                WakeOf::Delivery(id) => {
                    let done = netted(one.of, self.deliver(one, id, now)).await;
                    self.keep_if_troubled(one, done.unwrap_or_else(|fell| fell), now);
                }
                WakeOf::Letter(id) => {
                    let done = netted(one.of, self.amend(one, id, now)).await;
                    self.keep_if_troubled(one, done.unwrap_or_else(|fell| fell), now);
                }
                WakeOf::Message(id) => messages.push((one, id)),
            }
        }
        let ended = self.side_by_side(messages, now).await;
        if self.holds_still_for(&ended.unrecorded) {
            tracing::error!(
                "answers of the relay cannot be recorded; no letter leaves until they are. Look at the disk"
            );
        }
        self.keep_ended(ended, now);
        self.hold_back(now).await;
    }

    fn keep_ended(&mut self, ended: groups::Ended, now: Now) {
        for (one, done) in ended.done {
            self.keep_if_troubled(one, done, now);
        }
        self.unrecorded.extend(ended.unrecorded);
    }

    /// What was answered while the store took nothing: it is recorded before anything else is begun, and never sent again for that.
    async fn record_after_trouble(&mut self, now: Now) {
        let mut kept = std::mem::take(&mut self.unrecorded).into_iter().peekable();
        while kept.peek().is_some() {
            let group = kept.by_ref().take(rows::GROUP).collect();
            let ended = self.record(group, now).await;
            self.keep_ended(ended, now);
        }
        self.hold_back(now).await;
    }

    /// The lease stays ours: nobody else does meanwhile what failed here.
    fn keep_if_troubled(&mut self, taken: Taken, done: Done, now: Now) {
        match done {
            Done::Well => self.hopeless.forget(taken.of),
            Done::Trouble(seconds) => self.troubled.push((now.observed.plus_seconds(seconds), taken)),
            Done::Fell => self.fell(taken, now),
            Done::Hopeless(wrong) => self.hopeless.add(taken, wrong),
            Done::Held => self.held.push(taken),
        }
    }

    fn after_trouble(&mut self, now: Now) -> Vec<Taken> {
        let (come, wait) = self.troubled.drain(..).partition(|(at, _)| now.observed >= *at);
        self.troubled = wait;
        let come: Vec<(Observed, Taken)> = come;
        come.into_iter().map(|(_, taken)| taken).collect()
    }

    /// `hourly-ceiling`: what left within the hour before a restart, or by another node, counts as well.
    async fn count_what_left(&self, now: Now) -> Result<(), StoreError> {
        if self.lane != Lane::Letters {
            return Ok(());
        }
        let hour_ago = now.observed.plus_seconds(-HOUR);
        let mut stored = self.tools.store.knocks_left(hour_ago, self.tools.hourly as usize).await?;
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        // Of what this worker has begun itself, some was not accepted: the longer of the two is what counts.
        if stored.len() > left.iter().filter(|at| **at > hour_ago).count() {
            stored.reverse();
            *left = stored.into();
        }
        Ok(())
    }

    /// `hourly-ceiling`: for how many observed seconds no further knock may leave.
    fn waits_for_room(&self, now: Now) -> Option<i64> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        while left.front().is_some_and(|at| now.observed >= at.plus_seconds(HOUR)) {
            left.pop_front();
        }
        let oldest = left.front().copied().unwrap_or(now.observed);
        (left.len() >= self.tools.hourly as usize).then(|| (oldest.0 + HOUR - now.observed.0).max(1))
    }

    /// `hourly-ceiling`: counts a knock that is about to leave, or says how many observed seconds to wait.
    fn may_leave_this_hour(&self, now: Now) -> Result<(), i64> {
        if let Some(seconds) = self.waits_for_room(now) {
            return Err(seconds);
        }
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push_back(now.observed);
        Ok(())
    }
}

/// `one-fault-holds-one`: a fault of the program in one piece of work puts that one off and ends nothing else. The panic hook has said where it was.
async fn netted<T>(of: WakeOf, work: impl Future<Output = T>) -> Result<T, Done> {
    // What a fault may leave half changed is rows, and those are whole or not there: each is one transaction.
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| {
        tracing::error!(
            ?of,
            "a fault of the program; this one is put off for an hour, everything else goes on. Report it"
        );
        Done::Fell
    })
}

/// Trouble inside: says it once, with ids alone, and keeps the work.
fn trouble(of: WakeOf, error: &StoreError) -> Done {
    if matches!(error, StoreError::Damaged) {
        return Done::Hopeless(Wrong::Unreadable);
    }
    tracing::error!(?of, %error, "work was put off");
    Done::Trouble(AFTER_TROUBLE_SECONDS)
}
