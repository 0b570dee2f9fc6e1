//! The microphone as the assistant sees it: open, muted by somebody, gone.

use super::event::By;

/// What stands between the device and hearing.
#[derive(Debug, Default)]
pub struct Mic {
    muted: Option<By>,
    /// Whether the device was seen to be closed after it was muted.
    closed: bool,
    flowing: bool,
    gone: bool,
}

impl Mic {
    /// Samples arrive.
    pub fn flows(&mut self) {
        self.flowing = self.muted.is_none();
        self.gone = false;
    }

    /// The device can't be used.
    pub fn lost(&mut self) {
        self.flowing = false;
        self.gone = true;
    }

    /// Closes it. Who mutes at the device is stronger than a server. True if it was open before.
    pub fn mute(&mut self, by: By) -> bool {
        let was_open = self.muted.is_none();
        if self.muted != Some(By::Local) {
            self.muted = Some(by);
        }
        self.flowing = false;
        was_open
    }

    /// Lifts a mute: a server lifts only what a server muted. True if it is no longer muted.
    pub fn unmute(&mut self, by: By) -> bool {
        if by == By::Remote && self.muted == Some(By::Local) {
            return false;
        }
        self.muted = None;
        self.closed = false;
        true
    }

    /// The device is closed, by order; an order to open it that came meanwhile is still under way.
    pub fn closed(&mut self) {
        self.closed = self.muted.is_some();
    }

    /// Whether nothing holds the device.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Who muted, if so.
    #[must_use]
    pub const fn muted(&self) -> Option<By> {
        self.muted
    }

    /// Whether the device can't be used.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether a turn may use it.
    #[must_use]
    pub const fn usable(&self) -> bool {
        self.muted.is_none() && !self.gone
    }

    /// Whether silence from the capture thread is expected: nobody must be alarmed by it.
    #[must_use]
    pub const fn silence_is_known(&self) -> bool {
        self.muted.is_some() || self.gone
    }

    /// Whether samples arrive.
    #[must_use]
    pub const fn is_flowing(&self) -> bool {
        self.flowing
    }
}
