//! The loop of one accepted connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use auricle_core::link::{LinkEvent, Policy, Publication};
use rumqttc::mqttbytes::v4::Packet;
use tokio::sync::{mpsc, oneshot};

use super::admission::{Admission, Ticket};
use super::counters::{LinkCounters, count};
use super::gate::Gate;
use super::heartbeat::Heartbeat;
use super::inbound::{Frame, Inbound};
use super::outbox::Outbox;
use super::session::Session;
use super::wire::{Moved, Wire};
use super::{ACK_WITHIN, Command, Work};

/// How long a broker may take to close after DISCONNECT. It owes us nothing any more.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In order, or the owner is gone: no more connections.
    Over,
    /// It broke.
    Broken {
        /// The reason as a sentence.
        reason: String,
        /// Whether it was the broker that closed it.
        by_broker: bool,
        /// Whether a message had come before.
        heard: bool,
    },
}

/// What one connection needs.
pub(super) struct Pump<'a> {
    pub stream: Wire,
    pub inbound: Inbound,
    pub scratch: &'a mut [u8],
    pub commands: &'a mut mpsc::Receiver<Command>,
    pub stop: &'a mut oneshot::Receiver<Instant>,
    pub gate: &'a mut Gate,
    pub policy: &'a Policy,
    pub counters: &'a Arc<LinkCounters>,
    pub admission: &'a Arc<Admission>,
    pub epoch: u64,
}

/// The state of the loop.
struct Running<'a> {
    parts: Pump<'a>,
    session: Session,
    out: Outbox,
    beat: Heartbeat,
    leaving: Option<Leaving>,
    /// Whether a message has come.
    heard: bool,
}

/// On the way out.
struct Leaving {
    deadline: Instant,
    /// What is still to be said.
    farewell: std::vec::IntoIter<Publication>,
    /// Whether DISCONNECT is among what is to be written.
    disconnected: bool,
}

/// What woke the loop.
enum Woken {
    Stop(Option<Instant>),
    Command(Option<Command>),
    Moved(std::io::Result<Moved>),
    OwnerGone,
    Time,
}

impl Pump<'_> {
    /// Runs the connection to its end.
    pub(super) async fn run(self) -> End {
        let session = Session::new(self.counters.clone(), self.policy.single_filter);
        let beat = Heartbeat::new(self.policy.keep_alive, Instant::now());
        let mut running = Running { parts: self, session, out: Outbox::default(), beat, leaving: None, heard: false };
        let end = loop {
            match running.turn().await {
                Ok(()) => {}
                Err(end) => break end,
            }
        };
        running.part(end).await
    }
}

impl Running<'_> {
    /// One turn of the loop: what is due, what has come, then sleep until there is more. `Err` is the end.
    async fn turn(&mut self) -> Result<(), End> {
        let now = Instant::now();
        // Deadlines come before frames: a late PUBREC must not release a message whose time has run out.
        self.check_deadlines(now)?;
        self.take_frames(now)?;
        if self.beat.ping(now) {
            self.out.packet(&Packet::PingReq).map_err(|error| broken(error.to_string()))?;
        }
        self.go_on_leaving()?;
        match self.sleep(now).await {
            Woken::Time => {}
            Woken::OwnerGone | Woken::Stop(None) | Woken::Command(None) => return Err(End::Over),
            Woken::Stop(Some(deadline)) => self.leave(deadline),
            Woken::Command(Some(command)) => self.carry_out(command)?,
            Woken::Moved(moved) => self.account(moved)?,
        }
        Ok(())
    }

    async fn sleep(&mut self, now: Instant) -> Woken {
        let deadline = self.deadline(now);
        // An owner who takes nothing, and a broker that reads nothing, are not read from either.
        let read = self.parts.gate.accepts(now) && self.out.has_room();
        let take = self.leaving.is_none() && self.out.has_room() && self.session.has_room();
        let parts = &mut self.parts;
        tokio::select! {
            stop = &mut *parts.stop, if self.leaving.is_none() => Woken::Stop(stop.ok()),
            command = parts.commands.recv(), if take => Woken::Command(command),
            moved = parts.stream.exchange(&mut self.out, parts.scratch, read) => Woken::Moved(moved),
            watched = parts.gate.watch() => if watched.is_ok() { Woken::Time } else { Woken::OwnerGone },
            () = tokio::time::sleep_until(deadline.into()) => Woken::Time,
        }
    }

    fn deadline(&self, now: Instant) -> Instant {
        let leaving = self.leaving.as_ref().map(|leaving| leaving.deadline);
        let others = [self.session.deadline(), self.parts.gate.deadline(now), leaving];
        others.into_iter().flatten().fold(self.beat.deadline(), Instant::min)
    }

    fn check_deadlines(&self, now: Instant) -> Result<(), End> {
        if self.leaving.as_ref().is_some_and(|leaving| leaving.deadline <= now) {
            return Err(End::Over);
        }
        if let Some(what) = self.session.expired(now) {
            count(&self.parts.counters.expired);
            return Err(broken(format!("{what}: the connection was reset, so that nothing arrives late")));
        }
        if let Some(silence) = self.beat.silence(now) {
            return Err(broken(format!("no reply to ping: the broker was silent for {:.1} s", silence.as_secs_f64())));
        }
        Ok(())
    }

    fn take_frames(&mut self, now: Instant) -> Result<(), End> {
        while self.out.has_room() && self.parts.gate.accepts(now) {
            let frame = self.parts.inbound.next_frame().map_err(|error| self.malformed(&error))?;
            let Some(frame) = frame else { return Ok(()) };
            if matches!(frame, Frame::Packet(Packet::PingResp)) {
                self.beat.answered();
            }
            match self.session.handle(frame, &mut self.out).map_err(|error| self.malformed(&error))? {
                None => {}
                Some(event @ LinkEvent::Subscribed { .. }) => self.parts.gate.owe(event),
                Some(event) => {
                    self.heard = true;
                    self.parts.gate.offer(event);
                }
            }
        }
        Ok(())
    }

    fn malformed(&self, error: &dyn std::error::Error) -> End {
        count(&self.parts.counters.malformed);
        broken(format!("what came from the broker is not MQTT: {error}"))
    }

    fn account(&mut self, moved: std::io::Result<Moved>) -> Result<(), End> {
        let moved = moved.map_err(|error| self.closed(&format!("the connection broke: {error}")))?;
        let now = Instant::now();
        let counters = self.parts.counters;
        if moved.wrote > 0 {
            counters.bytes_out.fetch_add(moved.wrote as u64, Ordering::Relaxed);
            self.beat.spoke(now, !self.out.is_empty());
        }
        if moved.read > 0 {
            counters.bytes_in.fetch_add(moved.read as u64, Ordering::Relaxed);
            self.beat.heard(now);
            self.parts.inbound.push(self.parts.scratch.get(..moved.read).unwrap_or_default());
        }
        if moved.closed { Err(self.closed("the broker closed the connection")) } else { Ok(()) }
    }

    fn closed(&self, reason: &str) -> End {
        End::Broken { reason: reason.into(), by_broker: true, heard: self.heard }
    }

    fn carry_out(&mut self, Command { epoch, work, ticket }: Command) -> Result<(), End> {
        let now = Instant::now();
        let too_late = matches!(work, Work::Publish { expires, .. } if expires <= now);
        if epoch != self.parts.epoch || too_late {
            count(&self.parts.counters.stale_asks);
            return Ok(());
        }
        match work {
            Work::Publish { publication, expires } => {
                self.session.publish(publication, expires, ticket, &mut self.out);
                Ok(())
            }
            Work::Subscribe(filters) => self
                .session
                .subscribe(filters, now + ACK_WITHIN, ticket, &mut self.out)
                .map_err(|error| broken(error.to_string())),
        }
    }

    /// Begins the goodbye.
    fn leave(&mut self, deadline: Instant) {
        self.parts.admission.close();
        let farewell = self.parts.policy.farewell.clone().into_iter();
        self.leaving = Some(Leaving { deadline, farewell, disconnected: false });
    }

    /// One thing after the other: what was accepted before, the farewell, all acknowledgements, DISCONNECT.
    fn go_on_leaving(&mut self) -> Result<(), End> {
        while let Some(leaving) = &mut self.leaving {
            if leaving.disconnected {
                return if self.out.is_empty() { Err(End::Over) } else { Ok(()) };
            }
            if !(self.session.has_room() && self.out.has_room()) {
                return Ok(());
            }
            if let Ok(command) = self.parts.commands.try_recv() {
                self.carry_out(command)?;
            } else if let Some(publication) = leaving.farewell.next() {
                let deadline = leaving.deadline;
                self.say_farewell(publication, deadline);
            } else if self.session.is_idle() && self.out.is_empty() {
                self.out.packet(&Packet::Disconnect).map_err(|error| broken(error.to_string()))?;
                leaving.disconnected = true;
            } else {
                return Ok(());
            }
        }
        Ok(())
    }

    fn say_farewell(&mut self, publication: Publication, deadline: Instant) {
        match Ticket::take(self.parts.admission, publication.payload.len()) {
            Some(ticket) => self.session.publish(publication, deadline, ticket, &mut self.out),
            None => tracing::warn!("no room for the farewell on `{}`", publication.topic),
        }
    }

    /// Closes the stream: in order if DISCONNECT is out, else with a reset. Who is leaving does not come back, however
    /// it went.
    async fn part(self, end: End) -> End {
        let Some(leaving) = self.leaving else { return end };
        if leaving.disconnected && self.out.is_empty() {
            let until = leaving.deadline.min(Instant::now() + CLOSE_WITHIN);
            // However this ends, the stream is gone afterwards.
            let _ = tokio::time::timeout_at(until.into(), self.parts.stream.finish(self.parts.scratch)).await;
        }
        End::Over
    }
}

const fn broken(reason: String) -> End {
    End::Broken { reason, by_broker: false, heard: true }
}
