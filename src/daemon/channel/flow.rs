//! What a server sends, from the socket through the buffer to the loudspeaker: one task for each session.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use auricle_core::assistant::event::ServerId;
use auricle_core::channel::Session;
use auricle_core::downlink::{Counters, Downlink, DownlinkError, Pulled};
use auricle_core::time::Tick;
use tokio::sync::{mpsc, oneshot};

use super::Notice;
use super::outlet::Outlet;
use super::track::Track;
use crate::daemon::input::Input;
use crate::daemon::speech::Sink;
use crate::net::channel::{ChannelCounters, Inbound, dial};

/// Opus decodes to it whatever was encoded, and most cards have it.
const RATE: u32 = 48_000;

/// So much sound lies ready for the card and not more, so that the buffer can still change its mind about the rest. The
/// card asks each 20 ms.
const AHEAD: Duration = Duration::from_millis(60);

/// Between looks at what is due.
const LOOK: Duration = Duration::from_millis(10);

/// A server that said it would speak and sends nothing for so long gives the loudspeaker back until more comes. Some
/// think for 10 s between two sentences; the loudspeaker's own patience is 30 s.
const QUIET: Duration = Duration::from_secs(25);

/// After an error of the socket. It is told once; one that stays must not make the task spin.
const REST: Duration = Duration::from_millis(10);

/// What the control thread wants.
pub(super) enum Order {
    /// Keep what arrives.
    Hold,
    /// Throw away what arrives.
    Discard,
    /// The server has sent all.
    Drain,
    /// Give it out here, as soon as the loudspeaker is open.
    Play(oneshot::Receiver<Sink>),
}

/// The way to the control thread.
pub(super) struct Teller {
    pub(super) inbox: mpsc::Sender<Input>,
    pub(super) server: ServerId,
    pub(super) opening: u64,
}

impl Teller {
    async fn tell(&self, notice: Notice) {
        let (server, opening) = (self.server, self.opening);
        // The control thread is gone only when the daemon ends.
        let _ = self.inbox.send(Input::Channel { server, opening, notice }).await;
    }
}

/// What becomes of what arrives.
enum State {
    /// It is kept; `drained`: and it is all that there is.
    Held { drained: bool },
    /// It is thrown away.
    Discarded,
    /// It is kept until the loudspeaker is open.
    Awaited { sink: oneshot::Receiver<Sink>, drained: bool },
    /// It is heard.
    Playing(Outlet),
}

struct Flow {
    inbound: Inbound,
    downlink: Downlink,
    state: State,
    /// Of a server that wants to know.
    track: Option<Track>,
    /// The next good datagram is told.
    expectant: bool,
    /// The loudspeaker was given back in the middle of an answer. Until the dialogue, which may not know that yet, has
    /// ordered something, each datagram is told.
    paused: bool,
    failed: bool,
    /// When something came, or was begun, and how long the loudspeaker waits for more.
    last: Instant,
    patience: Duration,
    start: Instant,
    pulled: Vec<i16>,
    tally: Tally,
    teller: Teller,
}

/// Opens the channel of `session` and serves it until it is dropped.
pub(super) async fn run(
    session: Session,
    mut orders: mpsc::Receiver<Order>,
    counters: Arc<ChannelCounters>,
    track: Option<Track>,
    teller: Teller,
) {
    let dialled = dial(&session, &counters).await.map_err(|error| error.to_string());
    let buffer = buffer(&session).map_err(|error| error.to_string());
    match dialled.and_then(|ends| Ok((ends, buffer?))) {
        Err(why) => teller.tell(Notice::Failed(why)).await,
        Ok(((outbound, inbound), downlink)) => {
            teller.tell(Notice::Opened(Box::new(outbound))).await;
            let flow = Flow { track, ..Flow::new(inbound, downlink, Tally::new(counters), teller) };
            flow.run(&mut orders).await;
        }
    }
}

fn buffer(session: &Session) -> Result<Downlink, DownlinkError> {
    if session.raw { Ok(Downlink::raw()) } else { Downlink::new(RATE) }
}

impl Flow {
    fn new(inbound: Inbound, mut downlink: Downlink, tally: Tally, teller: Teller) -> Self {
        downlink.hold();
        let now = Instant::now();
        Self {
            inbound,
            downlink,
            state: State::Held { drained: false },
            track: None,
            expectant: true,
            paused: false,
            failed: false,
            last: now,
            patience: QUIET,
            start: now,
            pulled: Vec::new(),
            tally,
            teller,
        }
    }

    async fn run(mut self, orders: &mut mpsc::Receiver<Order>) {
        loop {
            let nap = self.nap();
            let Self { state, inbound, .. } = &mut self;
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                sink = awaited(state) => self.begin(sink),
                _ = inbound.ready() => self.receive().await,
                () = sleep(nap) => {}
            }
            self.play();
            self.tally.write(self.downlink.counters());
        }
    }

    fn now(&self) -> Tick {
        Tick::ZERO + self.start.elapsed()
    }

    fn nap(&self) -> Option<Duration> {
        let State::Playing(outlet) = &self.state else { return None };
        Some(outlet.ahead().saturating_sub(AHEAD).clamp(LOOK, LOOK * 2))
    }

    fn obey(&mut self, order: Order) {
        self.paused = false;
        match order {
            Order::Hold => {
                if !matches!(self.state, State::Held { drained: false }) {
                    self.hold();
                }
                self.expectant = true;
            }
            Order::Discard => {
                self.discard();
                self.expectant = true;
            }
            Order::Drain => {
                let now = self.now();
                match &mut self.state {
                    State::Held { drained } | State::Awaited { drained, .. } => *drained = true,
                    State::Playing(_) => self.downlink.drain(now),
                    State::Discarded => {}
                }
                self.expectant = true;
            }
            Order::Play(sink) => {
                self.inbound.turn_began();
                let drained = matches!(self.state, State::Held { drained: true });
                self.state = State::Awaited { sink, drained };
            }
        }
    }

    /// What was left of the last sound is nobody's.
    fn hold(&mut self) {
        self.downlink.clear();
        self.downlink.hold();
        self.state = State::Held { drained: false };
    }

    /// Whoever does not want what arrives has stopped the loudspeaker, too.
    fn discard(&mut self) {
        self.downlink.clear();
        if matches!(self.state, State::Playing(_)) {
            self.track.iter().for_each(Track::stopped);
        }
        self.state = State::Discarded;
    }

    /// The loudspeaker is open, or will not be.
    fn begin(&mut self, sink: Option<Sink>) {
        let outlet = sink.and_then(|sink| Outlet::new(sink, self.downlink.rate()).ok());
        let (State::Awaited { drained, .. }, Some((outlet, leaving))) = (&self.state, outlet) else {
            return self.discard();
        };
        if let Some(track) = &self.track {
            track.begin(outlet.rate(), leaving);
        }
        let now = self.now();
        self.downlink.start(now);
        if *drained {
            self.downlink.drain(now);
        }
        self.last = Instant::now();
        self.state = State::Playing(outlet);
    }

    async fn receive(&mut self) {
        let now = self.now();
        let Self { inbound, downlink, state, track, .. } = self;
        let wanted = !matches!(state, State::Discarded);
        let mut came = false;
        let taken = inbound.take(|label, packet| {
            came = true;
            if wanted {
                downlink.push(now, label.sequence, packet);
                track.iter().for_each(|track| track.came(label));
            }
        });
        if came {
            self.last = Instant::now();
            if std::mem::take(&mut self.expectant) || self.paused {
                self.teller.tell(Notice::Arrived).await;
            }
        }
        match taken {
            Err(error) => {
                if !std::mem::replace(&mut self.failed, true) {
                    let why = format!("the server takes no sound: {error}; check its port for sound");
                    self.teller.tell(Notice::Failed(why)).await;
                }
                tokio::time::sleep(REST).await;
            }
            // Others have their turn also while a flood comes.
            Ok(()) => tokio::task::yield_now().await,
        }
    }

    /// Gives the loudspeaker what is due. Where nothing is, it plays silence by itself.
    fn play(&mut self) {
        let now = self.now();
        let State::Playing(outlet) = &mut self.state else { return };
        if outlet.is_gone() {
            return self.discard();
        }
        while outlet.ahead() < AHEAD {
            self.pulled.clear();
            match self.downlink.pull(now, &mut self.pulled) {
                Pulled::Sound | Pulled::Concealed if !self.pulled.is_empty() => {
                    outlet.pour(&self.pulled);
                    let length = span(self.pulled.len(), self.downlink.rate());
                    self.track.iter().for_each(|track| track.gave(self.downlink.place(), length));
                }
                Pulled::Ended => return self.end(),
                _ => break,
            }
        }
        if self.last.elapsed() > self.patience {
            tracing::info!("no sound came for {} s, and the server did not say that it ended", self.patience.as_secs());
            self.end();
            self.paused = true;
        }
    }

    /// What lies in the ring is still heard.
    fn end(&mut self) {
        let ended = std::mem::replace(&mut self.state, State::Held { drained: false });
        if let State::Playing(outlet) = ended {
            outlet.finish();
        }
        self.hold();
    }
}

fn span(samples: usize, rate: u32) -> Duration {
    Duration::from_nanos(samples as u64 * 1_000_000_000 / u64::from(rate.max(1)))
}

/// The loudspeaker's end when it is there; `None` if it will never be.
async fn awaited(state: &mut State) -> Option<Sink> {
    match state {
        State::Awaited { sink, .. } => sink.await.ok(),
        _ => pending().await,
    }
}

async fn sleep(nap: Option<Duration>) {
    match nap {
        Some(nap) => tokio::time::sleep(nap).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests;

/// The counts of all sessions together.
struct Tally {
    counters: Arc<ChannelCounters>,
    /// What the last look at this session's said.
    seen: Counters,
}

impl Tally {
    fn new(counters: Arc<ChannelCounters>) -> Self {
        Self { counters, seen: Counters::default() }
    }

    fn write(&mut self, now: Counters) {
        let seen = std::mem::replace(&mut self.seen, now);
        for (counter, now, before) in [
            (&self.counters.received, now.received, seen.received),
            (&self.counters.lost, now.lost, seen.lost),
            (&self.counters.concealed, now.concealed, seen.concealed),
            (&self.counters.repaired, now.repaired, seen.repaired),
            (&self.counters.late, now.late, seen.late),
            (&self.counters.repeated, now.duplicate, seen.duplicate),
            (&self.counters.overflowed, now.overflowed, seen.overflowed),
            (&self.counters.damaged, now.damaged, seen.damaged),
            (&self.counters.stalls, now.stalls, seen.stalls),
        ] {
            counter.fetch_add(now.saturating_sub(before), Relaxed);
        }
        self.counters.buffer.store(now.depth.into(), Relaxed);
        self.counters.target.store(now.target.into(), Relaxed);
    }
}
