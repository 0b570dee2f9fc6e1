//! The power goes at any moment of a recording: between any two writes, and with any part of what was not synced yet.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use auricle::services::recorder::take::{Counts, Take};
use auricle::services::recorder::{Format, PERIOD, Storage};
use auricle_core::audio::{TAPE_RATE, samples};
use auricle_core::recording::Writer;

use crate::player::{assert_beginning, ffmpeg, is_ended, play, sound, sox};

/// Disks write a sector wholly or not at all.
const SECTOR: usize = 512;

/// Samples that come while the disk makes data safe: 150 ms.
const SYNC: u64 = TAPE_RATE as u64 * 3 / 20;

/// How much is recorded, in samples.
const LENGTH: u64 = 9 * TAPE_RATE as u64 + 1_234;

#[derive(Clone, Debug)]
enum Step {
    Write { at: usize, bytes: Vec<u8> },
    Sync,
}

/// A disk that writes down what is done to it. Time passes in it as samples that are handed to the recorder.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Each with what had been handed over when it was done.
    steps: Vec<(Step, u64)>,
    handed: u64,
}

impl Storage for Log {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        inner.handed += 16;
        let done = inner.handed;
        inner.steps.push((Step::Write { at: at as usize, bytes: bytes.into() }, done));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        inner.handed += SYNC;
        let done = inner.handed;
        inner.steps.push((Step::Sync, done));
        Ok(())
    }

    fn free(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

/// Records as the recorder's thread does. The beginning of the file is its first step, and safe.
fn record(format: Format, sound: &[i16]) -> Vec<(Step, u64)> {
    let (log, mut beginning) = (Log::default(), Vec::new());
    let writer = Writer::begin(format, 1, &mut beginning).unwrap();
    let length = beginning.len() as u64;
    log.0.lock().unwrap().steps = vec![(Step::Write { at: 0, bytes: beginning }, 0), (Step::Sync, 0)];
    let mut take = Take::new(log.clone(), writer, length, Counts::default());
    let (mut taken, mut woken) = (0, samples(PERIOD));
    while woken < LENGTH {
        let now = log.0.lock().unwrap().handed.max(woken);
        log.0.lock().unwrap().handed = now;
        take.push(&sound[taken..now as usize]).unwrap();
        take.sync().unwrap();
        (taken, woken) = (now as usize, now + samples(PERIOD));
    }
    take.push(&sound[taken..LENGTH as usize]).unwrap();
    take.finish().unwrap();
    log.0.lock().unwrap().steps.clone()
}

/// Random numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Puts `bytes` into the file. What lies between its end and them is zeros, as on a disk.
fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    file.resize(file.len().max(at + bytes.len()), 0);
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// What is on the disk if the power goes after these steps: all that was synced and, of the rest, a random part.
fn after_power_cut(steps: &[(Step, u64)], dice: &mut Dice) -> Vec<u8> {
    let safe = steps.iter().rposition(|(step, _)| matches!(step, Step::Sync)).unwrap_or(0);
    let mut file = Vec::new();
    for (n, (step, _)) in steps.iter().enumerate() {
        let Step::Write { at, bytes } = step else { continue };
        if n < safe {
            put(&mut file, *at, bytes);
            continue;
        }
        match dice.below(4) {
            0 => {}
            1 => put(&mut file, *at, bytes),
            // The beginning of it, cut anywhere; inside of one sector nothing is cut.
            2 if bytes.len() > SECTOR => put(&mut file, *at, &bytes[..dice.below(bytes.len())]),
            // Any of its sectors.
            _ => {
                let mut start = 0;
                while start < bytes.len() {
                    let end = bytes.len().min(start + SECTOR - (at + start) % SECTOR);
                    if dice.below(2) == 0 {
                        put(&mut file, at + start, &bytes[start..end]);
                    }
                    start = end;
                }
            }
        }
    }
    file
}

/// What is wrong after a cut behind the first `count` steps; `Ok` has the lost samples.
fn check(format: Format, steps: &[(Step, u64)], count: usize, sound: &[i16], dice: &mut Dice) -> Result<u64, String> {
    let file = after_power_cut(&steps[..count], dice);
    let played = play(&file, format)?;
    // As late as it can be: the next step was all but done.
    let handed = steps.get(count).unwrap_or(&steps[steps.len() - 1]).1.min(LENGTH);
    let lost = handed.saturating_sub(played.len() as u64);
    if lost > u64::from(TAPE_RATE) {
        return Err(format!("{lost} samples of {handed} are lost"));
    }
    // A header that names no sound yet lets players take what is there, whole or not.
    let unnamed = format == Format::Wav && file[40..44] == [0; 4];
    if unnamed || format == Format::Opus || played == sound[..played.len()] {
        Ok(lost)
    } else {
        Err("torn sound".into())
    }
}

/// Every prefix of the steps from the first sync on, each torn in several ways: what is wrong, and the most lost.
fn cut_everywhere(format: Format, steps: &[(Step, u64)], sound: &[i16]) -> (BTreeSet<String>, u64) {
    let (mut dice, mut wrong, mut most) = (Dice(7), BTreeSet::new(), 0);
    for count in 2..=steps.len() {
        for _ in 0..12 {
            match check(format, steps, count, sound, &mut dice) {
                Ok(lost) => most = most.max(lost),
                Err(error) => drop(wrong.insert(format!("after {count} steps: {error}"))),
            }
        }
    }
    (wrong, most)
}

#[test]
fn a_wav_file_plays_after_every_cut_and_lost_less_than_a_second() {
    survives(Format::Wav);
}

#[test]
fn an_opus_file_plays_after_every_cut_and_lost_less_than_a_second() {
    survives(Format::Opus);
}

fn survives(format: Format) {
    let sound = sound(LENGTH as usize);
    let steps = record(format, &sound);
    assert!(steps.len() > 30, "{} steps", steps.len());
    let (wrong, most) = cut_everywhere(format, &steps, &sound);
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{format:?}: {} steps, {} ms lost at most", steps.len(), most / 16);

    let whole = after_power_cut(&steps, &mut Dice(1));
    let played = play(&whole, format).unwrap();
    assert_eq!(played.len(), LENGTH as usize, "once it has ended nothing is lost");
    assert!(is_ended(&whole, format));
    assert_beginning(&played, &sound, format);
}

#[test]
fn other_players_play_them_too() {
    let sound = sound(LENGTH as usize);
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Wav, Format::Opus] {
        let (steps, mut dice) = (record(format, &sound), Dice(3));
        // The first second of a WAV file has no length yet; what players make of that differs.
        for count in (9..=steps.len()).step_by(5) {
            let path = folder.path().join(format!("{count}.{}", format.extension()));
            let file = after_power_cut(&steps[..count], &mut dice);
            std::fs::write(&path, &file).unwrap();
            let played = play(&file, format).unwrap();
            match format {
                Format::Wav => assert!([ffmpeg(&path), sox(&path)].iter().all(|other| *other == played), "{count}"),
                // ffmpeg also plays whole pages behind one that is torn.
                Format::Opus => {
                    let other = ffmpeg(&path);
                    assert!(other.len() >= played.len(), "after {count} steps: {} < {}", other.len(), played.len());
                    assert_beginning(&other[..played.len()], &sound, format);
                }
            }
        }
    }
}

#[test]
fn a_recorder_that_syncs_too_late_or_names_too_early_would_be_caught() {
    let sound = sound(LENGTH as usize);
    for format in [Format::Wav, Format::Opus] {
        let mut never = record(format, &sound);
        let mut syncs = 0;
        never.retain(|(step, _)| {
            syncs += usize::from(matches!(step, Step::Sync));
            !matches!(step, Step::Sync) || syncs == 1
        });
        let (wrong, _) = cut_everywhere(format, &never, &sound);
        assert!(wrong.iter().any(|error| error.contains("lost")), "{format:?}: {wrong:?}");
    }
    let mut early = record(Format::Wav, &sound);
    for n in 3..early.len() {
        if matches!(early[n].0, Step::Write { at: 0, .. }) {
            early.swap(n - 1, n);
        }
    }
    let (wrong, _) = cut_everywhere(Format::Wav, &early, &sound);
    assert!(wrong.iter().any(|error| error.contains("torn")), "{wrong:?}");
}
