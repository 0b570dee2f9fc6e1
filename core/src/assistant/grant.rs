//! What a dialogue asks for, granted or refused.

use std::time::Duration;

use super::Assistant;
use super::Uplink;
use super::cause::Cause;
use super::door::dropped;
use super::event::{Effect, Memory, ServerId};
use super::report::Report;
use super::speaker::Owner;
use super::turn::{Lease, Turn};
use super::voice::RINGING;
use super::wishes::Asker;
use crate::audio::Position;
use crate::audio::chime::Chime;
use crate::dialogue::{Ask, Class, Delivery, DialogueEvent, End, PlayId, Source};
use crate::hearing::{EarCommand, Encoding, ListenId, Start, UplinkId};
use crate::sentences::Sentence;
use crate::time::Tick;

/// How long the sound that greets somebody lasts, with the loudspeaker's delay and the room.
const GREETING: Duration = Duration::from_millis(450);

/// A twin that comes and goes is told of aloud once in this time.
const TWIN_AGAIN: Duration = Duration::from_secs(3_600);

impl Assistant {
    /// Carries out everything that dialogues ask for now, without touching loudspeaker and light.
    pub(super) fn drain_dialogues(&mut self, now: Tick) {
        for _ in 0..super::ROUNDS {
            if let Some((server, event)) = self.told.pop_front() {
                self.servers[server.0].handle(now, event);
            } else if let Some((server, ask)) = self.next_ask() {
                self.carry_out(now, server, ask);
            } else {
                return;
            }
        }
    }

    pub(super) fn carry_out(&mut self, now: Tick, server: ServerId, ask: Ask) {
        if let Some(turn) = self.turn.as_mut().filter(|turn| turn.server == server) {
            turn.active = now;
        }
        match ask {
            Ask::Mic { from, end, while_speaking } => self.grant_mic(now, server, from, end, while_speaking),
            Ask::MicStop => self.stop_listening(server),
            Ask::UplinkStart { uplink, from, encoding, to } => self.start_uplink(server, uplink, from, encoding, to),
            Ask::UplinkFinish { uplink, to } => self.finish_uplink(now, server, uplink, to),
            Ask::UplinkAbort { uplink } => self.abort_uplink(server, uplink),
            Ask::Play { id, class, source } => self.play(now, server, id, class, source),
            Ask::Flush { id } => self.flush(now, |utterance| utterance.owner == Owner::Server(server, id)),
            Ask::WakeGate { reason, on: true } => drop(self.gates.remove(&(server, reason))),
            Ask::WakeGate { reason, on: false } => drop(self.gates.insert((server, reason))),
            Ask::Shown(shown) => {
                if let Some(turn) = self.turn.as_mut().filter(|turn| turn.server == server) {
                    turn.shown = shown;
                }
            }
            Ask::Taken(taken) => self.taken(taken),
            Ask::Wish { id, wish } => self.wish(now, Asker::Server(server, id), wish),
            Ask::Done => self.end_turn(server),
            Ask::Send { publication, expires } => {
                self.effects.push_back(Effect::Publish { server, publication, expires });
            }
            Ask::Link(ask) => self.effects.push_back(Effect::Link(server, ask)),
            Ask::Connect(access) => self.effects.push_back(Effect::Connect(server, access)),
            Ask::Channel(ask) => self.effects.push_back(Effect::Channel(server, ask)),
            Ask::Fetch { id, fetch } => self.effects.push_back(Effect::Fetch(server, id, fetch)),
            Ask::LinkUp(up) => self.link_changed(server, up),
            Ask::Cause(cause) => self.server_cause(now, server, cause),
            Ask::Clear(code) => self.clear(Some(server), code),
            Ask::Mood(mood) => {
                if let Some(turn) = self.turn.as_mut().filter(|turn| turn.server == server) {
                    turn.mood = mood;
                }
            }
            Ask::Remember(keepsake) => self.effects.push_back(Effect::Remember(Memory::Server(server, keepsake))),
            Ask::Report(report) => self.report(Some(server), report),
        }
    }

    /// Only to whoever holds the turn, or if there is none; never while the microphone is closed.
    fn grant_mic(&mut self, now: Tick, server: ServerId, from: Start, end: End, while_speaking: bool) {
        let held = self.turn.as_ref().is_some_and(|turn| turn.server != server);
        if held || !self.mic.usable() {
            return self.tell(server, DialogueEvent::Cancel);
        }
        self.stop_listening(server);
        self.numbers += 1;
        let listen = ListenId(self.numbers);
        let deadline = match end {
            End::Local(_) => None,
            End::Remote { cap, .. } | End::Manual { cap } => Some(now + cap),
        };
        let ringing = self.ringing(now, while_speaking);
        let turn = self.turn.get_or_insert_with(|| Turn::new(server, now, false));
        // Who was shown that it connects has all the time from now on.
        let waited = if from == Start::Now { Duration::ZERO } else { now.since(turn.opened) };
        let greet = std::mem::take(&mut turn.greet);
        let woken = turn.woken.take();
        turn.lease = Some(Lease { listen, end, while_speaking, deadline });
        // `from` lies before the command: what was said until then is sent, but does not count as the utterance.
        let before = if greet && from != Start::Now { turn.before } else { Duration::ZERO };
        let greet = greet && self.tuning.sounds && !while_speaking;
        // The greeting sounds like speech to the endpointer.
        let guard = match woken {
            Some(behind) => behind.guard(ringing),
            None => before + if greet { GREETING } else { ringing },
        };
        let mut limits = match end {
            End::Local(limits) => Some(limits),
            End::Remote { cap, quiet } => quiet.map(|no_speech| self.tuning.limits.watching(no_speech, cap)),
            End::Manual { .. } => None,
        };
        if let Some(limits) = &mut limits {
            limits.no_speech += waited;
        }
        if let (Some(limits), Some(behind)) = (&mut limits, woken) {
            // Whoever has said the wake word has all the time from then on.
            limits.no_speech += behind.decided;
        }
        self.effects.push_back(Effect::Ear(EarCommand::Listen { listen, from, limits, guard }));
        if greet {
            self.chime(now, Chime::Listening);
        }
    }

    /// How long speech is not believed because the loudspeaker may still ring in the room.
    fn ringing(&self, now: Tick, while_speaking: bool) -> Duration {
        match self.speaker.quiet_since() {
            _ if while_speaking => Duration::ZERO,
            Some(since) => RINGING.saturating_sub(now.since(since)),
            None => RINGING,
        }
    }

    fn stop_listening(&mut self, server: ServerId) {
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.server == server) else { return };
        if let Some(lease) = turn.lease.take() {
            self.effects.push_back(Effect::Ear(EarCommand::StopListening { listen: lease.listen }));
        }
    }

    fn start_uplink(&mut self, server: ServerId, local: UplinkId, from: Start, encoding: Encoding, to: Delivery) {
        if !self.mic.usable() {
            return self.tell(server, DialogueEvent::Uplinked { uplink: local, sent: false, samples: 0, last: true });
        }
        self.abort_uplink(server, local);
        self.numbers += 1;
        let uplink = UplinkId(self.numbers);
        self.uplinks.insert(uplink, Uplink { server, local, to, finished: None });
        self.effects.push_back(Effect::Ear(EarCommand::StartUplink { uplink, from, encoding }));
    }

    fn finish_uplink(&mut self, now: Tick, server: ServerId, local: UplinkId, to: Position) {
        let Some(uplink) = self.global(server, local) else { return };
        if let Some(known) = self.uplinks.get_mut(&uplink) {
            known.finished = Some(now);
        }
        self.effects.push_back(Effect::Ear(EarCommand::FinishUplink { uplink, to }));
    }

    fn abort_uplink(&mut self, server: ServerId, local: UplinkId) {
        if let Some(uplink) = self.global(server, local) {
            self.uplinks.remove(&uplink);
            self.effects.push_back(Effect::Ear(EarCommand::AbortUplink { uplink }));
            self.effects.push_back(Effect::Discard(uplink));
        }
    }

    fn global(&self, server: ServerId, local: UplinkId) -> Option<UplinkId> {
        let known = self.uplinks.iter().find(|(_, known)| known.server == server && known.local == local);
        known.map(|(uplink, _)| *uplink)
    }

    /// An answer belongs to a turn; outside one it is an announcement. One that comes live can't wait, for what is missed
    /// of it is gone: it begins at once or is refused at once.
    fn play(&mut self, now: Tick, server: ServerId, id: PlayId, class: Class, source: Source) {
        let outside = self.turn() != Some(server);
        let class = if class == Class::Conversation && outside { Class::Announcement } else { class };
        let live = class == Class::Announcement && matches!(source, Source::Stream(_));
        if live && (self.turn.is_some() || !self.speaker.is_free()) {
            self.report(Some(server), dropped("announcement", "it came live, and the loudspeaker was not free"));
            return self.tell(server, DialogueEvent::Refused { id });
        }
        if matches!(source, Source::Chime(_)) && !self.tuning.sounds {
            let end = crate::dialogue::PlayEnd::Finished;
            return self.tell(server, DialogueEvent::Played { id, end, heard: Duration::ZERO });
        }
        let source = self.unless_boring(now, source);
        if !self.speaker.admit(now, Owner::Server(server, id), class, source) {
            self.tell(server, DialogueEvent::Refused { id });
        }
    }

    /// The turn is over; what it still has in the queue is heard.
    pub(super) fn end_turn(&mut self, server: ServerId) {
        if self.turn() != Some(server) {
            return;
        }
        self.stop_listening(server);
        self.turn = None;
    }

    fn link_changed(&mut self, server: ServerId, up: bool) {
        if std::mem::replace(&mut self.links[server.0], up) != up {
            self.report(Some(server), Report::Link { up });
        }
    }

    fn server_cause(&mut self, now: Tick, server: ServerId, cause: Cause) {
        let said = self.twin_said.is_some_and(|said| now.since(said) < TWIN_AGAIN);
        if !said && matches!(cause, Cause::TwinDevice { .. }) {
            self.twin_said = Some(now);
            self.admit_or_drop(now, Owner::Device, Class::Local, Source::Sentence(Sentence::TwinDevice));
        }
        self.raise(Some(server), cause);
    }

    /// A turn whose dialogue let its time go by, or whose microphone stayed open for too long.
    pub(super) fn end_overdue_turn(&mut self, now: Tick) {
        let Some(turn) = &self.turn else { return };
        let server = turn.server;
        let dialogue = self.servers[server.0].deadline();
        if turn.deadline(dialogue) > now {
            return;
        }
        self.report(Some(server), dropped("turn", "the dialogue let its deadline go by"));
        self.tell(server, DialogueEvent::Cancel);
        self.drain_dialogues(now);
        self.end_turn(server);
    }
}
