//! A try of a microphone or a loudspeaker while no daemon has it: through the same threads as the daemon's own sound.
//!
//! Each call waits for its end, and ends in bounded time, also when a sound server is frozen.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use auricle_core::audio::chime::Chime;
use auricle_core::audio::convert::Channel;

use super::bell::Bell;
use super::card::{Cards, Direction, Shape, choose};
use super::error::SoundError;
use super::level::{Level, Measured, Meter, SILENCE_DBFS};
use super::loudspeaker::{Loudspeaker, PlaybackWant, SpeakerNotice};
use super::microphone::{CaptureWant, MicNotice, Microphone, Pace};

/// A block of sound, and of the meter.
pub const BLOCK: Duration = Duration::from_millis(100);

/// Between looks at whether the thread hangs.
const LOOK: Duration = Duration::from_millis(200);

/// For a device to open, to begin and to end. A sleeping sound server needs 3 s of it.
const PATIENCE: Duration = Duration::from_secs(8);

/// A pleasant sound of 1.4 s, mono, at `rate` Hz. Begins with silence: amplifiers and sound servers wake up on it.
#[must_use]
pub fn test_sound(rate: u32) -> Vec<i16> {
    let pause = |millis: u32| vec![0; (rate / 1_000 * millis) as usize];
    let chime = |chime: Chime| chime.render(rate);
    let parts = [pause(200), chime(Chime::Listening), pause(180), chime(Chime::Listening), pause(180)];
    [parts.concat(), chime(Chime::Done), pause(200)].concat()
}

/// Plays what `sound` makes for the rate of the device, mono, at `volume` percent; returns its PCM name when the last
/// sample was played. `want` is `auto` or a PCM name, as in the settings.
///
/// # Errors
/// There is no such loudspeaker, or it is busy, breaks, or hangs.
pub fn play(
    cards: Arc<dyn Cards>,
    want: &str,
    volume: u8,
    sound: &dyn Fn(u32) -> Vec<i16>,
) -> Result<String, SoundError> {
    let device = choose(&*cards, want, Direction::Playback)?;
    let (sender, notices) = channel();
    let notify = Box::new(move |notice| drop(sender.send(notice)));
    let speaker = Loudspeaker::start(cards, PlaybackWant { device: device.clone() }, notify)
        .map_err(|error| no_thread(&device, &error))?;
    speaker.volume(volume);
    speaker.play(1);
    let stuck = || SoundError::Stuck { device: device.clone() };
    let mut until = Instant::now() + PATIENCE;
    let mut rest: Option<(rtrb::Producer<i16>, Vec<i16>, usize)> = None;
    while Instant::now() < until {
        match notices.recv_timeout(LOOK) {
            Ok(SpeakerNotice::Ready { rate, ring, .. }) => {
                let samples = sound(rate);
                until += Shape { rate, ..ANY }.span(samples.len() as u64);
                rest = Some((ring, samples, 0));
            }
            Ok(SpeakerNotice::Ended { .. }) => return Ok(device),
            Ok(SpeakerNotice::Failed { error, .. }) => return Err(error),
            Ok(SpeakerNotice::Started { .. } | SpeakerNotice::Back) => {}
            Err(RecvTimeoutError::Timeout) => speaker.check()?,
            Err(RecvTimeoutError::Disconnected) => return Err(stuck()),
        }
        // The ring holds 2 s and is looked after more often than that. Dropping it says that the sound is complete.
        rest = rest.and_then(|(mut ring, samples, done)| {
            let (_, left) = ring.push_partial_slice(&samples[done..]);
            let done = samples.len() - left.len();
            (done < samples.len()).then_some((ring, samples, done))
        });
    }
    Err(stuck())
}

/// Only its rate is of interest.
const ANY: Shape = Shape { rate: 1, channels: 1, format: auricle_core::audio::convert::Format::S16 };

/// Records `span` from the first sample on, and hands out mono blocks of [`BLOCK`] at the card's own rate as they come.
/// Returns the PCM name and what the card agreed to. `want` is `auto` or a PCM name, as in the settings.
///
/// # Errors
/// There is no such microphone or channel, or it is busy, breaks, stays silent (no samples at all) or hangs.
pub fn listen(
    cards: Arc<dyn Cards>,
    want: &str,
    span: Duration,
    channel: Channel,
    each: &mut dyn FnMut(Shape, &[i16]),
) -> Result<(String, Shape), SoundError> {
    let device = choose(&*cards, want, Direction::Capture)?;
    let bell = Bell::new().map_err(|error| no_thread(&device, &error))?;
    let (notices, microphone) = open(cards, &device, &bell)?;
    let mut until = Instant::now() + PATIENCE + span;
    let mut source: Option<Source> = None;
    while Instant::now() < until {
        if !bell.wait(Some(LOOK)) {
            microphone.check()?;
        }
        for notice in notices.try_iter() {
            match notice {
                MicNotice::Opened { shape, ring, .. } => {
                    source = Some(Source::new(&device, shape, ring, channel)?);
                    until = Instant::now() + span + PATIENCE;
                }
                MicNotice::Failed(error) => return Err(error),
                MicNotice::Closed => {}
            }
        }
        if let Some(source) = &mut source
            && source.take(span, each)
        {
            return Ok((device, source.shape));
        }
    }
    Err(SoundError::Silent { device, seconds: PATIENCE.as_secs() })
}

/// Records `span` and tells the level of each [`BLOCK`] as it comes, and in the end what it was in all.
///
/// # Errors
/// As [`listen`].
pub fn measure(
    cards: Arc<dyn Cards>,
    want: &str,
    span: Duration,
    channel: Channel,
    each: &mut dyn FnMut(Level),
) -> Result<Measured, SoundError> {
    let mut all = Meter::default();
    let (mut loudest, mut quietest) = (SILENCE_DBFS, 0.0_f32);
    let (device, shape) = listen(cards, want, span, channel, &mut |_, samples| {
        let mut block = Meter::default();
        block.add(samples);
        all.add(samples);
        let level = block.level();
        (loudest, quietest) = (loudest.max(level.rms), quietest.min(level.rms));
        each(level);
    })?;
    let (span, level) = (shape.span(all.samples), all.level());
    Ok(Measured { device, shape, span, level, loudest, quietest, clipped: all.clipped, all_zero: all.all_zero() })
}

fn open(cards: Arc<dyn Cards>, device: &str, bell: &Bell) -> Result<(Receiver<MicNotice>, Microphone), SoundError> {
    let (sender, notices) = channel();
    let ring = bell.clone();
    let notify = Box::new(move |notice| {
        let _ = sender.send(notice);
        ring.ring();
    });
    let want = CaptureWant { device: device.to_owned() };
    let microphone = Microphone::start(cards, want, bell.clone(), notify).map_err(|error| no_thread(device, &error))?;
    microphone.pace(Pace::Listening);
    microphone.open();
    Ok((notices, microphone))
}

/// What comes from an open microphone.
struct Source {
    shape: Shape,
    ring: rtrb::Consumer<u8>,
    channel: Channel,
    mono: Vec<i16>,
    given: usize,
}

impl Source {
    fn new(device: &str, shape: Shape, ring: rtrb::Consumer<u8>, channel: Channel) -> Result<Self, SoundError> {
        if let Channel::Index(wanted) = channel
            && wanted >= shape.channels
        {
            let why = format!("there is no channel {wanted}, it has {} counted from 0", shape.channels);
            return Err(SoundError::Unusable { device: device.to_owned(), why });
        }
        Ok(Self { shape, ring, channel, mono: Vec::new(), given: 0 })
    }

    /// Hands out whole blocks; true when `span` is complete.
    fn take(&mut self, span: Duration, each: &mut dyn FnMut(Shape, &[i16])) -> bool {
        if let Ok(chunk) = self.ring.read_chunk(self.ring.slots()) {
            let bytes = {
                let (first, second) = chunk.as_slices();
                [first, second].concat()
            };
            chunk.commit_all();
            let (shape, channel) = (self.shape, self.channel);
            self.mono.extend(bytes.chunks_exact(shape.frame_bytes().max(1)).map(|frame| pick(shape, channel, frame)));
        }
        let (block, wanted) = (self.shape.frames(BLOCK).max(1), self.shape.frames(span));
        while self.mono.len() >= block && self.given < wanted {
            each(self.shape, &self.mono[..block]);
            self.mono.drain(..block);
            self.given += block;
        }
        self.given >= wanted
    }
}

fn pick(shape: Shape, channel: Channel, frame: &[u8]) -> i16 {
    let width = shape.format.bytes();
    let at = |index: u16| frame.get(usize::from(index) * width..).map_or(0.0, |bytes| shape.format.read(bytes));
    let value = match channel {
        Channel::Auto | Channel::Best => at(0),
        Channel::Index(index) => at(index),
        Channel::Mean => (0..shape.channels).map(at).sum::<f32>() / f32::from(shape.channels.max(1)),
    };
    value.round() as i16
}

fn no_thread(device: &str, error: &std::io::Error) -> SoundError {
    SoundError::Unusable { device: device.to_owned(), why: format!("the system gives no thread for it: {error}") }
}
