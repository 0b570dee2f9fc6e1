//! The spoken request: `{"audio":"<base64 of a WAV file>","conversationData":{…}}`, built while the person speaks.
//!
//! The sizes in the WAV header are known only at the end, so their place in the text is reserved and written last.
//! Base64 turns 3 bytes into 4 characters; the header's 44 bytes and the first byte of sound make 15 whole groups.
//! From there on every group can be written as soon as its bytes are there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::audio::{TAPE_RATE, wav};

/// The most sound in one request, in samples: two minutes. What is pushed beyond is left out.
pub const MAX_SAMPLES: usize = 125 * TAPE_RATE as usize;

const OPENING: &[u8] = br#"{"audio":""#;
/// Bytes of the header and the first byte of sound.
const HEAD: usize = wav::HEADER_LENGTH + 1;
/// The same as base64.
const HEAD_TEXT: usize = HEAD / 3 * 4;
/// Bytes that are encoded at a time; a multiple of 3.
const BLOCK: usize = 1_536;
/// Room for the first 4 s of sound; a longer utterance moves the text once or twice.
const FIRST_ROOM: usize = OPENING.len() + HEAD_TEXT + 4 * TAPE_RATE as usize * 2 / 3 * 4;

/// Builds one request.
#[derive(Debug)]
pub struct FileRequest {
    text: Vec<u8>,
    /// The first byte of sound, which shares its group with the header.
    first: Option<u8>,
    /// Bytes that don't fill a group yet.
    carry: [u8; 2],
    carried: usize,
    samples: usize,
    closing: Vec<u8>,
}

impl FileRequest {
    /// Begins a request that hands `conversation` back to the server: the object that came with the last question,
    /// `{}` for a fresh request.
    #[must_use]
    pub fn new(conversation: &Value) -> Self {
        let mut text = Vec::with_capacity(FIRST_ROOM);
        text.extend_from_slice(OPENING);
        text.resize(OPENING.len() + HEAD_TEXT, b'A');
        let closing = format!(r#"","conversationData":{conversation}}}"#).into_bytes();
        Self { text, first: None, carry: [0; 2], carried: 0, samples: 0, closing }
    }

    /// Adds sound, 16 kHz mono. Returns how many samples were taken: less than all only over [`MAX_SAMPLES`].
    pub fn push(&mut self, sound: &[i16]) -> usize {
        let taken = sound.len().min(MAX_SAMPLES - self.samples);
        let mut rest = &sound[..taken];
        self.samples += taken;
        if self.first.is_none()
            && let Some((sample, later)) = rest.split_first()
        {
            let [low, high] = sample.to_le_bytes();
            self.first = Some(low);
            self.carry[0] = high;
            self.carried = 1;
            rest = later;
        }
        let mut block = [0u8; BLOCK];
        while !rest.is_empty() {
            let now = rest.len().min((BLOCK - self.carried) / 2);
            self.encode(&rest[..now], &mut block);
            rest = &rest[now..];
        }
        taken
    }

    /// Samples in the request so far.
    #[must_use]
    pub const fn samples(&self) -> usize {
        self.samples
    }

    /// The complete message. Takes the same short time for any length of sound.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let header = wav::header(self.samples as u64, TAPE_RATE);
        let mut head = [0u8; HEAD];
        head[..wav::HEADER_LENGTH].copy_from_slice(&header);
        head[wav::HEADER_LENGTH] = self.first.unwrap_or_default();
        // Without a first byte of sound the header ends within a group, which is then filled up with `=`.
        let length = if self.first.is_some() { HEAD } else { wav::HEADER_LENGTH };
        let place = &mut self.text[OPENING.len()..OPENING.len() + HEAD_TEXT];
        // The place fits: 45 bytes give 60 characters, 44 bytes 60 with the filling.
        let _ = STANDARD.encode_slice(&head[..length], place);
        let end = self.text.len();
        self.text.resize(end + 4, 0);
        let written = STANDARD.encode_slice(&self.carry[..self.carried], &mut self.text[end..]).unwrap_or(0);
        self.text.truncate(end + written);
        self.text.extend_from_slice(&self.closing);
        self.text
    }

    /// Writes all whole groups of what was carried and `sound`, and carries the rest.
    fn encode(&mut self, sound: &[i16], block: &mut [u8; BLOCK]) {
        block[..self.carried].copy_from_slice(&self.carry[..self.carried]);
        let filled = self.carried + sound.len() * 2;
        for (bytes, sample) in block[self.carried..filled].chunks_exact_mut(2).zip(sound) {
            bytes.copy_from_slice(&sample.to_le_bytes());
        }
        let whole = filled / 3 * 3;
        let end = self.text.len();
        self.text.resize(end + whole / 3 * 4, 0);
        // The place fits: it was just made for exactly this many groups.
        let _ = STANDARD.encode_slice(&block[..whole], &mut self.text[end..]);
        self.carried = filled - whole;
        self.carry[..self.carried].copy_from_slice(&block[whole..filled]);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// The same message, made the plain way.
    fn naive(sound: &[i16], conversation: &Value) -> Vec<u8> {
        let mut file = wav::header(sound.len() as u64, TAPE_RATE).to_vec();
        file.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
        format!(r#"{{"audio":"{}","conversationData":{conversation}}}"#, STANDARD.encode(file)).into_bytes()
    }

    #[test]
    fn a_request_is_json_with_a_wav_file_and_the_conversation() {
        let conversation = json!({"intent": "howareyou", "entities": []});
        let mut request = FileRequest::new(&conversation);
        assert_eq!(request.push(&[1, -2, 3]), 3);
        let message: Value = serde_json::from_slice(&request.finish()).unwrap();
        assert_eq!(message["conversationData"], conversation);
        let file = STANDARD.decode(message["audio"].as_str().unwrap()).unwrap();
        assert_eq!(file.len(), 50);
        assert_eq!(u32::from_le_bytes(file[4..8].try_into().unwrap()), 42);
        assert_eq!(u32::from_le_bytes(file[40..44].try_into().unwrap()), 6);
        assert_eq!(file[44..], [1, 0, 0xFE, 0xFF, 3, 0]);
    }

    #[test]
    fn a_request_without_sound_is_still_a_correct_file() {
        assert_eq!(FileRequest::new(&json!({})).finish(), naive(&[], &json!({})));
    }

    #[test]
    fn sound_beyond_the_longest_request_is_left_out() {
        let mut request = FileRequest::new(&json!({}));
        let minute = vec![7i16; 60 * TAPE_RATE as usize];
        let taken: Vec<usize> = (0..3).map(|_| request.push(&minute)).collect();
        assert_eq!(taken, [minute.len(), minute.len(), MAX_SAMPLES - 2 * minute.len()]);
        assert_eq!(request.samples(), MAX_SAMPLES);
        assert_eq!(request.finish(), naive(&[7; MAX_SAMPLES], &json!({})));
    }

    proptest! {
        #[test]
        fn any_split_of_the_sound_gives_the_same_message(
            sound in proptest::collection::vec(any::<i16>(), 0..4_000),
            cuts in proptest::collection::vec(0usize..1_500, 0..40),
        ) {
            let conversation = json!({"intent": "x \"quoted\" \u{e9}"});
            let mut request = FileRequest::new(&conversation);
            let mut rest = &sound[..];
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                request.push(now);
                rest = later;
            }
            request.push(rest);
            prop_assert_eq!(request.samples(), sound.len());
            prop_assert_eq!(request.finish(), naive(&sound, &conversation));
        }
    }
}
