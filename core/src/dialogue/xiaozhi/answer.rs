//! What was asked and what is answered, for `events`: one request and one answer for each utterance.

use md5::{Digest, Md5};

use super::Outbox;
use crate::assistant::report::Report;
use crate::audio::TAPE_RATE;

/// The longest text of an answer that is told, in bytes.
const LONGEST: usize = 16 * 1024;

/// One utterance and its answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The first part of each id, which tells this device from others.
    prefix: String,
    number: u64,
    /// Sound that went up, in samples.
    samples: u64,
    /// Whether the request was told.
    requested: bool,
    /// The sentences so far.
    text: String,
    /// The one that is being said.
    sentence: Option<String>,
    /// Those of an answer behind it, [`LONGEST`] bytes of them.
    to_come: Vec<String>,
}

impl Answer {
    pub(super) fn new(client_id: &str) -> Self {
        let prefix = Md5::digest(client_id.as_bytes()).iter().take(3).map(|byte| format!("{byte:02x}")).collect();
        Self { prefix, number: 0, samples: 0, requested: false, text: String::new(), sentence: None, to_come: vec![] }
    }

    /// The next utterance begins.
    pub(super) fn begin(&mut self) {
        self.number += 1;
        self.samples = 0;
        self.requested = false;
        self.text.clear();
        self.sentence = None;
        self.to_come.clear();
    }

    /// The id under which everything is told.
    pub(super) fn id(&self) -> String {
        format!("{}{:x}", self.prefix, self.number)
    }

    /// So much sound went up.
    pub(super) const fn sent(&mut self, samples: u64) {
        self.samples = self.samples.saturating_add(samples);
    }

    /// Whether any went up.
    pub(super) const fn has_sound(&self) -> bool {
        self.samples > 0
    }

    /// The request is complete, or written.
    pub(super) fn request(&mut self, out: &mut Outbox) {
        if !std::mem::replace(&mut self.requested, true) {
            let seconds = self.samples as f64 / f64::from(TAPE_RATE);
            out.report(Report::Request { id: self.id(), seconds });
        }
    }

    /// The server begins with a sentence, so the one before it was said.
    pub(super) fn sentence(&mut self, text: String, out: &mut Outbox) {
        self.spoken(out);
        if self.text.len() + text.len() < LONGEST {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(&text);
        }
        self.sentence = Some(text);
    }

    /// The server begins with a sentence of an answer that is heard later.
    pub(super) fn sentence_to_come(&mut self, text: String) {
        let kept: usize = self.to_come.iter().map(String::len).sum();
        if kept + text.len() < LONGEST && !text.is_empty() {
            self.to_come.push(text);
        }
    }

    /// That one is heard now.
    pub(super) fn next_begins(&mut self, out: &mut Outbox) {
        for text in std::mem::take(&mut self.to_come) {
            self.sentence(text, out);
        }
    }

    /// The loudspeaker has said the last sentence.
    pub(super) fn spoken(&mut self, out: &mut Outbox) {
        if let Some(text) = self.sentence.take().filter(|text| !text.is_empty()) {
            out.report(Report::Spoken { text });
        }
    }

    /// That was all of it, or it was cut off here.
    pub(super) fn complete(&mut self, out: &mut Outbox) {
        let text = std::mem::take(&mut self.text);
        let kind = if text.is_empty() { "empty" } else { "say" };
        out.report(Report::Answer { id: self.id(), kind, text });
    }
}
