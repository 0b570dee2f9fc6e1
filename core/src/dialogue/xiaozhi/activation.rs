//! Whose device this is: the server wants a code to be typed in at its page. The device shows it, says it digit by digit,
//! and asks whether that is done.

use std::time::Duration;

use super::Outbox;
use crate::assistant::cause::Cause;
use crate::assistant::report::Report;
use crate::dialogue::{Class, Source};
use crate::fetch::{FetchId, Fetched};
use crate::protocol::xiaozhi::access::{self, Address, Facts, Poll};
use crate::sentences::Sentence;
use crate::time::Tick;

/// xiaozhi: the server is asked again so long after it said "not yet".
const NOT_YET: Duration = Duration::from_secs(3);
/// And so long after an error.
const ERROR: Duration = Duration::from_secs(10);
/// After so many questions the whole configuration is asked for again.
const QUESTIONS: u8 = 10;
/// A server that is not to be asked about it tells it with its configuration.
const CONFIGURATION: Duration = Duration::from_secs(60);
/// An answer that is lost on its way back is given up so long after the limit of its request.
const MARGIN: Duration = Duration::from_secs(5);

/// The code is said again so much later, then after three times that.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// Nobody is there to hear it more often than this, unless he asks.
const SAID: u8 = 5;

/// Whether the device belongs to somebody, as far as is known.
#[derive(Debug)]
pub(super) struct Activation {
    address: Address,
    /// `None`: it does.
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    code: String,
    /// What is to be signed; empty if the server wants nothing.
    challenge: String,
    step: Step,
    /// When the code is said next, if at all, and how often it was.
    say: Option<Tick>,
    pause: Duration,
    said: u8,
}

/// The question whether it is done.
#[derive(Clone, Copy, Debug)]
enum Step {
    Asking {
        id: FetchId,
        until: Tick,
        asked: u8,
    },
    Waiting {
        until: Tick,
        asked: u8,
    },
    /// The configuration is asked for, now or then.
    Reading {
        from: Tick,
    },
}

/// What comes of time and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    Stay,
    /// The configuration is to be asked for again.
    Refetch,
}

impl Activation {
    pub(super) const fn new(address: Address) -> Self {
        Self { address, pending: None }
    }

    /// Whether the server waits for its code.
    pub(super) const fn pending(&self) -> bool {
        self.pending.is_some()
    }

    /// What the newest configuration says about it.
    pub(super) fn told(&mut self, now: Tick, activation: Option<access::Activation>, out: &mut Outbox) {
        let Some(access::Activation { code, message, challenge, timeout: _ }) = activation else {
            return self.done(out);
        };
        let message = message.split_whitespace().filter(|word| *word != code).collect::<Vec<_>>().join(" ");
        out.raise(Cause::NotActivated { code: code.clone(), message });
        let step = match challenge {
            Some(_) => Step::Waiting { until: now, asked: 0 },
            None => Step::Reading { from: now + CONFIGURATION },
        };
        let challenge = challenge.unwrap_or_default();
        match &mut self.pending {
            Some(pending) if pending.code == code => (pending.step, pending.challenge) = (step, challenge),
            _ => self.pending = Some(Pending { code, challenge, step, say: Some(now), pause: FIRST_PAUSE, said: 0 }),
        }
    }

    fn done(&mut self, out: &mut Outbox) {
        if self.pending.take().is_some() {
            out.clear("NotActivated");
            out.report(Report::Command { topic: "activation".into(), result: "done".into() });
        }
    }

    /// Somebody wants to talk: the code is said now. Whether there is one.
    pub(super) fn say(&self, out: &mut Outbox) -> bool {
        let Some(pending) = &self.pending else { return false };
        speak(&pending.code, Class::Local, out);
        true
    }

    /// The answer to its question.
    pub(super) fn fetched(&mut self, now: Tick, id: FetchId, outcome: &Result<Fetched, String>) -> Next {
        let Some(pending) = &mut self.pending else { return Next::Stay };
        let Step::Asking { id: awaited, asked, .. } = pending.step else { return Next::Stay };
        if id != awaited {
            return Next::Stay;
        }
        let pause = match outcome.as_ref().map(|fetched| Poll::read(fetched.status)) {
            Ok(Poll::Activated) => {
                pending.step = Step::Reading { from: now + CONFIGURATION };
                return Next::Refetch;
            }
            Ok(Poll::Waiting) => NOT_YET,
            Ok(Poll::Failed(_)) | Err(_) => ERROR,
        };
        pending.step = Step::Waiting { until: now + pause, asked };
        Next::Stay
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, now: Tick, facts: &Facts, out: &mut Outbox) -> Next {
        let Some(pending) = &mut self.pending else { return Next::Stay };
        if pending.say.is_some_and(|due| due <= now) {
            speak(&pending.code, Class::Announcement, out);
            pending.said += 1;
            pending.say = (pending.said < SAID).then_some(now + pending.pause);
            pending.pause *= 3;
        }
        if pending.step.due() > now {
            return Next::Stay;
        }
        match pending.step {
            Step::Waiting { asked, .. } if asked < QUESTIONS => {
                let fetch = facts.activation(&self.address, &pending.challenge);
                let until = now + fetch.within + MARGIN;
                pending.step = Step::Asking { id: out.fetch(fetch), until, asked: asked + 1 };
                Next::Stay
            }
            Step::Asking { asked, .. } => {
                pending.step = Step::Waiting { until: now + ERROR, asked };
                Next::Stay
            }
            Step::Waiting { .. } | Step::Reading { .. } => {
                pending.step = Step::Reading { from: now + CONFIGURATION };
                Next::Refetch
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        let pending = self.pending.as_ref()?;
        pending.say.into_iter().chain([pending.step.due()]).min()
    }
}

impl Step {
    const fn due(&self) -> Tick {
        match self {
            Self::Asking { until, .. } | Self::Waiting { until, .. } => *until,
            Self::Reading { from } => *from,
        }
    }
}

/// A sentence of the device's own, then the code: a voice would read six digits as one number.
fn speak(code: &str, class: Class, out: &mut Outbox) {
    out.play(class, Source::Sentence(Sentence::NotActivated));
    let digits: Vec<String> = code.chars().filter(|c| c.is_alphanumeric()).map(String::from).collect();
    if !digits.is_empty() {
        out.play(class, Source::Text(format!("{}.", digits.join(", "))));
    }
}
