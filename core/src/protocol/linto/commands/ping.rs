//! `ping`: the admin page asks whether the device is there and shows the time until `pong`.

use super::{Reply, Served};

pub const LEAF: &str = "ping";

/// The leaf of the answer.
pub const ANSWER: &str = "pong";

/// The payload says nothing; the page sends `{}`. The answer must be a JSON object.
pub fn serve(_payload: &[u8]) -> Served {
    Served::Reply(Reply::empty(ANSWER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_answered_with_an_empty_object_whatever_it_carries() {
        let pong = Served::Reply(Reply { leaf: "pong", payload: b"{}".to_vec() });
        for payload in [&b"{}"[..], b"", b"\xff", b"[1]"] {
            assert_eq!(serve(payload), pong);
        }
    }
}
