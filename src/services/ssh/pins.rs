//! The servers and their keys that the owner of the device trusts: lines as in a known_hosts file.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use ssh2::{CheckResult, HashType, KnownHostFileKind, KnownHosts, Session};

use super::SshError;
use super::address::{Address, SSH_PORT, Server, parse_port};

/// More lines than this are a mistake.
const MOST: usize = 1000;

/// The longest line, in bytes; a key of 16384 bits needs 2.8 kB.
const LONGEST: usize = 8192;

/// What keys libssh2 knows, and with which signatures it accepts them, best first. SHA-1 is not among them.
const ALGORITHMS: [(&str, &str); 5] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
];

/// The pinned servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(Vec<Pin>);

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pin {
    /// Names or one hashed name, as libssh2 reads them.
    line: String,
    /// In lower case, a hashed one as it is.
    names: Vec<String>,
    kind: &'static str,
}

impl Pins {
    /// Reads lines as in a known_hosts file, with plain or hashed (`|1|…`) names. Empty lines and comments are left
    /// out.
    ///
    /// # Errors
    /// [`SshError::Pin`] for the first line that is none. Patterns and markers (`@revoked`, `@cert-authority`) are
    /// errors too: to pass over them could mean to trust a server that the line was to exclude.
    pub fn parse(lines: &[String]) -> Result<Self, SshError> {
        if lines.len() > MOST {
            return Err(SshError::Pin { number: MOST + 1, reason: "1000 lines are the most" });
        }
        let mut pins = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            pins.push(Pin::parse(line).map_err(|reason| SshError::Pin { number: index + 1, reason })?);
        }
        Ok(Self(pins))
    }

    /// The server that an address means: a port that it lacks is the pinned one, if there is just one, or 22. Hashed
    /// names keep their port to themselves.
    pub(super) fn server(&self, address: Address) -> Result<Server, SshError> {
        let Address { host, port } = address;
        let port = match port {
            Some(port) => port,
            None => self.pinned_port(&host)?,
        };
        Ok(Server { host, port })
    }

    fn pinned_port(&self, host: &str) -> Result<u16, SshError> {
        let names = || self.0.iter().flat_map(|pin| &pin.names);
        if names().any(|name| name == host) {
            return Ok(SSH_PORT);
        }
        let port = |name: &str| name.strip_prefix('[')?.strip_prefix(host)?.strip_prefix("]:").and_then(parse_port);
        let mut ports: Vec<u16> = names().filter_map(|name| port(name)).collect();
        ports.sort_unstable();
        ports.dedup();
        match ports.as_slice() {
            [] => Ok(SSH_PORT),
            [port] => Ok(*port),
            _ => Err(SshError::Ports { host: host.into() }),
        }
    }

    /// The signatures to ask the server for, those of its pinned keys first: a server has several keys, and shows the
    /// one that the client likes best.
    pub(super) fn signatures(&self, session: &Session, server: &Server) -> Result<String, ssh2::Error> {
        let mut pinned = Vec::new();
        for pin in &self.0 {
            let mut hosts = session.known_hosts()?;
            hosts.read_str(&pin.line, KnownHostFileKind::OpenSSH)?;
            // No key is like this one, so whatever is found is a mismatch.
            if matches!(hosts.check_port(&server.host, server.port, b"-"), CheckResult::Mismatch) {
                pinned.push(pin.kind);
            }
        }
        let (first, rest): (Vec<_>, Vec<_>) = ALGORITHMS.iter().partition(|(kind, _)| pinned.contains(kind));
        let order: Vec<&str> = first.iter().chain(&rest).map(|(_, signatures)| *signatures).collect();
        Ok(order.join(","))
    }

    /// Whether the key that the server has shown is pinned.
    ///
    /// # Errors
    /// [`SshError::UnknownHost`] or [`SshError::WrongHostKey`].
    pub(super) fn check(&self, session: &Session, server: &Server) -> Result<(), SshError> {
        let lost = |reason: &str| SshError::Handshake { server: server.to_string(), reason: reason.into() };
        let (key, _) = session.host_key().ok_or_else(|| lost("the server has shown no key"))?;
        let hosts = self.known_hosts(session).map_err(|error| lost(error.message()))?;
        let described = || (server.to_string(), fingerprint(session), line(server, key));
        match hosts.check_port(&server.host, server.port, key) {
            CheckResult::Match => Ok(()),
            CheckResult::NotFound => {
                let (server, fingerprint, line) = described();
                Err(SshError::UnknownHost { server, fingerprint, line })
            }
            CheckResult::Mismatch => {
                let (server, fingerprint, line) = described();
                Err(SshError::WrongHostKey { server, fingerprint, line })
            }
            CheckResult::Failure => Err(lost("the key can't be compared")),
        }
    }

    fn known_hosts(&self, session: &Session) -> Result<KnownHosts, ssh2::Error> {
        let mut hosts = session.known_hosts()?;
        for pin in &self.0 {
            hosts.read_str(&pin.line, KnownHostFileKind::OpenSSH)?;
        }
        Ok(hosts)
    }
}

impl Pin {
    fn parse(line: &str) -> Result<Self, &'static str> {
        if line.len() > LONGEST {
            return Err("it is longer than 8192 bytes");
        }
        if line.chars().any(|letter| letter.is_control() && letter != '\t') {
            return Err("it has control characters");
        }
        if line.starts_with('@') {
            return Err("markers like @revoked are not understood");
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(names), Some(kind), Some(key)) = (words.next(), words.next(), words.next()) else {
            return Err("it needs a host, the type of the key, and the key");
        };
        let known = ALGORITHMS.iter().find(|(name, _)| *name == kind);
        let (kind, _) = known.ok_or("its type of key is not supported; take the server's ssh-ed25519 key")?;
        let blob = BASE64_STANDARD.decode(key).map_err(|_| "its key is not base64")?;
        if kind_of(&blob) != Some(*kind) {
            return Err("its key is not of the type that it says");
        }
        let names = parse_names(names)?;
        Ok(Self { line: format!("{} {kind} {key}\n", names.join(",")), names, kind })
    }
}

fn parse_names(text: &str) -> Result<Vec<String>, &'static str> {
    if let Some(hashed) = text.strip_prefix("|1|") {
        let (salt, hash) = hashed.split_once('|').ok_or("its hashed name is cut")?;
        let right = |part: &str| BASE64_STANDARD.decode(part).is_ok_and(|bytes| bytes.len() == 20);
        return if right(salt) && right(hash) { Ok(vec![text.into()]) } else { Err("its hashed name is damaged") };
    }
    let parse = |name: &str| {
        if name.contains(['*', '?', '!']) {
            return Err("patterns are not understood; write the whole name");
        }
        let address = Address::parse(name).map_err(|_| "its host is no name and no address")?;
        match address.port {
            None if name.starts_with('[') => Err("after `[host]` a port must follow"),
            None => Ok(address.host),
            Some(_) if !name.starts_with('[') => Err("with a port it is written `[host]:port`"),
            Some(port) => Ok(format!("[{}]:{port}", address.host)),
        }
    };
    text.split(',').map(parse).collect()
}

/// The type that a public key says it has: its first field.
fn kind_of(blob: &[u8]) -> Option<&str> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let name = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    std::str::from_utf8(name).ok()
}

/// As `ssh-keygen -l` prints it.
fn fingerprint(session: &Session) -> String {
    let hash = session.host_key_hash(HashType::Sha256).unwrap_or_default();
    format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(hash))
}

/// The line for this server and its key.
fn line(server: &Server, key: &[u8]) -> String {
    let Server { host, port } = server;
    let name = if *port == SSH_PORT { host.clone() } else { format!("[{host}]:{port}") };
    // The server wrote it, so it is shown only if it is a type that we know.
    let kind = ALGORITHMS.iter().find(|(kind, _)| kind_of(key) == Some(*kind)).map_or("?", |(kind, _)| *kind);
    format!("{name} {kind} {}", BASE64_STANDARD.encode(key))
}

#[cfg(test)]
#[path = "pins/tests.rs"]
mod tests;
