//! Hearing: the tape, the end of speech, and the encoders that run beside the tape.
//!
//! Hearing counts time in samples, so a recording gives the same events every time it is heard.

use std::time::Duration;

use crate::audio::Position;

pub mod ear;
pub mod endpointer;
pub mod fall;
pub mod floor;
pub mod hangover;
pub mod own_voice;
pub mod pitch;
mod raw;
pub mod replay;
pub mod rules;
pub mod stir;
pub mod trace;
pub mod uplink;
pub mod vad;
pub mod waker;

/// One opening of the microphone for a turn. Events of an older one are recognised by it and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenId(pub u64);

/// One piece of tape on its way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UplinkId(pub u64);

/// When the endpointer lets go. Settings of `[listen]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Silence after speech that ends the utterance: the nominal value, see [`hangover`].
    pub hangover: Duration,
    /// Silence from the start that gives up.
    pub no_speech: Duration,
    /// The longest utterance; what was said until then is used.
    pub max_utterance: Duration,
    /// Whether the device has asked for it: who answers needs time to think.
    pub answer: bool,
}

impl Limits {
    /// The same for somebody who only wants to know whether anybody speaks within `no_speech`.
    #[must_use]
    pub const fn watching(self, no_speech: Duration, max_utterance: Duration) -> Self {
        Self { no_speech, max_utterance, answer: false, ..self }
    }
}

/// Where on the tape something begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At this place, or at the oldest sound that is still there.
    At(Position),
    /// With the next sample that the microphone delivers.
    Now,
}

/// How a piece of tape is put into bytes for its server.
#[derive(Clone, Debug, PartialEq)]
pub enum Encoding {
    /// LinTO: one JSON object with a base64 WAV and the conversation data, complete at the end.
    LintoFile {
        /// The object that came with the last `ask`; `{}` for a fresh request.
        conversation: serde_json::Value,
    },
    /// Raw 16 kHz mono s16le in chunks of this length (at least 10 ms), each handed over as soon as it is full.
    Pcm {
        /// Length of a chunk.
        chunk: Duration,
    },
    /// Opus, one packet for each frame of this length (20, 40 or 60 ms), handed over as soon as the frame is full; the
    /// last one is filled up with silence.
    Opus {
        /// Length of a frame.
        frame: Duration,
        /// The sound as the microphone caught it, see [`Ear::keeping_raw`](ear::Ear::keeping_raw): for a server that cancels
        /// the echo itself. What a canceller here leaves of an echo changes with each word, and none behind it can follow
        /// that; what it takes away with the echo is lost.
        raw: bool,
    },
}

/// What the control thread asks of hearing.
#[derive(Clone, Debug, PartialEq)]
pub enum EarCommand {
    /// Watch for the end of speech. Replaces the previous `Listen`.
    Listen {
        /// Names this opening.
        listen: ListenId,
        /// Where on the tape the utterance begins.
        from: Start,
        /// When to let go; `None` if the server decides.
        limits: Option<Limits>,
        /// Speech is not believed before this much sound after `from`, also where `from` is no longer on the tape: the
        /// loudspeaker may still ring.
        guard: Duration,
    },
    /// The turn no longer needs the microphone.
    StopListening {
        /// The opening that ends; an unknown one is ignored.
        listen: ListenId,
    },
    /// Whether any speech opens a turn. Armed, only sound from now on counts and may be used.
    ArmVoice(bool),
    /// Whether a wake word counts. It is listened for all the time; what was said before the arming may count.
    ArmWake(bool),
    /// Begin to encode the tape for a server.
    StartUplink {
        /// Names this uplink.
        uplink: UplinkId,
        /// Where on the tape it begins.
        from: Start,
        /// The form.
        encoding: Encoding,
    },
    /// Encode up to here and hand over.
    FinishUplink {
        /// The uplink that ends; an unknown one is ignored.
        uplink: UplinkId,
        /// The first sample that no longer belongs to it.
        to: Position,
    },
    /// Forget what was encoded.
    AbortUplink {
        /// The uplink that ends; an unknown one is ignored.
        uplink: UplinkId,
    },
    /// The microphone was closed (muted, gone): forget the tape, stop everything, disarm nothing.
    Closed,
}

/// Why an utterance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Speech, then silence as long as the hangover.
    Silence,
    /// The longest utterance was reached while somebody spoke.
    Cap,
    /// Nobody spoke.
    NoSpeech,
}

/// What hearing tells the control thread.
#[derive(Clone, Debug, PartialEq)]
pub enum EarEvent {
    /// Armed, and somebody speaks: `at` is where the speech began. Disarms itself until armed again.
    Voice {
        /// Where the speech began.
        at: Position,
        /// The earliest place that may be used for this turn: where it was armed.
        earliest: Position,
    },
    /// Armed, and a wake word was heard.
    Wake {
        /// Which of the words.
        word: usize,
        /// Its name in the settings.
        name: String,
        /// How sure that is, 0 to 1.
        score: f32,
        /// The end of the sound with which it was decided.
        at: Position,
        /// Where the word is over: speech from here on is something else. Before or behind `at`.
        over: Position,
        /// Whether the device's own voice is not in that sound although it may be speaking, see [`Ear::cancels`](ear::Ear::cancels).
        cancelled: bool,
    },
    /// Speech began.
    SpeechStart {
        /// Which opening.
        listen: ListenId,
        /// Where the speech began.
        at: Position,
    },
    /// The endpointer let go.
    Ended {
        /// Which opening.
        listen: ListenId,
        /// The sample at which it was decided.
        at: Position,
        /// Where the last speech ended; equals `at` when somebody still spoke at the cap.
        speech_end: Position,
        /// Why.
        why: Ending,
    },
    /// A complete message body.
    UplinkReady {
        /// Which uplink.
        uplink: UplinkId,
        /// The bytes of the message.
        body: Vec<u8>,
        /// Sound in it, in samples.
        samples: u64,
    },
    /// A part of a streamed uplink.
    UplinkChunk {
        /// Which uplink.
        uplink: UplinkId,
        /// In the form that was asked for.
        body: Vec<u8>,
        /// Sound in it, in samples.
        samples: u64,
        /// Where on the tape that sound ends.
        at: Position,
        /// Whether this was the last one.
        last: bool,
    },
    /// Too many uplinks run; this one was not begun.
    UplinkRefused {
        /// Which uplink.
        uplink: UplinkId,
    },
    /// A reader of the tape fell behind; this much was overwritten.
    Lost {
        /// Samples.
        samples: u64,
    },
}
