//! The wall to the hardware: what the two sound threads need of a card.

use std::fmt;
use std::time::Duration;

use auricle_core::audio::convert::Format;

use super::bell::Bell;
use super::error::SoundError;

/// Which way the sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the microphone.
    Capture,
    /// To the loudspeaker.
    Playback,
}

impl Direction {
    /// Its key in `[audio]` of the settings.
    #[must_use]
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Playback => "playback",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capture => "record",
            Self::Playback => "play",
        })
    }
}

/// A hardware card that can go one way, as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardName {
    /// ALSA's name with the card's id, never its number, which changes with the order of plugging: `hw:CARD=mic,DEV=0`.
    pub pcm: String,
    /// What the maker calls it.
    pub description: String,
}

impl fmt::Display for CardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.pcm, self.description)
    }
}

/// What a device agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Frames per second.
    pub rate: u32,
    /// Samples per frame.
    pub channels: u16,
    /// How a sample is written.
    pub format: Format,
}

impl Shape {
    /// Bytes of one frame.
    #[must_use]
    pub fn frame_bytes(self) -> usize {
        usize::from(self.channels) * self.format.bytes()
    }

    /// The frames in `span`.
    #[must_use]
    pub fn frames(self, span: Duration) -> usize {
        usize::try_from(span.as_micros() * u128::from(self.rate) / 1_000_000).unwrap_or(usize::MAX)
    }

    /// How long `frames` last.
    #[must_use]
    pub fn span(self, frames: u64) -> Duration {
        Duration::from_micros(frames.saturating_mul(1_000_000) / u64::from(self.rate.max(1)))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz, {} channel(s), {}", self.rate, self.channels, self.format.name())
    }
}

/// What goes wrong inside the period loop. Carries no text, so that making one allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The thread came too late and samples were lost, or the machine slept: [`CapturePcm::recover`] helps.
    Xrun,
    /// The device is gone; the error number of the system.
    Lost(i32),
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// A period is there.
    Ready,
    /// Somebody rang.
    Bell,
    /// Neither in time.
    Timeout,
}

/// An open microphone. Dropping it closes the device. Only opening, `start`, `recover` and dropping may block.
pub trait CapturePcm: Send {
    /// What was agreed.
    fn shape(&self) -> Shape;
    /// Frames of a period, about 10 ms.
    fn period(&self) -> usize;
    /// Frames that fit before samples are lost, about 200 ms.
    fn buffer(&self) -> usize;
    /// Begins to record.
    ///
    /// # Errors
    /// The device is gone.
    fn start(&mut self) -> Result<(), Fault>;
    /// Sleeps until a period is there or `bell` rings; silences the bell.
    ///
    /// # Errors
    /// Samples were lost, or the device is.
    fn wait(&mut self, bell: &Bell, timeout: Duration) -> Result<Woken, Fault>;
    /// Takes what is there, as much as fits; returns the bytes of whole frames, 0 if there is nothing. Never blocks.
    ///
    /// # Errors
    /// Samples were lost, or the device is.
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault>;
    /// Frames between the last one that was read and the air: what waits in the card, and the way into it. A card that
    /// can't tell has none.
    ///
    /// # Errors
    /// Samples were lost, or the device is.
    fn delay(&mut self) -> Result<usize, Fault> {
        Ok(0)
    }
    /// Starts again after [`Fault::Xrun`].
    ///
    /// # Errors
    /// The device is gone.
    fn recover(&mut self) -> Result<(), Fault>;
}

/// An open loudspeaker. Dropping it closes the device. Only opening, `start`, `stop`, `recover` and dropping may block.
pub trait PlaybackPcm: Send {
    /// What was agreed.
    fn shape(&self) -> Shape;
    /// Frames of a period, about 20 ms.
    fn period(&self) -> usize;
    /// Frames that can be queued, about 120 ms.
    fn buffer(&self) -> usize;
    /// Begins to play what is queued.
    ///
    /// # Errors
    /// The device is gone.
    fn start(&mut self) -> Result<(), Fault>;
    /// Frames that can be queued now.
    ///
    /// # Errors
    /// The queue ran dry, or the device is gone.
    fn room(&mut self) -> Result<usize, Fault>;
    /// Queues whole frames, as many as fit; returns how many. Never blocks.
    ///
    /// # Errors
    /// The queue ran dry, or the device is gone.
    fn write(&mut self, frames: &[u8]) -> Result<usize, Fault>;
    /// Frames that lie between the last queued one and the ear.
    ///
    /// # Errors
    /// The queue ran dry, or the device is gone.
    fn delay(&mut self) -> Result<usize, Fault>;
    /// Throws away what is queued and stops at once; ready to be filled and started again.
    ///
    /// # Errors
    /// The device is gone.
    fn stop(&mut self) -> Result<(), Fault>;
    /// Makes it ready to be filled and started again after [`Fault::Xrun`].
    ///
    /// # Errors
    /// The device is gone.
    fn recover(&mut self) -> Result<(), Fault>;
}

/// The sound cards of this machine.
pub trait Cards: Send + Sync + 'static {
    /// Hardware that can record, one entry per card.
    fn capture_cards(&self) -> Vec<CardName>;
    /// Hardware that can play, one entry per card.
    fn playback_cards(&self) -> Vec<CardName>;
    /// Opens a microphone. May block for ever on a frozen sound server.
    ///
    /// # Errors
    /// It is missing, busy or unusable.
    fn open_capture(&self, device: &str) -> Result<Box<dyn CapturePcm>, SoundError>;
    /// Opens a loudspeaker. May block for ever on a frozen sound server.
    ///
    /// # Errors
    /// It is missing, busy or unusable.
    fn open_playback(&self, device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError>;
    /// Who has the device open: `arecord (pid 123)`.
    fn holder(&self, device: &str, direction: Direction) -> Option<String>;
}

/// Which PCM to open for a setting.
///
/// `auto` is the only card that goes this way. For playback, if there are several (a Raspberry Pi also has HDMI), it is
/// the card of the only microphone, if that one can play. Never a card that merely comes first.
///
/// # Errors
/// `auto`, and there is no card, or the choice is not clear.
pub fn choose(cards: &dyn Cards, want: &str, direction: Direction) -> Result<String, SoundError> {
    if want != "auto" {
        return Ok(want.to_owned());
    }
    let found = match direction {
        Direction::Capture => cards.capture_cards(),
        Direction::Playback => cards.playback_cards(),
    };
    match found.as_slice() {
        [] => return Err(SoundError::NoCard { direction }),
        [only] => return Ok(only.pcm.clone()),
        _ => {}
    }
    if direction == Direction::Playback
        && let [microphone] = cards.capture_cards().as_slice()
        && let Some(same) = found.iter().find(|card| id(&card.pcm) == id(&microphone.pcm))
    {
        return Ok(same.pcm.clone());
    }
    Err(SoundError::Ambiguous { direction, cards: found })
}

/// `mic` in `hw:CARD=mic,DEV=0`.
fn id(pcm: &str) -> Option<&str> {
    pcm.split_once("CARD=")?.1.split(',').next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Shelf {
        capture: Vec<CardName>,
        playback: Vec<CardName>,
    }

    fn named(ids: &[&str]) -> Vec<CardName> {
        let name = |id: &&str| CardName { pcm: format!("hw:CARD={id},DEV=0"), description: format!("The {id}") };
        ids.iter().map(name).collect()
    }

    impl Cards for Shelf {
        fn capture_cards(&self) -> Vec<CardName> {
            self.capture.clone()
        }
        fn playback_cards(&self) -> Vec<CardName> {
            self.playback.clone()
        }
        fn open_capture(&self, _: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
            Err(SoundError::Full)
        }
        fn open_playback(&self, _: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
            Err(SoundError::Full)
        }
        fn holder(&self, _: &str, _: Direction) -> Option<String> {
            None
        }
    }

    fn pick(capture: &[&str], playback: &[&str], direction: Direction) -> Result<String, SoundError> {
        choose(&Shelf { capture: named(capture), playback: named(playback) }, "auto", direction)
    }

    #[test]
    fn auto_is_the_only_card() {
        assert_eq!(pick(&["mic"], &[], Direction::Capture).unwrap(), "hw:CARD=mic,DEV=0");
        assert_eq!(pick(&[], &["spk"], Direction::Playback).unwrap(), "hw:CARD=spk,DEV=0");
    }

    #[test]
    fn no_card_and_several_cards_say_what_to_do() {
        assert_eq!(
            pick(&[], &[], Direction::Capture).unwrap_err().to_string(),
            "no sound card can record; plug one in, or set `audio.capture` to a PCM name"
        );
        assert_eq!(
            pick(&["a", "b"], &[], Direction::Capture).unwrap_err().to_string(),
            "several sound cards can record: `hw:CARD=a,DEV=0` (The a), `hw:CARD=b,DEV=0` (The b); \
             set `audio.capture` to one of them"
        );
    }

    #[test]
    fn the_loudspeaker_follows_the_only_microphone() {
        let outputs = ["vc4hdmi0", "vc4hdmi1", "seeed2mic"];
        assert_eq!(pick(&["seeed2mic"], &outputs, Direction::Playback).unwrap(), "hw:CARD=seeed2mic,DEV=0");
        assert!(matches!(pick(&["usb"], &outputs, Direction::Playback), Err(SoundError::Ambiguous { .. })));
    }

    #[test]
    fn a_name_is_taken_as_it_is() {
        let shelf = Shelf { capture: named(&["a", "b"]), playback: vec![] };
        assert_eq!(choose(&shelf, "plughw:CARD=b", Direction::Capture).unwrap(), "plughw:CARD=b");
    }
}
