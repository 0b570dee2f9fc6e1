//! Bytes between two sockets: a bounded queue in one piece.

/// A queue of at most [`Buffer::SIZE`] bytes. Its memory is taken when it is first used.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// Two packets of SSH: one is on its way while the next is being filled.
    pub(super) const SIZE: usize = 128 * 1024;

    /// Whether it holds nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether it is worth to read more into it.
    pub(super) const fn has_space(&self) -> bool {
        self.end - self.start < Self::SIZE / 2
    }

    /// What it holds, oldest first. The bytes at its beginning stay the same until they are [`Self::taken`].
    pub(super) fn front(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Where the next bytes belong; tell with [`Self::filled`] how many there are.
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes.resize(Self::SIZE, 0);
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.bytes[self.end..]
    }

    /// So many bytes were written into [`Self::space`].
    pub(super) fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// So many bytes of [`Self::front`] are done with.
    pub(super) fn taken(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_out_in_the_order_in_which_they_went_in(steps in prop::collection::vec((0_usize..50_000, 0_usize..50_000), 1..30)) {
            let (mut buffer, mut wrote, mut read) = (Buffer::default(), 0_u64, 0_u64);
            for (put, take) in steps {
                if buffer.has_space() {
                    let space = buffer.space();
                    let put = put.min(space.len());
                    for place in &mut space[..put] {
                        *place = (wrote % 251) as u8;
                        wrote += 1;
                    }
                    buffer.filled(put);
                }
                let take = take.min(buffer.front().len());
                for &byte in &buffer.front()[..take] {
                    prop_assert_eq!(byte, (read % 251) as u8);
                    read += 1;
                }
                buffer.taken(take);
                prop_assert_eq!(buffer.front().len() as u64, wrote - read);
            }
        }
    }
}
