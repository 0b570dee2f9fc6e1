//! The way up: packets are sealed and sent in the moment in which they are there.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use auricle_core::channel::Session;
use auricle_core::protocol::xiaozhi::datagram::{Label, Sealer};
use auricle_core::time::Tick;
use tokio::net::UdpSocket;

use super::counters::{ChannelCounters, count};

/// The end of a channel that sends.
pub struct Outbound {
    socket: Arc<UdpSocket>,
    sealer: Sealer,
    opened: Instant,
    /// One frame of it.
    silence: Vec<u8>,
    datagram: Vec<u8>,
    counters: Arc<ChannelCounters>,
}

impl Outbound {
    pub(super) fn new(
        socket: Arc<UdpSocket>,
        session: &Session,
        silence: Vec<u8>,
        counters: Arc<ChannelCounters>,
    ) -> Self {
        let sealer = match session.server_cancels {
            true => Sealer::telling_what_is_played(&session.key, &session.nonce),
            false => Sealer::new(&session.key, &session.nonce),
        };
        Self { socket, sealer, opened: Instant::now(), silence, datagram: Vec::new(), counters }
    }

    /// Where it sends to.
    #[must_use]
    pub fn to(&self) -> Option<IpAddr> {
        self.socket.peer_addr().ok().map(|peer| peer.ip())
    }

    /// The port from which it sends.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.socket.local_addr().ok().map(|own| own.port())
    }

    /// Sends one packet of sound. False: the system has no room for it now, and it is dropped.
    ///
    /// # Errors
    /// Nobody listens there, or nothing can be sent. The next packet may go through all the same.
    pub fn send(&mut self, packet: &[u8]) -> io::Result<bool> {
        self.send_while(None, packet)
    }

    /// The same; the loudspeaker played the packet `played` when the end of this one was caught. Only a server that
    /// cancels the echo is told.
    ///
    /// # Errors
    /// As [`Outbound::send`].
    pub fn send_while(&mut self, played: Option<Label>, packet: &[u8]) -> io::Result<bool> {
        self.sealer.seal_while(played, Tick::ZERO + self.opened.elapsed(), packet, &mut self.datagram);
        match self.socket.try_send(&self.datagram) {
            Ok(_) => {
                count(&self.counters.sent);
                if played.is_some_and(|played| self.names(played)) {
                    count(&self.counters.over_playback);
                }
                Ok(true)
            }
            Err(error) if is_full(&error) => {
                count(&self.counters.unsent);
                Ok(false)
            }
            Err(error) => {
                count(&self.counters.errors);
                Err(error)
            }
        }
    }

    /// Whether the datagram tells the server that this was played. Not if its timestamps are not the device's to choose.
    fn names(&self, played: Label) -> bool {
        played.timestamp != 0 && self.datagram.get(8..12) == Some(&played.timestamp.to_be_bytes())
    }

    /// Sends one frame of silence.
    ///
    /// # Errors
    /// As [`Outbound::send`].
    pub fn silence(&mut self) -> io::Result<bool> {
        let silence = std::mem::take(&mut self.silence);
        let sent = self.send(&silence);
        self.silence = silence;
        sent
    }

    /// The first datagram: a frame of silence, or the text that a server wants in its place.
    pub(super) fn greet(&mut self, text: Option<&str>) -> io::Result<bool> {
        match text {
            Some(text) => self.send(text.as_bytes()),
            None => self.silence(),
        }
    }
}

/// Whether the system only has no room at the moment: in the socket's buffer, or in the one of the network device.
fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}
