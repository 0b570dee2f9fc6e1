//! A stand-in for the open xiaozhi server: the web server that configures a device, the gateway that speaks MQTT and
//! UDP, and the chat server behind it. It has the habits, and the mistakes, that the real one showed.
//!
//! All of it runs on one thread, in the order in which things come, as the real gateway does.

// Each test crate uses its own part of this.
#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used)]

pub mod chat;
mod connection;
pub mod datagram;
mod gateway;
mod ota;
mod packet;
pub mod record;
pub mod rules;
mod session;
mod sound;
mod tools;
pub mod voice;
pub mod weather;

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::broker::{SOON, wait_until};
pub use gateway::Order;
use gateway::{Input, World};
use ota::Ota;
pub use ota::{Login, PATH, password};
use record::{Entry, Event, Log};
pub use rules::{Activation, Mode, Rules};

/// A running server. Ends with this value; a failing test then shows what happened.
pub struct Xiaozhi {
    rules: Arc<Mutex<Rules>>,
    log: Arc<Log>,
    ports: Ports,
    running: Option<Running>,
}

/// Where it listens on 127.0.0.1.
#[derive(Clone, Copy, Default)]
struct Ports {
    web: u16,
    mqtt: u16,
    udp: u16,
}

struct Running {
    orders: mpsc::UnboundedSender<Input>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Xiaozhi {
    /// On free ports.
    pub fn start(rules: Rules) -> Self {
        let (rules, log) = (Arc::new(Mutex::new(rules)), Arc::default());
        let mut server = Self { rules, log, ports: Ports::default(), running: None };
        server.run().expect("free ports");
        server
    }

    fn run(&mut self) -> std::io::Result<()> {
        let web = TcpListener::bind((Ipv4Addr::LOCALHOST, self.ports.web))?;
        let mqtt = TcpListener::bind((Ipv4Addr::LOCALHOST, self.ports.mqtt))?;
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, self.ports.udp))?;
        self.ports =
            Ports { web: web.local_addr()?.port(), mqtt: mqtt.local_addr()?.port(), udp: udp.local_addr()?.port() };
        web.set_nonblocking(true)?;
        mqtt.set_nonblocking(true)?;
        udp.set_nonblocking(true)?;
        let (orders, inputs) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let ota = Ota { rules: Arc::clone(&self.rules), log: Arc::clone(&self.log), mqtt_port: self.ports.mqtt };
        let (rules, log, sender) = (Arc::clone(&self.rules), Arc::clone(&self.log), orders.clone());
        let departing = udp.try_clone()?;
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async move {
                let web = tokio::net::TcpListener::from_std(web).unwrap();
                let mqtt = tokio::net::TcpListener::from_std(mqtt).unwrap();
                let udp = Arc::new(tokio::net::UdpSocket::from_std(udp).unwrap());
                let world = World::new(rules, log, departing);
                tokio::select! {
                    _ = stopped => {}
                    () = ota::serve(web, ota) => {}
                    () = gateway::accept(mqtt, sender.clone()) => {}
                    () = sound::receive(udp, sender) => {}
                    () = world.run(inputs) => {}
                }
            });
        });
        self.running = Some(Running { orders, stop, thread });
        Ok(())
    }

    /// Everything closes, as after a crash.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.stop.send(());
            let _ = running.thread.join();
        }
    }

    /// It is back on the same ports and knows nobody.
    pub fn restart(&mut self) {
        self.kill();
        wait_until("the ports to be free again", SOON, || self.run().ok());
    }

    /// The address of the configuration.
    pub fn ota_url(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.ports.web)
    }

    /// Where it speaks MQTT.
    pub fn mqtt_port(&self) -> u16 {
        self.ports.mqtt
    }

    /// Where it takes sound.
    pub fn udp_port(&self) -> u16 {
        self.ports.udp
    }

    /// Changes its behaviour.
    pub fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.rules.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Somebody types the code of the device.
    pub fn bind(&self) {
        self.change(|rules| rules.activation.iter_mut().for_each(|activation| activation.waits = 0));
    }

    /// Does something that no device asked for.
    pub fn order(&self, order: Order) {
        let running = self.running.as_ref().expect("the server runs");
        running.orders.send(Input::Order(order)).expect("the server runs");
    }

    /// The chat server of the newest session closes.
    pub fn end_chat(&self) {
        self.order(Order::EndChat);
    }

    /// Somebody asks the newest device through the gateway's own interface; its answer, or what went wrong.
    pub fn manage(&self, method: &str, params: Value) -> Result<Value, String> {
        let (reply, answer) = std::sync::mpsc::channel();
        self.order(Order::Manage { method: method.into(), params, reply });
        answer.recv_timeout(SOON).expect("the gateway answers")
    }

    /// The tools of the newest device, as the gateway keeps them.
    pub fn tools(&self) -> Vec<Value> {
        let (reply, answer) = std::sync::mpsc::channel();
        self.order(Order::Tools(reply));
        answer.recv_timeout(SOON).expect("the gateway answers")
    }

    /// Everything that happened.
    pub fn all(&self) -> Vec<Entry> {
        self.log.all()
    }

    /// Waits until `found` finds something in everything that happened.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, found: impl FnMut(&[Entry]) -> Option<T>) -> T {
        self.log.wait(what, SOON, found)
    }

    /// Waits for an event to which `wanted` gives a value.
    #[track_caller]
    pub fn wait_event<T>(&self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        self.wait(what, |entries| entries.iter().find_map(|entry| wanted(&entry.event)))
    }

    /// The messages of this type that devices have sent, in their order.
    pub fn said(&self, kind: &str) -> Vec<Value> {
        messages(&self.all(), kind)
    }

    /// Waits until devices have sent so many messages of this type; all of them.
    #[track_caller]
    pub fn wait_said(&self, kind: &str, times: usize) -> Vec<Value> {
        self.wait(&format!("{times} × `{kind}`"), |entries| {
            Some(messages(entries, kind)).filter(|all| all.len() >= times)
        })
    }

    /// What devices have sent to the newest session, as the chat server decodes it: 16 kHz.
    pub fn heard(&self) -> Vec<i16> {
        let entries = self.all();
        let sounds = entries.iter().filter_map(|entry| match &entry.event {
            Event::Sound { session, packet, .. } => Some((session, packet)),
            _ => None,
        });
        let newest = sounds.clone().next_back().map(|(session, _)| session);
        let mut decoded = voice::Decoded::new();
        let own = sounds.filter(|(session, _)| Some(*session) == newest);
        own.filter_map(|(_, packet)| decoded.next(packet)).flatten().collect()
    }
}

fn messages(entries: &[Entry], kind: &str) -> Vec<Value> {
    let said = entries.iter().filter_map(|entry| match &entry.event {
        Event::Said { message, .. } if message["type"] == kind => Some(message.clone()),
        _ => None,
    });
    said.collect()
}

impl Drop for Xiaozhi {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("at the xiaozhi server:\n{}", record::brief(&self.all()));
        }
    }
}
