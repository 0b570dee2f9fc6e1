//! The session: hello, goodbye, and the channel of sound that belongs to it. One session carries many turns.
//!
//! xiaozhi: the gateway echoes the device's goodbye when its own connection to the chat server has closed, and stamps it
//! with whatever session is open then. So the next hello waits for the echo, and a session that ends right after it
//! began is tried once more.

use std::time::Duration;

pub(super) use self::news::{Failure, News};
use self::state::{Attempt, State};
use super::path::Path;
use super::presence::{Presence, Standing};
use super::{Outbox, XiaozhiSettings};
use crate::channel::ChannelEvent;
use crate::dialogue::Ask;
use crate::link::LinkAsk;
use crate::protocol::xiaozhi::message::{self, Hello};
use crate::protocol::xiaozhi::preset::Preset;
use crate::time::Tick;

mod news;
mod state;

/// The connection to the broker has so long to come up when somebody wants to talk.
const LINK: Duration = Duration::from_secs(10);
/// xiaozhi: a hello is waited for so long.
const HELLO: Duration = Duration::from_secs(10);
/// The socket has so long to stand; its server's name may have to be found.
const CHANNEL: Duration = Duration::from_secs(5);
/// The echo of a goodbye comes within a few milliseconds, or never.
const ECHO: Duration = Duration::from_secs(1);
/// A session that ends sooner than this after it was opened or taken up again did so by mistake.
const FRESH: Duration = Duration::from_secs(2);
/// So long after such a mistake it is tried again.
const REST: Duration = Duration::from_secs(1);
/// What a goodbye means that comes twice.
const DISMISSED: &str = "it ended the session right after it began";

/// The session with the server, if there is one.
#[derive(Debug)]
pub(super) struct Session {
    preset: Preset,
    frame: Duration,
    server_cancels: bool,
    /// Of the newest session; empty if it is over.
    id: String,
    state: State,
    /// Hellos without an answer on this connection: one may still come.
    unanswered: u32,
    pub(super) path: Path,
}

impl Session {
    pub(super) fn new(settings: &XiaozhiSettings) -> Self {
        Self {
            preset: settings.preset,
            frame: settings.frame,
            server_cancels: settings.server_cancels,
            id: String::new(),
            state: State::Closed,
            unanswered: 0,
            path: Path::default(),
        }
    }

    /// The id that goes into each message; empty if there is no session.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Somebody wants to talk.
    pub(super) fn open(&mut self, now: Tick, presence: &Presence, out: &mut Outbox) -> Option<News> {
        match &mut self.state {
            State::Open { attempt, since } => {
                (*attempt, *since) = (Attempt::default(), now);
                Some(News::Opened)
            }
            State::Parting { next, .. } => {
                *next = Some(Attempt::default());
                None
            }
            State::Closed => self.begin(now, Attempt::default(), presence, out),
            State::Linking { .. } | State::Resting { .. } | State::Greeting { .. } | State::Opening { .. } => None,
        }
    }

    /// The server has said something: if it ends the session now, that is no mistake.
    pub(super) const fn serves(&mut self) {
        if let State::Open { attempt, .. } = &mut self.state {
            attempt.again = true;
        }
    }

    /// Nobody wants to talk any more.
    pub(super) fn close(&mut self, now: Tick, presence: &Presence, out: &mut Outbox) {
        match &mut self.state {
            State::Open { .. } | State::Opening { .. } => self.part(now, None, presence, out),
            State::Parting { next, .. } => *next = None,
            // What comes of a hello that was sent is answered with a goodbye.
            State::Linking { .. } | State::Resting { .. } | State::Greeting { .. } => self.state = State::Closed,
            State::Closed => {}
        }
    }

    /// Ends this session and opens another one, because no sound arrives in it.
    ///
    /// xiaozhi: newer gateways know a message for that, `udp_timeout`. It is not sent. It does there what a goodbye does and
    /// nothing more, so behind it or before it there is nothing to gain; in place of the goodbye, a server that does not know
    /// it would keep the session, and its echo of that session's end would later hit the new one.
    pub(super) fn rebuild(&mut self, now: Tick, presence: &Presence, out: &mut Outbox) {
        self.part(now, Some(Attempt { again: true, ..Attempt::default() }), presence, out);
    }

    fn part(&mut self, now: Tick, next: Option<Attempt>, presence: &Presence, out: &mut Outbox) {
        presence.publish(message::goodbye(&self.id), out);
        self.path.close(out);
        self.state = State::Parting { next, until: now + ECHO };
    }

    fn begin(&mut self, now: Tick, attempt: Attempt, presence: &Presence, out: &mut Outbox) -> Option<News> {
        self.id.clear();
        match presence.standing() {
            Standing { up: true, .. } => self.greet(now, attempt, presence, out),
            Standing { known: false, .. } => return self.fail(Failure::Offline),
            // A login that was refused may have been let in again meanwhile.
            Standing { .. } => {
                out.ask(Ask::Link(LinkAsk::Hurry));
                self.state = State::Linking { attempt, until: now + LINK };
            }
        }
        None
    }

    fn greet(&mut self, now: Tick, attempt: Attempt, presence: &Presence, out: &mut Outbox) {
        presence.publish(message::hello(self.frame, self.server_cancels), out);
        self.unanswered += 1;
        self.state = State::Greeting { attempt, dismissed: false, until: now + HELLO };
    }

    fn fail(&mut self, failure: Failure) -> Option<News> {
        self.id.clear();
        self.state = State::Closed;
        Some(News::Failed(failure))
    }

    /// The connection to the broker stands.
    pub(super) fn linked(&mut self, now: Tick, presence: &Presence, out: &mut Outbox) {
        if let State::Linking { attempt, .. } = self.state {
            self.greet(now, attempt, presence, out);
        }
    }

    /// The connection to the broker is gone, or could not be had. The channel of an open session is left to whoever plays
    /// what it holds.
    pub(super) fn lost(&mut self, presence: &Presence, out: &mut Outbox) -> Option<News> {
        self.unanswered = 0;
        self.id.clear();
        match std::mem::take(&mut self.state) {
            State::Closed | State::Parting { next: None, .. } => None,
            State::Open { .. } => {
                self.path.leave();
                Some(News::Lost)
            }
            _ => {
                self.path.close(out);
                self.fail(unlinked(presence))
            }
        }
    }

    /// The server opens a session.
    pub(super) fn greeted(&mut self, now: Tick, hello: &Hello, presence: &Presence, out: &mut Outbox) -> Option<News> {
        let runs = matches!(self.state, State::Opening { .. } | State::Open { .. });
        if runs && !hello.session_id.is_empty() && hello.session_id == self.id {
            // Its key would be used for the same numbers again.
            out.dropped("unknown_hello", "the server says the same hello twice".into());
            return None;
        }
        let awaited = self.unanswered > 0;
        self.unanswered = self.unanswered.saturating_sub(1);
        match self.state {
            State::Greeting { attempt, .. } => {
                self.take(now, hello, out);
                self.state = State::Opening { attempt, until: now + CHANNEL };
            }
            // The answer to a hello that was given up came first: the newer session is the one that counts there.
            State::Opening { .. } if awaited => self.take(now, hello, out),
            State::Open { attempt, .. } if awaited => {
                self.take(now, hello, out);
                self.state = State::Opening { attempt, until: now + CHANNEL };
                return Some(News::Again);
            }
            State::Opening { .. } | State::Open { .. } => {
                out.dropped("unknown_hello", "the server opens a second session; nobody asked for it".into());
            }
            // xiaozhi: a session that nobody ends stays open at the server for minutes.
            State::Closed | State::Linking { .. } | State::Parting { .. } | State::Resting { .. } => {
                presence.publish(message::goodbye(&hello.session_id), out);
                if self.state == State::Closed {
                    self.id.clone_from(&hello.session_id);
                    self.state = State::Parting { next: None, until: now + ECHO };
                }
            }
        }
        None
    }

    fn take(&mut self, now: Tick, hello: &Hello, out: &mut Outbox) {
        self.id.clone_from(&hello.session_id);
        self.path.open(now, hello.session(self.frame, self.server_cancels, &self.preset), out);
    }

    /// The server opens a session that can't be used.
    pub(super) fn misgreeted(
        &mut self,
        now: Tick,
        id: &str,
        why: String,
        presence: &Presence,
        out: &mut Outbox,
    ) -> Option<News> {
        self.unanswered = self.unanswered.saturating_sub(1);
        presence.publish(message::goodbye(id), out);
        if !matches!(self.state, State::Greeting { .. }) {
            return None;
        }
        self.id = id.to_owned();
        self.state = State::Parting { next: None, until: now + ECHO };
        Some(News::Failed(Failure::Unusable(why)))
    }

    /// From the channel.
    pub(super) fn channel(
        &mut self,
        now: Tick,
        event: ChannelEvent,
        presence: &Presence,
        out: &mut Outbox,
    ) -> Option<News> {
        match (event, self.state) {
            (ChannelEvent::Opened { .. }, State::Opening { attempt, .. }) => {
                self.state = State::Open { attempt, since: now };
                Some(News::Opened)
            }
            (ChannelEvent::Failed(why), State::Opening { .. } | State::Open { .. }) => {
                self.part(now, None, presence, out);
                Some(News::Failed(Failure::Channel(why)))
            }
            (ChannelEvent::Arrived, _) => {
                self.path.arrived(out);
                None
            }
            (ChannelEvent::Opened { .. } | ChannelEvent::Failed(_), _) => None,
        }
    }

    /// The server ends a session, or echoes that we did. Nothing is sent back. The channel of an open session is left to
    /// whoever plays what it holds.
    pub(super) fn goodbye(
        &mut self,
        now: Tick,
        id: Option<&str>,
        reason: String,
        presence: &Presence,
        out: &mut Outbox,
    ) -> Option<News> {
        if id.is_some_and(|id| id != self.id) {
            return None;
        }
        match self.state {
            State::Parting { next, .. } => self.parted(now, next, presence, out),
            State::Opening { attempt, .. } => self.refused(now, attempt, reason, out),
            State::Open { attempt, since } if now.since(since) < FRESH && !attempt.again => {
                self.refused(now, attempt, reason, out)
            }
            State::Open { .. } => {
                self.id.clear();
                self.path.leave();
                self.state = State::Closed;
                Some(News::Ended(reason))
            }
            // xiaozhi: before the answer to a hello this is the old session's, or a no without a session. In both cases a
            // moment later more is known: a hello comes, or an error that says why.
            State::Greeting { attempt, dismissed: false, until } if id.is_none() => {
                self.state = State::Greeting { attempt, dismissed: true, until: until.min(now + REST) };
                None
            }
            State::Closed | State::Linking { .. } | State::Resting { .. } | State::Greeting { .. } => None,
        }
    }

    /// The server says that something failed.
    pub(super) fn error(&mut self, now: Tick, why: String, out: &mut Outbox) -> Option<News> {
        match self.state {
            State::Greeting { .. } => {
                self.unanswered = self.unanswered.saturating_sub(1);
                self.fail(Failure::Server(why))
            }
            State::Opening { attempt, .. } => self.refused(now, attempt, why, out),
            State::Open { attempt, since } if now.since(since) < FRESH && !attempt.again => {
                self.refused(now, attempt, why, out)
            }
            State::Open { .. }
            | State::Closed
            | State::Linking { .. }
            | State::Parting { .. }
            | State::Resting { .. } => {
                out.dropped("server_trouble", format!("the server says: {why}"));
                None
            }
        }
    }

    /// The session ended right after it began: it is tried once more.
    fn refused(&mut self, now: Tick, attempt: Attempt, why: String, out: &mut Outbox) -> Option<News> {
        self.path.close(out);
        self.id.clear();
        if attempt.again {
            let why = if why.is_empty() { DISMISSED.into() } else { why };
            return self.fail(Failure::Server(why));
        }
        self.state = State::Resting { attempt: Attempt { again: true, ..attempt }, until: now + REST };
        Some(News::Again)
    }

    fn parted(&mut self, now: Tick, next: Option<Attempt>, presence: &Presence, out: &mut Outbox) -> Option<News> {
        self.id.clear();
        self.state = State::Closed;
        self.begin(now, next?, presence, out)
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, now: Tick, presence: &mut Presence, out: &mut Outbox) -> Option<News> {
        if self.path.tick(now, out) {
            return Some(News::Dead);
        }
        if self.state.due().is_none_or(|due| now < due) {
            return None;
        }
        match self.state {
            State::Closed | State::Open { .. } => None,
            State::Linking { .. } => self.fail(unlinked(presence)),
            State::Parting { next, .. } => self.parted(now, next, presence, out),
            State::Resting { attempt, .. } => self.begin(now, attempt, presence, out),
            State::Greeting { attempt, dismissed: true, .. } if !attempt.again => {
                self.greet(now, Attempt { again: true, ..attempt }, presence, out);
                None
            }
            State::Greeting { dismissed: true, .. } => self.fail(Failure::Server(DISMISSED.into())),
            State::Greeting { attempt, .. } if !attempt.fallback && presence.fall_back(out) => {
                self.greet(now, Attempt { fallback: true, ..attempt }, presence, out);
                None
            }
            State::Greeting { .. } => self.fail(Failure::Unanswered),
            State::Opening { .. } => {
                self.part(now, None, presence, out);
                let within = CHANNEL.as_secs();
                Some(News::Failed(Failure::Channel(format!("the socket did not stand within {within} s"))))
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        self.path.deadline().into_iter().chain(self.state.due()).min()
    }
}

/// Why there is no connection to the broker.
const fn unlinked(presence: &Presence) -> Failure {
    if presence.standing().refused { Failure::Refused } else { Failure::Offline }
}
