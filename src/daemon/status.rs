//! `auricle status --json`.

use std::sync::atomic::Ordering;
use std::time::Instant;

use auricle_core::assistant::event::ServerId;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::control::Control;

impl Control {
    /// The state of everything, as the contract with scripts has it.
    pub(super) fn status(&self) -> Value {
        let causes: Vec<Value> = self
            .assistant
            .causes()
            .map(|(server, cause)| {
                let server = server.and_then(|server| self.servers.get(server.0)).map(|server| server.name.as_str());
                json!({"code": cause.code(), "server": server, "text": cause.text(), "remedy": cause.remedy()})
            })
            .collect();
        let servers: Vec<Value> = self
            .servers
            .iter()
            .enumerate()
            .map(|(n, server)| {
                let link = if self.assistant.link(ServerId(n)) { "up" } else { "down" };
                json!({"name": server.name, "kind": server.kind, "link": link})
            })
            .collect();
        json!({
            "state": self.assistant.state().name(),
            "muted": self.assistant.muted().is_some(),
            "causes": causes,
            "servers": servers,
            "sent": {
                "seconds": (self.ledger.sent_seconds * 1000.0).round() / 1000.0,
                "bytes": self.ledger.sent_bytes,
            },
            "counters": self.counters(),
            "serial": self.serial,
            "volume": self.assistant.volume(),
            "recording": self.assistant.recording(),
            "version": env!("CARGO_PKG_VERSION"),
        })
    }

    fn counters(&self) -> Value {
        let mut all = self.ledger.counters();
        let mic = self.mic.counters();
        let speaker = self.speaker.counters();
        let hearing = self.hearing.counters();
        for (name, counter) in [
            ("capture_periods", &mic.periods),
            ("capture_polls", &mic.polls),
            ("capture_xruns", &mic.xruns),
            ("capture_overflow_bytes", &mic.overflow_bytes),
            ("capture_reopens", &mic.reopens),
            ("playback_polls", &speaker.polls),
            ("playback_underruns", &speaker.underruns),
            ("playback_xruns", &speaker.xruns),
            ("hearing_polls", &hearing.polls),
            ("hearing_dropped_events", &hearing.dropped_events),
            ("hearing_dropped_commands", &hearing.dropped_commands),
            ("tape_position", &hearing.position),
            ("capture_clipped_samples", &hearing.clipped),
            ("own_wake", &hearing.own_words),
        ] {
            all.insert(name.to_owned(), json!(counter.load(Ordering::Relaxed)));
        }
        all.extend(hearing.echo.counts().map(|(name, count)| (name.to_owned(), json!(count))));
        all.insert("deaf_seconds".to_owned(), json!(self.ledger.deaf.seconds(Instant::now())));
        all.extend(self.wake.counters().map(|(name, count)| (name, json!(count))));
        for (n, server) in self.servers.iter().enumerate() {
            let answered = self.assistant.answered(ServerId(n));
            all.insert(format!("{}_application", server.name), json!(u8::from(answered)));
            for (name, count) in server.counts() {
                all.insert(format!("{}_{name}", server.name), json!(count));
            }
            for (name, count) in server.channel.counts() {
                all.insert(format!("{}_{name}", server.name), json!(count));
            }
        }
        if let Ok(runtime) = Handle::try_current() {
            // The control thread is the runtime's only worker; to park is to wait in poll.
            all.insert("control_polls".to_owned(), json!(runtime.metrics().worker_park_count(0)));
        }
        Value::Object(all)
    }
}
