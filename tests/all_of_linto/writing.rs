//! `auricle ask`: a question in writing, an answer on paper and aloud.

use std::thread;

use rumqttc::QoS;
use serde_json::{Value, json};

use crate::broker::SOON;
use crate::command_line::{fails, text};
use crate::daemon::{SERIAL, Settings};
use crate::flow::ADMIN;
use crate::stage::Stage;
use crate::wire::said;
use crate::words;

fn for_many_users(settings: Settings) -> Settings {
    settings.with("listen", "triggers", "[]").text("linto", "application_kind", "multi-user")
}

/// `auricle ask …`, answered by `answer` to the question's body; exit code, standard output, standard error.
fn ask(
    stage: &Stage,
    words: &[&str],
    leaf: &str,
    answer: impl Fn(Value) -> Option<Value>,
) -> (Option<i32>, String, String) {
    let (daemon, probe) = (&stage.daemon, &stage.flow.probe);
    probe.forget();
    thread::scope(|scope| {
        let asked = scope.spawn(|| daemon.run_cli(words));
        let seen = probe.wait_for(|seen| seen.topic.starts_with(&said(leaf)), SOON);
        let id = seen.topic.strip_prefix(&said(leaf)).unwrap();
        assert!(!id.is_empty() && !id.contains('/'), "{}", seen.topic);
        if let Some(answer) = answer(serde_json::from_slice(&seen.payload).unwrap()) {
            let topic = format!("{ADMIN}/tolinto/{SERIAL}/{leaf}{id}");
            probe.publish_with(&topic, answer.to_string(), false, QoS::ExactlyOnce);
        }
        let output = asked.join().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    })
}

#[test]
fn the_answer_is_printed_and_spoken() {
    let stage = Stage::with(for_many_users);
    let recording = stage.pulse.record();
    let told = ask(&stage, &["ask", "What", "time is it?"], "nlp/text/", |question| {
        assert_eq!(question, json!({"text": "What time is it?", "conversationData": {}}));
        Some(json!({"behavior": {"say": {"text": "It is noon.", "phonetic": "It is noon."}}}))
    });
    assert_eq!(told, (Some(0), "It is noon.\n".into(), String::new()));
    stage.daemon.wait_event("spoken", |event| event["text"] == "It is noon.", SOON);
    words::said_only("It is noon.", &recording.finish());
    assert_eq!(stage.daemon.status()["sent"]["seconds"], 0.0);

    let told = ask(&stage, &["ask", "Again?", "--json"], "nlp/text/", |_| {
        Some(json!({"behavior": {"say": "It is <b>one</b>."}}))
    });
    let answer: Value = serde_json::from_str(&told.1).unwrap();
    assert_eq!((told.0, &answer["text"], &answer["kind"]), (Some(0), &json!("It is one."), &json!("say")));
}

#[test]
fn a_question_back_opens_the_microphone_and_the_spoken_reply_belongs_to_it() {
    let stage = Stage::with(for_many_users);
    let told = ask(&stage, &["ask", "And the weather?"], "nlp/text/", |_| {
        let ask = json!({"text": "Of tomorrow?", "phonetic": "Of tomorrow?"});
        Some(json!({"behavior": {"ask": ask, "conversationData": {"intent": "weather"}}}))
    });
    assert_eq!(told, (Some(0), "Of tomorrow?\n".into(), String::new()));
    stage.daemon.wait_state("listening");
    let reply = words::reply();
    stage.person_says(&reply);
    let request = stage.flow.next_request();
    request.assert_has(&reply);
    assert_eq!(request.conversation, json!({"intent": "weather"}));
    stage.flow.nod(&request.id);
    stage.daemon.wait_state("idle");
}

#[test]
fn the_chatbots_answer_comes_with_its_choices() {
    let stage = Stage::with(for_many_users);
    let told = ask(&stage, &["ask", "--chatbot", "Hello"], "chatbot/", |question| {
        assert_eq!(question["text"], "Hello");
        let data = json!([{"text": "Choose.", "eventType": "sentence"}, {"text": "tea", "eventType": "choice"},
            {"text": "coffee", "eventType": "choice"}, {"title": "t", "file": "f", "eventType": "attachment"}]);
        let answer = json!({"text": "Hello from the bot. Choose.", "data": data});
        Some(json!({"behavior": {"chatbot": {"ask": "Hello", "answer": answer}}}))
    });
    assert_eq!((told.0, told.2.as_str()), (Some(0), ""));
    assert!(told.1.contains("Hello from the bot. Choose.") && told.1.contains("tea, coffee"), "{}", told.1);
    stage.daemon.wait_event("spoken", |event| event["text"].as_str().unwrap().ends_with("tea, coffee"), SOON);
}

#[test]
fn an_application_for_devices_is_never_asked() {
    let stage = Stage::with(|settings| settings.with("listen", "triggers", "[]"));
    for words in [&["ask", "Hello"][..], &["ask", "--chatbot", "Hello"]] {
        let complaint = fails(&stage.daemon, words);
        assert!(complaint.contains("application_kind = \"multi-user\""), "{complaint}");
    }
    assert!(fails(&stage.daemon, &["ask", " "]).contains("no text"));
    stage.flow.fence();
    let asked = stage
        .flow
        .probe
        .seen()
        .into_iter()
        .any(|seen| seen.topic.contains("/nlp/") || seen.topic.contains("/chatbot/"));
    assert!(!asked, "nothing was sent");
    assert_eq!(stage.daemon.status()["state"], "idle");
}

#[test]
fn a_server_that_does_not_answer_is_told_in_time() {
    let stage = Stage::with(|settings| for_many_users(settings).text("linto", "answer_timeout", "1s"));
    let (code, printed, complaint) = ask(&stage, &["ask", "Hello?"], "nlp/text/", |_| None);
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(complaint.contains("no answer within 1 s"), "{complaint}");
    stage.daemon.wait_event("spoken", |event| event["text"].as_str().unwrap().contains("answer"), SOON);
}

#[test]
fn without_a_connection_the_question_is_refused_at_once() {
    let mut stage = Stage::with(for_many_users);
    stage.broker.kill();
    stage.daemon.wait_status("the device to notice", |status| status["servers"][0]["link"] == "down");
    let complaint = fails(&stage.daemon, &["ask", "Hello?"]);
    assert!(complaint.contains("server"), "{complaint}");
    stage.broker_is_back();
    let told = ask(&stage, &["ask", "Hello?"], "nlp/text/", |_| Some(json!({"behavior": {"say": "Hello."}})));
    assert_eq!(told, (Some(0), "Hello.\n".into(), String::new()));
    // What was refused was not kept.
    assert_eq!(stage.flow.probe.seen().iter().filter(|seen| seen.topic.contains("/nlp/text/")).count(), 1);
}
