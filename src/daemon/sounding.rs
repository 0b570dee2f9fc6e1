//! The sound by which the way from the loudspeaker to the microphone is measured: played as everything else is, and its
//! place on the tape told to whoever listens.

use auricle_core::assistant::event::{Event, PlayNumber};
use auricle_core::audio::Position;
use auricle_core::audio::chime::Chime;
use auricle_core::dialogue::{PlayEnd, Source};
use tokio::sync::{mpsc, oneshot};

use super::control::Control;
use super::listener::{LISTENERS, Listening, PIECES, Refusal};

/// The place on the tape when the loudspeaker began, or why it did not.
pub type Sounded = Result<Position, Refusal>;

/// One that is asked for, or on its way.
#[derive(Debug)]
pub(super) struct Sounding {
    reply: oneshot::Sender<Sounded>,
    play: Option<PlayNumber>,
    from: Option<Position>,
}

impl Control {
    /// Lets somebody listen. Until he is done speech opens no turn: it is meant for the meter.
    pub(super) fn listen(&mut self) -> Listening {
        if self.assistant.muted().is_some() {
            return Err(Refusal::new("muted", "the microphone is muted; `auricle unmute` opens it"));
        }
        if self.hearing.position().is_none() {
            let known = self.assistant.causes().find(|(_, cause)| cause.code().starts_with("Mic"));
            let told = known.map(|(_, cause)| format!("{} {}", cause.text(), cause.remedy()));
            let told = told.unwrap_or_else(|| "the microphone delivers nothing yet; try again in a moment".into());
            return Err(Refusal::new("no_microphone", told));
        }
        self.look_after_listeners();
        if self.waiting.listeners.len() >= LISTENERS {
            return Err(Refusal::busy("it is measured already, by as many as can; try again in a moment"));
        }
        let (out, pieces) = mpsc::channel(PIECES);
        self.waiting.listeners.push(out.downgrade());
        self.hearing.listen(out);
        self.decide(Event::Measured(true));
        Ok(pieces)
    }

    /// Forgets whoever listens no more.
    pub(super) fn look_after_listeners(&mut self) {
        let listeners = &mut self.waiting.listeners;
        let before = listeners.len();
        // Hearing keeps the only strong end; it lets go when the microphone closes or nobody takes anything.
        listeners.retain(|listener| listener.upgrade().is_some_and(|listener| !listener.is_closed()));
        if before > 0 && listeners.is_empty() {
            self.decide(Event::Measured(false));
        }
    }

    /// Plays the probe as soon as nothing else is heard.
    pub(super) fn sound(&mut self, reply: oneshot::Sender<Sounded>) {
        if self.waiting.sounding.as_ref().is_some_and(|other| !other.reply.is_closed()) {
            return drop(reply.send(Err(Refusal::busy("the echo is being measured already; try again in a moment"))));
        }
        if self.assistant.turn().is_some() {
            return drop(reply.send(Err(Refusal::busy("somebody talks to the device; try again in a moment"))));
        }
        self.waiting.sounding = Some(Sounding { reply, play: None, from: None });
        self.decide(Event::Sound(Chime::Probe));
    }

    pub(super) fn sounding_ordered(&mut self, play: PlayNumber, source: &Source) {
        if let (Some(sounding), Source::Chime(Chime::Probe)) = (&mut self.waiting.sounding, source) {
            sounding.play = Some(play);
        }
    }

    pub(super) fn sounding_began(&mut self, play: PlayNumber) {
        let now = self.hearing.position();
        if let Some(sounding) = self.waiting.sounding.as_mut().filter(|sounding| sounding.play == Some(play)) {
            sounding.from = now;
        }
    }

    pub(super) fn sounding_ended(&mut self, play: PlayNumber, end: PlayEnd) {
        let Some(sounding) = self.waiting.sounding.take_if(|sounding| sounding.play == Some(play)) else { return };
        let sounded = match (end, sounding.from) {
            (PlayEnd::Finished, Some(from)) => Ok(from),
            (PlayEnd::Finished, None) => {
                Err(Refusal::new("closed", "the microphone was gone meanwhile; `auricle status` may say why"))
            }
            _ => Err(Refusal::new("no_loudspeaker", "the loudspeaker did not play it; `auricle status` may say why")),
        };
        // Whoever asked may have gone away meanwhile.
        drop(sounding.reply.send(sounded));
    }
}
