//! A stand-in for the part of the server that writes down what is said.

use rumqttc::QoS;
use serde_json::{Value, json};

use crate::broker::{Broker, Probe, SOON, Seen};
use crate::daemon::SERIAL;
use crate::flow::ADMIN;
use crate::speech;
use crate::wire::said;
use crate::words::audible;

/// Answers on command.
pub struct Scribe {
    probe: Probe,
}

impl Scribe {
    /// Hears everything that is streamed from now on.
    pub fn start(broker: &Broker) -> Self {
        let probe = Probe::connect(broker.port(), None);
        probe.subscribe(&said("streaming/#"));
        Self { probe }
    }

    /// Waits until the device has asked for the stream `times` times; what it asked the last time.
    #[track_caller]
    pub fn wait_start(&self, times: usize) -> Value {
        self.wait(&format!("start number {times}"), |scribe| scribe.came("start").len() >= times);
        serde_json::from_slice(&self.came("start")[times - 1].payload).unwrap()
    }

    /// Waits until the device has ended the stream `times` times.
    #[track_caller]
    pub fn wait_stop(&self, times: usize) -> Seen {
        self.wait(&format!("stop number {times}"), |scribe| scribe.came("stop").len() >= times);
        self.came("stop")[times - 1].clone()
    }

    /// Waits until all of `words` has come, from their first sound on.
    #[track_caller]
    pub fn wait_words(&self, words: &[i16]) {
        self.wait("the words", |scribe| scribe.samples().len() > words.len() && scribe.find(words) > 0.95);
    }

    /// How much of the words is in what came: 1 is all, from the first sound on.
    pub fn find(&self, words: &[i16]) -> f64 {
        speech::find(audible(words), &self.samples()).score
    }

    /// Everything that came on this leaf.
    pub fn came(&self, leaf: &str) -> Vec<Seen> {
        let topic = said(&format!("streaming/{leaf}"));
        self.probe.seen().into_iter().filter(|seen| seen.topic == topic).collect()
    }

    /// The leaves of everything that came, in their order.
    pub fn order(&self) -> Vec<String> {
        let leaf = |seen: Seen| seen.topic.rsplit('/').next().unwrap().to_owned();
        self.probe.seen().into_iter().map(leaf).collect()
    }

    /// The sound in all chunks, 16 kHz.
    pub fn samples(&self) -> Vec<i16> {
        let bytes: Vec<u8> = self.came("chunk").into_iter().flat_map(|seen| seen.payload).collect();
        bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
    }

    /// Says that the stream is there.
    pub fn started(&self) {
        self.answer("start", &json!({"status": "started"}), QoS::ExactlyOnce);
    }

    /// Tells what is understood so far.
    pub fn partial(&self, text: &str) {
        self.answer("chunk", &json!({ "partial": text }), QoS::AtMostOnce);
    }

    /// Tells what is understood for good.
    pub fn text(&self, text: &str) {
        self.answer("chunk", &json!({ "text": text }), QoS::ExactlyOnce);
    }

    /// Says that the stream has ended, and all that was understood.
    pub fn finish(&self, text: &str) {
        self.answer("stop", &json!({"status": "stop"}), QoS::ExactlyOnce);
        let result = json!({"text": text, "words": []}).to_string();
        self.answer("final", &json!({"status": "final", "result": result}), QoS::ExactlyOnce);
    }

    /// Says what is wrong.
    pub fn error(&self, error: &Value) {
        self.answer("error", error, QoS::ExactlyOnce);
    }

    fn answer(&self, leaf: &str, streaming: &Value, qos: QoS) {
        let topic = format!("{ADMIN}/tolinto/{SERIAL}/streaming/{leaf}");
        self.probe.publish_with(&topic, json!({"behavior": {"streaming": streaming}}).to_string(), false, qos);
    }

    #[track_caller]
    fn wait(&self, what: &str, came: impl Fn(&Self) -> bool) {
        crate::broker::wait_until(what, SOON, || came(self).then_some(()));
    }
}
