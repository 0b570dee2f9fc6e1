//! The card's own volume control, `[audio] mixer = "card/control"`.
//!
//! [`MixerControl`] is the control; its calls may block for as long as a sound server is frozen. [`Mixer`] is the handle
//! for those who must not wait: a thread of its own does the calls, and a one-slot mailbox in which the latest order
//! wins makes a slider's storm a handful of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

mod control;
mod curve;
mod error;
mod name;

pub use control::{MixerControl, controls};
pub use error::MixerError;

use super::watch::Watch;

/// Called on the mixer's thread with what the control is at now, in percent, or why not. Should pass it on and return.
pub type MixerNotify = Box<dyn Fn(Result<u8, MixerError>) + Send>;

/// What the mixer's thread counts. They only grow.
#[derive(Debug, Default)]
pub struct MixerCounters {
    /// Orders that were carried out, well or not.
    pub done: AtomicU64,
    /// Orders that a later one replaced before they were carried out.
    pub replaced: AtomicU64,
}

/// What is to be done.
#[derive(Clone, Copy)]
enum Order {
    Set(u8),
    Get,
}

#[derive(Default)]
struct Mailbox {
    order: Option<Order>,
    closed: bool,
}

struct Shared {
    mailbox: Mutex<Mailbox>,
    /// Rings when something came into the mailbox.
    bell: Condvar,
    watch: Watch,
    counters: MixerCounters,
}

impl Shared {
    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle of the mixer's thread. All its methods return at once. Dropping it ends the thread after its present call.
pub struct Mixer {
    shared: Arc<Shared>,
    control: MixerControl,
}

impl Mixer {
    /// Starts the thread. The card is not touched before the first order, and opened anew for each: one that was
    /// unplugged in between is found again.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(control: MixerControl, notify: MixerNotify) -> Result<Self, MixerError> {
        let shared = Arc::new(Shared {
            mailbox: Mutex::default(),
            bell: Condvar::new(),
            watch: Watch::new(),
            counters: MixerCounters::default(),
        });
        let mixer = Self { shared: Arc::clone(&shared), control: control.clone() };
        thread::Builder::new()
            .name("mixer".into())
            .spawn(move || work(&shared, &control, &notify))
            .map_err(|error| MixerError::NoThread { why: error.to_string() })?;
        Ok(mixer)
    }

    /// Sets the volume, 0–100 percent; more is 100. An order that is not carried out yet is replaced.
    pub fn set(&self, percent: u8) {
        self.order(Order::Set(percent.min(100)));
    }

    /// Asks for the volume. If there is an order already, its notice is the answer.
    pub fn ask(&self) {
        self.order(Order::Get);
    }

    /// That the present call has not returned for more than 1.5 s: a frozen sound server.
    #[must_use]
    pub fn stuck(&self) -> Option<MixerError> {
        self.shared.watch.stuck().then(|| self.control.is_stuck())
    }

    /// What was done and what was replaced.
    #[must_use]
    pub fn counters(&self) -> &MixerCounters {
        &self.shared.counters
    }

    fn order(&self, order: Order) {
        let mut mailbox = self.shared.mailbox();
        let replaced = match (mailbox.order, order) {
            // A question does not undo an order.
            (Some(Order::Set(_)), Order::Get) => return,
            (waiting, order) => {
                mailbox.order = Some(order);
                waiting.is_some()
            }
        };
        self.shared.counters.replaced.fetch_add(u64::from(replaced), Ordering::Relaxed);
        self.shared.bell.notify_one();
    }
}

impl Drop for Mixer {
    fn drop(&mut self) {
        self.shared.mailbox().closed = true;
        self.shared.bell.notify_one();
    }
}

fn work(shared: &Shared, control: &MixerControl, notify: &MixerNotify) {
    while let Some(order) = next(shared) {
        let result = shared.watch.over(|| match order {
            Order::Set(percent) => control.set(percent).map(|()| percent),
            Order::Get => control.get(),
        });
        shared.counters.done.fetch_add(1, Ordering::Relaxed);
        notify(result);
    }
}

/// Waits for an order; `None` when the handle is gone and its last order is carried out.
fn next(shared: &Shared) -> Option<Order> {
    let idle = |mailbox: &mut Mailbox| mailbox.order.is_none() && !mailbox.closed;
    let mut mailbox = shared.bell.wait_while(shared.mailbox(), idle).unwrap_or_else(PoisonError::into_inner);
    mailbox.order.take()
}
