//! What of a session is heard at which moment: told by its task, asked by the control thread.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auricle_core::frontend::DeviceTime;
use auricle_core::protocol::xiaozhi::aloud::Aloud;
use auricle_core::protocol::xiaozhi::datagram::Label;
use rtrb::Consumer;

use crate::sound::{self, Leaving};

/// Both ends. They live on the control thread's runtime, so nobody ever waits for the other.
#[derive(Clone, Default)]
pub(super) struct Track(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    aloud: Aloud,
    /// From the loudspeaker, for the newest stream at this rate.
    leaving: Option<(u32, Consumer<Leaving>)>,
}

impl Track {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up();
        act(&mut state)
    }

    /// A packet came.
    pub(super) fn came(&self, label: Label) {
        self.with(|state| state.aloud.came(label));
    }

    /// A stream begins, on a loudspeaker of this rate, which tells when its parts leave.
    pub(super) fn begin(&self, rate: u32, leaving: Consumer<Leaving>) {
        self.with(|state| {
            state.aloud.begin();
            state.leaving = Some((rate, leaving));
        });
    }

    /// So much was given to the loudspeaker for this packet's place.
    pub(super) fn gave(&self, place: Option<u32>, length: Duration) {
        self.with(|state| state.aloud.gave(place, length));
    }

    /// The loudspeaker was stopped.
    pub(super) fn stopped(&self) {
        self.with(|state| {
            state.leaving = None;
            state.aloud.stopped(sound::now());
        });
    }

    /// The packet that was heard when this was caught.
    pub(super) fn at(&self, caught: DeviceTime) -> Option<Label> {
        self.with(|state| state.aloud.at(caught))
    }
}

impl State {
    /// Takes what the loudspeaker has told.
    fn catch_up(&mut self) {
        let Self { aloud, leaving: Some((rate, leaving)) } = self else { return };
        while let Ok(Leaving { first, samples, at }) = leaving.pop() {
            aloud.left(first, samples, *rate, at);
        }
    }
}
