//! How a recording is cut into pieces changes nothing.

use std::time::Duration;

use auricle::config;
use auricle_core::audio::Position;
use auricle_core::frontend::Profile;
use auricle_core::hearing::Limits;
use auricle_core::hearing::replay::{Heard, Replay};
use auricle_core::hearing::trace::Trace;
use auricle_core::wake::Words;
use proptest::prelude::*;

use super::material::{Dribble, NO_WORDS, plain, two_utterances};

/// What is heard of the file, and what a picture of it would show.
fn heard(sizes: &[usize]) -> (Vec<Heard>, String) {
    let settings = config::load_given(None, &[NO_WORDS[1].to_owned()]).unwrap().settings;
    let mut input = Dribble::new(plain(two_utterances()), sizes);
    let (mut all, trace) = (Vec::new(), Trace::new(Position(0)));
    let mut tell = |heard: &Heard| {
        all.push(heard.clone());
        Ok(())
    };
    let outcome = auricle::replay::hear(&mut input, "it", &settings, Vec::new(), Some(trace), &mut tell).unwrap();
    let picture = format!("{:?}", outcome.trace.unwrap().rows());
    (all, picture)
}

fn pushed(profile: Profile, sizes: &[usize]) -> Vec<Heard> {
    let limits = Limits {
        hangover: Duration::from_millis(500),
        no_speech: Duration::from_secs(1),
        max_utterance: Duration::from_secs(1),
        answer: false,
    };
    let mut replay = Replay::new(profile, Words::new(Vec::new(), Position(0)), limits, Duration::ZERO);
    let (mut all, mut rest) = (Vec::new(), two_utterances());
    for size in sizes.iter().cycle() {
        let (now, later) = rest.split_at((*size).min(rest.len()));
        replay.push(now, |heard| all.push(heard));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    replay.finish(|heard| all.push(heard));
    all
}

#[test]
fn a_file_that_arrives_in_pieces_gives_the_same_lines_and_the_same_picture() {
    let whole = heard(&[usize::MAX]);
    assert!(whole.0.len() >= 4, "{:?}", whole.0);
    for sizes in [&[1_000][..], &[1, 7, 3_000], &[44, 255, 256, 257], &[48_000, 1]] {
        assert!(heard(sizes) == whole, "pieces of {sizes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn samples_in_pieces_of_any_size_give_the_same(
        sizes in proptest::collection::vec(1_usize..5_000, 1..12), profile in 0_usize..3,
    ) {
        let profile = [Profile::Off, Profile::Light, Profile::Full][profile];
        let whole = pushed(profile, &[usize::MAX]);
        prop_assert!(!whole.is_empty());
        prop_assert_eq!(pushed(profile, &sizes), whole);
    }
}
