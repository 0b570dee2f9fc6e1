//! Pins by the registers of a Raspberry Pi, where the kernel offers no chip that is known.

use std::io::ErrorKind;
use std::time::Duration;

use rppal::gpio::{Bias, Error, Gpio, InputPin, OutputPin, Trigger};

use super::{Line, Outputs, PinError, Pull, Tell, Watch, Watched, cdev};

/// Changes that last less are left out.
const SPIKE: Duration = Duration::from_millis(5);

/// Where the registers of a Raspberry Pi 5 are; the crate names those of the others itself.
const RP1: &str = "/dev/gpiomem0";

/// Whether this is a Raspberry Pi whose registers can be reached.
///
/// # Errors
/// When they are there, and this user may not.
pub fn are_there() -> Result<bool, PinError> {
    match Gpio::new().map_err(|error| refused(0, error)) {
        Ok(_) => Ok(true),
        // The whole memory is what the crate tries last; nobody is to be sent there.
        Err(PinError::Denied { what }) if what != "/dev/mem" => Err(PinError::Denied { what }),
        Err(_) => Ok(false),
    }
}

/// Tells changes of an input, from a thread of its own.
pub fn watch(line: Line, pull: Pull, tell: Tell) -> Result<Watched, PinError> {
    let mut input = pin(line.gpio)?.into_input();
    input.set_bias(match pull {
        Pull::Up => Bias::PullUp,
        Pull::Down => Bias::PullDown,
        Pull::Off => Bias::Off,
    });
    let on = input.is_high() != line.active_low;
    let changed = move |event: rppal::gpio::Event| {
        let high = event.trigger == Trigger::RisingEdge;
        tell(cdev::notice(high != line.active_low, event.timestamp));
    };
    input.set_async_interrupt(Trigger::Both, Some(SPIKE), changed).map_err(|error| refused(line.gpio, error))?;
    Ok(Watched { on, watch: Box::new(Watching(input, line.active_low)) })
}

/// An input, and whether it is on when it is low. Ends the watching when dropped.
struct Watching(InputPin, bool);

impl Watch for Watching {
    fn look(&self) -> Result<bool, PinError> {
        // Changes come by the crate's thread; there is none to hurry.
        Ok(self.0.is_high() != self.1)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.clear_async_interrupt();
    }
}

/// Takes outputs, all off.
pub fn outputs(lines: &[Line]) -> Result<Box<dyn Outputs>, PinError> {
    let take = |line: &Line| -> Result<(OutputPin, bool), PinError> {
        let pin = pin(line.gpio)?;
        let output = if line.active_low { pin.into_output_high() } else { pin.into_output_low() };
        Ok((output, line.active_low))
    };
    let taken: Result<Vec<_>, PinError> = lines.iter().map(take).collect();
    Ok(Box::new(Driven(taken?)))
}

/// Each with whether it is on when it is low. The crate gives a pin back as it was.
struct Driven(Vec<(OutputPin, bool)>);

impl Outputs for Driven {
    fn set(&mut self, on: &[bool]) -> Result<(), PinError> {
        for ((pin, active_low), on) in self.0.iter_mut().zip(on) {
            if *on == *active_low { pin.set_low() } else { pin.set_high() }
        }
        Ok(())
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let _ = self.set(&vec![false; self.0.len()]);
    }
}

fn pin(gpio: u8) -> Result<rppal::gpio::Pin, PinError> {
    Gpio::new().and_then(|pins| pins.get(gpio)).map_err(|error| refused(gpio, error))
}

fn refused(gpio: u8, error: Error) -> PinError {
    match error {
        Error::UnknownModel => PinError::NoPins,
        Error::PinUsed(gpio) => PinError::Busy { gpio, holder: "another setting of Auricle".to_owned() },
        Error::PinNotAvailable(gpio) => PinError::NoSuchPin { gpio, chip: "bcm".to_owned(), last: 53 },
        Error::Io(error) if error.kind() == ErrorKind::PermissionDenied => PinError::Denied { what: RP1.to_owned() },
        Error::PermissionDenied(what) => PinError::Denied { what },
        other => PinError::pin(gpio, other),
    }
}
