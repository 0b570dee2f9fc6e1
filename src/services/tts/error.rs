//! Why there is no sound.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use auricle_core::audio::wav::WavError;
use thiserror::Error;

/// Why a text did not become sound, or not to its end. What to do about it is told by [`TtsError::remedy`].
#[derive(Debug, Error)]
pub enum TtsError {
    /// No letter and no figure in the text.
    #[error("there is nothing to say in the text")]
    NothingToSay,
    /// Not a failure: English is spoken instead.
    #[error("there is no voice for the language `{language}`, English is spoken instead")]
    UnknownLanguage {
        /// As it was asked for.
        language: String,
    },
    /// The program is not there.
    #[error("the voice program `{program}` is not installed")]
    Missing {
        /// As it was called.
        program: String,
    },
    /// What it can speak is not known.
    #[error("the voice program `{program}` does not tell its languages: {reason}")]
    NoList {
        /// As it was called.
        program: String,
        /// What went wrong.
        reason: String,
    },
    /// The program is there and does not start.
    #[error("the voice program `{program}` does not start: {source}")]
    Start {
        /// As it was called.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// No first sample in time.
    #[error("the voice program `{program}` gave no sound within {} s", limit.as_secs_f32())]
    Slow {
        /// As it was called.
        program: String,
        /// How long was waited.
        limit: Duration,
    },
    /// The sound began and did not go on.
    #[error("the voice program `{program}` stopped in the middle for {} s", limit.as_secs_f32())]
    Stalled {
        /// As it was called.
        program: String,
        /// How long was waited.
        limit: Duration,
    },
    /// More sound than one utterance may have. All up to there was delivered.
    #[error("the voice program `{program}` gave more than {} s of sound", limit.as_secs_f32())]
    TooLong {
        /// As it was called.
        program: String,
        /// The most that is played.
        limit: Duration,
    },
    /// It ended with an error.
    #[error("the voice program `{program}` failed ({status}){}", said(detail))]
    Failed {
        /// As it was called.
        program: String,
        /// Exit code or signal.
        status: ExitStatus,
        /// The last line that it wrote on stderr, may be empty.
        detail: String,
    },
    /// It ended well and gave no sample.
    #[error("the voice program `{program}` gave no sound{}", said(detail))]
    Silent {
        /// As it was called.
        program: String,
        /// The last line that it wrote on stderr, may be empty.
        detail: String,
    },
    /// What it wrote is no WAV.
    #[error("the voice program `{program}` wrote something else than WAV: {source}")]
    NotWav {
        /// As it was called.
        program: String,
        /// What is wrong with it.
        source: WavError,
    },
    /// Its output can't be read.
    #[error("the output of the voice program `{program}` can't be read: {source}")]
    Read {
        /// As it was called.
        program: String,
        /// What the system says.
        source: io::Error,
    },
}

impl TtsError {
    /// One sentence: what to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NothingToSay => "Send a text with words in it.",
            Self::UnknownLanguage { .. } => {
                "Correct `language` in [tts]; `espeak-ng --voices` lists what there is, for example \"fr-FR\"."
            }
            Self::Missing { program } if program == "espeak-ng" => "Install espeak-ng: apt install espeak-ng",
            Self::NoList { .. } => "Try by hand: espeak-ng --voices",
            Self::Missing { .. } | Self::Start { .. } => {
                "Correct `command` in [tts], or leave it empty for espeak-ng: apt install espeak-ng"
            }
            Self::Slow { .. } | Self::Stalled { .. } => {
                "Choose a lighter voice with `command` in [tts], or leave it empty for espeak-ng."
            }
            Self::TooLong { .. } => "Send a shorter text, or correct `command` in [tts].",
            Self::Failed { .. } | Self::Silent { .. } | Self::NotWav { .. } | Self::Read { .. } => {
                "Try `command` of [tts] by hand: text on stdin, WAV on stdout; or leave it empty for espeak-ng: apt install espeak-ng"
            }
        }
    }
}

fn said(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}
