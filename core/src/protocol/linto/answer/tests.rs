#![allow(clippy::unwrap_used)]
use super::*;
use serde_json::json;

fn act(payload: &str) -> Act {
    parse(payload.as_bytes()).act
}

fn say(text: &str) -> Act {
    Act::Say { text: text.into(), phonetic: None }
}

fn ask(text: &str, conversation: Value) -> Act {
    Act::Ask { text: text.into(), phonetic: None, conversation }
}

fn chatbot(answer: &str) -> (String, Vec<String>) {
    match act(&format!(r#"{{"behavior":{{"chatbot":{{"ask":"hi","answer":{answer}}}}}}}"#)) {
        Act::Chatbot { text, choices } => (text, choices),
        other => panic!("{answer} is no chatbot's: {other:?}"),
    }
}

fn broken(payload: &str) -> String {
    match act(payload) {
        Act::Broken { reason } => reason,
        other => panic!("{payload} is not broken: {other:?}"),
    }
}

#[test]
fn say_has_a_text_and_a_phonetic_form() {
    let answer = parse(br#"{"behavior":{"say":{"phonetic":"bon jour","text":"Bonjour !"}},"transcript":"bonjour"}"#);
    assert_eq!(answer.act, Act::Say { text: "Bonjour !".into(), phonetic: Some("bon jour".into()) });
    assert_eq!(answer.transcript.as_deref(), Some("bonjour"));
    assert_eq!(answer.trouble, None);
}

#[test]
fn ask_carries_its_conversation_data_unchanged() {
    let payload = r#"{"behavior":{"ask":{"text":"Je vais bien merci et vous ?"},
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
fn a_phonetic_form_may_stand_anywhere_and_alone() {
    let phonetic = |say: &str| match act(&format!(r#"{{"behavior":{{"say":{say}}}}}"#)) {
        Act::Say { text, phonetic } => (text, phonetic),
        other => panic!("{say}: {other:?}"),
    };
    let both = |text: &str, phonetic: &str| (text.to_owned(), Some(phonetic.to_owned()));
    assert_eq!(phonetic(r#"{"say":{"text":"a","phonetic":"b"}}"#), both("a", "b"));
    assert_eq!(phonetic(r#"{"say":{"text":"a"},"phonetic":"b"}"#), both("a", "b"));
    assert_eq!(phonetic(r#"{"text":"","phonetic":"b"}"#), ("b".into(), None));
    assert_eq!(phonetic(r#"{"text":"a","phonetic":"a"}"#), ("a".into(), None));
    assert_eq!(phonetic(r#"{"text":"a","phonetic":"<i>b</i>&amp;"}"#), both("a", "b&"));
    assert_eq!(phonetic(r#"{"text":"a","phonetic":""}"#), ("a".into(), None));
    let asked = act(r#"{"behavior":{"ask":{"text":"a","phonetic":"b"}}}"#);
    assert_eq!(asked, Act::Ask { text: "a".into(), phonetic: Some("b".into()), conversation: json!({}) });
}

#[test]
fn markup_is_not_spoken_but_comparisons_are() {
    let payload = r#"{"behavior":{"say":{"text":"<p>Tom &amp; Jerry</p><p>x < y and z > w</p>"}}}"#;
    assert_eq!(act(payload), say("Tom & Jerry\nx < y and z > w"));
    assert_eq!(act(r#"{"behavior":{"ask":"<b>Which?</b>"}}"#), ask("Which?", json!({})));
    assert_eq!(act(r#"{"behavior":{"say":{"text":"<br/><!-- x -->"}}}"#), Act::Empty);
    assert_eq!(act(r#"{"behavior":{"say":"a&#0;&#7;&#x9b;b"}}"#), say("a&#0;&#7; b"));
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
fn a_chatbots_answer_is_its_text_or_its_sentences() {
    let said = |text: &str| (text.to_owned(), Vec::new());
    assert_eq!(chatbot(r#"{"text":"Hello Choose ","data":[{"text":"yes"}]}"#), said("Hello Choose"));
    assert_eq!(chatbot(r#"{"say":{"text":"Hello","phonetic":"h"},"data":{}}"#), said("Hello"));
    assert_eq!(chatbot(r#""<b>Hello</b>""#), said("Hello"));
    let data = r#"[{"text":"One.","eventType":"sentence"},{"text":"<i>Two.</i>","eventType":"sentence"},
        {"title":"T","subTitle":"S","file":"http://x/y.png","type":"image","eventType":"attachment"},
        {"text":"three","eventType":"three"},7,null,{"text":{}}]"#;
    assert_eq!(chatbot(&format!(r#"{{"text":"","data":{data}}}"#)), said("One.\nTwo.\n7"));
    assert_eq!(chatbot(&format!(r#"{{"data":{data}}}"#)), said("One.\nTwo.\n7"));
}

#[test]
fn an_empty_answer_of_a_chatbot_is_still_a_chatbots() {
    for answer in ["null", "{}", "[]", r#"{"text":"","data":[]}"#, r#"{"text":null,"data":"x"}"#, "true"] {
        assert_eq!(chatbot(answer), (String::new(), Vec::new()), "{answer}");
    }
    assert_eq!(act(r#"{"behavior":{"chatbot":7}}"#), Act::Chatbot { text: String::new(), choices: Vec::new() });
}

#[test]
fn a_chatbots_choices_are_kept_up_to_a_limit() {
    let data = r#"[{"text":"Choose","eventType":"sentence"},{"text":"yes","eventType":"choice"},
        {"text":"&quot;no&quot;","eventType":"choice"},{"text":"","eventType":"choice"}]"#;
    let (text, choices) = chatbot(&format!(r#"{{"text":"Choose","data":{data}}}"#));
    assert_eq!((text.as_str(), choices), ("Choose", vec!["yes".to_owned(), "\"no\"".to_owned()]));
    let many = vec![r#"{"text":"x","eventType":"choice"}"#; 1_000].join(",");
    assert_eq!(chatbot(&format!(r#"{{"data":[{many}]}}"#)).1.len(), CHOICES);
}

#[test]
fn an_action_and_something_to_show_are_kept_as_they_came() {
    let payload = br#"{"behavior":{"say":{"text":"room_control_light_on"},
        "customAction":{"kind":"light_on","room":{"n":1}},"display":{"type":"URL","content":"https://x"}}}"#;
    let answer = parse(payload);
    assert_eq!(answer.act, say("room_control_light_on"));
    assert_eq!(answer.custom_action, Some(json!({"kind": "light_on", "room": {"n": 1}})));
    assert_eq!(answer.display, Some(json!({"type": "URL", "content": "https://x"})));
    assert_eq!((answer.audio, answer.dropped), (None, None));
    let answer = parse(br#"{"behavior":{"customAction":null,"display":null,"audio":null}}"#);
    assert_eq!((answer.custom_action, answer.display, answer.audio, answer.dropped), (None, None, None, None));
}

#[test]
fn an_action_that_is_no_object_or_too_large_is_dropped_with_a_reason() {
    let large = format!(r#"{{"content":"{}"}}"#, "x".repeat(OBJECT_LIMIT));
    let answer = parse(format!(r#"{{"behavior":{{"customAction":"light_on","display":{large}}}}}"#).as_bytes());
    assert_eq!((answer.custom_action, answer.display), (None, None));
    assert_eq!(
        answer.dropped.unwrap(),
        "`customAction` is a string, not an object; `display` has 65550 bytes, 65536 are the most, and was left out"
    );
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
    let Act::Say { text, .. } = act(&payload) else { panic!("not spoken") };
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
    assert!(answer(&format!(r#"{{"x":"{}"}}"#, "y".repeat(OBJECT_LIMIT))).contains("65544 bytes"));
}
