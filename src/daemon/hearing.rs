//! The hearing thread: it owns everything that listens.
//!
//! It sleeps on a bell that the capture thread rings after each block and the control thread after each command. The
//! pure part is [`Ear`]; here is only the plumbing around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::audio::convert::{Channel, ToTape};
use auricle_core::frontend::Profile;
use auricle_core::hearing::EarCommand;
use auricle_core::hearing::ear::Ear;
use auricle_core::wake::Words;
use tokio::sync::mpsc::Sender;

use super::input::{Heard, Input};
use super::listener::{LISTENERS, Listener, Piece};
use crate::sound::{Bell, Microphone, Pace, Played, Shape, Stamp};
use card::{Card, Look};
use condition::News;
pub use counters::{EchoCounters, HearingCounters};
use fresh::Fresh;
use intake::Intake;
use tap::Tap;

mod card;
mod condition;
mod counters;
mod fresh;
mod intake;
mod stamps;
mod tap;
mod telling;

/// An open microphone that delivers nothing for this long is as good as gone. Its own thread says so after 1 s, unless
/// that thread hangs.
const STALL: Duration = Duration::from_millis(1_500);

/// Commands that may wait for the thread; it reads them within a millisecond or is stuck for good.
const COMMANDS: usize = 256;

enum Command {
    Ear(EarCommand),
    Attach { shape: Shape, ring: rtrb::Consumer<u8>, stamps: rtrb::Consumer<Stamp> },
    Detach,
    Profile(Profile),
    Token(u64),
    Record(rtrb::Producer<i16>),
    RecordStop,
    Listen(Sender<Piece>),
    Words(Box<Words>),
    Sensitivity(usize, f32),
    Stop,
}

/// What the settings want of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// Which channel of the microphone.
    pub channel: Channel,
    /// How much of the front end.
    pub profile: Profile,
    /// Whether a server wants the sound as it was caught, too.
    pub raw: bool,
}

/// The handle of the hearing thread. Dropping it ends the thread.
pub struct Hearing {
    commands: SyncSender<Command>,
    bell: Bell,
    counters: Arc<HearingCounters>,
    /// A command was lost: what the thread does is not what was decided, for ever.
    torn: AtomicBool,
}

impl Hearing {
    /// Starts the thread. `bell` is the one that the microphone rings.
    ///
    /// # Errors
    /// When the system has no room for a thread.
    pub fn start(
        mic: Arc<Microphone>,
        played: Played,
        bell: Bell,
        wants: Wants,
        inbox: Sender<Input>,
    ) -> std::io::Result<Self> {
        let (commands, receiver) = sync_channel(COMMANDS);
        let counters = Arc::new(HearingCounters::default());
        let (own_bell, own_counters) = (bell.clone(), Arc::clone(&counters));
        thread::Builder::new().name("hearing".into()).spawn(move || {
            let ear = if wants.raw { Ear::keeping_raw() } else { Ear::new() };
            let worker = Worker {
                mic,
                inbox,
                channel: wants.channel,
                counters: own_counters,
                intake: Intake::new(played, wants.profile),
                ear,
                card: None,
                recording: None,
                listeners: Vec::new(),
                token: None,
                blocks_at_token: 0,
                caught: Position(0),
                fresh: Fresh::default(),
                pace: None,
            };
            worker.run(&receiver, &own_bell);
        })?;
        Ok(Self { commands, bell, counters, torn: AtomicBool::new(false) })
    }

    /// Hands a command of the assistant on.
    pub fn ear(&self, command: EarCommand) {
        self.send(Command::Ear(command));
    }

    /// A card was opened: read from this ring from now on.
    pub fn attach(&self, shape: Shape, ring: rtrb::Consumer<u8>, stamps: rtrb::Consumer<Stamp>) {
        self.send(Command::Attach { shape, ring, stamps });
    }

    /// The card is closed.
    pub fn detach(&self) {
        self.send(Command::Detach);
    }

    /// How much of the front end from now on.
    pub fn profile(&self, profile: Profile) {
        self.send(Command::Profile(profile));
    }

    /// Sends a health token through the thread; it comes back as [`Heard::Token`]. None passes once a command was lost: it
    /// may have been the one to listen, and a daemon that is deaf without knowing it has to be started again.
    pub fn token(&self, token: u64) {
        if !self.torn.load(Ordering::Relaxed) {
            self.send(Command::Token(token));
        }
    }

    /// Copies what is heard from now on into this ring, instead of into the one before.
    pub fn record(&self, ring: rtrb::Producer<i16>) {
        self.send(Command::Record(ring));
    }

    /// Copies no more; the ring is left.
    pub fn record_stop(&self) {
        self.send(Command::RecordStop);
    }

    /// Hands out what is heard from now on, for a look at it. Ends when the microphone closes, or when nobody takes it;
    /// [`Heard::Unlistened`] tells.
    pub fn listen(&self, out: Sender<Piece>) {
        self.send(Command::Listen(out));
    }

    /// Listens for these wake words from now on, instead of those before.
    pub fn words(&self, words: Words) {
        self.send(Command::Words(Box::new(words)));
    }

    /// How easily this one of the words is heard from now on, 0 to 1.
    pub fn sensitivity(&self, word: usize, sensitivity: f32) {
        self.send(Command::Sensitivity(word, sensitivity));
    }

    /// Where the tape stands, if a microphone delivers.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let flowing = self.counters.flowing.load(Ordering::Acquire) == 1;
        flowing.then(|| Position(self.counters.position.load(Ordering::Acquire)))
    }

    /// What the thread counts.
    #[must_use]
    pub fn counters(&self) -> &Arc<HearingCounters> {
        &self.counters
    }

    fn send(&self, command: Command) {
        if let Err(TrySendError::Full(_)) = self.commands.try_send(command) {
            self.counters.dropped_commands.fetch_add(1, Ordering::Relaxed);
            if !self.torn.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    "the hearing thread does not take its commands; the watchdog will start the daemon again"
                );
            }
        }
        self.bell.ring();
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.send(Command::Stop);
    }
}

struct Worker {
    mic: Arc<Microphone>,
    inbox: Sender<Input>,
    channel: Channel,
    counters: Arc<HearingCounters>,
    intake: Intake,
    ear: Ear,
    card: Option<Card>,
    recording: Option<Tap>,
    listeners: Vec<Listener>,
    token: Option<u64>,
    blocks_at_token: u64,
    /// The place on the tape of what the card delivers next; the front end may hold some of it back.
    caught: Position,
    fresh: Fresh,
    /// What the microphone was told last.
    pace: Option<Pace>,
}

impl Worker {
    fn run(mut self, commands: &Receiver<Command>, bell: &Bell) {
        loop {
            // Without a card, or with one that is known to be stuck, only the bell wakes us.
            let limit = self.card.as_ref().and_then(Card::patience);
            // Rung or not, everything is looked at.
            let _ = bell.wait(limit);
            self.counters.polls.fetch_add(1, Ordering::Relaxed);
            while let Ok(command) = commands.try_recv() {
                if matches!(command, Command::Stop) {
                    return;
                }
                self.obey(command);
            }
            self.keep_pace();
            self.listen();
            self.pass_on_events();
            self.keep_pace();
            self.answer_token();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Ear(command) => self.ear.handle(command),
            Command::Attach { shape, ring, stamps } => self.attach(shape, ring, stamps),
            Command::Detach => {
                self.let_go();
                self.dismiss_listeners();
            }
            Command::Profile(profile) => self.intake.want(profile),
            Command::Token(token) => self.token = Some(token),
            Command::Record(ring) => self.recording = Some(Tap::new(self.ear.position(), ring)),
            Command::RecordStop => self.recording = None,
            Command::Listen(out) => self.admit(out),
            Command::Words(words) => self.ear.set_words(*words),
            Command::Sensitivity(word, sensitivity) => self.ear.set_sensitivity(word, sensitivity),
            Command::Stop => {}
        }
    }

    /// A delay is felt also while the device speaks: by whoever interrupts it.
    fn keep_pace(&mut self) {
        let interruptible = self.ear.busy() && self.intake.plays();
        let soon = self.ear.wants_short_periods() || interruptible || !self.listeners.is_empty();
        let pace = if soon { Pace::Listening } else { Pace::Idle };
        if self.pace.replace(pace) != Some(pace) {
            self.mic.pace(pace);
        }
    }

    fn attach(&mut self, shape: Shape, ring: rtrb::Consumer<u8>, stamps: rtrb::Consumer<Stamp>) {
        match ToTape::new(shape.rate, shape.channels, shape.format, self.channel) {
            Ok(convert) => {
                self.intake.open();
                self.ear.restart();
                self.caught = self.ear.position();
                self.card = Some(Card::new(shape, ring, stamps, convert));
            }
            Err(error) => {
                self.let_go();
                self.tell(Heard::Unusable(error.to_string()));
            }
        }
    }

    fn let_go(&mut self) {
        self.card = None;
        self.intake.close();
    }

    /// Moves what the card has delivered onto the tape.
    fn listen(&mut self) {
        self.fresh.look(&self.mic);
        let Some(card) = &mut self.card else {
            self.counters.flowing.store(0, Ordering::Release);
            return;
        };
        match self.intake.listen(card, &self.counters) {
            Look::Nothing => {}
            Look::Stalled => {
                self.counters.flowing.store(0, Ordering::Release);
                self.tell(Heard::Stalled);
            }
            Look::Sound { news } => {
                self.hear();
                if news {
                    self.intake.condition.forget();
                    self.tell(Heard::Flowing);
                }
                match self.intake.condition.news() {
                    Some(News::Silent(value)) => self.tell(Heard::Silent(value)),
                    Some(News::Hears) => self.tell(Heard::Hears),
                    None => {}
                }
            }
        }
    }

    fn hear(&mut self) {
        self.fresh.comes(self.ear.position());
        self.ear.played(&self.intake.sound.reference);
        self.ear.cancels(self.intake.cancels());
        self.ear.learns(self.intake.learns());
        self.ear.caught(&self.intake.sound.raw);
        self.ear.push(&self.intake.sound.clean);
        if let Some(tap) = &mut self.recording {
            let lost = tap.copy(self.ear.tape());
            self.counters.recording_lost.fetch_add(lost, Ordering::Relaxed);
        }
        self.serve_listeners();
        self.counters.own_words.store(self.ear.own_words(), Ordering::Relaxed);
        self.counters.position.store(self.ear.position().0, Ordering::Release);
        self.counters.flowing.store(1, Ordering::Release);
    }

    fn serve_listeners(&mut self) {
        let (before, at, raw) = (self.listeners.len(), self.caught, &self.intake.sound.raw);
        self.listeners.retain(|listener| listener.serve(at, raw));
        self.caught.0 += raw.len() as u64;
        if self.listeners.len() < before {
            self.tell(Heard::Unlistened);
        }
    }

    /// Whoever went away without being noticed yet keeps no place.
    fn admit(&mut self, out: Sender<Piece>) {
        self.listeners.retain(|listener| !listener.is_gone());
        if self.card.is_some() && self.listeners.len() < LISTENERS {
            return self.listeners.push(Listener::new(out));
        }
        drop(out);
        self.tell(Heard::Unlistened);
    }

    fn dismiss_listeners(&mut self) {
        if !self.listeners.is_empty() {
            self.listeners.clear();
            self.tell(Heard::Unlistened);
        }
    }
}

#[cfg(test)]
mod tests;
