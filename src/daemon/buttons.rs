//! The buttons: edges of pins become gestures, and gestures events of the assistant.

use std::sync::Arc;
use std::time::Instant;

use auricle_core::assistant::cause::{Cause, PinTrouble};
use auricle_core::assistant::event::{Event, ServerId};
use auricle_core::assistant::report::Report;
use auricle_core::button::{Button, STUCK, Told};
use auricle_core::time::Tick;

use super::control::Control;
use super::edges::{Edges, Waiting};
use super::input::Input;
use super::retry::Retry;
use crate::config::ButtonWant;
use crate::device::pins::{PinError, Pins, Watched};

/// A button of the settings.
pub(super) struct Contact {
    want: ButtonWant,
    pins: Arc<dyn Pins>,
    button: Button,
    /// What watches its pin, while that can be used.
    watched: Option<Watched>,
    /// What this opening of the pin tells; what an older one still has to tell reaches nobody.
    edges: Arc<Edges>,
    retry: Retry,
    /// What is wrong with it.
    trouble: Option<Cause>,
}

impl Contact {
    pub(super) fn new(want: ButtonWant, pins: Arc<dyn Pins>) -> Self {
        let button = Button::new(Tick::ZERO, false);
        Self { want, pins, button, watched: None, edges: Arc::default(), retry: Retry::default(), trouble: None }
    }
}

impl Control {
    /// When a button wants something.
    pub(super) fn buttons_deadline(&self) -> Option<Instant> {
        let held = self.buttons.iter().filter_map(|contact| contact.button.deadline());
        let held = held.map(|tick| self.clock.instant(tick));
        held.chain(self.buttons.iter().filter_map(|contact| contact.retry.deadline())).min()
    }

    /// Watches every button.
    pub(super) fn open_buttons(&mut self) {
        for place in 0..self.buttons.len() {
            self.open_button(place);
        }
    }

    fn open_button(&mut self, place: usize) {
        let (now, inbox) = (self.clock.now(), self.inbox.clone());
        let Some(contact) = self.buttons.get_mut(place) else { return };
        contact.edges = Arc::default();
        let edges = Arc::clone(&contact.edges);
        let tell = Box::new(move |notice| {
            if edges.push(notice) {
                // Without room in the inbox the control thread is awake, and looks after the buttons soon.
                let _ = inbox.try_send(Input::Pin);
            }
        });
        let ButtonWant { place: whereabouts, line, pull, .. } = &contact.want;
        match contact.pins.watch(whereabouts, *line, *pull, tell) {
            Ok(watched) => {
                contact.button = Button::new(now, watched.on);
                contact.watched = Some(watched);
                contact.retry.opens(Instant::now());
            }
            Err(error) => self.button_lost(place, &error),
        }
    }

    /// Changes, holds, and tries that are due.
    pub(super) fn look_after_buttons(&mut self, now: Instant) {
        for place in 0..self.buttons.len() {
            let contact = &mut self.buttons[place];
            if contact.retry.works(now) {
                contact.trouble = None;
                self.tell_trouble();
            } else if contact.retry.due(now) {
                self.open_button(place);
            }
            self.read_button(place);
        }
    }

    /// Everything up to now, in its order: what the button tells must not depend on how late we are.
    fn read_button(&mut self, place: usize) {
        let (now, clock) = (self.clock.now(), self.clock);
        let contact = &mut self.buttons[place];
        let Some(watched) = &contact.watched else { return };
        if !contact.edges.any() && contact.button.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let looked = watched.watch.look();
        let Waiting { edges, missed, broken } = contact.edges.take();
        let closed = match (looked, broken) {
            (_, Some(error)) | (Err(error), None) => return self.button_lost(place, &error),
            (Ok(closed), None) => closed,
        };
        if missed > 0 {
            contact.button.lost(now, closed);
            let detail = format!("GPIO{} changed faster than it was read", contact.want.line.gpio);
            let count = missed + edges.len() as u64;
            self.tell(None, &Report::Drop { what: "button", count, detail });
        } else {
            for (at, edge) in edges {
                contact.button.handle(clock.tick(at), edge);
            }
            contact.button.look(now, closed);
        }
        self.button_told(place);
    }

    fn button_told(&mut self, place: usize) {
        while let Some(told) = self.buttons[place].button.poll() {
            let contact = &mut self.buttons[place];
            match told {
                Told::Gesture { gesture, pressed } => {
                    let (server, at) = (contact.want.server.map(ServerId), self.hearing.position());
                    self.decide(Event::Button { gesture, server, at, pressed });
                }
                Told::Stuck => {
                    let detail = format!("GPIO{} is held for more than {} s", contact.want.line.gpio, STUCK.as_secs());
                    contact.trouble = Some(Cause::ButtonGone { detail, trouble: PinTrouble::Stuck });
                    self.tell_trouble();
                }
                Told::Freed => {
                    contact.trouble = None;
                    self.tell_trouble();
                }
            }
        }
    }

    fn button_lost(&mut self, place: usize, error: &PinError) {
        let now = self.clock.now();
        let contact = &mut self.buttons[place];
        contact.watched = None;
        contact.button = Button::new(now, false);
        contact.retry.failed(Instant::now());
        contact.trouble = Some(Cause::ButtonGone { detail: error.to_string(), trouble: error.trouble() });
        self.tell_trouble();
    }

    /// One cause serves all buttons: that of the first which has one.
    fn tell_trouble(&mut self) {
        let trouble = self.buttons.iter().find_map(|contact| contact.trouble.clone());
        self.decide(trouble.map_or(Event::OutputBack("ButtonGone"), Event::OutputLost));
    }
}
