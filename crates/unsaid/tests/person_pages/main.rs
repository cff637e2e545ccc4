//! The person's pages from outside: through the router with its gates, over the store in memory, with a stopped clock and chance that repeats.
//! One file for what is told as stories, one for saying no, one for keeping it for later, one for what keepers do, one for whoever looks after somebody, one for what strangers send, one for whole
//! pages as they are.

mod guardian;
mod hostile;
mod house;
mod keepers;
mod later;
mod outbox;
mod pages;
mod refusing;
mod stories;
