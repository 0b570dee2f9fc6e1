//! Everything that came and went, in order, with its time.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// On which connection of MQTT, counted from 1; for what the chat server and the web server write down: 0.
    pub on: u64,
    /// What.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A device asked the web server for this path.
    Asked { path: String, headers: Vec<(String, String)>, body: String },
    /// A device logged in.
    Joined { client: String, keep_alive: u16 },
    /// A device subscribed to this.
    Subscribed(String),
    /// A device sent a message.
    Said { topic: String, message: Value },
    /// A message went to a device.
    Told(Value),
    /// A datagram of a device was taken: its packet, and the session for which it was sealed.
    Sound { session: Option<String>, sequence: u32, timestamp: u32, packet: Vec<u8> },
    /// A datagram of a device was not taken.
    Ignored { sequence: u32 },
    /// A datagram went to a device, into whatever weather.
    Played { sequence: u32 },
    /// There was no address yet to which a datagram could go.
    Nowhere,
    /// A request about tools was not answered in time.
    Unanswered(u64),
    /// The gateway closed the connection, why.
    Closed(String),
    /// The device closed the connection.
    Left,
    /// The chat server heard an utterance to its end: 16 kHz.
    Utterance(Vec<i16>),
    /// The chat server is gone from this session.
    ChatClosed(String),
}

/// The list of it, and somebody who waits for more.
#[derive(Default)]
pub struct Log {
    entries: Mutex<Vec<Entry>>,
    changed: Condvar,
}

impl Log {
    /// Writes down.
    pub fn add(&self, on: u64, event: Event) {
        let entry = Entry { at: Instant::now(), on, event };
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        self.changed.notify_all();
    }

    /// All of it so far.
    pub fn all(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `found` finds something in it; panics after `within`.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, within: Duration, mut found: impl FnMut(&[Entry]) -> Option<T>) -> T {
        let deadline = Instant::now() + within;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(value) = found(&entries) {
                return value;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seen = brief(&entries);
                drop(entries);
                panic!("waited {within:?} in vain for {what}; what happened:\n{seen}");
            }
            entries = self.changed.wait_timeout(entries, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A line for each entry, rows of datagrams in one.
pub fn brief(entries: &[Entry]) -> String {
    let Some(first) = entries.first() else { return "nothing".into() };
    let mut lines: Vec<(String, String, usize)> = Vec::new();
    for entry in entries {
        let (kind, text) = match &entry.event {
            Event::Sound { sequence, .. } => ("sound", format!("sound from {sequence} on")),
            Event::Played { sequence } => ("played", format!("played from {sequence} on")),
            Event::Nowhere => ("nowhere", "no address yet".into()),
            Event::Utterance(sound) => ("", format!("an utterance of {} samples", sound.len())),
            Event::Asked { path, body, .. } => ("", format!("asked for {path} with {body:.200}")),
            Event::Said { message, .. } => ("", format!("<- {:.200}", message.to_string())),
            Event::Told(message) => ("", format!("-> {:.200}", message.to_string())),
            other => ("", format!("{other:?}")),
        };
        match lines.last_mut() {
            Some((last, _, times)) if !kind.is_empty() && last == kind => *times += 1,
            _ => {
                let line = format!("{:8.3} [{}] {text}", (entry.at - first.at).as_secs_f64(), entry.on);
                lines.push((kind.into(), line, 1));
            }
        }
    }
    let times = |times: usize| if times > 1 { format!(" ({times} in a row)") } else { String::new() };
    lines.iter().map(|(_, line, number)| format!("{line}{}\n", times(*number))).collect()
}
