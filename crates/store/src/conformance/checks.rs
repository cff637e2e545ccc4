//! All checks, one for each method, in one file for each trait; and a few stories that go through several.

mod accounts;
mod alive;
mod amends;
mod asks;
mod breaker;
mod calls;
mod cards;
mod care;
mod channels;
mod door;
mod drafts;
mod engine;
mod events;
mod foresight;
mod given;
mod groups;
mod holds;
mod house;
mod keeper_sets;
mod keys;
mod letters;
mod limits;
mod lives;
mod notes;
mod persons;
mod proofs;
mod readers;
mod refusals;
mod rehearsed;
mod replies;
mod sending;
mod stories;
mod uploads;

pub use accounts::*;
pub use alive::*;
pub use amends::*;
pub use asks::*;
pub use breaker::*;
pub use calls::*;
pub use cards::*;
pub use care::*;
pub use channels::*;
pub use door::*;
pub use drafts::*;
pub use engine::*;
pub use events::*;
pub use foresight::*;
pub use given::*;
pub use groups::*;
pub use holds::*;
pub use house::*;
pub use keeper_sets::*;
pub use keys::*;
pub use letters::*;
pub use limits::*;
pub use lives::*;
pub use notes::*;
pub use persons::*;
pub use proofs::*;
pub use readers::*;
pub use refusals::*;
pub use rehearsed::*;
pub use replies::*;
pub use sending::*;
pub use stories::*;
pub use uploads::*;

/// The call answers Missing.
macro_rules! missing {
    ($call:expr) => {
        assert!(matches!($call.await, Err(crate::StoreError::Missing)), "not Missing: {}", stringify!($call))
    };
}

/// The call answers Conflict.
macro_rules! conflict {
    ($call:expr) => {
        assert!(
            matches!($call.await, Err(crate::StoreError::Conflict)),
            "not Conflict: {}",
            stringify!($call)
        )
    };
}

/// The call succeeds; its value.
macro_rules! ok {
    ($call:expr) => {
        match $call.await {
            Ok(value) => value,
            Err(error) => panic!("{error:?}: {}", stringify!($call)),
        }
    };
}

use {conflict, missing, ok};
