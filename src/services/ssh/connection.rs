//! One connection through the tunnel: a channel of the session on one side, a socket of this device on the other.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use nix::poll::PollFlags;
use ssh2::{Channel, Session};

use super::TunnelCounters;
use super::buffer::Buffer;
use super::dial;
use super::watch::is_stuck;

/// What a connection needs of the tunnel for one turn.
pub(super) struct Turn<'a> {
    pub(super) session: &'a Session,
    pub(super) counters: &'a TunnelCounters,
    /// Whether the socket to the server surely takes a small packet whole. libssh2 can't finish some of its small
    /// packets later, so they are not begun without.
    pub(super) room: &'a dyn Fn() -> bool,
    pub(super) now: Instant,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Another turn may move more.
    pub(super) moved: bool,
    /// libssh2 has a packet that the socket did not take whole, or waits for room for one.
    pub(super) stuck: bool,
    /// The local service has accepted.
    pub(super) served: bool,
    /// It has not, and why.
    pub(super) unserved: Option<io::Error>,
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
    /// An operation that libssh2 may have done half, and that must be done before the channel is closed.
    half: Option<Half>,
    closing: bool,
    closed: bool,
}

#[derive(Clone, Copy)]
enum Half {
    Read,
    Write,
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
            half: None,
            closing,
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
        if self.connect(turn, &mut progress) {
            let result = self.receive(turn, &mut progress).and_then(|()| {
                self.pass_down(&mut progress);
                self.take_up(&mut progress);
                self.send(turn, &mut progress)
            });
            if result.is_err() || self.is_over() {
                self.closing = true;
            }
        }
        if self.closing {
            self.close(turn, &mut progress);
        }
        progress
    }

    /// Whether libssh2 holds something for it that a turn would move. Does not touch the socket.
    pub(super) fn has_more(&self) -> bool {
        if self.closing || !matches!(self.local, Local::Open(_)) {
            return false;
        }
        let down = self.down == Way::Open
            && self.to_device.has_space()
            && (self.channel.read_window().available > 0 || self.channel.eof());
        let up =
            if self.to_server.is_empty() { self.up == Way::Ended } else { self.channel.write_window().remaining > 0 };
        down || up
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

    /// From the channel.
    fn receive(&mut self, turn: &Turn<'_>, progress: &mut Progress) -> io::Result<()> {
        if self.down != Way::Open || !self.to_device.has_space() {
            return Ok(());
        }
        match self.channel.read(self.to_device.space()) {
            Ok(0) => {
                self.down = Way::Ended;
                progress.moved = true;
            }
            Ok(count) => {
                self.to_device.filled(count);
                turn.counters.received(count);
                progress.moved = true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return self.note(Half::Read, turn, progress),
            Err(error) => return Err(error),
        }
        self.half = None;
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

    /// Into the channel.
    fn send(&mut self, turn: &Turn<'_>, progress: &mut Progress) -> io::Result<()> {
        while !self.to_server.is_empty() {
            match self.channel.write(self.to_server.front()) {
                Ok(0) => break,
                Ok(count) => {
                    self.to_server.taken(count);
                    turn.counters.sent(count);
                    self.half = None;
                    progress.moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return self.note(Half::Write, turn, progress),
                Err(error) => return Err(error),
            }
        }
        if self.up == Way::Ended && self.to_server.is_empty() {
            self.send_end(turn, progress)?;
        }
        Ok(())
    }

    fn send_end(&mut self, turn: &Turn<'_>, progress: &mut Progress) -> io::Result<()> {
        if !(turn.room)() {
            progress.stuck = true;
            return Ok(());
        }
        match self.channel.send_eof().map_err(io::Error::from) {
            Ok(()) => {
                self.up = Way::Passed;
                progress.moved = true;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// libssh2 could not finish.
    fn note(&mut self, half: Half, turn: &Turn<'_>, progress: &mut Progress) -> io::Result<()> {
        if is_stuck(turn.session) {
            progress.stuck = true;
            self.half = Some(half);
        }
        Ok(())
    }

    /// Whether both directions have ended, or the server has closed a channel whose end it had told before: then it
    /// takes nothing any more, and the device must not wait until it does.
    fn is_over(&mut self) -> bool {
        self.down == Way::Passed && (self.up == Way::Passed || self.channel.wait_close().is_ok())
    }

    fn close(&mut self, turn: &Turn<'_>, progress: &mut Progress) {
        self.local = Local::Gone;
        if let Some(half) = self.half.take() {
            let mut rest = [0; 1024];
            let result = match half {
                Half::Read => self.channel.read(&mut rest),
                Half::Write => self.channel.write(self.to_server.front()),
            };
            if result.is_err_and(|error| error.kind() == ErrorKind::WouldBlock) && is_stuck(turn.session) {
                (self.half, progress.stuck) = (Some(half), true);
                return;
            }
        }
        if !(turn.room)() {
            progress.stuck = true;
            return;
        }
        // Ends once the server has closed it too.
        let result = self.channel.close().map_err(io::Error::from);
        self.closed = !result.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        progress.moved |= self.closed;
    }
}
