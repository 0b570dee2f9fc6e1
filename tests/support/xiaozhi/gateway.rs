//! The gateway's loop: whatever comes, and whatever is due, one thing after the other.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::chat::Turn;
use super::connection::Connection;
use super::packet::{self, Packet, Violation};
use super::record::{Event, Log};
use super::rules::Rules;
use super::session::Bridge;
use super::weather::Way;

/// How often connections that are silent are looked for.
const LOOK: Duration = Duration::from_millis(250);

/// What comes from outside.
pub enum Input {
    /// A connection; what is sent here goes out, and when the sender is dropped it is closed.
    Opened {
        on: u64,
        out: UnboundedSender<Vec<u8>>,
    },
    Packet {
        on: u64,
        packet: Result<Packet, Violation>,
    },
    Gone {
        on: u64,
    },
    Datagram {
        from: SocketAddr,
        bytes: Vec<u8>,
    },
    Order(Order),
}

/// What a test can have done.
pub enum Order {
    /// The chat server of the newest session closes.
    EndChat,
    /// The newest device gets this message.
    Tell(Value),
    /// The chat server of the newest session says this.
    Say(Turn),
    /// All connections of MQTT end.
    Cut,
    /// The gateway's own interface: a request about tools to the newest device.
    Manage { method: String, params: Value, reply: Sender<Result<Value, String>> },
    /// The tools of the newest device.
    Tools(Sender<Vec<Value>>),
}

/// What comes of itself after a while.
pub(super) enum Due {
    /// The second hello of a device has waited for the end of the first session.
    Hello {
        on: u64,
        hello: Value,
    },
    /// The chat server says hello.
    Greeted(u64),
    /// The chat server has closed.
    Closed(u64),
    /// A request about tools was not answered.
    Late {
        on: u64,
        id: u64,
    },
    /// A datagram has come through the weather.
    Arrive {
        from: SocketAddr,
        bytes: Vec<u8>,
    },
    Depart {
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    Look,
}

/// All that the gateway knows.
pub struct World {
    rules: Arc<Mutex<Rules>>,
    pub(super) log: Arc<Log>,
    pub(super) udp: UdpSocket,
    pub(super) connections: BTreeMap<u64, Connection>,
    pub(super) bridges: BTreeMap<u64, Bridge>,
    pub(super) up: Way,
    pub(super) down: Way,
    due: BTreeMap<(Instant, u64), Due>,
    serial: u64,
}

impl World {
    pub fn new(rules: Arc<Mutex<Rules>>, log: Arc<Log>, udp: UdpSocket) -> Self {
        let now = rules.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut world = Self {
            rules,
            log,
            udp,
            connections: BTreeMap::new(),
            bridges: BTreeMap::new(),
            up: Way::new(now.up),
            down: Way::new(now.down),
            due: BTreeMap::new(),
            serial: 0,
        };
        world.later(LOOK, Due::Look);
        world
    }

    /// Goes on for ever.
    pub async fn run(mut self, mut inputs: UnboundedReceiver<Input>) {
        loop {
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.handle(input),
                    None => return,
                },
                () = until(self.deadline()) => {}
            }
            self.work_off();
        }
    }

    /// As they are now.
    pub(super) fn rules(&self) -> Rules {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A number that nothing else has.
    pub(super) fn number(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(super) fn later(&mut self, after: Duration, what: Due) {
        let number = self.number();
        self.due.insert((Instant::now() + after, number), what);
    }

    fn deadline(&self) -> Option<Instant> {
        let chats = self.bridges.values().filter_map(Bridge::deadline);
        self.due.keys().map(|(at, _)| *at).take(1).chain(chats).min()
    }

    fn work_off(&mut self) {
        while let Some(entry) = self.due.first_entry() {
            if entry.key().0 > Instant::now() {
                break;
            }
            match entry.remove() {
                Due::Hello { on, hello } => self.open_bridge(on, hello),
                Due::Greeted(bridge) => self.greet(bridge),
                Due::Closed(bridge) => self.bridge_closed(bridge),
                Due::Late { on, id } => self.late(on, id),
                Due::Arrive { from, bytes } => self.arrived(from, &bytes),
                Due::Depart { to, bytes } => self.depart(to, &bytes),
                Due::Look => {
                    self.close_silent();
                    self.later(LOOK, Due::Look);
                }
            }
        }
        self.wake_chats();
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Opened { on, out } => {
                let connection = Connection::new(out, &self.connections);
                self.connections.insert(on, connection);
            }
            Input::Packet { on, packet } => self.packet(on, packet),
            // The chat server of a device that is gone stays until it is tired of it.
            Input::Gone { on } => {
                if self.connections.remove(&on).is_some() {
                    self.log.add(on, Event::Left);
                }
            }
            Input::Datagram { from, bytes } => self.datagram(from, bytes),
            Input::Order(order) => self.order(order),
        }
    }

    fn order(&mut self, order: Order) {
        let newest = self.bridges.keys().last().copied();
        match order {
            Order::EndChat => newest.into_iter().for_each(|bridge| self.bridge_closed(bridge)),
            Order::Tell(message) => {
                if let Some(on) = self.connections.keys().last().copied() {
                    self.tell(on, &message);
                }
            }
            Order::Say(turn) => {
                if let Some(chat) = newest.and_then(|bridge| self.bridges.get_mut(&bridge)?.chat.as_mut()) {
                    chat.say(turn);
                }
            }
            Order::Cut => self.connections.clear(),
            Order::Manage { method, params, reply } => self.manage(&method, &params, reply),
            Order::Tools(reply) => {
                let tools = self.connections.values().last().map(|connection| connection.tools.clone());
                let _ = reply.send(tools.unwrap_or_default());
            }
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Lets devices in, for ever.
pub async fn accept(listener: TcpListener, inputs: UnboundedSender<Input>) {
    for on in 1.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        let (out, packets) = unbounded_channel();
        if inputs.send(Input::Opened { on, out }).is_err() {
            return;
        }
        tokio::task::spawn_local(listen(on, read, inputs.clone()));
        tokio::task::spawn_local(talk(write, packets));
    }
}

async fn listen(on: u64, mut read: OwnedReadHalf, inputs: UnboundedSender<Input>) {
    let (mut buffer, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(length @ 1..) = read.read(&mut piece).await {
        buffer.extend_from_slice(&piece[..length]);
        while let Some(packet) = packet::take(&mut buffer).transpose() {
            let over = packet.is_err();
            let _ = inputs.send(Input::Packet { on, packet });
            if over {
                buffer.clear();
                break;
            }
        }
    }
    let _ = inputs.send(Input::Gone { on });
}

async fn talk(mut write: OwnedWriteHalf, mut packets: UnboundedReceiver<Vec<u8>>) {
    while let Some(packet) = packets.recv().await {
        if write.write_all(&packet).await.is_err() {
            return;
        }
    }
    let _ = write.shutdown().await;
}
