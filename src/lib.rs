//! Auricle, a voice client for the Raspberry Pi: the adapters around the pure core, and the daemon that wires them.

pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
#[cfg(feature = "demo")]
pub mod demo;
pub mod device;
pub mod doctor;
pub mod net;
pub mod replay;
pub mod services;
pub mod setup;
mod shown;
pub mod sound;
