//! What a level means.

use crate::sound::Measured;

/// Speech that is quieter at its loudest is hardly understood, in dBFS.
const TOO_QUIET: f32 = -50.0;

/// Speech stands out of the room by more than this, in dB.
const STANDS_OUT: f32 = 8.0;

/// More samples than one in this at full scale are clipping, and not a single click.
const CLIPPED_OF: u64 = 2_000;

/// The range of the meter, in dBFS.
const QUIETEST: f32 = -70.0;
const WIDTH: usize = 35;

/// What is wrong with what was heard; `None` if it was a person at a good level.
pub(super) fn trouble(measured: &Measured) -> Option<String> {
    let Measured { loudest, quietest, clipped, shape, .. } = measured;
    let samples = shape.frames(measured.span) as u64;
    if measured.all_zero {
        return Some("it delivers nothing but zeros: it is muted or broken, or the wrong one".into());
    }
    if clipped * CLIPPED_OF > samples {
        return Some(format!(
            "it is too loud, {clipped} samples are at the limit: turn it down (`alsamixer`, F4), or speak from further away"
        ));
    }
    if *loudest < TOO_QUIET {
        return Some(format!(
            "it is very quiet, {loudest:.0} dBFS at the loudest: turn it up (`alsamixer`, F4), or is it the wrong one?"
        ));
    }
    if loudest - quietest < STANDS_OUT {
        return Some(format!("nobody was heard in the noise of the room ({loudest:.0} dBFS): did you speak?"));
    }
    None
}

/// A level as a bar: `[############                       ] -46 dBFS`.
pub(super) fn bar(level: f32) -> String {
    let part = ((level - QUIETEST) / -QUIETEST).clamp(0.0, 1.0);
    let filled = (part * WIDTH as f32).round() as usize;
    format!("[{:<WIDTH$}] {level:>4.0} dBFS", "#".repeat(filled))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use auricle_core::audio::convert::Format;

    use super::*;
    use crate::sound::{Level, Shape};

    fn measured(loudest: f32, quietest: f32, clipped: u64, all_zero: bool) -> Measured {
        let shape = Shape { rate: 16_000, channels: 1, format: Format::S16 };
        let level = Level { rms: quietest, peak: loudest };
        let device = "mic".to_owned();
        Measured { device, shape, span: Duration::from_secs(4), level, loudest, quietest, clipped, all_zero }
    }

    #[test]
    fn a_person_at_a_good_level_is_no_trouble() {
        assert_eq!(trouble(&measured(-20.0, -60.0, 0, false)), None);
        assert_eq!(trouble(&measured(-20.0, -60.0, 3, false)), None);
    }

    #[test]
    fn each_trouble_has_its_words() {
        for (measured, words) in [
            (measured(-120.0, -120.0, 0, true), "nothing but zeros"),
            (measured(-2.0, -60.0, 900, false), "900 samples"),
            (measured(-61.0, -80.0, 0, false), "very quiet, -61 dBFS"),
            (measured(-40.0, -44.0, 0, false), "did you speak"),
        ] {
            let told = trouble(&measured).unwrap();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn the_bar_stays_within_its_frame() {
        assert_eq!(bar(0.0), format!("[{}]    0 dBFS", "#".repeat(35)));
        assert_eq!(bar(-35.0), format!("[{}{}]  -35 dBFS", "#".repeat(18), " ".repeat(17)));
        for level in [-120.0, -70.0, 3.0] {
            assert_eq!(bar(level).find(']'), Some(36), "{}", bar(level));
        }
    }
}
