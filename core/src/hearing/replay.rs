//! A recording, heard as the daemon hears an open microphone.
//!
//! The endpointer watches from the first sample, and again after each end. A wake word opens a turn as the daemon opens
//! it: from there on the endpointer is the one of that turn, until it ends.

use std::time::Duration;

use crate::audio::Position;
use crate::frontend::{DeviceTime, FrontEnd, Profile};
use crate::hearing::ear::Ear;
use crate::hearing::trace::Trace;
use crate::hearing::{EarCommand, EarEvent, Ending, Limits, ListenId, Start};
use crate::wake::Words;

/// The front end is fed blocks of this length, so that the size of the pushes changes nothing: 10 ms.
const BLOCK: usize = 160;

/// Something that was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Of the beginning of speech: where it is. Else: the sample with which it was decided.
    pub at: Position,
    /// What it is.
    pub what: What,
}

/// What was heard.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A wake word.
    Wake {
        /// Its name in the settings.
        word: String,
        /// How sure that is, 0 to 1.
        score: f32,
    },
    /// Somebody began to speak.
    SpeechStart,
    /// The utterance is over.
    SpeechEnd {
        /// Where its last sound was.
        spoken: Position,
    },
    /// Nobody spoke.
    NoSpeech,
    /// The longest utterance was reached.
    Cap,
}

/// A recording on its way through the ear.
#[derive(Debug)]
pub struct Replay {
    front: FrontEnd,
    profile: Profile,
    ear: Ear,
    limits: Limits,
    preroll: Duration,
    listens: u64,
    speaking: bool,
    taken: u64,
    block: Vec<i16>,
    cleaned: Vec<i16>,
    trace: Option<Trace>,
}

impl Replay {
    /// The microphone has just been opened. `words` wake, and of a turn that one opens, `preroll` lies before it.
    #[must_use]
    pub fn new(profile: Profile, words: Words, limits: Limits, preroll: Duration) -> Self {
        let mut ear = Ear::new();
        ear.set_words(words);
        let mut replay = Self {
            front: FrontEnd::new(profile),
            profile,
            ear,
            limits,
            preroll,
            listens: 0,
            speaking: false,
            taken: 0,
            block: Vec::with_capacity(BLOCK),
            cleaned: Vec::with_capacity(2 * BLOCK),
            trace: None,
        };
        replay.watch();
        replay
    }

    /// Also notes what a picture shows.
    #[must_use]
    pub fn traced(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// The place of the sample that the ear hears next.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.ear.position()
    }

    /// Whether somebody is within an utterance.
    #[must_use]
    pub const fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// What was noted for a picture. There is nothing more to be heard.
    #[must_use]
    pub fn into_trace(self) -> Option<Trace> {
        self.trace
    }

    /// Hears `sound`, 16 kHz mono. How it is cut into pieces changes nothing.
    pub fn push(&mut self, mut sound: &[i16], mut heard: impl FnMut(Heard)) {
        if self.profile == Profile::Off {
            return self.hear(sound, &mut heard);
        }
        while !sound.is_empty() {
            let (now, later) = sound.split_at(sound.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            sound = later;
            if self.block.len() == BLOCK {
                self.clean(&mut heard);
            }
        }
    }

    /// Nothing follows: hears what is left of the last block.
    pub fn finish(&mut self, mut heard: impl FnMut(Heard)) {
        self.clean(&mut heard);
    }

    /// Hears the block as the front end leaves it.
    fn clean(&mut self, heard: &mut impl FnMut(Heard)) {
        let mut cleaned = std::mem::take(&mut self.cleaned);
        let at = DeviceTime(Position(self.taken).since(Position(0)).as_nanos().try_into().unwrap_or(u64::MAX));
        self.taken += self.block.len() as u64;
        self.front.heard(at, &self.block, &mut cleaned);
        self.hear(&cleaned, heard);
        self.block.clear();
        cleaned.clear();
        self.cleaned = cleaned;
    }

    fn hear(&mut self, mut sound: &[i16], heard: &mut impl FnMut(Heard)) {
        while !sound.is_empty() {
            let (now, later) = sound.split_at(sound.len().min(self.ear.next_stop()));
            sound = later;
            self.ear.push(now);
            if let Some(trace) = &mut self.trace {
                trace.follow(now, &self.ear);
            }
            while let Some(event) = self.ear.poll() {
                let Some(event) = self.take(event) else { continue };
                if let Some(trace) = &mut self.trace {
                    trace.note(&event);
                }
                heard(event);
            }
        }
    }

    /// What an event of the ear means, and what follows from it.
    fn take(&mut self, event: EarEvent) -> Option<Heard> {
        let (at, what) = match event {
            EarEvent::SpeechStart { listen, at } if listen == self.listen() => {
                self.speaking = true;
                (at, What::SpeechStart)
            }
            EarEvent::Ended { listen, at, speech_end, why } if listen == self.listen() => {
                self.watch();
                (at, ended(why, speech_end))
            }
            EarEvent::Wake { name, score, at, over, .. } => {
                self.woken(at, over);
                (at, What::Wake { word: name, score })
            }
            _ => return None,
        };
        Some(Heard { at, what })
    }

    const fn listen(&self) -> ListenId {
        ListenId(self.listens)
    }

    /// Watches for the next utterance, or for a wake word.
    fn watch(&mut self) {
        self.ear.handle(EarCommand::ArmWake(true));
        self.open(Start::Now, Duration::ZERO, self.limits);
    }

    /// Opens the turn of a wake word, as the assistant does where no loudspeaker plays. While somebody is listened to,
    /// no other word counts.
    fn woken(&mut self, at: Position, over: Position) {
        self.ear.handle(EarCommand::ArmWake(false));
        let from = at.back(self.preroll);
        let limits = Limits { no_speech: self.limits.no_speech + at.since(from), ..self.limits };
        self.open(Start::At(from), over.since(from), limits);
    }

    fn open(&mut self, from: Start, guard: Duration, limits: Limits) {
        self.speaking = false;
        self.listens += 1;
        self.ear.handle(EarCommand::Listen { listen: self.listen(), from, limits: Some(limits), guard });
    }
}

const fn ended(why: Ending, spoken: Position) -> What {
    match why {
        Ending::Silence => What::SpeechEnd { spoken },
        Ending::NoSpeech => What::NoSpeech,
        Ending::Cap => What::Cap,
    }
}
