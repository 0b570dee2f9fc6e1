//! The ear: the tape and everything that listens to it.
//!
//! Two doors, [`Ear::handle`] and [`Ear::poll`], and the microphone's [`Ear::push`]. Everything that it decides, it
//! decides at the end of a frame or of a chunk, so the size of the pushes changes nothing.

use std::collections::VecDeque;
use std::time::Duration;

use crate::audio::tape::Tape;
use crate::audio::{Position, samples};
use crate::hearing::endpointer::{Endpointer, Onset, Point};
use crate::hearing::raw::Raw;
use crate::hearing::rules::Rules;
use crate::hearing::uplink::Uplink;
use crate::hearing::vad::{FRAME, Vad};
use crate::hearing::waker::Waker;
use crate::hearing::{EarCommand, EarEvent, Encoding, Limits, ListenId, Start, UplinkId};
use crate::wake::Words;

/// How much sound the tape keeps.
pub const TAPE: Duration = Duration::from_secs(20);
/// So many uplinks run at most; one more is refused.
pub const MOST_UPLINKS: usize = 4;
/// So many events wait at most; then the oldest is dropped.
const MOST_EVENTS: usize = 256;

/// What was thrown away because a limit was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// Uplinks that were not begun.
    pub uplinks: u64,
    /// Events that nobody fetched.
    pub events: u64,
}

/// Everything that listens.
#[derive(Debug)]
pub struct Ear {
    tape: Tape,
    /// The same sound as it was caught, if somebody wants it.
    raw: Option<Raw>,
    vad: Vad,
    listening: Option<Listening>,
    armed: Option<Armed>,
    waker: Waker,
    uplinks: Vec<Uplink>,
    events: VecDeque<EarEvent>,
    drops: Drops,
}

#[derive(Debug)]
struct Listening {
    listen: ListenId,
    endpointer: Endpointer,
}

#[derive(Debug)]
struct Armed {
    since: Position,
    onset: Onset,
}

impl Default for Ear {
    fn default() -> Self {
        Self::new()
    }
}

impl Ear {
    /// An ear that has heard nothing. Position 0 is the first sample that it will be given.
    #[must_use]
    pub fn new() -> Self {
        let frames = usize::try_from(samples(TAPE)).unwrap_or(usize::MAX) / FRAME;
        Self {
            tape: Tape::new(TAPE),
            raw: None,
            vad: Vad::new(frames, Position(0)),
            listening: None,
            armed: None,
            waker: Waker::default(),
            uplinks: Vec::with_capacity(MOST_UPLINKS),
            events: VecDeque::with_capacity(16),
            drops: Drops::default(),
        }
    }

    /// One that also keeps the sound as the microphone caught it, for uplinks that want it so; without that they get what
    /// everybody gets. It needs as much memory again as the tape, 640 kB.
    #[must_use]
    pub fn keeping_raw() -> Self {
        Self { raw: Some(Raw::new(TAPE)), ..Self::new() }
    }

    /// The place of the sample that comes next.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.tape.end()
    }

    /// Whether anybody waits for sound: a turn, an uplink, the voice trigger, a wake word.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.armed.is_some() || self.waker.armed() || self.wants_short_periods()
    }

    /// Whether a delay would be felt: a turn listens or an uplink runs. The triggers alone can wait for long periods:
    /// what they need is on the tape.
    #[must_use]
    pub const fn wants_short_periods(&self) -> bool {
        self.listening.is_some() || !self.uplinks.is_empty()
    }

    /// What was thrown away so far.
    #[must_use]
    pub const fn drops(&self) -> Drops {
        self.drops
    }

    /// The tape, for readers of other kinds.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Listens for these words from now on; for none, nothing is spent on it.
    pub fn set_words(&mut self, words: Words) {
        self.waker.set_words(words, self.tape.end());
    }

    /// How easily this one of the words is heard from now on, 0 to 1. No sound is lost by it.
    pub fn set_sensitivity(&mut self, word: usize, sensitivity: f32) {
        self.waker.set_sensitivity(word, sensitivity);
    }

    /// What the device itself played while the samples were caught that are pushed next, as many of them: a wake word in
    /// it is nobody's. Without it, nothing is known of the device's own voice.
    pub fn played(&mut self, reference: &[i16]) {
        self.waker.played(reference);
    }

    /// Whether the device's own voice is taken out of the sound that is pushed from now on, as far as is known. At first it
    /// is not.
    pub const fn cancels(&mut self, cancelled: bool) {
        self.waker.cancels(cancelled);
    }

    /// Whether a canceller that does not know the room yet works on the sound that is pushed from now on: what it leaves of
    /// the device's own voice may sound like a wake word, so a word has to be surer, half the way from its cut-off to 1.
    pub const fn learns(&mut self, learning: bool) {
        self.waker.learns(learning);
    }

    /// How many wake words did not count because the device itself had said them.
    #[must_use]
    pub const fn own_words(&self) -> u64 {
        self.waker.own_words()
    }

    /// Voice activity, for a look at its frames.
    #[must_use]
    pub const fn vad(&self) -> &Vad {
        &self.vad
    }

    /// The wake words, for a look at their scores.
    #[must_use]
    pub const fn words(&self) -> &Words {
        self.waker.words()
    }

    /// The next event, until `None`.
    pub fn poll(&mut self) -> Option<EarEvent> {
        self.events.pop_front()
    }

    /// Carries out a command.
    pub fn handle(&mut self, command: EarCommand) {
        match command {
            EarCommand::Listen { listen, from, limits, guard } => self.listen(listen, from, limits, guard),
            EarCommand::StopListening { listen } => {
                self.listening.take_if(|listening| listening.listen == listen);
            }
            EarCommand::ArmVoice(on) => self.armed = on.then(|| self.arm()),
            EarCommand::ArmWake(on) => self.waker.arm(on),
            EarCommand::StartUplink { uplink, from, encoding } => self.start_uplink(uplink, from, &encoding),
            EarCommand::FinishUplink { uplink, to } => self.finish_uplink(uplink, to),
            EarCommand::AbortUplink { uplink } => self.uplinks.retain(|running| running.id() != uplink),
            EarCommand::Closed => self.closed(),
        }
    }

    /// What the microphone caught, before [`Ear::push`] gets what the front end made of it. The front end may hold some of
    /// its sound back; then this waits for it, so that every sample has the same place in both.
    pub fn caught(&mut self, sound: &[i16]) {
        if let Some(raw) = &mut self.raw {
            raw.caught(sound);
        }
    }

    /// The front end starts anew: what it held back does not come.
    pub fn restart(&mut self) {
        if let Some(raw) = &mut self.raw {
            raw.restart();
        }
    }

    /// Hears `sound`. What follows from it is there to be polled when it returns.
    pub fn push(&mut self, mut sound: &[i16]) {
        while !sound.is_empty() {
            let (now, later) = sound.split_at(sound.len().min(self.next_stop()));
            sound = later;
            let (at, heard) = (self.tape.end(), self.vad.frames().count());
            self.tape.write(now);
            if let Some(raw) = &mut self.raw {
                raw.write(now);
            }
            self.pump();
            self.vad.push(now);
            if let Some(wake) = self.waker.push(at, now) {
                self.say(wake);
            }
            if self.vad.frames().count() > heard {
                self.look_for_voice(heard);
                self.look_for_end(heard);
            }
        }
    }

    /// The number of samples until something may have to be said: whoever pushes no more than that and then polls, acts
    /// on each event at its own moment.
    #[must_use]
    pub fn next_stop(&self) -> usize {
        let uplinks = self.uplinks.iter().map(|uplink| uplink.missing(self.tape.end())).min();
        let uplinks = uplinks.and_then(|missing| usize::try_from(missing).ok()).unwrap_or(usize::MAX);
        self.vad.missing().min(self.waker.missing()).min(uplinks)
    }

    fn place(&self, start: Start) -> Position {
        match start {
            Start::At(position) => position.max(self.tape.oldest()),
            Start::Now => self.tape.end(),
        }
    }

    fn listen(&mut self, listen: ListenId, start: Start, limits: Option<Limits>, guard: Duration) {
        let from = self.place(start);
        // What is asked for may be gone from the tape; what was said there is over all the same.
        let gone = if let Start::At(asked) = start { from.since(asked) } else { Duration::ZERO };
        let limits = limits.map(|limits| Limits { no_speech: limits.no_speech.saturating_sub(gone), ..limits });
        let frames = self.vad.frames();
        let believed = from + guard.saturating_sub(gone);
        let endpointer = Endpointer::new(Rules::TUNED, frames, from, believed, limits);
        let first = frames.at_or_after(from).max(frames.oldest());
        self.listening = Some(Listening { listen, endpointer });
        for number in first..self.vad.frames().count() {
            self.look_for_end(number);
        }
    }

    fn arm(&self) -> Armed {
        let since = self.tape.end();
        Armed { since, onset: Onset::new(Rules::TUNED, self.vad.frames(), since) }
    }

    fn look_for_voice(&mut self, number: u64) {
        let frames = self.vad.frames();
        let Some(armed) = &self.armed else { return };
        let Some(first) = armed.onset.look(frames, number) else { return };
        let (at, earliest) = (frames.start_of(first), armed.since);
        self.armed = None;
        self.say(EarEvent::Voice { at, earliest });
    }

    fn look_for_end(&mut self, number: u64) {
        let Some(Listening { listen, endpointer }) = &mut self.listening else { return };
        let listen = *listen;
        match endpointer.look(self.vad.frames(), number) {
            Some(Point::Start(at)) => self.say(EarEvent::SpeechStart { listen, at }),
            Some(Point::End { at, speech_end, why }) => {
                self.listening = None;
                self.say(EarEvent::Ended { listen, at, speech_end, why });
            }
            None => {}
        }
    }

    fn start_uplink(&mut self, id: UplinkId, from: Start, encoding: &Encoding) {
        self.uplinks.retain(|running| running.id() != id);
        if self.uplinks.len() == MOST_UPLINKS {
            self.drops.uplinks += 1;
            return self.say(EarEvent::UplinkRefused { uplink: id });
        }
        self.uplinks.push(Uplink::new(id, self.place(from), self.tape.end(), encoding));
        self.pump();
    }

    fn finish_uplink(&mut self, id: UplinkId, to: Position) {
        let end = self.tape.end();
        if let Some(uplink) = self.uplinks.iter_mut().find(|uplink| uplink.id() == id) {
            uplink.finish(to, end);
            self.pump();
        }
    }

    fn pump(&mut self) {
        let Self { tape, raw, uplinks, events, drops, .. } = self;
        let raw = raw.as_ref().map_or(&*tape, Raw::tape);
        let mut say = |event| queue(events, drops, event);
        let complete =
            uplinks.extract_if(.., |uplink| uplink.pump(if uplink.wants_raw() { raw } else { tape }, &mut say));
        let complete: Vec<Uplink> = complete.collect();
        for uplink in complete {
            queue(events, drops, uplink.last());
        }
    }

    fn closed(&mut self) {
        self.tape.clear();
        if let Some(raw) = &mut self.raw {
            raw.clear();
        }
        let end = self.tape.end();
        self.vad.restart(end);
        self.waker.restart(end);
        self.listening = None;
        self.uplinks.clear();
        if self.armed.is_some() {
            self.armed = Some(self.arm());
        }
    }

    fn say(&mut self, event: EarEvent) {
        queue(&mut self.events, &mut self.drops, event);
    }
}

fn queue(events: &mut VecDeque<EarEvent>, drops: &mut Drops, event: EarEvent) {
    if events.len() == MOST_EVENTS {
        events.pop_front();
        drops.events += 1;
    }
    events.push_back(event);
}
