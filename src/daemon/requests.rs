//! What people ask for: at the control socket, and by SIGHUP.

use std::collections::BTreeMap;

use auricle_core::assistant::event::{By, Event, RequestId};
use auricle_core::dialogue::Trigger;
use auricle_core::wish::{Outcome, Wish};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::control::Control;
use super::listener::Piece;
use super::sounding::Sounding;
use crate::control::{Action, Answer, Request};

/// Who waits at the control socket for an answer of the assistant.
#[derive(Default)]
pub(super) struct Waiting {
    last: u64,
    /// The echo that is being measured.
    pub(super) sounding: Option<Sounding>,
    /// Who measures the microphone.
    pub(super) listeners: Vec<mpsc::WeakSender<Piece>>,
    replies: BTreeMap<RequestId, Waiter>,
}

struct Waiter {
    reply: oneshot::Sender<Answer>,
    /// What to say where the outcome says nothing.
    done: Value,
}

impl Control {
    pub(super) fn request(&mut self, request: Request) {
        match request {
            // Whoever asked may have gone away meanwhile.
            Request::Status(reply) => drop(reply.send(self.status())),
            Request::Listen(reply) => drop(reply.send(self.listen())),
            Request::Sound(reply) => self.sound(reply),
            Request::Wake(reply) => drop(reply.send(self.wake_list())),
            Request::Act(action, reply) => match self.act_now(action) {
                Ok(answer) => drop(reply.send(answer)),
                Err(later) => self.act_later(later, reply),
            },
        }
    }

    /// What can be answered at once; else the action back.
    fn act_now(&mut self, action: Action) -> Result<Answer, Action> {
        match action {
            Action::Say(_) if !self.assistant.has_room_to_say() => {
                return Ok(Err("too many texts wait for the loudspeaker; try again later".to_owned()));
            }
            Action::Say(text) => self.decide(Event::Say(text)),
            Action::Listen => {
                let at = self.hearing.position();
                self.decide(Event::Trigger { trigger: Trigger::Listen, server: None, at });
                if self.assistant.turn().is_none() {
                    return Ok(Err(self.why_not_listening()));
                }
            }
            Action::Cancel => self.decide(Event::Cancel),
            Action::Mute => self.decide(Event::Mute(By::Local)),
            Action::Unmute => self.decide(Event::Unmute(By::Local)),
            Action::Updating => self.decide(Event::Updating),
            Action::DictateStop => self.decide(Event::Release { at: self.hearing.position() }),
            Action::WakeAdd { name, model, description } => return Ok(self.wake_add(&name, model, description)),
            Action::Volume(None) => return Ok(Ok(json!({ "volume": self.assistant.volume() }))),
            later => return Err(later),
        }
        Ok(Ok(Value::Null))
    }

    /// What is answered when the assistant knows what came of it.
    fn act_later(&mut self, action: Action, reply: oneshot::Sender<Answer>) {
        self.waiting.last += 1;
        let request = RequestId(self.waiting.last);
        let wish = |wish| Event::Wish { request, wish };
        let (event, done) = match action {
            Action::Volume(Some(percent)) => {
                (wish(Wish::Volume { percent, keep: true }), json!({ "volume": percent.min(100) }))
            }
            Action::Ask { text, chatbot } => (Event::Text { request, server: None, text, chatbot }, Value::Null),
            Action::Dictate => {
                let at = self.hearing.position();
                (Event::Dictate { request, server: None, at }, Value::Null)
            }
            Action::MeetingStart(name) => (wish(Wish::MeetingStart { name }), Value::Null),
            Action::MeetingStop => (wish(Wish::MeetingStop), Value::Null),
            Action::SshStop => (wish(Wish::TunnelStop), Value::Null),
            // Answered at once.
            _ => return,
        };
        self.waiting.replies.insert(request, Waiter { reply, done });
        self.decide(event);
    }

    /// The assistant's answer. Whoever asked may have gone away meanwhile.
    pub(super) fn reply(&mut self, request: RequestId, outcome: Outcome) {
        let Some(Waiter { reply, done }) = self.waiting.replies.remove(&request) else { return };
        let answer = match outcome {
            Outcome::Done | Outcome::Superseded => Ok(done),
            Outcome::Answer { payload, .. } => Ok(payload),
            Outcome::Refused(why) | Outcome::Failed(why) => Err(why),
        };
        drop(reply.send(answer));
    }

    fn why_not_listening(&self) -> String {
        if self.assistant.muted().is_some() {
            return "the microphone is muted; `auricle unmute` opens it".to_owned();
        }
        // A missing loudspeaker, button or light keeps nobody from listening.
        let harmless = ["SpeakerGone", "SpeakerAmbiguous", "VoiceGone", "WakeMissing", "ButtonGone", "LightsGone"];
        let first = self.assistant.causes().find(|(_, cause)| !harmless.contains(&cause.code()));
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
