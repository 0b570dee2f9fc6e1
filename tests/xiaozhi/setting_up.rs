//! From an address to a device that can be talked to.

use serde_json::{Value, json};

use crate::broker::{SOON, wait_until};
use crate::daemon::Daemon;
use crate::pulse::Pulse;
use crate::stage::{MAC, Stage, echo, settings};
use crate::words;
use crate::xiaozhi::record::{Entry, Event};
use crate::xiaozhi::{Activation, Rules, Xiaozhi};

/// The paths of the requests over HTTP.
fn asked(entries: &[Entry]) -> Vec<&str> {
    let asked = entries.iter().filter_map(|entry| match &entry.event {
        Event::Asked { path, .. } => Some(path.as_str()),
        _ => None,
    });
    asked.collect()
}

fn joined(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.event, Event::Joined { .. })).count()
}

/// Waits for a cause that may have been there before anybody could listen to events.
#[track_caller]
fn cause(daemon: &Daemon, code: &str) -> Value {
    let is = |cause: &&Value| cause["code"] == code;
    let find = |status: &Value| status["causes"].as_array().unwrap().iter().find(is).cloned();
    find(&daemon.wait_status(code, |status| find(status).is_some())).unwrap()
}

#[test]
fn it_asks_for_its_configuration_and_logs_in() {
    let stage = Stage::new(Rules::default());
    let entries = stage.server.all();
    assert_eq!(asked(&entries), ["/xiaozhi/ota/"]);
    let Event::Asked { headers, body, .. } = &entries[0].event else { panic!("first it asks: {:?}", entries[0]) };
    let header = |name: &str| &headers.iter().find(|(own, _)| own == name).unwrap_or_else(|| panic!("no {name}")).1;
    assert_eq!((header("device-id"), header("activation-version")), (&MAC.to_owned(), &"1".to_owned()));
    assert_eq!(header("content-type"), "application/json");
    assert!(!header("user-agent").is_empty() && !header("accept-language").is_empty());
    let uuid = header("client-id");
    let dashes: Vec<usize> = uuid.match_indices('-').map(|(place, _)| place).collect();
    assert_eq!((uuid.len(), &dashes[..], uuid.as_bytes()[14]), (36, &[8, 13, 18, 23][..], b'4'), "{uuid}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["application"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["board"]["type"].is_string(), "{body}");

    let client = entries.iter().find_map(|entry| match &entry.event {
        Event::Joined { client, .. } => Some(client.clone()),
        _ => None,
    });
    let client = client.expect("it has logged in");
    assert!(client.ends_with(&format!("@@@b8_27_eb_12_34_56@@@{uuid}")), "{client}");
    let subscribed: Vec<&String> = entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Subscribed(topic) => Some(topic),
            _ => None,
        })
        .collect();
    assert_eq!(subscribed, ["devices/p2p/b8_27_eb_12_34_56"]);
    let server = &stage.daemon.status()["servers"][0];
    assert_eq!((&server["kind"], &server["link"]), (&json!("xiaozhi"), &json!("up")));
}

#[test]
fn its_tools_can_be_called_before_anybody_has_spoken() {
    let stage = Stage::new(Rules::default());
    let names = wait_until("its tools", SOON, || {
        let tools = stage.server.tools();
        let name = |tool: &Value| tool["name"].as_str().map(str::to_owned);
        (!tools.is_empty()).then(|| tools.iter().filter_map(name).collect::<Vec<_>>())
    });
    for wanted in ["self.get_device_status", "self.audio_speaker.set_volume"] {
        assert!(names.iter().any(|name| name == wanted), "{names:?}");
    }
    let call = json!({"name": "self.audio_speaker.set_volume", "arguments": {"volume": 30}});
    let result = stage.server.manage("tools/call", call).unwrap();
    assert_eq!(result["isError"], false, "{result}");
    stage.daemon.wait_status("30 %", |status| status["volume"] == 30);
    let call = json!({"name": "self.get_device_status", "arguments": {}});
    let result = stage.server.manage("tools/call", call).unwrap();
    let status: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(status["audio_speaker"]["volume"], 30);
    let wrong = json!({"name": "self.audio_speaker.set_volume", "arguments": {"volume": 101}});
    assert!(stage.server.manage("tools/call", wrong).is_err(), "101 is no volume");
    assert!(stage.server.said("goodbye").is_empty() && stage.server.said("hello").is_empty());
}

#[test]
fn a_tool_of_the_owner_is_offered_and_run() {
    let tool = "[[tools]]\nname = \"lamp.set\"\ndescription = \"Dims the lamp.\"\n\
                arguments = [{ name = \"level\", type = \"integer\", min = 0, max = 100 }]\n\
                command = [\"/bin/echo\", \"{level}\"]\n";
    let stage = Stage::with(Rules::default(), |settings| settings.more(tool));
    wait_until("its tools", SOON, || stage.server.tools().iter().any(|tool| tool["name"] == "lamp.set").then_some(()));
    let call = |level: u32| {
        let params = json!({"name": "lamp.set", "arguments": {"level": level}});
        stage.server.manage("tools/call", params)
    };
    assert_eq!(call(5).unwrap()["content"][0]["text"].as_str().unwrap().trim(), "5");
    assert!(call(101).is_err(), "101 is too much");
}

#[test]
fn the_code_is_told_until_somebody_has_typed_it() {
    let activation = Activation { code: "408215".into(), challenge: Some("c".into()), waits: usize::MAX };
    let server = Xiaozhi::start(Rules { activation: Some(activation), ..echo() });
    let pulse = Pulse::start();
    let recording = pulse.record();
    let daemon = Daemon::start(&pulse, &settings(&server));
    let told = cause(&daemon, "NotActivated");
    assert!(told["text"].as_str().unwrap().contains("408215"), "{told}");
    server.wait("two questions whether it is done", |entries| {
        let questions = asked(entries).into_iter().filter(|path| *path == "/xiaozhi/ota/activate");
        (questions.count() >= 2).then_some(())
    });
    assert_eq!(joined(&server.all()), 0, "it connects before it belongs to anybody");
    wait_until("the code to be said", SOON, || {
        let sound = crate::speech::say("4, 0, 8, 2, 1, 5.", "en-us", words::SPEAKER_RATE);
        let narrow = |sound: &[i16]| crate::speech::resample(sound, words::SPEAKER_RATE, words::MIC_RATE);
        let found = crate::speech::find(&narrow(words::audible(&sound)), &narrow(&recording.so_far()));
        (found.score > 0.9).then_some(())
    });
    server.bind();
    daemon.wait_event("cause_cleared", |event| event["code"] == "NotActivated", SOON);
    daemon.wait_status("the device to be connected", |status| status["servers"][0]["link"] == "up");
    assert!(daemon.status()["causes"].as_array().unwrap().is_empty());
}

#[test]
fn a_wrong_password_is_told_and_a_new_one_is_asked_for() {
    let server = Xiaozhi::start(Rules { right_password: false, ..Rules::default() });
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &settings(&server));
    cause(&daemon, "BrokerRefused");
    assert_ne!(daemon.status()["servers"][0]["link"], "up");
    let again = daemon.run_cli(&["listen"]);
    assert!(!again.status.success() || daemon.status()["state"] != "listening", "nobody could answer");
    let before = asked(&server.all()).len();
    server.change(|rules| rules.right_password = true);
    // Whoever wants to talk has the server asked again for a password, and that one tried.
    daemon.run_cli(&["listen"]);
    daemon.wait_status("the device to be connected", |status| status["servers"][0]["link"] == "up");
    assert!(asked(&server.all()).len() > before && joined(&server.all()) > 0, "{:?}", server.all());
    daemon.wait_status("nothing to be wrong", |status| status["causes"].as_array().unwrap().is_empty());
}

#[test]
fn a_server_that_gives_no_configuration_is_told() {
    let server = Xiaozhi::start(Rules { ota_status: 500, ..Rules::default() });
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &settings(&server));
    let told = cause(&daemon, "NoConfiguration");
    assert!(told["text"].as_str().unwrap().contains("500"), "{told}");
    server.change(|rules| rules.ota_status = 200);
    daemon.wait_status("the device to be connected", |status| status["servers"][0]["link"] == "up");
}
