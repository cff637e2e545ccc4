//! Letters in memory, from the first reserved id to the seal, and what their author may see and take back.

use super::*;
use crate::LetterStore;
use async_trait::async_trait;
use unsaid_delivery::accept::Granted;
use unsaid_delivery::state::State;

impl World {
    fn letter(&self, author: &Author, letter: LetterId) -> Result<&LetterRow> {
        self.letters.get(&letter).filter(|l| l.account == author.account).ok_or(StoreError::Missing)
    }

    fn version(&self, author: &Author, letter: LetterId, version: u32) -> Result<&VersionRow> {
        self.letter(author, letter)?.versions.get(&version).ok_or(StoreError::Missing)
    }

    fn version_mut(&mut self, letter: LetterId, version: u32) -> Option<&mut VersionRow> {
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
        let versions: Vec<_> =
            row.versions.iter().filter_map(|(n, v)| v.sealed.map(|sealed| (*n, sealed.at))).collect();
        Letter {
            id,
            version: versions.last().map_or(0, |(n, _)| *n),
            versions,
            withdrew: row.withdrew,
            delivery: row.delivery.and_then(|id| self.deliveries.get(&id)).cloned(),
        }
    }

    /// Writes a fact about a letter.
    fn record_of_letter(&mut self, letter: LetterId, fact: Fact) -> Result<()> {
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
    async fn reserve_letter(&self, author: &Author, letter: LetterId, _now: Now) -> Result<()> {
        let mut world = self.world();
        expect(!world.letters.contains_key(&letter))?;
        let versions = BTreeMap::from([(1, VersionRow::default())]);
        let row = LetterRow { account: author.account, rev: 0, withdrew: false, versions, delivery: None };
        world.letters.insert(letter, row);
        Ok(())
    }

    async fn reserve_version(&self, author: &Author, letter: LetterId, _now: Now) -> Result<u32> {
        let mut world = self.world();
        let (newest, row) =
            world.letter(author, letter)?.versions.last_key_value().ok_or(StoreError::Damaged)?;
        let number = if row.sealed.is_some() { newest + 1 } else { *newest };
        let forgotten: Vec<BlobId> =
            if row.sealed.is_some() { Vec::new() } else { row.uploads.values().copied().collect() };
        for blob in forgotten {
            world.uploads.remove(&blob);
        }
        if let Some(row) = world.letters.get_mut(&letter) {
            row.versions.insert(number, VersionRow::default());
        }
        Ok(number)
    }

    async fn begin_upload(&self, author: &Author, ask: UploadAsk, _now: Now) -> Result<Upload> {
        let mut world = self.world();
        let version = world.version(author, ask.letter, ask.version)?;
        expect(version.sealed.is_none())?;
        let earlier = version.uploads.get(&ask.name).copied();
        if let Some(found) = earlier.and_then(|blob| world.uploads.get(&blob))
            && found.upload.sha256 == ask.sha256
        {
            return Ok(found.upload.clone());
        }
        expect(!world.uploads.contains_key(&ask.blob))?;
        if let Some(blob) = earlier {
            world.uploads.remove(&blob);
        }
        let upload =
            Upload { blob: ask.blob, offset: 0, size: ask.size, sha256: ask.sha256, complete: false };
        if let Some(version) = world.version_mut(ask.letter, ask.version) {
            version.uploads.insert(ask.name.clone(), ask.blob);
        }
        world.uploads.insert(
            ask.blob,
            UploadRow {
                account: author.account,
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
        _host_generation: u32,
    ) -> Result<()> {
        let mut world = self.world();
        let row = world.version(author, letter, version)?;
        expect(row.sealed.is_none() && kind != WrapKind::Unlock)?;
        if let Some(row) = world.version_mut(letter, version) {
            row.wraps.insert(kind, bytes);
        }
        Ok(())
    }

    async fn author_wrap(&self, author: &Author, letter: LetterId, version: u32) -> Result<Vec<u8>> {
        let world = self.world();
        let row = world.version(author, letter, version)?;
        row.wraps.get(&WrapKind::Author).cloned().ok_or(StoreError::Missing)
    }

    async fn unproven(&self, author: &Author, letter: LetterId, version: u32) -> Result<Unproven> {
        let world = self.world();
        let row = world.version(author, letter, version)?;
        Ok(Unproven {
            parts: row.uploads.keys().filter_map(|name| world.part(letter, version, name).ok()).collect(),
            has_author_wrap: row.wraps.contains_key(&WrapKind::Author),
            host_wrap: row.wraps.get(&WrapKind::Host).cloned(),
        })
    }

    async fn seal(&self, author: &Author, seal: Seal, now: Now) -> Result<Letter> {
        let mut world = self.world();
        let letter = world.letter(author, seal.letter)?;
        let version = letter.versions.get(&seal.version).ok_or(StoreError::Missing)?;
        if let Some(promise) = &seal.promise {
            world.person(author, promise.person)?;
        }
        let existing = letter.delivery.and_then(|id| world.deliveries.get(&id)).cloned();
        if let Some(sealed) = version.sealed {
            // The answer was lost on its way, perhaps. But what was taken back since is not sealed any more.
            let taken_back = existing.is_some_and(|d| matches!(d.state, State::Withdrawn { .. }));
            expect(sealed.manifest == seal.manifest && !taken_back && !letter.withdrew)?;
            return Ok(world.shown(seal.letter, letter));
        }
        expect(existing.as_ref().is_none_or(|d| d.state == State::Withdrawn { undone: true }))?;
        if let (None, Some(promise)) = (&existing, &seal.promise) {
            expect(!world.deliveries.contains_key(&promise.delivery))?;
        }
        let fact = Fact::Sealed { letter: seal.letter, version: seal.version, manifest: seal.manifest };
        world.record_of_letter(seal.letter, fact)?;
        let sealing = Sealing { at: now.trusted, order: world.next_sequence(), manifest: seal.manifest };
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
                occurrence: 0,
                rule: promise.rule,
                version: seal.version,
                pinned: false,
                state: State::Resting,
                rest: promise.rest,
                due: Some(promise.due),
                tzdb: promise.tzdb,
                rev,
            };
            world.deliveries.insert(id, delivery);
            world.deliveries_to.entry(promise.person).or_default().insert(id);
            world.wakes.set(WakeOf::Delivery(id), Lane::Letters, Wake::Trusted(promise.rest.until));
            if let Some(letter) = world.letters.get_mut(&seal.letter) {
                letter.delivery = Some(id);
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
        world.move_delivery(delivery.id, granted.state, granted.wake);
        if let Some(row) = world.letters.get_mut(&letter) {
            row.withdrew |= matches!(granted.fact, Fact::Withdrawn { .. });
            if matches!(granted.state, State::Withdrawn { .. }) {
                for version in row.versions.values_mut() {
                    version.wraps.retain(|kind, _| *kind == WrapKind::Author);
                }
            }
        }
        Ok(world.shown(letter, world.letter(author, letter)?))
    }
}
