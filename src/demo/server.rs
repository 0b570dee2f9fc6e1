//! A stand-in for a LinTO server: it answers as the real one does, but only if it really heard the question.

use std::time::Duration;

use base64::Engine;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::judge;

/// The real server needs a while for speech-to-text.
const THINKING: Duration = Duration::from_millis(400);

/// The question must be in the request from its first 200 ms on.
const HEAD: usize = 3_200;

/// How alike question and request must be.
const LIKENESS: f64 = 0.9;

/// What the server expects next, and what it says to it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The question at 16 kHz; empty: any sound will do.
    pub question: Vec<i16>,
    /// The transcript that goes back.
    pub transcript: String,
    /// What is said.
    pub answer: String,
    /// If this is a question back: its conversation data.
    pub asks: Option<Value>,
    /// The conversation data that has to come with the request.
    pub conversation: Value,
}

/// What the server saw, for the judge.
#[derive(Debug)]
pub enum Seen {
    /// A request with the right sound.
    Understood {
        /// How alike it was.
        likeness: f64,
        /// The whole message.
        body: Vec<u8>,
    },
    /// A request that it does not answer, and why.
    Rejected(String),
}

/// Serves these exchanges in order. A silent server listens and never answers.
pub async fn serve(port: u16, silent: bool, exchanges: Vec<Exchange>, seen: mpsc::Sender<Seen>) {
    let mut options = MqttOptions::new("demo-server", "127.0.0.1", port);
    options.set_max_packet_size(4 << 20, 4 << 20);
    let (client, mut events): (AsyncClient, EventLoop) = AsyncClient::new(options, 64);
    let mut exchanges = exchanges.into_iter();
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let _ = client.subscribe("+/fromlinto/+/#", QoS::AtLeastOnce).await;
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                take(&client, &message, silent, &mut exchanges, &seen).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!("the stand-in server lost its broker: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn take(
    client: &AsyncClient,
    message: &Publish,
    silent: bool,
    exchanges: &mut impl Iterator<Item = Exchange>,
    seen: &mpsc::Sender<Seen>,
) {
    let levels: Vec<&str> = message.topic.split('/').collect();
    let [scope, "fromlinto", serial, rest @ ..] = levels.as_slice() else { return };
    match rest {
        ["status"] => {
            let body = json!({"value": "en-US"}).to_string();
            let _ = client.try_publish(format!("{scope}/tolinto/{serial}/tts_lang"), QoS::ExactlyOnce, false, body);
        }
        ["nlp", "file", id] if !silent => {
            let Some(exchange) = exchanges.next() else { return };
            let topic = format!("{scope}/tolinto/{serial}/nlp/file/{id}");
            let (client, seen, body) = (client.clone(), seen.clone(), message.payload.to_vec());
            tokio::spawn(async move { answer(&client, topic, exchange, body, &seen).await });
        }
        _ => {}
    }
}

async fn answer(client: &AsyncClient, topic: String, exchange: Exchange, body: Vec<u8>, seen: &mpsc::Sender<Seen>) {
    let reply = reply(&exchange);
    let checked = tokio::task::spawn_blocking(move || check(&exchange, &body).map(|likeness| (likeness, body))).await;
    let outcome = match checked {
        Ok(Ok((likeness, body))) => Seen::Understood { likeness, body },
        Ok(Err(why)) => Seen::Rejected(why),
        Err(error) => Seen::Rejected(error.to_string()),
    };
    let understood = matches!(outcome, Seen::Understood { .. });
    let _ = seen.send(outcome).await;
    if understood {
        tokio::time::sleep(THINKING).await;
        let _ = client.publish(topic, QoS::ExactlyOnce, false, reply.to_string()).await;
    }
}

fn reply(exchange: &Exchange) -> Value {
    let spoken = json!({"phonetic": exchange.answer, "text": exchange.answer});
    let behavior = match &exchange.asks {
        Some(conversation) => json!({"ask": spoken, "conversationData": conversation}),
        None => json!({"say": spoken, "conversationData": {}}),
    };
    json!({"behavior": behavior, "transcript": exchange.transcript})
}

/// Whether the request is what the person said, with the right conversation data.
fn check(exchange: &Exchange, body: &[u8]) -> Result<f64, String> {
    let request: Value = serde_json::from_slice(body).map_err(|error| format!("the request is not JSON: {error}"))?;
    if request["conversationData"] != exchange.conversation {
        return Err(format!("the conversation data is {}", request["conversationData"]));
    }
    let audio = request["audio"].as_str().ok_or("the request has no audio")?;
    let wav = base64::engine::general_purpose::STANDARD.decode(audio).map_err(|error| format!("audio: {error}"))?;
    let sound = samples(&wav)?;
    if exchange.question.is_empty() {
        return Ok(1.0);
    }
    let (_, likeness) = judge::find(&sound, judge::audible(&exchange.question), HEAD);
    if likeness < LIKENESS {
        return Err(format!("the request's sound is not the question: {likeness:.2} of {LIKENESS} alike"));
    }
    Ok(likeness)
}

/// The samples of a WAV file as a server reads it, sizes included.
fn samples(wav: &[u8]) -> Result<Vec<i16>, String> {
    let header = wav.get(..44).ok_or("the WAV file has no header")?;
    let size = |at: usize| header[at..at + 4].iter().rev().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    if &header[..4] != b"RIFF" || &header[8..12] != b"WAVE" {
        return Err("the audio is not a WAV file".into());
    }
    if size(4) + 8 != wav.len() || size(40) + 44 != wav.len() {
        return Err(format!("the WAV sizes {} and {} do not fit {} bytes", size(4), size(40), wav.len()));
    }
    Ok(wav[44..].chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]])).collect())
}
