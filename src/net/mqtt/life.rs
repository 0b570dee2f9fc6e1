//! The life of a link: attempt, connection, pause, and again.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auricle_core::link::{LinkEvent, Loss};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc, oneshot};

use super::admission::Admission;
use super::backoff::Failure;
use super::counters::{LinkCounters, count};
use super::gate::Gate;
use super::greeting::greet;
use super::inbound::Inbound;
use super::pump::{End, Pump};
use super::takeover::{Takeover, Verdict};
use super::wire::{Wire, dial};
use super::{Command, LinkSettings};

/// Bytes read from the socket at once.
const READ_SIZE: usize = 16 << 10;

/// Someone in a hurry makes no more attempts than one in this time.
const HURRY_EVERY: Duration = Duration::from_secs(1);

/// What leads to the owner and back.
pub(super) struct Ways {
    pub events: mpsc::Sender<LinkEvent>,
    pub commands: mpsc::Receiver<Command>,
    pub stop: oneshot::Receiver<Instant>,
    pub hurry: Arc<Notify>,
}

/// All that outlives a connection.
pub(super) struct Life {
    settings: LinkSettings,
    gate: Gate,
    commands: mpsc::Receiver<Command>,
    stop: oneshot::Receiver<Instant>,
    hurry: Arc<Notify>,
    /// Before that, nobody's hurry makes a new attempt.
    no_hurry_before: Instant,
    admission: Arc<Admission>,
    counters: Arc<LinkCounters>,
    takeover: Takeover,
    client_id: String,
    epoch: u64,
    scratch: Box<[u8]>,
}

/// Asked to stop, or nobody is there any more to connect for.
struct Over;

impl Life {
    pub(super) fn new(
        settings: LinkSettings,
        Ways { events, commands, stop, hurry }: Ways,
        admission: Arc<Admission>,
        counters: Arc<LinkCounters>,
    ) -> Self {
        let policy = &settings.policy;
        Self {
            gate: Gate::new(events, counters.clone()),
            takeover: Takeover::new(policy.short_life, policy.short_lives, policy.suffix),
            client_id: client_id(&policy.client_id, policy.suffix),
            settings,
            commands,
            stop,
            hurry,
            no_hurry_before: Instant::now(),
            admission,
            counters,
            epoch: 0,
            scratch: vec![0; READ_SIZE].into(),
        }
    }

    /// Keeps connecting until it is told to stop or the owner is gone.
    pub(super) async fn run(mut self) {
        let (counters, admission) = (self.counters.clone(), self.admission.clone());
        let mut life = pin!(self.keep_connecting());
        // `Over` is how this ends; there is nothing more to it.
        let _ = poll_fn(|cx| {
            count(&counters.wakeups);
            life.as_mut().poll(cx)
        })
        .await;
        admission.close();
    }

    async fn keep_connecting(&mut self) -> Result<(), Over> {
        loop {
            count(&self.counters.attempts);
            let (loss, lived) = match self.attempt().await? {
                Err(loss) => (loss, Duration::ZERO),
                Ok((stream, inbound)) => self.live(stream, inbound).await?,
            };
            let failure = if matches!(loss, Loss::Refused(_)) { Failure::Refused } else { Failure::Usual };
            let delay = self.settings.backoff.delay(failure, lived, chance());
            tracing::debug!(?loss, ?delay, broker = %self.settings.address, "not connected");
            let hurry = Arc::clone(&self.hurry);
            // Whoever hears of the loss may be in a hurry before the pause has begun.
            let hurried = hurry.notified();
            self.gate.owe(LinkEvent::Disconnected(loss));
            self.pause(delay, hurried).await?;
        }
    }

    /// Waits for the next attempt, or until somebody is in a hurry.
    async fn pause(&mut self, delay: Duration, hurried: Notified<'_>) -> Result<(), Over> {
        let not_before = self.no_hurry_before;
        let cut_short = async {
            hurried.await;
            tokio::time::sleep_until(not_before.into()).await;
        };
        let waited = async {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = cut_short => {}
            }
        };
        beside(&mut self.gate, &mut self.stop, waited).await?;
        self.no_hurry_before = Instant::now() + HURRY_EVERY;
        Ok(())
    }

    async fn attempt(&mut self) -> Result<Result<(Wire, Inbound), Loss>, Over> {
        let Self { settings, gate, stop, client_id, scratch, .. } = self;
        beside(gate, stop, async {
            let mut stream = dial(settings).await.map_err(|obstacle| Loss::Unreachable(obstacle.into_text()))?;
            let mut inbound = Inbound::new(settings.policy.incoming_limit);
            greet(&mut stream, settings, client_id, &mut inbound, scratch).await?;
            Ok((stream, inbound))
        })
        .await
    }

    /// Lives through one accepted connection; why it was lost and how long it lived.
    async fn live(&mut self, stream: Wire, inbound: Inbound) -> Result<(Loss, Duration), Over> {
        let born = Instant::now();
        self.epoch += 1;
        count(&self.counters.connects);
        self.admission.open(self.epoch);
        self.gate.owe(LinkEvent::Connected);
        let pump = Pump {
            stream,
            inbound,
            scratch: &mut self.scratch,
            commands: &mut self.commands,
            stop: &mut self.stop,
            gate: &mut self.gate,
            policy: &self.settings.policy,
            counters: &self.counters,
            admission: &self.admission,
            epoch: self.epoch,
        };
        let end = pump.run().await;
        self.admission.close();
        self.forget_asks();
        match end {
            End::Over => Err(Over),
            End::Broken { by_broker: true, heard: false, .. } if self.is_refusal(born.elapsed()) => {
                Ok((Loss::Refused(self.refusal()), born.elapsed()))
            }
            End::Broken { reason, by_broker, .. } => {
                Ok((self.judge(reason, by_broker, born.elapsed()), born.elapsed()))
            }
        }
    }

    /// Whether so short a life means that the broker did not want us.
    fn is_refusal(&self, lived: Duration) -> bool {
        self.settings.policy.refusal.is_some_and(|within| lived < within)
    }

    fn refusal(&self) -> String {
        format!(
            "{} accepts the login and hangs up at once: wrong credentials, or the device is not registered there \
             (client id `{}`)",
            self.settings.address, self.client_id
        )
    }

    /// Asks that were accepted and have not been written are worth nothing on the next connection.
    fn forget_asks(&mut self) {
        while self.commands.try_recv().is_ok() {
            count(&self.counters.stale_asks);
        }
    }

    fn judge(&mut self, reason: String, by_broker: bool, lived: Duration) -> Loss {
        let id = &self.client_id;
        match self.takeover.ended(by_broker, lived) {
            Verdict::Ordinary => Loss::Lost(reason),
            Verdict::ChangeId => {
                let next = suffixed(&self.settings.policy.client_id);
                let loss = format!("{reason}, again and again, as client `{id}`; trying as `{next}`");
                self.client_id = next;
                Loss::Lost(loss)
            }
            Verdict::ThrownOut if self.takeover.changed_id() => Loss::ThrownOut(format!(
                "the broker accepts us and closes the connection shortly after, also under a new client id (`{id}`): \
                 its log says why (access list, packet limit?)"
            )),
            Verdict::ThrownOut => Loss::ThrownOut(format!(
                "the broker accepts us and closes the connection shortly after: is another client connected with the \
                 same client id `{id}`?"
            )),
        }
    }
}

/// Runs `work` while events that are owed are handed over; ends early when there is nobody to do it for.
async fn beside<F: Future>(gate: &mut Gate, stop: &mut oneshot::Receiver<Instant>, work: F) -> Result<F::Output, Over> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            output = &mut work => return Ok(output),
            _ = &mut *stop => return Err(Over),
            watched = gate.watch() => watched.map_err(|_| Over)?,
        }
    }
}

fn client_id(base: &str, suffix: bool) -> String {
    if suffix { suffixed(base) } else { base.to_owned() }
}

pub(super) fn suffixed(base: &str) -> String {
    format!("{base}-{:08x}", random())
}

/// A number from 0 to 1.
fn chance() -> f64 {
    f64::from(random()) / f64::from(u32::MAX)
}

fn random() -> u32 {
    let mut bytes = std::process::id().to_ne_bytes();
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::warn!("no random numbers ({error}): the process id must do");
    }
    u32::from_ne_bytes(bytes)
}
