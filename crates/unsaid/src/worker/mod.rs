//! Wakes, decides, commits.
