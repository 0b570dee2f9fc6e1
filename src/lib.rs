//! Auricle, a voice client for the Raspberry Pi: the adapters around the pure core, and the daemon that wires them.

pub mod config;
pub mod device;
pub mod net;
pub mod services;
pub mod sound;
