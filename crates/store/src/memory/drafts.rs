//! Drafts at the house, in memory: what was saved, what was saved before, and their photos.

use super::*;
use crate::DraftStore;
use async_trait::async_trait;

/// A node that was not heard of for so long is gone.
const NODE_HOURS: i64 = 90 * 24;

impl World {
    fn draft(&self, author: &Author, draft: DraftId) -> Result<&DraftContent> {
        self.drafts.get(&draft).filter(|d| d.account == author.account).ok_or(StoreError::Missing)
    }

    fn draft_mut(&mut self, author: &Author, draft: DraftId) -> Result<&mut DraftContent> {
        self.drafts.get_mut(&draft).filter(|d| d.account == author.account).ok_or(StoreError::Missing)
    }
}

impl DraftContent {
    /// The earlier savings, the newest first.
    fn saved_before(&self) -> Vec<(i64, Timestamp)> {
        self.history.iter().rev().map(|(rev, (at, _))| (*rev, *at)).collect()
    }
}

#[async_trait]
impl DraftStore for MemoryStore {
    async fn put_draft(
        &self,
        author: &Author,
        draft: DraftId,
        rev: i64,
        bytes: Vec<u8>,
        now: Now,
    ) -> Result<i64> {
        let mut world = self.world();
        if !world.drafts.contains_key(&draft) {
            world.account(author)?;
            expect(rev == 0)?;
            world.room_for_draft(author)?;
            world.room_for_bytes(author, bytes.len() as u64, 0)?;
            let content = DraftContent {
                account: author.account,
                rev: 1,
                bytes,
                saved: now.trusted,
                discarded: None,
                history: BTreeMap::new(),
                parts: BTreeMap::new(),
            };
            world.drafts.insert(draft, content);
            return Ok(1);
        }
        let row = world.draft_mut(author, draft)?;
        expect(row.rev == rev)?;
        world.room_for_bytes(author, bytes.len() as u64, 0)?;
        let row = world.draft_mut(author, draft)?;
        let before = std::mem::replace(&mut row.bytes, bytes);
        row.history.insert(rev, (row.saved, before));
        for gone in thinned(&row.saved_before(), now.trusted) {
            row.history.remove(&gone);
        }
        row.saved = now.trusted;
        row.discarded = None;
        row.rev += 1;
        Ok(row.rev)
    }

    async fn drafts(&self, author: &Author) -> Result<Vec<DraftRow>> {
        let world = self.world();
        let mut drafts: Vec<DraftRow> = world
            .drafts
            .iter()
            .filter(|(_, d)| d.account == author.account)
            .map(|(id, d)| DraftRow {
                id: *id,
                rev: d.rev,
                saved: d.saved,
                size: d.bytes.len() as u64,
                discarded: d.discarded,
            })
            .collect();
        drafts.sort_by_key(|draft| (std::cmp::Reverse(draft.saved), draft.id));
        Ok(drafts)
    }

    async fn draft(&self, author: &Author, draft: DraftId) -> Result<(Vec<u8>, i64)> {
        let world = self.world();
        let row = world.draft(author, draft)?;
        Ok((row.bytes.clone(), row.rev))
    }

    async fn draft_history(&self, author: &Author, draft: DraftId) -> Result<Vec<(i64, Timestamp)>> {
        Ok(self.world().draft(author, draft)?.saved_before())
    }

    async fn draft_at(&self, author: &Author, draft: DraftId, rev: i64) -> Result<Vec<u8>> {
        let world = self.world();
        let found = world.draft(author, draft)?.history.get(&rev);
        found.map(|(_, bytes)| bytes.clone()).ok_or(StoreError::Missing)
    }

    async fn discard_draft(&self, author: &Author, draft: DraftId, now: Now) -> Result<()> {
        let mut world = self.world();
        let row = world.draft_mut(author, draft)?;
        row.discarded = row.discarded.or(Some(now.trusted));
        Ok(())
    }

    async fn restore_draft(&self, author: &Author, draft: DraftId) -> Result<()> {
        self.world().draft_mut(author, draft)?.discarded = None;
        Ok(())
    }

    async fn put_draft_part(&self, author: &Author, draft: DraftId, part: Part) -> Result<()> {
        let mut world = self.world();
        world.draft(author, draft)?;
        world.room_for_photo(draft, &part.name)?;
        world.room_for_bytes(author, part.size, 0)?;
        let (name, blob) = (part.name.clone(), part.blob);
        let old = world.draft_mut(author, draft)?.parts.insert(name, part);
        if let Some(old) = old.filter(|old| old.blob != blob) {
            world.orphans.insert(old.blob);
        }
        // Named again, it is nobody's to erase.
        world.orphans.remove(&blob);
        Ok(())
    }

    async fn draft_part(&self, author: &Author, draft: DraftId, name: &str) -> Result<Part> {
        self.world().draft(author, draft)?.parts.get(name).cloned().ok_or(StoreError::Missing)
    }

    async fn prune(&self, now: Now) -> Result<u64> {
        let mut world = self.world();
        let over =
            |at: Option<Timestamp>| at.is_some_and(|at| hours_after(at, DISCARDED_DAYS * 24) <= now.trusted);
        let gone: Vec<DraftId> =
            world.drafts.iter().filter(|(_, d)| over(d.discarded)).map(|(id, _)| *id).collect();
        for id in &gone {
            if let Some(content) = world.drafts.remove(id) {
                world.orphans.extend(content.parts.values().map(|part| part.blob));
            }
        }
        world.prune_asks(now);
        let holders = world.wakes.holders();
        world
            .beats
            .retain(|boot, (_, seen)| holders.contains(boot) || hours_after(*seen, NODE_HOURS) > now.trusted);
        Ok(gone.len() as u64)
    }

    async fn orphans(&self, limit: usize) -> Result<Vec<BlobId>> {
        Ok(self.world().orphans.iter().take(limit).copied().collect())
    }

    async fn orphan_erased(&self, blob: BlobId) -> Result<()> {
        self.world().orphans.remove(&blob);
        Ok(())
    }
}
