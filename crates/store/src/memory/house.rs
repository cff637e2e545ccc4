//! The house in memory: its clock, its keys, the beats of its nodes.

use super::*;
use crate::HouseStore;
use async_trait::async_trait;

#[async_trait]
impl HouseStore for MemoryStore {
    async fn house(&self) -> Result<House> {
        let world = self.world();
        Ok(House {
            generation: GENERATION,
            keys_confirmed: world.keys_confirmed,
            accounts: world.accounts.len() as u64,
            mark: world.mark,
        })
    }

    async fn keep_nonce(&self, nonce: Keyed, expires: Timestamp, now: Now) -> Result<()> {
        let mut world = self.world();
        world.nonces.retain(|_, until| *until > now.trusted);
        expect(!world.nonces.contains_key(&nonce))?;
        world.nonces.insert(nonce, expires);
        Ok(())
    }

    async fn knows_nonce(&self, nonce: Keyed, now: Now) -> Result<bool> {
        Ok(self.world().nonces.get(&nonce).is_some_and(|until| *until > now.trusted))
    }

    async fn keep_within(&self, limits: Limits) -> Result<()> {
        self.world().limits = limits;
        Ok(())
    }

    async fn confirm_keys(&self) -> Result<()> {
        self.world().keys_confirmed = true;
        Ok(())
    }

    async fn unconfirm_keys(&self) -> Result<()> {
        self.world().keys_confirmed = false;
        Ok(())
    }

    async fn beat(&self, boot: BootId, mark: Mark) -> Result<Beaten> {
        let mut world = self.world();
        let ticks = world.ticker.claim(boot);
        let stored = world.mark.unwrap_or(mark);
        let mark = Mark {
            trusted: stored.trusted.max(mark.trusted),
            observed: if ticks { stored.observed.max(mark.observed) } else { stored.observed },
        };
        world.mark = Some(mark);
        let beat = world.beats.entry(boot).or_insert((0, mark.trusted));
        *beat = (beat.0 + 1, mark.trusted);
        Ok(Beaten { mark, ticks })
    }

    async fn ticker(&self) -> Result<Option<Ticker>> {
        Ok(self.world().ticker())
    }

    async fn take_ticker(&self, boot: BootId, seen: Ticker) -> Result<bool> {
        let mut world = self.world();
        let still = world.ticker() == Some(seen);
        if still {
            world.ticker = TickerRow { holder: Some(boot), fence: seen.fence + 1 };
        }
        Ok(still)
    }

    async fn leave_ticker(&self, boot: BootId) -> Result<()> {
        let mut world = self.world();
        if world.ticker.holder == Some(boot) {
            world.ticker.holder = None;
        }
        Ok(())
    }

    async fn server_time(&self) -> Result<Option<Timestamp>> {
        Ok(None)
    }

    async fn hold(&self, what: Hold, now: Now) -> Result<bool> {
        let mut world = self.world();
        let new = !world.holds.contains_key(&what);
        world.holds.entry(what).or_insert(now.trusted);
        Ok(new)
    }

    async fn unhold(&self, what: Hold) -> Result<bool> {
        Ok(self.world().holds.remove(&what).is_some())
    }

    async fn holds(&self) -> Result<Vec<Standing>> {
        Ok(self.world().holds.iter().map(|(what, since)| Standing { what: *what, since: *since }).collect())
    }

    async fn confirm_clock(&self, to: Timestamp) -> Result<()> {
        let mut world = self.world();
        let observed = match world.mark {
            Some(mark) => {
                expect(to >= mark.trusted)?;
                mark.observed
            }
            None => Observed::default(),
        };
        world.mark = Some(Mark { trusted: to, observed });
        // A human has looked: what comes near by this step was brought by no leap.
        if let Some(looked) = &mut world.looked {
            looked.trusted = looked.trusted.max(to);
        }
        Ok(())
    }
}

/// Who credits the time of service.
#[derive(Default)]
pub(super) struct TickerRow {
    holder: Option<BootId>,
    fence: i64,
}

impl TickerRow {
    /// Whether this boot holds it, which it takes where nobody does.
    fn claim(&mut self, boot: BootId) -> bool {
        if self.holder.is_none() {
            *self = Self { holder: Some(boot), fence: self.fence + 1 };
        }
        self.holder == Some(boot)
    }
}

impl World {
    fn ticker(&self) -> Option<Ticker> {
        let holder = self.ticker.holder?;
        let beat = self.beats.get(&holder).map_or(0, |(beat, _)| *beat);
        Some(Ticker { holder, fence: self.ticker.fence, beat })
    }
}
