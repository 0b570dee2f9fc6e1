//! The way of the sound: what becomes of what arrives, signs of life through a router, and whether anything arrives at
//! all.

use std::time::Duration;

use super::Outbox;
use super::way::Way;
use crate::channel::{ChannelAsk, Session};
use crate::dialogue::Ask;
use crate::time::Tick;

/// xiaozhi: routers forget a way back after 30 to 60 s. So long after the last sound went up, silence does.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// So long after the answer began, silence goes up to open the way again, and after that the first sound has as long.
const PATIENCE: Duration = Duration::from_secs(3);

/// xiaozhi: an answer may begin before its first sentence is thought out. Without one, nothing is wrong for so long.
const THINKING: Duration = Duration::from_secs(20);

/// The way of the sound.
#[derive(Debug, Default)]
pub(super) struct Path {
    state: State,
    /// Whether anything has arrived since the state began.
    arrived: bool,
    /// Whether the microphone's sound goes up.
    sending: bool,
    /// When sound went up last, if none does now.
    quiet_since: Tick,
    awaited: Option<Awaited>,
    /// Whether the session is over.
    over: bool,
    /// Whether sound comes through at all.
    pub(super) way: Way,
}

/// What becomes of what arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Held,
    Played,
    Discarded,
    Drained,
}

/// An answer of which nothing is here yet.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    since: Tick,
    /// The server may think so long before its first sentence.
    thinking: Duration,
    /// When silence went up for it.
    nudged: Option<Tick>,
    /// When the server named its first sentence.
    sentence: Option<Tick>,
}

impl Awaited {
    /// What happens next, unless something arrives.
    fn due(&self) -> Tick {
        match (self.nudged, self.sentence) {
            (None, _) => self.since + PATIENCE,
            (Some(nudged), Some(sentence)) => nudged.max(sentence) + PATIENCE,
            (Some(_), None) => self.since + self.thinking,
        }
    }
}

impl Path {
    /// A new channel, which holds what arrives.
    pub(super) fn open(&mut self, now: Tick, session: Session, out: &mut Outbox) {
        let mut way = std::mem::take(&mut self.way);
        way.open(&session);
        out.ask(Ask::Channel(ChannelAsk::Open(session)));
        *self = Self { state: State::Held, quiet_since: now, way, ..Self::default() };
    }

    pub(super) fn close(&mut self, out: &mut Outbox) {
        if self.state != State::Closed {
            out.ask(Ask::Channel(ChannelAsk::Close));
        }
        *self = Self { way: std::mem::take(&mut self.way), ..Self::default() };
    }

    /// The session is over; what has arrived may still be heard.
    pub(super) const fn leave(&mut self) {
        self.over = true;
        self.awaited = None;
    }

    /// What arrives belongs to the next answer.
    pub(super) fn hold(&mut self, out: &mut Outbox) {
        if self.state != State::Held {
            self.turn_to(State::Held, ChannelAsk::Hold, out);
        }
    }

    /// The same, once what was aborted is through.
    pub(super) fn expect(&mut self, out: &mut Outbox) {
        if !self.discards() {
            self.hold(out);
        }
    }

    /// Nobody wants to hear what arrives.
    pub(super) fn discard(&mut self, out: &mut Outbox) {
        self.turn_to(State::Discarded, ChannelAsk::Discard, out);
    }

    /// The answer begins. An owner who waits for answers longer than most waits for their sound, too.
    pub(super) fn play(&mut self, now: Tick, answer_timeout: Duration, out: &mut Outbox) {
        if matches!(self.state, State::Discarded | State::Drained) {
            self.hold(out);
        }
        if self.state == State::Closed {
            return;
        }
        let thinking = THINKING.max(answer_timeout);
        self.awaited = (!self.arrived).then_some(Awaited { since: now, thinking, nudged: None, sentence: None });
        self.state = State::Played;
    }

    /// The server says a sentence from now on.
    pub(super) fn sentence(&mut self, now: Tick) {
        if let Some(awaited) = &mut self.awaited {
            awaited.sentence.get_or_insert(now);
        }
    }

    /// The server has sent the whole answer.
    pub(super) fn drain(&mut self, out: &mut Outbox) {
        self.turn_to(State::Drained, ChannelAsk::Drain, out);
    }

    fn turn_to(&mut self, state: State, ask: ChannelAsk, out: &mut Outbox) {
        if self.state == State::Closed {
            return;
        }
        out.ask(Ask::Channel(ask));
        self.state = state;
        self.arrived = false;
        self.awaited = None;
    }

    /// Whether what arrives is thrown away.
    pub(super) fn discards(&self) -> bool {
        self.state == State::Discarded
    }

    pub(super) fn arrived(&mut self, out: &mut Outbox) {
        self.arrived = true;
        self.awaited = None;
        self.way.came(out);
    }

    /// Whether the server has said sentences, and nothing of them nor of anything before has arrived.
    pub(super) fn is_silent(&self) -> bool {
        self.awaited.is_some_and(|awaited| awaited.sentence.is_some()) && !self.way.has_come()
    }

    /// The microphone's sound goes up from now on, or no more.
    pub(super) fn sends(&mut self, now: Tick, sending: bool) {
        self.sending = sending;
        self.quiet_since = now;
    }

    /// Lets pass what is due. Whether nothing arrives although it should.
    pub(super) fn tick(&mut self, now: Tick, out: &mut Outbox) -> bool {
        if self.sign_due().is_some_and(|due| due <= now) {
            self.silence(now, out);
        }
        let Some(awaited) = self.awaited.filter(|awaited| awaited.due() <= now) else { return false };
        if awaited.nudged.is_some() {
            self.awaited = None;
            // Without a sentence it may be the server that has nothing to say.
            if awaited.sentence.is_some() {
                self.way.nothing_came(out);
            }
            return true;
        }
        self.silence(now, out);
        self.awaited = Some(Awaited { nudged: Some(now), ..awaited });
        false
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        self.sign_due().into_iter().chain(self.awaited.map(|awaited| awaited.due())).min()
    }

    fn sign_due(&self) -> Option<Tick> {
        (self.state != State::Closed && !self.sending && !self.over).then(|| self.quiet_since + SIGN_OF_LIFE)
    }

    fn silence(&mut self, now: Tick, out: &mut Outbox) {
        out.ask(Ask::Channel(ChannelAsk::Silence));
        self.way.sent();
        self.quiet_since = now;
    }
}
