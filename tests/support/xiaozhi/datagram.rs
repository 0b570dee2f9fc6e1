//! Sealed sound as the gateway makes it, with OpenSSL's AES: another one than the program's.

use openssl::symm::{Cipher, encrypt};

/// Bytes before the sound.
pub const HEADER: usize = 16;

/// What stands before the sound, in the clear. It is the first counter of the cipher as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of sound.
    pub length: u16,
    /// Names the connection.
    pub connection: u32,
    /// Milliseconds of no certain meaning.
    pub timestamp: u32,
    /// Counts the datagrams of a session from 1.
    pub sequence: u32,
}

impl Header {
    /// As it goes over the network.
    pub fn bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0] = 1;
        bytes[2..4].copy_from_slice(&self.length.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.connection.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.timestamp.to_be_bytes());
        bytes[12..].copy_from_slice(&self.sequence.to_be_bytes());
        bytes
    }

    /// `None`: it is too short, of another type, or shorter than it says. What is longer than it says is taken.
    pub fn read(datagram: &[u8]) -> Option<Self> {
        let header = datagram.get(..HEADER)?;
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let length = u16::from_be_bytes([header[2], header[3]]);
        let whole = datagram.len() >= HEADER + usize::from(length);
        (header[0] == 1 && whole).then(|| Self { length, connection: word(4), timestamp: word(8), sequence: word(12) })
    }

    /// The datagram for this sound.
    pub fn seal(mut self, key: &[u8; 16], packet: &[u8]) -> Vec<u8> {
        self.length = u16::try_from(packet.len()).expect("a packet of sound is short");
        let header = self.bytes();
        [&header[..], &apply(key, &header, packet)].concat()
    }

    /// The sound in a datagram that begins with this header.
    pub fn open(&self, key: &[u8; 16], datagram: &[u8]) -> Vec<u8> {
        let header: [u8; HEADER] = datagram[..HEADER].try_into().expect("a header");
        apply(key, &header, &datagram[HEADER..HEADER + usize::from(self.length)])
    }
}

/// Encrypts and decrypts, which is the same.
fn apply(key: &[u8; 16], counter: &[u8; HEADER], bytes: &[u8]) -> Vec<u8> {
    encrypt(Cipher::aes_128_ctr(), key, Some(counter), bytes).expect("OpenSSL has AES")
}
