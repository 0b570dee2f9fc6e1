//! The network interfaces, as servers are told about them.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;

/// The most interfaces that are told.
pub const MAX_INTERFACES: usize = 16;

/// Beginnings of the names of interfaces that lead nowhere by themselves: tunnels, and the inside of this machine.
const VIRTUAL: [&str; 9] = ["tun", "tap", "wg", "docker", "veth", "br-", "virbr", "lxc", "cni"];

/// An interface that is up and has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// For example `wlan0`.
    pub name: String,
    /// IPv4 address; IPv6 if it has only that.
    pub address: IpAddr,
    /// Of the same kind as the address.
    pub netmask: Option<IpAddr>,
    /// `aa:bb:cc:dd:ee:ff`, empty if it has none.
    pub mac: String,
    /// The router that it leads to by default; IPv4 only.
    pub gateway: Option<Ipv4Addr>,
    /// Radio, not cable.
    pub wireless: bool,
}

/// Where the kernel tells about interfaces. Elsewhere in tests.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The IPv4 routes.
    pub routes: PathBuf,
    /// A folder for each interface.
    pub classes: PathBuf,
}

impl Default for Sources {
    fn default() -> Self {
        Self { routes: "/proc/net/route".into(), classes: "/sys/class/net".into() }
    }
}

/// The interfaces of this machine that are up and have an address, at most [`MAX_INTERFACES`]: those with a default
/// route first, then by name. Without the loopback, tunnels and the bridges of containers.
///
/// What can't be read is left out: nothing here is worth an error.
#[must_use]
pub fn interfaces(sources: &Sources) -> Vec<Interface> {
    let all = getifaddrs().inspect_err(|errno| tracing::warn!("the network interfaces can't be listed: {errno}"));
    gather(all.map(|all| all.filter_map(address).collect()).unwrap_or_default(), sources)
}

/// One address of one interface.
struct Address {
    interface: String,
    address: IpAddr,
    netmask: Option<IpAddr>,
}

fn address(entry: InterfaceAddress) -> Option<Address> {
    let usable = entry.flags.contains(InterfaceFlags::IFF_UP) && !entry.flags.contains(InterfaceFlags::IFF_LOOPBACK);
    let address = ip(&entry.address?).filter(|_| usable)?;
    Some(Address { interface: entry.interface_name, address, netmask: entry.netmask.as_ref().and_then(ip) })
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let four = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    four.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

fn gather(addresses: Vec<Address>, sources: &Sources) -> Vec<Interface> {
    let mut best: BTreeMap<String, Address> = BTreeMap::new();
    let real = |name: &str| !VIRTUAL.iter().any(|prefix| name.starts_with(prefix));
    for new in addresses.into_iter().filter(|a| real(&a.interface) && rank(&a.address) > 0) {
        // The first of the best kind: it is the one that the interface got first.
        if best.get(&new.interface).is_none_or(|old| rank(&old.address) < rank(&new.address)) {
            best.insert(new.interface.clone(), new);
        }
    }
    let routes = fs::read_to_string(&sources.routes).map(|text| default_routes(&text)).unwrap_or_default();
    let mut found: Vec<Interface> = best.into_values().map(|a| describe(a, &routes, &sources.classes)).collect();
    let place = |interface: &Interface| routes.iter().position(|route| route.interface == interface.name);
    found.sort_by_key(|interface| place(interface).unwrap_or(usize::MAX));
    found.truncate(MAX_INTERFACES);
    found
}

/// How much an address says: 0, nothing; an IPv6 address of the link leads to nobody.
const fn rank(address: &IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 2,
        IpAddr::V6(address) => !address.is_unicast_link_local() as u8,
    }
}

fn describe(address: Address, routes: &[Route], classes: &Path) -> Interface {
    let class = classes.join(&address.interface);
    let mac = fs::read_to_string(class.join("address")).unwrap_or_default();
    Interface {
        gateway: routes.iter().find(|route| route.interface == address.interface).map(|route| route.gateway),
        mac: mac.trim().into(),
        wireless: class.join("wireless").exists() || class.join("phy80211").exists(),
        name: address.interface,
        address: address.address,
        netmask: address.netmask,
    }
}

/// A default route.
struct Route {
    interface: String,
    gateway: Ipv4Addr,
    metric: u32,
}

/// Those in the kernel's table that lead to a router, the preferred one first.
fn default_routes(table: &str) -> Vec<Route> {
    let mut routes: Vec<Route> = table.lines().skip(1).filter_map(default_route).collect();
    routes.sort_by_key(|route| route.metric);
    routes
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask …`; addresses are the memory of the kernel as a number.
fn default_route(line: &str) -> Option<Route> {
    const UP_AND_GATEWAY: u16 = 0x3;
    let columns: Vec<&str> = line.split_whitespace().collect();
    let &[interface, destination, gateway, flags, _, _, metric, mask, ..] = columns.as_slice() else { return None };
    let number = |text| u32::from_str_radix(text, 16).ok();
    let flags = u16::from_str_radix(flags, 16).ok()?;
    if number(destination)? != 0 || number(mask)? != 0 || flags & UP_AND_GATEWAY != UP_AND_GATEWAY {
        return None;
    }
    let gateway = Ipv4Addr::from(number(gateway)?.to_ne_bytes());
    Some(Route { interface: interface.into(), gateway, metric: metric.parse().ok()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tempfile::TempDir;

    use super::*;

    fn addresses(list: &[(&str, &str, &str)]) -> Vec<Address> {
        let address = |&(interface, address, netmask): &(&str, &str, &str)| Address {
            interface: interface.into(),
            address: address.parse().unwrap(),
            netmask: netmask.parse().ok(),
        };
        list.iter().map(address).collect()
    }

    /// Routes as number columns in this machine's byte order, and a folder for `wlan0` and `eth0`.
    fn machine() -> (TempDir, Sources) {
        let folder = tempfile::tempdir().unwrap();
        let sources = Sources { routes: folder.path().join("route"), classes: folder.path().join("net") };
        let column = |address: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(address));
        let (net, mask, home) = (column([192, 168, 1, 0]), column([255, 255, 255, 0]), column([192, 168, 1, 1]));
        let wlan = column([10, 0, 0, 138]);
        let table = format!(
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
             eth0\t{net}\t00000000\t0001\t0\t0\t100\t{mask}\t0\t0\t0\n\
             wlan0\t00000000\t{wlan}\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
             eth0\t00000000\t{home}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
             half a line\n"
        );
        fs::write(&sources.routes, table).unwrap();
        fs::create_dir_all(sources.classes.join("wlan0/wireless")).unwrap();
        fs::create_dir_all(sources.classes.join("eth0")).unwrap();
        fs::write(sources.classes.join("wlan0/address"), "b8:27:eb:00:00:01\n").unwrap();
        (folder, sources)
    }

    #[test]
    fn cable_and_radio_are_told_with_router_and_mask_the_preferred_one_first() {
        let (_folder, sources) = machine();
        let list = [
            ("alone0", "172.16.0.9", ""),
            ("wlan0", "fe80::1", "ffff:ffff:ffff:ffff::"),
            ("wlan0", "10.0.0.5", "255.255.255.0"),
            ("wlan0", "10.0.0.6", "255.255.255.0"),
            ("eth0", "2001:db8::7", "ffff:ffff:ffff:ffff::"),
            ("eth0", "192.168.1.7", "255.255.255.0"),
        ];
        let found = gather(addresses(&list), &sources);
        let wlan0 = Interface {
            name: "wlan0".into(),
            address: "10.0.0.5".parse().unwrap(),
            netmask: "255.255.255.0".parse().ok(),
            mac: "b8:27:eb:00:00:01".into(),
            gateway: "10.0.0.138".parse().ok(),
            wireless: true,
        };
        assert_eq!(found.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["eth0", "wlan0", "alone0"]);
        assert_eq!(found[1], wlan0);
        assert_eq!((found[0].address, found[0].wireless), ("192.168.1.7".parse().unwrap(), false));
        assert_eq!((found[2].gateway, found[2].mac.as_str()), (None, ""));
    }

    #[test]
    fn what_leads_nowhere_is_left_out() {
        let (_folder, sources) = machine();
        let list = [
            ("tun0", "10.8.0.2", ""),
            ("docker0", "172.17.0.1", ""),
            ("br-1f", "172.18.0.1", ""),
            ("eth1", "fe80::2", ""),
        ];
        assert_eq!(gather(addresses(&list), &sources), []);
    }

    #[test]
    fn an_interface_with_ipv6_alone_has_that() {
        let (_folder, sources) = machine();
        let found = gather(addresses(&[("eth0", "fe80::2", ""), ("eth0", "2001:db8::7", "")]), &sources);
        assert_eq!(found[0].address, "2001:db8::7".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_machine_with_very_many_interfaces_tells_a_few() {
        let (_folder, sources) = machine();
        let names: Vec<String> = (0..100).map(|n| format!("vlan{n:03}")).chain(["wlan0".into()]).collect();
        let list: Vec<_> = names.iter().map(|name| (name.as_str(), "10.0.0.1", "")).collect();
        let found = gather(addresses(&list), &sources);
        assert_eq!((found.len(), found[0].name.as_str()), (MAX_INTERFACES, "wlan0"));
    }

    #[test]
    fn this_machines_addresses_are_really_its_own() {
        for interface in interfaces(&Sources::default()) {
            assert!(!interface.address.is_loopback(), "{interface:?}");
            let bound = std::net::UdpSocket::bind((interface.address, 0));
            assert!(bound.is_ok(), "{interface:?}: {bound:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_table_is_too_strange(table in "(\\PC{0,40}[\n\t ]){0,20}|([0-9A-F]{0,9}\t){0,9}") {
            default_routes(&format!("header\n{table}"));
        }
    }
}
