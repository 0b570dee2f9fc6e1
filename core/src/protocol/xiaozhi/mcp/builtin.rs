//! The device's own tools.

use serde_json::{Value, json};

use super::answer::Call;
use super::tool::{Argument, Kind, Tool};

/// The longest name of a meeting, in characters.
const MEETING_LIMIT: usize = 100;

const STATUS: &str = "self.get_device_status";
const VOLUME: &str = "self.audio_speaker.set_volume";
const MUTED: &str = "self.microphone.set_muted";
const RESTART: &str = "self.restart";
const MEETING_START: &str = "self.meeting.start";
const MEETING_STOP: &str = "self.meeting.stop";

/// What the device itself can be told to do. xiaozhi: its own devices have the first two tools under the same names, and
/// servers tell their language models about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// `self.get_device_status`: how it is, see [`Status`].
    Status,
    /// `self.audio_speaker.set_volume`: 0–100.
    Volume(u8),
    /// `self.microphone.set_muted`: closed, or open again.
    Muted(bool),
    /// `self.restart`: of the service.
    Restart,
    /// `self.meeting.start`: records under a name of up to 100 characters on one line, which may be empty.
    MeetingStart(String),
    /// `self.meeting.stop`.
    MeetingStop,
}

impl Builtin {
    /// The tools for these; restart and meeting only if the owner allows them.
    #[must_use]
    pub fn tools(restart: bool, meeting: bool) -> Vec<Tool> {
        let mut tools = vec![
            tool(
                STATUS,
                "Tells the device's state: loudspeaker volume, whether the microphone is muted, whether a meeting is \
                 recorded, and the network. Use it to answer questions about the device, and before you change something \
                 relative to its present state, such as turning the volume up.",
                vec![],
            ),
            tool(
                VOLUME,
                "Sets the volume of the loudspeaker. If the present volume is not known, call `self.get_device_status` \
                 first.",
                vec![argument("volume", "0 is silent, 100 is the loudest", Kind::Integer { min: 0, max: 100 })],
            ),
            tool(
                MUTED,
                "Closes the microphone, so that the device no longer hears anybody, or opens it again. A microphone that \
                 was closed at the device itself can only be opened there.",
                vec![argument("muted", "true closes it", Kind::Boolean)],
            ),
        ];
        if meeting {
            let name = Argument { optional: true, ..argument("name", "what the recording is called", NAME) };
            tools.push(tool(MEETING_START, "Starts to record a meeting to a file on the device.", vec![name]));
            tools.push(tool(MEETING_STOP, "Ends the recording of a meeting.", vec![]));
        }
        if restart {
            tools.push(tool(RESTART, "Restarts the device's voice service. The conversation ends.", vec![]));
        }
        tools
    }

    /// What this call wants, if it is one of these.
    #[must_use]
    pub fn read(call: &Call) -> Option<Self> {
        let argument = |name: &str| call.arguments.get(name);
        Some(match call.tool.as_str() {
            STATUS => Self::Status,
            VOLUME => Self::Volume(u8::try_from(argument("volume")?.as_u64()?).ok().filter(|volume| *volume <= 100)?),
            MUTED => Self::Muted(argument("muted")?.as_bool()?),
            RESTART => Self::Restart,
            MEETING_START => {
                let name = argument("name").and_then(Value::as_str).unwrap_or_default();
                Self::MeetingStart(name.replace(char::is_control, " ").trim().to_owned())
            }
            MEETING_STOP => Self::MeetingStop,
            _ => return None,
        })
    }
}

const NAME: Kind = Kind::Text { longest: MEETING_LIMIT };

fn tool(name: &str, description: &str, arguments: Vec<Argument>) -> Tool {
    Tool { name: name.into(), description: description.into(), arguments, user_only: false }
}

fn argument(name: &str, description: &str, kind: Kind) -> Argument {
    Argument { name: name.into(), description: description.into(), kind, optional: false }
}

/// What `self.get_device_status` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The loudspeaker's volume, 0–100.
    pub volume: u8,
    /// Whether the microphone is closed on request.
    pub muted: bool,
    /// Whether a meeting is recorded.
    pub recording: bool,
    /// The kind of network, `wifi` or `ethernet`; `None` if there is none.
    pub network: Option<&'static str>,
}

impl Status {
    /// As JSON text, for [`Call::answer`].
    #[must_use]
    pub fn text(&self) -> String {
        let mut status = json!({
            "audio_speaker": {"volume": self.volume},
            "microphone": {"muted": self.muted},
            "meeting": {"recording": self.recording},
        });
        if let Some(network) = self.network {
            status["network"] = json!({"type": network});
        }
        status.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::server::{Served, Server};
    use super::*;

    fn call(name: &str, arguments: &str) -> Option<Builtin> {
        let server = Server::new("pi", "0.1.0", Builtin::tools(true, true)).unwrap();
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{name}","arguments":{arguments}}}}}"#
        );
        match server.serve("s", &request) {
            Served::Call(call) => Builtin::read(&call),
            _ => None,
        }
    }

    #[test]
    fn each_tool_is_read_back_as_what_it_wants() {
        for (name, arguments, wanted) in [
            (STATUS, "{}", Builtin::Status),
            (VOLUME, r#"{"volume":0}"#, Builtin::Volume(0)),
            (VOLUME, r#"{"volume":100.0}"#, Builtin::Volume(100)),
            (MUTED, r#"{"muted":true}"#, Builtin::Muted(true)),
            (RESTART, "null", Builtin::Restart),
            (MEETING_START, "{}", Builtin::MeetingStart(String::new())),
            (MEETING_START, r#"{"name":" Bud\nget "}"#, Builtin::MeetingStart("Bud get".into())),
            (MEETING_STOP, "{}", Builtin::MeetingStop),
        ] {
            assert_eq!(call(name, arguments), Some(wanted), "{name}");
        }
        assert_eq!((call(VOLUME, r#"{"volume":101}"#), call(MUTED, "{}")), (None, None));
    }

    #[test]
    fn restart_and_meeting_are_offered_only_if_the_owner_allows_them() {
        let names =
            |restart, meeting| Builtin::tools(restart, meeting).into_iter().map(|tool| tool.name).collect::<Vec<_>>();
        assert_eq!(names(false, false), [STATUS, VOLUME, MUTED]);
        assert_eq!(names(true, false), [STATUS, VOLUME, MUTED, RESTART]);
        assert_eq!(names(false, true), [STATUS, VOLUME, MUTED, MEETING_START, MEETING_STOP]);
    }

    #[test]
    fn the_status_is_an_object_that_is_no_order() {
        let status = Status { volume: 55, muted: true, recording: false, network: Some("wifi") };
        insta::assert_snapshot!(status.text(), @r#"{"audio_speaker":{"volume":55},"meeting":{"recording":false},"microphone":{"muted":true},"network":{"type":"wifi"}}"#);
        assert!(!Status::default().text().contains("network"));
    }
}
