//! The sound cards as ALSA sees them.

use std::ffi::CString;
use std::path::Path;

use alsa::pcm::PCM;

use super::card::{CapturePcm, CardName, Cards, Direction, PlaybackPcm};
use super::error::{SoundError, words};
use super::negotiate::{self, Agreed, Wish};
use super::pcm::{AlsaCapture, AlsaPlayback, Space};
use super::{holder, pcm};

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
    fn open(&self, device: &str, direction: Direction, wish: &Wish) -> Result<(PCM, Agreed), SoundError> {
        quiet();
        let missing = |errno: i32| SoundError::Missing { device: device.to_owned(), why: words(errno) };
        let name = CString::new(device).map_err(|_| missing(libc::EINVAL))?;
        let pcm = PCM::open(&name, direction.into(), true).map_err(|error| match error.errno().abs() {
            libc::EBUSY | libc::EAGAIN => {
                SoundError::Busy { device: device.to_owned(), holder: self.holder(device, direction) }
            }
            errno => missing(errno),
        })?;
        let agreed = settle(&pcm, device, wish)?;
        Ok((pcm, agreed))
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
    let ctl = alsa::Ctl::from_card(card, true).ok()?;
    let info = ctl.card_info().ok()?;
    let device = alsa::ctl::DeviceIter::new(&ctl)
        .filter_map(|device| u32::try_from(device).ok())
        .find(|&device| ctl.pcm_info(device, 0, way).is_ok())?;
    let pcm = format!("hw:CARD={},DEV={device}", info.get_id().ok()?);
    Some(CardName { pcm, description: info.get_name().unwrap_or_default().to_owned() })
}

/// Keeps ALSA from writing to standard error on this thread: it would repeat itself with each attempt to open. What it
/// has to say comes back as an error number. A new buffer replaces the old one with what has gathered there.
pub(super) fn quiet() {
    let _ = alsa::Output::local_error_handler();
}
