//! The standing tunnel: all connections, one session, one `poll`.

use std::convert::Infallible;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags};
use tracing::debug;

use super::connection::{Connection, Progress, Turn};
use super::libssh::{Channel, Session};
use super::life::Notify;
use super::pulse::Pulse;
use super::watch::{directions, wait};
use super::{Ending, Limits, Order, SshError, TunnelCounters, TunnelNotice, dial};

/// A server that opens connections and never lets one be closed is not worth more memory than for this many of them.
const MOST_CLOSING: usize = 64;

/// So many requests of a server are answered at once; then others have their turn.
const MOST_REQUESTS: usize = 4096;

/// A server that listens for us.
pub(super) struct Forward<'a> {
    pub(super) session: Session,
    /// On this port.
    pub(super) port: u16,
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
    connections: Vec<Connection>,
    forward: Forward<'a>,
    around: Surroundings<'a>,
    pulse: Pulse,
    /// Bytes from the server until the end of the last turn.
    received: u64,
    /// That nothing listens here was told, and has not changed since.
    told: bool,
}

impl<'a> Relay<'a> {
    pub(super) fn new(forward: Forward<'a>, around: Surroundings<'a>) -> Self {
        let pulse = Pulse::new(around.limits.keep_alive, around.limits.unanswered, Instant::now());
        Self { connections: Vec::new(), forward, around, pulse, received: 0, told: false }
    }

    /// Carries connections until something ends the tunnel.
    pub(super) fn carry(mut self, time_limit: Duration) -> Result<Infallible, Ending> {
        let result = self.run(time_limit);
        let Self { connections, forward, .. } = self;
        drop(connections);
        if matches!(result, Err(Ending::Stopped | Ending::TimeLimit)) {
            // The server need not wait for a time-out to free its port.
            forward.session.disconnect(c"the tunnel was closed");
        }
        let _ = forward.stream.shutdown(Shutdown::Both);
        result
    }

    fn run(&mut self, time_limit: Duration) -> Result<Infallible, Ending> {
        let until = Instant::now().checked_add(time_limit);
        loop {
            let now = Instant::now();
            if until.is_some_and(|until| now >= until) {
                return Err(Ending::TimeLimit);
            }
            // Asking takes in what has come, so it goes before the turns.
            self.beat(now)?;
            let moved = self.pass(now)?;
            let longest =
                if moved { Duration::ZERO } else { self.next_event(until).saturating_duration_since(Instant::now()) };
            self.sleep(longest)?;
        }
    }

    /// A turn for everybody. True if something moved: then another turn may move more.
    fn pass(&mut self, now: Instant) -> Result<bool, Ending> {
        let mut moved = self.answer(now)?;
        for index in 0..self.connections.len() {
            let turn = Turn { session: &self.forward.session, counters: self.around.counters, now };
            let progress = self.connections[index].turn(&turn);
            if let Some(reason) = progress.abuse {
                return Err(SshError::Lost { server: self.forward.server.clone(), reason: reason.into() }.into());
            }
            moved |= progress.moved;
            self.tell(progress);
        }
        self.connections.retain(|connection| !connection.is_closed());
        if let Some(reason) = self.forward.session.lost() {
            return Err(self.lost(reason));
        }
        // Whoever takes in what has come does it for all.
        let received = self.forward.session.received();
        if std::mem::replace(&mut self.received, received) != received {
            self.pulse.heard(now);
            moved = true;
        }
        Ok(moved)
    }

    /// What the server asks for: new connections are admitted, all else is refused.
    fn answer(&mut self, now: Instant) -> Result<bool, Ending> {
        let mut answered = false;
        for _ in 0..MOST_REQUESTS {
            let Some(request) = self.forward.session.next_request() else { break };
            answered = true;
            if request.port() != Some(self.forward.port) {
                debug!("the server asks for something that was not agreed upon");
            } else if self.is_full()? {
                self.around.counters.refuse();
            } else if let Some(channel) = request.accept() {
                self.admit(channel, now);
            }
        }
        Ok(answered)
    }

    /// Whether as many connections go on as may.
    fn is_full(&self) -> Result<bool, Ending> {
        let live = self.connections.iter().filter(|connection| connection.is_live()).count();
        if self.connections.len() - live >= MOST_CLOSING {
            let reason = "it opens connections and lets none be closed".into();
            return Err(SshError::Lost { server: self.forward.server.clone(), reason }.into());
        }
        Ok(live >= self.around.limits.connections)
    }

    fn admit(&mut self, channel: Channel, now: Instant) {
        self.around.counters.accepted();
        let local = match dial::begin_local(self.around.local_port) {
            Ok(stream) => Some((stream, now + self.around.limits.local)),
            Err(error) => {
                self.tell(Progress { unserved: Some(error), ..Progress::default() });
                None
            }
        };
        self.connections.push(Connection::new(channel, local));
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
        self.forward.session.ask_for_life();
        Ok(())
    }

    fn next_event(&self, until: Option<Instant>) -> Instant {
        let connecting = self.connections.iter().filter_map(Connection::deadline);
        connecting.chain(until).fold(self.pulse.due(), Instant::min)
    }

    /// Waits for anything to happen.
    fn sleep(&mut self, longest: Duration) -> Result<(), Ending> {
        let mut fds = vec![
            PollFd::new(self.around.order.bell.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.forward.stream.as_fd(), directions(&self.forward.session)),
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
        let ready: Vec<_> = whose.into_iter().zip(fds[2..].iter().map(happened)).collect();
        for (index, flags) in ready {
            self.connections[index].ready(flags);
        }
        Ok(())
    }

    /// Why nothing can be had from the server any more: what the system says is clearer.
    fn lost(&self, reason: String) -> Ending {
        let reason = match self.forward.stream.take_error() {
            Ok(Some(error)) | Err(error) => error.to_string(),
            Ok(None) if reason == "Socket error: disconnected" => "the server closed it".into(),
            Ok(None) => reason,
        };
        SshError::Lost { server: self.forward.server.clone(), reason }.into()
    }
}
