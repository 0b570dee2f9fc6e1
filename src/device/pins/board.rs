//! The pins of this machine.

use std::io::{ErrorKind, Write};
use std::path::Path;

use spidev::{SpiModeFlags, Spidev, SpidevOptions};

use super::{Backend, Bus, Line, Outputs, PinError, Pins, Place, Pull, Tell, Watched, cdev, registers};

/// The real pins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Board;

impl Pins for Board {
    fn watch(&self, place: &Place, line: Line, pull: Pull, tell: Tell) -> Result<Watched, PinError> {
        match place.backend {
            Backend::Rppal => registers::watch(line, pull, tell),
            Backend::Gpiocdev => cdev::watch(&cdev::find(&place.chip)?, line, pull, tell),
            Backend::Auto => match kernel(place)? {
                Some(chip) => cdev::watch(&chip, line, pull, tell),
                None => registers::watch(line, pull, tell),
            },
        }
    }

    fn outputs(&self, place: &Place, lines: &[Line]) -> Result<Box<dyn Outputs>, PinError> {
        match place.backend {
            Backend::Rppal => registers::outputs(lines),
            Backend::Gpiocdev => cdev::outputs(&cdev::find(&place.chip)?, lines),
            Backend::Auto => match kernel(place)? {
                Some(chip) => cdev::outputs(&chip, lines),
                None => registers::outputs(lines),
            },
        }
    }

    fn bus(&self, device: &Path, clock: u32) -> Result<Box<dyn Bus>, PinError> {
        let name = device.display().to_string();
        let mut spi = Spidev::open(device).map_err(|error| match error.kind() {
            ErrorKind::NotFound => PinError::NoSpi { device: name.clone() },
            ErrorKind::PermissionDenied => PinError::Denied { what: name.clone() },
            _ => PinError::broken(&name, error),
        })?;
        let options = SpidevOptions::new().bits_per_word(8).max_speed_hz(clock).mode(SpiModeFlags::SPI_MODE_0).build();
        spi.configure(&options).map_err(|error| PinError::broken(&name, error))?;
        Ok(Box::new(Spi { spi, name }))
    }
}

/// The kernel's chip; `None` if it offers none that is known, but this is a Raspberry Pi.
fn kernel(place: &Place) -> Result<Option<cdev::Found>, PinError> {
    match cdev::find(&place.chip) {
        Ok(chip) => Ok(Some(chip)),
        // Not past a chip that somebody else uses, or that this user may not: the registers ask nobody.
        Err(error @ (PinError::NoPins | PinError::Ambiguous { .. })) if place.chip.is_empty() => {
            if registers::are_there()? {
                Ok(None)
            } else {
                Err(error)
            }
        }
        Err(error) => Err(error),
    }
}

struct Spi {
    spi: Spidev,
    name: String,
}

impl Bus for Spi {
    fn send(&mut self, bytes: &[u8]) -> Result<(), PinError> {
        // One call is one frame: a pause in the middle of it would end it for the LEDs.
        match self.spi.write(bytes) {
            Ok(sent) if sent == bytes.len() => Ok(()),
            Ok(sent) => Err(PinError::broken(&self.name, format!("it took {sent} of {} bytes", bytes.len()))),
            Err(error) => Err(PinError::broken(&self.name, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bus_that_is_not_there_says_so() {
        let error = Board.bus(Path::new("/dev/spidev250.9"), 1_000_000).err().unwrap();
        assert_eq!(error, PinError::NoSpi { device: "/dev/spidev250.9".into() });
    }

    #[test]
    fn a_file_that_is_no_bus_is_refused() {
        let error = Board.bus(Path::new("/dev/null"), 1_000_000).err().unwrap();
        assert!(matches!(&error, PinError::Broken { what, .. } if what == "/dev/null"), "{error}");
    }

    #[test]
    fn without_pins_it_is_said_or_the_test_is_skipped() {
        if std::path::Path::new("/dev/gpiochip0").exists() || registers::are_there() != Ok(false) {
            return eprintln!(
                "SKIPPED: this machine has GPIO pins, so that it can't be shown what is said without them"
            );
        }
        for backend in [Backend::Auto, Backend::Gpiocdev, Backend::Rppal] {
            let place = Place { backend, chip: String::new() };
            let error = Board.outputs(&place, &[Line { gpio: 25, active_low: false }]).err().unwrap();
            assert_eq!(error, PinError::NoPins, "{backend:?}");
        }
        eprintln!("SKIPPED: this machine has no GPIO pins; what the real ones do was not tested");
    }
}
