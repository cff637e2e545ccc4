//! Looking after what is stored, in memory. Its rows are typed, so that none of them can be unreadable; everything else can be wrong here too.

use super::*;
use crate::CareStore;
use crate::care::*;
use crate::rows::StoredWrap;
use async_trait::async_trait;
use unsaid_delivery::clock::DAY;
use unsaid_delivery::message::{Kind, MessageState, Subject};
use unsaid_delivery::parking::{self, ParkedBy};
use unsaid_delivery::state::{Parked, State};

/// What was begun less than so long ago is counted the next night.
const SETTLED_MINUTES: i64 = 15;
/// A wake so long after its time is a wake that somebody forgot.
const OVERSLEPT_HOURS: i64 = 7 * 24;
/// Between two knocks there is a year.
const LONGEST_SLEEP_DAYS: i64 = 400;

/// What is kept of it all.
#[derive(Default)]
pub(super) struct Care {
    round: Option<Round>,
    findings: BTreeSet<Finding>,
    balances: BTreeMap<Timestamp, Balance>,
    /// When each promise was made.
    pub(super) made: BTreeMap<DeliveryId, Timestamp>,
    /// So many facts were held against the rows.
    facts: usize,
    /// Every start, in their order.
    boots: Vec<Boot>,
    /// How often a start died over this.
    deaths: BTreeMap<WakeOf, i64>,
    /// When a backup was made last.
    backed_up: Option<Timestamp>,
}

struct Boot {
    id: BootId,
    began: Observed,
    closed: bool,
    working_on: Option<WakeOf>,
}

impl World {
    /// Every blob that a row names and that is whole.
    fn stored_blobs(&self) -> BTreeMap<BlobId, StoredBlob> {
        let uploads = self.uploads.values().filter(|row| row.upload.complete).map(|row| StoredBlob {
            blob: row.upload.blob,
            size: row.upload.size,
            sha256: row.upload.sha256,
        });
        let photos = self.drafts.values().flat_map(|draft| draft.parts.values());
        let photos = photos.map(|part| StoredBlob { blob: part.blob, size: part.size, sha256: part.sha256 });
        let replies = self.replies.values().map(|row| &row.reply);
        let replies = replies.map(|one| StoredBlob { blob: one.blob, size: one.size, sha256: one.sha256 });
        uploads.chain(photos).chain(replies).map(|blob| (blob.blob, blob)).collect()
    }

    /// Every wrap of a sealed version, and every account's.
    fn wraps_to_look_at(&self) -> BTreeMap<WrapName, WrapToLookAt> {
        let sealed = |wrap: &StoredWrap| {
            wrap.kind == WrapKind::Unlock
                || wrap.subject.parse().is_ok_and(|letter| self.sealing(letter, wrap.version).is_some())
        };
        self.hosted().filter(sealed).map(|wrap| self.to_look_at(wrap)).map(|one| (one.name(), one)).collect()
    }

    fn to_look_at(&self, wrap: StoredWrap) -> WrapToLookAt {
        let part = |letter| self.part(letter, wrap.version, "letter.age").ok();
        WrapToLookAt { letter: wrap.subject.parse().ok().and_then(part), wrap }
    }

    /// The blobs of a version.
    fn blobs_of(&self, letter: LetterId, version: u32) -> impl Iterator<Item = BlobId> {
        let row = self.letters.get(&letter).and_then(|row| row.versions.get(&version));
        row.into_iter().flat_map(|row| row.uploads.values().copied())
    }

    /// Whether a finding is about this version.
    fn concerns(&self, finding: &Finding, letter: LetterId, version: u32) -> bool {
        match finding.thing {
            Thing::Blob => self.blobs_of(letter, version).any(|blob| blob.to_string() == finding.name),
            Thing::Wrap => WrapKind::OF_LETTERS
                .into_iter()
                .any(|kind| finding.name == format!("{letter} {version} {}", kind.name())),
            _ => false,
        }
    }

    fn concerned(&self, finding: &Finding) -> Vec<Delivery> {
        let ours = |d: &&Delivery| self.concerns(finding, d.letter, d.version);
        self.deliveries.values().filter(ours).cloned().collect()
    }

    /// What no row of a promise may say.
    fn cannot_be(&self, delivery: &Delivery) -> Option<Wrong> {
        let waits = matches!(delivery.state, State::Resting | State::Waiting | State::Due);
        let withdrew = self.letters.get(&delivery.letter).is_some_and(|letter| letter.withdrew);
        if delivery.state == State::Knocked(0) {
            Some(Wrong::Unreadable)
        } else if delivery.pinned && waits {
            Some(Wrong::OpenedButWaits)
        } else if withdrew && !delivery.pinned {
            Some(Wrong::WithdrawnButWaits)
        } else if self.sealing(delivery.letter, delivery.version).is_none() {
            Some(Wrong::VersionMissing)
        } else {
            None
        }
    }

    fn oversleeps(&self, delivery: &Delivery, now: Now) -> bool {
        match (delivery.state, delivery.due, self.wakes.free(WakeOf::Delivery(delivery.id))) {
            (State::Waiting, Some(due), Some(Wake::Trusted(at))) => at > hours_after(due, OVERSLEPT_HOURS),
            (State::Due | State::Sending | State::Knocked(_), _, Some(Wake::Observed(at))) => {
                at.0 - now.observed.0 > LONGEST_SLEEP_DAYS * DAY
            }
            _ => false,
        }
    }

    fn park_internal(&mut self, id: DeliveryId, now: Now) {
        let Some(state) = self.deliveries.get(&id).map(|d| d.state) else { return };
        let pinned = self.deliveries.get(&id).is_some_and(|d| d.pinned);
        if !matches!(state, State::Withdrawn { .. }) {
            let left = pinned || state.has_left();
            let parked = State::Parked { why: Parked::Internal, left };
            self.park_delivery(id, parked, ParkedBy::Engine, now, None);
        }
    }

    /// Holds what cannot be worked on, whoever has it in hand.
    fn hold(&mut self, of: WakeOf, wrong: Wrong, now: Now) {
        let (thing, name, there) = match of {
            WakeOf::Delivery(id) => {
                self.park_internal(id, now);
                (Thing::Delivery, id.to_string(), self.deliveries.contains_key(&id))
            }
            WakeOf::Message(id) => {
                let row = self.messages.get_mut(&id).map(|row| {
                    if !matches!(row.message.state, MessageState::Accepted | MessageState::Refused) {
                        row.message.state = MessageState::Dropped;
                        row.message.rev += 1;
                    }
                    (row.message.kind, row.message.subject)
                });
                if let Some((Kind::Knock, Subject::Person(person))) = row {
                    for (id, _, state) in self.of_pair(person) {
                        if state.is_knocking() {
                            self.park_internal(id, now);
                            self.care.findings.insert(Finding::of_delivery(id, wrong));
                        }
                    }
                }
                (Thing::Message, id.to_string(), row.is_some())
            }
            WakeOf::Letter(id) => (Thing::Letter, id.to_string(), self.letters.contains_key(&id)),
            WakeOf::Life(id) => (Thing::Life, id.to_string(), self.accounts.contains_key(&id)),
        };
        // Whether an author is alive is asked again, a day later and every day: an engine that stops asking would keep her letters for ever.
        if matches!(of, WakeOf::Life(_)) && there {
            self.wakes.move_to(of, Wake::Observed(now.observed.plus_days(1)));
            self.wakes.let_go(of);
        } else {
            self.wakes.remove(of);
        }
        let wrong = if there { wrong } else { Wrong::RowGone };
        self.care.findings.insert(Finding { thing, name, wrong });
    }

    /// What was mended the night before, and what is not held any more, stands no longer.
    fn forget(&mut self, piece: Piece) {
        let id = |name: &str| name.parse::<DeliveryId>().ok().filter(|id| piece.holds(id.0));
        let mut findings = std::mem::take(&mut self.care.findings);
        findings.retain(|finding| {
            let Some(id) = id(&finding.name) else { return true };
            let free = |d: &Delivery| !matches!(d.state, State::Parked { .. });
            let over = finding.thing == Thing::Delivery && self.deliveries.get(&id).is_some_and(free);
            !over && !matches!(finding.wrong, Wrong::NoWake | Wrong::SleepsTooLong)
        });
        self.care.findings = findings;
    }

    fn holes(&mut self, piece: Piece, now: Now) -> Vec<Finding> {
        self.forget(piece);
        let mut found = Vec::new();
        let living: Vec<Delivery> =
            self.deliveries.values().filter(|d| piece.holds(d.id.0) && !d.state.is_end()).cloned().collect();
        for delivery in living.iter().filter(|d| !matches!(d.state, State::Parked { .. })) {
            let of = WakeOf::Delivery(delivery.id);
            let wrong = match self.cannot_be(delivery) {
                Some(wrong) => {
                    self.park_internal(delivery.id, now);
                    wrong
                }
                None if !self.wakes.has(of) && delivery.rule.gate != unsaid_delivery::rule::Gate::None => {
                    continue;
                }
                None if !self.wakes.has(of) => Wrong::NoWake,
                None if self.oversleeps(delivery, now) => Wrong::SleepsTooLong,
                None => continue,
            };
            if matches!(wrong, Wrong::NoWake | Wrong::SleepsTooLong) {
                self.wakes.set(of, Lane::Letters, at_once(now));
            }
            found.push(Finding::of_delivery(delivery.id, wrong));
        }
        let message = |id: MessageId, wrong| Finding { thing: Thing::Message, name: id.to_string(), wrong };
        let begun: Vec<(MessageId, Kind)> = self
            .messages
            .values()
            .filter(|row| matches!(row.message.state, MessageState::Waiting | MessageState::Started))
            .map(|row| (row.message.id, row.message.kind))
            .filter(|(id, _)| piece.holds(id.0))
            .collect();
        for (id, kind) in begun {
            if !self.wakes.has(WakeOf::Message(id)) {
                let lane = if kind == Kind::Code { Lane::Codes } else { Lane::Letters };
                self.wakes.set(WakeOf::Message(id), lane, at_once(now));
                found.push(message(id, Wrong::NoWake));
            }
        }
        let resting: Vec<LetterId> = self
            .letters
            .keys()
            .filter(|id| piece.holds(id.0) && self.amending(**id).is_some())
            .copied()
            .collect();
        for id in resting {
            let of = WakeOf::Letter(id);
            let held =
                self.care.findings.iter().any(|f| f.thing == Thing::Letter && f.name == id.to_string());
            if !self.wakes.has(of) && !held {
                self.wakes.set(of, Lane::Letters, at_once(now));
                found.push(Finding { thing: Thing::Letter, name: id.to_string(), wrong: Wrong::NoWake });
            }
        }
        for of in self.wakes.all() {
            match of {
                WakeOf::Delivery(id) if piece.holds(id.0) && !self.deliveries.contains_key(&id) => {
                    found.push(Finding::of_delivery(id, Wrong::RowGone));
                }
                WakeOf::Message(id) if piece.holds(id.0) && !self.messages.contains_key(&id) => {
                    found.push(message(id, Wrong::RowGone));
                }
                _ => {}
            }
        }
        found.sort();
        found
    }

    fn stands_in_rows(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Sealed { letter, version, .. } => self.sealing(*letter, *version).is_some(),
            Fact::Accepted { message, .. } => self.messages.get(message).is_some_and(|row| {
                matches!(row.message.state, MessageState::Accepted | MessageState::Refused)
            }),
            Fact::Opened { delivery, .. } => self.deliveries.get(delivery).is_some_and(|d| d.pinned),
            Fact::Withdrawn { letter } => self.letters.get(letter).is_some_and(|l| l.withdrew),
            _ => true,
        }
    }

    fn made_until(&self, until: Timestamp) -> u64 {
        let made = |id: &DeliveryId| self.care.made.get(id).is_none_or(|made| *made <= until);
        self.deliveries.keys().filter(|id| made(id)).count() as u64
    }
}

#[async_trait]
impl CareStore for MemoryStore {
    async fn blobs_after(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<StoredBlob>> {
        let all = self.world().stored_blobs();
        Ok(all.into_values().filter(|one| after.is_none_or(|after| one.blob > after)).take(limit).collect())
    }

    async fn wraps_after(&self, after: Option<&WrapName>, limit: usize) -> Result<Vec<WrapToLookAt>> {
        let all = self.world().wraps_to_look_at();
        let behind = all.into_iter().filter(|(name, _)| after.is_none_or(|after| name > after));
        Ok(behind.map(|(_, one)| one).take(limit).collect())
    }

    async fn looked_for(&self, finding: &Finding) -> Result<Option<ToLookAt>> {
        let world = self.world();
        let blob = |one: &StoredBlob| one.blob.to_string() == finding.name;
        let wrap = |one: &WrapToLookAt| Finding::of_wrap(&one.name(), finding.wrong).name == finding.name;
        Ok(match finding.thing {
            Thing::Blob => world.stored_blobs().into_values().find(blob).map(ToLookAt::Blob),
            Thing::Wrap => {
                let mut wraps = world.hosted().map(|one| world.to_look_at(one));
                wraps.find(wrap).map(|one| ToLookAt::Wrap(Box::new(one)))
            }
            _ => None,
        })
    }

    async fn round(&self) -> Result<Option<Round>> {
        Ok(self.world().care.round.clone())
    }

    async fn begin_round(&self, now: Now) -> Result<Round> {
        let mut world = self.world();
        let wraps = world.hosted().count();
        let total = (world.stored_blobs().len() + wraps) as u64;
        let round = Round { began: now.observed, total, done: 0, place: Place::Blobs(None) };
        world.care.round = Some(round.clone());
        Ok(round)
    }

    async fn keep_round(&self, round: &Round) -> Result<()> {
        self.world().care.round = Some(round.clone());
        Ok(())
    }

    async fn to_be_sent(&self, letter: LetterId, version: u32) -> Result<(Vec<Part>, Vec<WrapToLookAt>)> {
        let world = self.world();
        let letter_row = world.letters.get(&letter).filter(|row| !row.withdrew);
        let Some(row) = letter_row.and_then(|row| row.versions.get(&version)).filter(|v| v.sealed.is_some())
        else {
            return Ok((Vec::new(), Vec::new()));
        };
        let names: Vec<&String> = row.uploads.keys().collect();
        let parts = names.into_iter().filter_map(|name| world.part(letter, version, name).ok()).collect();
        let subject = letter.to_string();
        let ours = world.hosted().filter(|wrap| wrap.subject == subject && wrap.version == version);
        Ok((parts, ours.map(|wrap| world.to_look_at(wrap)).collect()))
    }

    async fn found(&self, finding: &Finding, now: Now) -> Result<Vec<DeliveryId>> {
        let mut world = self.world();
        world.care.findings.insert(finding.clone());
        let mut parked = Vec::new();
        for delivery in world.concerned(finding) {
            let state = delivery.state;
            if !state.has_left() && !state.is_end() && !matches!(state, State::Parked { .. }) {
                let state = State::Parked { why: Parked::Damaged, left: false };
                world.park_delivery(delivery.id, state, ParkedBy::Engine, now, None);
                parked.push(delivery.id);
            }
        }
        Ok(parked)
    }

    async fn right_again(&self, finding: &Finding, now: Now) -> Result<Vec<DeliveryId>> {
        let mut world = self.world();
        let mut released = Vec::new();
        if !world.care.findings.remove(finding) {
            return Ok(released);
        }
        for delivery in world.concerned(finding) {
            let standing = |f: &Finding| world.concerns(f, delivery.letter, delivery.version);
            if !matches!(delivery.state, State::Parked { why: Parked::Damaged | Parked::WrongBinding, .. })
                || world.care.findings.iter().any(standing)
            {
                continue;
            }
            let Ok((granted, _)) = parking::release(&delivery, now) else { continue };
            world.move_delivery(delivery.id, granted.state, granted.wake);
            released.push(delivery.id);
        }
        Ok(released)
    }

    async fn findings(&self) -> Result<Vec<Finding>> {
        Ok(self.world().care.findings.iter().cloned().collect())
    }

    async fn hold_back(&self, taken: &Taken, wrong: Wrong, now: Now) -> Result<()> {
        let mut world = self.world();
        expect(world.wakes.is_held(taken.of, taken.boot, taken.fence))?;
        world.hold(taken.of, wrong, now);
        Ok(())
    }

    async fn begun(&self, boot: BootId, now: Now) -> Result<u32> {
        let mut world = self.world();
        let earlier = || world.care.boots.iter().rev().filter(|one| one.id != boot);
        let in_a_row = |one: &&Boot| !one.closed && one.began.0 >= now.observed.0 - LOOP_SECONDS;
        let crashes = earlier().take_while(in_a_row).count();
        let died_over: Vec<WakeOf> = earlier().filter_map(|one| one.working_on).collect();
        for one in &mut world.care.boots {
            one.working_on = None;
        }
        for of in died_over {
            let many = world.care.deaths.entry(of).or_default();
            *many += 1;
            if *many >= DEATHS {
                world.hold(of, Wrong::Fault, now);
                world.care.deaths.remove(&of);
            }
        }
        world.care.boots.retain(|one| one.id != boot);
        world.care.boots.push(Boot { id: boot, began: now.observed, closed: false, working_on: None });
        Ok(u32::try_from(crashes).unwrap_or(u32::MAX))
    }

    async fn working_on(&self, boot: BootId, of: Option<WakeOf>) -> Result<()> {
        let mut world = self.world();
        let mut done = None;
        for one in world.care.boots.iter_mut().filter(|one| one.id == boot) {
            done = std::mem::replace(&mut one.working_on, of);
        }
        if let (None, Some(done)) = (of, done) {
            world.care.deaths.remove(&done);
        }
        Ok(())
    }

    async fn closed(&self, boot: BootId) -> Result<()> {
        for one in self.world().care.boots.iter_mut().filter(|one| one.id == boot) {
            (one.closed, one.working_on) = (true, None);
        }
        Ok(())
    }

    async fn unbalanced(&self, piece: Piece, now: Now) -> Result<Vec<Finding>> {
        let mut world = self.world();
        let found = world.holes(piece, now);
        world.care.findings.extend(found.iter().cloned());
        Ok(found)
    }

    async fn balance(&self, now: Now) -> Result<Balanced> {
        let mut world = self.world();
        let newer = world.facts.len() - world.care.facts;
        for nth in world.care.facts..world.care.facts + newer {
            if !world.stands_in_rows(&world.facts[nth]) {
                let name = format!("fact {} of memory", nth + 1);
                let finding = Finding { thing: Thing::House, name, wrong: Wrong::FactWithoutRow };
                world.care.findings.insert(finding);
            }
        }
        world.care.facts += newer;
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for delivery in world.deliveries.values() {
            *counts.entry(super::engine::name(delivery.state)).or_default() += 1;
        }
        let counts = counts.into_iter().map(|(name, many)| (name.to_owned(), many)).collect();
        let before = world.care.balances.values().next_back().cloned();
        let until = minutes_after(now.trusted, -SETTLED_MINUTES);
        let lost = before.as_ref().map_or(0, |b| b.until_then.saturating_sub(world.made_until(b.until)));
        if let (Some(before), true) = (&before, lost > 0) {
            let name = format!("{lost} since {}", before.day);
            world.care.findings.insert(Finding { thing: Thing::House, name, wrong: Wrong::Fewer });
        }
        let day = now.trusted.to_zoned(jiff::tz::TimeZone::UTC).date();
        let today = Balance { day, counts, until, until_then: world.made_until(until) };
        world.care.balances.retain(|_, balance| balance.day != day);
        world.care.balances.insert(now.trusted, today.clone());
        Ok(Balanced { before, today, lost })
    }

    async fn health(&self) -> Result<Health> {
        let world = self.world();
        let waits = |way: Way| {
            let of_way = world.messages.values().filter(move |row| row.way == way).map(|row| &row.message);
            of_way.filter(|message| message.state == MessageState::Waiting && message.kind != Kind::Code)
        };
        let hook_waits_since = waits(Way::Hook).filter(|message| message.tries > 0).map(|m| m.since).min();
        let waits: Vec<Observed> = waits(Way::Mail).map(|message| message.since).collect();
        Ok(Health {
            balanced: world.care.balances.values().next_back().map(|balance| balance.day),
            backed_up: world.care.backed_up,
            waiting: waits.len() as u64,
            waits_since: waits.into_iter().min(),
            hook_waits_since,
            accepted: world.messages.values().filter_map(|row| row.accepted_at).max(),
        })
    }

    async fn backed_up(&self, at: Timestamp) -> Result<()> {
        self.world().care.backed_up = Some(at);
        Ok(())
    }
}
