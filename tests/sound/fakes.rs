//! The microphone on a card that is only imagined: what no test machine has, and what no real card does on demand.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auricle::sound::negotiate::{Agreed, CAPTURE, HwSpace, negotiate};
use auricle::sound::{
    Bell, CapturePcm, CardName, Cards, Direction, Fault, Pace, PlaybackPcm, Shape, SoundError, Woken,
};
use auricle_core::audio::convert::{Channel, Format, ToTape};
use nix::time::{ClockId, clock_gettime};

use crate::bench::Ear;
use crate::pulse::until;
use crate::speech;

const SOON: Duration = Duration::from_secs(5);

/// A microphone array: 48 kHz, 4 channels, S32, nothing else. Channel `n` hums at `(n + 1) * 500` Hz.
#[derive(Clone, Default)]
struct Array {
    /// So many reads fail.
    overruns: Arc<AtomicU32>,
    opened: Arc<AtomicU32>,
    /// The time, and what the thread had used of the processor, at each attempt to open.
    attempts: Arc<Mutex<Vec<(Instant, Duration)>>>,
    /// Somebody else has it.
    busy: Arc<AtomicBool>,
    absent: bool,
}

impl HwSpace for Array {
    fn has_rate(&self, rate: u32) -> bool {
        rate == 48_000
    }
    fn set_rate_near(&mut self, _: u32) -> Option<u32> {
        Some(48_000)
    }
    fn channels(&self) -> Option<(u16, u16)> {
        Some((4, 4))
    }
    fn set_channels(&mut self, channels: u16) -> bool {
        channels == 4
    }
    fn set_format(&mut self, format: Format) -> bool {
        format == Format::S32
    }
    fn set_period_near(&mut self, frames: usize) -> Option<usize> {
        Some(frames)
    }
    fn set_buffer_near(&mut self, frames: usize) -> Option<usize> {
        Some(frames)
    }
}

impl Cards for Array {
    fn capture_cards(&self) -> Vec<CardName> {
        let card = CardName { pcm: "hw:CARD=array,DEV=0".into(), description: "Four microphones".into() };
        if self.absent { Vec::new() } else { vec![card] }
    }
    fn playback_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn open_capture(&self, device: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        assert_eq!(device, "hw:CARD=array,DEV=0");
        let used = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
        self.attempts.lock().unwrap().push((Instant::now(), used.into()));
        if self.busy.load(SeqCst) {
            return Err(SoundError::Busy { device: device.into(), holder: self.holder(device, Direction::Capture) });
        }
        self.opened.fetch_add(1, SeqCst);
        let agreed = negotiate(&mut self.clone(), &CAPTURE).unwrap();
        Ok(Box::new(ArrayPcm { agreed, overruns: Arc::clone(&self.overruns), start: Instant::now(), read: 0 }))
    }
    fn open_playback(&self, device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        Err(SoundError::Missing { device: device.into(), why: "it has no loudspeaker".into() })
    }
    fn holder(&self, _: &str, _: Direction) -> Option<String> {
        Some("arecord (pid 123)".into())
    }
}

/// In real time.
struct ArrayPcm {
    agreed: Agreed,
    overruns: Arc<AtomicU32>,
    start: Instant,
    /// Frames.
    read: u64,
}

impl ArrayPcm {
    fn there(&self) -> u64 {
        (self.start.elapsed().as_micros() as u64 * 48 / 1_000).saturating_sub(self.read)
    }
}

impl CapturePcm for ArrayPcm {
    fn shape(&self) -> Shape {
        self.agreed.shape
    }
    fn period(&self) -> usize {
        self.agreed.period
    }
    fn buffer(&self) -> usize {
        self.agreed.buffer
    }
    fn start(&mut self) -> Result<(), Fault> {
        (self.start, self.read) = (Instant::now(), 0);
        Ok(())
    }
    fn wait(&mut self, bell: &Bell, timeout: Duration) -> Result<Woken, Fault> {
        let missing = (self.period() as u64).saturating_sub(self.there());
        if bell.wait(Some(Duration::from_micros(missing * 1_000 / 48).min(timeout))) {
            return Ok(Woken::Bell);
        }
        Ok(Woken::Ready)
    }
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        if self.overruns.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(Fault::Xrun);
        }
        let frames = (self.there() as usize).min(out.len() / 16);
        for (n, bytes) in out.chunks_exact_mut(4).take(frames * 4).enumerate() {
            let (frame, channel) = (self.read + n as u64 / 4, n % 4);
            let hertz = (channel + 1) as f64 * 500.0;
            let value = 0.25 * (std::f64::consts::TAU * hertz * frame as f64 / 48_000.0).sin();
            bytes.copy_from_slice(&((value * 2_147_483_647.0) as i32).to_le_bytes());
        }
        self.read += frames as u64;
        Ok(frames * 16)
    }
    fn recover(&mut self) -> Result<(), Fault> {
        self.start()
    }
}

#[test]
fn a_card_with_48_khz_4_channels_and_32_bits_becomes_the_tape() {
    let ear = Ear::new(Array::default(), "auto");
    ear.mic.pace(Pace::Listening);
    ear.mic.open();
    let mut open = ear.opened(SOON);
    assert_eq!(open.shape, Shape { rate: 48_000, channels: 4, format: Format::S32 });
    let mut bytes = Vec::new();
    ear.hear(&mut open, &mut bytes, SOON, |bytes| bytes.len() >= 48_000 * 16);
    for (channel, hertz, other) in [(Channel::Auto, 500.0, 1_000.0), (Channel::Index(2), 1_500.0, 500.0)] {
        let (mut tape, mut convert) = (Vec::new(), ToTape::new(48_000, 4, Format::S32, channel).unwrap());
        convert.push(&bytes, &mut tape);
        assert!(tape.len().abs_diff(bytes.len() / 48) < 400, "{} samples", tape.len());
        let inside = &tape[1_600..14_400];
        let (wanted, unwanted) = (speech::amplitude(inside, 16_000, hertz), speech::amplitude(inside, 16_000, other));
        assert!((wanted - 8_192.0).abs() < 80.0 && unwanted < 20.0, "{channel:?}: {wanted}, {unwanted}");
    }
}

#[test]
fn an_overrun_is_repaired_and_counted() {
    let array = Array::default();
    let ear = Ear::new(array.clone(), "auto");
    ear.mic.open();
    let mut open = ear.opened(SOON);
    array.overruns.store(1, SeqCst);
    until("it is counted", || ear.mic.counters().xruns.load(Relaxed) == 1);
    ear.hears(&mut open);
    assert_eq!(array.opened.load(SeqCst), 1, "the device stayed open");
}

#[test]
fn a_card_that_only_overruns_is_given_up_after_a_second() {
    let array = Array::default();
    let ear = Ear::new(array.clone(), "auto");
    ear.mic.pace(Pace::Listening);
    ear.mic.open();
    ear.opened(SOON);
    array.overruns.store(u32::MAX, SeqCst);
    let error = ear.failed(Duration::from_secs(2));
    assert!(matches!(error, SoundError::Silent { seconds: 1, .. }), "{error}");
    let overruns = ear.mic.counters().xruns.load(Relaxed);
    assert!(overruns < 100, "it spun: {overruns} overruns");
}

#[test]
fn a_ring_that_nobody_empties_loses_whole_frames_and_counts_them() {
    let ear = Ear::new(Array::default(), "auto");
    ear.mic.open();
    let open = ear.opened(SOON);
    until("it is full", || ear.mic.counters().overflow_bytes.load(Relaxed) > 0);
    assert_eq!(open.ring.slots() % 16, 0);
    assert!(open.ring.slots() >= 16 * 48_000, "at least a second");
    assert_eq!(ear.mic.counters().overflow_bytes.load(Relaxed) % 16, 0);
}

#[test]
fn a_busy_microphone_names_its_holder_and_is_tried_again_without_haste() {
    let array = Array::default();
    array.busy.store(true, SeqCst);
    let ear = Ear::new(array.clone(), "auto");
    ear.mic.open();
    let error = ear.failed(SOON);
    assert_eq!(error.to_string(), "`hw:CARD=array,DEV=0` is in use by arecord (pid 123); stop that program");
    until("it was tried four times", || array.attempts.lock().unwrap().len() == 4);
    let attempts = array.attempts.lock().unwrap().clone();
    let (wall, processor) = (attempts[3].0 - attempts[0].0, attempts[3].1 - attempts[0].1);
    assert!(wall >= Duration::from_secs(3), "four attempts within {wall:?}");
    assert!(processor < wall / 100, "{processor:?} of {wall:?}");
    array.busy.store(false, SeqCst);
    // Opened is the next notice: the failure was told once.
    let mut open = ear.opened(SOON);
    ear.hears(&mut open);
}

#[test]
fn no_card_at_all_is_told() {
    let ear = Ear::new(Array { absent: true, ..Array::default() }, "auto");
    ear.mic.open();
    assert_eq!(ear.failed(SOON), SoundError::NoCard { direction: Direction::Capture });
    ear.mic.close();
    ear.closed(SOON);
}
