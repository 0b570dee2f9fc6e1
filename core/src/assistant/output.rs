//! The loudspeaker in the assistant's hands: starting, ending, flushing, apologising.

use std::time::Duration;

use super::Assistant;
use super::door::dropped;
use super::event::{Effect, PlayNumber};
use super::report::Report;
use super::speaker::{Owner, Utterance};
use crate::audio::chime::Chime;
use crate::dialogue::{Class, DialogueEvent, PlayEnd, Source};
use crate::sentences::{Language, Sentence};
use crate::time::Tick;

/// The voice trigger must not make the device a bore: the same apology comes as a mere sound for this long.
const BORING: Duration = Duration::from_secs(30);

impl Utterance {
    /// Whether it is only a sound.
    #[must_use]
    pub fn is_chime(&self) -> bool {
        matches!(self.source, Source::Chime(_))
    }
}

impl Assistant {
    /// Starts what may start and drops what waited too long. True if something changed.
    pub(super) fn serve_speaker(&mut self, now: Tick) -> bool {
        let expired = self.speaker.expire(now);
        let changed = !expired.is_empty();
        for utterance in expired {
            self.turn_away(utterance, "it waited 30 s for the loudspeaker");
        }
        let Some(utterance) = self.speaker.start(now, self.turn.is_some()) else { return changed };
        let server = utterance.owner.server();
        self.effects.push_back(Effect::Play { play: utterance.play, server, source: utterance.source });
        true
    }

    pub(super) fn admit_or_drop(&mut self, now: Tick, owner: Owner, class: Class, source: Source) {
        if !self.speaker.admit(now, owner, class, source) {
            self.report(None, dropped("utterance", "too many wait for the loudspeaker"));
        }
    }

    pub(super) fn played(&mut self, now: Tick, play: PlayNumber, end: PlayEnd, heard: Duration) {
        let Some(utterance) = self.speaker.ended(now, play) else { return };
        let server = utterance.owner.server();
        match (&utterance.source, end) {
            (Source::Text(text), PlayEnd::Finished) => {
                let text = text.clone();
                self.report(server, Report::Spoken { text });
            }
            (Source::Sentence(sentence), PlayEnd::Finished) => {
                let text = sentence.text(Language::of_tag(self.language())).to_owned();
                self.report(server, Report::Spoken { text });
            }
            (Source::Text(_) | Source::Sentence(_), PlayEnd::Failed) => {
                self.report(server, dropped("speech", "it could not be heard"));
            }
            _ => {}
        }
        if let Owner::Server(server, id) = utterance.owner {
            self.tell(server, DialogueEvent::Played { id, end, heard });
        }
    }

    /// Stops and forgets everything that `which` picks.
    pub(super) fn flush(&mut self, now: Tick, which: impl Fn(&Utterance) -> bool) {
        let (waiting, playing) = self.speaker.flush(now, which);
        for utterance in waiting {
            if let Owner::Server(server, id) = utterance.owner {
                let heard = Duration::ZERO;
                self.tell(server, DialogueEvent::Played { id, end: PlayEnd::Flushed, heard });
            }
        }
        if let Some(play) = playing {
            self.effects.push_back(Effect::Flush(play));
        }
    }

    /// The person comes first: whatever is spoken when a turn opens is stopped, and so is the device's own chatter that
    /// waits. An announcement that is cut off is told.
    pub(super) fn hush(&mut self, now: Tick) {
        let playing = self.speaker.playing().map(|playing| playing.play);
        if self.speaker.playing().is_some_and(|playing| playing.class == Class::Announcement) {
            self.report(None, dropped("announcement", "somebody opened a turn while it was spoken"));
        }
        self.flush(now, |utterance| {
            !utterance.is_chime() && (Some(utterance.play) == playing || utterance.class == Class::Local)
        });
    }

    fn turn_away(&mut self, utterance: Utterance, why: &str) {
        let what = if utterance.class == Class::Announcement { "announcement" } else { "utterance" };
        self.report(None, dropped(what, why));
        if let Owner::Server(server, id) = utterance.owner {
            self.tell(server, DialogueEvent::Refused { id });
        }
    }

    pub(super) fn end_overdue_sound(&mut self, now: Tick) {
        if let Some(play) = self.speaker.overdue(now) {
            self.report(None, dropped("sound", "the loudspeaker did not say that it ended"));
            self.effects.push_back(Effect::Flush(play));
            self.played(now, play, PlayEnd::Failed, Duration::ZERO);
        }
    }

    pub(super) fn chime(&mut self, now: Tick, chime: Chime) {
        if self.tuning.sounds {
            self.admit_or_drop(now, Owner::Device, Class::Local, Source::Chime(chime));
        }
    }

    /// Tells the person why nothing happens.
    pub(super) fn apologise(&mut self, now: Tick, sentence: Sentence) {
        let source = self.unless_boring(now, Source::Sentence(sentence));
        self.admit_or_drop(now, Owner::Device, Class::Local, source);
    }

    /// A sentence that was said a moment ago becomes a mere sound; everything else stays what it is.
    pub(super) fn unless_boring(&mut self, now: Tick, source: Source) -> Source {
        match source {
            Source::Sentence(sentence) if self.said_just_now(now, sentence) => Source::Chime(Chime::Error),
            other => other,
        }
    }

    /// Whether the same apology was said a moment ago, where a television may be the one who asks.
    fn said_just_now(&mut self, now: Tick, sentence: Sentence) -> bool {
        let boring = (self.tuning.voice_trigger || self.tuning.wake_trigger)
            && self.apologised.is_some_and(|(said, at)| said == sentence && now.since(at) < BORING);
        if !boring {
            self.apologised = Some((sentence, now));
        }
        boring
    }
}
