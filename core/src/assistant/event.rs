//! What comes into the assistant and what goes out, as plain data.

use std::time::Duration;

use crate::assistant::cause::Cause;
use crate::assistant::report::Report;
use crate::assistant::shown::Scene;
use crate::audio::Position;
use crate::audio::chime::Chime;
use crate::button::Gesture;
use crate::channel::{ChannelAsk, ChannelEvent};
use crate::dialogue::{Delivery, DeviceFacts, Keepsake, PlayEnd, Source, Trigger};
use crate::fetch::{Fetch, FetchId, Fetched};
use crate::hearing::{EarCommand, Ending, ListenId, UplinkId};
use crate::link::{Access, LinkAsk, LinkEvent, Publication};
use crate::time::Tick;
use crate::voices::Voices;
use crate::wish::{Outcome, Wish};

pub use super::tuning::{Tuning, UnmuteRule};

/// A configured server, by its place in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub usize);

/// One thing that the loudspeaker is asked to play. Never used twice in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayNumber(pub u64);

/// Who muted the microphone, or asks to unmute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Somebody at the device.
    Local,
    /// A server.
    Remote,
}

impl By {
    /// Reads a remembered name back; what is not known was done at the device, to be on the safe side.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        if name == Self::Remote.name() { Self::Remote } else { Self::Local }
    }

    /// The name that scripts see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote => "remote",
        }
    }
}

/// What is remembered over a restart. `None`: nothing was ever set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Who had muted.
    pub muted: Option<By>,
    /// Loudspeaker volume, 0–100.
    pub volume: Option<u8>,
    /// Speech language.
    pub language: Option<String>,
}

/// Names somebody at the control socket who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Names something that runs outside the assistant: a program, a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u64);

/// What the recorder tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Recording {
    /// Its file is open and sound goes into it.
    Started {
        /// The file.
        file: String,
    },
    /// It could not begin; why, with a remedy.
    Refused(String),
    /// The file is closed.
    Ended {
        /// Sound in it, in seconds.
        seconds: f64,
        /// What ended it, if that was not an order.
        why: Option<String>,
    },
}

/// What the assistant is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The daemon is up.
    Started(Remembered),
    /// What the speech engine can speak; comes a moment after the start.
    Voices(Voices),
    /// Somebody wants a turn by other means than the voice.
    Trigger {
        /// What.
        trigger: Trigger,
        /// Which server; `None`: the first one.
        server: Option<ServerId>,
        /// Where the tape stands; `None` when there is none.
        at: Option<Position>,
    },
    /// Armed, and somebody speaks.
    Voice {
        /// Where the speech began.
        at: Position,
        /// The earliest place that may be used.
        earliest: Position,
    },
    /// Armed, and a wake word was heard.
    Wake {
        /// Which word, as the settings name it.
        word: String,
        /// How sure that is, 0 to 1.
        score: f32,
        /// The server that it opens; `None`: the first one.
        server: Option<ServerId>,
        /// The end of the sound with which it was decided.
        at: Position,
        /// Where the word is over: speech from here on is something else. Before or behind `at`.
        over: Position,
        /// Whether the device's own voice is not in that sound although it may be speaking.
        cancelled: bool,
    },
    /// Which wake words can't be listened for, if any, and why.
    WakeMissing(Option<Cause>),
    /// Somebody writes to a server instead of speaking. Answered by [`Effect::Answer`].
    Text {
        /// Who waits.
        request: RequestId,
        /// Which server; `None`: the first one.
        server: Option<ServerId>,
        /// What was written.
        text: String,
        /// Whether it is for the chatbot alone.
        chatbot: bool,
    },
    /// Somebody wants to dictate. Answered by [`Effect::Answer`].
    Dictate {
        /// Who waits.
        request: RequestId,
        /// Which server; `None`: the first one.
        server: Option<ServerId>,
        /// Where the tape stands; `None` when there is none.
        at: Option<Position>,
    },
    /// The person lets go: the dictation is over.
    Release {
        /// Where the tape stands; `None` when there is none.
        at: Option<Position>,
    },
    /// Somebody at the control socket wishes something. Answered by [`Effect::Answer`].
    Wish {
        /// Who waits.
        request: RequestId,
        /// What for.
        wish: Wish,
    },
    /// Something that was served has an outcome.
    Served {
        /// Which.
        service: ServiceId,
        /// What came of it.
        outcome: Outcome,
    },
    /// From the recorder.
    Recording(Recording),
    /// Somebody used a button.
    Button {
        /// How.
        gesture: Gesture,
        /// Which server it is for; `None`: the first one.
        server: Option<ServerId>,
        /// Where the tape stands; `None` when there is none.
        at: Option<Position>,
        /// When the contact closed for it: who presses may speak at once.
        pressed: Tick,
    },
    /// The person wants whatever runs to stop.
    Cancel,
    /// Close the microphone.
    Mute(By),
    /// Open it again.
    Unmute(By),
    /// The program is about to be replaced: a restart follows.
    Updating,
    /// Somebody measures the microphone from now on, or no more. Meanwhile neither speech nor a wake word
    /// opens a turn: it is for the meter.
    Measured(bool),
    /// Say this, outside any turn.
    Say(String),
    /// Let this be heard, outside any turn.
    Sound(Chime),
    /// Somebody began to speak in this opening of the microphone.
    SpeechStart(ListenId),
    /// The endpointer let go.
    Ended {
        /// Which opening.
        listen: ListenId,
        /// The moment of decision.
        at: Position,
        /// Why.
        why: Ending,
    },
    /// Samples arrive from a microphone that was opened.
    MicFlowing,
    /// The device is closed, by order.
    MicClosed,
    /// The microphone can't be opened or stopped delivering.
    MicLost(Cause),
    /// The open microphone hears nothing, for this cause; or does again.
    MicSilent(Option<Cause>),
    /// The loudspeaker is done with this.
    Played {
        /// Which.
        play: PlayNumber,
        /// How it ended.
        end: PlayEnd,
        /// How much was heard.
        heard: Duration,
    },
    /// The loudspeaker can't be opened or takes nothing, or there is no voice.
    OutputLost(Cause),
    /// It can again.
    OutputBack(&'static str),
    /// From a server's broker connection.
    Link(ServerId, LinkEvent),
    /// From a server's channel of sound.
    Channel(ServerId, ChannelEvent),
    /// What came of a server's request over HTTP.
    Fetched(ServerId, FetchId, Result<Fetched, String>),
    /// Encoded bytes lie ready. `last`: nothing more comes.
    UplinkReady {
        /// Which uplink.
        uplink: UplinkId,
        /// Sound in it, in samples.
        samples: u64,
        /// Whether it is complete.
        last: bool,
    },
    /// What became of bytes that were to be sent.
    Uplinked {
        /// Which uplink.
        uplink: UplinkId,
        /// Whether the connection took them.
        sent: bool,
        /// Sound in them, in samples.
        samples: u64,
        /// Whether nothing more comes of this uplink.
        last: bool,
    },
    /// Facts about the device that servers are told. Volume, mute, language and recording in it are ignored: the
    /// assistant knows better.
    Facts(DeviceFacts),
    /// A health token came back from hearing: did sound arrive since the last one?
    Token {
        /// Which.
        token: u64,
        /// Whether the capture thread delivered.
        flowing: bool,
    },
    /// Changed settings.
    Tuned(Tuning),
    /// Nothing but time.
    Tick,
}

/// What the assistant wants to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open (`true`) or close the capture device.
    Mic(bool),
    /// For hearing.
    Ear(EarCommand),
    /// Let this be heard.
    Play {
        /// Its number.
        play: PlayNumber,
        /// Which server asked for it; `None`: the device itself, or a person.
        server: Option<ServerId>,
        /// What.
        source: Source,
    },
    /// Stop it at once. `Played` follows.
    Flush(PlayNumber),
    /// For a server's broker connection.
    Link(ServerId, LinkAsk),
    /// Have a server's broker connection go there.
    Connect(ServerId, Box<Access>),
    /// For a server's channel of sound.
    Channel(ServerId, ChannelAsk),
    /// A request over HTTP; [`Event::Fetched`] follows.
    Fetch(ServerId, FetchId, Fetch),
    /// For a server's broker connection, never to be delivered later than this.
    Publish {
        /// To whom.
        server: ServerId,
        /// What and where.
        publication: Publication,
        /// From now on.
        expires: Duration,
    },
    /// Send the bytes that lie ready.
    Send {
        /// Which.
        uplink: UplinkId,
        /// To whom.
        server: ServerId,
        /// Where exactly.
        to: Delivery,
        /// Sound in it, in samples.
        samples: u64,
        /// Whether nothing more comes of this uplink.
        last: bool,
    },
    /// Throw away the bytes that lie ready.
    Discard(UplinkId),
    /// The light.
    Show(Scene),
    /// For `events`, counters and the log.
    Report(Option<ServerId>, Report),
    /// Keep this over a restart.
    Remember(Memory),
    /// This loudspeaker volume from now on, 0–100.
    Volume(u8),
    /// Speak this language from now on.
    Language(String),
    /// Record to a file whose name is made of this.
    Record(String),
    /// End the recording.
    RecordStop,
    /// Do what is asked outside the assistant; [`Event::Served`] follows.
    Serve {
        /// Its number.
        service: ServiceId,
        /// Which server wants it; `None`: a person.
        server: Option<ServerId>,
        /// What.
        wish: Wish,
    },
    /// For somebody at the control socket.
    Answer {
        /// Who waits.
        request: RequestId,
        /// What came of it.
        outcome: Outcome,
    },
    /// The service manager may be told that the device works, or is silent for a known reason.
    Ready,
    /// This token passed the whole chain: feed the watchdog.
    Healthy(u64),
}

/// Something to keep over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Who muted, if so.
    Muted(Option<By>),
    /// The loudspeaker volume.
    Volume(u8),
    /// The speech language.
    Language(String),
    /// What this server's dialogue gets back when it is made anew.
    Server(ServerId, Keepsake),
}
