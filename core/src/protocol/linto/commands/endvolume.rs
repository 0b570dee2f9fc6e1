//! `endvolume`: the admin page's slider was let go. This is the volume to remember.

use super::Served;
use super::volume::{self, Percent};
use crate::wish::Wish;

/// The fourth level of the topic.
pub const LEAF: &str = "endvolume";

/// The same payload as that of `volume`. LinTO's original client took the number 0 for none.
///
/// # Errors
/// What is wrong with the payload, and what would be right.
pub fn parse(payload: &[u8]) -> Result<Percent, String> {
    volume::parse(payload)
}

/// Heard, remembered, and told with the next status.
#[must_use]
pub fn serve(payload: &[u8]) -> Served {
    parse(payload).map(|percent| Wish::Volume { percent: percent.get(), keep: true }).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_volume_like_any_other() {
        for payload in [&br#"{"value":0}"#[..], br#"{"value":"0"}"#, b"0"] {
            assert_eq!(parse(payload).map(Percent::get), Ok(0));
        }
        assert!(parse(b"{\"value\":-1}").is_err());
    }
}
