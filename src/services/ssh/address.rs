//! Where the SSH server is, and who logs in there: checked before anything is done with them.

use std::fmt;
use std::net::Ipv6Addr;

use super::SshError;

/// The port of SSH.
pub(super) const SSH_PORT: u16 = 22;

/// The longest name that DNS knows, in bytes.
const LONGEST_HOST: usize = 253;

/// Longer than any account name of a Linux system (32 bytes), for servers with other ideas.
const LONGEST_USER: usize = 128;

/// So much of a wrong value is repeated in a message.
const SHOWN: usize = 60;

/// An address as it is written in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, in lower case, without brackets.
    pub host: String,
    /// If one was named.
    pub port: Option<u16>,
}

impl Address {
    /// Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
    ///
    /// # Errors
    /// [`SshError::Host`].
    pub fn parse(text: &str) -> Result<Self, SshError> {
        let refused = |reason| SshError::Host { host: shown(text), reason };
        let (host, port) = split(text).map_err(refused)?;
        let host = host.to_ascii_lowercase();
        check_host(&host).map_err(refused)?;
        let port =
            port.map(|port| parse_port(port).ok_or_else(|| refused("the port must be a number from 1 to 65535")));
        Ok(Self { host, port: port.transpose()? })
    }
}

/// A server with its port, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Checks an account name.
pub(super) fn check_user(user: &str) -> Result<(), SshError> {
    let reason = if user.is_empty() {
        "it is empty"
    } else if user.len() > LONGEST_USER {
        "it is longer than 128 bytes"
    } else if user.chars().any(char::is_control) {
        "it has control characters"
    } else {
        return Ok(());
    };
    Err(SshError::User { user: shown(user), reason })
}

/// The beginning of a value from outside, printable.
pub(super) fn shown(text: &str) -> String {
    let printable = |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
    let mut short: String = text.chars().take(SHOWN).map(printable).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Host and port, as far as the text says.
fn split(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("a `]` is missing")?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("after `]` only `:` and a port may follow"),
        };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    Ok(text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))))
}

/// Only what a name in DNS or an IP address may have.
fn check_host(host: &str) -> Result<(), &'static str> {
    let ordinary = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'.' | b'-' | b'_');
    if host.is_empty() {
        Err("it is empty")
    } else if host.len() > LONGEST_HOST {
        Err("it is longer than 253 bytes")
    } else if host.starts_with('-') {
        Err("it begins with `-`")
    } else if host.bytes().all(ordinary) || host.parse::<Ipv6Addr>().is_ok() {
        Ok(())
    } else {
        Err("it has characters that no name has")
    }
}

/// Digits only: `parse` would take `+22`.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok().filter(|&port| port > 0)).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        for (text, host, port) in [
            ("support.example.org", "support.example.org", None),
            ("Support.Example.org:2222", "support.example.org", Some(2222)),
            ("192.0.2.1:22", "192.0.2.1", Some(22)),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:DB8::1]", "2001:db8::1", None),
            ("[2001:db8::1]:65535", "2001:db8::1", Some(65535)),
            ("[support.example.org]:2222", "support.example.org", Some(2222)),
        ] {
            assert_eq!(Address::parse(text).unwrap(), Address { host: host.into(), port }, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        let long = "a".repeat(254);
        for (text, reason) in [
            ("", "empty"),
            (":22", "empty"),
            ("-oProxyCommand=reboot", "begins with `-`"),
            ("host name", "characters"),
            ("host\n", "characters"),
            ("user@host", "characters"),
            ("host:", "port"),
            ("host:0", "port"),
            ("host:+22", "port"),
            ("host:65536", "port"),
            ("[2001:db8::1", "`]`"),
            ("[2001:db8::1]22", "after `]`"),
            ("münchen.example", "characters"),
            (&long, "253"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(error.len() < 400 && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn accounts_are_checked() {
        check_user("support").unwrap();
        check_user("domain\\jürgen").unwrap();
        for wrong in ["", "a\0b", "a\nb", &"x".repeat(129)] {
            check_user(wrong).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in any::<String>()) {
            let _ = Address::parse(&text);
            let _ = check_user(&text);
        }

        #[test]
        fn whatever_is_accepted_is_read_the_same_again(text in "[\\[\\]:.a-z0-9-]{0,24}") {
            if let Ok(address) = Address::parse(&text) {
                let server = Server { host: address.host.clone(), port: address.port.unwrap_or(SSH_PORT) };
                let again = Address::parse(&server.to_string()).unwrap();
                prop_assert_eq!(again.host, address.host);
            }
        }
    }
}
