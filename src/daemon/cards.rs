//! What the sound threads and the speech engine tell, and what they can't tell because they hang.

use std::time::{Duration, Instant};

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{Event, PlayNumber};
use auricle_core::dialogue::PlayEnd;

use super::control::{Control, PROBE};
use super::speech::Sink;
use crate::services::tts::TtsError;
use crate::sound::{CardName, MicNotice, SoundError, SpeakerNotice};

impl Control {
    /// Tells of a sound thread that hangs, which it can't tell itself.
    pub(super) fn look_after_cards(&mut self, now: Instant) {
        if self.mic_owes.due(now)
            && let Err(error) = self.mic.check()
        {
            self.mic_lost(&error);
        }
        if self.speaker_owes.due(now)
            && let Some(play) = self.ordered
            && let Err(error) = self.speaker.check()
        {
            // What lies in its ring must not be heard when the thread goes on.
            self.speaker.flush(play.0);
            self.speaker_lost(Some(play), &error);
            self.settle();
        }
    }

    pub(super) fn mic_notice(&mut self, notice: MicNotice) {
        match notice {
            // Opened while the order to close was under way: not a sample of it may reach the tape.
            MicNotice::Opened { .. } if self.assistant.muted().is_some() => {}
            MicNotice::Opened { device, shape, ring, stamps } => {
                self.mic_owes.end();
                tracing::info!("microphone {device}: {shape}");
                self.hearing.attach(shape, ring, stamps);
            }
            MicNotice::Failed(error) => {
                self.hearing.detach();
                self.mic_lost(&error);
            }
            MicNotice::Closed => {
                self.hearing.detach();
                self.decide(Event::MicClosed);
            }
        }
    }

    fn mic_lost(&mut self, error: &SoundError) {
        self.mic_owes.end();
        self.decide(Event::MicLost(mic_cause(error)));
    }

    pub(super) fn speaker_notice(&mut self, notice: SpeakerNotice) {
        match notice {
            SpeakerNotice::Ready { id, rate, ring, leaving } => {
                if let Some(making) = self.makings.get_mut(&PlayNumber(id)) {
                    making.sink(Sink { rate, ring, leaving });
                }
                self.speaker_back();
            }
            SpeakerNotice::Started { id } => {
                self.sounding_began(PlayNumber(id));
                self.speaker_said(PlayNumber(id));
            }
            SpeakerNotice::Ended { id, end, heard } => self.sound_ended(PlayNumber(id), end, heard),
            SpeakerNotice::Failed { id, error } => self.speaker_lost(id.map(PlayNumber), &error),
            SpeakerNotice::Back => self.speaker_back(),
        }
        self.settle();
    }

    /// The loudspeaker's thread is past the calls that may hold it, with this order or by its end.
    fn speaker_said(&mut self, play: PlayNumber) {
        if self.ordered == Some(play) {
            self.speaker_owes.end();
        }
    }

    /// There is no loudspeaker, which ends `play`, if that was to be heard.
    pub(super) fn speaker_lost(&mut self, play: Option<PlayNumber>, error: &SoundError) {
        self.probe.get_or_insert_with(|| Instant::now() + PROBE);
        self.pending.push_back(Event::OutputLost(speaker_cause(error)));
        if let Some(play) = play {
            self.sound_ended(play, PlayEnd::Failed, Duration::ZERO);
        }
    }

    fn speaker_back(&mut self) {
        self.probe = None;
        self.decide(Event::OutputBack("SpeakerGone"));
        self.decide(Event::OutputBack("SpeakerAmbiguous"));
    }

    fn sound_ended(&mut self, play: PlayNumber, end: PlayEnd, heard: Duration) {
        self.speaker_said(play);
        if end == PlayEnd::Flushed {
            tracing::debug!(play = play.0, "the loudspeaker was stopped");
        }
        self.sounding_ended(play, end);
        self.makings.remove(&play);
        let tone_only = self.voiceless.iter().position(|voiceless| *voiceless == play);
        let end = match tone_only {
            Some(place) => {
                self.voiceless.swap_remove(place);
                PlayEnd::Failed
            }
            None => end,
        };
        self.pending.push_back(Event::Played { play, end, heard });
    }

    /// A sound was made to its end.
    pub(super) fn voiced(&mut self, play: PlayNumber) {
        self.makings.remove(&play);
        if let Some(warning) = self.voice.take_warning() {
            tracing::warn!("{warning}; {}", warning.remedy());
        }
        self.decide(Event::OutputBack("VoiceGone"));
    }

    pub(super) fn voiceless(&mut self, play: PlayNumber, error: &TtsError) {
        if self.makings.remove(&play).is_some() {
            self.voiceless.push(play);
        }
        // A text without a word in it says nothing about the voice.
        if !matches!(error, TtsError::NothingToSay) {
            self.decide(Event::OutputLost(Cause::VoiceGone { detail: error.to_string() }));
        }
    }
}

fn mic_cause(error: &SoundError) -> Cause {
    match error {
        SoundError::Busy { holder, .. } => {
            Cause::MicBusy { holder: holder.clone().unwrap_or_else(|| "another program".to_owned()) }
        }
        SoundError::Ambiguous { cards, .. } => Cause::MicAmbiguous { cards: names(cards) },
        other => Cause::MicGone { detail: other.to_string() },
    }
}

fn speaker_cause(error: &SoundError) -> Cause {
    match error {
        SoundError::Ambiguous { cards, .. } => Cause::SpeakerAmbiguous { cards: names(cards) },
        other => Cause::SpeakerGone { detail: other.to_string() },
    }
}

fn names(cards: &[CardName]) -> String {
    let names: Vec<&str> = cards.iter().map(|card| card.pcm.as_str()).collect();
    names.join(", ")
}
