//! A part of what `make bench-hearing` measures: people who speak with pauses of known length in known noise.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;
mod labelled;

use std::sync::LazyLock;

use labelled::judge::{Decision, Figures};
use labelled::mix::{Around, Sounds, mix};
use labelled::{Phrase, Speech, detectors, phrases, synthetic_crowd};

/// A voice that nothing was chosen on.
static SPEECH: LazyLock<Speech> = LazyLock::new(|| Speech::new(&phrases(&labelled::JUDGED_ON[1], 24), 6));
static CROWD: LazyLock<Vec<Phrase>> = LazyLock::new(synthetic_crowd);

const KINDS: [Around; 5] = [Around::White, Around::Pink, Around::Babble, Around::Music, Around::Hum];
const STEADY: [Around; 3] = [Around::White, Around::Pink, Around::Hum];

fn judged(kinds: &[Around], snr: f32, detector: fn(&[i16]) -> Vec<Decision>) -> Figures {
    let mut sum = Figures::default();
    for &around in kinds {
        let sounds = Sounds { around, snr, level: -26.0, room: false };
        let track = mix(&SPEECH, sounds, &CROWD, 7);
        sum.add(&Figures::of(&track.phrases, &detector(&track.sound)));
    }
    sum
}

#[test]
fn at_10_db_of_steady_noise_every_pause_is_noticed_and_hardly_anybody_cut_off() {
    let heard = judged(&STEADY, 10.0, detectors::auricle);
    assert!(heard.cut * 33 <= heard.phrases, "{} of {} were cut off", heard.cut, heard.phrases);
    assert_eq!((heard.noticed, heard.capped, heard.false_starts), (heard.pauses, 0, 0));
    assert!(heard.release(0.5) <= 560.0, "{} ms", heard.release(0.5));
}

#[test]
fn before_music_and_other_people_10_db_below_most_pauses_are_noticed_and_hardly_anybody_cut_off() {
    let heard = judged(&[Around::Babble, Around::Music], 10.0, detectors::auricle);
    println!("{} of {} noticed, {} cut off, {} capped", heard.noticed, heard.pauses, heard.cut, heard.capped);
    assert!(heard.noticed * 100 >= heard.pauses * 75, "{} of {}", heard.noticed, heard.pauses);
    assert!(heard.cut + heard.capped <= 2, "{} cut off and {} capped of {}", heard.cut, heard.capped, heard.phrases);
}

#[test]
fn at_0_db_most_pauses_are_noticed_where_webrtc_vad_hears_none() {
    let heard = judged(&KINDS, 0.0, detectors::auricle);
    let webrtc = judged(&KINDS, 0.0, detectors::webrtc);
    assert!(heard.noticed >= 3 * webrtc.noticed.max(1), "{} against {}", heard.noticed, webrtc.noticed);
    let lost = |figures: &Figures| figures.cut + figures.capped;
    assert!(lost(&heard) < lost(&webrtc), "{} phrases lost against {}", lost(&heard), lost(&webrtc));
    let steady = judged(&STEADY, 0.0, detectors::auricle);
    assert!(steady.noticed * 100 >= steady.pauses * 85, "{} of {}", steady.noticed, steady.pauses);
}
