//! The sound by which the way from the loudspeaker to the microphone is measured: played as everything else is, and its
//! place on the tape told to whoever listens.

use auricle_core::assistant::event::{Event, PlayNumber};
use auricle_core::audio::Position;
use auricle_core::audio::chime::Chime;
use auricle_core::dialogue::{PlayEnd, Source};
use tokio::sync::{mpsc, oneshot};

use super::control::Control;
use super::listener::{PIECES, Piece};

/// The place on the tape when the loudspeaker began, or why it did not.
pub type Sounded = Result<Position, String>;

/// One that is asked for, or on its way.
#[derive(Debug)]
pub(super) struct Sounding {
    reply: oneshot::Sender<Sounded>,
    play: Option<PlayNumber>,
    from: Option<Position>,
}

impl Control {
    /// Lets somebody listen.
    pub(super) fn listen(&self) -> Result<mpsc::Receiver<Piece>, String> {
        if self.assistant.muted().is_some() {
            return Err("the microphone is muted; `auricle unmute` opens it".to_owned());
        }
        if self.hearing.position().is_none() {
            let known = self.assistant.causes().find(|(_, cause)| cause.code().starts_with("Mic"));
            let told = known.map(|(_, cause)| format!("{} {}", cause.text(), cause.remedy()));
            return Err(told.unwrap_or_else(|| "the microphone delivers nothing yet; try again in a moment".into()));
        }
        let (out, pieces) = mpsc::channel(PIECES);
        self.hearing.listen(out);
        Ok(pieces)
    }

    /// Plays the probe as soon as nothing else is heard.
    pub(super) fn sound(&mut self, reply: oneshot::Sender<Sounded>) {
        if self.sounding.as_ref().is_some_and(|other| !other.reply.is_closed()) {
            return drop(reply.send(Err("the echo is being measured already; try again in a moment".to_owned())));
        }
        if self.assistant.turn().is_some() {
            return drop(reply.send(Err("somebody talks to the device; try again in a moment".to_owned())));
        }
        self.sounding = Some(Sounding { reply, play: None, from: None });
        self.decide(Event::Sound(Chime::Probe));
    }

    pub(super) fn sounding_ordered(&mut self, play: PlayNumber, source: &Source) {
        if let (Some(sounding), Source::Chime(Chime::Probe)) = (&mut self.sounding, source) {
            sounding.play = Some(play);
        }
    }

    pub(super) fn sounding_began(&mut self, play: PlayNumber) {
        let now = self.hearing.position();
        if let Some(sounding) = self.sounding.as_mut().filter(|sounding| sounding.play == Some(play)) {
            sounding.from = now;
        }
    }

    pub(super) fn sounding_ended(&mut self, play: PlayNumber, end: PlayEnd) {
        let Some(sounding) = self.sounding.take_if(|sounding| sounding.play == Some(play)) else { return };
        let sounded = match (end, sounding.from) {
            (PlayEnd::Finished, Some(from)) => Ok(from),
            (PlayEnd::Finished, None) => Err("the microphone was gone meanwhile".to_owned()),
            _ => Err("the loudspeaker did not play it; `auricle status` may say why".to_owned()),
        };
        // Whoever asked may have gone away meanwhile.
        drop(sounding.reply.send(sounded));
    }
}
