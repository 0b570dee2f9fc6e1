//! `shellexec`: an operator runs a command on the device, if its owner allows it.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Reply, Served};
use crate::protocol::linto::lenient;
use crate::wish::{Outcome, Wish};

/// The fourth level of the topic.
pub const LEAF: &str = "shellexec";

/// The longest payload that is read, in bytes: each byte of a command may be written as `\u0000`.
const PAYLOAD_LIMIT: usize = 6 * CMD_LIMIT + 1_024;

/// The longest command, in bytes.
pub const CMD_LIMIT: usize = 4_096;

/// `{"cmd":"…"}`: the command exactly as it came, not empty, without NUL.
///
/// # Errors
/// What is wrong with the payload, and what would be right.
pub fn parse(payload: &[u8]) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        cmd: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = lenient::command(payload, PAYLOAD_LIMIT)?;
    let cmd = lenient::field("cmd", wire.cmd)?.unwrap_or_default();
    if cmd.trim().is_empty() {
        return Err("no `cmd` in it; send the command as a text".into());
    }
    if cmd.len() > CMD_LIMIT {
        return Err(format!("the `cmd` has {} bytes, {CMD_LIMIT} are the most", cmd.len()));
    }
    if cmd.contains('\0') {
        return Err("the `cmd` has a NUL in it, which no program can take; leave it out".into());
    }
    Ok(cmd)
}

/// Whether it may run is decided on the device.
#[must_use]
pub fn serve(payload: &[u8]) -> Served {
    parse(payload).map(Wish::Shell).into()
}

/// What the command said, or `status` with the reason why there is nothing.
#[must_use]
pub fn reply(outcome: &Outcome) -> Option<Reply> {
    match outcome {
        Outcome::Answer { payload, .. } => Some(Reply::object(LEAF, payload)),
        Outcome::Refused(why) | Outcome::Failed(why) => Some(Reply::object(LEAF, &json!({ "status": why }))),
        Outcome::Done | Outcome::Superseded => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(payload: &[u8]) -> String {
        parse(payload).unwrap_err()
    }

    #[test]
    fn a_command_is_taken_exactly_as_it_is() {
        for (payload, cmd) in [
            (r#"{"cmd":"uptime"}"#, "uptime"),
            (r#"{"cmd":" echo  \"é\" | wc -c\n"}"#, " echo  \"é\" | wc -c\n"),
            (r#"{"cmd":0}"#, "0"),
        ] {
            assert_eq!(parse(payload.as_bytes()).unwrap(), cmd, "{payload}");
        }
        let longest = "x".repeat(CMD_LIMIT);
        assert_eq!(parse(format!(r#"{{"cmd":"{longest}"}}"#).as_bytes()).unwrap(), longest);
        let escaped = format!(r#"{{"cmd":"{}"}}"#, "\\u0078".repeat(CMD_LIMIT));
        assert_eq!(parse(escaped.as_bytes()).unwrap(), longest);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for payload in [&b"{}"[..], br#"{"cmd":""}"#, br#"{"cmd":" \n"}"#, br#"{"cmd":null}"#, br#"{"value":"ls"}"#] {
            assert_eq!(refused(payload), "no `cmd` in it; send the command as a text");
        }
        assert_eq!(refused(br#"{"cmd":["ls","-l"]}"#), "`cmd` is an array, not a text");
        assert_eq!(refused(br#"{"cmd":{"cmd":"ls"}}"#), "`cmd` is an object, not a text");
        assert_eq!(refused(br#"{"cmd":true}"#), "`cmd` is a boolean, not a text");
        assert!(refused(br#"{"cmd":"ls\u0000-l"}"#).contains("NUL"));
        let long = format!(r#"{{"cmd":"{}"}}"#, "x".repeat(CMD_LIMIT + 1));
        assert_eq!(refused(long.as_bytes()), "the `cmd` has 4097 bytes, 4096 are the most");
    }

    #[test]
    fn no_object_oversized_and_not_utf8_are_refused() {
        assert!(refused(b"").starts_with("the payload is not valid JSON: "));
        assert!(refused(b"{\"cmd\":\"ls \xff\"}").starts_with("the payload is not valid JSON: "));
        assert_eq!(refused(b"\"ls\""), "the payload is a string, not an object");
        assert!(refused(br#"{"cmd":"ls","cmd":"rm"}"#).contains("duplicate field `cmd`"));
        assert_eq!(refused(&[b' '; 30_000]), "the payload has 30000 bytes, 25600 are the most");
    }
}
