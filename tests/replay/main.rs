//! `auricle replay`: what it hears, of which files, with which settings, and what it says when it can't.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ear;
mod files;
mod material;
mod picture;
mod pieces;
mod refusals;
mod settings;
#[path = "../support/speech.rs"]
#[allow(dead_code)]
mod speech;
mod wake;
