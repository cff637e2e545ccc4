//! The program as a library: http (comes in), worker (wakes, decides, commits), mail (goes out), cli, and one [`app::App`] that joins them.
//! The binary `unsaid` is a few lines around it; the town puts a movable clock under it.

pub mod address;
pub mod answer;
pub mod app;
pub mod assemble;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod holding;
pub mod holds;
pub mod http;
pub mod links;
pub mod mail;
pub mod matters;
pub mod name;
pub mod outbox_shelf;
pub mod outward;
pub mod own_address;
pub mod peel;
pub mod rehearsal;
pub mod room;
pub mod run;
pub mod secrets;
pub mod settings;
pub mod subscription;
pub mod time;
pub mod words;
pub mod worker;
