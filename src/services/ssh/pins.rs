//! The servers and their keys that the owner of the device trusts: lines as in a known_hosts file.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sha::sha256;
use openssl::sign::Signer;

use super::SshError;
use super::address::{Address, SSH_PORT, Server, parse_port};

/// More lines than this are a mistake.
const MOST: usize = 1000;

/// The longest line, in bytes; a key of 16384 bits needs 2.8 kB.
const LONGEST: usize = 8192;

/// The keys that are understood, and the signatures that are accepted of each, best first. SHA-1 is not among them.
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
    /// In lower case, a hashed one as it is.
    names: Vec<String>,
    kind: &'static str,
    /// The key, as a server shows it.
    blob: Vec<u8>,
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
    pub(super) fn signatures(&self, server: &Server) -> String {
        let pinned: Vec<_> = self.of(server).map(|pin| pin.kind).collect();
        let (first, rest): (Vec<_>, Vec<_>) = ALGORITHMS.iter().partition(|(kind, _)| pinned.contains(kind));
        let order: Vec<&str> = first.iter().chain(&rest).map(|(_, signatures)| *signatures).collect();
        order.join(",")
    }

    /// Whether the key that the server has shown is pinned.
    ///
    /// # Errors
    /// [`SshError::UnknownHost`] or [`SshError::WrongHostKey`].
    pub(super) fn check(&self, server: &Server, key: &[u8]) -> Result<(), SshError> {
        let mut pins = self.of(server).peekable();
        let known = pins.peek().is_some();
        if pins.any(|pin| pin.blob == key) {
            return Ok(());
        }
        let (server, fingerprint, line) = (server.to_string(), fingerprint(key), line(server, key));
        Err(if known {
            SshError::WrongHostKey { server, fingerprint, line }
        } else {
            SshError::UnknownHost { server, fingerprint, line }
        })
    }

    /// The lines for a server. A name without a port stands for all ports of a host, as in OpenSSH.
    fn of(&self, server: &Server) -> impl Iterator<Item = &Pin> {
        let wanted = [format!("[{}]:{}", server.host, server.port), server.host.clone()];
        self.0.iter().filter(move |pin| pin.names.iter().any(|name| wanted.iter().any(|wanted| is(name, wanted))))
    }
}

/// Whether a name of a line, plain or hashed, is this one.
fn is(name: &str, wanted: &str) -> bool {
    let Some((salt, hash)) = hashed(name) else { return name == wanted };
    let sum = || {
        let key = PKey::hmac(&salt)?;
        Signer::new(MessageDigest::sha1(), &key)?.sign_oneshot_to_vec(wanted.as_bytes())
    };
    // No memory, no match: then the server is not known, which is safe.
    sum().is_ok_and(|sum| sum == hash)
}

/// Salt and hash of a hashed name, as `ssh-keygen -H` writes it.
fn hashed(name: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (salt, hash) = name.strip_prefix("|1|")?.split_once('|')?;
    let part = |part: &str| BASE64_STANDARD.decode(part).ok().filter(|bytes| bytes.len() == 20);
    Some((part(salt)?, part(hash)?))
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
        Ok(Self { names, kind, blob })
    }
}

fn parse_names(text: &str) -> Result<Vec<String>, &'static str> {
    if let Some(rest) = text.strip_prefix("|1|") {
        rest.split_once('|').ok_or("its hashed name is cut")?;
        return if hashed(text).is_some() { Ok(vec![text.into()]) } else { Err("its hashed name is damaged") };
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
fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(sha256(key)))
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
