//! From a packet to samples: Opus, or samples as they are.

use opus::{Channels, Decoder, packet};

/// Longest packet of Opus, in ms.
const LONGEST: usize = 120;

/// What the packets of a server are.
#[derive(Debug)]
pub(super) enum Source {
    /// One decoder, since each packet builds on the one before. It mixes stereo down itself.
    Opus {
        decoder: Decoder,
        /// It has not heard the packet before the next one.
        astray: bool,
    },
    /// s16le.
    Raw,
}

impl Source {
    pub fn opus(rate: u32) -> Result<Self, opus::Error> {
        Ok(Self::Opus { decoder: Decoder::new(rate, Channels::Mono)?, astray: false })
    }

    /// Samples that a packet becomes at `rate`; `None` if it is damaged.
    pub fn span(&self, bytes: &[u8], rate: u32) -> Option<usize> {
        let samples = match self {
            Self::Opus { .. } => packet::get_nb_samples(bytes, rate).ok()?,
            Self::Raw => bytes.len() / 2,
        };
        let whole = matches!(self, Self::Opus { .. }) || bytes.len().is_multiple_of(2);
        (whole && (1..=LONGEST * rate as usize / 1_000).contains(&samples)).then_some(samples)
    }

    /// Fills `out`, as long as [`Source::span`] says, with the sound of a packet; `false` if it turns out to be damaged.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> bool {
        self.find_back();
        match self {
            Self::Opus { decoder, .. } => decoder.decode(bytes, out, false).is_ok_and(|samples| samples == out.len()),
            Self::Raw => {
                for (sample, pair) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *sample = i16::from_le_bytes(*pair);
                }
                true
            }
        }
    }

    /// A packet is missing. What follows builds on it: a decoder that knows nothing is nearer to that than one that builds
    /// on something else, be it the packet before or what it would make up itself.
    pub const fn miss(&mut self) {
        if let Self::Opus { astray, .. } = self {
            *astray = true;
        }
    }

    /// Whether a packet carries the sound before it once more.
    pub fn carries_the_one_before(&self, bytes: &[u8]) -> bool {
        matches!(self, Self::Opus { .. }) && has_lbrr(bytes)
    }

    /// Fills `out` with what `following` carries of the missing packet before it.
    pub fn repair(&mut self, following: &[u8], out: &mut [i16]) -> bool {
        self.find_back();
        match self {
            Self::Opus { decoder, .. } => decoder.decode(following, out, true).is_ok(),
            Self::Raw => false,
        }
    }

    /// Another answer begins.
    pub fn reset(&mut self) {
        if let Self::Opus { decoder, astray } = self {
            // It refuses only what it does not know.
            let _ = decoder.reset_state();
            *astray = false;
        }
    }

    fn find_back(&mut self) {
        if matches!(self, Self::Opus { astray: true, .. }) {
            self.reset();
        }
    }
}

/// RFC 6716: packets of SILK begin with a flag of voice activity for each 20 ms, then one for the redundant copy; in
/// stereo the side has the same behind that. The first bits of the range coder are bits as they are.
fn has_lbrr(bytes: &[u8]) -> bool {
    let Some(&toc) = bytes.first() else { return false };
    let silk_frames = match toc >> 3 {
        config @ 0..12 => [1, 1, 2, 3][usize::from(config % 4)],
        12..16 => 1,
        // CELT alone has no copies.
        _ => return false,
    };
    let Ok(parsed) = packet::parse(bytes) else { return false };
    let Some(&bits) = parsed.frames.first().and_then(|frame| frame.first()) else { return false };
    let stereo = toc & 0b100 != 0;
    bits >> (7 - silk_frames) & 1 == 1 || stereo && bits >> (6 - 2 * silk_frames) & 1 == 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use opus::{Application, Bitrate, Encoder, Signal};

    use super::*;

    /// A packet of something like a voice, the third of its kind.
    fn packet(frame: usize, fec: bool, signal: Signal) -> Vec<u8> {
        let mut encoder = Encoder::new(24_000, Channels::Mono, Application::Voip).unwrap();
        encoder.set_bitrate(Bitrate::Bits(24_000)).unwrap();
        encoder.set_signal(signal).unwrap();
        encoder.set_inband_fec(fec).unwrap();
        encoder.set_packet_loss_perc(20).unwrap();
        let tone: Vec<i16> = (0..frame * 3).map(|i| ((i % 150) as i16 - 75) * 100).collect();
        tone.chunks(frame).map(|frame| encoder.encode_vec(frame, 1_500).unwrap()).last().unwrap()
    }

    #[test]
    fn after_a_missing_packet_the_decoder_begins_anew_and_after_others_it_goes_on() {
        let packet = packet(1_440, false, Signal::Voice);
        let decode = |source: &mut Source| {
            let mut out = vec![0; 1_440];
            assert!(source.decode(&packet, &mut out));
            out
        };
        let mut source = Source::opus(24_000).unwrap();
        let (first, second) = (decode(&mut source), decode(&mut source));
        assert_ne!(first, second);
        source.miss();
        assert_eq!((decode(&mut source), decode(&mut source)), (first, second));
    }

    #[test]
    fn a_packet_that_carries_the_one_before_is_known() {
        let source = Source::opus(24_000).unwrap();
        for frame in [480, 960, 1_440] {
            assert!(source.carries_the_one_before(&packet(frame, true, Signal::Voice)), "{frame}");
            assert!(!source.carries_the_one_before(&packet(frame, false, Signal::Voice)), "{frame}");
        }
        assert!(!source.carries_the_one_before(&[]));
        assert!(!source.carries_the_one_before(&[0x0b]));
    }

    #[test]
    fn what_is_no_packet_has_no_length() {
        let source = Source::opus(24_000).unwrap();
        assert_eq!(source.span(&[], 24_000), None);
        // Code 3 without its count.
        assert_eq!(source.span(&[0x0b], 24_000), None);
        assert_eq!(source.span(&[0xf8, 0xff, 0xfe], 24_000), Some(480));
        assert_eq!(Source::Raw.span(&[0; 640], 16_000), Some(320));
        assert_eq!(Source::Raw.span(&[0; 641], 16_000), None);
        assert_eq!(Source::Raw.span(&[0; 4_000], 16_000), None);
    }
}
