//! One connection of MQTT: login, and what becomes of each packet.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::gateway::World;
use super::ota::password;
use super::packet::{self, Packet, Violation};
use super::record::Event;
use super::tools::Asked;

/// The first number of a request about tools.
const FIRST_REQUEST: u64 = 10_000;

/// What the gateway keeps for a connection.
pub struct Connection {
    out: UnboundedSender<Vec<u8>>,
    /// Names the connection in datagrams.
    pub id: u32,
    /// Client id and topic, after the login.
    pub client: Option<(String, String)>,
    /// Closes as soon as its session has.
    pub closing: bool,
    pub bridge: Option<u64>,
    /// The newest session, also when it is over.
    pub session: Option<String>,
    pub sound: Sound,
    pub asked: BTreeMap<u64, Asked>,
    pub next_request: u64,
    pub tools: Vec<Value>,
    keep_alive: Duration,
    active: Instant,
}

/// The sound of a connection.
#[derive(Default)]
pub struct Sound {
    /// A new one for each hello.
    pub key: [u8; 16],
    /// Where the last datagram came from, also one of an earlier session.
    pub address: Option<SocketAddr>,
    pub sent: u32,
    pub received: u32,
}

impl Connection {
    pub fn new(out: UnboundedSender<Vec<u8>>, others: &BTreeMap<u64, Self>) -> Self {
        let id = std::iter::repeat_with(|| u32::from_be_bytes(random()));
        Self {
            out,
            id: id.into_iter().find(|id| others.values().all(|other| other.id != *id)).unwrap_or_default(),
            client: None,
            closing: false,
            bridge: None,
            session: None,
            sound: Sound::default(),
            asked: BTreeMap::new(),
            next_request: FIRST_REQUEST,
            tools: Vec::new(),
            keep_alive: Duration::ZERO,
            active: Instant::now(),
        }
    }

    fn send(&self, packet: Vec<u8>) {
        let _ = self.out.send(packet);
    }
}

impl World {
    /// What becomes of a packet, or of what is none.
    pub(super) fn packet(&mut self, on: u64, packet: Result<Packet, Violation>) {
        let Some(connection) = self.connections.get_mut(&on).filter(|connection| !connection.closing) else { return };
        connection.active = Instant::now();
        let known = connection.client.is_some();
        match packet {
            Err(Violation::Level(level)) => {
                connection.send(packet::connack(1));
                self.close(on, &format!("MQTT of level {level}"));
            }
            Err(violation) => self.close(on, &format!("{violation:?}")),
            Ok(Packet::Connect { client, username, password, keep_alive }) if !known => {
                connection.keep_alive = Duration::from_secs(keep_alive.into()) * 3 / 2;
                connection.send(packet::connack(0));
                self.login(on, client, &username, &password, keep_alive);
            }
            Ok(Packet::Publish { qos: 0, topic, payload }) if known => self.published(on, topic, &payload),
            Ok(Packet::Publish { qos, .. }) => self.close(on, &format!("a message with QoS {qos}")),
            Ok(Packet::Subscribe { id, topic }) if known => {
                connection.send(packet::suback(id));
                self.log.add(on, Event::Subscribed(topic));
            }
            Ok(Packet::Ping) => connection.send(packet::pong()),
            Ok(Packet::Disconnect) => {
                self.log.add(on, Event::Left);
                self.connections.remove(&on);
            }
            Ok(packet) => self.close(on, &format!("{packet:?} at the wrong time")),
        }
    }

    /// Success was told already: who is not let in finds the connection closed.
    fn login(&mut self, on: u64, client: String, username: &str, secret: &str, keep_alive: u16) {
        let parts: Vec<&str> = client.split("@@@").collect();
        let topic = match parts[..] {
            [_, mac, _] if password(&client, username) == secret => format!("devices/p2p/{mac}"),
            [_, mac] if is_mac(mac) => format!("devices/p2p/{mac}"),
            _ => return self.close(on, &format!("login of `{client}` as `{username}`")),
        };
        let own = |client: &str, other: &Connection| other.client.as_ref().is_some_and(|(theirs, _)| theirs == client);
        let twins = self.connections.iter().filter(|(_, other)| own(&client, other));
        for twin in twins.map(|(on, _)| *on).collect::<Vec<_>>() {
            self.close(twin, "the same client came again");
        }
        self.log.add(on, Event::Joined { client: client.clone(), keep_alive });
        if let Some(connection) = self.connections.get_mut(&on) {
            connection.client = Some((client, topic));
            self.ask_for_tools(on);
        }
    }

    fn published(&mut self, on: u64, topic: String, payload: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Value>(payload) else {
            return self.close(on, &format!("no JSON: {}", String::from_utf8_lossy(payload)));
        };
        self.log.add(on, Event::Said { topic, message: message.clone() });
        if message["type"] == "hello" {
            if message["version"] != 3 {
                return self.close(on, "a hello of another version than 3");
            }
            return self.hello(on, message);
        }
        if message["type"] == "mcp" && !message["payload"].is_object() {
            return self.close(on, "mcp without a payload");
        }
        if message["type"] == "mcp" && self.answered(on, &message["payload"]) {
            return;
        }
        self.other(on, &message);
    }

    /// Everything that has no meaning for the gateway itself goes to the chat server; without one it says goodbye.
    fn other(&mut self, on: u64, message: &Value) {
        let Some(connection) = self.connections.get_mut(&on) else { return };
        let goodbye = message["type"] == "goodbye";
        match connection.bridge {
            None if goodbye => {}
            None => {
                let mut answer = json!({"type": "goodbye"});
                if let Some(session) = message.get("session_id") {
                    answer["session_id"] = session.clone();
                }
                self.tell(on, &answer);
            }
            Some(bridge) if goodbye || message["type"] == "udp_timeout" => {
                connection.bridge = None;
                self.close_bridge(bridge);
            }
            Some(bridge) => self.forward(bridge, message),
        }
    }

    /// Sends a message to a device, whether it has subscribed or not.
    pub(super) fn tell(&mut self, on: u64, message: &Value) {
        let Some(connection) = self.connections.get(&on) else { return };
        if let Some((_, topic)) = &connection.client {
            self.log.add(on, Event::Told(message.clone()));
            connection.send(packet::message(topic, message.to_string().as_bytes()));
        }
    }

    /// Closes a connection; one with a session only when that has ended.
    pub(super) fn close(&mut self, on: u64, why: &str) {
        let Some(connection) = self.connections.get_mut(&on) else { return };
        self.log.add(on, Event::Closed(why.into()));
        connection.closing = true;
        connection.asked.clear();
        match connection.bridge.take() {
            Some(bridge) => self.close_bridge(bridge),
            None => drop(self.connections.remove(&on)),
        }
    }

    /// Closes connections on which nothing came for one and a half times their keep-alive.
    pub(super) fn close_silent(&mut self) {
        let silent = |connection: &Connection| {
            !connection.keep_alive.is_zero() && connection.active.elapsed() > connection.keep_alive
        };
        let silent = self.connections.iter().filter(|(_, connection)| !connection.closing && silent(connection));
        for on in silent.map(|(on, _)| *on).collect::<Vec<_>>() {
            self.close(on, "nothing came within its keep-alive");
        }
    }
}

/// Lower-case hex with underscores.
fn is_mac(text: &str) -> bool {
    let groups: Vec<&str> = text.split('_').collect();
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    groups.len() == 6 && groups.iter().all(|group| group.len() == 2 && group.bytes().all(hex))
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
