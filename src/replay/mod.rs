//! A recording, heard as the daemon hears its microphone: the same conversion, front end and ear, as fast as it goes.

mod error;
mod lines;
pub mod plot;
mod summary;
mod words;

use std::io::{ErrorKind, Read};

use auricle_core::audio::Position;
use auricle_core::audio::wav::Recording;
use auricle_core::hearing::replay::{Heard, Replay};
use auricle_core::hearing::trace::Trace;
use auricle_core::wake::{Word, Words};

use crate::config::Settings;

pub use error::ReplayError;
pub use lines::{json, words};
pub use summary::Summary;
pub use words::wake_words;

use summary::Stopwatch;

/// What is read at once, in bytes.
const BLOCK: usize = 64 * 1024;

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// What was heard, in numbers.
    pub summary: Summary,
    /// What a picture shows, if it was asked for.
    pub trace: Option<Trace>,
}

/// Hears a WAV file to its end, and listens for these wake words. `name` names it in messages, `tell` is told what is
/// heard.
///
/// # Errors
/// When it can't be read, or what `tell` says. What was heard before was told.
pub fn hear(
    input: &mut impl Read,
    name: &str,
    settings: &Settings,
    words: Vec<Word>,
    trace: Option<Trace>,
    tell: &mut impl FnMut(&Heard) -> std::io::Result<()>,
) -> Result<Outcome, ReplayError> {
    let stopwatch = Stopwatch::start();
    let mut listener = Listener::new(name, settings, words, trace);
    let mut block = vec![0; BLOCK];
    loop {
        match input.read(&mut block) {
            Ok(0) => break,
            Ok(length) => listener.push(&block[..length], tell)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ReplayError::Read { file: name.to_owned(), error }),
        }
    }
    listener.finish(tell)?;
    let Listener { recording, replay, mut summary, .. } = listener;
    summary.heard = replay.position().since(Position(0));
    summary.speaking = replay.is_speaking();
    summary.missing = recording.missing();
    (summary.cpu, summary.took) = stopwatch.stop();
    Ok(Outcome { summary, trace: replay.into_trace() })
}

/// From the bytes of the file to what is told.
struct Listener<'n> {
    name: &'n str,
    recording: Recording,
    replay: Replay,
    sound: Vec<i16>,
    heard: Vec<Heard>,
    summary: Summary,
}

impl<'n> Listener<'n> {
    fn new(name: &'n str, settings: &Settings, words: Vec<Word>, trace: Option<Trace>) -> Self {
        let recording = Recording::new(settings.audio.channel);
        let (words, limits) = (Words::new(words, Position(0)), crate::daemon::limits(settings));
        let replay = Replay::new(settings.audio.profile, words, limits, settings.listen.preroll);
        let replay = if let Some(trace) = trace { replay.traced(trace) } else { replay };
        Self { name, recording, replay, sound: Vec::new(), heard: Vec::new(), summary: Summary::default() }
    }

    fn push(&mut self, bytes: &[u8], tell: &mut impl FnMut(&Heard) -> std::io::Result<()>) -> Result<(), ReplayError> {
        let Self { recording, replay, sound, heard, .. } = self;
        let pushed = recording.push(bytes, sound);
        replay.push(sound, |event| heard.push(event));
        sound.clear();
        self.tell(tell)?;
        pushed.map_err(|error| ReplayError::unheard(self.name, error))
    }

    fn finish(&mut self, tell: &mut impl FnMut(&Heard) -> std::io::Result<()>) -> Result<(), ReplayError> {
        let Self { recording, replay, sound, heard, .. } = self;
        let finished = recording.finish(sound);
        replay.push(sound, |event| heard.push(event));
        replay.finish(|event| heard.push(event));
        self.tell(tell)?;
        finished.map_err(|error| ReplayError::unheard(self.name, error))
    }

    fn tell(&mut self, tell: &mut impl FnMut(&Heard) -> std::io::Result<()>) -> Result<(), ReplayError> {
        for heard in self.heard.drain(..) {
            self.summary.count(&heard);
            tell(&heard).map_err(ReplayError::Told)?;
        }
        Ok(())
    }
}

/// What decides about the end of an utterance, for a picture.
#[must_use]
pub fn settings_in_words(settings: &Settings) -> String {
    let limits = crate::daemon::limits(settings);
    let [hangover, no_speech, cap] =
        [limits.hangover, limits.no_speech, limits.max_utterance].map(|span| span.as_secs_f32());
    format!("hangover {hangover} s · no speech {no_speech} s · longest utterance {cap} s")
}
