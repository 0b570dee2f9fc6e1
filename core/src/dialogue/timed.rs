//! For tests: a dialogue with a clock that only the test moves, and a readable line for each thing that it asks for.

use std::time::Duration;

use super::{Ask, Dialogue, DialogueEvent};
use crate::time::Tick;

/// A dialogue under test.
pub struct Timed<D> {
    pub dialogue: D,
    pub now: Tick,
    line: fn(&Ask) -> String,
    lines: Vec<String>,
    /// The newest of each kind that was asked for.
    pub fetches: u64,
    pub uplinks: u64,
    pub plays: u64,
    pub wishes: u64,
}

impl<D: Dialogue> Timed<D> {
    /// `line`: how an ask is told.
    pub fn new(dialogue: D, line: fn(&Ask) -> String) -> Self {
        Self { dialogue, now: Tick::ZERO, line, lines: Vec::new(), fetches: 0, uplinks: 0, plays: 0, wishes: 0 }
    }

    pub fn event(&mut self, event: DialogueEvent) {
        self.dialogue.handle(self.now, event);
        while let Some(ask) = self.dialogue.poll() {
            match &ask {
                Ask::Fetch { id, .. } => self.fetches = id.0,
                Ask::UplinkStart { uplink, .. } => self.uplinks = uplink.0,
                Ask::Play { id, .. } => self.plays = id.0,
                Ask::Wish { id, .. } => self.wishes = id.0,
                _ => {}
            }
            self.lines.push(format!("{} {}", self.now, (self.line)(&ask)));
        }
    }

    /// Lets time pass; each deadline on the way is kept to the microsecond.
    pub fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.dialogue.deadline().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline at {due} was left behind at {}", self.now);
            self.now = due;
            self.event(DialogueEvent::Deadline);
            assert_ne!(self.dialogue.deadline(), Some(due), "a deadline that never passes");
        }
        self.now = end;
    }

    pub fn wait_secs(&mut self, secs: u64) {
        self.wait(Duration::from_secs(secs));
    }

    pub fn wait_ms(&mut self, millis: u64) {
        self.wait(Duration::from_millis(millis));
    }

    /// What was asked since the last time, a line each.
    pub fn trace(&mut self) -> String {
        std::mem::take(&mut self.lines).join("\n")
    }
}
