//! Is there a network at all?

use std::net::IpAddr;

use super::case::Case;
use super::host::Host;
use super::sheet::Finding;
use crate::device::network::{Interface, Sources, interfaces};

const CHECK: &str = "network";

/// Interfaces with an address, and a way out.
#[must_use]
pub fn look(case: &Case) -> Finding {
    let host = &case.host;
    let sources = Sources { routes: host.path("proc/net/route"), classes: host.path("sys/class/net") };
    let local = case.settings().is_some_and(|settings| {
        let brokers = settings.linto.iter().all(|server| is_local(&server.broker.host));
        // Where their brokers are is known only when they were asked.
        brokers && settings.xiaozhi.is_empty() && !settings.linto.is_empty()
    });
    judge(&interfaces(&sources), routes_of_six(host), local)
}

/// `way_out_of_six`: whether there is a default route of IPv6. `local`: all servers are on this machine.
#[must_use]
pub fn judge(found: &[Interface], way_out_of_six: bool, local: bool) -> Finding {
    let shown: Vec<_> = found.iter().take(4).map(|i| format!("{} {}", i.name, i.address)).collect();
    let shown = shown.join(", ");
    if local {
        return Finding::ok(
            CHECK,
            format!("the server is on this machine; {}", if found.is_empty() { "no network" } else { &shown }),
        );
    }
    if found.is_empty() {
        return Finding::fault(
            CHECK,
            "no interface has an address",
            "Plug the cable in, or set Wi-Fi up: `sudo nmtui` on Raspberry Pi OS.",
        );
    }
    match found.iter().find_map(|interface| interface.gateway) {
        Some(gateway) => Finding::ok(CHECK, format!("{shown}; router {gateway}")),
        None if way_out_of_six => Finding::ok(CHECK, format!("{shown}; a router for IPv6 alone")),
        None => Finding::warning(
            CHECK,
            format!("{shown}; no default route, so only the own network can be reached"),
            "Check the router and its DHCP; `ip route` shows the routes.",
        ),
    }
}

/// Whether a broker's host is this machine.
pub(super) fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Lines of `DESTINATION PREFIX … GATEWAY METRIC … FLAGS DEVICE`: a destination of all zeros with a router.
fn routes_of_six(host: &Host) -> bool {
    let table = host.read("proc/net/ipv6_route").unwrap_or_default();
    table.lines().any(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let zeros = |column: &str| column.chars().all(|c| c == '0');
        matches!(columns.as_slice(), [to, "00", _, _, router, .., device] if zeros(to) && !zeros(router) && *device != "lo")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sheet::Verdict;
    use super::*;

    fn interface(gateway: Option<&str>) -> Interface {
        Interface {
            name: "wlan0".into(),
            address: "192.168.1.7".parse().unwrap(),
            netmask: None,
            mac: String::new(),
            gateway: gateway.map(|gateway| gateway.parse().unwrap()),
            wireless: true,
        }
    }

    #[test]
    fn address_and_router_are_needed_unless_the_server_is_here() {
        let with = [interface(Some("192.168.1.1"))];
        let without = [interface(None)];
        for (found, six, local, verdict) in [
            (&with[..], false, false, Verdict::Ok),
            (&without[..], false, false, Verdict::Warning),
            (&without[..], true, false, Verdict::Ok),
            (&[][..], false, false, Verdict::Fault),
            (&[][..], false, true, Verdict::Ok),
        ] {
            assert_eq!(judge(found, six, local).verdict, verdict);
        }
        assert_eq!(judge(&with, false, false).seen, "wlan0 192.168.1.7; router 192.168.1.1");
    }

    #[test]
    fn a_default_route_of_ipv6_is_seen() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        assert!(!routes_of_six(&host));
        std::fs::create_dir_all(host.path("proc/net")).unwrap();
        let (zero, router) = ("0".repeat(32), "fe80000000000000000000000000000b");
        let line = |to: &str, router: &str, device: &str| {
            format!("{to} 00 {zero} 00 {router} 00000400 00000001 00000000 00000003 {device:>8}\n")
        };
        for (table, expected) in [
            (line(&zero, &zero, "lo"), false),
            (line(&zero, router, "eth0"), true),
            (line(router, router, "eth0"), false),
        ] {
            std::fs::write(host.path("proc/net/ipv6_route"), &table).unwrap();
            assert_eq!(routes_of_six(&host), expected, "{table}");
        }
    }

    #[test]
    fn this_machine_has_several_names() {
        for (host, local) in
            [("localhost", true), ("127.0.0.1", true), ("::1", true), ("192.168.1.1", false), ("local", false)]
        {
            assert_eq!(is_local(host), local, "{host}");
        }
    }
}
