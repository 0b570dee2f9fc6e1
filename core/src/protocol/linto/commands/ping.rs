//! `ping`: the admin page asks whether the device is there and shows the time until `pong`.

use super::Outcome;

pub const LEAF: &str = "ping";

/// The payload says nothing; the page sends `{}`. The answer must be a JSON object.
pub fn serve(_payload: &[u8]) -> Outcome {
    Outcome::Reply { leaf: "pong", payload: b"{}".to_vec() }
}

#[cfg(test)]
mod tests {
    use super::super::apply;
    use super::*;

    #[test]
    fn a_ping_is_answered_with_an_empty_object_whatever_it_carries() {
        let pong = Outcome::Reply { leaf: "pong", payload: b"{}".to_vec() };
        for payload in [&b"{}"[..], b"", b"\xff", b"[1]"] {
            assert_eq!(apply("ping", payload).as_ref(), Some(&pong));
        }
    }
}
