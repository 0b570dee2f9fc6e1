//! What each event from outside does.

use super::Assistant;
use super::cause::Cause;
use std::time::Duration;

use super::event::{By, Effect, Event, ServerId, Tuning};
use super::report::Report;
use super::speaker::Owner;
use super::turn::Turn;
use crate::audio::Position;
use crate::audio::chime::Chime;
use crate::dialogue::{Class, DialogueEvent, End, Source, Trigger};
use crate::hearing::{EarCommand, Ending, ListenId, Start, UplinkId};
use crate::link::LinkEvent;
use crate::sentences::Sentence;
use crate::time::Tick;

/// The codes of everything that can be wrong with the microphone; one is true at a time.
const MIC_CODES: [&str; 3] = ["MicGone", "MicBusy", "MicAmbiguous"];

impl Assistant {
    pub(super) fn take(&mut self, now: Tick, event: Event) {
        match event {
            Event::Started { muted } => self.started(muted),
            Event::Trigger { trigger, server, at } => self.triggered(now, trigger, server, at),
            Event::Voice { at, earliest } => self.voice(now, at, earliest),
            Event::Cancel => self.cancel(now),
            Event::Mute(by) => self.mute(by),
            Event::Unmute(by) => self.unmute(by),
            Event::Say(text) => self.admit_or_drop(now, Owner::Person, Class::Announcement, Source::Text(text)),
            Event::SpeechStart(listen) => self.speech_start(listen),
            Event::Ended { listen, at, why } => self.ended(now, listen, at, why),
            Event::MicFlowing => self.mic_flowing(),
            Event::MicLost(cause) => self.mic_lost(now, cause),
            Event::Played { play, end, heard } => self.played(now, play, end, heard),
            Event::OutputLost(cause) => self.raise(None, cause),
            Event::OutputBack(code) => self.clear(None, code),
            Event::Link(server, event) => self.link_event(server, event),
            Event::UplinkReady { uplink, samples, last } => self.uplink_ready(now, uplink, samples, last),
            Event::Uplinked { uplink, sent, samples } => self.uplinked(uplink, sent, samples),
            Event::Facts(facts) => {
                self.facts = facts;
                self.tell_facts();
            }
            Event::Token { token, flowing } => self.token(token, flowing),
            Event::Tuned(tuning) => self.tuned(tuning),
            Event::Tick => self.time_passed(now),
        }
    }

    fn started(&mut self, muted: Option<By>) {
        match muted {
            Some(by) => {
                self.mic.mute(by);
                self.report(None, Report::Muted { by: Some(by.name()) });
                self.announce_ready();
            }
            None => self.effects.push_back(Effect::Mic(true)),
        }
        if self.servers.is_empty() {
            self.raise(None, Cause::NotSetUp);
            self.announce_ready();
        }
    }

    fn announce_ready(&mut self) {
        if !std::mem::replace(&mut self.ready, true) {
            self.effects.push_back(Effect::Ready);
        }
    }

    /// Somebody wants a turn by a command.
    fn triggered(&mut self, now: Tick, trigger: Trigger, server: Option<ServerId>, at: Option<Position>) {
        // The tape before the command is of use only if the device was not to be heard on it.
        let quiet = self.speaker.quiet_since().is_some_and(|since| now.since(since) >= self.tuning.preroll);
        let from = at.filter(|_| quiet).map_or(Start::Now, |at| Start::At(at.back(self.tuning.preroll)));
        self.open(now, trigger, server.unwrap_or(ServerId(0)), from);
    }

    fn voice(&mut self, now: Tick, at: Position, earliest: Position) {
        if self.voice.fired() && self.may_arm(now) {
            let from = at.back(self.tuning.preroll).max(earliest);
            self.open(now, Trigger::Voice, ServerId(0), Start::At(from));
        }
    }

    /// Opens a turn, or says why not.
    fn open(&mut self, now: Tick, trigger: Trigger, server: ServerId, from: Start) {
        if server.0 >= self.servers.len() {
            return self.apologise(now, Sentence::NotSetUp);
        }
        if self.mic.muted().is_some() {
            return self.apologise(now, Sentence::Muted);
        }
        if self.mic.is_gone() {
            return self.apologise(now, Sentence::MicGone);
        }
        if !self.gates.is_empty() {
            return self.report(Some(server), dropped("trigger", "a server keeps the triggers off"));
        }
        if let Some(turn) = &self.turn {
            if turn.lease.is_some_and(|lease| !lease.while_speaking) {
                return self.report(Some(server), dropped("trigger", "the microphone is already open for a turn"));
            }
            let holder = turn.server;
            self.tell(holder, DialogueEvent::BargeIn);
            self.drain_dialogues(now);
            if self.turn.is_some() {
                return;
            }
        }
        self.hush(now);
        self.turn = Some(Turn::new(server, now, trigger != Trigger::Voice));
        self.tell(server, DialogueEvent::Open { trigger, from });
    }

    fn cancel(&mut self, now: Tick) {
        let had_turn = self.turn.is_some();
        if let Some(turn) = &self.turn {
            self.tell(turn.server, DialogueEvent::Cancel);
            self.drain_dialogues(now);
        }
        self.flush(now, |_| true);
        if had_turn {
            self.chime(now, Chime::Cancelled);
        }
    }

    /// Mute wins: whatever uses the microphone ends now.
    fn mute(&mut self, by: By) {
        let before = self.mic.muted();
        if !self.mic.mute(by) {
            if self.mic.muted() != before {
                self.mute_changed();
            }
            return;
        }
        self.effects.push_back(Effect::Mic(false));
        self.take_mic_back();
        self.close_ear();
        for code in MIC_CODES {
            self.clear(None, code);
        }
        self.mute_changed();
        self.announce_ready();
    }

    fn unmute(&mut self, by: By) {
        if self.mic.muted().is_none() {
            return;
        }
        if !self.mic.unmute(by) {
            let what = "unmute".to_owned();
            let result = "refused: muted at the device; unmute it there".to_owned();
            return self.report(None, Report::Audit { what, result });
        }
        self.effects.push_back(Effect::Mic(true));
        self.mute_changed();
    }

    fn mute_changed(&mut self) {
        let muted = self.mic.muted();
        self.effects.push_back(Effect::RememberMute(muted));
        self.report(None, Report::Muted { by: muted.map(By::name) });
        self.tell_facts();
    }

    fn tuned(&mut self, tuning: Tuning) {
        if tuning.limits != self.tuning.limits {
            for n in 0..self.servers.len() {
                self.tell(ServerId(n), DialogueEvent::Limits(tuning.limits));
            }
        }
        self.tuning = tuning;
    }

    fn tell_facts(&mut self) {
        for n in 0..self.servers.len() {
            let facts = crate::dialogue::DeviceFacts { muted: self.mic.muted().is_some(), ..self.facts.clone() };
            self.tell(ServerId(n), DialogueEvent::Device(facts));
        }
    }

    /// The dialogue that uses the microphone must end its turn; one that only speaks may go on.
    fn take_mic_back(&mut self) -> bool {
        let Some(turn) = &mut self.turn else { return false };
        let taken = turn.lease.take().is_some();
        if taken {
            let server = turn.server;
            self.tell(server, DialogueEvent::Cancel);
        }
        taken
    }

    fn close_ear(&mut self) {
        self.effects.push_back(Effect::Ear(EarCommand::Closed));
        self.voice.forget();
        for (uplink, known) in std::mem::take(&mut self.uplinks) {
            self.effects.push_back(Effect::Discard(uplink));
            self.tell(known.server, DialogueEvent::Uplinked { uplink: known.local, sent: false, samples: 0 });
        }
    }

    fn mic_flowing(&mut self) {
        self.mic.flows();
        for code in MIC_CODES {
            self.clear(None, code);
        }
        self.announce_ready();
    }

    fn mic_lost(&mut self, now: Tick, cause: Cause) {
        if self.mic.muted().is_some() {
            return;
        }
        let already = self.causes.iter().any(|(server, known)| server.is_none() && known.code() == cause.code());
        for code in MIC_CODES {
            if code != cause.code() {
                self.clear(None, code);
            }
        }
        if !self.mic.is_gone() {
            self.mic.lost();
            if self.take_mic_back() {
                self.apologise(now, Sentence::MicGone);
            }
            self.close_ear();
        }
        if already {
            // What a retry finds out is kept for `status`; once is enough for the log and the person.
            self.causes.raise(None, cause);
        } else {
            self.raise(None, cause);
        }
        self.announce_ready();
    }

    fn speech_start(&mut self, listen: ListenId) {
        if self.lease_of(listen).is_some() {
            let server = self.turn();
            self.report(server, Report::SpeechStart);
        }
    }

    fn ended(&mut self, now: Tick, listen: ListenId, at: Position, why: Ending) {
        let Some((server, end)) = self.lease_of(listen) else { return };
        if !matches!(end, End::Local(_)) {
            return;
        }
        if why == Ending::NoSpeech {
            self.chime(now, Chime::Cancelled);
        } else {
            self.report(Some(server), Report::SpeechEnd);
            self.chime(now, Chime::Done);
        }
        self.tell(server, DialogueEvent::EndOfSpeech { at, why });
    }

    fn lease_of(&self, listen: ListenId) -> Option<(ServerId, End)> {
        let turn = self.turn.as_ref()?;
        let lease = turn.lease.filter(|lease| lease.listen == listen)?;
        Some((turn.server, lease.end))
    }

    fn link_event(&mut self, server: ServerId, event: LinkEvent) {
        if server.0 < self.servers.len() {
            self.tell(server, DialogueEvent::Link(event));
        }
    }

    fn uplink_ready(&mut self, now: Tick, uplink: UplinkId, samples: u64, last: bool) {
        let Some(known) = self.uplinks.get(&uplink).filter(|_| self.mic.usable()) else {
            return self.effects.push_back(Effect::Discard(uplink));
        };
        let (server, mut to) = (known.server, known.to.clone());
        to.expires = to.expires.saturating_sub(known.finished.map_or(Duration::ZERO, |at| now.since(at)));
        if last && !self.links[server.0] {
            self.effects.push_back(Effect::Discard(uplink));
            return self.uplinked(uplink, false, samples);
        }
        self.effects.push_back(Effect::Send { uplink, server, to, samples });
    }

    fn uplinked(&mut self, uplink: UplinkId, sent: bool, samples: u64) {
        if let Some(known) = self.uplinks.remove(&uplink) {
            self.tell(known.server, DialogueEvent::Uplinked { uplink: known.local, sent, samples });
        }
    }

    fn token(&mut self, token: u64, flowing: bool) {
        if flowing || self.mic.silence_is_known() {
            self.effects.push_back(Effect::Healthy(token));
        }
    }

    fn time_passed(&mut self, now: Tick) {
        for n in 0..self.servers.len() {
            if self.servers[n].deadline().is_some_and(|deadline| deadline <= now) {
                self.tell(ServerId(n), DialogueEvent::Deadline);
            }
        }
        self.drain_dialogues(now);
        self.end_overdue_turn(now);
        self.end_overdue_sound(now);
    }
}

pub(super) fn dropped(what: &'static str, detail: &str) -> Report {
    Report::Drop { what, count: 1, detail: detail.to_owned() }
}
