//! What can be wrong with a volume control. The texts are ready to be shown.

use thiserror::Error;

/// Why the volume is not as it should be. Names card and control, and the next step.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MixerError {
    /// Not of the form `card/control`.
    #[error("`{given}` is no volume control; set `audio.mixer` to \"card/control\", for example \"Device/PCM\"")]
    BadName {
        /// As it was given.
        given: String,
    },
    /// The card is not there.
    #[error(
        "the sound card `{card}` is not there ({why}); plug it in, or set `audio.mixer` to one that `aplay -l` lists"
    )]
    NoCard {
        /// As the settings name it.
        card: String,
        /// The system's words.
        why: String,
    },
    /// The card is there, but not for this user.
    #[error("the mixer of the sound card `{card}` may not be opened; add the user of auricle to the group `audio`")]
    Denied {
        /// As the settings name it.
        card: String,
    },
    /// The card has others.
    #[error("the sound card `{card}` has no volume control `{control}` for playback; {}", choice(have))]
    NoControl {
        /// As the settings name it.
        card: String,
        /// As the settings name it.
        control: String,
        /// Those that it has.
        have: Vec<String>,
    },
    /// The card refused, or went away in the middle.
    #[error(
        "the volume of `{card}/{control}` can't be used: {call} says {why}; plug the card in again, or empty `audio.mixer`"
    )]
    Failed {
        /// As the settings name it.
        card: String,
        /// As the settings name it.
        control: String,
        /// What was tried.
        call: &'static str,
        /// The system's words.
        why: String,
    },
    /// A call does not return.
    #[error("the mixer of the sound card `{card}` does not answer; restart the sound server or plug the card in again")]
    Stuck {
        /// As the settings name it.
        card: String,
    },
    /// The system has no thread left.
    #[error("the mixer gets no thread ({why}); close other programs or restart the machine")]
    NoThread {
        /// The system's words.
        why: String,
    },
}

fn choice(have: &[String]) -> String {
    match have {
        [] => "it has none at all: empty `audio.mixer` for a volume in software".into(),
        _ => format!("it has: {}; set `audio.mixer` to one of them", have.join(", ")),
    }
}
