//! Pins by the kernel's GPIO devices (`/dev/gpiochipN`). A chip is known by its label: its number can change with the
//! next kernel.

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auricle_core::button::Edge;
use gpiocdev::Request;
use gpiocdev::chip::{Chip, chips};
use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Value};
use nix::time::{ClockId, clock_gettime};
use tokio::io::unix::AsyncFd;
use tokio::task::AbortHandle;

use super::{Line, Outputs, PinError, PinNotice, Pull, Tell, Watch, Watched};

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
    choose(found, label, denied)
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

/// `denied`: there are more that this user may not look at.
fn choose(mut found: Vec<Found>, label: &str, denied: Option<PinError>) -> Result<Found, PinError> {
    let labels = |found: &[Found]| {
        let labels: Vec<String> = found.iter().map(|chip| format!("`{}`", chip.label)).collect();
        labels.join(", ")
    };
    let wanted =
        |chip: &Found| if label.is_empty() { RASPBERRY.contains(&chip.label.as_str()) } else { chip.label == label };
    match (found.iter().position(wanted), denied) {
        (Some(place), _) => Ok(found.swap_remove(place)),
        // The one that is meant may be among them.
        (None, Some(denied)) => Err(denied),
        (None, None) if found.is_empty() => Err(PinError::NoPins),
        (None, None) if !label.is_empty() => {
            Err(PinError::NoSuchChip { chip: label.to_owned(), chips: labels(&found) })
        }
        (None, None) if found.len() == 1 => Ok(found.swap_remove(0)),
        (None, None) => Err(PinError::Ambiguous { chips: labels(&found) }),
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
    let source = Arc::new(Source { request, tell, seen: Mutex::new(0), gpio });
    let own = Arc::clone(&source);
    let task = tokio::spawn(async move {
        let why = own.follow().await;
        (own.tell)(PinNotice::Lost(PinError::pin(gpio, why)));
    });
    Ok(Watched { on, watch: Box::new(Following { source, task: task.abort_handle() }) })
}

/// Where changes come from.
struct Source {
    request: AsyncFd<Request>,
    tell: Tell,
    /// The kernel's number of the last change that was read. Held while one is told, so that they keep their order.
    seen: Mutex<u32>,
    gpio: u8,
}

impl Source {
    /// Reads changes until that fails; why it does.
    async fn follow(&self) -> String {
        loop {
            let mut ready = match self.request.readable().await {
                Ok(ready) => ready,
                Err(error) => return error.to_string(),
            };
            if ready.ready().is_error() || ready.ready().is_read_closed() {
                return "the chip is gone".to_owned();
            }
            match self.read() {
                Ok(true) => ready.clear_ready(),
                Ok(false) => {}
                Err(why) => return why,
            }
            drop(ready);
            tokio::task::yield_now().await;
        }
    }

    /// Tells some changes. Whether those were all.
    fn read(&self) -> Result<bool, String> {
        // Nothing panics while it holds the number, and any number will do.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let request = self.request.get_ref();
        for _ in 0..AT_ONCE {
            if !request.has_edge_event().map_err(|error| error.to_string())? {
                return Ok(true);
            }
            let event = request.read_edge_event().map_err(|error| error.to_string())?;
            match gap(&mut seen, event.line_seqno) {
                0 => {}
                missed => (self.tell)(PinNotice::Missed(missed)),
            }
            (self.tell)(notice(event.kind == EdgeKind::Rising, Duration::from_nanos(event.timestamp_ns)));
        }
        Ok(false)
    }
}

/// How many numbers are missing between the last one and this one. They begin at 1; old kernels write 0 only.
fn gap(seen: &mut u32, number: u32) -> u64 {
    let before = std::mem::replace(seen, number);
    if number == 0 { 0 } else { u64::from(number.wrapping_sub(before).saturating_sub(1)) }
}

/// A change at `time` on the kernel's monotonic clock.
pub(super) fn notice(on: bool, time: Duration) -> PinNotice {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(time, Duration::from);
    let at = Instant::now();
    let at = at.checked_sub(now.saturating_sub(time)).unwrap_or(at);
    PinNotice::Edge { at, edge: if on { Edge::Pressed } else { Edge::Released } }
}

/// Ends the watching when dropped.
struct Following {
    source: Arc<Source>,
    task: AbortHandle,
}

impl Watch for Following {
    fn look(&self) -> Result<bool, PinError> {
        let gpio = self.source.gpio;
        // Twice: as many as the kernel keeps, and some that came meanwhile.
        for _ in 0..2 {
            if self.source.read().map_err(|why| PinError::pin(gpio, why))? {
                break;
            }
        }
        let value = self.source.request.get_ref().lone_value().map_err(|error| PinError::pin(gpio, error))?;
        Ok(value == Value::Active)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
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
            assert_eq!(choose(found, "", None).unwrap().label, label);
        }
    }

    #[test]
    fn another_board_has_one_chip_or_says_which() {
        assert_eq!(choose(vec![chip("sunxi")], "", None).unwrap().label, "sunxi");
        let two = || vec![chip("gpio0"), chip("gpio1")];
        assert_eq!(choose(two(), "gpio1", None).unwrap().label, "gpio1");
        assert_eq!(choose(two(), "", None).unwrap_err(), PinError::Ambiguous { chips: "`gpio0`, `gpio1`".into() });
        let none = PinError::NoSuchChip { chip: "gpio2".into(), chips: "`gpio0`, `gpio1`".into() };
        assert_eq!(choose(two(), "gpio2", None).unwrap_err(), none);
        assert_eq!(choose(vec![], "gpio2", None).unwrap_err(), PinError::NoPins);
    }

    #[test]
    fn a_chip_that_may_not_be_looked_at_is_not_passed_over_for_another() {
        let denied = || Some(PinError::Denied { what: "/dev/gpiochip0".into() });
        let error = |found, label| choose(found, label, denied()).unwrap_err();
        assert_eq!(error(vec![chip("raspberrypi-exp-gpio")], ""), denied().unwrap());
        assert_eq!(error(vec![chip("gpio0")], "gpio1"), denied().unwrap());
        assert_eq!(error(vec![], ""), denied().unwrap());
        let found = vec![chip("gpio0"), chip("pinctrl-rp1")];
        assert_eq!(choose(found, "", denied()).unwrap().label, "pinctrl-rp1");
    }

    #[test]
    fn what_the_kernel_left_out_shows_in_the_numbers() {
        let mut seen = 0;
        let missed: Vec<u64> = [1, 2, 5, 6, u32::MAX, 1, 0, 0].map(|number| gap(&mut seen, number)).into();
        assert_eq!(missed, [0, 0, 2, 0, u64::from(u32::MAX) - 7, 1, 0, 0], "a kernel without numbers writes 0");
    }

    #[test]
    fn a_pin_that_the_chip_lacks_is_named() {
        let error = check(&chip("pinctrl-bcm2835"), Line { gpio: 54, active_low: false }).unwrap_err();
        assert_eq!(error.to_string(), "there is no GPIO54: the chip `pinctrl-bcm2835` has 0 to 53");
    }
}
