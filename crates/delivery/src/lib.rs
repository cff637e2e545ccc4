//! Decided here: when a letter goes out, to whom, and what ends it. A pure function of what is stored, of two
//! clocks and of one event. Nothing in this crate reads a clock, draws a number, waits, or touches the world.
//!
//! * [`accept`]: what a human may ask (seal, undo, withdraw, open, refuse …).
//! * [`anew`]: what new zone data makes of what waits.
//! * [`decide`]: what the passing of time demands.
//! * [`forecast`]: what is foreseen to leave, and what was not.
//! * [`breaker`]: what is done about many that were not.
//! * [`parking`]: what a host holds and lets go.
//! * [`hold`]: why a whole house holds its letters back.
//! * [`record`]: what the world answered.
//! * [`permit`]: whether a message may still leave, asked right before DATA.
//! * [`event`]: whether something has happened, by the word of keepers.
//! * [`life`]: whether the author is alive: the ladder, her keepers' word, the grace, and what sets it back.
//! * [`clock`]: trusted and observed time, neither of them the wall clock.
//! * [`calendar`]: civil days and zones.
//!
//! Every rule has a short name, listed in docs/delivery.md; it is the `why` of each decision and the name of its test.

pub mod accept;
pub mod anew;
pub mod breaker;
pub mod calendar;
pub mod clock;
pub mod decide;
pub mod event;
pub mod fact;
pub mod forecast;
pub mod hold;
pub mod id;
pub mod life;
pub mod message;
pub mod parking;
pub mod permit;
pub mod planted;
pub mod record;
pub mod refusal;
pub mod rule;
pub mod state;

pub use clock::{Now, Observed};
pub use fact::Fact;
pub use hold::Hold;
pub use id::{
    AccountId, AddressId, BlobId, BootId, ChannelId, DeliveryId, DraftId, KeeperId, LetterId, MessageId,
    PersonId, ReplyId,
};
pub use message::{Kind, Message, MessageState, Subject};
pub use refusal::{Refused, Scope};
pub use rule::{Gate, Moment, Proof, Reach, Rule};
pub use state::{Delivery, Rest, State};
