#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::protocol::xiaozhi::preset::Preset;

fn of(message: &str) -> Incoming {
    read(message.as_bytes())
}

fn hello() -> Value {
    json!({
        "type": "hello", "version": 3, "session_id": "s-1", "transport": "udp",
        "udp": {
            "server": "203.0.113.7", "port": 8884, "encryption": "aes-128-ctr",
            "key": "000102030405060708090A0b0c0d0e0f", "nonce": "01000000a1b2c3d40000000000000000",
        },
        "audio_params": {"format": "opus", "sample_rate": 16_000, "channels": 1, "frame_duration": 20},
    })
}

/// A hello with this under `udp.KEY`.
fn changed(key: &str, to: Value) -> Result<Hello, HelloError> {
    let mut message = hello();
    message["udp"][key] = to;
    match of(&message.to_string()) {
        Incoming::Hello(hello) => Ok(hello),
        Incoming::BadHello { session_id, why } => {
            assert_eq!(session_id, "s-1");
            Err(why)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hello_opens_a_session() {
    let Incoming::Hello(hello) = of(&hello().to_string()) else { panic!("no hello") };
    assert_eq!((hello.session_id.as_str(), hello.server.as_str(), hello.port), ("s-1", "203.0.113.7", 8884));
    assert_eq!(*hello.key, std::array::from_fn(|n| n as u8));
    assert_eq!(hello.nonce, [1, 0, 0, 0, 0xa1, 0xb2, 0xc3, 0xd4, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((hello.rate, hello.frame), (16_000, Duration::from_millis(20)));
    let session = hello.session(Duration::from_millis(60), true, &Preset::ALL[0]);
    assert_eq!((session.raw, session.greeting, session.frame), (false, None, Duration::from_millis(60)));
}

#[test]
fn a_hello_needs_only_its_channel() {
    let mut least = hello();
    for key in ["version", "session_id", "audio_params", "transport"] {
        least.as_object_mut().unwrap().remove(key);
    }
    least["udp"].as_object_mut().unwrap().remove("encryption");
    let Incoming::Hello(hello) = of(&least.to_string()) else { panic!("no hello") };
    assert_eq!((hello.session_id.as_str(), hello.rate, hello.frame), ("", 24_000, Duration::from_millis(60)));
}

#[test]
fn nonsense_about_the_sound_is_replaced() {
    let mut message = hello();
    for audio in [
        json!("opus"),
        json!({"sample_rate": "x", "frame_duration": -1}),
        json!({"sample_rate": 0, "frame_duration": 1e9}),
    ] {
        message["audio_params"] = audio;
        let Incoming::Hello(hello) = of(&message.to_string()) else { panic!("no hello") };
        assert_eq!((hello.rate, hello.frame), (24_000, Duration::from_millis(60)));
    }
}

#[test]
fn a_hello_without_a_usable_channel_says_why() {
    assert!(changed("server", json!("voice.example.org")).is_ok());
    for server in [json!(""), json!(null), json!(7), json!("a b"), json!("x".repeat(254))] {
        assert_eq!(changed("server", server), Err(HelloError::Server));
    }
    for port in [json!(0), json!(65_536), json!(-1), json!("8884"), json!(88.5)] {
        assert_eq!(changed("port", port.clone()), Err(HelloError::Port(format!("`{port}`"))));
    }
    for block in [
        json!(null),
        json!("00"),
        json!("0".repeat(33)),
        json!("g".repeat(32)),
        json!("é".repeat(16)),
        json!("+0".repeat(16)),
    ] {
        assert_eq!(changed("key", block.clone()), Err(HelloError::Key));
        assert_eq!(changed("nonce", block), Err(HelloError::Nonce));
    }
    for message in
        [r#"{"type":"hello"}"#, r#"{"type":"hello","udp":[]}"#, r#"{"type":"hello","transport":"websocket"}"#]
    {
        assert_eq!(of(message), Incoming::BadHello { session_id: String::new(), why: HelloError::NoChannel });
    }
}

#[test]
fn a_hello_prints_without_its_key() {
    let shown = format!("{:?}", of(&hello().to_string()));
    assert!(shown.contains("203.0.113.7:8884") && !shown.contains("0a0b") && !shown.contains("10, 11"), "{shown}");
}

#[test]
fn each_message_of_a_turn_is_read() {
    let goodbye = |id: Option<&str>, reason: Option<&str>| Incoming::Goodbye {
        session_id: id.map(Into::into),
        reason: reason.map(Into::into),
    };
    for (message, incoming) in [
        (r#"{"type":"goodbye","session_id":"s"}"#, goodbye(Some("s"), None)),
        (r#"{"type":"goodbye"}"#, goodbye(None, None)),
        (r#"{"type":"goodbye","session_id":""}"#, goodbye(Some(""), None)),
        (r#"{"type":"goodbye","session_id":null,"reason":"idle","timestamp":1}"#, goodbye(None, Some("idle"))),
        (r#"{"type":"goodbye","session_id":7,"reason":{}}"#, goodbye(None, None)),
        (
            r#"{"type":"stt","text":"what time is it","session_id":"s","glyph_push":{}}"#,
            Incoming::Stt("what time is it".into()),
        ),
        (r#"{"type":"tts","state":"start","session_id":"s"}"#, Incoming::TtsStart),
        (r#"{"type":"tts","state":"start","text":"hm"}"#, Incoming::TtsStart),
        (r#"{"type":"tts","state":"sentence_start","text":"It is"}"#, Incoming::TtsSentence("It is".into())),
        (r#"{"type":"tts","state":"stop"}"#, Incoming::TtsStop),
        (r#"{"type":"llm","text":"😀","emotion":"happy"}"#, Incoming::Llm(Emotion::Happy)),
        (r#"{"type":"llm","emotion":"hungry"}"#, Incoming::Llm(Emotion::Neutral)),
        (r#"{"type":"mcp","payload":{"id": 1.0}}"#, Incoming::Mcp(r#"{"id": 1.0}"#.into())),
        (r#"{"type":"system","command":"reboot"}"#, Incoming::System("reboot".into())),
        (r#"{"type":"error","message":"no server"}"#, Incoming::Error("no server".into())),
        (r#"{"type":"error"}"#, Incoming::Error(String::new())),
        (r#"{"type":"record_stop","session_id":"s"}"#, Incoming::RecordStop),
        (
            r#"{"type":"alert","status":"Bind","message":"Go\nthere","emotion":"sad"}"#,
            Incoming::Alert { status: "Bind".into(), message: "Go\nthere".into(), emotion: Emotion::Sad },
        ),
    ] {
        assert_eq!(of(message), incoming, "{message}");
    }
}

#[test]
fn what_is_of_no_use_is_ignored_by_name() {
    for (message, what) in [
        (r#"{"type":"iot","commands":[]}"#, "a message of the type `iot`"),
        (r#"{"type":"custom","payload":{}}"#, "a message of the type `custom`"),
        (r#"{"type":"tts","state":"sentence_end"}"#, "a message of the type `tts` with the state `sentence_end`"),
        (r#"{"type":"llm","state":"think"}"#, "a message of the type `llm` with the state `think`"),
        (r#"{"type":"tts"}"#, "a message of the type `tts`"),
        (r#"{"type":"stt","text":7}"#, "a message of the type `stt`"),
        (r#"{"type":"mcp","payload":"x"}"#, "a message of the type `mcp`"),
        (r#"{"type":"system"}"#, "a message of the type `system`"),
        (r#"{"type":"alert","status":"a","message":"b"}"#, "a message of the type `alert`"),
        (r#"{"type":7}"#, "a message without `type`"),
        ("{}", "a message without `type`"),
        ("[1]", "what is no JSON object: `[1]`"),
        ("", "what is no JSON object: ``"),
    ] {
        assert_eq!(of(message), Incoming::Ignored(what.into()), "{message}");
    }
    let deep = format!("{{\"type\":{}", "[".repeat(60_000));
    assert!(matches!(of(&deep), Incoming::Ignored(_)));
    assert_eq!(read(&[b' '; MOST + 1]), Incoming::Ignored("a message of 65537 bytes; 65536 are the most".into()));
}

#[test]
fn bytes_that_are_not_utf8_spoil_no_more_than_a_letter() {
    assert_eq!(read(b"{\"type\":\"stt\",\"text\":\"caf\xe9\"}"), Incoming::Stt("caf\u{fffd}".into()));
}

#[test]
fn long_texts_are_cut_and_long_ids_are_none() {
    let Incoming::Stt(text) = of(&json!({"type": "stt", "text": "é".repeat(9_000)}).to_string()) else { panic!() };
    assert_eq!(text.chars().count(), TEXT_LIMIT);
    let message = json!({"type": "goodbye", "session_id": "x".repeat(129), "reason": "y".repeat(9_000)}).to_string();
    assert_eq!(of(&message), Incoming::Goodbye { session_id: None, reason: Some("y".repeat(100)) });
}

/// Any JSON with keys and words that mean something.
fn messages() -> impl Strategy<Value = String> {
    const KEYS: [&str; 12] =
        ["type", "state", "text", "session_id", "udp", "server", "port", "key", "payload", "emotion", "message", "id"];
    const WORDS: [&str; 10] =
        ["hello", "tts", "stt", "mcp", "llm", "goodbye", "alert", "error", "start", "00112233445566778899aabbccddeeff"];
    let leaf = prop_oneof![
        prop::sample::select(&WORDS[..]).prop_map(|word| json!(word)),
        any::<i32>().prop_map(|number| json!(number)),
        any::<String>().prop_map(|text| json!(text)),
        Just(Value::Null),
    ];
    let value = leaf.prop_recursive(3, 40, 8, |inner| {
        prop::collection::btree_map(prop::sample::select(&KEYS[..]), inner, 0..8).prop_map(|map| json!(map))
    });
    value.prop_map(|value| value.to_string())
}

proptest! {
    #[test]
    fn no_message_is_too_much(message in messages(), end: prop::sample::Index) {
        exercise(message.as_bytes());
        exercise(&message.as_bytes()[..end.index(message.len() + 1)]);
    }

    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        exercise(&bytes);
    }
}
