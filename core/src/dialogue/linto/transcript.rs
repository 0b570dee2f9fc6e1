//! The text of one stream: each phrase is told once.

use super::Outbox;
use crate::assistant::report::Report;

/// So much of what was told is kept to recognise a repetition, in bytes.
const KEPT: usize = 64 * 1024;

/// The finished phrases of a stream.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    told: String,
}

impl Transcript {
    /// A finished phrase.
    pub(super) fn phrase(&mut self, text: String, meeting: bool, out: &mut Outbox) {
        if text.is_empty() {
            return;
        }
        if self.told.len() + text.len() < KEPT {
            self.told.push_str(&text);
            self.told.push(' ');
        }
        out.report(Report::Final { text, meeting });
    }

    /// The final text repeats the phrases of the stream, or only the last one; what is new in it is told.
    pub(super) fn whole(&mut self, text: &str, meeting: bool, out: &mut Outbox) {
        let (told, text) = (self.told.trim_end(), text.trim());
        if told.ends_with(text) {
            return;
        }
        let rest = text.strip_prefix(told).unwrap_or(text).trim_start().to_owned();
        self.phrase(rest, meeting, out);
    }
}
