//! Sessions: from a hello to a goodbye, with a chat server behind each.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::chat::{Chat, Said};
use super::connection::{Sound, random};
use super::datagram::Header;
use super::gateway::{Due, World};
use super::record::Event;

/// A second hello waits so long for the end of the first session.
const SECOND_HELLO: Duration = Duration::from_millis(100);

/// The way to a chat server.
pub struct Bridge {
    /// The device's connection, which may be gone or have another bridge by now.
    pub on: u64,
    /// From its hello on.
    pub chat: Option<Chat>,
    hello: Value,
    closing: bool,
}

impl Bridge {
    /// When the chat server does something by itself.
    pub fn deadline(&self) -> Option<Instant> {
        self.chat.as_ref().filter(|_| !self.closing).and_then(Chat::deadline)
    }
}

impl World {
    /// A new key at once; the address of the sound stays.
    pub(super) fn hello(&mut self, on: u64, hello: Value) {
        let Some(connection) = self.connections.get_mut(&on) else { return };
        connection.sound = Sound { key: random(), address: connection.sound.address, sent: 0, received: 0 };
        match connection.bridge {
            None => self.open_bridge(on, hello),
            // Until its chat server has closed, it is still the connection's.
            Some(old) => {
                self.close_bridge(old);
                self.later(SECOND_HELLO, Due::Hello { on, hello });
            }
        }
    }

    pub(super) fn open_bridge(&mut self, on: u64, hello: Value) {
        let (number, rules) = (self.number(), self.rules());
        let Some(connection) = self.connections.get_mut(&on).filter(|connection| !connection.closing) else { return };
        if !rules.chat_up {
            // Its error and its end are both told as an end.
            self.say_goodbye(on);
            self.say_goodbye(on);
            self.tell(on, &json!({"type": "error", "message": "处理 hello 消息失败"}));
            return;
        }
        connection.bridge = Some(number);
        self.bridges.insert(number, Bridge { on, chat: None, hello, closing: false });
        if let Some(after) = rules.hello_after {
            self.later(after, Due::Greeted(number));
        }
    }

    /// The chat server has accepted, and says hello.
    pub(super) fn greet(&mut self, number: u64) {
        let rules = self.rules();
        let Some(bridge) = self.bridges.get_mut(&number).filter(|bridge| !bridge.closing) else { return };
        let session = format!("{:032x}", u128::from_be_bytes(random()));
        bridge.chat = Some(Chat::new(Instant::now(), rules.mode, rules.idle, session, &bridge.hello));
        self.pump(number);
    }

    /// A message of the device for the chat server.
    pub(super) fn forward(&mut self, number: u64, message: &Value) {
        if let Some(chat) = self.chat(number) {
            chat.message(Instant::now(), message);
            self.pump(number);
        }
    }

    /// A packet of the device for the chat server; whether it took it.
    pub(super) fn forward_sound(&mut self, number: u64, packet: &[u8]) -> bool {
        let Some(chat) = self.chat(number) else { return false };
        chat.sound(Instant::now(), packet);
        self.pump(number);
        true
    }

    fn chat(&mut self, number: u64) -> Option<&mut Chat> {
        self.bridges.get_mut(&number).filter(|bridge| !bridge.closing)?.chat.as_mut()
    }

    /// Chat servers do what is due.
    pub(super) fn wake_chats(&mut self) {
        let now = Instant::now();
        let due = self.bridges.iter().filter(|(_, bridge)| bridge.deadline().is_some_and(|at| at <= now));
        for number in due.map(|(number, _)| *number).collect::<Vec<_>>() {
            if let Some(chat) = self.chat(number) {
                chat.wake(now);
            }
            self.pump(number);
        }
    }

    /// Hands out what a chat server has to say.
    fn pump(&mut self, number: u64) {
        while let Some(said) = self.chat(number).and_then(Chat::poll) {
            let Some(on) = self.bridges.get(&number).map(|bridge| bridge.on) else { return };
            match said {
                Said::Message(message) => self.said(number, on, &message),
                Said::Sound { packet, timestamp } => self.play(on, &packet, timestamp),
                Said::Heard(utterance) => self.log.add(on, Event::Utterance(utterance)),
                Said::Close => return self.bridge_closed(number),
            }
        }
    }

    fn said(&mut self, number: u64, on: u64, message: &Value) {
        let method = message["payload"]["method"].as_str();
        match message["type"].as_str() {
            Some("hello") => self.reply(on, message),
            Some("mcp") if method == Some("notifications/initialized") => {}
            // The gateway knows the tools already.
            Some("mcp") if method == Some("tools/list") => {
                let tools = self.connections.get(&on).map(|connection| connection.tools.clone());
                let result = json!({"tools": tools.unwrap_or_default()});
                let payload = json!({"jsonrpc": "2.0", "id": message["payload"]["id"], "result": result});
                self.forward(number, &json!({"type": "mcp", "payload": payload}));
            }
            _ => self.tell(on, message),
        }
    }

    /// Answers the device's hello.
    fn reply(&mut self, on: u64, hello: &Value) {
        let (host, udp) = (self.rules().udp_host, self.udp.local_addr().expect("an address"));
        let Some(connection) = self.connections.get_mut(&on) else { return };
        connection.session = hello["session_id"].as_str().map(str::to_owned);
        let template = Header { length: 0, connection: connection.id, timestamp: 0, sequence: 0 };
        let reply = json!({
            "type": "hello",
            "version": 3,
            "session_id": connection.session,
            "transport": "udp",
            "udp": {
                "server": host,
                "port": udp.port(),
                "encryption": "aes-128-ctr",
                "key": hex(&connection.sound.key),
                "nonce": hex(&template.bytes()),
            },
            "audio_params": hello["audio_params"],
        });
        self.tell(on, &reply);
    }

    /// Asks a chat server to close.
    pub(super) fn close_bridge(&mut self, number: u64) {
        let after = self.rules().closes_after;
        if let Some(bridge) = self.bridges.get_mut(&number).filter(|bridge| !bridge.closing) {
            bridge.closing = true;
            self.later(after, Due::Closed(number));
        }
    }

    /// A chat server has closed, of itself or not.
    pub(super) fn bridge_closed(&mut self, number: u64) {
        let Some(bridge) = self.bridges.remove(&number) else { return };
        let session = self.connections.get(&bridge.on).and_then(|connection| connection.session.clone());
        self.log.add(bridge.on, Event::ChatClosed(session.unwrap_or_default()));
        self.say_goodbye(bridge.on);
        if self.connections.get(&bridge.on).is_some_and(|connection| connection.closing) {
            self.connections.remove(&bridge.on);
        }
    }

    /// With the session that is the connection's now, which may be a newer one than that which has ended; and that one
    /// has no chat server any more.
    fn say_goodbye(&mut self, on: u64) {
        let Some(connection) = self.connections.get_mut(&on) else { return };
        connection.bridge = None;
        let mut goodbye = json!({"type": "goodbye"});
        if let Some(session) = &connection.session {
            goodbye["session_id"] = session.as_str().into();
        }
        self.tell(on, &goodbye);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
