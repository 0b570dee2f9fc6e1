//! What hearing tells.

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::Event;
use auricle_core::frontend::DeviceTime;
use auricle_core::hearing::EarEvent;

use super::control::{Body, Control};
use super::input::Heard;

impl Control {
    pub(super) fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Ear(event) => self.ear_event(event, None, None),
            Heard::Part { event, caught, fresh } => self.ear_event(event, caught, fresh),
            Heard::Flowing => self.decide(Event::MicFlowing),
            Heard::Stalled => {
                let detail = format!("`{}` delivers no sound", self.settings.audio.capture.name());
                self.decide(Event::MicLost(Cause::MicGone { detail }));
            }
            Heard::Silent(value) => self.decide(Event::MicSilent(Some(self.silent_mic(value)))),
            Heard::Hears => self.decide(Event::MicSilent(None)),
            Heard::Unusable(detail) => self.decide(Event::MicLost(Cause::MicGone { detail })),
            Heard::Unlistened => self.look_after_listeners(),
            Heard::Token { token, flowing } => self.decide(Event::Token { token, flowing }),
        }
    }

    fn silent_mic(&self, value: i16) -> Cause {
        let what = if value == 0 { "zeros".to_owned() } else { format!("the value {value}") };
        Cause::MicSilent { detail: format!("`{}` delivers only {what}", self.settings.audio.capture.name()) }
    }

    fn ear_event(&mut self, event: EarEvent, caught: Option<DeviceTime>, fresh: Option<DeviceTime>) {
        match event {
            EarEvent::Voice { at, earliest } => self.decide(Event::Voice { at, earliest }),
            EarEvent::Wake { name, score, at, over, cancelled, .. } => {
                self.woken(name, |word, server| Event::Wake { word, score, server, at, over, cancelled });
            }
            EarEvent::SpeechStart { listen, .. } => self.decide(Event::SpeechStart(listen)),
            EarEvent::Ended { listen, at, why, .. } => self.decide(Event::Ended { listen, at, why }),
            EarEvent::UplinkReady { uplink, body, samples } => {
                self.bodies.insert(uplink, Body { bytes: body, caught, fresh });
                self.decide(Event::UplinkReady { uplink, samples, last: true });
            }
            EarEvent::UplinkChunk { uplink, body, samples, last, .. } => {
                self.bodies.insert(uplink, Body { bytes: body, caught, fresh });
                self.decide(Event::UplinkReady { uplink, samples, last });
            }
            EarEvent::UplinkRefused { uplink } => {
                self.decide(Event::Uplinked { uplink, sent: false, samples: 0, last: true });
            }
            EarEvent::Lost { samples } => self.ledger.count("tape_lost_samples", samples),
        }
    }
}
