//! Opus in Ogg (RFC 7845): frames of 20 ms, a page each 200 ms.

use opus::{Application, Bitrate, Channels, Encoder, Signal};

use super::EncoderError;
use super::ogg::Pages;
use crate::audio::TAPE_RATE;

/// Bits per second. Speech over the whole 8 kHz that the tape has is transparent here.
pub const BITRATE: u32 = 24_000;

/// Samples in a frame: 20 ms.
pub const FRAME: usize = TAPE_RATE as usize / 50;

/// Samples on a page: 200 ms. What is not on a whole page is lost with the power.
pub const PAGE: usize = FRAME * FRAMES;

/// Frames on a page.
const FRAMES: usize = 10;

/// The longest packet that libopus makes of one frame, in bytes.
const PACKET: usize = 1_275;

// All packets of a page find room on it, however long they are.
const _: () = assert!((PACKET / 255 + 1) * FRAMES <= 255);

/// Ogg counts Opus at 48 kHz whatever went in.
const GRANULES: u64 = 48_000 / TAPE_RATE as u64;

/// An Ogg/Opus file that is being made.
#[derive(Debug)]
pub struct OpusFile {
    encoder: Encoder,
    pages: Pages,
    /// Samples that don't fill a frame yet.
    frame: Vec<i16>,
    /// Frames on the page that is being made.
    frames: usize,
    /// How many samples the decoder lags behind, told in the file so that players skip them.
    delay: u64,
    /// Samples that came in, and samples that were encoded.
    taken: u64,
    encoded: u64,
}

impl OpusFile {
    pub(super) fn begin(serial: u32, out: &mut Vec<u8>) -> Result<Self, EncoderError> {
        let (encoder, delay) = encoder().map_err(|error| failed("be set up", &error))?;
        let mut file = Self {
            encoder,
            pages: Pages::new(serial),
            frame: Vec::with_capacity(FRAME),
            frames: 0,
            delay,
            taken: 0,
            encoded: 0,
        };
        // The two header pages: both packets are far shorter than a page.
        let _ = file.pages.packet(&identification((delay * GRANULES) as u16));
        file.pages.end_page(0, false, out);
        let _ = file.pages.packet(&comment());
        file.pages.end_page(0, false, out);
        Ok(file)
    }

    pub(super) fn push(&mut self, mut samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.taken += samples.len() as u64;
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(FRAME - self.frame.len()));
            self.frame.extend(now);
            samples = later;
            if self.frame.len() == FRAME {
                self.encode()?;
                if self.frames == FRAMES {
                    self.end_page(self.encoded, false, out);
                }
            }
        }
        Ok(())
    }

    /// Silence follows until the last sample has come out of the encoder. The granule of the last page says where the
    /// sound really ends.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let end = self.taken + self.delay;
        while self.encoded < end {
            if self.frames == FRAMES {
                self.end_page(self.encoded, false, out);
            }
            self.frame.resize(FRAME, 0);
            self.encode()?;
        }
        self.end_page(end, true, out);
        Ok(())
    }

    /// Encodes the frame, which is full.
    fn encode(&mut self) -> Result<(), EncoderError> {
        let mut packet = [0; PACKET];
        let length = self.encoder.encode(&self.frame, &mut packet).map_err(|error| failed("encode a frame", &error))?;
        self.frame.clear();
        self.encoded += FRAME as u64;
        self.frames += 1;
        // There is room, see above.
        let _ = self.pages.packet(&packet[..length]);
        Ok(())
    }

    fn end_page(&mut self, place: u64, last: bool, out: &mut Vec<u8>) {
        self.frames = 0;
        self.pages.end_page(place * GRANULES, last, out);
    }
}

/// The encoder and its delay in samples.
fn encoder() -> opus::Result<(Encoder, u64)> {
    let mut encoder = Encoder::new(TAPE_RATE, Channels::Mono, Application::Audio)?;
    encoder.set_bitrate(Bitrate::Bits(BITRATE as i32))?;
    encoder.set_signal(Signal::Voice)?;
    let delay = encoder.get_lookahead()?;
    Ok((encoder, u64::try_from(delay).unwrap_or(0)))
}

fn failed(doing: &'static str, error: &opus::Error) -> EncoderError {
    EncoderError { doing, why: error.description().to_owned() }
}

/// The packet of the first page; `skip` in samples at 48 kHz.
fn identification(skip: u16) -> Vec<u8> {
    let mut packet = b"OpusHead\x01\x01".to_vec();
    packet.extend(skip.to_le_bytes());
    packet.extend(TAPE_RATE.to_le_bytes());
    // No gain, one channel.
    packet.extend([0; 3]);
    packet
}

/// The packet of the second page: who wrote it, and no tags.
fn comment() -> Vec<u8> {
    let vendor = concat!("auricle ", env!("CARGO_PKG_VERSION"));
    let mut packet = b"OpusTags".to_vec();
    packet.extend((vendor.len() as u32).to_le_bytes());
    packet.extend(vendor.as_bytes());
    packet.extend(0_u32.to_le_bytes());
    packet
}
