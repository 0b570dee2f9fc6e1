//! What people read: text from elsewhere, and amounts of memory.

/// Text from elsewhere, fit for a terminal: on one line, and without anything that would control it.
pub(crate) fn printable(text: &str) -> String {
    one_line(text, ' ').trim().to_owned()
}

/// The same text with `mark` in the place of whatever would end the line or control a terminal.
pub(crate) fn one_line(text: &str, mark: char) -> String {
    text.chars().map(|c| if c.is_control() { mark } else { c }).collect()
}

/// The same with at most so many characters; `…` stands for what is left out.
pub(crate) fn printable_up_to(longest: usize, text: &str) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => printable(&format!("{}…", &text[..end])),
        None => printable(text),
    }
}

/// Bytes with a unit that leaves one to four digits.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_does_not_control_the_terminal() {
        assert_eq!(printable(" It\u{1b}[2J is\r\nnoon.\u{9b}\t"), "It [2J is  noon.");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!([2, 3].map(|longest| printable_up_to(longest, "äöü")), ["äö…", "äöü"]);
    }

    #[test]
    fn sizes_have_a_unit_that_fits() {
        assert_eq!(
            [0, 9_999, 10_000, 9_999_999, 10_000_000, 9_999_999_999, 10_000_000_000].map(size),
            ["0 bytes", "9999 bytes", "10 kB", "9999 kB", "10 MB", "9999 MB", "10 GB"]
        );
    }
}
