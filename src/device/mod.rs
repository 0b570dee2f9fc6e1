//! What this device is and remembers: its serial number, its network interfaces, its state file.

pub mod identity;
pub mod memory;
pub mod network;
pub mod pins;
pub mod registration;
pub mod replace;
pub mod state;
