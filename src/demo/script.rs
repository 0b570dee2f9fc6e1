//! What happens in the demo, and whether it went as it should.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

use super::broker::{self, Door};
use super::room::{Room, SPEAKER_RATE};
use super::server::{self, Exchange, Seen};
use super::{judge, person};
use crate::config;
use crate::daemon::input::Input;
use crate::daemon::ledger::Line;
use crate::daemon::{Daemon, Parts};
use crate::device::pins::Board;
use crate::sound::{AlsaCards, Cards};

/// Nothing in the demo takes longer.
const STEP: Duration = Duration::from_secs(30);

/// The loudspeaker may end this much off the length of the answer.
const LATE: Duration = Duration::from_millis(300);

/// How long the person waits before they speak again.
const PAUSE: Duration = Duration::from_millis(700);

/// How alike the answer and what the loudspeaker got must be.
const LIKENESS: f64 = 0.9;

/// The language of the device's voice.
const LANGUAGE: &str = "en-US";

/// A part that is broken on purpose, to show that the demo can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// The server never answers.
    ServerSilent,
    /// The loudspeaker's cable is cut.
    OutputMuted,
    /// Nobody answers the question that is asked back.
    AskUnanswered,
    /// The broker goes away while somebody speaks.
    BrokerGone,
}

/// How to play.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The real sound card and a real person.
    pub live: bool,
    /// Leave WAV files and messages in this folder.
    pub keep: Option<PathBuf>,
    /// Break this.
    pub fault: Option<Fault>,
}

/// Something that a person says, and what the server makes of it.
struct Lines {
    person: &'static str,
    server: &'static str,
    asks: Option<Value>,
    conversation: Value,
}

fn play_book() -> Vec<Lines> {
    let pending = json!({"intent": "forecast", "entities": [{"entity": "city", "value": "Toulouse"}]});
    vec![
        Lines {
            person: "What is the time, please?",
            server: "It is a quarter past nine.",
            asks: None,
            conversation: json!({}),
        },
        Lines {
            person: "Will it rain in Toulouse today?",
            server: "Not today. Shall I tell you about tomorrow?",
            asks: Some(pending.clone()),
            conversation: json!({}),
        },
        Lines {
            person: "Yes, tell me about tomorrow.",
            server: "Tomorrow there will be showers in the afternoon.",
            asks: None,
            conversation: pending,
        },
    ]
}

/// Plays the demo to its end.
///
/// # Errors
/// What did not go as it should.
pub async fn play(plan: &Plan) -> Result<(), String> {
    let folder = Folder::new()?;
    let broker = broker::start().await.map_err(|error| error.to_string())?;
    let door = Door::open(broker).await.map_err(|error| error.to_string())?;
    let settings = folder.write_settings(plan, door.port)?;
    println!("settings  {}", settings.display());
    let room = Room::default();
    let daemon = daemon(plan, &settings, &room)?;

    let (seen_sender, seen) = mpsc::channel(16);
    let book = rehearse(plan).await?;
    let exchanges = book.iter().map(|(exchange, _)| exchange.clone()).collect();
    let silent = plan.fault == Some(Fault::ServerSilent);
    let serving = tokio::spawn(server::serve(broker, silent, exchanges, seen_sender));
    if plan.fault == Some(Fault::OutputMuted) {
        room.cut_the_loudspeaker();
    }
    let mut stage = Stage {
        plan,
        room,
        door,
        events: daemon.follow(),
        seen,
        began: Instant::now(),
        asked_back: false,
        kept: Vec::new(),
    };
    let stop = daemon.inbox();
    let acting = async {
        let outcome = stage.act(&book).await;
        // The daemon may have ended by itself, which the outcome then says.
        let _ = stop.send(Input::Stop).await;
        outcome
    };
    let (outcome, ()) = tokio::join!(acting, daemon.run());
    serving.abort();
    if let Some(folder) = &plan.keep {
        stage.keep(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    outcome
}

/// The daemon as `auricle run` builds it, on the demo's settings and in the demo's room.
fn daemon(plan: &Plan, settings: &Path, room: &Room) -> Result<Daemon, String> {
    let cards: Arc<dyn Cards> = if plan.live { Arc::new(AlsaCards) } else { Arc::new(room.clone()) };
    let loaded = config::load(Some(settings), std::iter::empty()).map_err(|errors| errors.to_string())?;
    let parts = Parts { settings: loaded.settings, reload: None, cards, pins: Arc::new(Board), dialogues: Vec::new() };
    Daemon::build(parts).map_err(|error| error.to_string())
}

/// Speaks every line once, so that nobody has to wait for the speech engine on stage.
async fn rehearse(plan: &Plan) -> Result<Vec<(Exchange, Vec<i16>)>, String> {
    let mut book = Vec::new();
    for lines in play_book() {
        let question = person::speech(lines.person).await.map_err(|error| error.to_string())?;
        let answer = person::expected(lines.server, LANGUAGE).await.map_err(|error| error.to_string())?;
        let exchange = Exchange {
            question: if plan.live { Vec::new() } else { question },
            transcript: lines.person.to_owned(),
            answer: lines.server.to_owned(),
            asks: lines.asks,
            conversation: lines.conversation,
        };
        book.push((exchange, answer));
    }
    Ok(book)
}

/// Where the demo keeps its settings, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("auricle-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    fn write_settings(&self, plan: &Plan, port: u16) -> Result<PathBuf, String> {
        let folder = self.0.display();
        let card = if plan.live { "auto" } else { "demo" };
        let (answer_timeout, no_speech) = if plan.fault.is_some() { ("3s", "3s") } else { ("12s", "10s") };
        let text = format!(
            "# Written by `auricle demo`.\n\
             [device]\nserial = \"auricle-demo\"\nstate_dir = \"{folder}/state\"\n\n\
             [audio]\ncapture = \"{card}\"\nplayback = \"{card}\"\n\n\
             [listen]\ntriggers = [\"voice\"]\nno_speech = \"{no_speech}\"\n\n\
             [linto]\nbroker = \"mqtt://127.0.0.1:{port}\"\napplication = \"My device app\"\n\
             answer_timeout = \"{answer_timeout}\"\n\n\
             [tts]\nlanguage = \"{LANGUAGE}\"\n\n\
             [control]\nsocket = \"{folder}/control.sock\"\n"
        );
        let path = self.0.join("auricle.toml");
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The stage, with everybody on it.
struct Stage<'a> {
    plan: &'a Plan,
    room: Room,
    door: Door,
    events: broadcast::Receiver<Line>,
    seen: mpsc::Receiver<Seen>,
    began: Instant,
    asked_back: bool,
    kept: Vec<(String, Vec<u8>)>,
}

impl Stage<'_> {
    async fn act(&mut self, book: &[(Exchange, Vec<i16>)]) -> Result<(), String> {
        self.expect("link", |event| event["up"] == true).await?;
        self.tell("the device is connected and listens");
        for (n, (exchange, answer)) in book.iter().enumerate() {
            let before = n.checked_sub(1).map(|n| &book[n].0);
            self.settle(before).await?;
            self.asked_back = before.is_some_and(|before| before.asks.is_some());
            self.speak_up(exchange);
            self.exchange(n, exchange, answer).await?;
        }
        self.tell("all said and all heard");
        Ok(())
    }

    /// The person speaks, when it is their turn.
    fn speak_up(&self, exchange: &Exchange) {
        if self.plan.live {
            self.tell(&format!("please say something like: “{}”", exchange.transcript));
        } else if self.asked_back && self.plan.fault == Some(Fault::AskUnanswered) {
            self.tell("the person says nothing");
        } else {
            self.tell(&format!("the person says: “{}”", exchange.transcript));
            self.room.say(&exchange.question);
        }
    }

    /// One request and its answer, checked from end to end.
    async fn exchange(&mut self, n: usize, exchange: &Exchange, answer: &[i16]) -> Result<(), String> {
        self.expect("speech_start", |_| true).await?;
        if self.plan.fault == Some(Fault::BrokerGone) {
            self.door.shut();
        }
        self.expect("request", |_| true).await?;
        if self.plan.fault != Some(Fault::ServerSilent) {
            match timeout(STEP, self.seen.recv()).await {
                Ok(Some(Seen::Understood { likeness, body })) => {
                    self.tell(&format!("the server heard the question ({:.1} % alike)", likeness * 100.0));
                    self.kept.push((format!("request-{}.json", n + 1), body));
                }
                Ok(Some(Seen::Rejected(why))) => return Err(format!("the server does not answer: {why}")),
                _ => return Err("the request did not reach the server".into()),
            }
        }
        self.expect("answer", |_| true).await?;
        let heard_from = self.room.seconds();
        self.expect("spoken", |event| event["text"] == exchange.answer.as_str()).await?;
        if !self.plan.live {
            self.judge(n, answer, heard_from).await?;
        }
        Ok(())
    }

    /// Whether the loudspeaker got the answer, whole and in time.
    async fn judge(&mut self, n: usize, answer: &[i16], from: f64) -> Result<(), String> {
        let heard = self.room.heard_since(from);
        self.kept.push((format!("answer-{}.wav", n + 1), wav(answer)));
        self.kept.push((format!("heard-{}.wav", n + 1), wav(&heard)));
        let answer = answer.to_vec();
        // Off the daemon's thread: it is in the middle of a turn.
        let verdict = tokio::task::spawn_blocking(move || compare(&heard, &answer)).await;
        let (likeness, off) = verdict.map_err(|error| error.to_string())??;
        self.tell(&format!("the loudspeaker said it ({:.1} % alike, {off:.2} s off)", likeness * 100.0));
        Ok(())
    }

    /// Waits until the device is ready for the next line: idle and quiet, or listening if it asked back.
    async fn settle(&mut self, before: Option<&Exchange>) -> Result<(), String> {
        if let Some(before) = before {
            let state = if before.asks.is_some() { "listening" } else { "idle" };
            self.expect("state", |event| event["state"] == state).await?;
        }
        if before.is_none_or(|before| before.asks.is_none()) {
            // The voice trigger is armed 300 ms after the last sound.
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Waits for an event, telling everything that happens on the way.
    async fn expect(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + STEP;
        loop {
            let line = tokio::time::timeout_at(deadline.into(), self.events.recv()).await;
            let line = line.map_err(|_| format!("no `{name}` within {} s", STEP.as_secs()))?;
            let line = line.map_err(|error| format!("the daemon ended: {error}"))?;
            let event: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
            if let Some(words) = in_words(&event) {
                self.tell(&words);
            }
            if event["event"] == name && fits(&event) {
                return Ok(());
            }
            if let Some(reason) = went_wrong(name, self.asked_back, &event) {
                return Err(reason);
            }
        }
    }

    fn tell(&self, words: &str) {
        println!("{:7.2} s  {words}", self.began.elapsed().as_secs_f64());
    }

    fn keep(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, bytes) in &self.kept {
            std::fs::write(folder.join(name), bytes)?;
        }
        println!("kept      {} files in {}", self.kept.len(), folder.display());
        Ok(())
    }
}

/// How alike what was heard and the answer are, and by how many seconds their lengths differ.
fn compare(heard: &[i16], answer: &[i16]) -> Result<(f64, f64), String> {
    let answer = judge::audible(answer);
    let Some(begin) = judge::onset(heard) else { return Err("the loudspeaker stayed silent".into()) };
    // The device's volume may have taken the softest beginning below what counts as audible.
    let margin = SPEAKER_RATE as usize / 5;
    let around = &heard[begin.saturating_sub(margin)..heard.len().min(begin + answer.len() + margin)];
    let (_, likeness) = judge::find(around, answer, margin);
    if likeness < LIKENESS {
        return Err(format!("the loudspeaker said something else: {likeness:.2} of {LIKENESS} alike"));
    }
    let off = judge::audible(heard).len().abs_diff(answer.len()) as f64 / f64::from(SPEAKER_RATE);
    if off > LATE.as_secs_f64() {
        return Err(format!("the loudspeaker ended {off:.2} s off the answer's length"));
    }
    Ok((likeness, off))
}

/// An event that means that what is waited for will not come.
fn went_wrong(waiting_for: &str, asked_back: bool, event: &Value) -> Option<String> {
    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    match event["event"].as_str()? {
        "cause" => Some(format!("{} {}", text("text"), text("remedy"))),
        "spoken" => Some(format!("the device apologised: “{}”", text("text"))),
        // The apology that follows says it in the person's words.
        "drop" if event["what"] == "unanswered" => None,
        "drop" => Some(format!("dropped {}: {}", text("what"), text("detail"))),
        "state" if event["state"] == "idle" && waiting_for == "speech_start" && asked_back => {
            Some("nobody answered the question that was asked back".into())
        }
        _ => None,
    }
}

fn in_words(event: &Value) -> Option<String> {
    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    Some(match event["event"].as_str()? {
        "speech_start" => "speech began".into(),
        "speech_end" => "speech ended".into(),
        "request" => format!("request sent: {} s of sound, id {}", event["seconds"], text("id")),
        "answer" => format!("answer ({}): “{}”", text("kind"), text("text")),
        "spoken" => format!("spoken: “{}”", text("text")),
        "cause" => format!("! {} {}", text("text"), text("remedy")),
        _ => return None,
    })
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let header = auricle_core::audio::wav::header(samples.len() as u64, SPEAKER_RATE);
    header.into_iter().chain(samples.iter().flat_map(|sample| sample.to_le_bytes())).collect()
}
