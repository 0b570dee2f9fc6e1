//! A network that loses, delays and reorders.

use std::time::Duration;

use crate::broker::SOON;
use crate::envelope::{self, Left};
use crate::stage::{Stage, assert_whole, saying};
use crate::words::{self, MIC_RATE, SPEAKER_RATE, audible};
use crate::xiaozhi::weather::Weather;

const TEXT: &str = "The weather will be sunny in the morning, with some clouds in the afternoon, and in the evening it \
                    will rain in the mountains, but not in the valley.";

/// What is left of an answer after its way through this weather.
#[track_caller]
fn heard_through(weather: Weather) -> (Stage, Left) {
    let stage = Stage::new(saying(TEXT));
    stage.server.change(|rules| rules.down = weather);
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    stage.daemon.wait_event("spoken", |_| true, SOON);
    let heard = envelope::of(&recording.finish(), SPEAKER_RATE);
    let said = envelope::of(audible(&crate::speech::say(TEXT, "en-us", MIC_RATE)), MIC_RATE);
    let found = envelope::find(&said, &heard);
    let left = envelope::left(&said, &heard, found.at);
    println!("{found:?}, {left:?}");
    (stage, left)
}

#[test]
fn with_ten_percent_lost_in_rows_the_answer_can_still_be_understood() {
    let jitter = Duration::from_millis(40);
    let (stage, left) = heard_through(Weather { loss: 0.1, burst: 2.0, jitter, seed: 7, ..Weather::default() });
    assert!(left.score > 0.7 && left.missing < 0.06, "{left:?}");
    let (lost, concealed) = (stage.counter("lost"), stage.counter("concealed"));
    assert!(lost > 0 && concealed > 0, "{lost} lost, {concealed} concealed");
}

#[test]
fn reordered_and_doubled_datagrams_are_put_right() {
    let jitter = Duration::from_millis(70);
    let (stage, left) = heard_through(Weather { jitter, duplicate: 0.1, seed: 3, ..Weather::default() });
    assert!(left.score > 0.75 && left.missing < 0.03, "{left:?}");
    assert!(stage.counter("repeated") > 0);
}

/// As behind a router that has forgotten the way back.
#[test]
fn where_nothing_arrives_the_session_is_built_anew() {
    let stage = Stage::new(saying(&format!("{TEXT} {TEXT}")));
    stage.server.change(|rules| rules.down.loss = 1.0);
    stage.person_says(&words::question());
    stage.server.wait_said("hello", 2);
    stage.goodbyes(1);
    stage.server.change(|rules| rules.down.loss = 0.0);
    stage.server.wait_said("listen", 2);
    stage.person_says(&words::reply());
    assert_whole(&words::reply(), &stage.utterances(2)[1]);
    assert_eq!(stage.daemon.counter("no_sound"), 1);
}

#[test]
fn what_is_lost_on_its_way_up_does_not_keep_the_server_from_understanding() {
    let stage = Stage::new(saying("Good."));
    let weather = Weather { loss: 0.1, jitter: Duration::from_millis(30), seed: 5, ..Weather::default() };
    stage.server.change(|rules| rules.up = weather);
    stage.person_says(&words::question());
    stage.utterances(1);
    stage.daemon.wait_event("spoken", |_| true, SOON);
}
