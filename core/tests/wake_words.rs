//! Wake words over a stream of sound: several at once, in pieces of any length, with nothing allocated on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod counting;
mod hearing_material;
mod wake_material;

use std::sync::LazyLock;

use auricle_core::audio::Position;
use auricle_core::wake::features::Features;
use auricle_core::wake::model::Stream;
use auricle_core::wake::{Hit, Word, Words};
use counting::counted;
use hearing_material::RATE;
use wake_material::{NAMES, hits, positive, word};

/// Each word once, one behind the other, and the second one twice.
static SOUND: LazyLock<Vec<i16>> = LazyLock::new(|| {
    let order = ["okay_nabu", "alexa", "hey_jarvis", "hey_mycroft", "alexa"];
    order.iter().flat_map(|name| positive(name)).chain([0; RATE]).collect()
});

fn all() -> Vec<Word> {
    NAMES.map(word).into()
}

fn listen(words: &mut Words, pieces: usize) -> Vec<Hit> {
    let mut hits = Vec::new();
    SOUND.chunks(pieces).for_each(|piece| words.push(piece, |hit| hits.push(hit)));
    hits
}

#[test]
fn each_word_is_heard_by_its_own_model_and_once() {
    let mut words = Words::new(all(), Position(1_000_000));
    let hits = listen(&mut words, 320);
    let heard: Vec<&str> = hits.iter().map(|hit| words.name(hit.word)).collect();
    assert_eq!(heard, ["okay_nabu", "alexa", "hey_jarvis", "hey_mycroft", "alexa"]);
    for hit in &hits {
        assert!(hit.score > word(words.name(hit.word)).cutoff && hit.score < 1.0, "{hit:?}");
        assert_eq!((hit.at.0 - 1_000_000) % 160, 0, "frames end at whole steps: {hit:?}");
    }
}

/// The first frame at whose end the mean of the last probabilities is above the word's cut-off, as the Python package
/// decides.
fn first_above(word: &Word, mut sound: &[i16]) -> Option<usize> {
    let (mut features, mut stream, mut last) = (Features::new(), Stream::new(word.model.clone()), Vec::new());
    let frames = std::iter::from_fn(|| features.next(&mut sound));
    frames.enumerate().find_map(|(n, frame)| {
        last.push(f32::from(stream.push(&frame)?) / 256.0);
        let mean = last.rchunks_exact(word.window).next()?.iter().sum::<f32>() / word.window as f32;
        (mean > word.cutoff).then_some(n)
    })
}

#[test]
fn a_recording_may_begin_with_the_word() {
    for name in NAMES {
        let (word, sound) = (word(name), &positive(name)[16_000..]);
        let frame = first_above(&word, sound).expect("the model hears it");
        assert_eq!(hits(&word, sound)[..], [480 + 160 * frame as u64], "{name}");
    }
    // That is within the first 0.75 s.
    assert!(first_above(&word("hey_mycroft"), &positive("hey_mycroft")[16_000..]).is_some_and(|frame| frame < 74));
}

#[test]
fn pieces_of_any_length_give_the_same() {
    let whole = listen(&mut Words::new(all(), Position(0)), SOUND.len());
    for pieces in [1, 160, 333, 960, 5_000] {
        assert_eq!(listen(&mut Words::new(all(), Position(0)), pieces), whole, "{pieces}");
    }
}

#[test]
fn nothing_happens_before_what_is_missing_has_come() {
    let (mut words, mut at, mut hits) = (Words::new(all(), Position(0)), 0, Vec::new());
    while at < SOUND.len() {
        let (before, missing) = (words.score(0), words.missing());
        assert!(missing >= 1);
        let last = (at + missing).min(SOUND.len()) - 1;
        words.push(&SOUND[at..last], |hit| panic!("{hit:?} too early"));
        assert_eq!(words.score(0), before);
        words.push(&SOUND[last..=last], |hit| hits.push(hit));
        at = last + 1;
    }
    assert_eq!(hits, listen(&mut Words::new(all(), Position(0)), 320));
}

#[test]
fn a_restart_is_a_new_beginning() {
    let mut words = Words::new(all(), Position(0));
    let first = listen(&mut words, 320);
    words.restart(Position(7));
    let moved = first.iter().map(|hit| Hit { at: Position(hit.at.0 + 7), ..*hit });
    assert_eq!(listen(&mut words, 320), moved.collect::<Vec<Hit>>());
}

#[test]
fn more_sensitivity_hears_earlier_and_less_later_or_never() {
    let first = |sensitivity| {
        let mut words = Words::new(vec![word("okay_nabu")], Position(0));
        words.set_sensitivity(0, sensitivity);
        listen(&mut words, 320).first().map_or(u64::MAX, |hit| hit.at.0)
    };
    let [low, own, high] = [0.0, 0.5, 1.0].map(first);
    assert!(high < own && own < low, "{high} {own} {low}");
}

#[test]
fn listening_allocates_nothing() {
    let mut words = Words::new(all(), Position(0));
    let (sound, mut hits) = (&*SOUND, 0);
    let ((), counted) = counted(|| {
        sound.chunks(320).for_each(|piece| words.push(piece, |_| hits += 1));
        words.set_sensitivity(0, 0.7);
        words.restart(Position(0));
        sound.chunks(777).for_each(|piece| words.push(piece, |_| hits += 1));
    });
    assert_eq!((counted.calls, hits), (0, 10));
}
