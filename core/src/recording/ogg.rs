//! Ogg pages (RFC 3533): a header with a checksum, then whole packets.

/// The most bytes of a packet's length that one entry of the page's table can name.
const LACE: usize = 255;

/// The most entries in that table.
const TABLE: usize = 255;

/// Where the checksum lies in the header of a page.
const CHECKSUM: std::ops::Range<usize> = 22..26;

const FIRST: u8 = 2;
const LAST: u8 = 4;

/// Writes the pages of one logical stream. Packets never run over the end of their page, so each page can be played
/// without the next one.
#[derive(Debug)]
pub struct Pages {
    serial: u32,
    sequence: u32,
    table: Vec<u8>,
    body: Vec<u8>,
}

impl Pages {
    /// No page yet. `serial` tells the streams of a file apart.
    #[must_use]
    pub const fn new(serial: u32) -> Self {
        Self { serial, sequence: 0, table: Vec::new(), body: Vec::new() }
    }

    /// Puts a packet on the page that is being made. False if there is no room: end the page first.
    #[must_use]
    pub fn packet(&mut self, packet: &[u8]) -> bool {
        let entries = packet.len() / LACE + 1;
        if self.table.len() + entries > TABLE {
            return false;
        }
        self.table.extend(std::iter::repeat_n(u8::MAX, entries - 1));
        self.table.push((packet.len() % LACE) as u8);
        self.body.extend(packet);
        true
    }

    /// Ends the page and appends it to `out`. `granule`: the place in the sound where it ends, in the codec's unit.
    pub fn end_page(&mut self, granule: u64, last: bool, out: &mut Vec<u8>) {
        let start = out.len();
        let flags = if self.sequence == 0 { FIRST } else { 0 } | if last { LAST } else { 0 };
        out.extend(b"OggS\0");
        out.push(flags);
        out.extend(granule.to_le_bytes());
        out.extend(self.serial.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend([0; 4]);
        out.push(self.table.len() as u8);
        out.append(&mut self.table);
        out.append(&mut self.body);
        let sum = checksum(&out[start..]);
        out[start..][CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        self.sequence = self.sequence.wrapping_add(1);
    }
}

/// The checksum of a page in which its own four bytes are zero: CRC-32 with the polynomial `04c11db7`, not reflected,
/// from zero.
#[must_use]
pub fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, byte| (sum << 8) ^ STEPS[usize::from((sum >> 24) as u8 ^ byte)])
}

/// The checksum of each single byte.
const STEPS: [u32; 256] = {
    let mut steps = [0; 256];
    let mut byte = 0;
    while byte < steps.len() {
        let mut sum = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            bit += 1;
        }
        steps[byte] = sum;
        byte += 1;
    }
    steps
};
