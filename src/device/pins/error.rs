//! What can be wrong with pins.

use auricle_core::assistant::cause::PinTrouble;

/// Why a pin or a bus can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// There are none.
    #[error("this machine has no GPIO pins")]
    NoPins,
    /// The kernel has several chips, and none is known.
    #[error("it is not known which of the GPIO chips is meant: {chips}; name one with `chip`")]
    Ambiguous {
        /// Their labels.
        chips: String,
    },
    /// There is no chip with that label.
    #[error("there is no GPIO chip with the label `{chip}`, only {chips}")]
    NoSuchChip {
        /// The label that is looked for.
        chip: String,
        /// Those that are there.
        chips: String,
    },
    /// The chip has fewer pins.
    #[error("there is no GPIO{gpio}: the chip `{chip}` has 0 to {last}")]
    NoSuchPin {
        /// The pin.
        gpio: u8,
        /// The label of the chip.
        chip: String,
        /// Its last pin.
        last: u32,
    },
    /// This user may not.
    #[error("{what} may not be used: permission denied")]
    Denied {
        /// A device file.
        what: String,
    },
    /// Somebody else uses it.
    #[error("GPIO{gpio} is used by {holder}")]
    Busy {
        /// The pin.
        gpio: u8,
        /// Who.
        holder: String,
    },
    /// There is no such SPI bus.
    #[error("there is no {device}")]
    NoSpi {
        /// Its device file.
        device: String,
    },
    /// It fails.
    #[error("{what}: {why}")]
    Broken {
        /// A pin or a device file.
        what: String,
        /// What the system says.
        why: String,
    },
}

impl PinError {
    /// Of what kind that is, which decides what to do.
    #[must_use]
    pub const fn trouble(&self) -> PinTrouble {
        match self {
            Self::NoPins | Self::Ambiguous { .. } | Self::NoSuchChip { .. } | Self::NoSuchPin { .. } => {
                PinTrouble::NoPins
            }
            Self::Denied { .. } => PinTrouble::Denied,
            Self::Busy { .. } => PinTrouble::Busy,
            Self::NoSpi { .. } => PinTrouble::NoSpi,
            Self::Broken { .. } => PinTrouble::Broken,
        }
    }

    pub(super) fn broken(what: impl ToString, why: impl ToString) -> Self {
        Self::Broken { what: what.to_string(), why: why.to_string() }
    }

    pub(super) fn pin(gpio: u8, why: impl ToString) -> Self {
        Self::broken(format!("GPIO{gpio}"), why)
    }
}
