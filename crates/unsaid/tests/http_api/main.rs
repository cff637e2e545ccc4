//! The author's side of http, asked as her browser asks it, over the store in memory: stories, bad input, and the walk over every route. No socket, no
//! mail, no worker: what the worker would do to a code or a delivery, the house of these tests does through the same store.

mod bad_input;
mod house;
mod stories;
mod two_worlds;
mod walk;
