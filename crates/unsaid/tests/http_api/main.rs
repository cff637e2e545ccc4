//! The author's side of http, asked as her browser asks it, over the store in memory: stories, bad input, and the walk over every route. No socket, and mail
//! goes into a folder: what the worker would do to a code or a delivery, the house of these tests mostly does through the same store.

mod alive;
mod amends;
mod answers;
mod as_sent;
mod asked_for;
mod bad_input;
mod birthdays;
mod cards;
mod channels;
mod coming;
mod described;
mod drafts;
mod events;
mod guardian;
mod host_keys;
mod hosts;
mod house;
mod keeper_sets;
mod keepers_cards;
mod limits;
mod names;
mod numbers;
mod proofs;
mod push;
mod recovery;
mod rehearsed;
mod stories;
mod strict;
mod two_worlds;
mod walk;
mod way;
