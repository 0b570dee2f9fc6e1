//! Wishes beside the conversation: who waits for what, and the answers.

use std::time::Duration;

use super::Assistant;
use super::event::{Effect, Event, Memory, RequestId, ServerId, ServiceId};
use crate::dialogue::DialogueEvent;
use crate::time::Tick;
use crate::voices::Voices;
use crate::wish::{Outcome, Wish, WishId};

/// So many may wait; one more is refused.
const MOST: usize = 32;

/// LinTO: each status is answered with the language, so two applications that don't agree about it make it change for
/// ever. A memory card wears out of that: so many writes at once, then one in this time.
pub(super) const LANGUAGE_WRITES: u32 = 3;
pub(super) const LANGUAGE_PAUSE: Duration = Duration::from_secs(60);

/// The sound devices and the recorder have so long.
const DEVICE: Duration = Duration::from_secs(10);

/// A service has limits of its own, of which the longest is ten minutes; this is for one that was lost.
const SERVICE: Duration = Duration::from_secs(15 * 60);

/// Who wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Somebody at the control socket.
    Person(RequestId),
    /// A dialogue, with its own number for it.
    Server(ServerId, WishId),
}

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// The capture device is closed.
    MicClosed,
    /// It delivers, or is known not to.
    MicOpen,
    /// The recorder has its file.
    RecordingStart,
    /// The file is closed.
    RecordingEnd,
    /// It is known what the speech engine can speak.
    Voices(String),
    /// This is done.
    Service(ServiceId),
}

/// Somebody who waits.
#[derive(Debug)]
pub struct Waiting {
    asker: Asker,
    awaits: Awaits,
    until: Tick,
}

impl Assistant {
    /// Somebody wishes something. Every path ends in exactly one answer.
    pub(super) fn wish(&mut self, now: Tick, asker: Asker, wish: Wish) {
        if self.waiting.len() >= MOST {
            return self.answer(asker, Outcome::Refused("too much at once; try again later".into()));
        }
        match wish {
            Wish::Volume { percent, keep } => self.wish_volume(now, asker, percent, keep),
            Wish::Mute => self.wish_mute(now, asker),
            Wish::Unmute => self.wish_unmute(now, asker),
            Wish::Language(tag) => self.wish_language(now, asker, tag),
            Wish::MeetingStart { name } => self.wish_meeting(now, asker, name),
            Wish::MeetingStop => self.wish_meeting_end(now, asker),
            Wish::Shell(_) | Wish::Tunnel(_) | Wish::TunnelStop | Wish::Hook(_) | Wish::Tool { .. } | Wish::Restart => {
                self.numbers += 1;
                let service = ServiceId(self.numbers);
                let server = if let Asker::Server(server, _) = asker { Some(server) } else { None };
                self.wait_for(now, asker, Awaits::Service(service));
                self.effects.push_back(Effect::Serve { service, server, wish });
            }
        }
    }

    pub(super) fn wait_for(&mut self, now: Tick, asker: Asker, awaits: Awaits) {
        let limit = if matches!(awaits, Awaits::Service(_)) { SERVICE } else { DEVICE };
        self.waiting.push(Waiting { asker, awaits, until: now + limit });
    }

    /// Gives everybody who waits for this the same answer.
    pub(super) fn came(&mut self, awaited: &Awaits, outcome: &Outcome) {
        let served: Vec<Waiting> = self.waiting.extract_if(.., |waiting| waiting.awaits == *awaited).collect();
        for waiting in served {
            self.answer(waiting.asker, outcome.clone());
        }
    }

    pub(super) fn answer(&mut self, asker: Asker, outcome: Outcome) {
        match asker {
            Asker::Person(request) => self.effects.push_back(Effect::Answer { request, outcome }),
            Asker::Server(server, id) => self.tell(server, DialogueEvent::Wished { id, outcome }),
        }
    }

    pub(super) fn wishes_deadline(&self) -> Option<Tick> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// Whoever waited too long is told so.
    pub(super) fn end_overdue_wishes(&mut self, now: Tick) {
        let overdue: Vec<Waiting> = self.waiting.extract_if(.., |waiting| waiting.until <= now).collect();
        for waiting in overdue {
            let what = match waiting.awaits {
                Awaits::MicClosed | Awaits::MicOpen => "the sound device does not answer",
                Awaits::RecordingStart => {
                    // Whoever was told no must not be recorded after all.
                    self.end_recording();
                    "the recorder does not answer"
                }
                Awaits::RecordingEnd => "the recorder does not answer",
                Awaits::Voices(_) => "the speech engine does not say what it can speak",
                Awaits::Service(_) => "it never ended",
            };
            self.answer(waiting.asker, Outcome::Failed(what.into()));
        }
    }

    fn wish_language(&mut self, now: Tick, asker: Asker, tag: String) {
        let Some(voices) = &self.voices else { return self.wait_for(now, asker, Awaits::Voices(tag)) };
        let outcome = match voices.knows(&tag) {
            Some(tag) => {
                self.speak_language(now, tag);
                Outcome::Done
            }
            None => Outcome::Refused(format!("the voice does not speak `{tag}`; it stays `{}`", self.language())),
        };
        self.answer(asker, outcome);
    }

    /// It is known what can be spoken: whoever waited for that is served now.
    pub(super) fn voices_known(&mut self, now: Tick, voices: Voices) {
        self.voices = Some(voices);
        let waited = |waiting: &mut Waiting| matches!(waiting.awaits, Awaits::Voices(_));
        let waiting: Vec<Waiting> = self.waiting.extract_if(.., waited).collect();
        for waiting in waiting {
            if let Awaits::Voices(tag) = waiting.awaits {
                self.wish_language(now, waiting.asker, tag);
            }
        }
    }

    fn speak_language(&mut self, now: Tick, tag: String) {
        if self.language() == tag {
            return;
        }
        self.chosen_language = Some(tag.clone());
        self.effects.push_back(Effect::Language(tag));
        self.keep_language.want();
        self.remember_language(now);
        self.tell_facts();
    }

    pub(super) fn remember_language(&mut self, now: Tick) {
        if self.keep_language.take(now)
            && let Some(tag) = &self.chosen_language
        {
            self.effects.push_back(Effect::Remember(Memory::Language(tag.clone())));
        }
    }

    /// The language that the device speaks.
    #[must_use]
    pub fn language(&self) -> &str {
        self.chosen_language.as_deref().unwrap_or(&self.tuning.language)
    }

    /// Takes in what concerns wishes; gives the event back if it is of another kind.
    pub(super) fn take_wish_event(&mut self, now: Tick, event: Event) -> Option<Event> {
        match event {
            Event::Wish { request, wish } => self.wish(now, Asker::Person(request), wish),
            Event::Served { service, outcome } => self.came(&Awaits::Service(service), &outcome),
            Event::Voices(voices) => self.voices_known(now, voices),
            Event::Recording(recording) => self.recording_event(now, recording),
            other => return Some(other),
        }
        None
    }
}
