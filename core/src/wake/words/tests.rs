#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::wake::features::CHANNELS;
use crate::wake::model::tests::{model, spoken};

fn word(sensitivity: f32) -> Word {
    Word { name: "okay_nabu".into(), model: model("okay_nabu"), cutoff: 0.85, window: 5, sensitivity }
}

/// In which of the frames the word is heard.
fn heard(listener: &mut Listener, frames: &[Frame]) -> Vec<usize> {
    (0..frames.len()).filter(|n| listener.hears(&frames[*n])).collect()
}

fn silence(frames: usize) -> Vec<Frame> {
    vec![[0; CHANNELS]; frames]
}

#[test]
fn an_utterance_is_heard_once_and_the_next_one_again() {
    let mut listener = Listener::new(word(0.5));
    // The mean of the last five is above 0.85 with the 34th probability.
    assert_eq!(heard(&mut listener, &spoken()), [101]);
    assert_eq!(heard(&mut listener, &[spoken(), silence(150), spoken()].concat()).len(), 2);
    listener.restart();
    assert_eq!(heard(&mut listener, &spoken()), [101]);
}

#[test]
fn a_high_mean_that_stays_is_one_hit() {
    // Below zero, so that every mean is above it.
    let mut listener = Listener::new(Word { cutoff: -1.0, ..word(0.5) });
    assert_eq!(heard(&mut listener, &silence(1_000)).len(), 1);
}

#[test]
fn a_mean_that_equals_the_cutoff_is_not_above_it() {
    for (cutoff, sum) in [(0.85_f32, 1_088), (0.9, 1_152), (0.95, 1_216)] {
        let mut mean = Mean::new(5);
        for n in 0..5 {
            assert_eq!(mean.get(), 0.0, "too few");
            mean.push((sum / 5 + u32::from(n < sum % 5)) as u8);
        }
        assert_eq!(mean.sum, sum);
        assert!(mean.get() <= cutoff, "{cutoff}");
        mean.push(255);
        assert!(mean.get() > cutoff, "{cutoff}");
    }
}

#[test]
fn sensitivity_moves_the_cutoff() {
    let known = [(0.0, 0.99), (0.25, 0.92), (0.5, 0.85), (0.75, 0.6375), (1.0, 0.425), (f32::NAN, 0.85), (7.0, 0.425)];
    for (sensitivity, expected) in known {
        assert!((cutoff(0.85, sensitivity) - expected).abs() < 1e-6, "{sensitivity}: {}", cutoff(0.85, sensitivity));
    }
    assert_eq!([0.0, 0.5].map(|sensitivity| cutoff(0.995, sensitivity)), [0.995; 2]);
    let mut words = Words::new(vec![word(0.5)], Position(0));
    words.set_sensitivity(0, 1.0);
    words.set_sensitivity(9, 1.0);
    assert_eq!((words.words[0].cutoff, words.words[0].word.sensitivity), (0.425, 1.0));
}

#[test]
fn in_doubt_a_word_has_to_be_surer() {
    let mut listener = Listener::new(word(0.5));
    let peak = spoken().iter().fold(0.0, |peak: f32, frame| {
        listener.hears(frame);
        peak.max(listener.score())
    });
    // The peak is above the cut-off, but by less than half of what is missing to 1.
    let mut listener = Listener::new(Word { cutoff: peak - (1.0 - peak) / 2.0, ..word(0.5) });
    listener.doubtful = true;
    assert!(heard(&mut listener, &spoken()).is_empty(), "{peak}");
    listener.restart();
    listener.doubtful = false;
    assert_eq!(heard(&mut listener, &spoken()).len(), 1, "{peak}");
}

#[test]
fn without_words_nothing_is_computed() {
    let mut words = Words::new(vec![], Position(5));
    words.push(&[1; 10_000], |hit| panic!("{hit:?}"));
    assert_eq!((words.at, words.features.missing(), words.missing()), (Position(10_005), 480, usize::MAX));
    assert!(words.is_empty() && words.name(0).is_empty() && words.score(0) == 0.0);
}

#[test]
fn what_is_missing_is_told() {
    let mut words = Words::new(vec![word(0.5)], Position(0));
    assert_eq!(words.missing(), 480 + 2 * 160);
    words.push(&[0; 479], |_| {});
    assert_eq!(words.missing(), 1 + 2 * 160);
    words.push(&[0; 1 + 2 * 160], |_| {});
    assert_eq!(words.missing(), 3 * 160);
}

proptest! {
    #[test]
    fn more_sensitivity_never_raises_the_cutoff(own in 0.001_f32..0.996, a in 0.0_f32..=1.0, b in 0.0_f32..=1.0) {
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!(cutoff(own, high) <= cutoff(own, low));
        prop_assert!(cutoff(own, a) > 0.0 && cutoff(own, a) < 0.996_1);
    }
}
