#![allow(clippy::unwrap_used)]
use super::*;
use serde_json::json;

fn act(payload: &str) -> Act {
    parse(payload.as_bytes()).act
}

fn say(text: &str) -> Act {
    Act::Say { text: text.into() }
}

fn ask(text: &str, conversation: Value) -> Act {
    Act::Ask { text: text.into(), conversation }
}

fn broken(payload: &str) -> String {
    match act(payload) {
        Act::Broken { reason } => reason,
        other => panic!("{payload} is not broken: {other:?}"),
    }
}

#[test]
fn say_is_spoken_as_its_text_not_its_phonetic_form() {
    let answer = parse(br#"{"behavior":{"say":{"phonetic":"bon jour","text":"Bonjour !"}},"transcript":"bonjour"}"#);
    assert_eq!(answer.act, say("Bonjour !"));
    assert_eq!(answer.transcript.as_deref(), Some("bonjour"));
    assert_eq!(answer.trouble, None);
}

#[test]
fn ask_carries_its_conversation_data_unchanged() {
    let payload = r#"{"behavior":{"ask":{"phonetic":"…","text":"Je vais bien merci et vous ?"},
        "conversationData":{"intent":"howareyou","entities":[],"n":1.5,"deep":{"a":[null,true]}}},"transcript":"x"}"#;
    let data = json!({"intent": "howareyou", "entities": [], "n": 1.5, "deep": {"a": [null, true]}});
    assert_eq!(act(payload), ask("Je vais bien merci et vous ?", data));
}

#[test]
fn ask_without_conversation_data_is_still_asked() {
    assert_eq!(act(r#"{"behavior":{"ask":{"text":"Which?"}}}"#), ask("Which?", json!({})));
}

#[test]
fn a_text_may_be_a_plain_string() {
    assert_eq!(act(r#"{"behavior":{"say":"Desired event not found : x"}}"#), say("Desired event not found : x"));
    assert_eq!(act(r#"{"behavior":{"ask":"Which?"}}"#), ask("Which?", json!({})));
}

#[test]
fn a_text_may_be_nested_in_another_say() {
    assert_eq!(act(r#"{"behavior":{"say":{"say":{"text":"nested"}}}}"#), say("nested"));
    assert_eq!(act(r#"{"behavior":{"say":{"say":"nested"}}}"#), say("nested"));
    assert_eq!(act(r#"{"behavior":{"ask":{"say":{"text":"nested"}}}}"#), ask("nested", json!({})));
}

#[test]
fn what_javascript_leaves_behind_is_not_spoken() {
    let payload = r#"{"behavior":{"say":{"text":"You have a meeting at[object Object] today[object Object]"}}}"#;
    assert_eq!(act(payload), say("You have a meeting at today"));
    assert_eq!(act(r#"{"behavior":{"say":"[object Object]"}}"#), Act::Empty);
}

#[test]
fn with_both_say_wins() {
    assert_eq!(act(r#"{"behavior":{"ask":{"text":"ask"},"say":{"text":"say"}}}"#), say("say"));
    assert_eq!(act(r#"{"behavior":{"ask":{"text":"ask"},"say":{"text":""}}}"#), ask("ask", json!({})));
}

#[test]
fn an_empty_behavior_says_nothing() {
    for payload in [
        r#"{"behavior":{}}"#,
        r#"{"behavior":{"say":{"text":"","phonetic":""}},"transcript":"x"}"#,
        r#"{"behavior":{"say":null}}"#,
        r#"{"behavior":{"say":[1]}}"#,
        r#"{"behavior":{"say":{}}}"#,
    ] {
        assert_eq!(act(payload), Act::Empty, "{payload}");
    }
}

#[test]
fn the_transcript_may_be_a_string_or_an_object() {
    let transcript = |json: &str| parse(format!(r#"{{"behavior":{{}},"transcript":{json}}}"#).as_bytes()).transcript;
    assert_eq!(transcript(r#""bien""#).as_deref(), Some("bien"));
    assert_eq!(transcript(r#"{"text":"bien","confidence":0}"#).as_deref(), Some("bien"));
    assert_eq!(transcript(r#""""#), None);
    assert_eq!(transcript("null"), None);
    assert_eq!(transcript("[]"), None);
}

#[test]
fn an_error_beside_a_text_is_kept_and_the_text_is_spoken() {
    let trouble = |behavior: &str| {
        let answer = parse(format!(r#"{{"behavior":{behavior}}}"#).as_bytes());
        assert_eq!(answer.act, say("sorry"), "{behavior}");
        answer.trouble.unwrap()
    };
    assert_eq!(
        trouble(r#"{"say":{"text":"sorry"},"error":{"message":"connect ECONNREFUSED 1.2.3.4:80","code":500}}"#),
        "connect ECONNREFUSED 1.2.3.4:80 (code 500)"
    );
    assert_eq!(trouble(r#"{"say":{"text":"sorry"},"error":{"code":500}}"#), "code 500");
    assert_eq!(
        trouble(r#"{"say":{"text":"sorry","phonetic":"sorry","errMessage":"Missing information","code":500}}"#),
        "Missing information (code 500)"
    );
    assert_eq!(trouble(r#"{"say":{"text":"sorry"},"errMessage":"down","code":"500"}"#), "down (code 500)");
}

#[test]
fn an_error_may_be_a_buffer_of_bytes() {
    let payload =
        r#"{"behavior":{"say":{"text":"sorry","errMessage":{"type":"Buffer","data":[100,111,119,110]},"code":500}}}"#;
    let answer = parse(payload.as_bytes());
    assert_eq!((answer.act, answer.trouble.as_deref()), (say("sorry"), Some("down (code 500)")));
    let answer = parse(br#"{"behavior":{"say":{"text":"sorry","errMessage":{"type":"Buffer","data":[1000]}}}}"#);
    assert_eq!((answer.act, answer.trouble), (say("sorry"), None));
}

#[test]
fn what_this_version_does_not_serve_is_recognised() {
    let answer = parse(br#"{"behavior":{"customAction":{"kind":"light_on"},"display":{"type":"URL"},"audio":"x"}}"#);
    assert_eq!(answer.act, Act::Empty);
    assert_eq!(answer.extras, [Extra::CustomAction, Extra::Display, Extra::Audio]);
    let chatbot = |answer: &str| act(&format!(r#"{{"behavior":{{"chatbot":{{"ask":"hi","answer":{answer}}}}}}}"#));
    let text = |text: &str| Act::Chatbot { text: text.into() };
    assert_eq!(chatbot(r#"{"text":"Hello Choose","data":[{"text":"yes"}]}"#), text("Hello Choose"));
    assert_eq!(chatbot(r#"{"say":{"text":"Hello","phonetic":"h"},"data":{}}"#), text("Hello"));
    assert_eq!(chatbot("null"), text(""));
}

#[test]
fn what_is_not_an_answer_is_broken_with_its_reason() {
    assert!(broken("").starts_with("the answer is not valid JSON: "));
    assert!(broken("{\"behavior\":{\"say\"").starts_with("the answer is not valid JSON: "));
    assert_eq!(broken("[]"), "the answer is an array, not an object");
    assert_eq!(broken("\"x\""), "the answer is a string, not an object");
    assert_eq!(broken("{}"), "the answer has no `behavior`");
    assert_eq!(broken(r#"{"behavior":null}"#), "the answer has no `behavior`");
    assert_eq!(broken(r#"{"behavior":7}"#), "`behavior` is a number, not an object");
    assert!(parse(b"{\"behavior\":{\"say\":\"\xff\"}}").act.text().is_none());
}

#[test]
fn json_of_any_depth_is_refused_not_followed() {
    let deep = format!(r#"{{"behavior":{}1{}}}"#, "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(broken(&deep), "`behavior` is an array, not an object");
    let deep = format!(
        r#"{{"behavior":{{"ask":"x","conversationData":{{"a":{}1{}}}}}}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert!(parse(deep.as_bytes()).dropped.unwrap().contains("recursion limit"));
    let deep = format!(r#"{{"behavior":{{"say":{}"x"{}}}}}"#, r#"{"say":"#.repeat(100), "}".repeat(100));
    assert_eq!(act(&deep), Act::Empty);
}

#[test]
fn a_text_without_end_is_cut_at_a_word() {
    let payload = format!(r#"{{"behavior":{{"say":{{"text":"{}"}}}}}}"#, "häuser ".repeat(10_000));
    let Act::Say { text } = act(&payload) else { panic!("not spoken") };
    assert_eq!(text.chars().count(), 585 * 7 - 1);
    assert!(text.ends_with("häuser"));
    assert_eq!(tidy(&"x".repeat(TEXT_LIMIT + 1)).len(), TEXT_LIMIT);
}

#[test]
fn conversation_data_that_are_too_large_or_no_object_are_dropped_with_a_reason() {
    let answer = |data: &str| {
        let payload = format!(r#"{{"behavior":{{"ask":"Which?","conversationData":{data}}}}}"#);
        let answer = parse(payload.as_bytes());
        assert_eq!(answer.act, ask("Which?", json!({})));
        answer.dropped.unwrap()
    };
    assert_eq!(answer("[1]"), "`conversationData` is an array, not an object");
    assert!(answer(&format!(r#"{{"x":"{}"}}"#, "y".repeat(CONVERSATION_LIMIT))).contains("65544 bytes"));
}
