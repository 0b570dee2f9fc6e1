//! The address of an MQTT broker.

use std::fmt;
use std::net::Ipv6Addr;

use super::kind::Complaint;

/// Where a broker is, and whether the way to it is encrypted. What was asked for is never downgraded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Whether to use TLS.
    pub tls: bool,
    /// Host name or IP address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port, not 0.
    pub port: u16,
}

impl BrokerAddress {
    /// The port that `mqtt://` means when none is written.
    pub const PLAIN_PORT: u16 = 1883;
    /// The port that `mqtts://` means when none is written.
    pub const TLS_PORT: u16 = 8883;
}

impl std::str::FromStr for BrokerAddress {
    type Err = String;

    /// Reads `mqtt://host`, `mqtts://host:port`. The error says what the address must be, without repeating it.
    fn from_str(url: &str) -> Result<Self, String> {
        parse(url).map_err(|complaint| complaint.text().to_owned())
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// Reads `mqtt://host`, `mqtts://host:port`, `mqtts://[2001:db8::1]:8883`.
pub(super) fn parse(url: &str) -> Result<BrokerAddress, Complaint> {
    // First of all, since every other message repeats the value, and here it may hold a password.
    if url.contains('@') {
        return Err(Complaint::hidden(
            "has a user name in it; write `username` and `password_file` (or `password`) instead",
        ));
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(Complaint::new("it must begin with mqtts:// (encrypted) or mqtt://"));
    };
    let tls = match scheme.to_ascii_lowercase().as_str() {
        "mqtt" => false,
        "mqtts" => true,
        _ => return Err(Complaint::new("it must begin with mqtts:// (encrypted) or mqtt://, the two that are served")),
    };
    if rest.contains(['/', '?', '#']) {
        return Err(Complaint::new("nothing may follow host and port; remove everything from the `/` on"));
    }
    let (host, port) = split_port(rest)?;
    let default = if tls { BrokerAddress::TLS_PORT } else { BrokerAddress::PLAIN_PORT };
    Ok(BrokerAddress { tls, host, port: port.map_or(Ok(default), parse_port)? })
}

fn split_port(rest: &str) -> Result<(String, Option<&str>), Complaint> {
    if let Some(bracketed) = rest.strip_prefix('[') {
        let complaint = || Complaint::new("an IPv6 address is written like mqtts://[2001:db8::1]:8883");
        let (address, after) = bracketed.split_once(']').ok_or_else(complaint)?;
        let address: Ipv6Addr = address.parse().map_err(|_| complaint())?;
        let port = match after {
            "" => None,
            _ => Some(after.strip_prefix(':').ok_or_else(complaint)?),
        };
        return Ok((address.to_string(), port));
    }
    let (host, port) = match rest.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            return Err(Complaint::new("an IPv6 address needs brackets, like mqtts://[2001:db8::1]:8883"));
        }
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    check_host(host)?;
    Ok((host.to_owned(), port))
}

/// A DNS name or an IPv4 address. 253 characters are the limit of DNS.
fn check_host(host: &str) -> Result<(), Complaint> {
    if host.is_empty() {
        return Err(Complaint::new("the host is missing, as in mqtts://linto.example.org:8883"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if host.len() > 253 || !host.chars().all(plain) || host.starts_with(['-', '.']) || host.contains("..") {
        return Err(Complaint::new("its host must be a name of letters, digits, `-` and `.`, or an IP address"));
    }
    Ok(())
}

fn parse_port(text: &str) -> Result<u16, Complaint> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or_else(|| Complaint::new("its port must be 1 to 65535"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn schemes_in_any_case_keep_their_meaning() {
        for (url, tls, host, port) in [
            ("mqtt://host", false, "host", 1883),
            ("mqtts://host", true, "host", 8883),
            ("MQTTS://Host.example.org", true, "Host.example.org", 8883),
            ("Mqtt://10.0.0.7:18830", false, "10.0.0.7", 18830),
            ("mqtts://[2001:DB8::1]", true, "2001:db8::1", 8883),
            ("mqtt://[::1]:1", false, "::1", 1),
            ("mqtt://base_1.local.:65535", false, "base_1.local.", 65535),
        ] {
            let address = parse(url).unwrap();
            assert_eq!(address, BrokerAddress { tls, host: host.into(), port }, "{url}");
            assert_eq!(parse(&address.to_string()).unwrap(), address);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for url in [
            "",
            "host",
            "host:1883",
            "mqtt:host",
            "mqtt://",
            "mqtt://:1883",
            "mqtt://host:",
            "mqtt://host:0",
            "mqtt://host:+1",
            "mqtt://host:65536",
            "mqtt://host/",
            "mqtt://host/path",
            "mqtt://host?x",
            "mqtt://host#x",
            "mqtt://ho st",
            "mqtt://ho..st",
            "mqtt://-host",
            "mqtt://hôst",
            "mqtt://::1",
            "mqtt://[::1",
            "mqtt://[::1]1883",
            "mqtt://[host]",
            "ws://host",
            "mqttss://host",
            "http://host",
            " mqtt://host",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}
