#![allow(clippy::unwrap_used, clippy::expect_used)]

mod commands;
mod failures;
mod hostile;
mod link;
mod messages;
mod replies;
pub(super) mod rig;
mod silence;
mod stream_rig;
mod streaming;
mod streaming_phases;
mod turns;
mod twins;
mod writing;
