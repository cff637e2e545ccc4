//! Placeholder.

pub mod chance;
pub mod clock;
pub mod settings;
