//! What there is to record from, to play on and to turn up: under the names that the settings take.
//!
//! Looking never waits and never disturbs: a card is opened without blocking, asked what it can do and closed before
//! anything is recorded or played; one that is in use is named with its holder instead. Names of the ALSA configuration
//! (`asound.conf`) are listed unopened, because a sound server may stand behind them that hangs or starts up.

mod names;
mod offer;

use std::fmt;

use super::card::{CardName, Cards, Direction, choose};
use super::devices::{self, AlsaCards};
use super::error::SoundError;
use super::mixer;

pub use offer::Offer;

/// Something that can be recorded from or played on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// For `audio.capture` or `audio.playback`, with a description.
    pub name: CardName,
    /// How it is now.
    pub condition: Condition,
}

/// How a device is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nobody uses it; what its hardware can do.
    Free(Offer),
    /// A program uses it: `arecord (pid 123)`, if that can be seen.
    Busy(Option<String>),
    /// It can't be used; a sentence.
    Unusable(String),
    /// Nobody seems to use it, and it was not opened for a look; why.
    Unopened(String),
    /// A name of the ALSA configuration. It is not opened for a look.
    Named,
}

/// A volume control of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// For `audio.mixer`: `Device/PCM`.
    pub name: String,
    /// What it is at, in percent, if it says so.
    pub percent: Option<u8>,
}

/// Everything about sound that this machine has, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// What can record: cards first, then names of the ALSA configuration.
    pub capture: Vec<Device>,
    /// What can play, in the same order.
    pub playback: Vec<Device>,
    /// Volume controls of the cards.
    pub mixers: Vec<Volume>,
    /// What `audio.capture = "auto"` means here.
    pub auto_capture: Result<String, SoundError>,
    /// What `audio.playback = "auto"` means here.
    pub auto_playback: Result<String, SoundError>,
}

impl Inventory {
    /// Looks around. Where microphones have to stay closed, `closed` says why; they are then listed with whoever uses
    /// them, and none is opened: mute wins.
    #[must_use]
    pub fn with_microphones(closed: Option<&str>) -> Self {
        devices::quiet();
        let names = names::configured();
        Self {
            capture: all(Direction::Capture, &names, closed),
            playback: all(Direction::Playback, &names, None),
            mixers: volumes(),
            auto_capture: choose(&AlsaCards, "auto", Direction::Capture),
            auto_playback: choose(&AlsaCards, "auto", Direction::Playback),
        }
    }

    /// What goes this way.
    #[must_use]
    pub fn devices(&self, direction: Direction) -> &[Device] {
        match direction {
            Direction::Capture => &self.capture,
            Direction::Playback => &self.playback,
        }
    }

    /// What `auto` means for this way, or why it means nothing.
    ///
    /// # Errors
    /// No card, or several.
    pub fn auto(&self, direction: Direction) -> Result<&str, &SoundError> {
        match direction {
            Direction::Capture => self.auto_capture.as_deref(),
            Direction::Playback => self.auto_playback.as_deref(),
        }
    }
}

impl fmt::Display for Condition {
    /// On one line: `48000 Hz, 2 channels, S16_LE` or `in use by arecord (pid 123)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free(offer) => offer.fmt(f),
            Self::Busy(holder) => write!(f, "in use by {}", holder.as_deref().unwrap_or("another program")),
            Self::Unusable(why) => f.write_str(why),
            Self::Unopened(why) => write!(f, "not opened: {why}"),
            Self::Named => f.write_str("a name of the ALSA configuration"),
        }
    }
}

fn all(direction: Direction, names: &[names::Named], closed: Option<&str>) -> Vec<Device> {
    let condition = |pcm: &str| closed.map_or_else(|| look(pcm, direction), |why| from_outside(pcm, direction, why));
    let cards = devices::all(direction).into_iter().map(|name| Device { condition: condition(&name.pcm), name });
    let named = names.iter().filter(|named| named.goes(direction));
    cards.chain(named.map(|named| Device { name: named.name.clone(), condition: Condition::Named })).collect()
}

/// Without opening it.
fn from_outside(device: &str, direction: Direction, why: &str) -> Condition {
    let holder = AlsaCards.holder(device, direction);
    holder.map_or_else(|| Condition::Unopened(why.to_owned()), |holder| Condition::Busy(Some(holder)))
}

fn look(device: &str, direction: Direction) -> Condition {
    match AlsaCards.offer(device, direction) {
        Ok(offer) => Condition::Free(offer),
        Err(SoundError::Busy { holder, .. }) => Condition::Busy(holder),
        // A busy card may also refuse in other words.
        Err(error) => match AlsaCards.holder(device, direction) {
            Some(holder) => Condition::Busy(Some(holder)),
            None => Condition::Unusable(error.to_string()),
        },
    }
}

fn volumes() -> Vec<Volume> {
    let controls = devices::ids().into_iter().flat_map(|card| mixer::controls(&card).unwrap_or_default());
    controls.map(|control| Volume { percent: control.get().ok(), name: control.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_device_is_told_with_its_holder() {
        assert_eq!(Condition::Busy(Some("arecord (pid 7)".into())).to_string(), "in use by arecord (pid 7)");
        assert_eq!(Condition::Busy(None).to_string(), "in use by another program");
    }
}
