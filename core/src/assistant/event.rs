//! What comes into the assistant and what goes out, as plain data.

use std::time::Duration;

use crate::assistant::cause::Cause;
use crate::assistant::report::Report;
use crate::assistant::shown::State;
use crate::audio::Position;
use crate::dialogue::{Delivery, DeviceFacts, PlayEnd, Source, Trigger};
use crate::hearing::{EarCommand, Ending, Limits, ListenId, UplinkId};
use crate::link::{LinkAsk, LinkEvent};

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

/// What the settings say about the conversation; may change while the daemon runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Whether any speech opens a turn.
    pub voice_trigger: bool,
    /// How far before the trigger the tape is used.
    pub preroll: Duration,
    /// Whether the device makes sounds of its own.
    pub sounds: bool,
    /// When the endpointer lets go.
    pub limits: Limits,
}

/// What the assistant is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The daemon is up. `muted` is what was remembered.
    Started {
        /// Who had muted, if so.
        muted: Option<By>,
    },
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
    /// The person wants whatever runs to stop.
    Cancel,
    /// Close the microphone.
    Mute(By),
    /// Open it again.
    Unmute(By),
    /// Say this, outside any turn.
    Say(String),
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
    /// The microphone can't be opened or stopped delivering.
    MicLost(Cause),
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
    },
    /// Facts about the device that servers are told; `muted` in it is ignored, the assistant knows better.
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
        /// What.
        source: Source,
    },
    /// Stop it at once. `Played` follows.
    Flush(PlayNumber),
    /// For a server's broker connection.
    Link(ServerId, LinkAsk),
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
    },
    /// Throw away the bytes that lie ready.
    Discard(UplinkId),
    /// The light.
    Show(State),
    /// For `events`, counters and the log.
    Report(Option<ServerId>, Report),
    /// Keep this over a restart.
    RememberMute(Option<By>),
    /// The service manager may be told that the device works, or is silent for a known reason.
    Ready,
    /// This token passed the whole chain: feed the watchdog.
    Healthy(u64),
}
