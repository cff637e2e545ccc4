//! Letters in memory, from the first reserved id to the seal, and what their author may see and take back. One thing because each verb of a letter changes the same rows.

use super::*;
use crate::LetterStore;
use crate::notes::Note;
use async_trait::async_trait;
use unsaid_delivery::accept::{self, Corrected, Granted};
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::state::{Amending, State};

impl World {
    fn letter(&self, author: &Author, letter: LetterId) -> Result<&LetterRow> {
        self.letters.get(&letter).filter(|l| l.account == author.account).ok_or(StoreError::Missing)
    }

    pub(super) fn version(&self, author: &Author, letter: LetterId, version: u32) -> Result<&VersionRow> {
        self.letter(author, letter)?.versions.get(&version).ok_or(StoreError::Missing)
    }

    pub(super) fn version_mut(&mut self, letter: LetterId, version: u32) -> Option<&mut VersionRow> {
        self.letters.get_mut(&letter)?.versions.get_mut(&version)
    }

    /// A complete part.
    pub(super) fn part(&self, letter: LetterId, version: u32, name: &str) -> Result<Part> {
        let row = self.letters.get(&letter).and_then(|l| l.versions.get(&version));
        let blob = row.and_then(|v| v.uploads.get(name)).ok_or(StoreError::Missing)?;
        self.uploads.get(blob).filter(|u| u.upload.complete).map(UploadRow::part).ok_or(StoreError::Missing)
    }

    /// When a version was sealed.
    pub(super) fn sealing(&self, letter: LetterId, version: u32) -> Option<Sealing> {
        self.letters.get(&letter)?.versions.get(&version)?.sealed
    }

    /// A letter as its author may see it.
    fn shown(&self, id: LetterId, row: &LetterRow) -> Letter {
        let standing = row.versions.iter().filter(|(_, v)| v.amends != Some(Amends::Undone));
        let sealed: Vec<_> = standing.filter_map(|(n, v)| v.sealed.map(|sealed| (*n, sealed))).collect();
        let deliveries: Vec<Delivery> = self.of_letter(id).cloned().collect();
        Letter {
            id,
            version: sealed.last().map_or(0, |(n, _)| *n),
            versions: sealed.iter().map(|(n, sealed)| (*n, sealed.at)).collect(),
            withdrew: row.withdrew,
            delivery: deliveries.iter().find(|d| !d.state.has_left()).or(deliveries.last()).cloned(),
            deliveries,
            amending: self.amending(id),
            kept: sealed.last().map_or(Kept::Nobody, |(_, sealed)| sealed.kept),
            asks: self.newest_proof(id).map(|proof| proof.asks.clone()),
        }
    }

    /// The occurrences of a letter, the earliest first.
    pub(super) fn of_letter(&self, letter: LetterId) -> impl Iterator<Item = &Delivery> {
        let ids = self.letters.get(&letter).into_iter().flat_map(|row| &row.deliveries);
        let mut found: Vec<&Delivery> = ids.filter_map(|id| self.deliveries.get(id)).collect();
        found.sort_by_key(|delivery| delivery.occurrence);
        found.into_iter()
    }

    /// New words in their rest.
    pub(super) fn amending(&self, letter: LetterId) -> Option<Amending> {
        self.letters.get(&letter)?.versions.iter().find_map(|(version, row)| match row.amends {
            Some(Amends::Resting(rest)) => Some(Amending { letter, version: *version, rest }),
            _ => None,
        })
    }

    /// New words that rest never count.
    fn take_back(&mut self, letter: LetterId, version: u32) {
        self.wakes.remove(WakeOf::Letter(letter));
        if let Some(row) = self.version_mut(letter, version) {
            row.amends = Some(Amends::Undone);
            row.wraps.retain(|kind, _| *kind == WrapKind::Author);
        }
    }

    /// Nothing names it any more, and its bytes are to be erased.
    fn forget_upload(&mut self, blob: BlobId) {
        if let Some(row) = self.uploads.remove(&blob)
            && let Some(hers) = self.uploads_of.get_mut(&row.account)
        {
            hers.remove(&blob);
        }
        self.orphans.insert(blob);
    }

    /// New words count: everything that nobody has opened takes them.
    pub(super) fn counts(&mut self, letter: LetterId, version: u32) {
        let ids: Vec<DeliveryId> = self.of_letter(letter).filter(|d| !d.pinned).map(|d| d.id).collect();
        for id in ids {
            if let Some(row) = self.deliveries.get_mut(&id) {
                row.version = version;
                row.rev += 1;
            }
        }
        if let Some(row) = self.version_mut(letter, version) {
            row.amends = Some(Amends::Counts);
        }
        self.strip(letter, Some(version));
    }

    /// Versions that nobody has opened keep the author's wrap alone. New words that count (`but`) leave what is not sealed yet as it is: it is being written.
    fn strip(&mut self, letter: LetterId, but: Option<u32>) {
        let pinned: BTreeSet<u32> = self.of_letter(letter).filter(|d| d.pinned).map(|d| d.version).collect();
        let Some(row) = self.letters.get_mut(&letter) else { return };
        for (number, version) in &mut row.versions {
            let stays = but.is_some_and(|but| but == *number || version.sealed.is_none());
            if !stays && !pinned.contains(number) {
                version.wraps.retain(|kind, _| *kind == WrapKind::Author);
            }
        }
    }

    /// Who keeps the key of a version, by the wraps that are there.
    fn kept(&self, letter: LetterId, version: u32) -> Kept {
        let row = self.letters.get(&letter).and_then(|l| l.versions.get(&version));
        match row.map(|v| &v.wraps) {
            Some(wraps) if wraps.contains_key(&WrapKind::Words) => Kept::Words,
            Some(wraps) if wraps.contains_key(&WrapKind::Keepers) => Kept::Keepers,
            Some(wraps) if wraps.contains_key(&WrapKind::Host) => Kept::House,
            _ => Kept::Nobody,
        }
    }

    /// What was proved a moment ago can be taken away meanwhile: by another window, or by a new card. Conflict if it does not open any more, for her or for its person.
    fn still_there(&self, letter: LetterId, version: u32, promised: bool) -> Result<()> {
        let row = self.letters.get(&letter).and_then(|l| l.versions.get(&version));
        let hers = row.is_some_and(|v| v.wraps.contains_key(&WrapKind::Author));
        let opens = !promised || self.kept(letter, version) != Kept::Nobody;
        expect(hers && opens)
    }

    /// Writes a fact about a letter.
    pub(super) fn record_of_letter(&mut self, letter: LetterId, fact: Fact) -> Result<()> {
        let rev = self.letters.get(&letter).map_or(0, |l| l.rev) + 1;
        self.record(letter, rev, fact)?;
        if let Some(row) = self.letters.get_mut(&letter) {
            row.rev = rev;
        }
        Ok(())
    }

    /// An upload of hers, and whether its version is sealed.
    fn upload(&self, author: &Author, blob: BlobId) -> Result<(&UploadRow, bool)> {
        let row =
            self.uploads.get(&blob).filter(|u| u.account == author.account).ok_or(StoreError::Missing)?;
        Ok((row, self.sealing(row.letter, row.version).is_some()))
    }
}

impl UploadRow {
    fn part(&self) -> Part {
        Part {
            name: self.name.clone(),
            kind: self.kind.clone(),
            blob: self.upload.blob,
            size: self.upload.size,
            sha256: self.upload.sha256,
        }
    }
}

#[async_trait]
impl LetterStore for MemoryStore {
    async fn reserve_letter(&self, author: &Author, letter: LetterId, now: Now) -> Result<()> {
        let mut world = self.world();
        world.room_for_letter(author, now)?;
        expect(!world.letters.contains_key(&letter))?;
        let versions = BTreeMap::from([(1, VersionRow::default())]);
        let row = LetterRow {
            account: author.account,
            reserved: now.trusted,
            rev: 0,
            withdrew: false,
            versions,
            deliveries: BTreeSet::new(),
        };
        world.letters.insert(letter, row);
        world.letters_of.entry(author.account).or_default().insert(letter);
        Ok(())
    }

    async fn reserve_version(&self, author: &Author, letter: LetterId, _now: Now) -> Result<u32> {
        let mut world = self.world();
        let (newest, row) =
            world.letter(author, letter)?.versions.last_key_value().ok_or(StoreError::Damaged)?;
        let number = if row.sealed.is_some() { newest + 1 } else { *newest };
        if row.sealed.is_some() {
            world.room_for_version(letter)?;
        }
        let forgotten: Vec<BlobId> =
            if row.sealed.is_some() { Vec::new() } else { row.uploads.values().copied().collect() };
        for blob in forgotten {
            world.forget_upload(blob);
        }
        if let Some(row) = world.letters.get_mut(&letter) {
            row.versions.insert(number, VersionRow::default());
        }
        Ok(number)
    }

    async fn begin_upload(&self, author: &Author, ask: UploadAsk, now: Now) -> Result<Upload> {
        let mut world = self.world();
        let version = world.version(author, ask.letter, ask.version)?;
        expect(version.sealed.is_none())?;
        let earlier = version.uploads.get(&ask.name).copied();
        if let Some(found) = earlier.and_then(|blob| world.uploads.get(&blob))
            && found.upload.sha256 == ask.sha256
        {
            return Ok(found.upload.clone());
        }
        world.room_for_upload(author, ask.size, earlier, now)?;
        expect(!world.uploads.contains_key(&ask.blob))?;
        if let Some(blob) = earlier {
            world.forget_upload(blob);
        }
        let upload =
            Upload { blob: ask.blob, offset: 0, size: ask.size, sha256: ask.sha256, complete: false };
        if let Some(version) = world.version_mut(ask.letter, ask.version) {
            version.uploads.insert(ask.name.clone(), ask.blob);
        }
        world.uploads_of.entry(author.account).or_default().insert(ask.blob);
        world.uploads.insert(
            ask.blob,
            UploadRow {
                account: author.account,
                begun: now.trusted,
                letter: ask.letter,
                version: ask.version,
                name: ask.name,
                kind: ask.kind,
                upload: upload.clone(),
            },
        );
        Ok(upload)
    }

    async fn upload(&self, author: &Author, blob: BlobId) -> Result<Upload> {
        Ok(self.world().upload(author, blob)?.0.upload.clone())
    }

    async fn upload_grew(&self, author: &Author, blob: BlobId, offset: u64) -> Result<()> {
        let mut world = self.world();
        let (row, sealed) = world.upload(author, blob)?;
        expect(offset >= row.upload.offset && offset <= row.upload.size)?;
        expect(!sealed || offset == row.upload.offset)?;
        if let Some(row) = world.uploads.get_mut(&blob) {
            row.upload.offset = offset;
        }
        Ok(())
    }

    async fn upload_ended(&self, author: &Author, blob: BlobId, complete: bool) -> Result<()> {
        let mut world = self.world();
        let (row, sealed) = world.upload(author, blob)?;
        expect(!complete || row.upload.offset == row.upload.size)?;
        expect(!sealed || complete == row.upload.complete)?;
        if let Some(row) = world.uploads.get_mut(&blob) {
            row.upload.complete = complete;
            if !complete && !sealed {
                row.upload.offset = 0;
            }
        }
        Ok(())
    }

    async fn part(&self, author: &Author, letter: LetterId, version: u32, name: &str) -> Result<Part> {
        let world = self.world();
        world.version(author, letter, version)?;
        world.part(letter, version, name)
    }

    async fn put_wrap(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        kind: WrapKind,
        bytes: Vec<u8>,
        host_generation: u32,
    ) -> Result<()> {
        let mut world = self.world();
        let row = world.version(author, letter, version)?;
        expect(row.sealed.is_none() && !matches!(kind, WrapKind::Unlock | WrapKind::Keepers))?;
        if let Some(row) = world.version_mut(letter, version) {
            row.wraps.insert(kind, Wrap { bytes, generation: host_generation });
        }
        Ok(())
    }

    async fn author_wrap(&self, author: &Author, letter: LetterId, version: u32) -> Result<Vec<u8>> {
        let world = self.world();
        let row = world.version(author, letter, version)?;
        row.wraps.get(&WrapKind::Author).map(|wrap| wrap.bytes.clone()).ok_or(StoreError::Missing)
    }

    async fn unproven(&self, author: &Author, letter: LetterId, version: u32) -> Result<Unproven> {
        let world = self.world();
        let row = world.version(author, letter, version)?;
        Ok(Unproven {
            parts: row.uploads.keys().filter_map(|name| world.part(letter, version, name).ok()).collect(),
            has_author_wrap: row.wraps.contains_key(&WrapKind::Author),
            host_wrap: row.wraps.get(&WrapKind::Host).map(|wrap| wrap.bytes.clone()),
            words_wrap: row.wraps.get(&WrapKind::Words).map(|wrap| wrap.bytes.clone()),
            keepers_wrap: row.wraps.get(&WrapKind::Keepers).map(|wrap| wrap.bytes.clone()),
        })
    }

    async fn seal(&self, author: &Author, seal: Seal, now: Now) -> Result<Letter> {
        let mut world = self.world();
        let letter = world.letter(author, seal.letter)?;
        let version = letter.versions.get(&seal.version).ok_or(StoreError::Missing)?;
        if let Some(promise) = &seal.promise {
            world.person(author, promise.person)?;
        }
        let asks_as_ruled =
            |p: &Promise| p.proof.is_some() == (p.rule.proof != unsaid_delivery::rule::Proof::None);
        let existing = world.of_letter(seal.letter).last().cloned();
        if let Some(sealed) = version.sealed {
            // The answer was lost on its way, perhaps. But what was taken back since is not sealed any more.
            let taken_back = existing.is_some_and(|d| matches!(d.state, State::Withdrawn { .. }));
            expect(sealed.manifest == seal.manifest && !taken_back && !letter.withdrew)?;
            return Ok(world.shown(seal.letter, letter));
        }
        expect(existing.as_ref().is_none_or(|d| d.state == State::Withdrawn { undone: true }))?;
        world.still_there(seal.letter, seal.version, seal.promise.is_some())?;
        expect(seal.promise.as_ref().is_none_or(asks_as_ruled))?;
        if let (None, Some(promise)) = (&existing, &seal.promise) {
            expect(!world.deliveries.contains_key(&promise.delivery))?;
        }
        let fact = Fact::Sealed { letter: seal.letter, version: seal.version, manifest: seal.manifest };
        world.record_of_letter(seal.letter, fact)?;
        let kept = world.kept(seal.letter, seal.version);
        let order = world.next_sequence();
        let sealing = Sealing { at: now.trusted, order, manifest: seal.manifest, kept };
        if let Some(version) = world.version_mut(seal.letter, seal.version) {
            version.sealed = Some(sealing);
        }
        if let Some(promise) = seal.promise {
            let (id, rev) = match &existing {
                Some(undone) => {
                    world.deliveries_to.entry(undone.person).or_default().remove(&undone.id);
                    (undone.id, undone.rev + 1)
                }
                None => (promise.delivery, 1),
            };
            let delivery = Delivery {
                id,
                letter: seal.letter,
                account: author.account,
                person: promise.person,
                occurrence: promise.occurrence,
                rule: promise.rule,
                version: seal.version,
                pinned: false,
                state: State::Resting,
                rest: promise.rest,
                due: Some(promise.due),
                tzdb: promise.tzdb,
                forecast: Forecast::of(promise.due.max(promise.rest.until), By::Act, now),
                parked: None,
                rev,
            };
            world.deliveries.insert(id, delivery);
            // One that was undone and is sealed anew keeps its name and its day.
            world.care.made.entry(id).or_insert(now.trusted);
            world.begin_proof(seal.letter, id, promise.proof);
            world.deliveries_to.entry(promise.person).or_default().insert(id);
            world.wakes.set(WakeOf::Delivery(id), Lane::Letters, Wake::Trusted(promise.rest.until));
            if let Some(letter) = world.letters.get_mut(&seal.letter) {
                letter.deliveries.insert(id);
            }
        }
        Ok(world.shown(seal.letter, world.letter(author, seal.letter)?))
    }

    async fn letters(&self, author: &Author) -> Result<Vec<Letter>> {
        let world = self.world();
        let mut rows: Vec<_> = world
            .letters
            .iter()
            .filter(|(_, row)| row.account == author.account)
            .filter_map(|(id, row)| {
                let newest = row.versions.values().filter_map(|v| v.sealed).map(|s| (s.at, s.order)).max()?;
                Some((newest, world.shown(*id, row)))
            })
            .collect();
        rows.sort_by_key(|(newest, _)| std::cmp::Reverse(*newest));
        Ok(rows.into_iter().map(|(_, letter)| letter).collect())
    }

    async fn letter(&self, author: &Author, letter: LetterId) -> Result<Letter> {
        let world = self.world();
        Ok(world.shown(letter, world.letter(author, letter)?))
    }

    async fn history(&self, author: &Author, letter: LetterId) -> Result<Vec<Note>> {
        let world = self.world();
        let shown = world.shown(letter, world.letter(author, letter)?);
        Ok(world.history(&shown))
    }

    async fn commit_author(
        &self,
        author: &Author,
        delivery: &Delivery,
        granted: &Granted,
        _now: Now,
    ) -> Result<Letter> {
        let mut world = self.world();
        let stored = world.deliveries.get(&delivery.id).filter(|d| d.account == author.account);
        let stored = stored.ok_or(StoreError::Missing)?;
        expect(stored.rev == delivery.rev)?;
        let letter = stored.letter;
        world.record_of_letter(letter, granted.fact.clone())?;
        let withdrew = matches!(granted.fact, Fact::Withdrawn { .. });
        if withdrew {
            world.withdrawing(letter);
        }
        world.move_delivery(delivery.id, granted.state, granted.wake);
        if let Some(row) = world.letters.get_mut(&letter) {
            row.withdrew |= withdrew;
        }
        if withdrew {
            // Withdrawing is of the whole letter: every other occurrence that nobody has opened, and new words in their rest.
            if let Some(new) = world.amending(letter) {
                world.take_back(letter, new.version);
            }
            let ends =
                |d: &&Delivery| !d.pinned && !matches!(d.state, State::Opened | State::Withdrawn { .. });
            let others: Vec<DeliveryId> = world.of_letter(letter).filter(ends).map(|d| d.id).collect();
            for id in others {
                world.move_delivery(id, State::Withdrawn { undone: false }, None);
            }
        }
        if withdrew || matches!(granted.state, State::Withdrawn { .. }) {
            world.strip(letter, None);
        }
        Ok(world.shown(letter, world.letter(author, letter)?))
    }

    async fn amend(&self, author: &Author, amend: Amend, now: Now) -> Result<Letter> {
        let mut world = self.world();
        let letter = world.letter(author, amend.letter)?;
        let version = letter.versions.get(&amend.version).ok_or(StoreError::Missing)?;
        if let Some(sealed) = version.sealed {
            // The answer was lost on its way, perhaps.
            let stands = matches!(version.amends, Some(Amends::Resting(_) | Amends::Counts));
            expect(sealed.manifest == amend.manifest && stands)?;
            return Ok(world.shown(amend.letter, letter));
        }
        let deliveries: Vec<Delivery> = world.of_letter(amend.letter).cloned().collect();
        expect(letter.versions.values().any(|v| v.sealed.is_some()))?;
        expect(accept::amend(&deliveries, letter.withdrew).is_ok())?;
        world.still_there(amend.letter, amend.version, !deliveries.is_empty())?;
        let fact = Fact::Sealed { letter: amend.letter, version: amend.version, manifest: amend.manifest };
        world.record_of_letter(amend.letter, fact)?;
        if let Some(before) = world.amending(amend.letter) {
            world.take_back(amend.letter, before.version);
        }
        let kept = world.kept(amend.letter, amend.version);
        let order = world.next_sequence();
        let never = deliveries.is_empty();
        if let Some(row) = world.version_mut(amend.letter, amend.version) {
            row.sealed = Some(Sealing { at: now.trusted, order, manifest: amend.manifest, kept });
            row.amends = Some(if never { Amends::Counts } else { Amends::Resting(amend.rest) });
        }
        if !never {
            let wake = Wake::Trusted(amend.rest.until);
            world.wakes.set(WakeOf::Letter(amend.letter), Lane::Letters, wake);
        }
        Ok(world.shown(amend.letter, world.letter(author, amend.letter)?))
    }

    async fn undo_amend(&self, author: &Author, letter: LetterId, version: u32, _now: Now) -> Result<Letter> {
        let mut world = self.world();
        world.letter(author, letter)?;
        expect(world.amending(letter).is_some_and(|new| new.version == version))?;
        world.record_of_letter(letter, Fact::AmendUndone { letter, version })?;
        world.take_back(letter, version);
        Ok(world.shown(letter, world.letter(author, letter)?))
    }

    async fn replies(&self, author: &Author, now: Now) -> Result<Vec<Reply>> {
        Ok(self.world().replies(author, now))
    }

    async fn reply_named(&self, author: &Author, reply: ReplyId, now: Now) -> Result<Reply> {
        let mut replies = self.world().replies(author, now).into_iter();
        replies.find(|r| r.id == reply).ok_or(StoreError::Missing)
    }

    async fn reply_seen(&self, author: &Author, reply: ReplyId, now: Now) -> Result<()> {
        let mut world = self.world();
        let row = world.replies.get_mut(&reply);
        row.filter(|r| r.account == author.account && r.seen_from <= now.trusted)
            .ok_or(StoreError::Missing)?
            .seen = true;
        Ok(())
    }

    async fn correct_proof(
        &self,
        author: &Author,
        letter: LetterId,
        proof: NewProof,
        _now: Now,
    ) -> Result<()> {
        self.world().correct_proof(author, letter, proof)
    }

    async fn correct_rule(
        &self,
        author: &Author,
        delivery: &Delivery,
        corrected: &Corrected,
        now: Now,
    ) -> Result<Letter> {
        let mut world = self.world();
        world.letter(author, delivery.letter)?;
        let stored = world.deliveries.get(&delivery.id).ok_or(StoreError::Missing)?;
        expect(stored.rev == delivery.rev)?;
        world.record(delivery.id, delivery.rev + 1, corrected.fact.clone())?;
        world.correct(delivery.id, corrected, now);
        world.move_delivery(delivery.id, delivery.state, Some(corrected.wake));
        Ok(world.shown(delivery.letter, world.letter(author, delivery.letter)?))
    }
}
