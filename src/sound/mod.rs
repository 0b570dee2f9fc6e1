//! The sound card: a microphone and a loudspeaker, each with a real-time thread of its own.
//!
//! Two threads, because opening or closing a device of a frozen sound server can block for ever, and a stuck
//! loudspeaker must not make the microphone deaf. Both threads obey three laws inside their period loop: no lock, no
//! allocation, no log. They copy samples between the card and a ring, and count; everything else is done elsewhere.
//!
//! [`Cards`] is the wall to the hardware: [`AlsaCards`] is the real one, tests and the demo bring their own.

mod bell;
mod capture;
mod card;
mod devices;
mod error;
mod feeder;
mod holder;
pub mod inventory;
mod level;
mod line;
mod loudspeaker;
mod microphone;
pub mod mixer;
pub mod negotiate;
mod pcm;
mod played;
mod player;
mod priority;
pub mod probe;
mod watch;

pub use bell::Bell;
pub use card::{CapturePcm, CardName, Cards, Direction, Fault, PlaybackPcm, Shape, Woken, choose};
pub use devices::AlsaCards;
pub use error::SoundError;
pub(crate) use level::Meter;
pub use level::{Heard, Level, LevelTrouble, Measured, SILENCE_DBFS, bar};
pub use loudspeaker::{Leaving, Loudspeaker, PlaybackWant, SpeakerCounters, SpeakerNotice};
pub use microphone::{CaptureWant, MicCounters, MicNotice, Microphone, Pace, Stamp};
pub(crate) use played::now;
pub use played::{Played, Sounds};
