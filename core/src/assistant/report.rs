//! What is told to the outside: the lines of `auricle events`, the counters, the log.

use crate::assistant::cause::Cause;

/// One thing worth telling. The names of the variants are those of `events --json`.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// The shown state changed.
    State(&'static str),
    /// A wake word was heard.
    Wake {
        /// Which.
        word: String,
        /// How sure that is, 0 to 1.
        score: f32,
    },
    /// Somebody began to speak within a turn.
    SpeechStart,
    /// The utterance is over.
    SpeechEnd,
    /// A request went out.
    Request {
        /// Its id on the wire.
        id: String,
        /// Seconds of sound in it.
        seconds: f64,
    },
    /// An answer came in.
    Answer {
        /// The id of its request.
        id: String,
        /// `say`, `ask`, `empty`, `error`.
        kind: &'static str,
        /// What it says.
        text: String,
    },
    /// What the server has understood so far of a dictation or a meeting.
    Partial {
        /// The text, which may still change.
        text: String,
        /// Whether it belongs to the recording.
        meeting: bool,
    },
    /// What it has understood for good.
    Final {
        /// The text.
        text: String,
        /// Whether it belongs to the recording.
        meeting: bool,
    },
    /// A recording began or ended.
    Meeting {
        /// Its file.
        file: String,
        /// Whether it runs now.
        on: bool,
    },
    /// The loudspeaker has said this to its end.
    Spoken {
        /// The text.
        text: String,
    },
    /// Something is wrong.
    Cause(Cause),
    /// It no longer is.
    CauseCleared(Cause),
    /// The connection to a server came up or went down.
    Link {
        /// Whether it is usable now.
        up: bool,
    },
    /// The microphone was muted or unmuted.
    Muted {
        /// Who muted; `None`: nobody, it is open.
        by: Option<&'static str>,
    },
    /// A remote command was carried out or refused.
    Command {
        /// The last part of its topic.
        topic: String,
        /// What became of it.
        result: String,
    },
    /// A use of remote power, or a refused one.
    Audit {
        /// What was asked.
        what: String,
        /// What became of it.
        result: String,
    },
    /// Something was thrown away. Counted; the log has at most one line per reason and ten seconds.
    Drop {
        /// A short, constant name; the counter's name.
        what: &'static str,
        /// How many.
        count: u64,
        /// Topic, value, reason.
        detail: String,
    },
}
