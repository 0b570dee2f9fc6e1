//! A server that never answers: what is the likely reason?
//!
//! LinTO: there are three known ones. An account whose rules forbid the serial number's topics; no application that
//! listens on the scope; and an application for devices on a current server, which hears each request and answers none.
//! An application that listens sends `tts_lang` after each status, so the last two can be told apart.

use super::Outbox;
use super::presence::Standing;
use crate::assistant::cause::{Cause, Likely};
use crate::sentences::Sentence;

/// So many requests in a row without an answer are no accident.
const ENOUGH: u32 = 3;

/// Requests that nobody answered.
#[derive(Debug)]
pub(super) struct Silence {
    scope: String,
    unanswered: u32,
    said: bool,
}

impl Silence {
    pub(super) const fn new(scope: String) -> Self {
        Self { scope, unanswered: 0, said: false }
    }

    /// An answer came.
    pub(super) fn broken(&mut self, out: &mut Outbox) {
        (self.unanswered, self.said) = (0, false);
        out.clear("NobodyAnswers");
    }

    /// One more request got none. What the person is told.
    pub(super) fn goes_on(&mut self, standing: Standing, out: &mut Outbox) -> Sentence {
        self.unanswered = self.unanswered.saturating_add(1);
        if self.unanswered < ENOUGH {
            return if standing.refused { Sentence::Refused } else { Sentence::NoAnswer };
        }
        let likely = match standing {
            Standing { refused: true, .. } => Likely::WrongAccount,
            Standing { application: true, .. } => Likely::DeviceApplication,
            Standing { .. } => Likely::NoApplication,
        };
        out.raise(Cause::NobodyAnswers { scope: self.scope.clone(), likely });
        if std::mem::replace(&mut self.said, true) { Sentence::NoAnswer } else { Sentence::NobodyAnswers }
    }
}
