//! Answers as a server speaks them, a link that loses, delays, reorders and doubles their packets, and what is heard of
//! them then. The same seed gives the same.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod answer;
pub mod judge;
pub mod link;
pub mod players;
pub mod spectrum;
