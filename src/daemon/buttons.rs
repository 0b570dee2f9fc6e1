//! The buttons: edges of pins become gestures, and gestures events of the assistant.

use std::sync::Arc;
use std::time::Instant;

use auricle_core::assistant::cause::{Cause, PinTrouble};
use auricle_core::assistant::event::{Event, ServerId};
use auricle_core::button::{Button, STUCK, Told};
use auricle_core::time::Tick;

use super::control::Control;
use super::input::Input;
use super::retry::Retry;
use crate::config::ButtonWant;
use crate::device::pins::{PinNotice, Pins, Watched};

/// A button of the settings.
pub(super) struct Contact {
    want: ButtonWant,
    pins: Arc<dyn Pins>,
    button: Button,
    /// What watches its pin, while that can be used.
    watched: Option<Watched>,
    /// Counts openings, so that notices of an old one are recognised.
    opening: u64,
    retry: Retry,
    /// What is wrong with it.
    trouble: Option<Cause>,
}

impl Contact {
    pub(super) fn new(want: ButtonWant, pins: Arc<dyn Pins>) -> Self {
        let button = Button::new(Tick::ZERO, false);
        Self { want, pins, button, watched: None, opening: 0, retry: Retry::default(), trouble: None }
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
        contact.opening += 1;
        let opening = contact.opening;
        let tell = Box::new(move |notice| super::assembly::pass_on(&inbox, Input::Pin { place, opening, notice }));
        let ButtonWant { place: whereabouts, line, pull, .. } = &contact.want;
        match contact.pins.watch(whereabouts, *line, *pull, tell) {
            Ok(watched) => {
                contact.button = Button::new(now, watched.on);
                contact.watched = Some(watched);
                contact.retry.works();
                contact.trouble = None;
                self.tell_trouble();
            }
            Err(error) => self.button_lost(place, error.to_string(), error.trouble()),
        }
    }

    /// Holds, and tries that are due.
    pub(super) fn look_after_buttons(&mut self, now: Instant) {
        let tick = self.clock.now();
        for place in 0..self.buttons.len() {
            self.buttons[place].button.tick(tick);
            self.button_told(place);
            if self.buttons[place].retry.due(now) {
                self.open_button(place);
            }
        }
    }

    /// A pin tells something.
    pub(super) fn pin_notice(&mut self, place: usize, opening: u64, notice: PinNotice) {
        let (now, clock) = (self.clock.now(), self.clock);
        let Some(contact) = self.buttons.get_mut(place).filter(|contact| contact.opening == opening) else { return };
        match notice {
            PinNotice::Edge { at, edge } => {
                contact.button.handle(clock.tick(at), edge);
                contact.button.tick(now);
                self.button_told(place);
            }
            PinNotice::Lost(error) => self.button_lost(place, error.to_string(), error.trouble()),
        }
    }

    fn button_told(&mut self, place: usize) {
        while let Some(told) = self.buttons[place].button.poll() {
            let contact = &mut self.buttons[place];
            match told {
                Told::Gesture(gesture) => {
                    let (server, at) = (contact.want.server.map(ServerId), self.hearing.position());
                    self.decide(Event::Button { gesture, server, at });
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

    fn button_lost(&mut self, place: usize, detail: String, trouble: PinTrouble) {
        let now = self.clock.now();
        let contact = &mut self.buttons[place];
        contact.watched = None;
        contact.button = Button::new(now, false);
        contact.retry.failed(Instant::now());
        contact.trouble = Some(Cause::ButtonGone { detail, trouble });
        self.tell_trouble();
    }

    /// One cause serves all buttons: that of the first which has one.
    fn tell_trouble(&mut self) {
        let trouble = self.buttons.iter().find_map(|contact| contact.trouble.clone());
        self.decide(trouble.map_or(Event::OutputBack("ButtonGone"), Event::OutputLost));
    }
}
