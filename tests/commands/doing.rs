//! Each command asks for one thing, and prints what came of it.

use std::io::{BufRead, BufReader};

use auricle::control::Action;
use serde_json::{Value, json};

use super::fake::Fake;

fn spoken_of(action: &Action) -> Value {
    match action {
        Action::Volume(percent) => json!({"volume": percent.unwrap_or(55)}),
        Action::MeetingStart(name) => json!({"file": format!("/meetings/{name}\u{1b}.wav")}),
        Action::MeetingStop => json!({"file": "/meetings/x.wav", "seconds": 1.5}),
        _ => Value::Null,
    }
}

#[test]
fn every_command_has_its_action_its_words_and_its_json() {
    let ok = json!({"ok": true});
    let cases: [(&[&str], Action, &str, Value); 12] = [
        (&["say", "Good", "morning"], Action::Say("Good morning".into()), "", ok.clone()),
        (&["listen"], Action::Listen, "", ok.clone()),
        (&["cancel"], Action::Cancel, "", ok.clone()),
        (&["mute"], Action::Mute, "", ok.clone()),
        (&["unmute"], Action::Unmute, "", ok.clone()),
        (&["volume"], Action::Volume(None), "55 %\n", json!({"ok": true, "volume": 55})),
        (&["volume", "0"], Action::Volume(Some(0)), "", json!({"ok": true, "volume": 0})),
        (&["volume", "100"], Action::Volume(Some(100)), "", json!({"ok": true, "volume": 100})),
        (
            &["meeting", "start", "Team", "of", "May"],
            Action::MeetingStart("Team of May".into()),
            "/meetings/Team of May .wav\n",
            json!({"ok": true, "file": "/meetings/Team of May\u{1b}.wav"}),
        ),
        (
            &["meeting", "start", "../étoile"],
            Action::MeetingStart("../étoile".into()),
            "/meetings/../étoile .wav\n",
            json!({"ok": true, "file": "/meetings/../étoile\u{1b}.wav"}),
        ),
        (
            &["meeting", "stop"],
            Action::MeetingStop,
            "/meetings/x.wav\n",
            json!({"ok": true, "file": "/meetings/x.wav", "seconds": 1.5}),
        ),
        (&["ssh", "stop"], Action::SshStop, "", ok),
    ];
    let fake = Fake::start(|action, _| Some(Ok(spoken_of(action))));
    for (words, action, text, answer) in cases {
        assert_eq!(fake.works(words), text, "{words:?}");
        let printed = fake.works(&[words, &["--json"]].concat());
        assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), answer, "{words:?}");
        assert!(fake.actions().ends_with(&[action.clone(), action]), "{words:?}: {:?}", fake.actions());
    }
}

#[test]
fn an_answer_may_take_a_moment() {
    let fake = Fake::start(|_, _| None);
    std::thread::scope(|scope| {
        let command = scope.spawn(|| fake.works(&["meeting", "start", "x"]));
        fake.wait_for(&Action::MeetingStart("x".into()));
        fake.answer(&Ok(json!({"file": "/meetings/x.wav"})));
        assert_eq!(command.join().unwrap(), "/meetings/x.wav\n");
    });
}

#[test]
fn the_socket_takes_what_the_commands_send() {
    let fake = Fake::agreeable();
    let ask = |text: &str, chatbot| Action::Ask { text: text.into(), chatbot };
    for (method, path, body, action) in [
        ("GET", "/volume", "", Action::Volume(None)),
        ("POST", "/volume", r#"{"volume": 7}"#, Action::Volume(Some(7))),
        ("POST", "/ask", r#"{"text": " hello "}"#, ask("hello", false)),
        ("POST", "/ask", r#"{"text": "hello", "chatbot": true}"#, ask("hello", true)),
        ("POST", "/meeting/start", r#"{"name": " a b "}"#, Action::MeetingStart("a b".into())),
        ("POST", "/meeting/stop", "", Action::MeetingStop),
        ("POST", "/ssh/stop", "", Action::SshStop),
        ("POST", "/dictate/stop", "", Action::DictateStop),
    ] {
        assert_eq!(fake.ask(method, path, body), (200, json!({"ok": true})), "{path} {body}");
        assert_eq!(fake.actions().last(), Some(&action), "{path} {body}");
    }
}

#[test]
fn events_are_server_sent_events() {
    let fake = Fake::agreeable();
    let mut stream = BufReader::new(fake.open("GET", "/events", ""));
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
    }
    assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
    fake.teller.state("idle");
    fake.teller.state("listening");
    let mut lines = String::new();
    while lines.matches("\n\n").count() < 2 {
        assert!(stream.read_line(&mut lines).unwrap() > 0, "{lines}");
    }
    let told: Vec<Value> = lines
        .split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    let state = |state: &str| json!({"t": 1_700_000_000_000_u64, "event": "state", "state": state});
    assert_eq!(told, [state("idle"), state("listening")]);
}
