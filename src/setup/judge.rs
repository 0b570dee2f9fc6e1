//! What a level means, in words.

use crate::sound::{LevelTrouble, Measured};

/// What is wrong with what was heard; `None` if it was a person at a good level.
pub(super) fn trouble(measured: &Measured) -> Option<String> {
    let Measured { loudest, quietest, clipped, .. } = measured;
    Some(match measured.heard().trouble(true)? {
        LevelTrouble::Zeros => "it delivers nothing but zeros: it is muted or broken, or the wrong one".into(),
        LevelTrouble::Clipped => format!(
            "it is too loud, {clipped} samples are at the limit: turn it down (`alsamixer`, F4), or speak from further away"
        ),
        LevelTrouble::Noise => format!(
            "it is never quiet, {quietest:.0} dBFS at the quietest: turn it down (`alsamixer`, F4), or take it away from the noise"
        ),
        LevelTrouble::Quiet => format!(
            "it is very quiet, {loudest:.0} dBFS at the loudest: turn it up (`alsamixer`, F4), or is it the wrong one?"
        ),
        LevelTrouble::Nobody => {
            format!("nobody was heard in the noise of the room ({loudest:.0} dBFS): did you speak?")
        }
    })
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
        assert_eq!(trouble(&measured(-20.0, -60.0, 3, false)), None);
    }

    #[test]
    fn each_trouble_has_its_words() {
        for (measured, words) in [
            (measured(-120.0, -120.0, 0, true), "nothing but zeros"),
            (measured(-2.0, -60.0, 900, false), "900 samples"),
            (measured(-15.0, -20.0, 0, false), "never quiet, -20 dBFS"),
            (measured(-61.0, -80.0, 0, false), "very quiet, -61 dBFS"),
            (measured(-40.0, -44.0, 0, false), "did you speak"),
        ] {
            let told = trouble(&measured).unwrap();
            assert!(told.contains(words), "{told}");
        }
    }
}
