//! What can be wrong with a sound card. The texts are ready to be shown.

use thiserror::Error;

use super::card::{CardName, Direction};

/// Why there is no microphone or no loudspeaker. Names the device and the next step.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SoundError {
    /// No card at all for this direction.
    #[error("no sound card can {direction}; plug one in, or set `audio.{}` to a PCM name", direction.setting())]
    NoCard {
        /// What it is needed for.
        direction: Direction,
    },
    /// Several cards, and the settings don't say which.
    #[error("several sound cards can {direction}: {}; set `audio.{}` to one of them", list(cards), direction.setting())]
    Ambiguous {
        /// What it is needed for.
        direction: Direction,
        /// The choice.
        cards: Vec<CardName>,
    },
    /// The device does not exist.
    #[error("`{device}` is not there ({why}); plug it in, or choose one that `auricle devices` lists")]
    Missing {
        /// Its PCM name.
        device: String,
        /// The system's words.
        why: String,
    },
    /// Another program has it.
    #[error("`{device}` is in use by {}; stop that program", holder.as_deref().unwrap_or("another program"))]
    Busy {
        /// Its PCM name.
        device: String,
        /// Who has it, if that can be seen: `arecord (pid 123)`.
        holder: Option<String>,
    },
    /// It offers nothing that can be used.
    #[error("`{device}` can't be used: {why}; choose another one that `auricle devices` lists")]
    Unusable {
        /// Its PCM name.
        device: String,
        /// What is missing.
        why: String,
    },
    /// It went away or broke while in use.
    #[error("`{device}` was lost ({why}); plug it in again")]
    Lost {
        /// Its PCM name.
        device: String,
        /// The system's words.
        why: String,
    },
    /// It is open and runs, but no sample passes.
    #[error("`{device}` stands still: no sample passed for {seconds} s; plug it in again or restart the sound server")]
    Silent {
        /// Its PCM name.
        device: String,
        /// How long, in seconds.
        seconds: u64,
    },
    /// A call into the device does not return: a frozen sound server.
    #[error("`{device}` does not answer; restart the sound server or plug the card in again")]
    Stuck {
        /// Its PCM name.
        device: String,
    },
    /// Something is played already and one more waits.
    #[error("the loudspeaker is busy: one sound plays and one waits")]
    Full,
}

fn list(cards: &[CardName]) -> String {
    let names: Vec<_> = cards.iter().map(CardName::to_string).collect();
    names.join(", ")
}

/// The system's words for an error number.
pub(super) fn words(errno: i32) -> String {
    nix::errno::Errno::from_raw(errno.abs()).desc().to_owned()
}
