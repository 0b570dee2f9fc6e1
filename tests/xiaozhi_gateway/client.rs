//! A device as bare as can be: it sends what a test says and reads what comes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::mqttbytes::v4::{Connect, Packet, Publish};
use rumqttc::mqttbytes::{Error, QoS};
use serde_json::{Value, json};

use crate::broker::SOON;
use crate::xiaozhi::datagram::Header;
use crate::xiaozhi::{Login, Xiaozhi};

pub const MAC: &str = "00:16:3e:ac:b5:38";

/// A connection of MQTT.
pub struct Client {
    stream: TcpStream,
    buffer: BytesMut,
    /// What the gateway answered to CONNECT.
    pub accepted: u8,
}

impl Client {
    /// Logged in as it should be.
    pub fn login(server: &Xiaozhi) -> Self {
        Self::connect(server, &connect())
    }

    /// With any CONNECT.
    pub fn connect(server: &Xiaozhi, connect: &Connect) -> Self {
        let mut bytes = BytesMut::new();
        connect.write(&mut bytes).unwrap();
        Self::open(server, &bytes)
    }

    /// With any bytes in place of CONNECT.
    pub fn open(server: &Xiaozhi, first: &[u8]) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.mqtt_port())).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self { stream, buffer: BytesMut::new(), accepted: 0xff };
        client.raw(first);
        // By hand: the codec does not read refusals of MQTT 5.
        while client.buffer.len() < 4 {
            assert!(client.more(), "the gateway answers CONNECT");
        }
        let answer = client.buffer.split_to(4);
        assert_eq!(answer[..3], [0x20, 2, 0]);
        client.accepted = answer[3];
        client
    }

    /// Sends bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        // Whoever is thrown out in the middle of a packet sees that when it reads.
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a packet.
    pub fn send(&mut self, packet: &Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, 1 << 20).unwrap();
        self.raw(&bytes);
    }

    /// Publishes bytes.
    pub fn publish(&mut self, payload: impl Into<Vec<u8>>) {
        self.send(&Packet::Publish(Publish::new("device-server", QoS::AtMostOnce, payload)));
    }

    /// Publishes a message.
    pub fn say(&mut self, message: &Value) {
        self.publish(message.to_string());
    }

    /// Reads more; whether there was more.
    fn more(&mut self) -> bool {
        let mut piece = [0; 4_096];
        match self.stream.read(&mut piece) {
            Ok(0) => false,
            Ok(length) => {
                self.buffer.extend_from_slice(&piece[..length]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("waited {SOON:?} in vain for a packet: {error}"),
        }
    }

    /// The next packet; `None`: the connection was closed.
    pub fn packet(&mut self) -> Option<Packet> {
        loop {
            match Packet::read(&mut self.buffer, 1 << 20) {
                Ok(packet) => return Some(packet),
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("that is not MQTT: {error}"),
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// The next message, with its topic.
    pub fn next(&mut self) -> (String, Value) {
        match self.packet() {
            Some(Packet::Publish(publish)) => (publish.topic, serde_json::from_slice(&publish.payload).unwrap()),
            other => panic!("a message was expected, not {other:?}"),
        }
    }

    /// The next message of this type; others before it are left out.
    pub fn wait(&mut self, kind: &str) -> Value {
        loop {
            let (_, message) = self.next();
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Everything that was sent until the gateway answers to a ping.
    pub fn so_far(&mut self) -> Vec<Value> {
        self.send(&Packet::PingReq);
        let mut messages = Vec::new();
        loop {
            match self.packet() {
                Some(Packet::PingResp) => return messages,
                Some(Packet::Publish(publish)) => messages.push(serde_json::from_slice(&publish.payload).unwrap()),
                other => panic!("an answer to the ping was expected, not {other:?}"),
            }
        }
    }

    /// Panics unless the gateway closes the connection; what it sent before.
    pub fn closed(&mut self) -> Vec<Packet> {
        std::iter::from_fn(|| self.packet()).collect()
    }

    /// Opens a session.
    pub fn hello(&mut self) -> Session {
        self.hello_with(json!({}))
    }

    /// Opens a session with these features.
    pub fn hello_with(&mut self, features: Value) -> Session {
        self.say(&hello(features));
        Session::new(&self.wait("hello"), UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }
}

/// The right CONNECT.
pub fn connect() -> Connect {
    let login = Login::of("test", MAC, "db4ead3e-c5e2-4dd4-bbf1-0295195e5058");
    let mut connect = Connect::new(login.client);
    connect.set_login(login.username, login.password);
    connect
}

/// The right hello.
pub fn hello(features: Value) -> Value {
    let audio = json!({"format": "opus", "sample_rate": 16_000, "channels": 1, "frame_duration": 60});
    json!({"type": "hello", "version": 3, "transport": "udp", "features": features, "audio_params": audio})
}

/// A session with its sound.
pub struct Session {
    pub id: String,
    pub key: [u8; 16],
    pub nonce: [u8; 16],
    socket: UdpSocket,
    sequence: u32,
}

impl Session {
    /// Of an answer to a hello, over this socket.
    pub fn new(reply: &Value, socket: UdpSocket) -> Self {
        assert_eq!((&reply["transport"], &reply["version"]), (&json!("udp"), &json!(3)), "{reply}");
        let udp = &reply["udp"];
        assert_eq!(udp["encryption"], "aes-128-ctr");
        let port = u16::try_from(udp["port"].as_u64().unwrap()).unwrap();
        socket.connect((udp["server"].as_str().unwrap(), port)).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        let (key, nonce) = (unhex(&udp["key"]), unhex(&udp["nonce"]));
        Self { id: reply["session_id"].as_str().unwrap().into(), key, nonce, socket, sequence: 0 }
    }

    /// Sends a packet with the next sequence number.
    pub fn send(&mut self, packet: &[u8]) {
        self.sequence += 1;
        self.send_as(self.sequence, packet);
    }

    /// Sends a packet with any sequence number.
    pub fn send_as(&self, sequence: u32, packet: &[u8]) {
        let connection = u32::from_be_bytes(self.nonce[4..8].try_into().unwrap());
        let header = Header { length: 0, connection, timestamp: sequence * 60, sequence };
        self.socket.send(&header.seal(&self.key, packet)).unwrap();
    }

    /// The next datagram, opened.
    pub fn receive(&self) -> (Header, Vec<u8>) {
        let mut buffer = [0; 2_048];
        let length = self.socket.recv(&mut buffer).unwrap();
        let header = Header::read(&buffer[..length]).expect("a datagram of the gateway");
        assert_eq!(usize::from(header.length) + 16, length);
        (header, header.open(&self.key, &buffer[..length]))
    }

    /// Whether a datagram is there already, which is then taken.
    pub fn is_there(&self) -> bool {
        self.take().is_some()
    }

    /// The packet of a datagram that is there already.
    pub fn take(&self) -> Option<Vec<u8>> {
        self.socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut buffer = [0; 2_048];
        let length = self.socket.recv(&mut buffer).ok();
        self.socket.set_read_timeout(Some(SOON)).unwrap();
        let datagram = &buffer[..length?];
        Some(Header::read(datagram)?.open(&self.key, datagram))
    }

    /// A message of this session.
    pub fn message(&self, mut message: Value) -> Value {
        message["session_id"] = self.id.as_str().into();
        message
    }

    /// The socket, for another session.
    pub fn into_socket(self) -> UdpSocket {
        self.socket
    }
}

/// 16 bytes of lower-case hex.
pub fn unhex(text: &Value) -> [u8; 16] {
    let text = text.as_str().unwrap();
    assert_eq!(text.len(), 32);
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}
