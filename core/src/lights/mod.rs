//! What the lights show: one table from what the device does to a picture, and from a picture and its age to frames.
//!
//! Three kinds of lights show the same: a single LED by rhythms alone, an LED of three colours by colour and rhythm, a
//! strip by colour and motion. Red is a closed microphone and magenta a recording, whatever else happens.

pub mod apa102;
mod motion;
mod table;
pub mod ws2812;

use std::time::Duration;

pub use motion::Motion;
pub use table::{Activity, Row, TABLE};

use crate::assistant::shown::Scene;
use crate::time::Tick;

/// A colour, 0–255 each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Colour {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Colour {
    /// No light.
    pub const DARK: Self = Self::new(0, 0, 0);
    /// The microphone is closed.
    pub const RED: Self = Self::new(255, 0, 0);
    /// Something is recorded.
    pub const MAGENTA: Self = Self::new(255, 0, 255);

    /// A colour of these parts.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// The same colour with `level` of 255 of its light.
    #[must_use]
    pub fn dimmed(self, level: u8) -> Self {
        let part = |colour: u8| u8::try_from(u16::from(colour) * u16::from(level) / 255).unwrap_or(u8::MAX);
        Self::new(part(self.red), part(self.green), part(self.blue))
    }
}

/// The lights that a device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixture {
    /// One LED of one colour: on or off.
    Lamp,
    /// One LED of three colours, each on or off.
    Rgb,
    /// Several LEDs of any colour.
    Strip {
        /// How many, at least 1.
        pixels: u16,
    },
}

impl Fixture {
    /// How many colours a frame has.
    #[must_use]
    pub fn pixels(self) -> usize {
        match self {
            Self::Lamp | Self::Rgb => 1,
            Self::Strip { pixels } => usize::from(pixels.max(1)),
        }
    }
}

/// Colours for every LED, the first one first.
pub type Frame = Vec<Colour>;

/// What is to be seen, until something else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its main colour.
    pub colour: Colour,
    /// How it moves.
    pub motion: Motion,
    /// Whether the colour of a recording is seen beside it.
    pub recording: bool,
}

impl Picture {
    /// What these lights show of that.
    #[must_use]
    pub fn of(scene: Scene, fixture: Fixture) -> Self {
        let activity = Activity::of(scene);
        let row = activity.row();
        match fixture {
            Fixture::Lamp => {
                // A lamp shows one thing only. What the microphone does goes before what the loudspeaker does.
                let row = match scene {
                    Scene { recording: true, .. } => Activity::Recording.row(),
                    Scene { muted: true, .. } => Activity::Muted.row(),
                    _ => row,
                };
                Self { colour: Colour::new(255, 255, 255), motion: row.lamp, recording: false }
            }
            Fixture::Rgb | Fixture::Strip { .. } => Self {
                colour: match (scene.muted, activity, fixture) {
                    (true, ..) => Colour::RED,
                    (false, Activity::Speaking, Fixture::Strip { .. }) => table::speech(scene.mood),
                    _ => row.colour,
                },
                motion: if fixture == Fixture::Rgb { row.rgb } else { row.strip },
                recording: scene.recording && activity != Activity::Recording,
            },
        }
    }

    /// The frame that is seen when the picture is `age` old, and how long it stays; `None`: as long as the picture.
    #[must_use]
    pub fn frame(self, fixture: Fixture, age: Duration) -> (Frame, Option<Duration>) {
        let pixels = fixture.pixels();
        if self.recording && pixels == 1 {
            return self.in_turns(age);
        }
        let (mut frame, stays) = self.motion.frame(self.colour, pixels, age);
        if !self.recording {
            return (frame, stays);
        }
        // One LED in three, and of two the second.
        let step = frame.len().min(3);
        frame.iter_mut().skip(step - 1).step_by(step).for_each(|pixel| *pixel = Colour::MAGENTA);
        (frame, stays)
    }
}

impl Picture {
    /// One LED shows the recording and the rest in turns.
    fn in_turns(self, age: Duration) -> (Frame, Option<Duration>) {
        let (recording, until) = motion::recording_first(age);
        if recording {
            return (vec![Colour::MAGENTA], Some(until));
        }
        // A flash at the beginning of a rhythm must not fall behind the recording again and again.
        let (frame, stays) = self.motion.frame(self.colour, 1, age.saturating_sub(motion::BESIDE));
        (frame, Some(stays.map_or(until, |stays| stays.min(until))))
    }
}

/// The lights of a device. A frame comes out when something changes, and nothing while nothing does.
#[derive(Debug)]
pub struct Lights {
    fixture: Fixture,
    picture: Option<Picture>,
    since: Tick,
    /// When the next frame is due.
    due: Option<Tick>,
    /// What the LEDs have been told last.
    last: Option<Frame>,
    next: Option<Frame>,
}

impl Lights {
    /// Lights that have not been told anything.
    #[must_use]
    pub const fn new(fixture: Fixture) -> Self {
        Self { fixture, picture: None, since: Tick::ZERO, due: None, last: None, next: None }
    }

    /// This is to be seen from now on.
    pub fn handle(&mut self, now: Tick, scene: Scene) {
        let picture = Picture::of(scene, self.fixture);
        if self.picture != Some(picture) {
            self.picture = Some(picture);
            self.since = now;
            self.draw(now);
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Tick) {
        if self.due.is_some_and(|due| due <= now) {
            self.draw(now);
        }
    }

    /// The LEDs may have forgotten what they were told: the next frame comes out in any case.
    pub fn forget(&mut self, now: Tick) {
        self.last = None;
        self.draw(now);
    }

    /// The frame that the LEDs are to be told now, if it is another one.
    pub fn poll(&mut self) -> Option<Frame> {
        let frame = self.next.take().filter(|frame| self.last.as_ref() != Some(frame))?;
        self.last = Some(frame.clone());
        Some(frame)
    }

    /// When [`tick`](Self::tick) has something to do; `None` while the picture stands still.
    #[must_use]
    pub const fn deadline(&self) -> Option<Tick> {
        self.due
    }

    fn draw(&mut self, now: Tick) {
        let Some(picture) = self.picture else { return };
        let (frame, stays) = picture.frame(self.fixture, now.since(self.since));
        self.next = Some(frame);
        self.due = stays.map(|stays| now + stays);
    }
}

#[cfg(test)]
mod tests;
