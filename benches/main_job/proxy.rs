//! A TCP proxy in front of the broker that notes when the first byte of each publication passes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::clock::{Micros, now};

/// A PUBLISH of the daemon.
#[derive(Debug)]
pub struct Passed {
    /// When its first byte was read from the daemon's connection.
    pub at: Micros,
    /// Its topic.
    pub topic: String,
}

/// A running proxy. It ends with the process.
pub struct Proxy {
    /// Where to connect, on 127.0.0.1.
    pub port: u16,
    /// What has passed.
    pub passed: Receiver<Passed>,
}

impl Proxy {
    /// In front of a broker at this port of 127.0.0.1.
    pub fn start(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, passed) = channel();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", broker)) else { continue };
                carry(client, server, sender.clone());
            }
        });
        Self { port, passed }
    }
}

/// Carries both directions, on two threads.
fn carry(client: TcpStream, server: TcpStream, passed: Sender<Passed>) {
    // Nothing may wait here for more bytes to come.
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("a TCP option");
    }
    let (mut from_server, mut to_client) =
        (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    let (mut from_client, mut to_server) = (client, server);
    thread::spawn(move || copy(&mut from_server, &mut to_client, |_| {}));
    thread::spawn(move || {
        let mut packets = Packets::default();
        copy(&mut from_client, &mut to_server, |bytes| {
            let at = now();
            packets.push(bytes, at, &mut |publish| drop(passed.send(publish)));
        });
    });
}

fn copy(from: &mut TcpStream, to: &mut TcpStream, mut look: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        look(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Finds where MQTT packets begin.
#[derive(Default)]
struct Packets {
    /// The packet so far: its fixed header, and of a PUBLISH also the topic.
    head: Vec<u8>,
    began: Micros,
    /// Bytes of the packet that are passed over.
    rest: usize,
}

impl Packets {
    fn push(&mut self, mut bytes: &[u8], at: Micros, found: &mut impl FnMut(Passed)) {
        loop {
            let skip = self.rest.min(bytes.len());
            bytes = &bytes[skip..];
            self.rest -= skip;
            let Some((&byte, later)) = bytes.split_first() else { return };
            bytes = later;
            if self.head.is_empty() {
                self.began = at;
            }
            self.head.push(byte);
            self.look(found);
        }
    }

    fn look(&mut self, found: &mut impl FnMut(Passed)) {
        let digits = self.head[1..].iter().take(4);
        let Some(last) = digits.clone().position(|digit| digit & 0x80 == 0) else { return };
        let length = digits.take(last + 1).rev().fold(0, |sum, &digit| sum << 7 | usize::from(digit & 0x7F));
        let body = &self.head[last + 2..];
        let is_publish = self.head[0] >> 4 == 3;
        let wanted = match body {
            _ if !is_publish => 0,
            &[high, low, ..] => 2 + usize::from(u16::from_be_bytes([high, low])),
            _ => 2,
        };
        if body.len() < wanted {
            return;
        }
        if is_publish && body.len() > 2 {
            let topic = String::from_utf8_lossy(&body[2..]).into_owned();
            found(Passed { at: self.began, topic });
        }
        self.rest = length.saturating_sub(body.len());
        self.head.clear();
    }
}
