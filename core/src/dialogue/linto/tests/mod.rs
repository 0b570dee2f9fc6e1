#![allow(clippy::unwrap_used, clippy::expect_used)]

mod failures;
mod hostile;
mod link;
mod messages;
pub(super) mod rig;
mod turns;
mod twins;
