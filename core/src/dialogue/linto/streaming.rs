//! Streaming transcription: the server writes down what is said, for a dictation or beside a recording.
//!
//! LinTO: a stream belongs to the serial number and outlives a client that crashed, so a start may be refused until the
//! old stream was stopped and 3.5 s have passed. The server says `started` a little before it can take sound: until
//! then the tape keeps it. Servers of the newer generation stop by themselves after a number of chunks.

use std::time::Duration;

use self::phase::{Owner, Phase};
use super::presence::Standing;
use super::transcript::Transcript;
use super::{Outbox, short};
use crate::assistant::report::Report;
use crate::audio::Position;
use crate::audio::chime::Chime;
use crate::dialogue::{Ask, Class, Delivery, End, Shown, Source};
use crate::hearing::{Encoding, Start, UplinkId};
use crate::link::{Publication, Qos};
use crate::protocol::linto::scope::{Scope, Topics};
use crate::protocol::linto::streaming::{self, Event};
use crate::sentences::Sentence;
use crate::time::Tick;

mod phase;

/// The server has so long to say that it started.
const ACK: Duration = Duration::from_secs(5);
/// After that it takes a little until it can take sound.
const HOLD: Duration = Duration::from_millis(250);
/// After the stop of a stream that was left open.
const CLEAR: Duration = Duration::from_millis(3_500);
/// So often a stream that was left open is stopped before it is given up.
const CLEARED: u8 = 2;
/// What was heard until the end is encoded by then.
const FLUSH: Duration = Duration::from_secs(1);
/// LinTO: the final text comes within 3 s of the stop.
const FINAL: Duration = Duration::from_secs(4);
/// A recording whose transcription failed tries again.
const AGAIN: Duration = Duration::from_secs(30);
/// A stream that broke off sooner than this after its start has failed.
const SHORT: Duration = Duration::from_secs(5);
/// Sound in one message. Servers that limit a stream count messages, 150 of them, so they should not be too short.
const CHUNK: Duration = Duration::from_millis(250);
/// A chunk that could not be sent by then is worth nothing.
const STALE: Duration = Duration::from_secs(5);
/// The longest dictation.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Uplinks of requests count from 1; these never meet them.
const FIRST_UPLINK: u64 = 1 << 32;

/// The stream of this device.
#[derive(Debug)]
pub(super) struct Streaming {
    topics: Topics,
    /// Whether recordings are transcribed.
    live: bool,
    /// Whether one runs.
    recording: bool,
    phase: Phase,
    streams: u64,
    /// Where the person let go before the server could take sound.
    released: Option<Position>,
    transcript: Transcript,
}

impl Streaming {
    pub(super) fn new(topics: Topics, live: bool) -> Self {
        let transcript = Transcript::default();
        Self { topics, live, recording: false, phase: Phase::Idle, streams: 0, released: None, transcript }
    }

    /// Somebody wants to dictate.
    pub(super) fn dictate(&mut self, now: Tick, from: Start, standing: Standing, out: &mut Outbox) {
        let refused = match self.phase {
            _ if !standing.up => Some("there is no connection to the server"),
            Phase::Idle | Phase::Pausing { .. } => None,
            _ if self.recording => Some("the server is busy with the transcript of the recording"),
            _ => Some("the text before is not complete yet; try again in a moment"),
        };
        if let Some(why) = refused {
            out.ask(Ask::Taken(Err(why.into())));
            return out.ask(Ask::Done);
        }
        out.ask(Ask::Taken(Ok("dictation".into())));
        out.ask(Ask::Mic { from, end: End::Manual { cap: LONGEST }, while_speaking: false });
        out.ask(Ask::Shown(Shown::Listening));
        self.released = None;
        self.start(now, Owner::Dictation, from, 0, out);
    }

    /// A recording began or ended.
    pub(super) fn recording(&mut self, now: Tick, on: bool, standing: Standing, out: &mut Outbox) {
        self.recording = on && self.live;
        if self.recording {
            self.resume(now, standing, out);
        } else if matches!(self.phase, Phase::Pausing { .. }) {
            self.phase = Phase::Idle;
        } else if self.owner() == Some(Owner::Meeting) {
            self.release(now, None, out);
        }
    }

    /// A recording gets its transcript as soon as the server can be reached.
    pub(super) fn resume(&mut self, now: Tick, standing: Standing, out: &mut Outbox) {
        if self.recording && standing.up && self.phase == Phase::Idle {
            self.start(now, Owner::Meeting, Start::Now, 0, out);
        }
    }

    /// What was said until `at` is all; without a place, what was heard until now.
    pub(super) fn release(&mut self, now: Tick, at: Option<Position>, out: &mut Outbox) {
        let Some(owner) = self.owner() else { return };
        match self.phase {
            Phase::Running { .. } => {
                self.microphone_off(owner, out);
                self.flush(now, owner, at.unwrap_or(Position(0)), out);
            }
            Phase::Starting { .. } | Phase::Clearing { .. } | Phase::Holding { .. } if self.released.is_none() => {
                self.microphone_off(owner, out);
                // The tape still has what was said, and the server gets it as soon as it can take it.
                self.released = at.filter(|_| owner == Owner::Dictation);
                if self.released.is_none() {
                    self.stop(now, owner, out);
                }
            }
            _ => {}
        }
    }

    /// Hands over what is missing up to `to`. Any place that is past means: what was heard until now.
    fn flush(&mut self, now: Tick, owner: Owner, to: Position, out: &mut Outbox) {
        out.ask(Ask::UplinkFinish { uplink: self.uplink(), to });
        self.phase = Phase::Flushing { owner, until: now + FLUSH };
    }

    /// The dictation ends at once.
    pub(super) fn cancel(&mut self, now: Tick, out: &mut Outbox) {
        if self.owner() == Some(Owner::Dictation) {
            self.abandon(out);
            self.publish("stop", streaming::stop(), out);
            self.done(now, out);
        }
    }

    /// The connection is gone, and the stream with it.
    pub(super) fn disconnected(&mut self, now: Tick, out: &mut Outbox) {
        let owner = self.owner();
        self.abandon(out);
        if owner == Some(Owner::Dictation) {
            out.dropped("transcription", "the connection to the server was lost".into());
            out.play(Class::Local, Source::Sentence(Sentence::NotSent));
            self.done(now, out);
        }
        self.phase = Phase::Idle;
    }

    /// A chunk was handed to the connection, or could not be.
    pub(super) fn uplinked(&mut self, now: Tick, uplink: UplinkId, sent: bool, last: bool, out: &mut Outbox) {
        let (Phase::Running { owner, .. } | Phase::Flushing { owner, .. }) = self.phase else { return };
        if uplink.0 < FIRST_UPLINK || uplink != self.uplink() {
            return;
        }
        if !sent {
            out.dropped("transcript_chunk", "a piece of sound could not be sent".into());
        }
        if last && (sent || matches!(self.phase, Phase::Flushing { .. })) {
            self.stop(now, owner, out);
        } else if last {
            // The microphone was closed.
            self.publish("stop", streaming::stop(), out);
            self.fail(now, owner, "the microphone is closed".into(), out);
        }
    }

    /// Something came on `streaming/REST`.
    pub(super) fn message(&mut self, now: Tick, rest: &str, payload: &[u8], out: &mut Outbox) {
        let Some(owner) = self.owner() else {
            return out.dropped("late_transcript", format!("`streaming/{}`", short(rest)));
        };
        match (streaming::parse(rest, payload), self.phase) {
            (Event::Started, Phase::Starting { from, .. }) => {
                self.phase = Phase::Holding { owner, from, until: now + HOLD };
            }
            (Event::AlreadyRunning(_), Phase::Starting { from, cleared, .. }) if cleared < CLEARED => {
                self.publish("stop", streaming::stop(), out);
                self.phase = Phase::Clearing { owner, from, cleared: cleared + 1, until: now + CLEAR };
            }
            (Event::AlreadyRunning(_), Phase::Starting { .. }) => {
                let why = "the server holds on to an old stream of this serial number; restart its flow";
                self.fail(now, owner, why.into(), out);
            }
            // The server was restarted, perhaps; it says so once for each chunk.
            (Event::NotStarted(_), Phase::Running { since, .. }) if now.since(since) >= SHORT => {
                self.abandon(out);
                self.start(now, owner, Start::Now, 0, out);
            }
            (Event::NotStarted(_), Phase::Running { .. }) => {
                self.fail(now, owner, "the server loses each stream at once".into(), out);
            }
            (Event::Failed(why), _) => {
                let why = if why.is_empty() { "the server can't transcribe".into() } else { why };
                self.fail(now, owner, why, out);
            }
            (Event::Partial(text), _) => out.report(Report::Partial { text, meeting: owner == Owner::Meeting }),
            (Event::Text(text), _) => self.transcript.phrase(text, owner == Owner::Meeting, out),
            (Event::Stopped, Phase::Running { since, .. }) => self.stopped(now, owner, since, out),
            (Event::Final(text), Phase::Flushing { .. } | Phase::Ending { .. }) => {
                self.abandon(out);
                self.transcript.whole(&text, owner == Owner::Meeting, out);
                self.finish(now, owner, out);
            }
            (Event::Odd(why), _) => out.dropped("odd_transcript", why),
            // What came too late, or is said again.
            _ => {}
        }
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, now: Tick, out: &mut Outbox) {
        if self.deadline().is_none_or(|due| now < due) {
            return;
        }
        match self.phase {
            Phase::Idle | Phase::Running { .. } => {}
            Phase::Starting { owner, .. } => {
                let ack = ACK.as_secs();
                let why = format!("no answer to `streaming/start` within {ack} s; is it a multi-user application?");
                self.fail(now, owner, why, out);
            }
            Phase::Clearing { owner, from, cleared, .. } => self.start(now, owner, from, cleared, out),
            Phase::Holding { owner, from, .. } => self.run(now, owner, from, out),
            Phase::Flushing { owner, .. } => {
                out.ask(Ask::UplinkAbort { uplink: self.uplink() });
                self.stop(now, owner, out);
            }
            Phase::Ending { owner, .. } => self.finish(now, owner, out),
            Phase::Pausing { .. } => self.start(now, Owner::Meeting, Start::Now, 0, out),
        }
    }

    pub(super) const fn deadline(&self) -> Option<Tick> {
        self.phase.deadline()
    }

    const fn owner(&self) -> Option<Owner> {
        self.phase.owner()
    }

    fn start(&mut self, now: Tick, owner: Owner, from: Start, cleared: u8, out: &mut Outbox) {
        self.publish("start", streaming::start(), out);
        self.transcript = Transcript::default();
        self.phase = Phase::Starting { owner, from, cleared, until: now + ACK };
    }

    fn run(&mut self, now: Tick, owner: Owner, from: Start, out: &mut Outbox) {
        self.streams += 1;
        let topic = self.topics.egress(Scope::Request, "streaming/chunk");
        let to = Delivery::Message { topic, qos: Qos::Zero, expires: STALE };
        out.ask(Ask::UplinkStart { uplink: self.uplink(), from, encoding: Encoding::Pcm { chunk: CHUNK }, to });
        out.report(Report::Command { topic: "streaming".into(), result: "started".into() });
        self.phase = Phase::Running { owner, since: now };
        if let Some(to) = self.released.take() {
            self.flush(now, owner, to, out);
        }
    }

    fn stop(&mut self, now: Tick, owner: Owner, out: &mut Outbox) {
        self.publish("stop", streaming::stop(), out);
        self.phase = Phase::Ending { owner, until: now + FINAL };
    }

    /// Unasked: the server limits how long a stream may be.
    fn stopped(&mut self, now: Tick, owner: Owner, since: Tick, out: &mut Outbox) {
        let why = "the server ended the stream by itself";
        // A dictation is not begun again, and of a short one too the text follows.
        if owner == Owner::Meeting && now.since(since) < SHORT {
            return self.fail(now, owner, why.into(), out);
        }
        out.ask(Ask::UplinkAbort { uplink: self.uplink() });
        self.microphone_off(owner, out);
        out.dropped("transcription", why.into());
        self.phase = Phase::Ending { owner, until: now + FINAL };
    }

    fn finish(&mut self, now: Tick, owner: Owner, out: &mut Outbox) {
        out.report(Report::Command { topic: "streaming".into(), result: "ended".into() });
        self.phase = Phase::Idle;
        if owner == Owner::Dictation {
            out.ask(Ask::Done);
        }
        if self.recording {
            self.start(now, Owner::Meeting, Start::Now, 0, out);
        }
    }

    fn fail(&mut self, now: Tick, owner: Owner, why: String, out: &mut Outbox) {
        self.abandon(out);
        out.dropped("transcription", why);
        match owner {
            Owner::Dictation => {
                out.play(Class::Local, Source::Chime(Chime::Error));
                self.done(now, out);
            }
            Owner::Meeting if self.recording => self.phase = Phase::Pausing { until: now + AGAIN },
            Owner::Meeting => self.phase = Phase::Idle,
        }
    }

    /// Nothing more is sent.
    fn abandon(&self, out: &mut Outbox) {
        if matches!(self.phase, Phase::Running { .. } | Phase::Flushing { .. }) {
            out.ask(Ask::UplinkAbort { uplink: self.uplink() });
        }
    }

    /// The dictation is over. A recording that waits for its turn gets it when the server has let go of the stream.
    fn done(&mut self, now: Tick, out: &mut Outbox) {
        self.microphone_off(Owner::Dictation, out);
        out.report(Report::Command { topic: "streaming".into(), result: "ended".into() });
        out.ask(Ask::Done);
        self.released = None;
        self.phase = if self.recording { Phase::Pausing { until: now + CLEAR } } else { Phase::Idle };
    }

    fn microphone_off(&self, owner: Owner, out: &mut Outbox) {
        let released = matches!(self.phase, Phase::Flushing { .. } | Phase::Ending { .. }) || self.released.is_some();
        if owner == Owner::Dictation && !released {
            out.ask(Ask::MicStop);
        }
    }

    const fn uplink(&self) -> UplinkId {
        UplinkId(FIRST_UPLINK + self.streams)
    }

    fn publish(&self, leaf: &str, payload: Vec<u8>, out: &mut Outbox) {
        let topic = self.topics.egress(Scope::Request, &format!("streaming/{leaf}"));
        out.publish(Publication { topic, payload, qos: Qos::Two, retain: false });
    }
}
