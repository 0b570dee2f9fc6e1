//! One connection through the tunnel: a channel of the session on one side, a socket of this device on the other.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use nix::poll::PollFlags;

use super::TunnelCounters;
use super::buffer::Buffer;
use super::dial;
use super::libssh::{Channel, Session, Trouble, Waiting};

/// What a connection needs of the tunnel for one turn.
pub(super) struct Turn<'a> {
    pub(super) session: &'a Session,
    pub(super) counters: &'a TunnelCounters,
    pub(super) now: Instant,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Another turn may move more.
    pub(super) moved: bool,
    /// The local service has accepted.
    pub(super) served: bool,
    /// It has not, and why.
    pub(super) unserved: Option<io::Error>,
    /// The server does what it may not.
    pub(super) abuse: Option<&'static str>,
}

/// One direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Open,
    /// Its source has ended; bytes may be on their way.
    Ended,
    /// Its end was passed on.
    Passed,
}

/// The side of this device.
enum Local {
    Connecting { stream: TcpStream, until: Instant },
    Open(TcpStream),
    Gone,
}

/// The connection.
pub(super) struct Connection {
    channel: Channel,
    local: Local,
    to_device: Buffer,
    to_server: Buffer,
    /// From the server to the device.
    down: Way,
    /// From the device to the server.
    up: Way,
    /// What poll said: there may be something to read, and it takes nothing at the moment.
    readable: bool,
    full: bool,
    closing: bool,
    /// The server was told so.
    told: bool,
    closed: bool,
}

impl Connection {
    /// A channel that is to lead to `local`, which is being connected until that time; `None` only closes it.
    pub(super) fn new(channel: Channel, local: Option<(TcpStream, Instant)>) -> Self {
        let closing = local.is_none();
        Self {
            channel,
            local: local.map_or(Local::Gone, |(stream, until)| Local::Connecting { stream, until }),
            to_device: Buffer::default(),
            to_server: Buffer::default(),
            down: Way::Open,
            up: Way::Open,
            readable: true,
            full: false,
            closing,
            told: false,
            closed: false,
        }
    }

    /// Whether it counts as one of those that go on at once.
    pub(super) const fn is_live(&self) -> bool {
        !self.closing
    }

    /// Whether nothing is left of it.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// When it wants a turn without anything having happened.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.local {
            Local::Connecting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// What to wait for on this device. Nothing means nothing: a socket that is only asked for errors would report its
    /// end again and again.
    pub(super) fn interest(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let (stream, flags) = match &self.local {
            Local::Connecting { stream, .. } => (stream, PollFlags::POLLOUT),
            Local::Open(stream) => {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::POLLIN, self.up == Way::Open && self.to_server.has_space());
                flags.set(PollFlags::POLLOUT, self.full);
                (stream, flags)
            }
            Local::Gone => return None,
        };
        (!flags.is_empty()).then(|| (stream.as_fd(), flags))
    }

    /// Takes what poll said about [`Self::interest`].
    pub(super) fn ready(&mut self, flags: PollFlags) {
        let broken = flags.intersects(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL);
        self.readable |= broken || flags.contains(PollFlags::POLLIN);
        self.full &= !(broken || flags.contains(PollFlags::POLLOUT));
    }

    /// Moves what can be moved.
    pub(super) fn turn(&mut self, turn: &Turn<'_>) -> Progress {
        let mut progress = Progress::default();
        let result = if self.closing { self.close() } else { self.carry(turn, &mut progress) };
        match result {
            Ok(()) if !self.closing && self.is_over() => self.closing = true,
            Ok(()) => return progress,
            Err(Trouble::Broken) => (self.closed, self.closing) = (self.closing, true),
            Err(Trouble::Abuse(what)) => progress.abuse = Some(what),
        }
        progress.moved = true;
        progress
    }

    fn carry(&mut self, turn: &Turn<'_>, progress: &mut Progress) -> Result<(), Trouble> {
        if !self.connect(turn, progress) {
            return self.channel.waiting().map(drop);
        }
        self.receive(turn, progress)?;
        self.pass_down(progress);
        self.take_up(progress);
        self.send(turn, progress)
    }

    /// Whether the local side is there.
    fn connect(&mut self, turn: &Turn<'_>, progress: &mut Progress) -> bool {
        let (stream, until) = match std::mem::replace(&mut self.local, Local::Gone) {
            Local::Connecting { stream, until } => (stream, until),
            other => {
                self.local = other;
                return !self.closing;
            }
        };
        match dial::outcome(&stream) {
            Ok(true) => {
                self.local = Local::Open(stream);
                (progress.moved, progress.served) = (true, true);
            }
            Ok(false) if turn.now < until => self.local = Local::Connecting { stream, until },
            Ok(false) => progress.unserved = Some(ErrorKind::TimedOut.into()),
            Err(error) => progress.unserved = Some(error),
        }
        self.closing |= progress.unserved.is_some();
        progress.served
    }

    /// From the channel. What does not fit stays there, and the server stops when its window is full.
    fn receive(&mut self, turn: &Turn<'_>, progress: &mut Progress) -> Result<(), Trouble> {
        let waiting = self.channel.waiting()?;
        if self.down != Way::Open || !self.to_device.has_space() {
            return Ok(());
        }
        match waiting {
            Waiting::Bytes(0) => return Ok(()),
            Waiting::Bytes(_) => {
                let count = self.channel.read(self.to_device.space())?;
                self.to_device.filled(count);
                turn.counters.received(count);
            }
            Waiting::End => self.down = Way::Ended,
        }
        progress.moved = true;
        Ok(())
    }

    /// To the local service. One that takes no more may still have something to say: only this direction ends.
    fn pass_down(&mut self, progress: &mut Progress) {
        let Local::Open(stream) = &mut self.local else { return };
        while !self.full && !self.to_device.is_empty() {
            match stream.write(self.to_device.front()) {
                Ok(count) => {
                    self.to_device.taken(count);
                    progress.moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.full = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    (self.to_device, self.down) = (Buffer::default(), Way::Passed);
                    self.readable = true;
                    return;
                }
            }
        }
        if self.down == Way::Ended && self.to_device.is_empty() {
            // It fails if the service has closed: then it need not be told.
            let _ = stream.shutdown(Shutdown::Write);
            self.down = Way::Passed;
        }
    }

    /// From the local service. What it said before it broke is passed on.
    fn take_up(&mut self, progress: &mut Progress) {
        let Local::Open(stream) = &mut self.local else { return };
        if self.up != Way::Open || !self.readable || !self.to_server.has_space() {
            return;
        }
        match stream.read(self.to_server.space()) {
            Ok(0) => self.up = Way::Ended,
            Ok(count) => self.to_server.filled(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                return;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => (self.up, self.down) = (Way::Ended, Way::Passed),
        }
        progress.moved = true;
    }

    /// Into the channel, while the socket to the server takes what comes out of it.
    fn send(&mut self, turn: &Turn<'_>, progress: &mut Progress) -> Result<(), Trouble> {
        if self.channel.is_closed() {
            // Nobody is there to hear it, but what came before is still passed on to the device.
            (self.to_server, self.up) = (Buffer::default(), Way::Passed);
        }
        if !self.to_server.is_empty() && !turn.session.wants_to_write() {
            let count = self.channel.write(self.to_server.front())?;
            self.to_server.taken(count);
            turn.counters.sent(count);
            progress.moved |= count > 0;
        }
        if self.up == Way::Ended && self.to_server.is_empty() {
            self.channel.send_end()?;
            self.up = Way::Passed;
            progress.moved = true;
        }
        Ok(())
    }

    /// Whether both directions have ended. The device must not wait for a server that has closed, see [`Self::send`].
    fn is_over(&self) -> bool {
        self.down == Way::Passed && self.up == Way::Passed
    }

    fn close(&mut self) -> Result<(), Trouble> {
        self.local = Local::Gone;
        if !std::mem::replace(&mut self.told, true) {
            self.channel.close()?;
        }
        self.closed = self.channel.is_closed();
        self.channel.waiting().map(drop)
    }
}
