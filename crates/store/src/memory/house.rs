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

    async fn beat(&self, boot: BootId, mark: Mark) -> Result<()> {
        let mut world = self.world();
        let stored = world.mark.unwrap_or(mark);
        let trusted = stored.trusted.max(mark.trusted);
        world.mark = Some(Mark { trusted, observed: stored.observed.max(mark.observed) });
        let beat = world.beats.entry(boot).or_insert((0, trusted));
        *beat = (beat.0 + 1, trusted);
        Ok(())
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
