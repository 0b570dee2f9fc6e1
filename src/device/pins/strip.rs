//! A strip has a thread of its own: its bus may block. Of frames that come faster than it takes them, the last one wins.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use auricle_core::lights::Frame;

use super::{Bus, PinError};

/// The last frame, which is dark, gets so long.
const GOODBYE: Duration = Duration::from_millis(300);

/// How colours become bytes.
pub type Encode = Box<dyn Fn(&Frame) -> Vec<u8> + Send>;

#[derive(Default)]
struct Slot {
    frame: Option<Frame>,
    stop: bool,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

impl Shared {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        // Nothing in here panics while it holds the slot, and a frame is never half written.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle of a strip's thread. Dropped, it makes the strip dark.
pub struct Strip {
    shared: Arc<Shared>,
    dark: Frame,
}

impl Strip {
    /// Starts the thread, which leaves the LEDs alone for `rest` first. `lost` is called when the bus fails, and then the thread has ended.
    ///
    /// # Errors
    /// When the system has no room for a thread.
    pub fn start(
        bus: Box<dyn Bus>,
        encode: Encode,
        dark: Frame,
        rest: Duration,
        lost: Box<dyn FnOnce(PinError) + Send>,
    ) -> Result<Self, PinError> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let run = move || {
            let ended = serve(bus, &encode, &own, rest);
            own.slot().ended = true;
            own.changed.notify_all();
            if let Err(error) = ended {
                lost(error);
            }
        };
        thread::Builder::new().name("strip".into()).spawn(run).map_err(|error| PinError::broken("a strip", error))?;
        Ok(Self { shared, dark })
    }

    /// Shows this as soon as the bus is free.
    pub fn show(&self, frame: Frame) {
        self.shared.slot().frame = Some(frame);
        self.shared.changed.notify_all();
    }
}

impl Drop for Strip {
    fn drop(&mut self) {
        let mut slot = self.shared.slot();
        slot.frame = Some(std::mem::take(&mut self.dark));
        slot.stop = true;
        self.shared.changed.notify_all();
        // A bus that hangs must not hold the daemon.
        drop(self.shared.changed.wait_timeout_while(slot, GOODBYE, |slot| !slot.ended));
    }
}

fn serve(mut bus: Box<dyn Bus>, encode: &Encode, shared: &Shared, rest: Duration) -> Result<(), PinError> {
    drop(shared.changed.wait_timeout_while(shared.slot(), rest, |slot| !slot.stop));
    loop {
        let waited = shared.changed.wait_while(shared.slot(), |slot| slot.frame.is_none() && !slot.stop);
        let mut slot = waited.unwrap_or_else(PoisonError::into_inner);
        let Some(frame) = slot.frame.take() else { return Ok(()) };
        drop(slot);
        bus.send(&encode(&frame))?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::mpsc::{Receiver, Sender, channel};

    use auricle_core::lights::Colour;

    use super::*;

    /// A bus that hands over what it sends and waits for a word after each frame.
    struct Slow(Sender<Vec<u8>>, Receiver<bool>);

    impl Bus for Slow {
        fn send(&mut self, bytes: &[u8]) -> Result<(), PinError> {
            self.0.send(bytes.to_vec()).unwrap();
            if self.1.recv().unwrap() { Ok(()) } else { Err(PinError::broken("bus", "gone")) }
        }
    }

    struct Bench {
        strip: Option<Strip>,
        sent: Receiver<Vec<u8>>,
        go: Sender<bool>,
        lost: Receiver<PinError>,
    }

    impl Bench {
        fn new() -> Self {
            Self::with(Duration::ZERO)
        }

        fn with(rest: Duration) -> Self {
            let ((sender, sent), (go, wait), (tell, lost)) = (channel(), channel(), channel());
            let encode: Encode = Box::new(|frame| frame.iter().map(|pixel| pixel.red).collect());
            let lost_one = Box::new(move |error| tell.send(error).unwrap());
            let strip = Strip::start(Box::new(Slow(sender, wait)), encode, vec![Colour::DARK], rest, lost_one).unwrap();
            Self { strip: Some(strip), sent, go, lost }
        }

        fn show(&self, red: u8) {
            self.strip.as_ref().unwrap().show(vec![Colour::new(red, 0, 0)]);
        }

        fn next(&self) -> Vec<u8> {
            self.sent.recv_timeout(Duration::from_secs(10)).unwrap()
        }
    }

    #[test]
    fn the_latest_frame_wins_while_the_bus_is_busy() {
        let bench = Bench::new();
        bench.show(1);
        assert_eq!(bench.next(), [1]);
        for red in 2..=9 {
            bench.show(red);
        }
        bench.go.send(true).unwrap();
        assert_eq!(bench.next(), [9]);
        bench.go.send(true).unwrap();
    }

    #[test]
    fn leds_that_just_got_power_are_left_alone_for_a_moment() {
        let (start, rest) = (std::time::Instant::now(), Duration::from_millis(30));
        let bench = Bench::with(rest);
        bench.show(1);
        assert_eq!(bench.next(), [1], "nothing is lost meanwhile");
        assert!(start.elapsed() >= rest);
        bench.go.send(true).unwrap();
    }

    #[test]
    fn it_ends_dark() {
        let mut bench = Bench::new();
        bench.show(1);
        bench.next();
        for _ in 0..3 {
            bench.go.send(true).unwrap();
        }
        drop(bench.strip.take());
        assert_eq!(bench.next(), [0]);
    }

    #[test]
    fn a_bus_that_hangs_holds_nobody() {
        let mut bench = Bench::new();
        bench.show(1);
        bench.next();
        let start = std::time::Instant::now();
        drop(bench.strip.take());
        assert!(start.elapsed() >= GOODBYE && start.elapsed() < GOODBYE * 10, "{:?}", start.elapsed());
        bench.go.send(true).unwrap();
    }

    #[test]
    fn a_bus_that_fails_is_told() {
        let bench = Bench::new();
        bench.show(1);
        bench.next();
        bench.go.send(false).unwrap();
        let error = bench.lost.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(error, PinError::broken("bus", "gone"));
    }
}
