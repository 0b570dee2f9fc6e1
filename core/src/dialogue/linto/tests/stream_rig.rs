//! A stream that has come as far as a test wants it.

use std::time::Duration;

use self::Whose::{Dictation, Meeting};
use super::super::LintoSettings;
use super::rig::{Rig, settings};
use crate::audio::Position;
use crate::dialogue::DialogueEvent;

pub const STARTED: &str = r#"{"status":"started"}"#;
pub const RUNNING: &str = r#"{"status":"started","message":"already running"}"#;
pub const NOT_STARTED: &str = r#"{"status":"chunk","message":"not started"}"#;

/// With the transcripts of recordings.
pub fn live() -> Rig {
    Rig::online_with(LintoSettings { live_transcript: true, ..settings() })
}

/// Whose stream it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Whose {
    Dictation,
    Meeting,
}

impl Whose {
    pub fn begin(self) -> Rig {
        let mut rig = live();
        match self {
            Dictation => rig.dictate(),
            Meeting => rig.event(DialogueEvent::Recording(true)),
        }
        rig
    }

    pub fn end(self, rig: &mut Rig) {
        match self {
            Dictation => rig.event(DialogueEvent::Release { at: Some(Position(99_000)) }),
            Meeting => rig.event(DialogueEvent::Recording(false)),
        }
    }
}

/// How far a stream may have come.
pub const PHASES: [&str; 6] = ["starting", "clearing", "holding", "running", "flushing", "ending"];

/// A stream that has come that far.
pub fn reached(whose: Whose, phase: &str) -> Rig {
    let mut rig = whose.begin();
    match phase {
        "starting" => {}
        "clearing" => rig.stream("error", RUNNING),
        "holding" => rig.stream("start", STARTED),
        _ => {
            rig.stream("start", STARTED);
            rig.wait(Duration::from_millis(250));
            if phase != "running" {
                whose.end(&mut rig);
            }
            if phase == "ending" {
                rig.chunk(1, true, true);
            }
        }
    }
    rig.trace();
    rig
}
