//! What people ask for: at the control socket, and by SIGHUP.

use auricle_core::assistant::event::{By, Event};
use auricle_core::dialogue::Trigger;

use serde_json::Value;

use super::control::Control;
use crate::control::{Action, Answer, Request};

impl Control {
    pub(super) fn request(&mut self, request: Request) {
        match request {
            // Whoever asked may have gone away meanwhile.
            Request::Status(reply) => drop(reply.send(self.status())),
            Request::Act(action, reply) => drop(reply.send(self.act(action))),
        }
    }

    fn act(&mut self, action: Action) -> Answer {
        match action {
            Action::Say(_) if !self.assistant.has_room_to_say() => {
                return Err("too many texts wait for the loudspeaker; try again later".to_owned());
            }
            Action::Say(text) => self.decide(Event::Say(text)),
            Action::Listen => {
                let at = self.hearing.position();
                self.decide(Event::Trigger { trigger: Trigger::Listen, server: None, at });
                if self.assistant.turn().is_none() {
                    return Err(self.why_not_listening());
                }
            }
            Action::Cancel => self.decide(Event::Cancel),
            Action::Mute => self.decide(Event::Mute(By::Local)),
            Action::Unmute => self.decide(Event::Unmute(By::Local)),
            Action::Volume(_)
            | Action::Ask { .. }
            | Action::Dictate
            | Action::DictateStop
            | Action::MeetingStart(_)
            | Action::MeetingStop
            | Action::SshStop => return Err("not served by this build yet".to_owned()),
        }
        Ok(Value::Null)
    }

    fn why_not_listening(&self) -> String {
        if self.assistant.muted().is_some() {
            return "the microphone is muted; `auricle unmute` opens it".to_owned();
        }
        // A missing loudspeaker keeps nobody from listening.
        let first = self
            .assistant
            .causes()
            .find(|(_, cause)| !matches!(cause.code(), "SpeakerGone" | "SpeakerAmbiguous" | "VoiceGone"));
        first.map_or_else(
            || "the server is not connected yet; try again in a moment".to_owned(),
            |(_, cause)| format!("{} {}", cause.text(), cause.remedy()),
        )
    }

    /// Reads the settings again; what can change while the daemon runs changes.
    pub(super) fn reload(&mut self) {
        let Some(reload) = &mut self.reload else { return };
        match reload() {
            Ok(settings) => {
                for name in self.settings.needs_restart(&settings) {
                    tracing::warn!("`{name}` has changed and counts after a restart");
                }
                self.adopt(&settings);
                tracing::info!("the settings were read again");
            }
            Err(error) => tracing::error!("the settings stay as they were: {error}"),
        }
    }
}
