//! A network that loses, delays and reorders.

use std::time::Duration;

use crate::broker::SOON;
use crate::envelope;
use crate::stage::{Stage, saying};
use crate::words::{self, MIC_RATE, SPEAKER_RATE, audible};
use crate::xiaozhi::weather::Weather;

const TEXT: &str = "The weather will be sunny in the morning, with some clouds in the afternoon, and in the evening it \
                    will rain in the mountains, but not in the valley.";

#[test]
fn with_ten_percent_lost_in_rows_the_answer_is_still_whole() {
    let stage = Stage::new(saying(TEXT));
    let weather = Weather { loss: 0.1, burst: 2.0, jitter: Duration::from_millis(40), seed: 7, ..Weather::default() };
    stage.server.change(|rules| rules.down = weather);
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    stage.daemon.wait_event("spoken", |_| true, SOON);
    let heard = envelope::of(&recording.finish(), SPEAKER_RATE);
    let said = envelope::of(audible(&crate::speech::say(TEXT, "en-us", MIC_RATE)), MIC_RATE);
    let found = envelope::find(&said, &heard);
    assert!(found.score > 0.7, "{found:?}");
    let at = found.at.as_millis() as usize / 5;
    let gaps = envelope::gaps(&said, &heard[at..]);
    assert!(gaps < 0.06, "{:.0} % of the speech is missing", gaps * 100.0);
    let (lost, concealed) = (stage.counter("lost"), stage.counter("concealed"));
    assert!(lost > 0 && concealed > 0, "{lost} lost, {concealed} concealed");
}

#[test]
fn reordered_and_doubled_datagrams_are_put_right() {
    let stage = Stage::new(saying(TEXT));
    let weather = Weather { jitter: Duration::from_millis(70), duplicate: 0.1, seed: 3, ..Weather::default() };
    stage.server.change(|rules| rules.down = weather);
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    stage.daemon.wait_event("spoken", |_| true, SOON);
    let heard = envelope::of(&recording.finish(), SPEAKER_RATE);
    let said = envelope::of(audible(&crate::speech::say(TEXT, "en-us", MIC_RATE)), MIC_RATE);
    let found = envelope::find(&said, &heard);
    assert!(found.score > 0.7, "{found:?}");
    assert!(stage.counter("repeated") > 0);
}
