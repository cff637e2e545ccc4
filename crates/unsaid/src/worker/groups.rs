//! Messages side by side, and what is written down about them in groups. Those that stand before DATA at the same time are begun in one transaction, and
//! those whose answers have come are recorded in one (docs/decisions/group-commits.md). While a group is written the others go on; who comes meanwhile
//! is the next group. Nothing here waits for time: a group waits for one tick of whoever polls it, so that everybody who is ready can join. As soon as one
//! answer could not be recorded, the gate is shut: what is begun then would be known to the memory alone.

use super::messages::{Answered, Sent};
use super::{CONNECTIONS, Done, Worker, netted, trouble};
use futures_util::future::{BoxFuture, poll_fn};
use futures_util::{FutureExt, StreamExt};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::oneshot;
use unsaid_delivery::{MessageId, Now};
use unsaid_store::StoreError;
use unsaid_store::rows::{GROUP, Lane, Recording, StartAnswer, Starting, Taken};

/// What is said to one that stood at the gate.
pub(super) enum Begun {
    /// The store's answer.
    Told(Result<StartAnswer, StoreError>),
    /// Nothing is begun now, and nothing of it was changed: it is as it was before.
    NotNow,
    /// The program fell over this one.
    Fell,
}

type Waiting = (Starting, oneshot::Sender<Begun>);

/// Where messages wait that stand before DATA.
#[derive(Default)]
pub(super) struct Gate {
    waiting: Mutex<Vec<Waiting>>,
    shut: AtomicBool,
}

impl Gate {
    /// Waits for a group, and begins with it.
    pub(super) async fn start(&self, starting: Starting) -> Begun {
        let (tell, told) = oneshot::channel();
        self.waiting().push((starting, tell));
        told.await.unwrap_or(Begun::Fell)
    }

    /// Nobody passes any more.
    pub(super) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Relaxed)
    }

    fn shut(&self) {
        self.shut.store(true, Ordering::Relaxed);
    }

    /// A group, the first to come first.
    fn pass(&self, most: usize) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let many = most.min(waiting.len());
        waiting.drain(..many).collect()
    }

    /// Tells everybody who stands here that it is not now, and whether anybody did.
    fn send_away(&self) -> bool {
        let waiting = std::mem::take(&mut *self.waiting());
        let any = !waiting.is_empty();
        waiting.into_iter().for_each(|(_, tell)| drop(tell.send(Begun::NotNow)));
        any
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of everything that was sent side by side.
#[derive(Default)]
pub(super) struct Ended {
    /// How each ended that is done, or is to be tried again from its row.
    pub(super) done: Vec<(Taken, Done)>,
    /// Answers that the store could not take now. To send these messages again would be to forget what was said.
    pub(super) unrecorded: Vec<Answered>,
}

impl Worker {
    /// Sends messages side by side, each until its answer is recorded.
    pub(super) async fn side_by_side(&self, messages: Vec<(Taken, MessageId)>, now: Now) -> Ended {
        let gate = &Gate::default();
        let mut sending = futures_util::stream::iter(messages)
            .map(|(one, id)| async move { (one, netted(one.of, self.send(one, id, now, gate)).await) })
            .buffer_unordered(CONNECTIONS);
        let mut ended = Ended::default();
        let mut answered: Vec<Answered> = Vec::new();
        let mut begins: Option<BoxFuture<'_, ()>> = None;
        let mut records: Option<BoxFuture<'_, Ended>> = None;
        // How many answers are with the store.
        let mut recording = 0;
        let mut ticked = false;
        poll_fn(|cx| {
            loop {
                let mut all_sent = false;
                // Who has an answer makes room for the next; but no more answers than a group are ever unrecorded.
                while answered.len() + recording < GROUP {
                    match sending.poll_next_unpin(cx) {
                        Poll::Ready(Some((_, Ok(Sent::Answered(one))))) => answered.push(*one),
                        Poll::Ready(Some((one, Ok(Sent::Ended(done)) | Err(done)))) => {
                            ended.done.push((one, done));
                        }
                        Poll::Ready(None) => {
                            all_sent = true;
                            break;
                        }
                        Poll::Pending => break,
                    }
                }
                let begin = begins.is_none() && !gate.waiting().is_empty();
                let record = records.is_none() && !answered.is_empty();
                if ticked && record {
                    recording = answered.len();
                    records = Some(self.record(std::mem::take(&mut answered), now).boxed());
                }
                let mut moved = false;
                // Before the next group is begun: it may not be, if this one could not be recorded.
                if let Some(Poll::Ready(group)) = records.as_mut().map(|group| group.poll_unpin(cx)) {
                    ended.done.extend(group.done);
                    ended.unrecorded.extend(group.unrecorded);
                    records = None;
                    recording = 0;
                    moved = true;
                    if self.holds_still_for(&ended.unrecorded) {
                        gate.shut();
                    }
                }
                if gate.is_shut() {
                    moved |= gate.send_away();
                } else if ticked && begin {
                    begins = Some(self.begin(gate.pass(GROUP), now).boxed());
                }
                let waits = !ticked && (begin || record);
                ticked = false;
                if begins.as_mut().is_some_and(|group| group.poll_unpin(cx).is_ready()) {
                    begins = None;
                    moved = true;
                }
                if all_sent && answered.is_empty() && records.is_none() {
                    return Poll::Ready(());
                }
                if moved {
                    continue;
                }
                if waits {
                    ticked = true;
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        })
        .await;
        drop((begins, records));
        ended
    }

    /// Whether nothing is begun as long as these answers are not recorded. Codes may go on: they are pointless after ten minutes, and one that comes
    /// twice does no harm.
    pub(super) fn holds_still_for(&self, unrecorded: &[Answered]) -> bool {
        self.lane == Lane::Letters && !unrecorded.is_empty()
    }

    /// Begins a group, and tells each.
    async fn begin(&self, group: Vec<Waiting>, now: Now) {
        let (group, tell): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let store = &self.tools.store;
        match AssertUnwindSafe(store.start_many(&group, now)).catch_unwind().await {
            // Whoever is not told has fallen, or is gone: to be gone is no trouble of ours.
            Ok(answers) => {
                let told = tell.into_iter().zip(answers);
                told.for_each(|(tell, answer)| drop(tell.send(Begun::Told(answer))));
            }
            // `one-fault-holds-one`: alone, only the one falls that it is about.
            Err(_) => {
                for (one, tell) in group.iter().zip(tell) {
                    let alone = store.start(&one.taken, &one.message, one.date, now);
                    if let Ok(answer) = netted(one.taken.of, alone).await {
                        drop(tell.send(Begun::Told(answer)));
                    }
                }
            }
        }
    }

    /// Records a group of answers.
    pub(super) async fn record(&self, answered: Vec<Answered>, now: Now) -> Ended {
        let store = &self.tools.store;
        let group: Vec<Recording> = answered.iter().map(|one| one.recording.clone()).collect();
        let mut ended = Ended::default();
        match AssertUnwindSafe(store.recorded_many(&group, now)).catch_unwind().await {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for one in answered {
                    let left_out = || Err(StoreError::Unavailable("it left one of a group out".into()));
                    ended.hear(one, answers.next().unwrap_or_else(left_out));
                }
            }
            Err(_) => {
                for one in answered {
                    let Recording { taken, message, recorded } = &one.recording;
                    match netted(taken.of, store.recorded(taken, message, recorded, now)).await {
                        Ok(answer) => ended.hear(one, answer),
                        Err(done) => ended.done.push((*taken, done)),
                    }
                }
            }
        }
        ended
    }
}

impl Ended {
    /// What the store said to one answer.
    fn hear(&mut self, one: Answered, answer: Result<(), StoreError>) {
        let taken = one.recording.taken;
        match answer {
            Ok(()) => {
                one.say();
                self.done.push((taken, Done::Well));
            }
            // Taken over, or it came back before its answer was written down: whoever did that has committed what follows.
            Err(StoreError::Conflict) => self.done.push((taken, Done::Trouble(1))),
            Err(error @ (StoreError::Unavailable(_) | StoreError::Full)) => {
                tracing::error!(of = ?taken.of, %error, "what the relay answered is kept, and recorded later");
                self.unrecorded.push(one);
            }
            Err(error) => self.done.push((taken, trouble(taken.of, &error))),
        }
    }
}
