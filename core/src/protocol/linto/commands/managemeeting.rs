//! `managemeeting`: an operator starts or ends the recording of a meeting on the device.
//!
//! LinTO: nothing is answered, least of all `muteack`, which the public page names by a slip.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Served;
use crate::protocol::linto::answer::tidy;
use crate::protocol::linto::lenient;
use crate::wish::Wish;

/// The fourth level of the topic.
pub const LEAF: &str = "managemeeting";

/// The longest payload that is read, in bytes.
const PAYLOAD_LIMIT: usize = 4_096;

/// The longest name of a meeting, in characters.
pub const NAME_LIMIT: usize = 200;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Begin to record.
    Start {
        /// What the operator calls it, for people; not safe as a file name. Empty if it has no name.
        name: String,
    },
    /// End the recording.
    Stop,
}

/// `{"sessionname":"…","command":"startlocalrecording"}` or `"stoplocalrecording"`; `start` and `stop` will do.
///
/// # Errors
/// What is wrong with the payload, and what would be right.
pub fn parse(payload: &[u8]) -> Result<Meeting, String> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        sessionname: Option<&'a RawValue>,
        #[serde(borrow)]
        command: Option<&'a RawValue>,
    }
    const COMMANDS: &str = "send `startlocalrecording` or `stoplocalrecording`";
    let wire: Wire<'_> = lenient::command(payload, PAYLOAD_LIMIT)?;
    let command = lenient::field("command", wire.command)?.ok_or_else(|| format!("no `command` in it; {COMMANDS}"))?;
    match command.trim().to_ascii_lowercase().as_str() {
        "startlocalrecording" | "start" => {}
        "stoplocalrecording" | "stop" => return Ok(Meeting::Stop),
        _ => return Err(format!("the `command` is {}; {COMMANDS}", lenient::quoted(&command))),
    }
    let name = tidy(&lenient::field("sessionname", wire.sessionname)?.unwrap_or_default()).replace('\n', " ");
    match name.chars().count() {
        0..=NAME_LIMIT => Ok(Meeting::Start { name }),
        length => Err(format!("the `sessionname` has {length} characters, {NAME_LIMIT} are the most")),
    }
}

/// The answer is the next status, which tells of the recording.
#[must_use]
pub fn serve(payload: &[u8]) -> Served {
    let wish = |meeting| match meeting {
        Meeting::Start { name } => Wish::MeetingStart { name },
        Meeting::Stop => Wish::MeetingStop,
    };
    parse(payload).map(wish).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(payload: &[u8]) -> String {
        parse(payload).unwrap_err()
    }

    #[test]
    fn the_old_admin_pages_messages_and_short_ones() {
        let start = |name: &str| Ok(Meeting::Start { name: name.into() });
        for (payload, meeting) in [
            (r#"{"sessionname":"Budget 2021","command":"startlocalrecording"}"#, start("Budget 2021")),
            (r#"{"sessionname":"Budget","command":"stoplocalrecording"}"#, Ok(Meeting::Stop)),
            (r#"{"sessionname":"../../etc\n\u0000","command":"start"}"#, start("../../etc")),
            (r#"{"sessionname":0,"command":"Start"}"#, start("0")),
            (r#"{"command":"start"}"#, start("")),
            (r#"{"sessionname":null,"command":"start"}"#, start("")),
            (r#"{"sessionname":{},"command":"stop"}"#, Ok(Meeting::Stop)),
        ] {
            assert_eq!(parse(payload.as_bytes()), meeting, "{payload}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let commands = "send `startlocalrecording` or `stoplocalrecording`";
        assert_eq!(refused(b"{}"), format!("no `command` in it; {commands}"));
        assert_eq!(refused(br#"{"command":""}"#), format!("the `command` is ``; {commands}"));
        assert_eq!(refused(br#"{"command":"pause"}"#), format!("the `command` is `pause`; {commands}"));
        assert_eq!(refused(br#"{"command":["start"]}"#), "`command` is an array, not a text");
        assert_eq!(refused(br#"{"command":"start","sessionname":{"a":1}}"#), "`sessionname` is an object, not a text");
        let long = format!(r#"{{"command":"start","sessionname":"{}"}}"#, "é".repeat(NAME_LIMIT + 1));
        assert_eq!(refused(long.as_bytes()), "the `sessionname` has 201 characters, 200 are the most");
    }

    #[test]
    fn no_object_oversized_and_not_utf8_are_refused() {
        assert!(refused(b"").starts_with("the payload is not valid JSON: "));
        assert!(refused(b"{\"command\":\"start\xff\"}").starts_with("the payload is not valid JSON: "));
        assert_eq!(refused(b"\"start\""), "the payload is a string, not an object");
        assert_eq!(refused(&[b'['; 5_000]), "the payload has 5000 bytes, 4096 are the most");
    }
}
