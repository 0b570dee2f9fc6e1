//! Two devices with one serial number.

use std::time::{Duration, Instant};

use crate::broker::{Broker, SOON, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::Pulse;
use crate::stage::Stage;

/// Two that answered each other at once would send thousands of statuses in this time.
const OBSERVED: Duration = Duration::from_secs(15);

#[test]
fn both_notice_it_say_it_once_and_do_not_storm() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let settings = Settings::linto(broker.port()).with("listen", "triggers", "[]");
    let mut twins = [Daemon::start(&pulse, &settings), Daemon::start(&pulse, &settings)];
    let start = Instant::now();
    for twin in &twins {
        let cause = twin.wait_status("the twin", |status| status["causes"][0]["code"] == "TwinDevice");
        assert!(cause["causes"][0]["text"].as_str().unwrap().contains("raspberry1"), "{cause}");
    }
    // LinTO: the flow answers each status; that must not start anything either.
    wait_until("the end of the observation", OBSERVED * 2, || {
        flow.command("tts_lang", r#"{"value":"en-US"}"#);
        (start.elapsed() >= OBSERVED).then_some(())
    });
    let statuses = flow.probe.seen().iter().filter(|seen| seen.topic.ends_with("/status")).count();
    assert!((2..20).contains(&statuses), "{statuses} statuses");
    for twin in &twins {
        let said = twin.log().matches("Another device uses").count();
        assert_eq!(said, 1, "{}", twin.log());
    }

    // One of them goes: the other one is alone again, and still online.
    let [first, second] = &mut twins;
    assert!(second.terminate().0.success());
    first.wait_status("the twin to be gone", |status| status["causes"] == serde_json::json!([]));
    flow.probe.forget();
    let newcomer = Flow::start(&broker, ADMIN);
    let status = newcomer.probe.wait_for(|seen| seen.retained, SOON);
    assert!(status.text().contains("online"), "{}", status.text());
}

/// A twin with a bad network must not make the device a bore.
#[test]
fn a_twin_that_comes_and_goes_is_told_of_aloud_only_once() {
    let stage = Stage::with(|settings| settings.with("listen", "triggers", "[]"));
    for _ in 0..3 {
        for (word, event) in [("online", "cause"), ("offline", "cause_cleared")] {
            let status = serde_json::json!({ "connexion": word }).to_string();
            stage.flow.probe.publish("blk/fromlinto/raspberry1/status", status, false);
            stage.daemon.wait_event(event, |event| event["code"] == "TwinDevice", SOON);
        }
    }
    stage.flow.command("say", r#"{"value":"The end."}"#);
    stage.daemon.wait_event("spoken", |event| event["text"] == "The end.", SOON);
    let spoken: Vec<_> = stage.daemon.events_named("spoken").iter().map(|event| event["text"].clone()).collect();
    let sentence = "Another device is using my serial number. Please give one of us a new one.";
    assert_eq!(spoken, [sentence, "The end."]);
}
