//! Messages side by side, and what is written down about them in groups. Those that stand before DATA at the same time are begun in one transaction, and
//! those whose answers have come are recorded in one (docs/decisions/group-commits.md). While a group is written the others go on; who comes meanwhile
//! is the next group. Nothing here waits for time: a group waits for one tick of whoever polls it, so that everybody who is ready can join.

use super::messages::{Answered, Sent};
use super::{CONNECTIONS, Done, Worker, netted, trouble};
use futures_util::future::{BoxFuture, poll_fn};
use futures_util::{FutureExt, StreamExt};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::oneshot;
use unsaid_delivery::{MessageId, Now};
use unsaid_store::StoreError;
use unsaid_store::rows::{GROUP, Recording, StartAnswer, Starting, Taken};

/// What the store says to one of a group.
type Begun = Result<StartAnswer, StoreError>;

/// Where messages wait that stand before DATA.
#[derive(Default)]
pub(super) struct Gate(Mutex<Vec<(Starting, oneshot::Sender<Begun>)>>);

impl Gate {
    /// Waits for a group, and begins with it. None: the program fell over this one.
    pub(super) async fn start(&self, starting: Starting) -> Option<Begun> {
        let (tell, told) = oneshot::channel();
        self.waiting().push((starting, tell));
        told.await.ok()
    }

    /// A group, the first to come first.
    fn pass(&self, most: usize) -> Vec<(Starting, oneshot::Sender<Begun>)> {
        let mut waiting = self.waiting();
        let many = most.min(waiting.len());
        waiting.drain(..many).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Starting, oneshot::Sender<Begun>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut ticked = false;
        poll_fn(|cx| {
            loop {
                let mut all_sent = false;
                // Who has an answer makes room for the next; but no more answers than a group are ever unrecorded.
                while answered.len() < GROUP {
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
                if ticked && begin {
                    begins = Some(self.begin(gate.pass(GROUP), now).boxed());
                }
                if ticked && record {
                    records = Some(self.record(std::mem::take(&mut answered), now).boxed());
                }
                let waits = !ticked && (begin || record);
                ticked = false;
                let mut moved = false;
                if begins.as_mut().is_some_and(|group| group.poll_unpin(cx).is_ready()) {
                    begins = None;
                    moved = true;
                }
                if let Some(Poll::Ready(group)) = records.as_mut().map(|group| group.poll_unpin(cx)) {
                    ended.done.extend(group.done);
                    ended.unrecorded.extend(group.unrecorded);
                    records = None;
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

    /// Begins a group, and tells each.
    async fn begin(&self, group: Vec<(Starting, oneshot::Sender<Begun>)>, now: Now) {
        let (group, tell): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let store = &self.tools.store;
        match AssertUnwindSafe(store.start_many(&group, now)).catch_unwind().await {
            // Whoever is not told has fallen, or is gone: to be gone is no trouble of ours.
            Ok(answers) => tell.into_iter().zip(answers).for_each(|(tell, answer)| drop(tell.send(answer))),
            // `one-fault-holds-one`: alone, only the one falls that it is about.
            Err(_) => {
                for (one, tell) in group.iter().zip(tell) {
                    let alone = store.start(&one.taken, &one.message, one.date, now);
                    if let Ok(answer) = netted(one.taken.of, alone).await {
                        drop(tell.send(answer));
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
