//! `mute` and `unmute` of the admin page: what the device promises with its acknowledgement.

use crate::broker::{Broker, SOON};
use crate::command_line::{fails, works};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::{Pulse, until};
use crate::stage::Stage;
use crate::wire::{count, records, wait, wait_sound};

#[test]
fn the_acknowledgement_comes_when_the_device_is_closed_on_the_scope_of_the_command() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let (admin, application) = (Flow::start(&broker, ADMIN), Flow::start(&broker, "appx"));
    let settings = Settings::linto(broker.port()).text("linto", "application_scope", "appx");
    let daemon = Daemon::ready(&pulse, &settings);
    for (scope, asker, other) in [("appx", &application, &admin), (ADMIN, &admin, &application)] {
        for (leaf, ack, open) in [("mute", "muteack", false), ("unmute", "unmuteack", true)] {
            let is_ack = |seen: &crate::broker::Seen| seen.topic == format!("{scope}/fromlinto/{SERIAL}/{ack}");
            assert_eq!(records(&pulse), !open, "before {leaf}");
            asker.command(leaf, "{}");
            assert_eq!(asker.probe.wait_for(is_ack, SOON).text(), "{}");
            assert_eq!(records(&pulse), open, "at the moment of {ack}");
            assert_eq!(daemon.status()["muted"], !open);
            other.fence();
            assert!(other.probe.seen().iter().all(|seen| !seen.topic.ends_with("ack")), "on the other scope");
            asker.probe.forget();
        }
    }
}

#[test]
fn muted_by_a_server_the_device_still_answers_speaks_and_obeys() {
    let stage = Stage::new();
    let (flow, daemon) = (&stage.flow, &stage.daemon);
    flow.command("mute", "{}");
    wait(&flow.probe, "muteack");
    wait_sound(&flow.probe, |sound| sound["mute"] == true);
    assert_eq!(daemon.wait_event("muted", |_| true, SOON)["by"], "remote");

    flow.command("ping", "{}");
    assert_eq!(wait(&flow.probe, "pong").text(), "{}");
    flow.command("volume", r#"{"value":"60"}"#);
    daemon.wait_status("the volume", |status| status["volume"] == 60);
    let recording = stage.pulse.record();
    flow.command("say", r#"{"value":"I am muted."}"#);
    daemon.wait_event("spoken", |event| event["text"] == "I am muted.", SOON);
    crate::words::said("I am muted.", &recording.finish());
    assert!(fails(daemon, &["listen"]).contains("`auricle unmute`"));
    daemon.wait_event("spoken", |event| event["text"] == "The microphone is muted.", SOON);
    // Twice is once, and acknowledged again.
    flow.probe.forget();
    flow.command("mute", "{}");
    wait(&flow.probe, "muteack");
    assert!(!records(&stage.pulse));

    flow.command("unmute", "{}");
    wait(&flow.probe, "unmuteack");
    wait_sound(&flow.probe, |sound| sound["mute"] == false);
    stage.a_turn_works();
}

#[test]
fn what_a_server_muted_stays_muted_over_a_restart_and_a_server_may_lift_it() {
    let state = tempfile::tempdir().unwrap();
    let mut kept = None;
    let mut stage =
        Stage::with(|settings| kept.insert(settings.environment("AURICLE_STATE_DIR", state.path().display())).clone());
    stage.flow.command("mute", "{}");
    wait(&stage.flow.probe, "muteack");
    // At once, and without a farewell.
    stage.daemon.kill();
    stage.flow.probe.forget();
    stage.daemon = Daemon::start(&stage.pulse, &kept.unwrap());
    wait_sound(&stage.flow.probe, |sound| sound["mute"] == true);
    assert_eq!((stage.daemon.status()["muted"].as_bool(), records(&stage.pulse)), (Some(true), false));
    stage.flow.command("mute", "{}");
    wait(&stage.flow.probe, "muteack");
    stage.flow.command("unmute", "{}");
    wait(&stage.flow.probe, "unmuteack");
    assert!(records(&stage.pulse));
    stage.a_turn_works();
}

#[test]
fn what_was_muted_here_no_server_unmutes_and_the_attempt_is_audited() {
    let stage = Stage::new();
    let (flow, daemon) = (&stage.flow, &stage.daemon);
    // Whoever mutes second does not weaken it.
    works(daemon, &["mute"]);
    flow.command("mute", "{}");
    wait(&flow.probe, "muteack");
    flow.command("unmute", "{}");
    let audit = daemon.wait_event("audit", |_| true, SOON);
    assert!(audit["what"].as_str().unwrap().contains("unmute"), "{audit}");
    let result = audit["result"].as_str().unwrap();
    assert!(
        result.starts_with("refused: ") && result.contains("unmute it there") && result.contains("[remote]"),
        "{audit}"
    );
    flow.fence();
    assert_eq!(count(&flow.probe, "unmuteack"), 0);
    assert!(!records(&stage.pulse));
    assert_eq!(daemon.status()["muted"], true);

    works(daemon, &["unmute"]);
    until("it records again", || records(&stage.pulse));
    wait_sound(&flow.probe, |sound| sound["mute"] == false);
}

#[test]
fn the_owner_decides_what_a_server_unmutes() {
    let stage = Stage::with(|settings| settings.text("remote", "unmute", "always"));
    works(&stage.daemon, &["mute"]);
    stage.flow.command("unmute", "{}");
    wait(&stage.flow.probe, "unmuteack");
    assert!(records(&stage.pulse));
    let audit = stage.daemon.wait_event("audit", |_| true, SOON);
    assert_eq!(audit["result"], "done");
    drop(stage);

    let stage = Stage::with(|settings| settings.text("remote", "unmute", "never"));
    stage.flow.command("mute", "{}");
    wait(&stage.flow.probe, "muteack");
    stage.flow.command("unmute", "{}");
    let audit = stage.daemon.wait_event("audit", |_| true, SOON);
    assert!(audit["result"].as_str().unwrap().contains("\"never\""), "{audit}");
    stage.flow.fence();
    assert_eq!((count(&stage.flow.probe, "unmuteack"), records(&stage.pulse)), (0, false));
}
