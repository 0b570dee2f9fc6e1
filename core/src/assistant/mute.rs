//! Mute wins: whatever uses the microphone ends, and the device is closed.

use super::Assistant;
use super::event::{By, Effect, Memory, UnmuteRule};
use super::report::Report;
use super::wishes::{Asker, Awaits};
use crate::time::Tick;
use crate::wish::Outcome;

impl Assistant {
    /// Mute wins: whatever uses the microphone ends now.
    pub(super) fn mute(&mut self, by: By) {
        let before = self.mic.muted();
        if !self.mic.mute(by) {
            if self.mic.muted() != before {
                self.mute_changed();
            }
            return;
        }
        self.effects.push_back(Effect::Mic(false));
        self.came(&Awaits::MicOpen, &Outcome::Refused("it was muted again".into()));
        self.take_mic_back();
        self.close_ear();
        self.end_recording();
        for code in super::door::MIC_CODES {
            self.clear(None, code);
        }
        self.mute_changed();
        self.announce_ready();
    }

    /// At the device everything can be unmuted.
    pub(super) fn unmute(&mut self, by: By) {
        let lifts = match (by, self.tuning.unmute) {
            (By::Local, _) | (By::Remote, UnmuteRule::Always) => By::Local,
            (By::Remote, _) => By::Remote,
        };
        if self.mic.muted().is_some() && self.mic.unmute(lifts) {
            self.effects.push_back(Effect::Mic(true));
            self.came(&Awaits::MicClosed, &Outcome::Refused("it was unmuted again".into()));
            self.mute_changed();
        }
    }

    fn mute_changed(&mut self) {
        let muted = self.mic.muted();
        self.effects.push_back(Effect::Remember(Memory::Muted(muted)));
        self.report(None, Report::Muted { by: muted.map(By::name) });
        self.tell_facts();
    }

    /// Answered when the device is really closed.
    pub(super) fn wish_mute(&mut self, now: Tick, asker: Asker) {
        self.mute(by(asker));
        if self.mic.is_closed() {
            return self.answer(asker, Outcome::Done);
        }
        self.wait_for(now, asker, Awaits::MicClosed);
    }

    /// Answered when the device delivers, or when it is known why it does not.
    pub(super) fn wish_unmute(&mut self, now: Tick, asker: Asker) {
        let by = by(asker);
        if by == By::Remote && self.tuning.unmute == UnmuteRule::Never {
            let why = "a server may not unmute this device (`unmute` in [remote] is \"never\")";
            return self.answer(asker, Outcome::Refused(why.into()));
        }
        self.unmute(by);
        if self.mic.muted().is_some() {
            let why = "muted at the device; unmute it there, or set `unmute` in [remote] to \"always\"";
            return self.answer(asker, Outcome::Refused(why.into()));
        }
        if self.mic.is_flowing() || self.mic.is_gone() {
            return self.answer(asker, Outcome::Done);
        }
        self.wait_for(now, asker, Awaits::MicOpen);
    }

    /// The capture device is closed.
    pub(super) fn mic_closed(&mut self) {
        self.mic.closed();
        self.came(&Awaits::MicClosed, &Outcome::Done);
    }
}

const fn by(asker: Asker) -> By {
    match asker {
        Asker::Person(_) => By::Local,
        Asker::Server(..) => By::Remote,
    }
}
