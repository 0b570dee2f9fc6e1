//! Does anything take a TCP connection there?

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::Rung;
use crate::config::Linto;
use crate::doctor::sheet::Finding;

const CHECK: &str = "reach";

/// For all addresses together.
const LIMIT: Duration = Duration::from_secs(4);

pub(super) async fn look(server: &Linto, addresses: &[SocketAddr]) -> Rung<SocketAddr> {
    let end = Instant::now() + LIMIT;
    let broker = &server.broker;
    let mut trouble = (format!("{broker} has no address"), "Check `broker` in [linto].");
    for (nth, address) in addresses.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        // Each address gets its share of the time: one that swallows packets must not starve the next.
        let share = left / u32::try_from(addresses.len() - nth).unwrap_or(u32::MAX);
        let begun = Instant::now();
        trouble = match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                let seen = format!("{broker} takes connections ({address}, {} ms)", begun.elapsed().as_millis());
                return (Finding::ok(CHECK, seen), Some(*address));
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => (
                format!("nothing listens on {broker} ({address})"),
                "Check that the broker runs, and the port of `broker` in [linto].",
            ),
            Ok(Err(error)) => {
                (format!("{broker} can't be reached ({address}): {error}"), "Check the network and the router.")
            }
            Err(_) => (
                format!("no answer from {broker} ({address})"),
                "Check that the server runs and that no firewall is in between.",
            ),
        };
    }
    (Finding::fault(CHECK, trouble.0, trouble.1), None)
}
