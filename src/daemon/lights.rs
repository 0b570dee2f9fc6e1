//! The lights: what the assistant shows becomes frames, at once when it changes and by the clock while it moves.

use std::sync::Arc;
use std::time::Instant;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::Event;
use auricle_core::assistant::shown::Scene;
use auricle_core::lights::Lights;

use super::control::Control;
use super::input::Input;
use super::retry::Retry;
use crate::device::pins::lights::{Light, LightWant};
use crate::device::pins::{PinError, Pins};

/// The lights that the settings want.
pub(super) struct Panel {
    want: LightWant,
    pins: Arc<dyn Pins>,
    lights: Lights,
    /// The LEDs, while they can be used. Dropped, they are dark.
    light: Option<Light>,
    /// Counts openings, so that the end of an old one is recognised.
    opening: u64,
    retry: Retry,
}

impl Panel {
    pub(super) fn new(want: LightWant, pins: Arc<dyn Pins>) -> Self {
        let lights = Lights::new(want.fixture());
        Self { want, pins, lights, light: None, opening: 0, retry: Retry::default() }
    }

    /// Hands the LEDs what is new for them.
    fn shine(&mut self) -> Result<(), PinError> {
        match (self.lights.poll(), &mut self.light) {
            (Some(frame), Some(light)) => light.show(frame),
            _ => Ok(()),
        }
    }
}

impl Control {
    /// When the lights want something.
    pub(super) fn lights_deadline(&self) -> Option<Instant> {
        let panel = self.panel.as_ref()?;
        // Frames for LEDs that can't be used wake nobody.
        let frame = panel.lights.deadline().filter(|_| panel.light.is_some()).map(|tick| self.clock.instant(tick));
        frame.into_iter().chain(panel.retry.deadline()).min()
    }

    /// Takes the LEDs into use, or says why that can't be done and tries again later.
    pub(super) fn open_lights(&mut self) {
        let (now, inbox, scene) = (self.clock.now(), self.inbox.clone(), self.assistant.scene());
        let Some(panel) = &mut self.panel else { return };
        panel.opening += 1;
        let opening = panel.opening;
        let lost = move |error| super::assembly::pass_on(&inbox, Input::Lights(opening, error));
        match Light::open(&*panel.pins, &panel.want, lost) {
            Ok(light) => {
                panel.light = Some(light);
                panel.retry.opens(Instant::now());
                panel.lights.handle(now, scene);
                panel.lights.forget(now);
                self.shine();
            }
            Err(error) => self.darkened(&error),
        }
    }

    pub(super) fn show(&mut self, scene: Scene) {
        let now = self.clock.now();
        if let Some(panel) = &mut self.panel {
            panel.lights.handle(now, scene);
            self.shine();
        }
    }

    /// The next frame, or the next try, if it is time.
    pub(super) fn look_after_lights(&mut self, now: Instant) {
        let tick = self.clock.now();
        let Some(panel) = &mut self.panel else { return };
        panel.lights.tick(tick);
        let (again, works) = (panel.retry.due(now), panel.retry.works(now));
        if works {
            self.pending.push_back(Event::OutputBack("LightsGone"));
        }
        self.shine();
        if again {
            self.open_lights();
        }
        self.settle();
    }

    /// A strip failed.
    pub(super) fn lights_lost(&mut self, opening: u64, error: &PinError) {
        if self.panel.as_ref().is_some_and(|panel| panel.opening == opening && panel.light.is_some()) {
            self.darkened(error);
        }
        self.settle();
    }

    fn shine(&mut self) {
        if let Some(Err(error)) = self.panel.as_mut().map(Panel::shine) {
            self.darkened(&error);
        }
    }

    fn darkened(&mut self, error: &PinError) {
        let Some(panel) = &mut self.panel else { return };
        panel.light = None;
        panel.retry.failed(Instant::now());
        let cause = Cause::LightsGone { detail: error.to_string(), trouble: error.trouble() };
        // Decided by whoever called: this may be in the middle of a decision.
        self.pending.push_back(Event::OutputLost(cause));
    }
}
