//! `tts_lang`: the server chooses what language is spoken, and nothing goes round in circles.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::broker::{Broker, SOON, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::operator::{answers, ping, quiet};
use crate::pulse::Pulse;
use crate::speech;
use crate::stage::Stage;
use crate::words::{self, MIC_RATE, SPEAKER_RATE};

const FRENCH: &str = "Bonjour, il est midi et quart.";

/// How alike a recording and this text are, spoken by this voice of espeak-ng.
fn likeness(recording: &[i16], text: &str, voice: &str) -> f64 {
    let narrow = |sound: &[i16]| speech::resample(sound, SPEAKER_RATE, MIC_RATE);
    let wanted = speech::say(text, voice, SPEAKER_RATE);
    speech::find(&narrow(words::audible(&wanted)), &narrow(recording)).score
}

/// Of each status that is no farewell.
fn languages_told(flow: &Flow) -> Vec<Value> {
    let statuses = answers(flow, "status").into_iter().filter(|status| status["connexion"] == "online");
    statuses.map(|status| status["config"]["sound"]["tts_lang"].clone()).collect()
}

fn language(flow: &Flow, tag: &str) {
    flow.command("tts_lang", json!({ "value": tag }).to_string());
}

#[test]
fn french_is_spoken_with_a_french_voice_also_the_devices_own_sentences() {
    let stage = Stage::with(|settings| settings.text("linto", "answer_timeout", "1s"));
    language(&stage.flow, "fr-FR");
    wait_until("the status to say so", SOON, || languages_told(&stage.flow).contains(&json!("fr-FR")).then_some(()));
    let recording = stage.pulse.record();
    stage.flow.command("say", json!({"value": FRENCH}).to_string());
    stage.daemon.wait_event("spoken", |event| event["text"] == FRENCH, SOON);
    let recording = recording.finish();
    let (french, english) = (likeness(&recording, FRENCH, "fr-fr"), likeness(&recording, FRENCH, "en-us"));
    assert!(french > 0.9 && english < 0.6, "French {french}, English {english}");

    stage.person_says(&words::question());
    let apology = "Je n'ai pas reçu de réponse. Veuillez réessayer.";
    stage.daemon.wait_event("spoken", |event| event["text"] == apology, SOON);
}

#[test]
fn a_language_is_kept_over_a_restart_and_an_unknown_one_changes_nothing() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let state = tempfile::tempdir().unwrap();
    let settings = quiet(Settings::linto(broker.port())).environment("AURICLE_STATE_DIR", state.path().display());
    let mut daemon = Daemon::ready(&pulse, &settings);
    language(&flow, "fr_fr");
    wait_until("the status to say so", SOON, || languages_told(&flow).contains(&json!("fr-FR")).then_some(()));
    for (tag, part) in [("tlh-KX", "does not speak `tlh-KX`; it stays `fr-FR`"), ("--help", "send one such as `fr-FR`")]
    {
        language(&flow, tag);
        let event = daemon.wait_event("command", |event| event["result"] != "done", SOON);
        assert!(event["result"].as_str().unwrap().contains(part), "{event}");
        assert!(daemon.log().contains(part), "{}", daemon.log());
    }
    assert_eq!(languages_told(&flow), ["en-US", "fr-FR"]);
    let kept: Value = serde_json::from_slice(&std::fs::read(state.path().join("state.json")).unwrap()).unwrap();
    assert_eq!(kept["language"], "fr-FR");

    assert!(daemon.terminate().0.success());
    flow.probe.forget();
    let daemon = Daemon::ready(&pulse, &settings);
    wait_until("the first status", SOON, || languages_told(&flow).contains(&json!("fr-FR")).then_some(()));
    // The voice too.
    let recording = pulse.record();
    flow.command("say", json!({"value": FRENCH}).to_string());
    daemon.wait_event("spoken", |event| event["text"] == FRENCH, SOON);
    assert!(likeness(&recording.finish(), FRENCH, "fr-fr") > 0.9);
    assert_eq!(languages_told(&flow), ["fr-FR"]);
}

/// How long the statuses are counted.
const OBSERVED: Duration = Duration::from_secs(20);

/// A server that answers each status with the languages, in their order; how many statuses came meanwhile, and how often
/// the state file was written.
fn observe(stage: &Stage, languages: &[&str]) -> (usize, usize) {
    let (start, mut answered) = (Instant::now(), 0);
    let file = stage.daemon.state_dir().join("state.json");
    let mut writes = BTreeSet::new();
    wait_until("the end of the observation", OBSERVED * 2, || {
        while answered < answers(&stage.flow, "status").len() {
            for tag in languages {
                language(&stage.flow, tag);
            }
            answered += 1;
        }
        writes.extend(file.metadata().and_then(|file| file.modified()));
        (start.elapsed() >= OBSERVED).then_some(())
    });
    ping(&stage.flow);
    (answers(&stage.flow, "status").len(), writes.len())
}

/// LinTO: the original client and the real server exchanged 45 messages a second like this.
#[test]
fn a_server_that_answers_each_status_with_the_language_gets_one_status_per_change() {
    let stage = Stage::with(quiet);
    assert_eq!(observe(&stage, &["fr-FR"]), (2, 1), "a status at first, and one for the change");
}

/// Two applications on one scope.
#[test]
fn a_server_that_can_not_decide_gets_a_status_each_three_seconds_at_most() {
    let stage = Stage::with(quiet);
    let (statuses, writes) = observe(&stage, &["fr-FR", "en-US"]);
    assert!((2..=10).contains(&statuses), "{statuses} statuses");
    // A memory card wears out.
    assert!((1..=3).contains(&writes), "{writes} writes");
}
