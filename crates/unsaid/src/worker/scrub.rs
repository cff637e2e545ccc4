//! The scrubber: goes round everything that is stored in thirty days of service and compares it with what it was: sealed bytes with their hashes, wraps under the house's layer
//! with their binding lines. What is damaged is never deleted and never sent: it stands as found, what of it has not left is held, the host is called, and it is looked at again
//! every hour until good bytes are back. A turn reads so much and no more; how far it came stands in the store. Right before something leaves for the first time its bytes
//! are compared once more. Knows no state of a delivery and decides about none: what is held for a finding is the store's business.

use super::Worker;
use super::keeping::Keeping;
use crate::peel::{LETTER_HEAD_BYTES, NotPeeled};
use std::collections::VecDeque;
use unsaid_delivery::clock::{DAY, HOUR};
use unsaid_delivery::state::Delivery;
use unsaid_delivery::{Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::blobs::Looking;
use unsaid_store::care::{Finding, Place, Round, StoredBlob, Thing, ToLookAt, WrapToLookAt, Wrong};
use unsaid_store::rows::{Part, WrapKind};

/// Everything is looked at once in so many observed days.
const ROUND_DAYS: i64 = 30;
/// So many things are looked at in one turn.
const PIECE: usize = 50;
/// And so many bytes read.
const BYTES: u64 = 32 << 20;
/// Between two pieces lie at least so many observed seconds, as long as the round is not behind.
const PAUSE_SECONDS: i64 = 600;
/// Right before it leaves, so many bytes of a version are compared, the smallest parts first; larger ones were looked at within the round.
const BEFORE_IT_LEAVES: u64 = 64 << 20;

/// How far it is.
#[derive(Default)]
pub(super) struct Scrub {
    /// When to look on.
    next: Option<Observed>,
    /// When to look again at what was found.
    again: Option<Observed>,
    /// What was found and is looked at again now.
    found: VecDeque<Finding>,
    /// In the middle of a large one. Forgotten at a restart: it begins anew.
    half: Option<(StoredBlob, Looking)>,
}

impl Scrub {
    /// When it wants to be called again.
    pub(super) fn next(&self) -> Option<Observed> {
        self.next.into_iter().chain(self.again).min()
    }
}

/// What a look said.
enum Seen {
    /// It is what it was.
    Whole,
    /// It is not.
    Wrong(Finding),
    /// That cannot be said: the fault is not its own.
    Unknown,
}

/// What is left of what a turn may read.
struct Budget(u64);

impl Worker {
    /// Looks at so much as one turn may. Whether there is more to do at once.
    pub(super) async fn scrub(
        &self,
        scrub: &mut Scrub,
        ports: &Keeping,
        now: Now,
    ) -> Result<bool, StoreError> {
        if scrub.found.is_empty() && scrub.again.is_none_or(|at| now.observed >= at) {
            scrub.found = self.tools.store.findings().await?.into();
            scrub.found.retain(|finding| matches!(finding.thing, Thing::Blob | Thing::Wrap));
            scrub.again = Some(now.observed.plus_seconds(HOUR));
        }
        let mut budget = Budget(BYTES);
        for _ in 0..PIECE {
            let Some(finding) = scrub.found.front().cloned() else { break };
            self.look_again(&finding, ports, now, &mut budget).await?;
            scrub.found.pop_front();
            if budget.0 == 0 {
                return Ok(true);
            }
        }
        if !scrub.found.is_empty() {
            return Ok(true);
        }
        if scrub.next.is_some_and(|at| now.observed < at) {
            return Ok(false);
        }
        self.go_round(scrub, ports, now, &mut budget).await
    }

    /// The next piece of the round.
    async fn go_round(
        &self,
        scrub: &mut Scrub,
        ports: &Keeping,
        now: Now,
        budget: &mut Budget,
    ) -> Result<bool, StoreError> {
        let store = &self.tools.store;
        let mut round = match store.round().await? {
            Some(round) if round.place != Place::Through || now.observed < ends(&round) => round,
            _ => store.begin_round(now).await?,
        };
        let behind = due_by_now(&round, now).saturating_sub(round.done);
        if round.place == Place::Through || behind == 0 {
            scrub.next = Some(next_piece(&round, now));
            return Ok(false);
        }
        let most = PIECE.min(usize::try_from(behind).unwrap_or(PIECE));
        let whole = match round.place.clone() {
            Place::Blobs(behind) => {
                let blobs = store.blobs_after(behind, most).await?;
                if blobs.is_empty() {
                    round.place = Place::Wraps(None);
                }
                let mut whole = true;
                for blob in blobs {
                    if !self.look_at_blob(scrub, blob, ports, now, budget).await? {
                        whole = false;
                        break;
                    }
                    round.place = Place::Blobs(Some(blob.blob));
                    round.done += 1;
                }
                whole
            }
            Place::Wraps(behind) => {
                let wraps = store.wraps_after(behind.as_ref(), most).await?;
                if wraps.is_empty() {
                    round.place = Place::Through;
                    tracing::info!(looked_at = round.done, "everything that is stored was looked at");
                }
                for wrap in wraps {
                    let seen = self.look_at_wrap(&wrap, ports).await?;
                    self.say(&seen, now).await?;
                    round.place = Place::Wraps(Some(wrap.name()));
                    round.done += 1;
                }
                true
            }
            Place::Through => true,
        };
        store.keep_round(&round).await?;
        let more = !whole || (round.place != Place::Through && due_by_now(&round, now) > round.done);
        scrub.next = if more { None } else { Some(next_piece(&round, now)) };
        Ok(more)
    }

    /// One blob, or as much of it as may be read now. Whether it was looked at to its end.
    async fn look_at_blob(
        &self,
        scrub: &mut Scrub,
        blob: StoredBlob,
        ports: &Keeping,
        now: Now,
        budget: &mut Budget,
    ) -> Result<bool, StoreError> {
        let mut looking = match scrub.half.take() {
            Some((half, looking)) if half == blob => looking,
            _ => Looking::at(blob.blob, blob.size, blob.sha256),
        };
        let before = looking.read();
        let looked = ports.blobs.look_on(&mut looking, budget.0).await;
        budget.0 = budget.0.saturating_sub(looking.read() - before);
        match looked {
            Ok(true) => Ok(true),
            Ok(false) => {
                scrub.half = Some((blob, looking));
                Ok(false)
            }
            Err(StoreError::Damaged) => {
                self.say(&Seen::Wrong(Finding::of_blob(blob.blob)), now).await?;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a wrap is ours, carries its line, and opens the beginning of its letter.
    async fn look_at_wrap(&self, one: &WrapToLookAt, ports: &Keeping) -> Result<Seen, StoreError> {
        let wrap = &one.wrap;
        let mut head = None;
        if let (WrapKind::Host, Some(letter)) = (wrap.kind, &one.letter) {
            let bytes = 0..letter.size.min(LETTER_HEAD_BYTES as u64);
            head = match ports.blobs.read(letter.blob, bytes, letter.size, letter.sha256).await {
                Ok(bytes) => Some(bytes),
                // The letter's bytes are what is wrong, and not the wrap.
                Err(StoreError::Damaged) => return Ok(Seen::Wrong(Finding::of_blob(letter.blob))),
                Err(error) => return Err(error),
            };
        }
        let inspected =
            ports.peel.inspect(&wrap.bytes, &wrap.subject, wrap.version, wrap.kind, head.as_deref());
        Ok(match inspected {
            Ok(_) => Seen::Whole,
            Err(NotPeeled::WrongBinding) => Seen::Wrong(Finding::of_wrap(&one.name(), Wrong::WrongBinding)),
            Err(NotPeeled::Damaged) => {
                if let Some(letter) = &one.letter
                    && let Err(StoreError::Damaged) =
                        ports.blobs.verify(letter.blob, letter.size, letter.sha256).await
                {
                    return Ok(Seen::Wrong(Finding::of_blob(letter.blob)));
                }
                Seen::Wrong(Finding::of_wrap(&one.name(), Wrong::Damaged))
            }
            Err(NotPeeled::NotOurs) => {
                tracing::error!(
                    subject = wrap.subject,
                    version = wrap.version,
                    kind = wrap.kind.name(),
                    generation = wrap.generation,
                    "a wrap is for a key that this house does not hold; the host has to put the right keys back"
                );
                Seen::Unknown
            }
        })
    }

    /// Holds what has to be held for what was seen, and calls the host. Whether anything is wrong.
    async fn say(&self, seen: &Seen, now: Now) -> Result<bool, StoreError> {
        let Seen::Wrong(finding) = seen else { return Ok(false) };
        // It may have been replaced or erased while it was read: then nobody needs it.
        if self.tools.store.looked_for(finding).await?.is_none() {
            return Ok(false);
        }
        let parked = self.tools.store.found(finding, now).await?;
        tracing::error!(
            thing = finding.thing.name(),
            name = finding.name,
            wrong = finding.wrong.name(),
            ?parked,
            "the host has to look: {}",
            finding.wrong.says()
        );
        Ok(true)
    }

    /// Looks once more at what was found: perhaps it came back from a backup.
    async fn look_again(
        &self,
        finding: &Finding,
        ports: &Keeping,
        now: Now,
        budget: &mut Budget,
    ) -> Result<(), StoreError> {
        let right = match self.tools.store.looked_for(finding).await? {
            None => true,
            Some(ToLookAt::Blob(StoredBlob { blob, size, sha256 })) => {
                budget.0 = budget.0.saturating_sub(size);
                match ports.blobs.verify(blob, size, sha256).await {
                    Ok(()) => true,
                    Err(StoreError::Damaged) => false,
                    Err(error) => return Err(error),
                }
            }
            Some(ToLookAt::Wrap(wrap)) => matches!(self.look_at_wrap(&wrap, ports).await?, Seen::Whole),
        };
        if right {
            let released = self.tools.store.right_again(finding, now).await?;
            tracing::info!(thing = finding.thing.name(), name = finding.name, ?released, "it is right again");
        }
        Ok(())
    }

    /// Right before something leaves for the first time: whether everything that its person is to be given is whole. What is not is held by that.
    pub(super) async fn is_whole(
        &self,
        delivery: &Delivery,
        ports: &Keeping,
        now: Now,
    ) -> Result<Whole, StoreError> {
        let (mut parts, wraps) = self.tools.store.to_be_sent(delivery.letter, delivery.version).await?;
        if !parts.iter().any(|part| part.name == "letter.age") {
            return Ok(Whole::NothingThere);
        }
        let mut whole = Whole::Yes;
        for wrap in &wraps {
            let seen = self.look_at_wrap(wrap, ports).await?;
            if matches!(seen, Seen::Unknown) {
                whole = Whole::NotNow;
            } else if self.say(&seen, now).await? {
                return Ok(Whole::Held);
            }
        }
        parts.sort_by_key(|part| part.size);
        let mut left = BEFORE_IT_LEAVES;
        for Part { blob, size, sha256, .. } in parts {
            let Some(rest) = left.checked_sub(size) else { break };
            left = rest;
            match ports.blobs.verify(blob, size, sha256).await {
                Ok(()) => {}
                Err(StoreError::Damaged) => {
                    if self.say(&Seen::Wrong(Finding::of_blob(blob)), now).await? {
                        return Ok(Whole::Held);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(whole)
    }
}

/// Whether a version may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// All of it is what it was sealed as.
    Yes,
    /// It is not, and is held by now.
    Held,
    /// There is no letter.
    NothingThere,
    /// The house's keys are not those that it was sealed for.
    NotNow,
}

fn ends(round: &Round) -> Observed {
    round.began.plus_days(ROUND_DAYS)
}

/// How much should have been looked at by now, so that all of it is when the round ends.
fn due_by_now(round: &Round, now: Now) -> u64 {
    let elapsed = u128::try_from(now.observed.0 - round.began.0).unwrap_or(0);
    let due = u128::from(round.total) * elapsed / (ROUND_DAYS * DAY) as u128;
    u64::try_from(due).unwrap_or(u64::MAX).saturating_add(1)
}

/// When the next piece is due.
fn next_piece(round: &Round, now: Now) -> Observed {
    if round.place == Place::Through {
        return ends(round);
    }
    let pause = i64::try_from((ROUND_DAYS * DAY) as u64 / round.total.max(1)).unwrap_or(DAY);
    now.observed.plus_seconds(pause.clamp(PAUSE_SECONDS, DAY))
}
