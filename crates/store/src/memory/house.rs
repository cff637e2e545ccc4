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

    async fn confirm_keys(&self) -> Result<()> {
        self.world().keys_confirmed = true;
        Ok(())
    }

    async fn beat(&self, boot: BootId, mark: Mark) -> Result<()> {
        let mut world = self.world();
        let stored = world.mark.unwrap_or(mark);
        world.mark = Some(Mark {
            trusted: stored.trusted.max(mark.trusted),
            observed: stored.observed.max(mark.observed),
        });
        *world.beats.entry(boot).or_default() += 1;
        Ok(())
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
        Ok(())
    }
}
