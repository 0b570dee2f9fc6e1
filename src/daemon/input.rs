//! Everything that reaches the control thread, in one queue.

use auricle_core::assistant::event::{PlayNumber, ServerId, ServiceId};
use auricle_core::fetch::{FetchId, Fetched};
use auricle_core::frontend::DeviceTime;
use auricle_core::hearing::EarEvent;
use auricle_core::link::LinkEvent;
use auricle_core::voices::Voices;
use auricle_core::wish::Outcome;

use super::channel::Notice;
use crate::control::Request;
use crate::device::pins::PinError;
use crate::services::recorder::RecorderNotice;
use crate::services::ssh::TunnelNotice;
use crate::services::tts::TtsError;
use crate::sound::mixer::MixerError;
use crate::sound::{MicNotice, SpeakerNotice};

/// How many inputs may wait for the control thread.
pub const INBOX: usize = 512;

/// From the hearing thread.
#[derive(Debug)]
pub enum Heard {
    /// Of the ear.
    Ear(EarEvent),
    /// Part of an uplink.
    Part {
        /// As the ear told it.
        event: EarEvent,
        /// When the last of its sound was in the air, if that is known.
        caught: Option<DeviceTime>,
        /// When the microphone delivered that, if it was just now.
        fresh: Option<DeviceTime>,
    },
    /// The first samples of a card that was opened, or of one that was stuck.
    Flowing,
    /// An open card has delivered nothing for a second.
    Stalled,
    /// An open card has delivered nothing but this value for long.
    Silent(i16),
    /// It delivers sound again.
    Hears,
    /// The card delivers something that can't be used with these settings.
    Unusable(String),
    /// Somebody who listened does so no more.
    Unlistened,
    /// A health token on its way back.
    Token {
        /// Which.
        token: u64,
        /// Whether the capture thread delivered since the last one.
        flowing: bool,
    },
}

/// Something for the control thread.
pub enum Input {
    /// From hearing.
    Heard(Heard),
    /// From the microphone's thread.
    Mic(MicNotice),
    /// From the loudspeaker's thread.
    Speaker(SpeakerNotice),
    /// From the broker connection of a server that has this number; an older one's is smaller.
    Link(ServerId, u64, LinkEvent),
    /// From a channel of sound.
    Channel {
        /// Whose.
        server: ServerId,
        /// The how many-th session it is.
        opening: u64,
        /// What.
        notice: Notice,
    },
    /// What came of a server's request over HTTP.
    Fetched(ServerId, FetchId, Result<Fetched, String>),
    /// A sound could not be made; a mere tone is heard instead.
    Voiceless(PlayNumber, TtsError),
    /// A sound was made to its end.
    Voiced(PlayNumber),
    /// What the speech engine can speak, or why that is not known.
    Voices(Result<Voices, TtsError>),
    /// A program has ended, or something else that was to be served.
    Served(ServiceId, Outcome),
    /// From the tunnel with this number.
    Tunnel(u64, TunnelNotice),
    /// From the recorder.
    Recorder(RecorderNotice),
    /// What the card's volume control is at now, in percent.
    Mixer(Result<u8, MixerError>),
    /// Something waits in the queue of a button's pin.
    Pin,
    /// The lights failed, in this opening of them.
    Lights(u64, PinError),
    /// From the control socket.
    Request(Request),
    /// Read the settings again.
    Reload,
    /// Stop.
    Stop,
}
