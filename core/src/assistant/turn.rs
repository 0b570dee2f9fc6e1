//! A turn: one person speaks with one server.

use std::time::Duration;

use super::event::ServerId;
use super::shown::Mood;
use super::wake::Behind;
use crate::dialogue::{End, Shown};
use crate::hearing::ListenId;
use crate::time::Tick;

/// A dialogue that holds a turn and names no deadline of its own is called off after this much silence from it.
pub const ABANDONED: Duration = Duration::from_secs(60);

/// The microphone in the hands of a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Names this opening towards hearing.
    pub listen: ListenId,
    /// Who says that it is over.
    pub end: End,
    /// Whether it goes on while the loudspeaker plays.
    pub while_speaking: bool,
    /// The device's own cap, where hearing keeps none.
    pub deadline: Option<Tick>,
}

/// The turn that runs.
#[derive(Debug)]
pub struct Turn {
    /// Who holds it.
    pub server: ServerId,
    /// What the dialogue says it is doing.
    pub shown: Shown,
    /// How the answer is meant, as the dialogue says.
    pub mood: Mood,
    /// The microphone, while the dialogue has it.
    pub lease: Option<Lease>,
    /// When it began.
    pub opened: Tick,
    /// When the dialogue last did something.
    pub active: Tick,
    /// Whether a sound is to tell that the microphone opens: not when a voice opened the turn, it would talk into it.
    pub greet: bool,
    /// How long before the turn the tape is used: the command was given earlier, or the preroll is.
    pub before: Duration,
    /// The wake word that opened it, until the microphone is open.
    pub woken: Option<Behind>,
}

impl Turn {
    /// A turn without the microphone yet.
    #[must_use]
    pub const fn new(server: ServerId, now: Tick, greet: bool) -> Self {
        Self {
            server,
            shown: Shown::Connecting,
            mood: Mood::Even,
            lease: None,
            opened: now,
            active: now,
            greet,
            before: Duration::ZERO,
            woken: None,
        }
    }

    /// When this turn needs attention: the lease's cap, or, if the dialogue has no deadline, its abandonment.
    #[must_use]
    pub fn deadline(&self, dialogue: Option<Tick>) -> Tick {
        let own = self.lease.and_then(|lease| lease.deadline);
        let abandoned = self.active + ABANDONED;
        match (own, dialogue) {
            (Some(own), _) => own,
            (None, Some(dialogue)) => dialogue,
            (None, None) => abandoned,
        }
    }
}
