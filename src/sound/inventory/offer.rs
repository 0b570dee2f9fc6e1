//! What the hardware of a card can do.

use std::fmt;

use auricle_core::audio::convert::Format;

use crate::sound::card::Shape;

/// What the hardware of a card can do, before any conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The usual rates that it has, in Hz, ascending.
    pub rates: Vec<u32>,
    /// The fewest channels and the most.
    pub channels: (u16, u16),
    /// The sample formats that are of use here, the best first.
    pub formats: Vec<Format>,
    /// What Auricle would open it with.
    pub used: Shape,
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rates: Vec<_> = self.rates.iter().map(u32::to_string).collect();
        let formats: Vec<_> = self.formats.iter().map(|format| format.name()).collect();
        let (fewest, most) = self.channels;
        write!(f, "{} Hz, ", rates.join(" "))?;
        match (fewest, most) {
            (1, 1) => f.write_str("1 channel")?,
            (fewest, most) if fewest == most => write!(f, "{most} channels")?,
            (fewest, most) => write!(f, "{fewest} to {most} channels")?,
        }
        write!(f, ", {}", formats.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_on_one_line() {
        let used = Shape { rate: 16_000, channels: 1, format: Format::S16 };
        let mut offer = Offer { rates: vec![16_000, 48_000], channels: (1, 2), formats: vec![Format::S16], used };
        assert_eq!(offer.to_string(), "16000 48000 Hz, 1 to 2 channels, S16_LE");
        offer.channels = (1, 1);
        assert_eq!(offer.to_string(), "16000 48000 Hz, 1 channel, S16_LE");
        offer.channels = (4, 4);
        assert_eq!(offer.to_string(), "16000 48000 Hz, 4 channels, S16_LE");
    }
}
