#![allow(clippy::unwrap_used, clippy::expect_used)]

mod activation;
mod answers;
mod configuration;
mod echo;
mod endings;
mod hostile;
mod link;
mod manual;
mod patience;
pub(super) mod rig;
mod sessions;
mod sound;
mod tools;
mod turns;
mod writing;
