//! Placeholder.

pub mod chance;
pub mod clock;
pub mod mail;
pub mod settings;
pub mod words;
