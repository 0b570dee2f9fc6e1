//! Pins by the kernel's GPIO devices (`/dev/gpiochipN`). A chip is known by its label: its number can change with the
//! next kernel.

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use auricle_core::button::Edge;
use gpiocdev::Request;
use gpiocdev::chip::{Chip, chips};
use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Value};
use nix::time::{ClockId, clock_gettime};
use tokio::io::unix::AsyncFd;
use tokio::task::AbortHandle;

use super::{Line, Outputs, PinError, PinNotice, Pull, Tell, Watched};

/// The chips whose pins are on the 40-pin header of a Raspberry Pi: up to 3, 4, and 5.
const RASPBERRY: [&str; 3] = ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"];

/// The kernel leaves changes out that last less, so that a bad contact can't flood us.
const SPIKE: Duration = Duration::from_millis(5);

/// Changes that are read at once; with more the others of the control thread have their turn in between.
const AT_ONCE: usize = 16;

/// What others see as the user of a pin.
const CONSUMER: &str = "auricle";

/// A chip that can be used.
#[derive(Clone, Debug)]
pub struct Found {
    path: PathBuf,
    label: String,
    lines: u32,
}

/// The chip with this label; empty: the one of a Raspberry Pi, or the only one.
pub fn find(label: &str) -> Result<Found, PinError> {
    let (mut found, mut denied) = (Vec::new(), None);
    for path in chips().unwrap_or_default() {
        match look(&path) {
            Ok(chip) => found.push(chip),
            Err(error @ PinError::Denied { .. }) => denied = Some(error),
            Err(error) => tracing::debug!("{error}"),
        }
    }
    choose(found, label).map_err(|error| denied.unwrap_or(error))
}

fn look(path: &PathBuf) -> Result<Found, PinError> {
    let name = path.display().to_string();
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => PinError::Denied { what: name.clone() },
        _ => PinError::broken(&name, error),
    })?;
    let info = Chip::from_path(path).and_then(|chip| chip.info()).map_err(|error| PinError::broken(&name, error))?;
    Ok(Found { path: path.clone(), label: info.label, lines: info.num_lines })
}

fn choose(mut found: Vec<Found>, label: &str) -> Result<Found, PinError> {
    let labels = |found: &[Found]| {
        let labels: Vec<String> = found.iter().map(|chip| format!("`{}`", chip.label)).collect();
        labels.join(", ")
    };
    if found.is_empty() {
        return Err(PinError::NoPins);
    }
    let wanted =
        |chip: &Found| if label.is_empty() { RASPBERRY.contains(&chip.label.as_str()) } else { chip.label == label };
    match found.iter().position(wanted) {
        Some(place) => Ok(found.swap_remove(place)),
        None if !label.is_empty() => Err(PinError::NoSuchChip { chip: label.to_owned(), chips: labels(&found) }),
        None if found.len() == 1 => Ok(found.swap_remove(0)),
        None => Err(PinError::Ambiguous { chips: labels(&found) }),
    }
}

/// Tells changes of an input.
pub fn watch(chip: &Found, line: Line, pull: Pull, tell: Tell) -> Result<Watched, PinError> {
    check(chip, line)?;
    let gpio = line.gpio;
    let mut builder = Request::builder();
    builder.on_chip(&chip.path).with_consumer(CONSUMER).with_line(u32::from(gpio)).as_input();
    builder.with_bias(match pull {
        Pull::Up => Bias::PullUp,
        Pull::Down => Bias::PullDown,
        Pull::Off => Bias::Disabled,
    });
    if line.active_low {
        builder.as_active_low();
    }
    builder.with_edge_detection(EdgeDetection::BothEdges).with_debounce_period(SPIKE);
    let request = builder.request().map_err(|error| PinError::pin(gpio, error))?;
    let on = request.lone_value().map_err(|error| PinError::pin(gpio, error))? == Value::Active;
    // SAFETY: a request owns its descriptor and keeps it, the same one, open as long as it lives.
    let request = unsafe { AsyncFd::register(request) }.map_err(|error| PinError::pin(gpio, error))?;
    let task = tokio::spawn(async move {
        let why = follow(&request, &tell).await;
        tell(PinNotice::Lost(PinError::pin(gpio, why)));
    });
    Ok(Watched { on, guard: Box::new(Following(task.abort_handle())) })
}

/// Reads changes until that fails; why it does.
async fn follow(request: &AsyncFd<Request>, tell: &Tell) -> String {
    loop {
        let mut ready = match request.readable().await {
            Ok(ready) => ready,
            Err(error) => return error.to_string(),
        };
        if ready.ready().is_error() || ready.ready().is_read_closed() {
            return "the chip is gone".to_owned();
        }
        for _ in 0..AT_ONCE {
            match request.get_ref().has_edge_event() {
                Ok(true) => {}
                Ok(false) => {
                    ready.clear_ready();
                    break;
                }
                Err(error) => return error.to_string(),
            }
            match request.get_ref().read_edge_event() {
                Ok(event) => tell(notice(event.kind == EdgeKind::Rising, Duration::from_nanos(event.timestamp_ns))),
                Err(error) => return error.to_string(),
            }
        }
        drop(ready);
        tokio::task::yield_now().await;
    }
}

/// A change at `time` on the kernel's monotonic clock.
pub(super) fn notice(on: bool, time: Duration) -> PinNotice {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(time, Duration::from);
    let at = Instant::now();
    let at = at.checked_sub(now.saturating_sub(time)).unwrap_or(at);
    PinNotice::Edge { at, edge: if on { Edge::Pressed } else { Edge::Released } }
}

/// Ends the watching when dropped.
struct Following(AbortHandle);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes outputs, all off.
pub fn outputs(chip: &Found, lines: &[Line]) -> Result<Box<dyn Outputs>, PinError> {
    let mut builder = Request::builder();
    builder.on_chip(&chip.path).with_consumer(CONSUMER);
    for line in lines {
        check(chip, *line)?;
        builder.with_line(u32::from(line.gpio)).as_output(Value::Inactive);
        if line.active_low {
            builder.as_active_low();
        } else {
            builder.as_active_high();
        }
    }
    let gpio = lines.first().map_or(0, |line| line.gpio);
    let request = builder.request().map_err(|error| PinError::pin(gpio, error))?;
    Ok(Box::new(Driven { request, lines: lines.to_vec() }))
}

struct Driven {
    request: Request,
    lines: Vec<Line>,
}

impl Outputs for Driven {
    fn set(&mut self, on: &[bool]) -> Result<(), PinError> {
        let mut values = gpiocdev::line::Values::default();
        for (line, on) in self.lines.iter().zip(on) {
            values.set(u32::from(line.gpio), Value::from(*on));
        }
        let gpio = self.lines.first().map_or(0, |line| line.gpio);
        self.request.set_values(&values).map_err(|error| PinError::pin(gpio, error))
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        // Some kernels leave a pin as it was when nobody uses it any longer.
        let _ = self.set(&vec![false; self.lines.len()]);
    }
}

/// Whether the pin is there and free.
fn check(chip: &Found, line: Line) -> Result<(), PinError> {
    let gpio = line.gpio;
    if u32::from(gpio) >= chip.lines {
        return Err(PinError::NoSuchPin { gpio, chip: chip.label.clone(), last: chip.lines.saturating_sub(1) });
    }
    let info = Chip::from_path(&chip.path).and_then(|chip| chip.line_info(u32::from(gpio)));
    match info {
        Ok(info) if info.used => {
            let holder =
                if info.consumer.is_empty() { "the kernel".to_owned() } else { format!("`{}`", info.consumer) };
            Err(PinError::Busy { gpio, holder })
        }
        Ok(_) => Ok(()),
        Err(error) => Err(PinError::pin(gpio, error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn chip(label: &str) -> Found {
        Found { path: PathBuf::from("/dev/null"), label: label.to_owned(), lines: 54 }
    }

    #[test]
    fn the_chip_of_a_raspberry_is_known_by_its_label_wherever_it_stands() {
        for label in RASPBERRY {
            let found = vec![chip("raspberrypi-exp-gpio"), chip(label), chip("gpio-brcmstb@107d508500")];
            assert_eq!(choose(found, "").unwrap().label, label);
        }
    }

    #[test]
    fn another_board_has_one_chip_or_says_which() {
        assert_eq!(choose(vec![chip("sunxi")], "").unwrap().label, "sunxi");
        let two = || vec![chip("gpio0"), chip("gpio1")];
        assert_eq!(choose(two(), "gpio1").unwrap().label, "gpio1");
        assert_eq!(choose(two(), "").unwrap_err(), PinError::Ambiguous { chips: "`gpio0`, `gpio1`".into() });
        let none = PinError::NoSuchChip { chip: "gpio2".into(), chips: "`gpio0`, `gpio1`".into() };
        assert_eq!(choose(two(), "gpio2").unwrap_err(), none);
        assert_eq!(choose(vec![], "gpio2").unwrap_err(), PinError::NoPins);
    }

    #[test]
    fn a_pin_that_the_chip_lacks_is_named() {
        let error = check(&chip("pinctrl-bcm2835"), Line { gpio: 54, active_low: false }).unwrap_err();
        assert_eq!(error.to_string(), "there is no GPIO54: the chip `pinctrl-bcm2835` has 0 to 53");
    }
}
