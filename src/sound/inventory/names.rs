//! The PCM names of the ALSA configuration that a person may have made.

use alsa::device_name::HintIter;

use crate::sound::card::{CardName, Direction};

/// More names than any person wrote down.
const MOST: usize = 64;

/// Names that come with ALSA itself: parts for building others, or backends of other systems.
const BUILT_IN: [&str; 10] =
    ["null", "lavrate", "samplerate", "speexrate", "speex", "jack", "oss", "upmix", "vdownmix", "usbstream"];

/// A name with the ways that it goes; without one it may go both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: CardName,
    only: Option<Direction>,
}

impl Named {
    pub(super) fn goes(&self, direction: Direction) -> bool {
        self.only.is_none_or(|only| only == direction)
    }
}

/// The names of the configuration, without those that repeat a card (`front:CARD=…`).
pub(super) fn configured() -> Vec<Named> {
    let Ok(hints) = HintIter::new(None, c"pcm") else { return Vec::new() };
    let hints = hints.filter_map(|hint| named(hint.name?, hint.desc.as_deref(), hint.direction.map(way)));
    hints.take(MOST).collect()
}

const fn way(direction: alsa::Direction) -> Direction {
    match direction {
        alsa::Direction::Capture => Direction::Capture,
        alsa::Direction::Playback => Direction::Playback,
    }
}

fn named(pcm: String, description: Option<&str>, only: Option<Direction>) -> Option<Named> {
    if pcm.contains("CARD=") || BUILT_IN.contains(&pcm.as_str()) {
        return None;
    }
    // A description may have several lines.
    let description = description.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Named { name: CardName { pcm, description }, only })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_that_a_person_made_are_kept() {
        let own = named("kitchen".into(), Some("The kitchen\nunder the shelf"), Some(Direction::Playback)).unwrap();
        assert_eq!(own.name.description, "The kitchen under the shelf");
        assert!(own.goes(Direction::Playback) && !own.goes(Direction::Capture));
        let both = named("default".into(), None, None).unwrap();
        assert!(both.goes(Direction::Playback) && both.goes(Direction::Capture));
    }

    #[test]
    fn parts_of_alsa_and_repetitions_of_cards_are_left_out() {
        for name in ["null", "speexrate", "front:CARD=Device,DEV=0", "default:CARD=Device"] {
            assert_eq!(named(name.into(), None, None), None, "{name}");
        }
    }
}
