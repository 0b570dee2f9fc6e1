//! The beginning of a stream.

/// Keeps the first bytes of what is pushed and forgets the rest.
#[derive(Debug)]
pub(super) struct Capped {
    kept: Vec<u8>,
    cap: usize,
    cut: bool,
}

impl Capped {
    pub(super) const fn new(cap: usize) -> Self {
        Self { kept: Vec::new(), cap, cut: false }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.cap - self.kept.len();
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.cut |= bytes.len() > room;
    }

    /// Whether something was forgotten.
    pub(super) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// As text; what is no UTF-8 becomes U+FFFD. A character that the cap has torn is left out.
    pub(super) fn into_text(mut self) -> String {
        if self.cut {
            let torn = self.kept.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
            // At most the beginning of one character; more is not ours but the program's.
            if torn < 4 && self.is_torn(torn) {
                self.kept.truncate(self.kept.len() - torn);
            }
        }
        String::from_utf8_lossy(&self.kept).into_owned()
    }

    /// Whether the last `length` bytes could be completed to a character.
    fn is_torn(&self, length: usize) -> bool {
        let tail = &self.kept[self.kept.len() - length..];
        std::str::from_utf8(tail).is_err_and(|error| error.error_len().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], cap: usize) -> (String, bool) {
        let mut capped = Capped::new(cap);
        bytes.chunks(3).for_each(|chunk| capped.push(chunk));
        let cut = capped.is_cut();
        (capped.into_text(), cut)
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        assert_eq!(text("Grüße".as_bytes(), 7), ("Grüße".into(), false));
    }

    #[test]
    fn a_torn_character_is_left_out_and_a_wrong_byte_is_shown() {
        for (bytes, cap, expected) in [
            ("aé".as_bytes(), 2, "a"),
            ("a😀".as_bytes(), 4, "a"),
            (b"a\xffbc", 2, "a\u{fffd}"),
            (b"abcd", 2, "ab"),
            (b"abcd", 0, ""),
        ] {
            assert_eq!(text(bytes, cap), (expected.into(), true), "{bytes:?} up to {cap}");
        }
    }
}
