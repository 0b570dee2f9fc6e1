//! The sound cards as ALSA sees them.

use std::ffi::CString;
use std::path::Path;

use alsa::pcm::PCM;

use super::card::{CapturePcm, CardName, Cards, Direction, PlaybackPcm};
use super::error::{SoundError, words};
use super::inventory::Offer;
use super::negotiate::{self, Agreed, HwSpace, Wish};
use super::pcm::{AlsaCapture, AlsaPlayback, Space};
use super::{holder, pcm};

/// The rates that cards usually have, in Hz.
const RATES: [u32; 13] =
    [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000, 176_400, 192_000];

/// The real sound cards.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlsaCards;

impl Cards for AlsaCards {
    fn capture_cards(&self) -> Vec<CardName> {
        cards(Direction::Capture)
    }

    fn playback_cards(&self) -> Vec<CardName> {
        cards(Direction::Playback)
    }

    fn open_capture(&self, device: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        let (pcm, agreed) = self.open(device, Direction::Capture, &negotiate::CAPTURE)?;
        Ok(Box::new(AlsaCapture::new(pcm, agreed)))
    }

    fn open_playback(&self, device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        let (pcm, agreed) = self.open(device, Direction::Playback, &negotiate::PLAYBACK)?;
        Ok(Box::new(AlsaPlayback::new(pcm, agreed)))
    }

    fn holder(&self, device: &str, direction: Direction) -> Option<String> {
        holder::holder(Path::new("/proc"), device, direction)
    }
}

impl AlsaCards {
    /// What the hardware can do. The device is closed again before it has recorded or played anything.
    pub(super) fn offer(&self, device: &str, direction: Direction) -> Result<Offer, SoundError> {
        let pcm = self.connect(device, direction)?;
        let unusable = |why: String| SoundError::Unusable { device: device.to_owned(), why };
        let mut space = Space::of(&pcm).map_err(|error| unusable(words(error.errno())))?;
        let (rates, formats) = (space.rates(&RATES), space.formats());
        let channels = space.channels().ok_or_else(|| unusable(negotiate::Mismatch::Channels.to_string()))?;
        let wish = match direction {
            Direction::Capture => &negotiate::CAPTURE,
            Direction::Playback => &negotiate::PLAYBACK,
        };
        let agreed = negotiate::negotiate(&mut space, wish).map_err(|mismatch| unusable(mismatch.to_string()))?;
        Ok(Offer { rates, channels, formats, used: agreed.shape })
    }

    fn open(&self, device: &str, direction: Direction, wish: &Wish) -> Result<(PCM, Agreed), SoundError> {
        let pcm = self.connect(device, direction)?;
        let agreed = settle(&pcm, device, wish)?;
        Ok((pcm, agreed))
    }

    fn connect(&self, device: &str, direction: Direction) -> Result<PCM, SoundError> {
        quiet();
        let missing = |errno: i32| SoundError::Missing { device: device.to_owned(), why: words(errno) };
        let name = CString::new(device).map_err(|_| missing(libc::EINVAL))?;
        PCM::open(&name, direction.into(), true).map_err(|error| match error.errno().abs() {
            libc::EBUSY | libc::EAGAIN => {
                SoundError::Busy { device: device.to_owned(), holder: self.holder(device, direction) }
            }
            errno => missing(errno),
        })
    }
}

/// Agrees on rate, channels, format, period and buffer.
fn settle(pcm: &PCM, device: &str, wish: &Wish) -> Result<Agreed, SoundError> {
    let unusable = |why: String| SoundError::Unusable { device: device.to_owned(), why };
    let refused = |error: alsa::Error| match error.errno().abs() {
        // A server's device that is not there shows only here.
        libc::ENODEV | libc::ENOENT | libc::ECONNREFUSED | libc::EIO | libc::EBADFD => {
            SoundError::Missing { device: device.to_owned(), why: words(error.errno()) }
        }
        errno => unusable(format!("{} says {}", error.func(), words(errno))),
    };
    let mut space = Space::of(pcm).map_err(refused)?;
    let agreed = negotiate::negotiate(&mut space, wish).map_err(|mismatch| unusable(mismatch.to_string()))?;
    space.settle().map_err(refused)?;
    pcm::thresholds(pcm, &agreed).map_err(refused)?;
    Ok(agreed)
}

/// The first device of each card that goes this way. Cards that vanish while they are listed are left out.
fn cards(direction: Direction) -> Vec<CardName> {
    quiet();
    alsa::card::Iter::new().filter_map(Result::ok).filter_map(|card| first_device(&card, direction.into())).collect()
}

fn first_device(card: &alsa::Card, way: alsa::Direction) -> Option<CardName> {
    devices(card, way)?.into_iter().next()
}

/// Every device of every card that goes this way.
pub(super) fn all(direction: Direction) -> Vec<CardName> {
    quiet();
    let cards = alsa::card::Iter::new().filter_map(Result::ok);
    cards.filter_map(|card| devices(&card, direction.into())).flatten().collect()
}

/// The ids of all cards.
pub(super) fn ids() -> Vec<String> {
    quiet();
    let cards = alsa::card::Iter::new().filter_map(Result::ok);
    cards
        .filter_map(|card| Some(alsa::Ctl::from_card(&card, true).ok()?.card_info().ok()?.get_id().ok()?.to_owned()))
        .collect()
}

fn devices(card: &alsa::Card, way: alsa::Direction) -> Option<Vec<CardName>> {
    let ctl = alsa::Ctl::from_card(card, true).ok()?;
    let info = ctl.card_info().ok()?;
    let (id, description) = (info.get_id().ok()?, info.get_name().unwrap_or_default());
    let numbers = alsa::ctl::DeviceIter::new(&ctl)
        .filter_map(|device| u32::try_from(device).ok())
        .filter(|&device| ctl.pcm_info(device, 0, way).is_ok());
    let named = |device| CardName { pcm: format!("hw:CARD={id},DEV={device}"), description: description.to_owned() };
    Some(numbers.map(named).collect())
}

/// Keeps ALSA from writing to standard error on this thread: it would repeat itself with each attempt to open. What it
/// has to say comes back as an error number. A new buffer replaces the old one with what has gathered there.
pub(super) fn quiet() {
    let _ = alsa::Output::local_error_handler();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use auricle_core::audio::convert::Format;

    use super::*;

    #[test]
    fn a_device_says_what_it_can_do_without_being_used() {
        // ALSA's null device can do everything.
        for direction in [Direction::Capture, Direction::Playback] {
            let offer = AlsaCards.offer("null", direction).unwrap();
            assert!([16_000, 48_000].iter().all(|rate| offer.rates.contains(rate)), "{offer:?}");
            assert!(offer.rates.is_sorted() && offer.formats == Format::ALL, "{offer:?}");
            let preferred = if direction == Direction::Capture { 16_000 } else { 48_000 };
            assert_eq!((offer.channels.0, offer.used.channels, offer.used.rate), (1, 1, preferred));
        }
    }

    #[test]
    fn a_card_that_is_not_there_is_named() {
        let error = AlsaCards.offer("hw:CARD=nowhere,DEV=0", Direction::Capture).unwrap_err();
        assert!(matches!(&error, SoundError::Missing { device, .. } if device == "hw:CARD=nowhere,DEV=0"), "{error}");
    }
}
