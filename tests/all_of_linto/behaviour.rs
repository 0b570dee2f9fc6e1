//! Answers that are more than a text: sound, chatbots, actions, things to show, markup.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rumqttc::QoS;
use serde_json::{Value, json};

use crate::broker::SOON;
use crate::daemon::{SERIAL, Settings};
use crate::flow::ADMIN;
use crate::pulse::until;
use crate::speech::write_wav;
use crate::stage::Stage;
use crate::wire::{find_played, peak, to_base64};
use crate::words::{self, MIC_RATE, SPEAKER_RATE};

/// Asked in writing, which is quicker.
fn in_writing(settings: Settings) -> Settings {
    settings.with("listen", "triggers", "[]").text("linto", "application_kind", "multi-user")
}

/// Asks something, and the server answers with this behaviour. The request's id.
fn answered(stage: &Stage, behaviour: &Value) -> String {
    let asked = stage.daemon.ask("POST", "/ask", r#"{"text":"Please."}"#);
    let id = asked["id"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();
    let topic = format!("{ADMIN}/tolinto/{SERIAL}/nlp/text/{id}");
    let body = json!({"behavior": behaviour, "transcript": "Please."}).to_string();
    stage.flow.probe.publish_with(&topic, body, false, QoS::ExactlyOnce);
    stage.daemon.wait_event("answer", |event| event["id"] == id.as_str(), SOON);
    id
}

/// A WAV file with a real person's voice, and its sound.
fn voice(stage: &Stage) -> (Vec<u8>, Vec<i16>) {
    let sound = words::recorded("vm-goodbye");
    let file = stage.pulse.folder().join("answer.wav");
    write_wav(&file, MIC_RATE, &sound);
    (fs::read(file).unwrap(), sound)
}

#[test]
fn sound_in_an_answer_is_heard_as_it_was_sent() {
    let stage = Stage::with(in_writing);
    let (file, sound) = voice(&stage);
    let plain = to_base64(&file);
    for audio in [plain.clone(), format!("data:audio/wav;base64,{plain}")] {
        let recording = stage.pulse.record();
        answered(&stage, &json!({ "audio": audio }));
        stage.daemon.wait_state("speaking");
        stage.daemon.wait_state("idle");
        let found = find_played(&sound, &recording.finish());
        assert!(found.score > 0.95, "{found:?}");
    }
    // Beside a text it comes behind it.
    let recording = stage.pulse.record();
    answered(&stage, &json!({"say": {"text": "Listen:"}, "audio": plain}));
    stage.daemon.wait_event("spoken", |event| event["text"] == "Listen:", SOON);
    stage.daemon.wait_state("idle");
    let recording = recording.finish();
    let text = words::said("Listen:", &recording);
    let found = find_played(&sound, &recording);
    let at = usize::try_from(found.at).unwrap() * (SPEAKER_RATE / MIC_RATE) as usize;
    assert!(found.score > 0.95 && at >= text.end, "{found:?}, the text is at {text:?}");
}

#[test]
fn a_url_is_never_fetched_and_that_is_told_and_heard() {
    let stage = Stage::with(|settings| in_writing(settings).with("audio", "sounds", true));
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}/answer.wav", server.local_addr().unwrap());
    let recording = stage.pulse.record();
    answered(&stage, &json!({ "audio": url }));
    let drop = stage.daemon.wait_event("drop", |event| event["what"] == "audio", SOON);
    let detail = drop["detail"].as_str().unwrap();
    assert!(detail.contains("`http:` URL") && detail.contains("`data:`"), "{detail}");
    until("a sound tells that something is missing", || peak(&recording.so_far()) > 1_000);
    stage.daemon.wait_status("the end of the turn", |status| status["state"] == "idle");
    assert_eq!(server.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
    assert_eq!(stage.daemon.counter("audio"), 1);
}

#[test]
fn a_chatbots_answer_to_a_spoken_request_is_spoken() {
    let stage = Stage::new();
    let question = words::question();
    let recording = stage.pulse.record();
    stage.person_says(&question);
    let request = stage.flow.next_request();
    let answer =
        json!({"text": "The bot says hello.", "data": [{"text": "The bot says hello.", "eventType": "sentence"}]});
    let body = json!({"behavior": {"chatbot": {"ask": "hello", "answer": answer}}, "transcript": "hello"});
    stage.flow.probe.publish_with(&stage.flow.answer_topic(&request.id), body.to_string(), false, QoS::ExactlyOnce);
    let answer = stage.daemon.wait_event("answer", |_| true, SOON);
    assert_eq!((&answer["kind"], &answer["text"]), (&json!("chatbot"), &json!("The bot says hello.")));
    stage.daemon.wait_event("spoken", |event| event["text"] == "The bot says hello.", SOON);
    words::said("The bot says hello.", &recording.finish());
}

#[test]
fn markup_is_not_read_aloud() {
    let stage = Stage::with(in_writing);
    let recording = stage.pulse.record();
    let text = "<p>It is <b>noon</b> &amp; warm.</p><script>alert(1)</script>";
    answered(&stage, &json!({"say": {"text": text, "phonetic": text}}));
    let spoken = stage.daemon.wait_event("spoken", |_| true, SOON);
    assert_eq!(spoken["text"], "It is noon & warm.");
    words::said_only("It is noon & warm.", &recording.finish());
}

/// A hook that keeps its input and some of its variables in `folder`.
fn hook(folder: &Path, name: &str) -> PathBuf {
    let file = folder.join(name);
    let out = folder.join(format!("{name}.out"));
    let script = format!(
        "#!/bin/sh\ncat > {0}.new\nprintf '\\n%s|%s|%s|%s' \"$AURICLE_REQUEST\" \"$AURICLE_SERVER\" \"$AURICLE_TRANSCRIPT\" \"$AURICLE_SAY\" >> {0}.new\nmv {0}.new {0}\n",
        out.display()
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// What the hook was given, and its variables.
fn given(folder: &Path, name: &str) -> (Value, String) {
    let text = fs::read_to_string(folder.join(format!("{name}.out"))).unwrap();
    let (input, variables) = text.rsplit_once('\n').unwrap();
    (serde_json::from_str(input).unwrap(), variables.to_owned())
}

fn hooked(settings: Settings, key: &str, file: &Path) -> Settings {
    settings.with("hooks", key, json!([file]))
}

#[test]
fn an_action_runs_the_owners_program_and_its_label_is_not_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let program = hook(folder.path(), "light");
    let stage = Stage::with(|settings| hooked(in_writing(settings), "custom_action", &program));
    let action = json!({"kind": "light_on", "room": "kitchen; rm -rf $HOME"});
    let label = "room_control_light_on";
    let id = answered(&stage, &json!({"say": {"text": label, "phonetic": label}, "customAction": action}));
    let audit = stage.daemon.wait_event("audit", |_| true, SOON);
    assert_eq!(audit["what"], format!("hook custom_action by {ADMIN}/tolinto/{SERIAL}/nlp/text/{id}"));
    assert!(audit["result"].as_str().unwrap().starts_with("exit 0"), "{audit}");
    assert_eq!(given(folder.path(), "light"), (action, format!("{id}|linto|Please.|{label}")));
    stage.daemon.wait_status("the end of the turn", |status| status["state"] == "idle");
    // What is said next would come behind the label.
    stage.flow.command("say", r#"{"value":"Hello."}"#);
    stage.daemon.wait_event("spoken", |event| event["text"] == "Hello.", SOON);
    assert_eq!(stage.daemon.events_named("spoken").len(), 1);
}

#[test]
fn an_action_without_a_program_or_with_one_that_fails_is_told_and_heard() {
    for (program, told) in
        [(None, "[hooks]"), (Some("/bin/false"), "exit 1"), (Some("/nowhere/light"), "/nowhere/light")]
    {
        let stage = Stage::with(|settings| {
            let settings = in_writing(settings).with("audio", "sounds", true);
            program.map_or(settings.clone(), |program| hooked(settings, "custom_action", Path::new(program)))
        });
        let recording = stage.pulse.record();
        answered(&stage, &json!({"say": {"text": "light_on"}, "customAction": {"kind": "light_on"}}));
        let audit = stage.daemon.wait_event("audit", |_| true, SOON);
        let result = audit["result"].as_str().unwrap();
        assert!(
            result.contains(told) && (result.starts_with("refused: ") || result.starts_with("failed: ")),
            "{audit}"
        );
        until("a sound tells that nothing was done", || peak(&recording.so_far()) > 1_000);
        assert_eq!(stage.daemon.events_named("spoken"), [Value::Null; 0]);
    }
}

#[test]
fn what_is_to_be_shown_goes_to_the_owners_program_and_the_text_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let program = hook(folder.path(), "screen");
    let stage = Stage::with(|settings| hooked(in_writing(settings), "display", &program));
    let display = json!({"type": "URL", "content": "https://example.org/map"});
    let id = answered(&stage, &json!({"say": {"text": "Here is the map."}, "display": display}));
    let audit = stage.daemon.wait_event("audit", |_| true, SOON);
    assert_eq!(audit["what"], format!("hook display by {ADMIN}/tolinto/{SERIAL}/nlp/text/{id}"));
    assert_eq!(given(folder.path(), "screen"), (display, format!("{id}|linto|Please.|Here is the map.")));
    stage.daemon.wait_event("spoken", |event| event["text"] == "Here is the map.", SOON);
}
