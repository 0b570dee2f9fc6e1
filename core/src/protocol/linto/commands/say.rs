//! `say`: the admin page makes the device say a text. It does not touch a pending request or conversation.

use super::Served;
use crate::protocol::linto::lenient;

pub const LEAF: &str = "say";

/// `{"value":"text"}`, which the admin page may send as invalid JSON.
pub fn serve(payload: &[u8]) -> Served {
    lenient::value(payload).map_or(Served::Nothing("no text in it"), Served::Say)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_said_even_if_the_page_broke_the_json() {
        let said = |text: &str| Served::Say(text.into());
        assert_eq!(serve(br#"{"value":"bonjour"}"#), said("bonjour"));
        assert_eq!(serve(br#"{"value":"il a dit "oui""}"#), said("il a dit \"oui\""));
        assert_eq!(serve(b"{\"value\":\"one\ntwo\"}"), said("one\ntwo"));
    }

    #[test]
    fn without_a_text_nothing_is_said() {
        assert_eq!(serve(b"{}"), Served::Nothing("no text in it"));
    }
}
