//! The hearing thread: it owns everything that listens.
//!
//! It sleeps on a bell that the capture thread rings after each block and the control thread after each command. The
//! pure part is [`Ear`]; here is only the plumbing around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use auricle_core::audio::Position;
use auricle_core::audio::convert::{Channel, ToTape};
use auricle_core::audio::tape::{Read, Reader, Tape};
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent};
use auricle_core::wake::Words;
use tokio::sync::mpsc::Sender;

use super::input::{Heard, Input};
use super::listener::{LISTENERS, Listener, Piece};
use crate::sound::{Bell, Microphone, Pace, Shape};

/// An open microphone that delivers nothing for this long is as good as gone. Its own thread says so after 1 s, unless
/// that thread hangs.
const STALL: Duration = Duration::from_millis(1_500);

/// Commands that may wait for the thread; it reads them within a millisecond or is stuck for good.
const COMMANDS: usize = 256;

enum Command {
    Ear(EarCommand),
    Attach { shape: Shape, ring: rtrb::Consumer<u8> },
    Detach,
    Token(u64),
    Record(rtrb::Producer<i16>),
    RecordStop,
    Listen(Sender<Piece>),
    Words(Box<Words>),
    Stop,
}

/// What the thread counts.
#[derive(Debug, Default)]
pub struct HearingCounters {
    /// Returns from waiting on the bell.
    pub polls: AtomicU64,
    /// Events that the control thread had no room for.
    pub dropped_events: AtomicU64,
    /// Commands that the thread had no room for.
    pub dropped_commands: AtomicU64,
    /// Samples for which a recording had no room: its disk was too slow.
    pub recording_lost: AtomicU64,
    /// Where the tape stands, in samples.
    pub position: AtomicU64,
    /// Whether a card is attached and delivers (1) or not (0).
    pub flowing: AtomicU64,
}

/// The handle of the hearing thread. Dropping it ends the thread.
pub struct Hearing {
    commands: SyncSender<Command>,
    bell: Bell,
    counters: Arc<HearingCounters>,
}

impl Hearing {
    /// Starts the thread. `bell` is the one that the microphone rings.
    ///
    /// # Errors
    /// When the system has no room for a thread.
    pub fn start(mic: Arc<Microphone>, bell: Bell, channel: Channel, inbox: Sender<Input>) -> std::io::Result<Self> {
        let (commands, receiver) = sync_channel(COMMANDS);
        let counters = Arc::new(HearingCounters::default());
        let (own_bell, own_counters) = (bell.clone(), Arc::clone(&counters));
        thread::Builder::new().name("hearing".into()).spawn(move || {
            let ear = Ear::new();
            let worker = Worker {
                mic,
                inbox,
                channel,
                counters: own_counters,
                ear,
                card: None,
                recording: None,
                listeners: Vec::new(),
                token: None,
                blocks_at_token: 0,
                samples: Vec::with_capacity(8_192),
            };
            worker.run(&receiver, &own_bell);
        })?;
        Ok(Self { commands, bell, counters })
    }

    /// Hands a command of the assistant on.
    pub fn ear(&self, command: EarCommand) {
        self.send(Command::Ear(command));
    }

    /// A card was opened: read from this ring from now on.
    pub fn attach(&self, shape: Shape, ring: rtrb::Consumer<u8>) {
        self.send(Command::Attach { shape, ring });
    }

    /// The card is closed.
    pub fn detach(&self) {
        self.send(Command::Detach);
    }

    /// Sends a health token through the thread; it comes back as [`Heard::Token`].
    pub fn token(&self, token: u64) {
        self.send(Command::Token(token));
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
        }
        self.bell.ring();
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.send(Command::Stop);
    }
}

/// An open card.
struct Card {
    ring: rtrb::Consumer<u8>,
    convert: ToTape,
    delivered: bool,
    stalled: bool,
    /// When it was attached, or delivered last.
    last: Instant,
}

/// A recording's place on the tape.
struct Tap {
    reader: Reader,
    ring: rtrb::Producer<i16>,
}

impl Tap {
    /// Copies what is new. Returns the samples for which there was no room, or that the tape had forgotten.
    fn copy(&mut self, tape: &Tape) -> u64 {
        let mut lost = 0;
        loop {
            match self.reader.read(tape, usize::MAX) {
                Read::Samples(sound) => {
                    let fits = sound.len().min(self.ring.slots());
                    let _ = self.ring.push_entire_slice(&sound[..fits]);
                    lost += (sound.len() - fits) as u64;
                }
                Read::Lost(samples) => lost += samples,
                Read::End => return lost,
            }
        }
    }
}

struct Worker {
    mic: Arc<Microphone>,
    inbox: Sender<Input>,
    channel: Channel,
    counters: Arc<HearingCounters>,
    ear: Ear,
    card: Option<Card>,
    recording: Option<Tap>,
    listeners: Vec<Listener>,
    token: Option<u64>,
    blocks_at_token: u64,
    samples: Vec<i16>,
}

impl Worker {
    fn run(mut self, commands: &Receiver<Command>, bell: &Bell) {
        loop {
            // Without a card, or with one that is known to be stuck, only the bell wakes us.
            let limit = self.card.as_ref().filter(|card| !card.stalled).map(|_| STALL);
            // Rung or not, everything is looked at.
            let _ = bell.wait(limit);
            self.counters.polls.fetch_add(1, Ordering::Relaxed);
            while let Ok(command) = commands.try_recv() {
                if matches!(command, Command::Stop) {
                    return;
                }
                self.obey(command);
            }
            self.listen();
            self.pass_on_events();
            self.answer_token();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Ear(command) => self.ear.handle(command),
            Command::Attach { shape, ring } => self.attach(shape, ring),
            Command::Detach => {
                self.card = None;
                self.dismiss_listeners();
            }
            Command::Token(token) => self.token = Some(token),
            Command::Record(ring) => self.recording = Some(Tap { reader: Reader::at(self.ear.position()), ring }),
            Command::RecordStop => self.recording = None,
            Command::Listen(out) => self.admit(out),
            Command::Words(words) => self.ear.set_words(*words),
            Command::Stop => {}
        }
        self.mic.pace(self.pace());
    }

    fn pace(&self) -> Pace {
        let soon = self.ear.wants_short_periods() || !self.listeners.is_empty();
        if soon { Pace::Listening } else { Pace::Idle }
    }

    fn attach(&mut self, shape: Shape, ring: rtrb::Consumer<u8>) {
        match ToTape::new(shape.rate, shape.channels, shape.format, self.channel) {
            Ok(convert) => {
                self.card = Some(Card { ring, convert, delivered: false, stalled: false, last: Instant::now() })
            }
            Err(error) => {
                self.card = None;
                self.tell(Heard::Unusable(error.to_string()));
            }
        }
    }

    /// Moves what the card has delivered onto the tape.
    fn listen(&mut self) {
        let Some(card) = &mut self.card else {
            self.counters.flowing.store(0, Ordering::Release);
            return;
        };
        let waiting = card.ring.slots();
        if waiting == 0 {
            if card.last.elapsed() >= STALL && !card.stalled {
                card.stalled = true;
                card.delivered = false;
                self.counters.flowing.store(0, Ordering::Release);
                self.tell(Heard::Stalled);
            }
            return;
        }
        self.samples.clear();
        if let Ok(chunk) = card.ring.read_chunk(waiting) {
            let (first, second) = chunk.as_slices();
            card.convert.push(first, &mut self.samples);
            card.convert.push(second, &mut self.samples);
            chunk.commit_all();
        }
        card.stalled = false;
        card.last = Instant::now();
        let news = !std::mem::replace(&mut card.delivered, true);
        self.ear.push(&self.samples);
        if let Some(tap) = &mut self.recording {
            let lost = tap.copy(self.ear.tape());
            self.counters.recording_lost.fetch_add(lost, Ordering::Relaxed);
        }
        self.serve_listeners();
        self.counters.position.store(self.ear.position().0, Ordering::Release);
        self.counters.flowing.store(1, Ordering::Release);
        if news {
            self.tell(Heard::Flowing);
        }
    }

    fn serve_listeners(&mut self) {
        let (before, tape) = (self.listeners.len(), self.ear.tape());
        self.listeners.retain_mut(|listener| listener.serve(tape));
        if self.listeners.len() < before {
            self.mic.pace(self.pace());
            self.tell(Heard::Unlistened);
        }
    }

    /// Whoever went away without being noticed yet keeps no place.
    fn admit(&mut self, out: Sender<Piece>) {
        self.listeners.retain(|listener| !listener.is_gone());
        if self.card.is_some() && self.listeners.len() < LISTENERS {
            return self.listeners.push(Listener::new(self.ear.position(), out));
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

    fn pass_on_events(&mut self) {
        let mut any = false;
        while let Some(event) = self.ear.poll() {
            any = true;
            if let EarEvent::Ended { at, why, .. } = &event {
                // `make bench` takes the moment of decision from this line.
                tracing::debug!(at = at.0, heard = self.ear.position().0, ?why, "end of speech");
            }
            self.tell(Heard::Ear(event));
        }
        if any {
            self.mic.pace(self.pace());
        }
    }

    fn answer_token(&mut self) {
        if let Some(token) = self.token.take() {
            let blocks = self.mic.counters().periods.load(Ordering::Relaxed);
            let flowing = blocks != self.blocks_at_token;
            self.blocks_at_token = blocks;
            self.tell(Heard::Token { token, flowing });
        }
    }

    fn tell(&self, heard: Heard) {
        let is_chunk = matches!(heard, Heard::Ear(EarEvent::UplinkChunk { .. }));
        if self.inbox.try_send(Input::Heard(heard)).is_err() {
            self.counters.dropped_events.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(chunk = is_chunk, "the control thread has no room for an event of hearing");
        }
    }
}
