//! A channel of encrypted sound beside the messages of a server, as data: what a dialogue asks of it and what comes
//! back. The sound itself never travels here: frames go from the tape to the socket, and datagrams from the socket
//! through a buffer to the loudspeaker.

use core::net::IpAddr;
use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

/// Where the sound of one session goes, and how it is sealed. Comes from the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// A host name or an address.
    pub server: String,
    /// UDP port, never 0.
    pub port: u16,
    /// The key of AES-128.
    pub key: Zeroizing<[u8; 16]>,
    /// The template of each datagram's header.
    pub nonce: [u8; 16],
    /// Length of the frames that are sent: 20, 40 or 60 ms.
    pub frame: Duration,
    /// The server cancels the echo: each packet tells it what was played while its sound was caught.
    pub server_cancels: bool,
    /// What comes is not Opus but raw 16 kHz mono s16le.
    pub raw: bool,
    /// What opens the channel instead of a frame of silence: this text, sealed as a packet is.
    pub greeting: Option<String>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = if self.server_cancels { ", told what is played" } else { "" };
        write!(f, "{}:{}, frames of {} ms{told}", self.server, self.port, self.frame.as_millis())
    }
}

/// What a dialogue asks of its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelAsk {
    /// A new socket for this session; one that is still open is closed. As soon as it stands it sends its greeting, since
    /// the server learns only from a datagram where its own have to go. Answered by [`ChannelEvent::Opened`] or
    /// [`ChannelEvent::Failed`]. What arrives is held.
    Open(Session),
    /// One frame of silence: the way back through a router stays open.
    Silence,
    /// What arrives from now on is kept until it is played, up to 1 s of it, the oldest goes first.
    Hold,
    /// What arrives from now on, and what is held, is thrown away.
    Discard,
    /// The server has sent all: what comes within the next 300 ms still counts, then the sound that plays ends with what
    /// is there.
    Drain,
    /// The session is over.
    Close,
}

/// What a channel tells its dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelEvent {
    /// The socket stands and the greeting is on its way.
    Opened {
        /// Where to.
        to: IpAddr,
    },
    /// It could not be opened, or the system refuses to send; why.
    Failed(String),
    /// The first good datagram since the channel was opened, held, discarded or drained.
    Arrived,
}
