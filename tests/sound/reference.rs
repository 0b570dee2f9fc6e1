//! The microphone's sound and the played sound carry their times, so that the echo can be told from a person.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auricle::sound::{
    AlsaCards, CapturePcm, CardName, Cards, Direction, Fault, Pace, PlaybackPcm, Played, Shape, SoundError, Sounds,
};
use auricle_core::audio::convert::Format;
use auricle_core::dialogue::PlayEnd;

use crate::bench::{Ear, Mouth, write};
use crate::pulse::{Pulse, until};
use crate::speech;

const SOON: Duration = Duration::from_secs(6);
const MS: u64 = 1_000_000;

/// What was told: moments in ns, with the samples.
#[derive(Default)]
struct Told {
    blocks: Vec<(u64, Vec<i16>)>,
    stops: Vec<u64>,
}

impl Told {
    fn take(&mut self, played: &mut Played) {
        played.take(|sounds| match sounds {
            Sounds::Block { at, samples, .. } => self.blocks.push((at.0, samples.to_vec())),
            Sounds::Stopped(at) => self.stops.push(at.0),
        });
    }

    fn samples(&self) -> Vec<i16> {
        self.blocks.iter().flat_map(|(_, samples)| samples.iter().copied()).collect()
    }

    /// By how much the moments deviate from a clock that runs with the samples, at most; in ms.
    fn jitter(&self) -> u64 {
        let mut samples = 0;
        let clock = self.blocks.iter().map(|(at, block)| {
            let expected = samples * 1_000_000_000 / 48_000;
            samples += block.len() as u64;
            at - expected
        });
        let moments: Vec<u64> = clock.collect();
        (moments.iter().max().unwrap() - moments.iter().min().unwrap()) / MS
    }
}

#[test]
fn what_is_played_is_told_with_the_moment_at_which_it_is_heard() {
    let pulse = Pulse::start();
    pulse.echo();
    let ear = Ear::new(AlsaCards, &pulse.mic());
    ear.mic.pace(Pace::Listening);
    ear.mic.open();
    let mut open = ear.opened(SOON);
    let mut mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.played.want(true);
    let sentence = speech::say("The door of the garage is open.", "en", 48_000);
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    let (mut told, mut heard, mut begun) = (Told::default(), Vec::new(), None);
    let mut rest = sentence.as_slice();
    let enough = Instant::now() + Duration::from_secs(15);
    while begun.is_none_or(|begun| heard.len() < begun + 2 * sentence.len()) {
        assert!(Instant::now() < enough, "no echo");
        let before = heard.len();
        ear.hear(&mut open, &mut heard, SOON, |heard| heard.len() > before);
        rest = ring.push_partial_slice(rest).1;
        told.take(&mut mouth.played);
        begun = begun.or((!told.blocks.is_empty()).then_some(heard.len()));
    }
    let played = speech::find(&sentence, &told.samples());
    assert!(played.score > 0.9999, "told as it was played: {played:?}");
    assert!(told.jitter() < 60, "{} ms", told.jitter());
    // From the moments on both sides follows how long the way is, and it is as long for the end as for the beginning.
    let way = |part: std::ops::Range<usize>| {
        let told_at = moment_of(&told, &sentence[part.clone()]);
        let wanted = speech::resample(&sentence[part], 48_000, 16_000);
        heard_at(open.times(), &heard, &wanted) as i64 - told_at as i64
    };
    let (early, late) = (way(4_800..28_800), way(sentence.len() - 33_600..sentence.len() - 9_600));
    let ms = MS as i64;
    assert!((-20 * ms..200 * ms).contains(&early), "{} ms", early / ms);
    assert!((early - late).abs() < 50 * ms, "{} and {} ms", early / ms, late / ms);
}

/// The moment of the first sample of `wanted` in what was told.
fn moment_of(told: &Told, wanted: &[i16]) -> u64 {
    let mut place = usize::try_from(speech::find(wanted, &told.samples()).at).unwrap();
    for (at, block) in &told.blocks {
        if place < block.len() {
            return at + place as u64 * 1_000_000_000 / 48_000;
        }
        place -= block.len();
    }
    panic!("it was not told")
}

/// The moment at which the first sample of `wanted` was caught.
fn heard_at(stamps: &[(u64, u64)], heard: &[u8], wanted: &[i16]) -> u64 {
    let heard: Vec<i16> = heard.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    let found = speech::find(wanted, &heard);
    assert!(found.score > 0.7, "the echo is heard: {found:?}");
    let frame = u64::try_from(found.at).unwrap();
    let (first, at) = stamps.iter().rev().find(|(first, _)| *first <= frame).unwrap();
    at + (frame - first) * 1_000_000_000 / 16_000
}

/// A loudspeaker in real time whose queue is known: 48 kHz, mono, 120 ms.
#[derive(Clone, Default)]
struct Imagined(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    /// When it began to play, and what was queued by then.
    since: Option<Instant>,
    queued: u64,
    /// Frames that were heard before the last stop.
    heard: u64,
}

impl Queue {
    fn left(&self) -> u64 {
        let gone = self.since.map_or(0, |since| since.elapsed().as_micros() as u64 * 48 / 1_000);
        self.queued.saturating_sub(gone)
    }
}

impl Cards for Imagined {
    fn capture_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn playback_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn open_capture(&self, device: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        Err(SoundError::Missing { device: device.into(), why: "it has no microphone".into() })
    }
    fn open_playback(&self, _: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        Ok(Box::new(self.clone()))
    }
    fn holder(&self, _: &str, _: Direction) -> Option<String> {
        None
    }
}

impl PlaybackPcm for Imagined {
    fn shape(&self) -> Shape {
        Shape { rate: 48_000, channels: 1, format: Format::S16 }
    }
    fn period(&self) -> usize {
        960
    }
    fn buffer(&self) -> usize {
        5_760
    }
    fn start(&mut self) -> Result<(), Fault> {
        self.0.lock().unwrap().since = Some(Instant::now());
        Ok(())
    }
    fn room(&mut self) -> Result<usize, Fault> {
        let queue = self.0.lock().unwrap();
        let left = queue.left();
        if left == 0 && queue.since.is_some() { Err(Fault::Xrun) } else { Ok(5_760 - left as usize) }
    }
    fn write(&mut self, frames: &[u8]) -> Result<usize, Fault> {
        self.0.lock().unwrap().queued += frames.len() as u64 / 2;
        Ok(frames.len() / 2)
    }
    fn delay(&mut self) -> Result<usize, Fault> {
        Ok(self.0.lock().unwrap().left() as usize)
    }
    fn stop(&mut self) -> Result<(), Fault> {
        let mut queue = self.0.lock().unwrap();
        queue.heard += queue.queued - queue.left();
        (queue.queued, queue.since) = (0, None);
        Ok(())
    }
    fn recover(&mut self) -> Result<(), Fault> {
        self.stop()
    }
}

#[test]
fn what_a_flush_throws_away_is_taken_back_to_the_millisecond() {
    let card = Imagined::default();
    let mut mouth = Mouth::new(card.clone(), "imagined");
    mouth.played.want(true);
    mouth.speaker.play(1);
    let (rate, mut ring) = mouth.ready(1);
    write(&mut ring, &speech::tone(rate, 440.0, 10_000.0, 1.5));
    mouth.started(1, SOON);
    let began = Instant::now();
    until("a part of it was heard", || began.elapsed() > Duration::from_millis(300));
    mouth.speaker.flush(1);
    let (end, _) = mouth.ended(1, SOON);
    assert_eq!(end, PlayEnd::Flushed);
    let mut told = Told::default();
    until("the stop is told", || {
        told.take(&mut mouth.played);
        !told.stops.is_empty()
    });
    let stop = told.stops[0];
    assert!(told.blocks.last().unwrap().0 > stop - 120 * MS);
    let left_before = |(at, block): &(u64, Vec<i16>)| (stop.saturating_sub(*at) * 48 / MS).min(block.len() as u64);
    let told: u64 = told.blocks.iter().map(left_before).sum();
    let heard = card.0.lock().unwrap().heard;
    // The thread may be held up between the clock and the card.
    assert!(told.abs_diff(heard) < 48 * 8, "told {told} frames, {heard} were heard");
    assert_eq!(mouth.played.dropped(), 0);
}

#[test]
fn of_live_sound_it_is_told_which_part_leaves_when() {
    let mut mouth = Mouth::new(Imagined::default(), "imagined");
    mouth.played.want(true);
    mouth.speaker.play_live(1);
    let (_, mut ring, mut leaving) = mouth.ready_live(1);
    // Each sample has a value of its own, but for the silence that the loudspeaker puts in.
    let sound: Vec<i16> = (1..=24_000).collect();
    let (mut told, mut parts) = (Told::default(), Vec::new());
    // It stops in the middle, longer than the queue.
    for half in sound.chunks(12_000) {
        write(&mut ring, half);
        until("a half is told", || {
            told.take(&mut mouth.played);
            parts.extend(std::iter::from_fn(|| leaving.pop().ok()));
            told.blocks.last().is_some_and(|(_, block)| block.last() == Some(&0))
                && told.samples().contains(half.last().unwrap())
        });
        let pause = Instant::now();
        until("the queue is silent", || pause.elapsed() > Duration::from_millis(200));
    }
    let end = parts.iter().fold(0, |end, part| {
        assert_eq!(part.first, end, "a part is missing: {parts:?}");
        end + part.samples
    });
    assert_eq!(end, 24_000);
    for sample in (0..24_000_u64).step_by(500) {
        let part = parts.iter().find(|part| (part.first..part.first + part.samples).contains(&sample)).unwrap();
        let leaves = part.at.0 + (sample - part.first) * MS / 48;
        let wanted = moment_of_value(&told, sound[sample as usize]);
        // The thread may be held up between the clock and the card.
        assert!(leaves.abs_diff(wanted) < 10 * MS, "sample {sample}: {leaves} and {wanted}");
    }
}

/// The moment at which the sample of this value leaves.
fn moment_of_value(told: &Told, value: i16) -> u64 {
    let place = |(at, block): &(u64, Vec<i16>)| {
        let place = block.iter().position(|&sample| sample == value)?;
        Some(at + place as u64 * MS / 48)
    };
    told.blocks.iter().find_map(place).expect("it was told")
}

#[test]
fn after_an_underrun_the_moments_are_those_of_the_card_again() {
    let card = Imagined::default();
    let mut mouth = Mouth::new(card.clone(), "imagined");
    mouth.played.want(true);
    mouth.speaker.play(1);
    let (rate, mut ring) = mouth.ready(1);
    write(&mut ring, &speech::tone(rate, 440.0, 10_000.0, 1.5));
    mouth.started(1, SOON);
    let mut told = Told::default();
    until("it plays", || {
        told.take(&mut mouth.played);
        told.blocks.len() > 5
    });
    // As if the thread had been held up for longer than the queue.
    card.0.lock().unwrap().queued = 0;
    let stopped = |told: &Told| told.stops.first().copied();
    until("the underrun is noticed", || {
        told.take(&mut mouth.played);
        stopped(&told).is_some_and(|stop| told.blocks.last().is_some_and(|(at, _)| *at > stop + 20 * MS))
    });
    let stop = stopped(&told).unwrap();
    let first = told.blocks.iter().map(|(at, _)| *at).find(|at| *at >= stop).unwrap();
    assert!(first - stop < 40 * MS, "the sound goes on {} ms after the underrun", (first - stop) / MS);
}
