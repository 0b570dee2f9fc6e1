//! LinTO: topics, status, requests, answers and commands as running servers use them.
//!
//! Everything in here is a function from bytes to data or back. Who acts on it, and when, is
//! [`crate::dialogue::linto`].

pub mod answer;
pub mod commands;
pub mod lenient;
pub mod markup;
pub mod request;
pub mod scope;
pub mod serial;
pub mod status;
pub mod streaming;

/// Reads `bytes` as every message a LinTO server can send, for the fuzzer and its kept seeds.
///
/// Checks what must hold for any input and panics if it doesn't.
#[doc(hidden)]
pub fn exercise(bytes: &[u8]) {
    let answer = answer::parse(bytes);
    if let Some(text) = answer.act.text() {
        assert!(text.chars().count() <= answer::TEXT_LIMIT, "a text is longer than its limit");
    }
    if let answer::Act::Ask { conversation, .. } = &answer.act {
        assert!(conversation.is_object(), "conversation data must be an object");
    }
    if let Some(text) = lenient::value(bytes) {
        assert!(text.chars().count() <= answer::TEXT_LIMIT, "a text is longer than its limit");
    }
    let _ = status::parse(bytes);
    for command in commands::ALL {
        let _ = (command.serve)(bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let topics = scope::Topics::new("blk", "app0", "raspberry1");
    let _ = topics.parse(&text);
    if let Some(serial) = serial::sanitise(&text) {
        assert_eq!(serial::check(&serial), Ok(()), "a sanitised serial number must be valid");
    }
}
