//! A stand-in for the LinTO server: it takes requests apart to the last byte and answers on command.

use std::cell::RefCell;

use rumqttc::QoS;
use serde_json::{Value, json};

use crate::broker::{Broker, Probe, SOON, Seen};
use crate::daemon::SERIAL;
use crate::words;

/// The scope of the admin page.
pub const ADMIN: &str = "blk";

/// Bytes of a WAV header.
const HEADER: usize = 44;

/// A server that listens to everything that the device says in one scope.
pub struct Flow {
    /// Its connection.
    pub probe: Probe,
    scope: String,
    /// The ids of the requests that were handed out.
    taken: RefCell<Vec<String>>,
}

/// A spoken request, checked.
pub struct Request {
    /// Its id, which the answer repeats.
    pub id: String,
    /// What was said, 16 kHz.
    pub sound: Vec<i16>,
    /// What the device hands back.
    pub conversation: Value,
}

impl Flow {
    /// On a broker that lets everybody in.
    pub fn start(broker: &Broker, scope: &str) -> Self {
        Self::over(Probe::connect(broker.plain_port(), None), scope)
    }

    /// On any connection.
    pub fn over(probe: Probe, scope: &str) -> Self {
        probe.subscribe(&format!("{scope}/fromlinto/{SERIAL}/#"));
        Self { probe, scope: scope.into(), taken: RefCell::default() }
    }

    /// The next request.
    #[track_caller]
    pub fn next_request(&self) -> Request {
        let new = |seen: &Seen| self.id(seen).filter(|id| !self.taken.borrow().contains(id));
        let seen = self.probe.wait_for(|seen| new(seen).is_some(), SOON);
        let id = self.id(&seen).unwrap();
        self.taken.borrow_mut().push(id.clone());
        assert!(!seen.retained, "a request is not retained");
        let body: Value = serde_json::from_slice(&seen.payload).unwrap();
        let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["audio", "conversationData"]);
        let sound = samples(&from_base64(body["audio"].as_str().unwrap()));
        Request { id, sound, conversation: body["conversationData"].clone() }
    }

    /// The ids of all requests that have come.
    pub fn requests(&self) -> Vec<String> {
        self.probe.seen().iter().filter_map(|seen| self.id(seen)).collect()
    }

    /// Returns when everything that the broker had taken by now has come.
    pub fn fence(&self) {
        let topic = format!("{}/fromlinto/{SERIAL}/fence/{}", self.scope, self.probe.seen().len());
        self.probe.publish(&topic, "", false);
        self.probe.wait_for(|seen| seen.topic == topic, SOON);
    }

    /// Answers with a text to say.
    pub fn say(&self, id: &str, text: &str) {
        self.answer(id, &json!({"behavior": {"say": {"phonetic": text, "text": text}}, "transcript": "…"}));
    }

    /// Answers with a question.
    pub fn ask(&self, id: &str, text: &str, conversation: &Value) {
        let ask = json!({"phonetic": text, "text": text});
        self.answer(id, &json!({"behavior": {"ask": ask, "conversationData": conversation}, "transcript": "…"}));
    }

    /// Answers with nothing to say: the turn ends without a word.
    pub fn nod(&self, id: &str) {
        self.answer(id, &json!({"behavior": {}}));
    }

    fn answer(&self, id: &str, body: &Value) {
        self.probe.publish_with(&self.answer_topic(id), body.to_string(), false, QoS::ExactlyOnce);
    }

    /// Where the answer to a request goes.
    pub fn answer_topic(&self, id: &str) -> String {
        format!("{}/tolinto/{SERIAL}/nlp/file/{id}", self.scope)
    }

    /// Sends a command.
    pub fn command(&self, leaf: &str, payload: impl Into<Vec<u8>>) {
        self.probe.publish(&format!("{}/tolinto/{SERIAL}/{leaf}", self.scope), payload, false);
    }

    fn id(&self, seen: &Seen) -> Option<String> {
        let topic = seen.topic.strip_prefix(&self.scope)?;
        topic.strip_prefix(&format!("/fromlinto/{SERIAL}/nlp/file/")).map(str::to_owned)
    }
}

impl Request {
    /// Panics unless all of `words`, 16 kHz, are in it, from their first 20 ms on.
    #[track_caller]
    pub fn assert_has(&self, words: &[i16]) {
        self.assert_has_nearly(words, 0.95);
    }

    /// The same where a rest of something else sounds too: at least so alike.
    pub fn assert_has_nearly(&self, words: &[i16], least: f64) {
        let words = words::audible(words);
        let found = crate::speech::find(words, &self.sound);
        assert!(found.score > least, "the request has not what was said: {found:?}");
        let at = usize::try_from(found.at).expect("the first word is whole");
        let first = words::likeness(&self.sound[at..], &words[..320]);
        assert!(first > least, "the first 20 ms are not what was said: {first}");
    }
}

/// The sound of a WAV file, after every byte of its header was found right.
fn samples(wav: &[u8]) -> Vec<i16> {
    let (header, sound) = wav.split_at(HEADER);
    let size = u32::try_from(sound.len()).unwrap();
    let mut right = b"RIFF".to_vec();
    right.extend((size + 36).to_le_bytes());
    right.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    right.extend(16_000_u32.to_le_bytes());
    right.extend(32_000_u32.to_le_bytes());
    right.extend(b"\x02\0\x10\0data");
    right.extend(size.to_le_bytes());
    assert_eq!(header, right, "the header of the WAV file");
    sound.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

/// Standard base64, strictly.
fn from_base64(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 4, 0, "base64 comes in groups of four");
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("`{}` is not base64", char::from(byte)),
    };
    let body = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3 + 3);
    for group in body.as_bytes().chunks(4) {
        let bits = group.iter().enumerate().fold(0, |bits, (n, byte)| bits | value(*byte) << (18 - 6 * n));
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
