//! Hosts that are known by their keys, in the form of OpenSSH's `known_hosts`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::kind::{Complaint, Given, Kind, quoted};
use super::problem::quote;

/// The kinds of host keys that are taken. `ssh-dss` is not: it can be broken.
const TYPES: [&str; 5] =
    ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];

/// So many hosts can be known.
const MOST: usize = 64;

/// The longest line, in bytes. An RSA key of 16384 bits has 2800.
const LONGEST: usize = 8192;

/// A list of lines as a `known_hosts` file has them.
pub(super) struct KnownHosts;

impl Kind for KnownHosts {
    type Value = Vec<String>;

    fn read(&self, given: &Given<'_>) -> Result<Vec<String>, Complaint> {
        let items = given.value.as_array().filter(|items| items.len() <= MOST);
        let items = items.ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))?;
        let entry = |(nth, item): (usize, &toml::Spanned<toml::de::DeValue<'_>>)| {
            let line = item.get_ref().as_str().ok_or_else(|| "must be a line in quotes".to_owned());
            let checked = line.and_then(|line| check(line).map(|()| line.trim().to_owned()));
            checked.map_err(|why| Complaint::new(format!("entry {} {why}", nth + 1)))
        };
        items.iter().enumerate().map(entry).collect()
    }

    fn expects(&self) -> String {
        format!("a list in brackets: up to {MOST} lines like \"HOST ssh-ed25519 AAAA…\", as ssh-keyscan prints them")
    }

    fn show(&self, value: &Vec<String>) -> String {
        let lines: Vec<_> = value.iter().map(|line| quoted(line)).collect();
        format!("[{}]", lines.join(", "))
    }
}

/// What is wrong with a line, to follow "entry 2".
fn check(line: &str) -> Result<(), String> {
    if line.len() > LONGEST || line.chars().any(|c| c.is_control() && c != '\t') {
        return Err(format!("must be one line of at most {LONGEST} bytes"));
    }
    let mut fields = line.split([' ', '\t']).filter(|field| !field.is_empty());
    let hosts = fields.next().ok_or("is empty; remove it")?;
    if hosts.starts_with('#') {
        return Err("is a comment; remove it".into());
    }
    if hosts.starts_with('@') {
        return Err(format!("begins with {}, which is not understood here; write the host first", quote(hosts)));
    }
    let (Some(kind), Some(key)) = (fields.next(), fields.next()) else {
        return Err("is not complete; it needs host, type and key, as `ssh-keyscan HOST` prints them".into());
    };
    if !TYPES.contains(&kind) {
        return Err(format!("has a key of the type `{}`; it must be one of {}", quote(kind), TYPES.join(", ")));
    }
    let key = STANDARD.decode(key).map_err(|_| "has a key that is not base64; copy it again, whole".to_owned())?;
    if !is_key_of(kind, &key) {
        return Err(format!("has a key that is cut off or not of the type {kind}; copy the line again, whole"));
    }
    Ok(())
}

/// A public key is a row of fields, each after its length in four bytes; the first is the key's type.
fn is_key_of(kind: &str, key: &[u8]) -> bool {
    let mut fields = Vec::new();
    let mut rest = key;
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((field, after)) = after.split_at_checked(length) else { return false };
        fields.push(field);
        rest = after;
    }
    rest.is_empty() && fields.len() >= 2 && fields.first() == Some(&kind.as_bytes())
}
