//! The device's tools for a server's language model: an MCP server whose JSON-RPC travels in messages.
//!
//! xiaozhi: the gateway asks for the tools right after the login, before any session; the chat server calls them, and
//! people may, by a page of the server's.

mod answer;
mod builtin;
mod server;
mod tool;

pub use self::answer::Call;
pub use self::builtin::{Builtin, Status};
pub use self::server::{Served, Server, exercise};
pub use self::tool::{Argument, Kind, TOOLS_LIMIT, Tool, ToolError};
