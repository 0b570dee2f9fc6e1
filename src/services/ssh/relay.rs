//! The standing tunnel: all connections, one session, one `poll`.

use std::convert::Infallible;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ssh2::{Channel, Listener, Session};
use tracing::debug;

use super::connection::{Connection, Progress, Turn};
use super::life::Notify;
use super::pulse::Pulse;
use super::watch::{directions, is_stuck, wait, would_block};
use super::{Ending, Limits, Order, SshError, TunnelCounters, TunnelNotice, dial};

/// While the two sides exchange new keys, libssh2 does not tell what it waits for: it is tried again this often.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// A server that opens connections and never lets one be closed is not worth more memory than for this many of them.
const MOST_CLOSING: usize = 64;

/// A server that listens for us.
pub(super) struct Forward<'a> {
    pub(super) session: Session,
    pub(super) listener: Listener,
    pub(super) stream: &'a TcpStream,
    /// Address and port, for messages.
    pub(super) server: String,
}

/// What is beside the session.
pub(super) struct Surroundings<'a> {
    pub(super) local_port: u16,
    pub(super) limits: &'a Limits,
    pub(super) order: &'a Order,
    pub(super) counters: &'a TunnelCounters,
    pub(super) notify: &'a Notify,
}

/// The tunnel.
pub(super) struct Relay<'a> {
    // Dropped in this order: libssh2 frees the channels before the session.
    connections: Vec<Connection>,
    forward: Forward<'a>,
    around: Surroundings<'a>,
    pulse: Pulse,
    /// Unfinished business keeps libssh2 from sending: wait for the socket to take more.
    stuck: bool,
    /// That nothing listens here was told, and has not changed since.
    told: bool,
}

impl<'a> Relay<'a> {
    pub(super) fn new(forward: Forward<'a>, around: Surroundings<'a>) -> Self {
        // How often is the pulse's business; libssh2 only has to be willing. It wants an answer to each.
        forward.session.set_keepalive(true, 2);
        let pulse = Pulse::new(around.limits.keep_alive, around.limits.unanswered, Instant::now());
        Self { connections: Vec::new(), forward, around, pulse, stuck: false, told: false }
    }

    /// Carries connections until something ends the tunnel.
    pub(super) fn carry(mut self, time_limit: Duration) -> Result<Infallible, Ending> {
        let result = self.run(time_limit);
        if matches!(result, Err(Ending::Stopped | Ending::TimeLimit)) && self.room() {
            // The server need not wait for a time-out to free its port.
            let _ = self.forward.session.disconnect(None, "the tunnel was closed", None);
        }
        // Before libssh2 frees its parts: it would wait for the server to agree to each.
        let _ = self.forward.stream.shutdown(Shutdown::Both);
        result
    }

    fn run(&mut self, time_limit: Duration) -> Result<Infallible, Ending> {
        let until = Instant::now().checked_add(time_limit);
        let mut quiet = 0;
        loop {
            let now = Instant::now();
            if until.is_some_and(|until| now >= until) {
                return Err(Ending::TimeLimit);
            }
            let moved = self.pass(now)?;
            // Right before the poll: an answer that a turn takes in along with something else is not seen.
            self.beat(now)?;
            // What was read along with something else is not announced by `poll`; it is asked for here. If a second
            // turn does not get it either, new keys are being exchanged.
            let more = !moved && !self.stuck && self.connections.iter().any(Connection::has_more);
            quiet = if moved { 0 } else { quiet + 1 };
            let longest = match (moved || (more && quiet < 2), more) {
                (true, _) => Duration::ZERO,
                (false, true) => TRY_AGAIN,
                (false, false) => self.next_event(until).saturating_duration_since(Instant::now()),
            };
            self.sleep(longest)?;
        }
    }

    /// A turn for everybody. True if something moved.
    fn pass(&mut self, now: Instant) -> Result<bool, Ending> {
        self.stuck = false;
        let mut moved = false;
        let received = self.around.counters.to_device();
        for index in 0..self.connections.len() {
            let room = || has_room(self.forward.stream);
            let turn = Turn { session: &self.forward.session, counters: self.around.counters, room: &room, now };
            let progress = self.connections[index].turn(&turn);
            moved |= progress.moved;
            self.stuck |= progress.stuck;
            self.tell(progress);
        }
        self.connections.retain(|connection| !connection.is_closed());
        if self.around.counters.to_device() > received {
            self.pulse.heard(now);
        }
        // Last, because it takes everything in that has come, whomever it is for.
        moved |= self.accept(now)?;
        self.stuck |= is_stuck(&self.forward.session);
        Ok(moved)
    }

    fn accept(&mut self, now: Instant) -> Result<bool, Ending> {
        let mut moved = false;
        loop {
            match self.forward.listener.accept() {
                Ok(channel) => self.admit(channel, now)?,
                Err(error) if would_block(&error) => return Ok(moved),
                Err(_) => return Err(self.lost()),
            }
            moved = true;
        }
    }

    fn admit(&mut self, channel: Channel, now: Instant) -> Result<(), Ending> {
        let limits = self.around.limits;
        let live = self.connections.iter().filter(|connection| connection.is_live()).count();
        if self.connections.len() - live >= MOST_CLOSING {
            let reason = "it opens connections and lets none be closed".into();
            return Err(SshError::Lost { server: self.forward.server.clone(), reason }.into());
        }
        if live >= limits.connections {
            debug!(live, "a connection more than allowed");
            self.around.counters.refuse();
            self.connections.push(Connection::new(channel, None));
            return Ok(());
        }
        self.around.counters.accepted();
        let local = match dial::begin_local(self.around.local_port) {
            Ok(stream) => Some((stream, now + limits.local)),
            Err(error) => {
                self.tell(Progress { unserved: Some(error), ..Progress::default() });
                None
            }
        };
        self.connections.push(Connection::new(channel, local));
        Ok(())
    }

    fn tell(&mut self, progress: Progress) {
        self.told &= !progress.served;
        let Some(source) = progress.unserved else { return };
        self.around.counters.not_served();
        if !std::mem::replace(&mut self.told, true) {
            let port = self.around.local_port;
            self.around.notify.tell(TunnelNotice::Unserved(SshError::NoLocalService { port, source }));
        }
    }

    /// Asks the server for a sign of life when it is time.
    fn beat(&mut self, now: Instant) -> Result<(), Ending> {
        let Some(silence) = self.pulse.ask(now) else {
            return Ok(());
        };
        if let Err(silence) = silence {
            return Err(SshError::Silent { server: self.forward.server.clone(), silence }.into());
        }
        // Without room something else waits for an answer, and libssh2 can't finish half a question.
        if self.room() {
            self.forward.session.keepalive_send().map_err(|_| self.lost())?;
        }
        Ok(())
    }

    fn room(&self) -> bool {
        !self.stuck && has_room(self.forward.stream)
    }

    fn next_event(&self, until: Option<Instant>) -> Instant {
        let connecting = self.connections.iter().filter_map(Connection::deadline);
        connecting.chain(until).fold(self.pulse.due(), Instant::min)
    }

    /// Waits for anything to happen.
    fn sleep(&mut self, longest: Duration) -> Result<(), Ending> {
        let mut wanted = directions(&self.forward.session) | PollFlags::POLLIN;
        wanted.set(PollFlags::POLLOUT, self.stuck);
        let mut fds = vec![
            PollFd::new(self.around.order.bell.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.forward.stream.as_fd(), wanted),
        ];
        let mut whose = Vec::new();
        for (index, connection) in self.connections.iter().enumerate() {
            if let Some((fd, flags)) = connection.interest() {
                fds.push(PollFd::new(fd, flags));
                whose.push(index);
            }
        }
        wait(self.around.order, &mut fds, longest)?;
        let happened = |fd: &PollFd<'_>| fd.revents().unwrap_or(PollFlags::empty());
        let server = happened(&fds[1]);
        let ready: Vec<_> = whose.into_iter().zip(fds[2..].iter().map(happened)).collect();
        for (index, flags) in ready {
            self.connections[index].ready(flags);
        }
        if server.contains(PollFlags::POLLERR) {
            return Err(self.lost());
        }
        if server.contains(PollFlags::POLLIN) {
            self.pulse.heard(Instant::now());
        }
        Ok(())
    }

    /// Why nothing can be had from the server any more, as far as the system knows; libssh2 keeps it to itself.
    fn lost(&self) -> Ending {
        let reason = match self.forward.stream.take_error() {
            Ok(Some(error)) | Err(error) => error.to_string(),
            Ok(None) => "the server closed it".into(),
        };
        SshError::Lost { server: self.forward.server.clone(), reason }.into()
    }
}

/// Whether a small packet would be taken whole: Linux says that a socket can be written to when a third of its buffer
/// is free.
fn has_room(stream: &TcpStream) -> bool {
    let mut fds = [PollFd::new(stream.as_fd(), PollFlags::POLLOUT)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
