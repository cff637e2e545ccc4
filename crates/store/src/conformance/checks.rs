//! All checks, one for each method, in one file for each trait; and a few stories that go through several.

mod accounts;
mod amends;
mod breaker;
mod calls;
mod cards;
mod care;
mod door;
mod drafts;
mod engine;
mod foresight;
mod given;
mod groups;
mod holds;
mod house;
mod keys;
mod letters;
mod limits;
mod lives;
mod persons;
mod proofs;
mod readers;
mod refusals;
mod replies;
mod sending;
mod stories;
mod uploads;

pub use accounts::*;
pub use amends::*;
pub use breaker::*;
pub use calls::*;
pub use cards::*;
pub use care::*;
pub use door::*;
pub use drafts::*;
pub use engine::*;
pub use foresight::*;
pub use given::*;
pub use groups::*;
pub use holds::*;
pub use house::*;
pub use keys::*;
pub use letters::*;
pub use limits::*;
pub use lives::*;
pub use persons::*;
pub use proofs::*;
pub use readers::*;
pub use refusals::*;
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
