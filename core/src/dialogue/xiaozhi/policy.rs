//! What a connection to the broker of a xiaozhi server is like.

use std::time::Duration;

use crate::link::Policy;
use crate::protocol::xiaozhi::MESSAGE_LIMIT;
use crate::protocol::xiaozhi::access::Login;

/// The largest message that is taken in, in bytes.
pub const INCOMING_LIMIT: usize = 64 * 1024;

/// The policy of the connection for this login.
///
/// xiaozhi: the gateway reads a last will as the login name, knows one filter per subscription, takes QoS 0 only, closes
/// over a large packet, and says "wrong password" by closing right after it has accepted. It knows a device by the whole
/// client id, so nothing is added to that.
#[must_use]
pub fn policy(login: &Login) -> Policy {
    Policy {
        keep_alive: login.keep_alive,
        will: None,
        farewell: Vec::new(),
        client_id: login.client_id.clone(),
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
        let login = Login {
            tls: false,
            host: "gateway".into(),
            port: 1883,
            client_id: "GID_x@@@a@@@b".into(),
            username: String::new(),
            password: String::new().into(),
            publish_topic: None,
            subscribe_topic: None,
            keep_alive: Duration::from_secs(60),
        };
        let policy = policy(&login);
        assert_eq!((policy.will, policy.farewell.len(), policy.suffix), (None, 0, false));
        assert_eq!(policy.client_id, "GID_x@@@a@@@b");
        assert_eq!((policy.single_filter, policy.outgoing_limit), (true, Some(8_000)));
        assert_eq!((policy.refusal, policy.keep_alive.as_secs()), (Some(Duration::from_secs(2)), 60));
    }
}
