//! Small protocols, gone through completely: every order in which two or three processes, a relay and a human can act, to the end of a budget of crashes, lapses
//! and answers. Where the simulator draws, a model counts. What is decided in `crates/delivery` is asked there and nowhere else; only what a store does around it
//! (fences, revisions, whose lease it is) is written down again here, in the words of `crates/store/src/sql/messages.rs`.
//!
//! Each model also goes through engines that leave one question out, and each of them must be found out: a model that finds nothing wrong anywhere shows nothing.

mod ladder;
mod sending;
