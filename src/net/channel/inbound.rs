//! The way down: datagrams are checked and opened.

use std::io;
use std::sync::Arc;

use auricle_core::channel::Session;
use auricle_core::protocol::xiaozhi::datagram::{HEADER, Label, Opener, PACKET_LIMIT, Refusal};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::counters::{ChannelCounters, count};

/// The longest datagram.
const LONGEST: usize = HEADER + PACKET_LIMIT;

/// Datagrams at one look. Others wait, so that a flood of them does not keep everybody else from his turn.
const AT_ONCE: usize = 32;

/// The end of a channel that receives.
pub struct Inbound {
    socket: Arc<UdpSocket>,
    opener: Opener,
    /// One byte longer than what is taken, so that what is cut off is seen.
    datagram: Box<[u8]>,
    packet: Vec<u8>,
    counters: Arc<ChannelCounters>,
}

impl Inbound {
    pub(super) fn new(socket: Arc<UdpSocket>, session: &Session, counters: Arc<ChannelCounters>) -> Self {
        let opener = Opener::new(&session.key);
        let datagram = vec![0; LONGEST + 1].into_boxed_slice();
        Self { socket, opener, datagram, packet: Vec::new(), counters }
    }

    /// Waits until there may be something to take.
    ///
    /// # Errors
    /// The runtime ends.
    pub async fn ready(&self) -> io::Result<()> {
        self.socket.ready(Interest::READABLE | Interest::ERROR).await.map(drop)
    }

    /// Hands what is there to `each`, with what its header says; at most 32 datagrams, whether they are of use or not.
    ///
    /// # Errors
    /// Nobody listens at the server. It is told once for each time that the network said so.
    pub fn take(&mut self, mut each: impl FnMut(Label, &[u8])) -> io::Result<()> {
        if let Some(error) = self.trouble() {
            count(&self.counters.errors);
            return Err(error);
        }
        for _ in 0..AT_ONCE {
            match self.socket.try_recv(&mut self.datagram) {
                Ok(length) => self.open(length, &mut each),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    count(&self.counters.errors);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The server is about to speak: should it count anew, it is believed.
    pub fn turn_began(&mut self) {
        self.opener.turn_began();
    }

    /// What the network said since the last look; a datagram that comes does not tell of it.
    fn trouble(&self) -> Option<io::Error> {
        let look = || self.socket.take_error()?.ok_or_else(|| io::ErrorKind::WouldBlock.into());
        self.socket.try_io(Interest::ERROR, look).ok()
    }

    fn open(&mut self, length: usize, each: &mut impl FnMut(Label, &[u8])) {
        if length > LONGEST {
            return count(&self.counters.refused);
        }
        match self.opener.open(&self.datagram[..length], &mut self.packet) {
            Ok(label) => each(label, &self.packet),
            Err(Refusal::Replayed) => count(&self.counters.repeated),
            Err(_) => count(&self.counters.refused),
        }
    }
}
