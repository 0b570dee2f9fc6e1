//! The recording: one at a time, announced by a sound, ended by mute, beside the conversation.

use super::Assistant;
use super::event::{Effect, Recording};
use super::report::Report;
use super::wishes::{Asker, Awaits};
use crate::audio::chime::Chime;
use crate::dialogue::{Class, DialogueEvent, MeetingFacts, Source};
use crate::time::Tick;
use crate::wish::Outcome;

use super::door::dropped;
use super::event::ServerId;
use super::speaker::Owner;

/// The recording that was started last.
#[derive(Debug, Default)]
pub struct Meeting {
    name: String,
    phase: Phase,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Off,
    /// The recorder opens its file.
    Starting,
    Running {
        file: String,
    },
    /// It closes it.
    Ending {
        /// Empty as long as it is not even open.
        file: String,
    },
}

impl Meeting {
    /// Whether sound goes into a file.
    pub const fn records(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    pub fn facts(&self) -> MeetingFacts {
        MeetingFacts { name: self.name.clone(), recording: self.records() }
    }

    fn file(&self) -> Option<&str> {
        match &self.phase {
            Phase::Off | Phase::Starting => None,
            Phase::Running { file } | Phase::Ending { file } => Some(file),
        }
    }
}

impl Assistant {
    /// Whether a recording runs.
    #[must_use]
    pub fn recording(&self) -> bool {
        self.meeting.records()
    }

    pub(super) fn wish_meeting(&mut self, now: Tick, asker: Asker, name: String) {
        if let Some(why) = self.no_meeting(asker) {
            return self.answer(asker, Outcome::Refused(why));
        }
        self.meeting = Meeting { name: name.clone(), phase: Phase::Starting };
        self.wait_for(now, asker, Awaits::RecordingStart);
        self.effects.push_back(Effect::Record(name));
    }

    fn no_meeting(&self, asker: Asker) -> Option<String> {
        if matches!(asker, Asker::Server(..)) && !self.tuning.remote_meeting {
            return Some("a server may not record here; the owner allows it with meeting = \"on\" in [remote]".into());
        }
        if self.mic.muted().is_some() {
            return Some("the microphone is muted; `auricle unmute` opens it".into());
        }
        if !self.mic.is_flowing() {
            return Some("the microphone delivers nothing; `auricle status` says why".into());
        }
        match &self.meeting.phase {
            Phase::Off => None,
            Phase::Starting => Some("a recording is just being started".into()),
            Phase::Running { file } => Some(format!("a recording runs already: {file}")),
            Phase::Ending { .. } => Some("the recording before is still being closed; try again in a moment".into()),
        }
    }

    pub(super) fn wish_meeting_end(&mut self, now: Tick, asker: Asker) {
        if self.meeting.phase == Phase::Off {
            return self.answer(asker, Outcome::Refused("no recording runs".into()));
        }
        self.wait_for(now, asker, Awaits::RecordingEnd);
        self.end_recording();
    }

    /// Ends the recording if there is one, also one that is just being started.
    pub(super) fn end_recording(&mut self) {
        self.meeting.phase = match std::mem::take(&mut self.meeting.phase) {
            Phase::Off => return,
            Phase::Starting => Phase::Ending { file: String::new() },
            Phase::Running { file } | Phase::Ending { file } => Phase::Ending { file },
        };
        self.effects.push_back(Effect::RecordStop);
    }

    pub(super) fn recording_event(&mut self, now: Tick, event: Recording) {
        match event {
            Recording::Started { file } if self.meeting.phase == Phase::Starting => {
                self.meeting.phase = Phase::Running { file: file.clone() };
                self.recording_changed(now, file.clone(), true);
                let payload = serde_json::json!({ "file": file });
                self.came(
                    &Awaits::RecordingStart,
                    &Outcome::Answer { payload, result: format!("recording to {file}") },
                );
            }
            Recording::Started { file } if matches!(&self.meeting.phase, Phase::Ending { file } if file.is_empty()) => {
                self.meeting.phase = Phase::Ending { file };
            }
            Recording::Started { .. } => self.effects.push_back(Effect::RecordStop),
            Recording::Refused(why) => {
                self.meeting.phase = Phase::Off;
                self.came(&Awaits::RecordingStart, &Outcome::Refused(why.clone()));
                self.came(&Awaits::RecordingEnd, &Outcome::Failed(why));
            }
            Recording::Ended { seconds, why } => self.recorded(now, seconds, why),
        }
    }

    fn recorded(&mut self, now: Tick, seconds: f64, why: Option<String>) {
        let file = self.meeting.file().unwrap_or_default().to_owned();
        self.meeting.phase = Phase::Off;
        if let Some(why) = &why {
            self.report(None, dropped("meeting", why));
            self.admit_or_drop(now, Owner::Device, Class::Local, Source::Chime(Chime::Error));
        }
        self.came(&Awaits::RecordingStart, &Outcome::Failed(why.unwrap_or_else(|| "it was ended at once".into())));
        let payload = serde_json::json!({ "file": file, "seconds": seconds });
        let result = format!("{file} has {seconds:.1} s of sound");
        self.came(&Awaits::RecordingEnd, &Outcome::Answer { payload, result });
        if !file.is_empty() {
            self.recording_changed(now, file, false);
        }
    }

    /// A recording is never silent about itself: its sound is heard also where `sounds` is off.
    fn recording_changed(&mut self, now: Tick, file: String, on: bool) {
        self.report(None, Report::Meeting { file, on });
        let chime = if on { Chime::Recording } else { Chime::Recorded };
        self.admit_or_drop(now, Owner::Device, Class::Local, Source::Chime(chime));
        for n in 0..self.servers.len() {
            self.tell(ServerId(n), DialogueEvent::Recording(on));
        }
        self.tell_facts();
    }
}
