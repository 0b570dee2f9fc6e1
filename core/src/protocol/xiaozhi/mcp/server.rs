//! The MCP server: it knows the tools, answers what needs no doing, and hands out the rest as calls.

use serde_json::json;

use super::answer::{Call, Code, Id};
use super::builtin::Builtin;
use super::tool::{self, Tool, ToolError};
use crate::protocol::xiaozhi::MESSAGE_LIMIT;
use crate::protocol::xiaozhi::fields::{Fields, quoted, shown};

/// The version of MCP that servers of xiaozhi speak.
const PROTOCOL: &str = "2024-11-05";

/// The longest name of the board and version of this program, in characters.
const NAME_LIMIT: usize = 100;

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// The whole message to send.
    Answer(Vec<u8>),
    /// Something is to be done; [`Call::answer`] answers it.
    Call(Call),
    /// There is nothing to answer; what it was, for the log.
    Nothing(&'static str),
}

/// The MCP server. It remembers nothing between two requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    board: String,
    version: String,
    tools: Vec<Tool>,
}

impl Server {
    /// Offers these tools, in this order, under the board's name and this program's version.
    ///
    /// # Errors
    /// What is wrong with the tools.
    pub fn new(board: &str, version: &str, tools: Vec<Tool>) -> Result<Self, ToolError> {
        tool::check(&tools)?;
        Ok(Self { board: shown(board, NAME_LIMIT), version: shown(version, NAME_LIMIT), tools })
    }

    /// The tools that are offered.
    #[must_use]
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// Serves the payload of a message of type `mcp`. The session's id is empty as long as there is none. No answer is
    /// longer than a message may be.
    #[must_use]
    pub fn serve(&self, session_id: &str, payload: &str) -> Served {
        let Some(request) = Fields::read(payload) else { return Served::Nothing("what is no request") };
        if request.get::<String>("jsonrpc").as_deref() != Some("2.0") {
            return Served::Nothing("a request of another version of JSON-RPC");
        }
        let Some(method) = request.get::<String>("method") else {
            return Served::Nothing("a request without a method");
        };
        if method.starts_with("notifications") {
            return Served::Nothing("a notification");
        }
        let Some(id) = Id::read(&request) else { return Served::Nothing("a request without a number") };
        let served = match request.object("params") {
            None if request.has("params") => Err((Code::Arguments, "`params` must be an object".into())),
            params => self.method(session_id, &id, &method, &params.unwrap_or_default()),
        };
        served.unwrap_or_else(|(code, why)| Served::Answer(id.error(session_id, code, &why)))
    }

    fn method(&self, session_id: &str, id: &Id, method: &str, params: &Fields) -> Result<Served, (Code, String)> {
        let result = |json: String| Served::Answer(id.result(session_id, &json));
        match method {
            "initialize" => Ok(result(self.greeting())),
            "ping" => Ok(result("{}".into())),
            "tools/list" => self.page(session_id, id, params).map(result),
            "tools/call" => self.call(id, params),
            _ => Err((Code::Unknown, format!("there is no method {}", quoted(method)))),
        }
    }

    fn greeting(&self) -> String {
        let greeting = json!({
            "protocolVersion": PROTOCOL,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": self.board, "version": self.version},
        });
        greeting.to_string()
    }

    /// As many tools from the cursor on as a message holds. xiaozhi: the cursor is the name of the first tool that was
    /// not sent.
    fn page(&self, session_id: &str, id: &Id, params: &Fields) -> Result<String, (Code, String)> {
        let user = params.get("withUserTools") == Some(true);
        let mut tools = self.tools.iter().filter(|tool| user || !tool.user_only).peekable();
        if let Some(cursor) = params.get::<String>("cursor").filter(|cursor| !cursor.is_empty()) {
            while tools.next_if(|tool| tool.name != cursor).is_some() {}
            if tools.peek().is_none() {
                return Err((Code::Arguments, format!("there is no page that begins with {}", quoted(&cursor))));
            }
        }
        let page = |tools: &str, next: Option<&str>| {
            let next = next.map(|next| format!(r#","nextCursor":"{next}""#)).unwrap_or_default();
            format!(r#"{{"tools":[{tools}]{next}}}"#)
        };
        let fits = |json: String| id.result(session_id, &json).len() <= MESSAGE_LIMIT;
        let mut sent = String::new();
        while let Some(tool) = tools.next() {
            let more = if sent.is_empty() { tool.json() } else { format!("{sent},{}", tool.json()) };
            let next = tools.peek().map(|next| next.name.as_str());
            // One alone always fits, see `TOOL_LIMIT`.
            if !sent.is_empty() && !fits(page(&more, next)) {
                return Ok(page(&sent, Some(&tool.name)));
            }
            sent = more;
        }
        Ok(page(&sent, None))
    }

    fn call(&self, id: &Id, params: &Fields) -> Result<Served, (Code, String)> {
        let name = params.get::<String>("name").ok_or((Code::Arguments, "`name` must be the name of a tool".into()))?;
        let unknown = || (Code::Unknown, format!("there is no tool {}", quoted(&name)));
        let tool = self.tools.iter().find(|tool| tool.name == name).ok_or_else(unknown)?;
        let given = match params.object("arguments") {
            None if params.has("arguments") => return Err((Code::Arguments, "`arguments` must be an object".into())),
            given => given.unwrap_or_default(),
        };
        let arguments = tool.take(&given).map_err(|why| (Code::Arguments, why))?;
        Ok(Served::Call(Call { tool: name, arguments, id: id.clone() }))
    }
}

/// Serves any payload, for the fuzzer and its kept seeds.
#[doc(hidden)]
pub fn exercise(payload: &str) {
    let Ok(server) = Server::new("board", "0.1.0", Builtin::tools(true, true)) else { return };
    let check = |message: Vec<u8>| {
        assert!(message.len() <= MESSAGE_LIMIT, "a message of {} bytes", message.len());
        let message: serde_json::Value = serde_json::from_slice(&message).unwrap_or_default();
        let answer = &message["payload"];
        assert!(answer["id"].is_number() && answer["jsonrpc"] == "2.0", "{message} answers nothing");
        assert_ne!(answer["result"].is_object(), answer["error"].is_object(), "{message} is neither result nor error");
    };
    match server.serve("an id", payload) {
        Served::Answer(message) => check(message),
        Served::Call(call) => {
            assert!(Builtin::read(&call).is_some(), "{call:?} is a tool that nobody serves");
            check(call.answer("an id", Ok(payload)));
            check(call.answer("", Err(payload)));
            check(call.error("an id", payload));
        }
        Served::Nothing(what) => assert!(!what.is_empty(), "a request that was dropped without a word"),
    }
}

#[cfg(test)]
mod tests;
