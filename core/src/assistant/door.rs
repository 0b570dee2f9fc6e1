//! What each event from outside does.

use super::Assistant;
use super::cause::Cause;
use std::time::Duration;

use super::event::{Effect, Event, Remembered, ServerId, Tuning};
use super::report::Report;
use super::speaker::Owner;
use super::wake::Woken;
use super::wishes::Awaits;
use crate::audio::Position;
use crate::audio::chime::Chime;
use crate::dialogue::{Class, DeviceFacts, DialogueEvent, End, Source};
use crate::hearing::{EarCommand, Ending, ListenId, UplinkId};
use crate::link::LinkEvent;
use crate::sentences::Sentence;
use crate::time::Tick;
use crate::wish::Outcome;

/// The codes of everything that can be wrong with the microphone; one is true at a time.
pub(super) const MIC_CODES: [&str; 4] = ["MicGone", "MicBusy", "MicAmbiguous", "MicSilent"];

impl Assistant {
    pub(super) fn take(&mut self, now: Tick, event: Event) {
        let Some(event) = self.take_wish_event(now, event) else { return };
        let Some(event) = self.take_person_event(now, event) else { return };
        match event {
            Event::Started(remembered) => self.start(remembered),
            Event::Voice { at, earliest } => self.voice(now, at, earliest),
            Event::Wake { word, score, server, at, over, cancelled } => {
                self.woken(now, Woken { word, score, server, at, over, cancelled });
            }
            Event::WakeMissing(cause) => self.wake_missing(now, cause),
            Event::SpeechStart(listen) => self.speech_start(listen),
            Event::Ended { listen, at, why } => self.ended(now, listen, at, why),
            Event::MicFlowing => self.mic_flowing(),
            Event::MicClosed => self.mic_closed(),
            Event::MicLost(cause) => self.mic_lost(now, cause),
            Event::MicSilent(cause) => self.mic_silent(cause),
            Event::Played { play, end, heard } => self.played(now, play, end, heard),
            Event::OutputLost(cause) => self.raise(None, cause),
            Event::OutputBack(code) => self.clear(None, code),
            Event::Link(server, event) => self.link_event(server, event),
            Event::Channel(server, event) => self.tell(server, DialogueEvent::Channel(event)),
            Event::Fetched(server, id, outcome) => self.tell(server, DialogueEvent::Fetched { id, outcome }),
            Event::UplinkReady { uplink, samples, last } => self.uplink_ready(now, uplink, samples, last),
            Event::Uplinked { uplink, sent, samples, last } => self.uplinked(uplink, sent, samples, last),
            Event::Facts(facts) => {
                self.facts = facts;
                self.tell_facts();
            }
            Event::Token { token, flowing } => self.token(token, flowing),
            Event::Tuned(tuning) => self.tuned(tuning),
            Event::Tick => self.time_passed(now),
            // Taken above.
            _ => {}
        }
    }

    /// Takes in what people ask for; gives the event back if it is of another kind.
    fn take_person_event(&mut self, now: Tick, event: Event) -> Option<Event> {
        let first = |server: Option<ServerId>| server.unwrap_or(ServerId(0));
        match event {
            Event::Trigger { trigger, server, at } => {
                self.triggered(now, trigger, server, at, std::time::Duration::ZERO);
            }
            Event::Text { request, server, text, chatbot } => self.text(now, request, first(server), text, chatbot),
            Event::Dictate { request, server, at } => self.dictate(now, request, first(server), at),
            Event::Release { at } => self.release(at),
            Event::Button { gesture, server, at, pressed } => self.button(now, gesture, server, (at, pressed)),
            Event::Cancel => self.cancel(now),
            Event::Mute(by) => self.mute(by),
            Event::Unmute(by) => self.unmute(by),
            Event::Measured(on) => self.measured = on,
            Event::Updating => self.updating = Some(now + super::UPDATE),
            Event::Say(text) => self.admit_or_drop(now, Owner::Person, Class::Announcement, Source::Text(text)),
            Event::Sound(chime) => self.admit_or_drop(now, Owner::Person, Class::Announcement, Source::Chime(chime)),
            other => return Some(other),
        }
        None
    }

    fn start(&mut self, remembered: Remembered) {
        self.start_volume(remembered.volume);
        self.chosen_language = remembered.language;
        self.effects.push_back(Effect::Language(self.language().to_owned()));
        self.started = true;
        self.tell_facts();
        match remembered.muted {
            Some(by) => {
                self.mic.mute(by);
                // It was never opened.
                self.mic.closed();
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

    pub(super) fn announce_ready(&mut self) {
        if !std::mem::replace(&mut self.ready, true) {
            self.effects.push_back(Effect::Ready);
        }
    }

    pub(super) fn cancel(&mut self, now: Tick) {
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

    fn tuned(&mut self, tuning: Tuning) {
        if tuning.limits != self.tuning.limits {
            for n in 0..self.servers.len() {
                self.tell(ServerId(n), DialogueEvent::Limits(tuning.limits));
            }
        }
        let spoken = self.language().to_owned();
        let before = std::mem::replace(&mut self.tuning, tuning);
        if before.volume != self.tuning.volume {
            self.restore_volume();
        }
        if self.language() != spoken {
            self.effects.push_back(Effect::Language(self.language().to_owned()));
        }
        self.tell_facts();
    }

    pub(super) fn tell_facts(&mut self) {
        let facts = DeviceFacts {
            volume: self.volume.lasting(self.tuning.volume),
            muted: self.mic.muted().is_some(),
            language: self.language().to_owned(),
            meeting: self.tuning.remote_meeting.then(|| self.meeting.facts()),
            ..self.facts.clone()
        };
        for n in 0..self.servers.len() {
            self.tell(ServerId(n), DialogueEvent::Device(facts.clone()));
        }
    }

    /// The dialogue that uses the microphone must end its turn; one that only speaks may go on.
    pub(super) fn take_mic_back(&mut self) -> bool {
        let Some(turn) = &mut self.turn else { return false };
        let taken = turn.lease.take().is_some();
        if taken {
            let server = turn.server;
            self.tell(server, DialogueEvent::Cancel);
        }
        taken
    }

    pub(super) fn close_ear(&mut self) {
        self.effects.push_back(Effect::Ear(EarCommand::Closed));
        self.voice.forget();
        for (uplink, known) in std::mem::take(&mut self.uplinks) {
            self.effects.push_back(Effect::Discard(uplink));
            self.tell(
                known.server,
                DialogueEvent::Uplinked { uplink: known.local, sent: false, samples: 0, last: true },
            );
        }
    }

    fn mic_flowing(&mut self) {
        self.mic.flows();
        self.came(&Awaits::MicOpen, &Outcome::Done);
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
        // It is no longer muted; the cause says the rest.
        self.came(&Awaits::MicOpen, &Outcome::Done);
        if already {
            // What a retry finds out is kept for `status`; once is enough for the log and the person.
            self.causes.raise(None, cause);
        } else {
            self.raise(None, cause);
        }
        self.announce_ready();
    }

    /// What it delivered is no sound; a turn goes on all the same, and ends as if nobody spoke.
    fn mic_silent(&mut self, cause: Option<Cause>) {
        match cause {
            Some(cause) if self.mic.is_flowing() => self.raise(None, cause),
            Some(_) => {}
            None => self.clear(None, "MicSilent"),
        }
    }

    fn speech_start(&mut self, listen: ListenId) {
        if self.lease_of(listen).is_some() {
            let server = self.turn();
            self.report(server, Report::SpeechStart);
        }
    }

    fn ended(&mut self, now: Tick, listen: ListenId, at: Position, why: Ending) {
        let Some((server, end)) = self.lease_of(listen) else { return };
        let watched = matches!(end, End::Remote { .. }) && why == Ending::NoSpeech;
        if !matches!(end, End::Local(_)) && !watched {
            return;
        }
        if watched {
            // Whether that ends anything its dialogue knows: the server may have heard more.
        } else if why == Ending::NoSpeech {
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
        let waited = known.finished.map_or(Duration::ZERO, |at| now.since(at));
        let (server, to) = (known.server, known.to.clone().after(waited));
        if last && !self.links[server.0] {
            self.effects.push_back(Effect::Discard(uplink));
            return self.uplinked(uplink, false, samples, true);
        }
        self.effects.push_back(Effect::Send { uplink, server, to, samples, last });
    }

    fn uplinked(&mut self, uplink: UplinkId, sent: bool, samples: u64, last: bool) {
        let Some(known) = self.uplinks.get(&uplink) else { return };
        let (server, local) = (known.server, known.local);
        if last {
            self.uplinks.remove(&uplink);
        }
        self.tell(server, DialogueEvent::Uplinked { uplink: local, sent, samples, last });
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
        self.serve_volume(now);
        self.remember_language(now);
        self.end_overdue_wishes(now);
        self.end_overdue_turn(now);
        self.end_overdue_sound(now);
        self.updating = self.updating.filter(|end| *end > now);
    }
}

pub(super) fn dropped(what: &'static str, detail: &str) -> Report {
    Report::Drop { what, count: 1, detail: detail.to_owned() }
}
