//! A wake word opens a turn as in the daemon.

use auricle::config;
use auricle_core::hearing::replay::Heard;
use serde_json::Value;

use super::material::{Dribble, RATE, argument, audible, file, piped, plain, replay, silence, stderr, word};
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

/// A word in a voice that all models hear.
fn said(words: &str) -> Vec<i16> {
    speech::say(words, "en-us+m3", RATE)
}

/// A word in a quiet room, and after a breath an order.
fn behind(word: &str, order: &str) -> Vec<i16> {
    [silence(2.0), speech::say(word, "en-gb", RATE), silence(0.4), said(order), silence(4.0)].concat()
}

#[test]
fn a_line_has_the_agreed_keys_and_digits_and_no_others() {
    let output = piped(&plain(&room("okay nabu. what time is it?")), &["-", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [_, wake, start, end] = lines[..] else { panic!("{text}") };
    // Digits as `0`.
    let shape = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(shape(wake), r#"{"t":0.000,"event":"wake","word":"okay_nabu","score":0.00}"#);
    assert_eq!(shape(start), r#"{"t":0.000,"event":"speech_start"}"#);
    assert_eq!(shape(end), r#"{"t":0.000,"event":"speech_end"}"#);
}

#[test]
fn the_same_words_give_the_same_bytes_each_time_and_from_a_file_too() {
    let sound = plain(&room("okay nabu. what time is it?"));
    let (_folder, path) = file("words.wav", &sound);
    let first = replay(&[argument(&path), "--json"]);
    assert!(String::from_utf8_lossy(&first.stdout).contains("\"wake\""));
    assert_eq!(replay(&[argument(&path), "--json"]).stdout, first.stdout);
    assert_eq!(piped(&sound, &["-", "--json"]).stdout, first.stdout);
}

#[test]
fn how_a_recording_with_words_is_cut_into_pieces_changes_nothing() {
    let sound = plain(&[room("okay nabu. what time is it?"), behind("alexa", "turn it off")].concat());
    let settings = config::load_given(None, &[]).unwrap().settings;
    let heard = |sizes: &[usize]| {
        let words = ["okay_nabu", "alexa"].map(word);
        let (mut input, mut all) = (Dribble::new(sound.clone(), sizes), Vec::new());
        let mut tell = |heard: &Heard| {
            all.push(heard.clone());
            Ok(())
        };
        auricle::replay::hear(&mut input, "it", &settings, words.into(), None, &mut tell).unwrap();
        all
    };
    let whole = heard(&[usize::MAX]);
    assert_eq!(whole.iter().filter(|heard| format!("{heard:?}").contains("Wake")).count(), 2, "{whole:?}");
    for sizes in [&[1_001][..], &[2, 7, 3_000], &[44, 639, 641], &[48_000, 1]] {
        assert_eq!(heard(sizes), whole, "pieces of {sizes:?}");
    }
}

#[test]
fn a_recording_may_begin_with_the_word() {
    let quiet = audible(&said("okay nabu")).to_vec();
    let heard = lines(&[quiet, silence(0.2), said("what time is it?"), silence(4.0)].concat(), &[]);
    assert_eq!(names(&heard), ["speech_start", "wake", "speech_start", "speech_end"], "{heard:?}");
    assert!(time(&heard[1]) < 1.3, "{heard:?}");
}

#[test]
fn two_words_of_two_servers_are_told_by_their_names() {
    let (folder, settings) = file(
        "auricle.toml",
        b"[wake]\nwords = [{ model = \"okay_nabu\", server = \"home\" }, { model = \"alexa\", server = \"office\" }]\n\
          [[linto]]\nname = \"home\"\nbroker = \"mqtts://home.example.org\"\n\
          [[linto]]\nname = \"office\"\nbroker = \"mqtts://office.example.org\"\n",
    );
    let path = folder.path().join("words.wav");
    let sound = [behind("alexa", "what time is it?"), room("okay nabu. turn it off")].concat();
    std::fs::write(&path, plain(&sound)).unwrap();
    let output = replay(&["--json", "--config", argument(&settings), argument(&path)]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words = lines.iter().filter(|line| line["event"] == "wake");
    assert_eq!(words.map(|line| line["word"].as_str().unwrap()).collect::<Vec<_>>(), ["alexa", "okay_nabu"], "{text}");
    assert!(stderr(&output).contains(", 1 × alexa, 1 × okay_nabu"), "{}", stderr(&output));
}
