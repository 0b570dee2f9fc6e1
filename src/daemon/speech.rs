//! What is to be heard becomes sound in the loudspeaker's ring, while it is still being made.

use std::sync::Arc;
use std::time::Duration;

use auricle_core::assistant::event::PlayNumber;
use auricle_core::audio::chime::Chime;
use auricle_core::audio::convert::ToDevice;
use auricle_core::audio::wav;
use auricle_core::dialogue::Source;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::input::Input;
use crate::services::tts::{TtsError, Utterance, Voice};
use crate::sound::Leaving;

/// How long to wait before looking again whether the ring has room. The ring holds a second or more.
const ROOM: Duration = Duration::from_millis(50);

/// Bytes of a file that are decoded at a time.
const PIECE: usize = 16 * 1024;

/// The loudspeaker's side of a sound: its ring and its rate.
pub struct Sink {
    /// Samples per second.
    pub rate: u32,
    /// Mono samples for the loudspeaker; dropping it ends the sound.
    pub ring: rtrb::Producer<i16>,
    /// When the parts of a live sound leave the loudspeaker.
    pub leaving: rtrb::Consumer<Leaving>,
}

/// A sound that is being made.
pub struct Making {
    sink: Option<oneshot::Sender<Sink>>,
    /// `None`: somebody else makes it, for whom the end of the ring is enough to know that it is no longer wanted.
    task: Option<JoinHandle<()>>,
}

impl Making {
    /// Starts to make `source` heard. Synthesis begins at once, the loudspeaker may take its time to open.
    #[must_use]
    pub fn start(play: PlayNumber, source: Source, voice: Arc<Voice>, inbox: mpsc::Sender<Input>) -> Self {
        let (sink, sink_comes) = oneshot::channel();
        let task = tokio::spawn(async move {
            let input = match make(source, &voice, sink_comes).await {
                Ok(Made::Spoken) => Input::Voiced(play),
                Ok(Made::Toned) => return,
                Err(error) => Input::Voiceless(play, error),
            };
            // The control thread is gone only when the daemon ends.
            let _ = inbox.send(input).await;
        });
        Self { sink: Some(sink), task: Some(task) }
    }

    /// One that is made elsewhere, by whoever has the other end.
    #[must_use]
    pub fn elsewhere() -> (Self, oneshot::Receiver<Sink>) {
        let (sink, sink_comes) = oneshot::channel();
        (Self { sink: Some(sink), task: None }, sink_comes)
    }

    /// Whether it comes no faster than it is heard.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.task.is_none()
    }

    /// The loudspeaker is open.
    pub fn sink(&mut self, sink: Sink) {
        if let Some(waiting) = self.sink.take() {
            let _ = waiting.send(sink);
        }
    }
}

impl Drop for Making {
    /// What is no longer wanted is not made to its end; the speech engine's process goes with it.
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// What was made.
enum Made {
    /// The voice spoke.
    Spoken,
    /// A sound without the voice, which says nothing about it.
    Toned,
}

async fn make(source: Source, voice: &Voice, sink: oneshot::Receiver<Sink>) -> Result<Made, TtsError> {
    match source {
        Source::Chime(chime) => {
            if let Ok(mut sink) = sink.await {
                pour(&mut sink.ring, &chime.render(sink.rate)).await;
            }
            Ok(Made::Toned)
        }
        Source::Text(text) => {
            know_voices(voice).await;
            speak(voice.speak(&text), sink).await
        }
        Source::Sentence(sentence) => {
            know_voices(voice).await;
            speak(voice.say(sentence), sink).await
        }
        Source::File(file) => {
            if let Ok(mut sink) = sink.await {
                play_file(&file.0, &mut sink).await;
            }
            Ok(Made::Toned)
        }
        // It comes through a channel, see `Making::elsewhere`.
        Source::Stream(_) => Ok(Made::Toned),
    }
}

/// What the engine has must be known before it is asked for a language. Right after the start that may take a moment.
async fn know_voices(voice: &Voice) {
    if let Err(error) = voice.voices().await {
        // What it has in any case is spoken.
        tracing::debug!("{error}");
    }
}

/// Speaks, or sounds the error tone if there is no voice.
async fn speak(utterance: Result<Utterance, TtsError>, sink: oneshot::Receiver<Sink>) -> Result<Made, TtsError> {
    let Ok(mut sink) = sink.await else { return Ok(Made::Toned) };
    let outcome = match utterance {
        Ok(utterance) => stream(utterance, &mut sink).await,
        Err(error) => Err(error),
    };
    if outcome.is_err() {
        pour(&mut sink.ring, &Chime::Error.render(sink.rate)).await;
    }
    outcome.map(|()| Made::Spoken)
}

async fn stream(mut utterance: Utterance, sink: &mut Sink) -> Result<(), TtsError> {
    let mut pipe = Pipe::new(sink);
    while let Some(block) = utterance.next().await? {
        pipe.push(block.rate, &block.samples).await;
    }
    pipe.finish().await;
    Ok(())
}

/// Plays a WAV file; where it breaks off, the sound ends.
async fn play_file(file: &[u8], sink: &mut Sink) {
    let mut pipe = Pipe::new(sink);
    let (mut reader, mut sound) = (wav::Reader::new(), Vec::new());
    for piece in file.chunks(PIECE) {
        let whole = reader.push(piece, &mut sound).is_ok();
        if let Some(format) = reader.format() {
            pipe.push(format.rate, &sound).await;
        }
        sound.clear();
        if !whole {
            break;
        }
    }
    pipe.finish().await;
}

/// Sound on its way to the loudspeaker, at any rate.
struct Pipe<'sink> {
    sink: &'sink mut Sink,
    convert: Option<(u32, ToDevice)>,
    samples: Vec<i16>,
}

impl<'sink> Pipe<'sink> {
    const fn new(sink: &'sink mut Sink) -> Self {
        Self { sink, convert: None, samples: Vec::new() }
    }

    async fn push(&mut self, rate: u32, sound: &[i16]) {
        if self.convert.as_ref().is_none_or(|(known, _)| *known != rate) {
            self.convert = ToDevice::new(rate, self.sink.rate).ok().map(|device| (rate, device));
        }
        let Some((_, device)) = &mut self.convert else { return };
        self.samples.clear();
        device.push(sound, &mut self.samples);
        pour(&mut self.sink.ring, &self.samples).await;
    }

    async fn finish(self) {
        let Some((_, mut device)) = self.convert else { return };
        let mut samples = self.samples;
        samples.clear();
        device.finish(&mut samples);
        pour(&mut self.sink.ring, &samples).await;
    }
}

/// Moves samples into the ring, waiting while it is full.
async fn pour(ring: &mut rtrb::Producer<i16>, mut samples: &[i16]) {
    while !samples.is_empty() && !ring.is_abandoned() {
        let room = ring.slots().min(samples.len());
        if room == 0 {
            tokio::time::sleep(ROOM).await;
            continue;
        }
        if let Ok(chunk) = ring.write_chunk_uninit(room) {
            chunk.fill_from_iter(samples[..room].iter().copied());
        }
        samples = &samples[room..];
    }
}
