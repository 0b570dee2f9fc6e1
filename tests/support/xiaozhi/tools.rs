//! The device's tools: the gateway asks for them once, and others can ask through it.

use std::sync::mpsc::Sender;
use std::time::Duration;

use serde_json::{Value, json};

use super::chat::request;
use super::gateway::{Due, World};
use super::record::Event;

/// More tools than these are not kept: the page that would exceed it is dropped.
const MOST: usize = 32;

/// How long the device may take for the answer to somebody else.
const MANAGED: Duration = Duration::from_secs(5);

/// What an answer is for.
pub enum Asked {
    Introduction,
    Tools,
    Manage(Sender<Result<Value, String>>),
}

impl World {
    /// Begins as soon as a device has logged in.
    pub(super) fn ask_for_tools(&mut self, on: u64) {
        let client = json!({"name": "xiaozhi-mqtt-client", "version": "1.0.0"});
        let params = json!({"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client});
        let within = self.rules().tools_within;
        self.ask(on, Asked::Introduction, "initialize", &params, within);
    }

    /// A request of the gateway's own interface.
    pub(super) fn manage(&mut self, method: &str, params: &Value, reply: Sender<Result<Value, String>>) {
        let newest = self.connections.iter().rfind(|(_, connection)| connection.client.is_some());
        match newest.map(|(on, _)| *on) {
            Some(on) => self.ask(on, Asked::Manage(reply), method, params, MANAGED),
            None => drop(reply.send(Err("no device is connected".into()))),
        }
    }

    fn ask(&mut self, on: u64, asked: Asked, method: &str, params: &Value, within: Duration) {
        let Some(connection) = self.connections.get_mut(&on) else { return };
        let id = connection.next_request;
        connection.next_request += 1;
        connection.asked.insert(id, asked);
        self.tell(on, &json!({"type": "mcp", "payload": request(id, method, params)}));
        self.later(within, Due::Late { on, id });
    }

    /// Takes an answer; whether it was one to the gateway.
    pub(super) fn answered(&mut self, on: u64, payload: &Value) -> bool {
        let Some(connection) = self.connections.get_mut(&on) else { return false };
        let Some(asked) = payload["id"].as_u64().and_then(|id| connection.asked.remove(&id)) else { return false };
        let error = payload["error"]["message"].as_str();
        match (asked, error) {
            (Asked::Manage(reply), Some(error)) => drop(reply.send(Err(error.into()))),
            (Asked::Manage(reply), None) => drop(reply.send(Ok(payload["result"].clone()))),
            (_, Some(_)) => {}
            (Asked::Introduction, None) => {
                let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
                self.tell(on, &json!({"type": "mcp", "payload": ready}));
                self.list(on, json!({}));
            }
            (Asked::Tools, None) => self.page(on, &payload["result"]),
        }
        true
    }

    fn list(&mut self, on: u64, params: Value) {
        let within = self.rules().tools_within;
        self.ask(on, Asked::Tools, "tools/list", &params, within);
    }

    fn page(&mut self, on: u64, page: &Value) {
        let Some(connection) = self.connections.get_mut(&on) else { return };
        let tools = page["tools"].as_array().cloned().unwrap_or_default();
        if tools.is_empty() || connection.tools.len() + tools.len() > MOST {
            return;
        }
        connection.tools.extend(tools);
        if let Some(cursor) = page.get("nextCursor") {
            self.list(on, json!({"cursor": cursor}));
        }
    }

    /// Who has not answered by now has no tools for as long as the connection lasts.
    pub(super) fn late(&mut self, on: u64, id: u64) {
        let asked = self.connections.get_mut(&on).and_then(|connection| connection.asked.remove(&id));
        match asked {
            None => return,
            Some(Asked::Manage(reply)) => drop(reply.send(Err("timeout".into()))),
            Some(_) => {}
        }
        self.log.add(on, Event::Unanswered(id));
    }
}
