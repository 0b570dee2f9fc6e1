//! The chat server behind the gateway, as a machine: messages and sound in, messages and sound out, and a deadline.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::rules::Mode;
use super::voice::{Ears, FRAME, packets, repeated};

/// So many packets of an answer go out at once, the others one by one.
const AT_ONCE: u32 = 5;

/// From the last packet to the end of the answer.
const TAIL: Duration = FRAME.saturating_mul(7);

/// After a word that woke the device the chat server is deaf for so long.
const DEAF: Duration = Duration::from_secs(2);

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// What the server says it has heard.
    pub heard: String,
    /// How it feels about it.
    pub emotion: String,
    /// What it says: text, and sound of 24 kHz.
    pub sentences: Vec<(String, Vec<i16>)>,
    /// Ends the conversation after it.
    pub last: bool,
}

/// What comes out.
#[derive(Debug)]
pub enum Said {
    Message(Value),
    Sound {
        packet: Vec<u8>,
        timestamp: u32,
    },
    /// An utterance has ended: 16 kHz.
    Heard(Vec<i16>),
    Close,
}

/// What is to be said, in its order.
enum Piece {
    Message(Value),
    Packet(Vec<u8>),
    End { last: bool },
}

/// One conversation of one device.
pub struct Chat {
    mode: Mode,
    idle: Option<Duration>,
    session: String,
    out: VecDeque<Said>,
    ears: Ears,
    deaf_until: Option<Instant>,
    /// How the device listens: `auto`, `manual`, `realtime`.
    listens: String,
    /// The server is to take the echo away, and so hears who interrupts.
    hears_interruptions: bool,
    answers: usize,
    queue: VecDeque<Piece>,
    /// Packets of this answer so far, and when the first one went out.
    paced: Option<(Instant, u32)>,
    voice_at: Instant,
}

impl Chat {
    /// Connected just now, with the hello of a device.
    pub fn new(now: Instant, mode: Mode, idle: Option<Duration>, session: String, hello: &Value) -> Self {
        let mut chat = Self {
            mode,
            idle,
            session,
            out: VecDeque::new(),
            ears: Ears::new(),
            deaf_until: None,
            listens: "auto".into(),
            hears_interruptions: hello["features"]["aec"] == true,
            answers: 0,
            queue: VecDeque::new(),
            paced: None,
            voice_at: now,
        };
        chat.greet(hello);
        chat
    }

    /// It says the device's own parameters of sound, whatever it will send, and asks for its tools.
    fn greet(&mut self, hello: &Value) {
        if hello.get("features").is_some_and(|features| !features.is_object()) {
            self.out.push_back(Said::Close);
            return;
        }
        self.tell(json!({"type": "hello", "audio_params": hello["audio_params"]}));
        if hello["features"]["mcp"] == true {
            let params = json!({"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "chat"}});
            self.tell(json!({"type": "mcp", "payload": request(1, "initialize", &params)}));
        }
    }

    fn tell(&mut self, mut message: Value) {
        message["session_id"] = self.session.as_str().into();
        self.out.push_back(Said::Message(message));
    }

    /// A message of the device.
    pub fn message(&mut self, now: Instant, message: &Value) {
        match (message["type"].as_str(), message["state"].as_str()) {
            (Some("listen"), Some("start")) => {
                if let Some(mode) = message["mode"].as_str() {
                    self.listens = mode.into();
                }
                self.ears.clear();
            }
            (Some("listen"), Some("stop")) => self.utterance_may_end(now, true),
            (Some("listen"), Some("detect")) => {
                self.ears.clear();
                self.deaf_until = Some(now + DEAF);
                self.answer(&[]);
            }
            (Some("abort"), _) => self.stop(),
            (Some("mcp"), _) if message["payload"]["id"] == 1 => self.tools(),
            _ => {}
        }
    }

    /// The device has answered the first request: now for its tools.
    fn tools(&mut self) {
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.tell(json!({"type": "mcp", "payload": ready}));
        self.tell(json!({"type": "mcp", "payload": request(2, "tools/list", &json!({}))}));
    }

    /// A packet of the device.
    pub fn sound(&mut self, now: Instant, packet: &[u8]) {
        if self.deaf_until.is_some_and(|until| now < until) || !self.ears.hear(packet) {
            self.utterance_may_end(now, false);
            return;
        }
        self.voice_at = now;
        if self.hears_interruptions && self.speaks() {
            self.stop();
        }
    }

    /// In manual mode the device says when it ends.
    fn utterance_may_end(&mut self, now: Instant, over: bool) {
        if self.listens == "manual" && !over {
            return;
        }
        if let Some(utterance) = self.ears.utterance(over) {
            self.voice_at = now;
            if self.speaks() {
                self.stop();
            }
            self.answer(&utterance);
            self.out.push_back(Said::Heard(utterance));
        }
    }

    fn speaks(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Breaks off what it says.
    fn stop(&mut self) {
        self.queue.clear();
        self.paced = None;
        self.tell(json!({"type": "tts", "state": "stop"}));
    }

    fn answer(&mut self, utterance: &[i16]) {
        let turn = match &self.mode {
            Mode::Quiet => return,
            Mode::Echo => Turn {
                heard: "…".into(),
                emotion: "neutral".into(),
                sentences: vec![("…".into(), repeated(utterance))],
                last: false,
            },
            Mode::Script(turns) => match turns.get(self.answers).or(turns.last()) {
                Some(turn) => turn.clone(),
                None => return,
            },
        };
        self.answers += 1;
        self.tell(json!({"type": "stt", "text": turn.heard}));
        self.say(turn);
    }

    /// Says something, after what it says already.
    pub fn say(&mut self, turn: Turn) {
        self.queue.push_back(Piece::Message(json!({"type": "tts", "state": "start"})));
        self.queue.push_back(Piece::Message(json!({"type": "llm", "text": "🙂", "emotion": turn.emotion})));
        for (text, sound) in turn.sentences {
            self.queue.push_back(Piece::Message(json!({"type": "tts", "state": "sentence_start", "text": text})));
            self.queue.extend(packets(&sound).into_iter().map(Piece::Packet));
        }
        self.queue.push_back(Piece::End { last: turn.last });
    }

    /// When it has something to say, or ends.
    pub fn deadline(&self) -> Option<Instant> {
        let piece = self.queue.front().map(|piece| self.due(piece));
        let end = self.idle.map(|idle| self.voice_at + idle);
        [piece, end].into_iter().flatten().min()
    }

    fn due(&self, piece: &Piece) -> Instant {
        match (piece, self.paced) {
            (Piece::Packet(_), Some((begun, sent))) => begun + FRAME * sent.saturating_sub(AT_ONCE),
            (Piece::End { .. }, Some((begun, sent))) => begun + FRAME * sent.saturating_sub(AT_ONCE + 1) + TAIL,
            // What is over is due.
            _ => self.voice_at,
        }
    }

    /// A deadline may be over.
    pub fn wake(&mut self, now: Instant) {
        while let Some(piece) = self.queue.pop_front() {
            if self.due(&piece) > now {
                self.queue.push_front(piece);
                break;
            }
            match piece {
                Piece::Message(message) => self.tell(message),
                Piece::Packet(packet) => {
                    let (begun, sent) = self.paced.unwrap_or((now, 0));
                    self.paced = Some((begun, sent + 1));
                    self.out.push_back(Said::Sound { packet, timestamp: clock() });
                }
                Piece::End { last } => {
                    self.paced = None;
                    self.voice_at = now;
                    self.tell(json!({"type": "tts", "state": "stop"}));
                    if last {
                        self.out.push_back(Said::Close);
                    }
                }
            }
        }
        if self.idle.is_some_and(|idle| now >= self.voice_at + idle) {
            self.out.push_back(Said::Close);
            self.idle = None;
        }
    }

    /// What comes out next.
    pub fn poll(&mut self) -> Option<Said> {
        self.out.pop_front()
    }
}

/// A request about tools.
pub fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// The wall clock in milliseconds, as far as 32 bits go.
fn clock() -> u32 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u32)
}
