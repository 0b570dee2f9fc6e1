//! How loud the device is: `volume` and `endvolume` of the admin page, and `auricle volume`.

use std::time::{Duration, Instant};

use rumqttc::QoS;
use serde_json::{Value, json};

use crate::broker::SOON;
use crate::command_line::{fails, works};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::until;
use crate::stage::Stage;
use crate::wire::{peak, wait_sound};

const MIXER: &str = "testspk/Master";

fn quiet(settings: Settings) -> Settings {
    settings.with("listen", "triggers", "[]")
}

/// The loudest sample of a sentence.
fn loudness(stage: &Stage) -> u16 {
    let recording = stage.pulse.record();
    stage.flow.command("say", r#"{"value":"Good morning."}"#);
    stage.daemon.wait_event("spoken", |_| true, SOON);
    peak(&recording.finish())
}

fn wait_volume(daemon: &Daemon, percent: u64) {
    daemon.wait_status(&format!("{percent} %"), |status| status["volume"] == percent);
}

#[test]
fn in_software_the_loudspeaker_gets_quieter_down_to_silence() {
    let stage = Stage::with(quiet);
    let loud = loudness(&stage);
    assert!(loud > 3_000, "{loud}");
    // Percent are those of people: half of the way is an eighth of the amplitude.
    for (leaf, value, percent, least, most) in [
        ("volume", json!("80"), 80, 0.45, 0.57),
        ("volume", json!(50), 50, 0.10, 0.15),
        ("endvolume", json!("50"), 50, 0.10, 0.15),
        ("volume", json!("0"), 0, 0.0, 0.0),
        ("endvolume", json!(100), 100, 0.95, 1.05),
        ("endvolume", json!(0), 0, 0.0, 0.0),
    ] {
        stage.flow.command(leaf, json!({ "value": value }).to_string());
        wait_volume(&stage.daemon, percent);
        let part = f64::from(loudness(&stage)) / f64::from(loud);
        assert!((least..=most).contains(&part), "{leaf} {value}: {part} of the full amplitude");
    }
}

#[test]
fn a_volume_that_is_none_is_told_and_changes_nothing() {
    let stage = Stage::with(quiet);
    for value in ["101", "loud", "-1"] {
        stage.flow.command("volume", json!({ "value": value }).to_string());
        let command = stage.daemon.wait_event("command", |event| event["topic"] == "volume", SOON);
        let result = command["result"].as_str().unwrap();
        assert!(result.contains(&format!("`{value}`")) && result.contains("0 to 100"), "{result}");
    }
    assert_eq!(stage.daemon.status()["volume"], 100);
    assert!(fails_usage(&stage.daemon, "101"), "101 is no volume");
}

fn fails_usage(daemon: &Daemon, percent: &str) -> bool {
    let output = daemon.run_cli(&["volume", percent]);
    output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("0..=100")
}

#[test]
fn the_cards_own_control_follows_the_server_and_the_person() {
    let stage = Stage::with(|settings| quiet(settings).text("audio", "mixer", MIXER));
    let (daemon, flow) = (&stage.daemon, &stage.flow);
    let has = |percent: u32| until("the card has it", || stage.pulse.volume() == (vec![percent; 2], percent == 0));
    has(100);
    for (leaf, value, percent) in [
        ("volume", json!("35"), 35),
        ("volume", json!(0), 0),
        ("endvolume", json!(70), 70),
        ("endvolume", json!("0"), 0),
    ] {
        flow.command(leaf, json!({ "value": value }).to_string());
        has(percent);
    }
    assert_eq!(works(daemon, &["volume", "30"]), "");
    has(30);
    assert_eq!(works(daemon, &["volume"]), "30 %\n");
    let told: Value = serde_json::from_str(&works(daemon, &["volume", "--json"])).unwrap();
    assert_eq!(told, json!({"ok": true, "volume": 30}));
    // It is the volume that holds, so the server knows.
    wait_sound(&flow.probe, |sound| sound["volume"] == 30);
    // The card makes it quieter, and nobody else does it once more: 30 % are 2.7 % of the amplitude.
    let quiet = f64::from(loudness(&stage));
    works(daemon, &["volume", "100"]);
    has(100);
    let part = quiet / f64::from(loudness(&stage));
    assert!((0.02..=0.035).contains(&part), "{part}");
}

#[test]
fn a_sliders_storm_ends_at_its_last_value() {
    let stage = Stage::with(|settings| quiet(settings).text("audio", "mixer", MIXER));
    let topic = format!("{ADMIN}/tolinto/{SERIAL}/volume");
    let begin = Instant::now();
    for step in 0..200_u32 {
        // The pace of a slider.
        std::thread::sleep((begin + Duration::from_millis(5) * step).saturating_duration_since(Instant::now()));
        let value = if step == 199 { 42 } else { (step * 7) % 100 };
        stage.flow.probe.post(&topic, json!({"value": value.to_string()}).to_string(), false, QoS::AtMostOnce);
    }
    stage.flow.command("endvolume", r#"{"value":"42"}"#);
    wait_sound(&stage.flow.probe, |sound| sound["volume"] == 42);
    wait_volume(&stage.daemon, 42);
    until("the card has it", || stage.pulse.volume() == (vec![42, 42], false));
    // Nothing older comes behind it.
    works(&stage.daemon, &["volume", "43"]);
    until("the card has it", || stage.pulse.volume() == (vec![43, 43], false));
    let results = stage.daemon.events_named("command");
    let results = results.iter().filter(|event| event["topic"] == "volume");
    // One for each 50 ms at most: the others were overtaken.
    let told = results.count();
    assert!((5..=40).contains(&told), "{told} of 200 were carried out");
}

#[test]
fn the_last_endvolume_survives_a_restart_and_a_volume_does_not() {
    let state = tempfile::tempdir().unwrap();
    let mut kept = None;
    let mut stage = Stage::with(|settings| {
        let settings = quiet(settings).text("audio", "mixer", MIXER).with("audio", "volume", 90);
        kept.insert(settings.environment("AURICLE_STATE_DIR", state.path().display())).clone()
    });
    // As the admin page does: the slider is let go twice in a row.
    for (leaf, percent) in [("endvolume", 40), ("endvolume", 55), ("volume", 20)] {
        stage.flow.command(leaf, json!({"value": percent.to_string()}).to_string());
    }
    wait_volume(&stage.daemon, 20);
    wait_sound(&stage.flow.probe, |sound| sound["volume"] == 55);
    assert!(stage.daemon.terminate().0.success());
    // Somebody plays with the card meanwhile.
    stage.pulse.mute(true);

    let flow = Flow::start(&stage.broker, ADMIN);
    flow.probe.forget();
    stage.daemon = Daemon::ready(&stage.pulse, &kept.unwrap());
    until("the card has it", || stage.pulse.volume() == (vec![55, 55], false));
    assert_eq!(works(&stage.daemon, &["volume"]), "55 %\n");
    wait_sound(&flow.probe, |sound| sound["volume"] == 55);
    let told = flow.probe.seen();
    let volumes = told.iter().filter(|seen| seen.topic.ends_with("/status") && seen.text().contains("online"));
    assert!(volumes.clone().all(|seen| seen.text().contains(r#""volume":55"#)), "the first status has it already");
}

#[test]
fn a_mixer_that_is_not_there_is_told_and_the_volume_is_applied_in_software() {
    let mut stage = None;
    let broken = |settings: Settings| quiet(settings).text("audio", "mixer", "testspk/Speaker");
    let (broker, pulse) = (crate::broker::Broker::start(), crate::pulse::Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let daemon = Daemon::start(&pulse, &broken(Settings::linto(broker.port())));
    daemon.wait_status("the server", |status| status["servers"][0]["link"] == "up");
    let stage = stage.insert(Stage { daemon, flow, broker, pulse });
    let cause = stage.daemon.wait_cause("MixerGone");
    let told = format!("{} {}", cause["text"], cause["remedy"]);
    assert!(told.contains("`Speaker`") && told.contains("Master"), "{told}");
    let loud = loudness(stage);
    works(&stage.daemon, &["volume", "50"]);
    let part = f64::from(loudness(stage)) / f64::from(loud);
    assert!((0.10..=0.15).contains(&part), "{part}");
    assert!(fails(&stage.daemon, &["say", " "]).contains("no text"));
}
