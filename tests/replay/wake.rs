//! A wake word opens a turn as in the daemon.

use serde_json::Value;

use super::material::{RATE, piped, plain, silence, stderr};
use super::speech;

/// `words` in a quiet room.
fn room(words: &str) -> Vec<i16> {
    [silence(2.0), speech::say(words, "en-us+m3", RATE), silence(4.0)].concat()
}

fn lines(sound: &[i16], arguments: &[&str]) -> Vec<Value> {
    let output = piped(&plain(sound), &[&["-", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

fn time(line: &Value) -> f64 {
    line["t"].as_f64().unwrap()
}

#[test]
fn the_order_behind_the_word_is_an_utterance_of_its_own() {
    let heard = lines(&room("okay nabu. what time is it?"), &[]);
    assert_eq!(names(&heard), ["speech_start", "wake", "speech_start", "speech_end"], "{heard:?}");
    assert_eq!(heard[1]["word"], "okay_nabu");
    assert!((0.5..=1.0).contains(&heard[1]["score"].as_f64().unwrap()), "{heard:?}");
    assert!(time(&heard[2]) > time(&heard[1]) - 0.1 && time(&heard[3]) > time(&heard[2]) + 0.5, "{heard:?}");
}

#[test]
fn after_the_word_alone_the_order_is_waited_for_as_long_as_from_the_word_on() {
    let heard = lines(&room("okay nabu"), &["--set", "listen.no_speech=2s"]);
    // The watch before the word also waits in vain.
    let wake = heard.iter().position(|line| line["event"] == "wake").expect("the word");
    assert_eq!(names(&heard[wake..])[..2], ["wake", "no_speech"], "{heard:?}");
    let waited = time(&heard[wake + 1]) - time(&heard[wake]);
    assert!((waited - 2.0).abs() < 0.04, "{waited}");
}

#[test]
fn only_the_wanted_words_count_and_none_without_the_trigger() {
    let sound = room("okay nabu. what time is it?");
    for arguments in [&["--set", "wake.words=[\"alexa\"]"][..], &["--set", "listen.triggers=[]"]] {
        assert_eq!(names(&lines(&sound, arguments)), ["speech_start", "speech_end"]);
    }
    let both = lines(&sound, &["--set", "wake.words=[\"alexa\", { model = \"okay_nabu\", sensitivity = 0.6 }]"]);
    assert_eq!(both[1]["word"], "okay_nabu");
}

#[test]
fn a_word_without_a_model_is_a_wrong_setting_if_somebody_wants_it() {
    let output = piped(&plain(&silence(0.1)), &["-", "--set", "wake.words=[\"okay_nabo\"]"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("no model `okay_nabo` is installed; did you mean `okay_nabu`?"),
        "{}",
        stderr(&output)
    );
}
