//! A dialogue: how one kind of server holds a turn. The assistant knows this trait and no protocol.
//!
//! The dialogue asks for the microphone and the loudspeaker; the assistant decides whether it gets them. Both sides
//! speak in data: the assistant calls [`Dialogue::handle`] with what happened and drains [`Dialogue::poll`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::assistant::cause::Cause;
use crate::assistant::report::Report;
use crate::assistant::shown::Mood;
use crate::audio::Position;
use crate::audio::chime::Chime;
use crate::channel::{ChannelAsk, ChannelEvent};
use crate::fetch::{Fetch, FetchId, Fetched};
use crate::hearing::{Encoding, Ending, Limits, Start, UplinkId};
use crate::link::{Access, LinkAsk, LinkEvent, Publication, Qos};
use crate::sentences::Sentence;
use crate::time::Tick;
use crate::wish::{Outcome, Wish, WishId};

mod facts;
pub mod linto;
mod outbox;
#[cfg(test)]
mod timed;
pub mod xiaozhi;

pub use self::facts::{DeviceFacts, Interface, MeetingFacts};

/// A thing to play, named by whoever asked for it. Unique within one dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u64);

/// What opened a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Any speech.
    Voice,
    /// A wake word.
    Wake,
    /// `auricle listen`.
    Listen,
    /// A button.
    Button,
    /// `auricle dictate`: the server writes down what is said, until the person lets go.
    Dictate,
}

/// Who says that an utterance is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The endpointer of this device.
    Local(Limits),
    /// The server; the device only caps the whole turn.
    Remote {
        /// The longest time that the microphone stays open without a word from the server.
        cap: Duration,
        /// If nobody speaks for so long from the beginning, the dialogue is told, as it is told of the end of speech by
        /// an endpointer: with [`Ending::NoSpeech`], once.
        quiet: Option<Duration>,
    },
    /// The person: a button held, a command.
    Manual {
        /// The longest time that the microphone stays open.
        cap: Duration,
    },
}

/// Whose sound it is. The classes decide who waits for whom, see [`crate::assistant::speaker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The device's own: sounds, apologies.
    Local,
    /// The answer within a turn.
    Conversation,
    /// Said by a server or a person outside a turn.
    Announcement,
    /// A base's own sound: it starts at once or is refused at once.
    Base,
}

/// What is to be heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Text, spoken in the speech language.
    Text(String),
    /// A sentence of the device's own, in the speech language.
    Sentence(Sentence),
    /// A generated sound.
    Chime(Chime),
    /// Sound that came in a message.
    File(WavFile),
    /// Sound that arrives from the server under this number, beside the events.
    Stream(u64),
}

/// A WAV file that was checked: it can be played.
#[derive(Clone, PartialEq, Eq)]
pub struct WavFile(pub Arc<[u8]>);

impl fmt::Debug for WavFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// What happened to something that was to be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayEnd {
    /// The last sample has left the loudspeaker.
    Finished,
    /// It was stopped on request.
    Flushed,
    /// There was no loudspeaker or no voice.
    Failed,
}

/// What a dialogue is told.
#[derive(Clone, Debug, PartialEq)]
pub enum DialogueEvent {
    /// Somebody wants a turn. The dialogue takes it with [`Ask::Mic`] or refuses it with [`Ask::Done`].
    Open {
        /// What opened it.
        trigger: Trigger,
        /// Where on the tape the utterance begins.
        from: Start,
    },
    /// Somebody writes instead of speaking. The dialogue takes or refuses it with [`Ask::Taken`]; a turn runs until
    /// [`Ask::Done`].
    Text {
        /// What was written.
        text: String,
        /// Whether it is for the chatbot alone.
        chatbot: bool,
    },
    /// The person lets go: what was said until then is all.
    Release {
        /// Where the tape stood; `None` when there is none.
        at: Option<Position>,
    },
    /// The endpointer let go; where the server ends the utterance, only because nobody spoke.
    EndOfSpeech {
        /// The moment of decision.
        at: Position,
        /// Why.
        why: Ending,
    },
    /// The turn is over by order: the person cancelled, muted, or the microphone is gone.
    Cancel,
    /// Somebody wants to speak while this dialogue speaks.
    BargeIn {
        /// Whether a wake word said so.
        wake: bool,
    },
    /// Something that it asked to play ended.
    Played {
        /// Which.
        id: PlayId,
        /// How.
        end: PlayEnd,
        /// Milliseconds that were heard.
        heard: Duration,
    },
    /// Something that it asked to play can't be played now.
    Refused {
        /// Which.
        id: PlayId,
    },
    /// From its broker connection.
    Link(LinkEvent),
    /// From its channel of sound.
    Channel(ChannelEvent),
    /// What came of a request over HTTP, or why nothing did.
    Fetched {
        /// Which.
        id: FetchId,
        /// What.
        outcome: Result<Fetched, String>,
    },
    /// An uplink, or a chunk of one, was handed to the connection.
    Uplinked {
        /// Which.
        uplink: UplinkId,
        /// Whether the connection took it.
        sent: bool,
        /// Samples of sound in it.
        samples: u64,
        /// Whether nothing more comes of this uplink.
        last: bool,
    },
    /// What came of a wish.
    Wished {
        /// Which.
        id: WishId,
        /// What.
        outcome: Outcome,
    },
    /// A recording began or ended.
    Recording(bool),
    /// What servers are told about the device; comes at the start and whenever something in it changed.
    Device(DeviceFacts),
    /// From the next opening of the microphone on, the endpointer shall let go like this.
    Limits(Limits),
    /// Its own deadline has come.
    Deadline,
}

/// What a dialogue wants to find again after a restart, in a form of its own. May hold a password, so it is never
/// printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keepsake(pub Zeroizing<String>);

impl fmt::Debug for Keepsake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// What the assistant shows while a turn runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// On the way to the server.
    Connecting,
    /// The microphone is open for the person.
    Listening,
    /// The server thinks.
    Waiting,
}

/// What a dialogue asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// The microphone. Granted only to the dialogue that holds the turn, or if no turn runs.
    Mic {
        /// Where the utterance begins.
        from: Start,
        /// Who says that it is over.
        end: End,
        /// Whether the microphone stays open while the loudspeaker plays (full duplex).
        while_speaking: bool,
    },
    /// The microphone is no longer needed.
    MicStop,
    /// Begin to encode the tape.
    UplinkStart {
        /// Unique within the dialogue.
        uplink: UplinkId,
        /// Where it begins.
        from: Start,
        /// The form.
        encoding: Encoding,
        /// Where the bytes go.
        to: Delivery,
    },
    /// Encode up to here and send.
    UplinkFinish {
        /// Which.
        uplink: UplinkId,
        /// The first sample that no longer belongs to it.
        to: Position,
    },
    /// Forget it.
    UplinkAbort {
        /// Which.
        uplink: UplinkId,
    },
    /// Be heard.
    Play {
        /// Unique within the dialogue.
        id: PlayId,
        /// Who waits for whom.
        class: Class,
        /// What.
        source: Source,
    },
    /// Stop it, or take it out of the queue. Touches nothing else.
    Flush {
        /// Which.
        id: PlayId,
    },
    /// Gate the triggers: as long as one reason is off, nothing opens a turn.
    WakeGate {
        /// The reason.
        reason: &'static str,
        /// On: this reason no longer stands in the way.
        on: bool,
    },
    /// What the turn is doing.
    Shown(Shown),
    /// What was written or is to be dictated is taken, under this id; or why not.
    Taken(Result<String, String>),
    /// Something for the device to do beside the conversation; answered by [`DialogueEvent::Wished`].
    Wish {
        /// Unique within the dialogue.
        id: WishId,
        /// What.
        wish: Wish,
    },
    /// The turn is over, or was refused.
    Done,
    /// A message for its broker connection that is never delivered later than this.
    Send {
        /// What and where.
        publication: Publication,
        /// From now on.
        expires: Duration,
    },
    /// For its broker connection.
    Link(LinkAsk),
    /// Have a connection to this broker from now on; another one ends. Asked again with the same access, nothing
    /// changes. For protocols whose server tells where the broker is.
    Connect(Box<Access>),
    /// For its channel of sound.
    Channel(ChannelAsk),
    /// A request over HTTP; answered by [`DialogueEvent::Fetched`].
    Fetch {
        /// Unique within the dialogue.
        id: FetchId,
        /// What.
        fetch: Fetch,
    },
    /// The connection is usable: subscribed and announced. Or no longer.
    LinkUp(bool),
    /// Something is wrong with this server.
    Cause(Cause),
    /// It no longer is. Only the code of the cause counts.
    Clear(&'static str),
    /// How the answer is meant that is spoken now, for the lights; forgotten at the end of the turn.
    Mood(Mood),
    /// To be found again after a restart, in place of what was kept before.
    Remember(Keepsake),
    /// For `events`, counters and the log.
    Report(Report),
}

/// Where an uplink goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Into messages.
    Message {
        /// The topic.
        topic: String,
        /// Delivery guarantee.
        qos: Qos,
        /// Never delivered later than this after it was handed over.
        expires: Duration,
    },
    /// Into the channel of sound.
    Channel,
}

impl Delivery {
    /// The same when so much of its time has passed.
    #[must_use]
    pub fn after(mut self, waited: Duration) -> Self {
        if let Self::Message { expires, .. } = &mut self {
            *expires = expires.saturating_sub(waited);
        }
        self
    }
}

/// One kind of server's way of holding a turn.
pub trait Dialogue {
    /// Something happened.
    fn handle(&mut self, now: Tick, event: DialogueEvent);

    /// The next thing to do, until `None`.
    fn poll(&mut self) -> Option<Ask>;

    /// When to call [`DialogueEvent::Deadline`] at the latest.
    fn deadline(&self) -> Option<Tick>;

    /// Whether a conversation runs into which somebody may also write: a text is handed to it as it is. Else the turn that
    /// runs has to give way to a text first.
    fn converses(&self) -> bool {
        false
    }

    /// Whether anybody behind the connection has answered since it stands. False for kinds that can't tell.
    fn answered(&self) -> bool {
        false
    }
}
