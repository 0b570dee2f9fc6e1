//! Pins: buttons, LEDs, the bus of a strip.
//!
//! [`Pins`] is the wall to the hardware. [`Board`] is the real one: the kernel's GPIO devices where they can be used,
//! else the registers of a Raspberry Pi; tests bring their own.

mod bits;
mod board;
mod cdev;
mod error;
pub mod lights;
mod registers;
mod strip;

use std::path::Path;
use std::time::Instant;

use auricle_core::button::Edge;

pub use board::Board;
pub use error::PinError;

/// Who gets us to the pins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The kernel, and where it offers no chip that is known, the registers of a Raspberry Pi.
    #[default]
    Auto,
    /// The kernel's GPIO devices: any board.
    Gpiocdev,
    /// The registers of a Raspberry Pi.
    Rppal,
}

/// Where pins are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// By whom.
    pub backend: Backend,
    /// The label of the kernel's chip; empty: that of a Raspberry Pi, or the only one.
    pub chip: String,
}

/// A pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number: BCM on a Raspberry Pi.
    pub gpio: u8,
    /// Whether it is on when it is low.
    pub active_low: bool,
}

/// What holds an input while nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// A resistor to 3.3 V.
    Up,
    /// A resistor to ground.
    Down,
    /// Nothing, or a resistor outside.
    Off,
}

/// What an input tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinNotice {
    /// It changed.
    Edge {
        /// When, as the system saw it.
        at: Instant,
        /// How.
        edge: Edge,
    },
    /// So many changes came faster than they were read, and are lost.
    Missed(u64),
    /// It can't be watched any longer.
    Lost(PinError),
}

/// Takes what an input tells; may be called from another thread.
pub type Tell = Box<dyn Fn(PinNotice) + Send + Sync>;

/// An input that is watched until this is dropped.
pub struct Watched {
    /// Whether it was on when that began.
    pub on: bool,
    /// What watches.
    pub watch: Box<dyn Watch>,
}

/// Watches an input until it is dropped.
pub trait Watch: Send {
    /// Tells at once what the system has seen of the input and not told yet; then, whether it is on.
    ///
    /// # Errors
    /// When it can't be watched any longer.
    fn look(&self) -> Result<bool, PinError>;
}

/// Outputs that are set together. Off when dropped.
pub trait Outputs: Send {
    /// Turns each on or off, in the order in which they were asked for.
    ///
    /// # Errors
    /// When the pins are gone.
    fn set(&mut self, on: &[bool]) -> Result<(), PinError>;
}

/// The bus of a strip.
pub trait Bus: Send {
    /// Sends these bytes; may block for as long as that takes.
    ///
    /// # Errors
    /// When the bus is gone.
    fn send(&mut self, bytes: &[u8]) -> Result<(), PinError>;
}

/// The pins of a machine.
pub trait Pins: Send + Sync + 'static {
    /// Tells every change of an input from now on. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// When it can't be used; it may be tried again.
    fn watch(&self, place: &Place, line: Line, pull: Pull, tell: Tell) -> Result<Watched, PinError>;

    /// Takes outputs, all off.
    ///
    /// # Errors
    /// When one can't be used; they may be tried again.
    fn outputs(&self, place: &Place, lines: &[Line]) -> Result<Box<dyn Outputs>, PinError>;

    /// Opens an SPI bus with this clock, in Hz.
    ///
    /// # Errors
    /// When it can't be used; it may be tried again.
    fn bus(&self, device: &Path, clock: u32) -> Result<Box<dyn Bus>, PinError>;
}
