//! What a connection to a LinTO broker is like: everything that differs from other protocols, in one place.

use std::time::Duration;

use super::LintoSettings;
use crate::link::{Policy, Publication, Qos};
use crate::protocol::linto::scope::{Scope, Topics};
use crate::protocol::linto::status;

/// The largest message that is taken in, in bytes. An answer has some kilobytes; this leaves room for sound in it.
pub const INCOMING_LIMIT: usize = 2 * 1024 * 1024;

/// The policy of the connection for `settings`.
///
/// There is only one will, so only one scope can keep a retained `online` honest: the admin scope, where the page and
/// the server's book of devices look. On the request scope nothing is retained.
#[must_use]
pub fn policy(settings: &LintoSettings) -> Policy {
    let topics = Topics::new(&settings.admin_scope, &settings.request_scope, &settings.serial);
    let offline = |scope: Scope| Publication {
        topic: topics.egress(scope, "status"),
        payload: status::offline(),
        qos: Qos::One,
        retain: scope == Scope::Admin,
    };
    Policy {
        keep_alive: Duration::from_secs(15),
        will: Some(offline(Scope::Admin)),
        farewell: topics.scopes().iter().map(|scope| offline(*scope)).collect(),
        client_id: format!("auricle-{}", settings.serial),
        suffix: true,
        incoming_limit: INCOMING_LIMIT,
        short_life: Duration::from_secs(10),
        short_lives: 3,
        refusal: None,
        single_filter: false,
        outgoing_limit: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::rig::settings;
    use super::*;

    #[test]
    fn the_will_is_retained_where_the_online_status_is() {
        let policy = policy(&settings());
        insta::assert_debug_snapshot!((policy.will, policy.farewell), @r#"
        (
            Some(
                blk/fromlinto/raspberry1/status (retain) One {"connexion":"offline"},
            ),
            [
                blk/fromlinto/raspberry1/status (retain) One {"connexion":"offline"},
                app1/fromlinto/raspberry1/status One {"connexion":"offline"},
            ],
        )
        "#);
    }

    #[test]
    fn one_scope_needs_one_farewell() {
        let settings = LintoSettings { request_scope: "blk".into(), ..settings() };
        assert_eq!(policy(&settings).farewell.len(), 1);
    }
}
