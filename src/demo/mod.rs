//! The demo: the main job with nothing else installed.
//!
//! Everything that the daemon needs is inside: a broker, a server that answers as LinTO does, a room with a person in
//! it. The daemon itself is the one of `auricle run`, started on a settings file, and reaches its server over TCP.

mod broker;
mod judge;
mod person;
mod room;
mod script;
mod server;

pub use room::Room;
pub use script::{Fault, Plan, play};
