//! What the tests of answers touch: brokers and cards, or the stand-ins of a test.

use std::sync::Arc;
use std::time::Duration;

use auricle_core::audio::convert::Channel;
use tokio::time::Instant;

use super::mute;
use crate::config::Settings;
use crate::net::mqtt::Address;
use crate::net::mqtt::trial::{Account, Verdict, try_login};
use crate::sound::inventory::Inventory;
use crate::sound::{AlsaCards, Cards, Level, Measured, SoundError, probe};

/// For one login.
const LOGIN: Duration = Duration::from_secs(11);

/// Brokers and cards.
pub trait World {
    /// Tries to log in.
    fn login(&self, address: &Address, account: &Account) -> Verdict;
    /// Why no microphone may be opened: it is muted, or nobody knows whether it is. `None`: nobody muted it.
    fn muted(&self, settings: &Settings) -> Option<String>;
    /// What there is to hear and to speak with. No microphone is opened for a look where `closed` says why not.
    fn inventory(&self, closed: Option<&str>) -> Inventory;
    /// Plays the test sound at this volume, in percent.
    ///
    /// # Errors
    /// Why it can't be played.
    fn play(&self, device: &str, volume: u8) -> Result<String, SoundError>;
    /// Listens for a while, and tells the level of each 100 ms.
    ///
    /// # Errors
    /// Why there is nothing to be heard.
    fn measure(
        &self,
        device: &str,
        span: Duration,
        channel: Channel,
        each: &mut dyn FnMut(Level),
    ) -> Result<Measured, SoundError>;
}

/// This machine and its network.
pub struct ThisMachine {
    cards: Arc<dyn Cards>,
}

impl Default for ThisMachine {
    fn default() -> Self {
        Self { cards: Arc::new(AlsaCards) }
    }
}

impl World for ThisMachine {
    fn login(&self, address: &Address, account: &Account) -> Verdict {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => {
                let verdict = runtime.block_on(try_login(address, account, Instant::now() + LOGIN));
                // The resolver may hang for longer than anybody waits.
                runtime.shutdown_background();
                verdict
            }
            Err(error) => Verdict::Unreachable(format!("the system gives no means to connect: {error}")),
        }
    }

    fn muted(&self, settings: &Settings) -> Option<String> {
        mute::reason(settings)
    }

    fn inventory(&self, closed: Option<&str>) -> Inventory {
        Inventory::with_microphones(closed)
    }

    fn play(&self, device: &str, volume: u8) -> Result<String, SoundError> {
        probe::play(Arc::clone(&self.cards), device, volume, &probe::test_sound)
    }

    fn measure(
        &self,
        device: &str,
        span: Duration,
        channel: Channel,
        each: &mut dyn FnMut(Level),
    ) -> Result<Measured, SoundError> {
        probe::measure(Arc::clone(&self.cards), device, span, channel, each)
    }
}
