//! What is to be heard becomes sound in the loudspeaker's ring, while it is still being made.

use std::sync::Arc;
use std::time::Duration;

use auricle_core::assistant::event::PlayNumber;
use auricle_core::audio::chime::Chime;
use auricle_core::audio::convert::ToDevice;
use auricle_core::dialogue::Source;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::input::Input;
use crate::services::tts::{TtsError, Utterance, Voice};

/// How long to wait before looking again whether the ring has room. The ring holds a second or more.
const ROOM: Duration = Duration::from_millis(50);

/// The loudspeaker's side of a sound: its ring and its rate.
pub struct Sink {
    /// Samples per second.
    pub rate: u32,
    /// Mono samples for the loudspeaker; dropping it ends the sound.
    pub ring: rtrb::Producer<i16>,
}

/// A sound that is being made.
pub struct Making {
    sink: Option<oneshot::Sender<Sink>>,
    task: JoinHandle<()>,
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
        Self { sink: Some(sink), task }
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
        self.task.abort();
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
        Source::Text(text) => speak(voice.speak(&text), sink).await,
        Source::Sentence(sentence) => speak(voice.say(sentence), sink).await,
        // No protocol of this version pushes sound.
        Source::Stream(_) => Ok(Made::Toned),
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
    let mut convert: Option<(u32, ToDevice)> = None;
    let mut samples = Vec::new();
    while let Some(block) = utterance.next().await? {
        if convert.as_ref().is_none_or(|(rate, _)| *rate != block.rate) {
            convert = ToDevice::new(block.rate, sink.rate).ok().map(|device| (block.rate, device));
        }
        let Some((_, device)) = &mut convert else { continue };
        samples.clear();
        device.push(&block.samples, &mut samples);
        pour(&mut sink.ring, &samples).await;
    }
    if let Some((_, mut device)) = convert {
        samples.clear();
        device.finish(&mut samples);
        pour(&mut sink.ring, &samples).await;
    }
    Ok(())
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
