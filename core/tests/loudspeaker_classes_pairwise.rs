//! Who waits for whom at the loudspeaker, for every pair of classes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::time::Duration;

use auricle_core::assistant::speaker::{Owner, PATIENCE, QUEUE, Speaker};
use auricle_core::dialogue::{Class, Source};
use auricle_core::time::Tick;

const NOW: Tick = Tick::from_millis(5_000);
const ALL: [Class; 4] = [Class::Local, Class::Conversation, Class::Announcement, Class::Base];

fn source(text: &str) -> Source {
    Source::Text(text.into())
}

fn playing(class: Class) -> Speaker {
    let mut speaker = Speaker::default();
    assert!(speaker.admit(NOW, Owner::Device, class, source("first")));
    speaker.start(NOW, false).expect("starts at once");
    speaker
}

#[test]
fn everything_starts_when_nothing_plays() {
    for class in ALL {
        playing(class);
    }
}

#[test]
fn while_anything_plays_all_wait_but_a_base_is_refused() {
    for first in ALL {
        for second in ALL {
            let mut speaker = playing(first);
            let taken = speaker.admit(NOW, Owner::Device, second, source("second"));
            assert_eq!(taken, second != Class::Base, "{second:?} while {first:?} plays");
            assert!(speaker.start(NOW, false).is_none(), "one at a time");
            let play = speaker.playing().unwrap().play;
            speaker.ended(NOW, play);
            assert_eq!(speaker.start(NOW, false).is_some(), second != Class::Base);
        }
    }
}

#[test]
fn what_waits_is_heard_in_the_order_of_classes_then_of_arrival() {
    let mut speaker = playing(Class::Local);
    for (class, text) in [
        (Class::Announcement, "a1"),
        (Class::Conversation, "c1"),
        (Class::Announcement, "a2"),
        (Class::Local, "l1"),
        (Class::Conversation, "c2"),
    ] {
        assert!(speaker.admit(NOW, Owner::Device, class, source(text)));
    }
    let mut heard = vec![];
    while let Some(playing) = speaker.playing().map(|playing| playing.play) {
        speaker.ended(NOW, playing);
        if let Some(next) = speaker.start(NOW, false) {
            heard.push(next.source);
        }
    }
    assert_eq!(heard, ["l1", "c1", "c2", "a1", "a2"].map(source));
}

#[test]
fn an_announcement_waits_for_the_end_of_the_turn_and_is_dropped_after_30_s() {
    let mut speaker = Speaker::default();
    assert!(speaker.admit(NOW, Owner::Device, Class::Announcement, source("late")));
    assert!(speaker.start(NOW, true).is_none());
    assert_eq!(speaker.deadline(), Some(NOW + PATIENCE));
    assert!(speaker.expire(NOW + Duration::from_secs(29)).is_empty());
    assert_eq!(speaker.expire(NOW + PATIENCE).len(), 1);
    assert!(speaker.start(NOW + PATIENCE, false).is_none());
}

#[test]
fn the_queue_is_bounded() {
    let mut speaker = playing(Class::Local);
    for _ in 0..QUEUE {
        assert!(speaker.admit(NOW, Owner::Device, Class::Announcement, source("x")));
    }
    assert!(!speaker.admit(NOW, Owner::Device, Class::Announcement, source("one too many")));
}

#[test]
fn a_device_that_never_says_ended_is_overdue() {
    let speaker = playing(Class::Conversation);
    let deadline = speaker.deadline().unwrap();
    assert_eq!(speaker.overdue(deadline), speaker.playing().map(|playing| playing.play));
}
