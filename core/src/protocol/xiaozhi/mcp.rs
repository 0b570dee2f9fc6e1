//! The device's tools for a server's language model: an MCP server whose JSON-RPC travels in messages.

/// What an argument may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Text of at most so many characters.
    Text {
        /// The most characters.
        longest: usize,
    },
}

/// An argument of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// For the language model; may be empty.
    pub description: String,
    /// What it may be.
    pub kind: Kind,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the language model.
    pub description: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// For people, not for the language model.
    pub user_only: bool,
}

/// The value of an argument, as its [`Kind`] wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Of a [`Kind::Boolean`].
    Boolean(bool),
    /// Of a [`Kind::Integer`], within its range.
    Integer(i64),
    /// Of a [`Kind::Text`], within its length.
    Text(String),
}

/// A call of a tool that exists, with arguments that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The tool's name.
    pub tool: String,
    /// Names and values, in the tool's order; what was left out is not there.
    pub arguments: Vec<(String, Value)>,
    id: String,
}

impl Call {
    /// The message that answers it: `Ok`, what the tool says; `Err`, why it could not.
    #[must_use]
    pub fn answer(&self, _session_id: &str, _result: Result<&str, &str>) -> Vec<u8> {
        let _ = &self.id;
        todo!()
    }
}

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// The whole message to send.
    Answer(Vec<u8>),
    /// Something is to be done; [`Call::answer`] answers it.
    Call(Call),
    /// There is nothing to answer; why, for the log.
    Nothing(&'static str),
}

/// Why tools can't be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// More than servers take.
    #[error("{0} tools are too many; servers take 32, leave some of [[tools]] out")]
    Many(usize),
}

/// The MCP server: it knows the tools and answers what needs no doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    board: String,
    version: String,
    tools: Vec<Tool>,
}

impl Server {
    /// Offers these tools under the board's name and this program's version.
    ///
    /// # Errors
    /// What is wrong with the tools.
    pub fn new(board: &str, version: &str, tools: Vec<Tool>) -> Result<Self, ToolError> {
        Ok(Self { board: board.into(), version: version.into(), tools })
    }

    /// Serves the payload of a message of type `mcp`. The session's id may be empty.
    #[must_use]
    pub fn serve(&self, _session_id: &str, _payload: &str) -> Served {
        let _ = (&self.board, &self.version, &self.tools);
        todo!()
    }
}

/// What the device itself can be told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// `self.get_device_status`.
    Status,
    /// `self.audio_speaker.set_volume`: 0–100.
    Volume(u8),
    /// `self.microphone.set_muted`.
    Muted(bool),
    /// `self.restart`: of the service.
    Restart,
    /// `self.meeting.start`, with a name that may be empty.
    MeetingStart(String),
    /// `self.meeting.stop`.
    MeetingStop,
}

impl Builtin {
    /// The tools for these; restart and meeting only if they are allowed.
    #[must_use]
    pub fn tools(_restart: bool, _meeting: bool) -> Vec<Tool> {
        todo!()
    }

    /// What this call wants, if it is one of these.
    #[must_use]
    pub fn read(_call: &Call) -> Option<Self> {
        todo!()
    }
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
        todo!()
    }
}

/// Serves any payload, for the fuzzer and its kept seeds.
#[doc(hidden)]
pub fn exercise(_payload: &str) {}
