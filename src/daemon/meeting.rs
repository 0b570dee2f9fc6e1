//! The recording: from hearing through a ring to the recorder, and its transcript beside it.

use std::path::PathBuf;

use auricle_core::assistant::event::{Event, Recording};
use auricle_core::assistant::report::Report;
use auricle_core::audio::TAPE_RATE;

use super::clock;
use super::control::Control;
use super::input::Input;
use crate::config::MeetingFormat;
use crate::services::recorder::{
    Ending, Format, Recorder, RecorderNotice, RecorderSettings, Transcript, transcript_path,
};

/// Sound that waits for a slow disk: 15 s.
const RING: usize = 15 * TAPE_RATE as usize;

/// What is known of the recording that runs, or ran last.
#[derive(Default)]
pub(super) struct Minutes {
    recorder: Option<Recorder>,
    /// The text that is being written. Its last words come a moment after the end of its recording, when the next one
    /// may run already.
    transcript: Option<PathBuf>,
    /// The text beside the recording, as long as the stream of the one before is not over.
    next: Option<PathBuf>,
}

impl Minutes {
    /// Ends the recording, without waiting.
    pub(super) fn stop(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.stop();
        }
    }
}

impl Control {
    pub(super) fn record(&mut self, name: &str) {
        let meeting = &self.settings.meeting;
        let settings = RecorderSettings {
            directory: meeting.directory.clone(),
            format: match meeting.format {
                MeetingFormat::Wav => Format::Wav,
                MeetingFormat::Opus => Format::Opus,
            },
            min_free: meeting.min_free,
        };
        let (producer, consumer) = rtrb::RingBuffer::new(RING);
        let notices = self.inbox.clone();
        let notify = Box::new(move |notice| super::assembly::pass_on(&notices, Input::Recorder(notice)));
        match Recorder::start(settings, name, &clock::file_time(), consumer, notify) {
            Ok(recorder) => {
                self.hearing.record(producer);
                self.minutes.recorder = Some(recorder);
            }
            Err(error) => {
                let why = format!("no thread for the recorder: {error}");
                self.pending.push_back(Event::Recording(Recording::Refused(why)));
            }
        }
    }

    /// Nothing more is written than what was heard until now.
    pub(super) fn stop_recording(&self) {
        self.hearing.record_stop();
        self.minutes.stop();
    }

    pub(super) fn recorder_notice(&mut self, notice: RecorderNotice) {
        let event = match notice {
            RecorderNotice::Started { file } => {
                self.minutes.next = Some(transcript_path(&file));
                Recording::Started { file: file.display().to_string() }
            }
            RecorderNotice::Ended { seconds, why, .. } => {
                self.recorder_gone();
                let why = match why {
                    Ending::Stopped => None,
                    Ending::DiskFull { free } => Some(format!(
                        "the disk is full: {} MB are free, less than `min_free` in [meeting]; delete old recordings",
                        free / 1_000_000
                    )),
                    Ending::Failed(error) => Some(error.to_string()),
                };
                Recording::Ended { seconds, why }
            }
            RecorderNotice::Refused(error) => {
                self.recorder_gone();
                Recording::Refused(error.to_string())
            }
        };
        self.decide(Event::Recording(event));
    }

    fn recorder_gone(&mut self) {
        self.hearing.record_stop();
        self.minutes.recorder = None;
    }

    /// What was said in the meeting goes into the text beside its recording.
    pub(super) fn write_down(&mut self, report: &Report) {
        let text = match report {
            Report::Final { text, meeting: true } => text,
            // A stream began or ended.
            Report::Command { topic, .. } if topic == "streaming" => {
                self.minutes.transcript = self.minutes.next.take().or(self.minutes.transcript.take());
                return;
            }
            _ => return,
        };
        let Some(path) = &self.minutes.transcript else { return };
        if let Err(error) = Transcript::open(path).and_then(|mut transcript| transcript.append(text)) {
            tracing::error!("the transcript `{}` can't be written: {error}; check its folder", path.display());
        }
    }
}
