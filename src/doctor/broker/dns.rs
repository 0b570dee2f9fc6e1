//! Has the broker's name an address?

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Addresses, Rung};
use crate::config::Linto;
use crate::doctor::sheet::Finding;

const CHECK: &str = "dns";

/// A resolver that gets no answer tries again for ten seconds and more.
const LIMIT: Duration = Duration::from_secs(4);

pub(super) async fn look(server: &Linto) -> Rung<Addresses> {
    let (host, port) = (server.broker.host.as_str(), server.broker.port);
    if let Ok(ip) = host.parse::<IpAddr>() {
        let finding = Finding::skipped(CHECK, format!("`{host}` is an address, no name is asked for"));
        return (finding, Some(vec![SocketAddr::new(ip, port)]));
    }
    let why = match tokio::time::timeout(LIMIT, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(found)) => {
            let found: Addresses = found.collect();
            if !found.is_empty() {
                let shown: Vec<_> = found.iter().take(3).map(|address| address.ip().to_string()).collect();
                return (Finding::ok(CHECK, format!("`{host}` is {}", shown.join(", "))), Some(found));
            }
            "it has no address".to_owned()
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
    };
    (Finding::fault(CHECK, format!("the name `{host}` was not found: {why}"), remedy(host)), None)
}

fn remedy(host: &str) -> &'static str {
    if host.trim_end_matches('.').ends_with(".local") {
        "Names that end in `.local` need `sudo apt install libnss-mdns`; else write the broker's IP address."
    } else {
        "Check the spelling of `broker` in [linto], and the name server: `resolvectl status` or /etc/resolv.conf."
    }
}
