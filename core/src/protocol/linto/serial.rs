//! Serial numbers: what the admin page lets an operator register.

use thiserror::Error;

/// The fewest characters that the admin page takes.
pub const MIN_LENGTH: usize = 5;

/// The most characters that we take. LinTO has no limit of its own; a topic has one.
pub const MAX_LENGTH: usize = 64;

/// The mark of browser sessions: LinTO never shows a serial number with it as online.
const WEB_MARK: &str = "WEB_";

/// Why a serial number can't be registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SerialError {
    /// Fewer than [`MIN_LENGTH`] characters.
    #[error(
        "the serial number `{serial}` is too short: LinTO's admin page takes {MIN_LENGTH} characters or more; \
         make it longer, for example `raspberry1`"
    )]
    TooShort {
        /// As given.
        serial: String,
    },
    /// More than [`MAX_LENGTH`] characters.
    #[error("the serial number has {length} characters, {MAX_LENGTH} are the most; make it shorter")]
    TooLong {
        /// Its length in characters.
        length: usize,
    },
    /// A character that the admin page refuses, or that has a meaning in topics.
    #[error(
        "the serial number `{serial}` contains {character:?}, LinTO's admin page takes only letters without accents, \
         digits, space, `-` and `_`; replace it, for example by `-`"
    )]
    Character {
        /// As given.
        serial: String,
        /// The first one that is refused.
        character: char,
    },
    /// Contains `WEB_`.
    #[error(
        "the serial number `{serial}` contains `WEB_`, which LinTO takes for a browser and never shows as online; \
         write `WEB-` instead"
    )]
    WebClient {
        /// As given.
        serial: String,
    },
}

/// Whether an operator can register `serial` and the server will show it as online.
///
/// # Errors
/// The first rule that it breaks, with a remedy.
pub fn check(serial: &str) -> Result<(), SerialError> {
    let length = serial.chars().count();
    if length > MAX_LENGTH {
        return Err(SerialError::TooLong { length });
    }
    if let Some(character) = serial.chars().find(|c| !allowed(*c)) {
        return Err(SerialError::Character { serial: serial.into(), character });
    }
    if length < MIN_LENGTH {
        return Err(SerialError::TooShort { serial: serial.into() });
    }
    if serial.contains(WEB_MARK) {
        return Err(SerialError::WebClient { serial: serial.into() });
    }
    Ok(())
}

/// A valid serial number out of what the board says about itself, or `None` if that names no single board.
///
/// Firmware writes placeholders where a number should be; two devices with one of them would be twins.
#[must_use]
pub fn sanitise(board: &str) -> Option<String> {
    let board = board.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if is_placeholder(board) {
        return None;
    }
    let mut serial: String = board.chars().take(MAX_LENGTH).map(|c| if allowed(c) { c } else { '-' }).collect();
    if serial.chars().count() < MIN_LENGTH {
        serial = format!("board-{serial}");
    }
    Some(serial.replace(WEB_MARK, "WEB-"))
}

const fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_')
}

fn is_placeholder(board: &str) -> bool {
    const WORDS: &[&str] = &["filled by o.e.m", "default string", "not specified", "not applicable", "serial number"];
    let lower = board.to_lowercase();
    let digits = lower.trim_start_matches("0x");
    !lower.chars().any(char::is_alphanumeric)
        || digits.chars().all(|c| c == '0')
        || ["none", "n/a", "unknown", "invalid", "0123456789", "123456789"].contains(&lower.as_str())
        || WORDS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn serial_numbers_seen_in_the_wild_are_taken() {
        for serial in ["raspberry1", "222222", "10000000abcdef12", "My Pi_2-b"] {
            assert_eq!(check(serial), Ok(()), "{serial}");
        }
    }

    #[test]
    fn each_refusal_says_the_rule_and_a_remedy() {
        let text = |serial: &str| check(serial).unwrap_err().to_string();
        insta::assert_snapshot!([text("0"), text("pi/küche"), text("a+b#c"), text("xWEB_1"), text(&"a".repeat(65))].join("\n"), @r"
        the serial number `0` is too short: LinTO's admin page takes 5 characters or more; make it longer, for example `raspberry1`
        the serial number `pi/küche` contains '/', LinTO's admin page takes only letters without accents, digits, space, `-` and `_`; replace it, for example by `-`
        the serial number `a+b#c` contains '+', LinTO's admin page takes only letters without accents, digits, space, `-` and `_`; replace it, for example by `-`
        the serial number `xWEB_1` contains `WEB_`, which LinTO takes for a browser and never shows as online; write `WEB-` instead
        the serial number has 65 characters, 64 are the most; make it shorter
        ");
    }

    #[test]
    fn the_boards_number_becomes_one_that_can_be_registered() {
        assert_eq!(sanitise("10000000abcdef12\0\n").as_deref(), Some("10000000abcdef12"));
        assert_eq!(sanitise("PF3/x:y").as_deref(), Some("PF3-x-y"));
        assert_eq!(sanitise("7").as_deref(), Some("board-7"));
        assert_eq!(sanitise("abWEB_cd").as_deref(), Some("abWEB-cd"));
    }

    #[test]
    fn a_placeholder_is_no_serial_number() {
        for board in ["", "\0", "0000000000000000", "0x0", "To Be Filled By O.E.M.", "Default string", "None", "..."] {
            assert_eq!(sanitise(board), None, "{board:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_board_says_the_result_can_be_registered(board in "\\PC{0,90}|[WEB_0-9]{0,90}") {
            if let Some(serial) = sanitise(&board) {
                proptest::prop_assert_eq!(check(&serial), Ok(()), "from {:?}", board);
            }
        }
    }
}
