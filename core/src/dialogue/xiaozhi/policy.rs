//! What a connection to the broker of a xiaozhi server is like.

use std::time::Duration;

use crate::link::Policy;
use crate::protocol::xiaozhi::MESSAGE_LIMIT;
use crate::protocol::xiaozhi::access::Endpoint;

/// The largest message that is taken in, in bytes.
pub const INCOMING_LIMIT: usize = 64 * 1024;

/// Seconds between signs of life. Servers ask for 240 s, which routers do not wait for; fewer are always welcome.
const KEEP_ALIVE: u16 = 60;
const SHORTEST_KEEP_ALIVE: u16 = 10;

/// The policy of the connection to `endpoint`, when the server asked for a sign of life every `keepalive` seconds.
///
/// xiaozhi: the gateway reads a last will as the login name, knows one filter per subscription, takes QoS 0 only, closes
/// over a large packet, and says "wrong password" by closing right after it has accepted. It knows a device by the whole
/// client id, so nothing is added to that.
#[must_use]
pub fn policy(endpoint: &Endpoint, keepalive: Option<u16>) -> Policy {
    let keep_alive = keepalive.filter(|seconds| *seconds > 0).unwrap_or(KEEP_ALIVE);
    Policy {
        keep_alive: Duration::from_secs(keep_alive.clamp(SHORTEST_KEEP_ALIVE, KEEP_ALIVE).into()),
        will: None,
        farewell: Vec::new(),
        client_id: endpoint.client_id.clone(),
        suffix: false,
        incoming_limit: INCOMING_LIMIT,
        short_life: Duration::from_secs(10),
        short_lives: 3,
        refusal: Some(Duration::from_secs(2)),
        single_filter: true,
        outgoing_limit: Some(MESSAGE_LIMIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_the_gateway_stumbles_over() {
        let endpoint = Endpoint { tls: false, host: "gateway".into(), port: 1883, client_id: "GID_x@@@a@@@b".into() };
        let policy = policy(&endpoint, None);
        assert_eq!((policy.will, policy.farewell.len(), policy.suffix), (None, 0, false));
        assert_eq!(policy.client_id, "GID_x@@@a@@@b");
        assert_eq!((policy.single_filter, policy.outgoing_limit), (true, Some(8_000)));
        assert_eq!(policy.refusal, Some(Duration::from_secs(2)));
    }

    #[test]
    fn signs_of_life_come_more_often_than_routers_forget() {
        let endpoint = Endpoint { tls: true, host: "h".into(), port: 8883, client_id: "c".into() };
        for (told, kept) in [(None, 60), (Some(0), 60), (Some(240), 60), (Some(30), 30), (Some(1), 10)] {
            assert_eq!(policy(&endpoint, told).keep_alive.as_secs(), kept, "{told:?}");
        }
    }
}
