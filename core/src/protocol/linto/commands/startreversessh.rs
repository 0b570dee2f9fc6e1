//! `startreversessh`: an operator asks for a way to the device's SSH server, through a server of the operator's.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Reply, Served};
use crate::protocol::linto::lenient;
use crate::wish::{Outcome, Tunnel, Wish};

/// The fourth level of the topic.
pub const LEAF: &str = "startreversessh";

/// The longest payload that is read, in bytes.
const PAYLOAD_LIMIT: usize = 64 * 1024;

/// The longest key, in bytes; an RSA key of 8192 bits has half of that as PEM.
pub const KEY_LIMIT: usize = 16 * 1024;

/// The longest host name and user name, in bytes.
const NAME_LIMIT: usize = 253;

/// The port of the device's SSH server, if the payload doesn't name one.
const SSH_PORT: u16 = 22;

/// `{"remoteHost":…,"remoteSSHPort":…,"mySSHPort":…,"remoteUser":…,"privateKey":…}`, each a string or a number.
///
/// # Errors
/// What is wrong with the payload, and what would be right. Never the key.
pub fn parse(payload: &[u8]) -> Result<Tunnel, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        #[serde(borrow)]
        remote_host: Option<&'a RawValue>,
        #[serde(borrow, rename = "remoteSSHPort")]
        remote_port: Option<&'a RawValue>,
        #[serde(borrow, rename = "mySSHPort")]
        local_port: Option<&'a RawValue>,
        #[serde(borrow)]
        remote_user: Option<&'a RawValue>,
        #[serde(borrow)]
        private_key: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = lenient::command(payload, PAYLOAD_LIMIT)?;
    Ok(Tunnel {
        host: name("remoteHost", wire.remote_host)?,
        remote_port: port("remoteSSHPort", 0, wire.remote_port)?
            .ok_or("no `remoteSSHPort` in it; send a port, or 0 to let the server choose")?,
        local_port: port("mySSHPort", 1, wire.local_port)?.unwrap_or(SSH_PORT),
        user: name("remoteUser", wire.remote_user)?,
        key: key("privateKey", wire.private_key)?,
    })
}

fn name(field: &str, raw: Option<&RawValue>) -> Result<String, String> {
    let text = lenient::field(field, raw)?.unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("no `{field}` in it"));
    }
    if text.len() > NAME_LIMIT || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("the `{field}` is {}, which is no name", lenient::quoted(text)));
    }
    Ok(text.into())
}

/// A port from `fewest` on; `None` if there is none.
fn port(field: &str, fewest: u16, raw: Option<&RawValue>) -> Result<Option<u16>, String> {
    let text = lenient::field(field, raw)?.unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(port) if port >= fewest => Ok(Some(port)),
        _ => Err(format!("the `{field}` is {}; send a port from {fewest} to 65535", lenient::quoted(text))),
    }
}

fn key(field: &str, raw: Option<&RawValue>) -> Result<Zeroizing<String>, String> {
    let key = Zeroizing::new(lenient::field(field, raw)?.unwrap_or_default());
    match key.len() {
        _ if key.trim().is_empty() => Err(format!("no `{field}` in it; send a key as PEM text, or a path")),
        0..=KEY_LIMIT => Ok(key),
        length => Err(format!("the `{field}` has {length} bytes, {KEY_LIMIT} are the most")),
    }
}

/// Whether it may be is decided on the device.
#[must_use]
pub fn serve(payload: &[u8]) -> Served {
    parse(payload).map(Wish::Tunnel).into()
}

/// `ok` as soon as the tunnel stands. LinTO: the public page has the error in `reversesshstatus`, the original client
/// in `status`; it goes into both.
#[must_use]
pub fn reply(outcome: &Outcome) -> Option<Reply> {
    match outcome {
        Outcome::Done | Outcome::Answer { .. } => Some(Reply::object(LEAF, &json!({ "reversesshstatus": "ok" }))),
        Outcome::Refused(why) | Outcome::Failed(why) => {
            Some(Reply::object(LEAF, &json!({ "status": why, "reversesshstatus": why })))
        }
        Outcome::Superseded => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({"remoteHost": "support.example.org", "remoteSSHPort": "2222", "mySSHPort": "22", "remoteUser": "help",
            "privateKey": "/etc/auricle/keys/support"})
    }

    fn with(field: &str, value: Value) -> Result<Tunnel, String> {
        let mut payload = good();
        payload[field] = value;
        parse(payload.to_string().as_bytes())
    }

    fn without(field: &str) -> Result<Tunnel, String> {
        let mut payload = good();
        payload.as_object_mut().unwrap().remove(field);
        parse(payload.to_string().as_bytes())
    }

    #[test]
    fn strings_and_numbers_zero_included() {
        let expected = Tunnel {
            host: "support.example.org".into(),
            remote_port: 2222,
            local_port: 22,
            user: "help".into(),
            key: Zeroizing::new("/etc/auricle/keys/support".into()),
        };
        assert_eq!(parse(good().to_string().as_bytes()).unwrap(), expected);
        assert_eq!(with("remoteSSHPort", json!(2222)).unwrap(), expected);
        assert_eq!(without("mySSHPort").unwrap(), expected);
        assert_eq!(with("mySSHPort", json!("")).unwrap(), expected);
        assert_eq!(with("mySSHPort", json!(null)).unwrap(), expected);
        assert_eq!(with("mySSHPort", json!(65535)).unwrap().local_port, 65535);
        assert_eq!(with("remoteSSHPort", json!(0)).unwrap().remote_port, 0);
        assert_eq!(with("remoteSSHPort", json!("0")).unwrap().remote_port, 0);
        assert_eq!(with("remoteUser", json!(7)).unwrap().user, "7");
    }

    #[test]
    fn a_key_may_be_text_of_several_lines() {
        let pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
        assert_eq!(with("privateKey", json!(pem)).unwrap().key.as_str(), pem);
    }

    #[test]
    fn the_key_is_never_shown() {
        let request = with("privateKey", json!("s3cret")).unwrap();
        assert_eq!(format!("{request:?}"), "Tunnel(help@support.example.org, 2222 there to 22 here, with a key)");
        for error in [with("privateKey", json!(["s3cret"])), with("privateKey", json!("s3cret".repeat(9_000)))] {
            let error = error.unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (field, hint) in [
            ("remoteHost", ""),
            ("remoteUser", ""),
            ("remoteSSHPort", "; send a port, or 0 to let the server choose"),
            ("privateKey", "; send a key as PEM text, or a path"),
        ] {
            let expected = format!("no `{field}` in it{hint}");
            assert_eq!(without(field).unwrap_err(), expected);
            assert_eq!(with(field, json!(" ")).unwrap_err(), expected);
            assert_eq!(with(field, json!({"a": 1})).unwrap_err(), format!("`{field}` is an object, not a text"));
        }
        for port in ["65536", "-1", "22.0", "ssh", "22 22"] {
            let expected = format!("the `remoteSSHPort` is `{port}`; send a port from 0 to 65535");
            assert_eq!(with("remoteSSHPort", json!(port)).unwrap_err(), expected);
        }
        assert_eq!(with("mySSHPort", json!(0)).unwrap_err(), "the `mySSHPort` is `0`; send a port from 1 to 65535");
        for host in ["a b", "a\nb", "a\u{0}b"] {
            let error = with("remoteHost", json!(host)).unwrap_err();
            assert!(error.ends_with("which is no name") && !error.contains(['\n', '\0']), "{error}");
        }
        assert!(with("remoteUser", json!("x".repeat(254))).unwrap_err().len() < 100);
    }

    #[test]
    fn no_object_oversized_and_not_utf8_are_refused() {
        let refused = |payload: &[u8]| parse(payload).unwrap_err();
        assert!(refused(b"").starts_with("the payload is not valid JSON: "));
        assert!(refused(b"{\"remoteHost\":\"\xff\"}").starts_with("the payload is not valid JSON: "));
        assert_eq!(refused(b"[]"), "the payload is an array, not an object");
        assert_eq!(refused(&[b'{'; 70_000]), "the payload has 70000 bytes, 65536 are the most");
    }
}
