//! Whether a message about an author's life may still leave: asked right before DATA, with her row read anew. One sign of hers, and nothing that speaks of
//! her silence goes out any more.

use super::{Doubt, Life, Stage};
use crate::message::{Ladder, Says};
use crate::permit::Permit;

/// Decides. `life` is the row as it stands now; none if there is none any more.
pub fn still_allowed(ladder: Ladder, life: Option<&Life>) -> Permit {
    let Some(life) = life else { return Permit::Drop("ended-for-good") };
    let same_episode = life.open && life.episode == ladder.episode;
    let newest = same_episode && life.rung == ladder.rung;
    let asked = matches!(
        life.stage,
        Stage::Asked | Stage::Reminded(_) | Stage::Silent | Stage::Grace(_) | Stage::Gone { .. }
    );
    let still = match ladder.says {
        Says::Question => newest && life.stage == Stage::Asked,
        Says::Reminder => newest && matches!(life.stage, Stage::Reminded(_)),
        Says::Warning => newest && matches!(life.stage, Stage::Grace(_)),
        Says::KeeperAsked => {
            same_episode
                && (asked || life.weak.doubt == Doubt::Open || life.keepers_asked.is_some())
                && !life.is_released()
        }
        Says::SaidDied => same_episode && !life.is_released(),
        Says::OutOfReach => same_episode && life.out_of_reach,
        // A keeper may say so while nothing is open, and then it is told.
        Says::SaidWell | Says::SaidUnknown => life.episode == ladder.episode && !life.is_released(),
        // That she is asked herself, as every now and then, is no reason; that they are asked is one.
        Says::Invited | Says::StillRight => {
            life.keepers_asked.is_none() && !matches!(life.stage, Stage::Released | Stage::Ended)
        }
        Says::Released | Says::AddressAsked => life.is_released(),
        Says::Resumes => matches!(life.stage, Stage::Stopped { resumes: Some(_), .. }),
        // What was done is told, whatever came since.
        Says::Probe | Says::Stopped | Says::GoesOn | Says::IsWell => true,
    };
    if still { Permit::Go } else { Permit::Drop("a-sign-stops-what-asks") }
}
