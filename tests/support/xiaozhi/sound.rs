//! Datagrams: where they come from and where they go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc::UnboundedSender;

use super::datagram::Header;
use super::gateway::{Due, Input, World};
use super::record::Event;

/// Hands on what comes, for ever.
pub async fn receive(socket: Arc<UdpSocket>, inputs: UnboundedSender<Input>) {
    let mut buffer = [0; 2_048];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { return };
        if inputs.send(Input::Datagram { from, bytes: buffer[..length].to_vec() }).is_err() {
            return;
        }
    }
}

impl World {
    /// A datagram was sent: now it goes through the weather.
    pub(super) fn datagram(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        let weather = self.rules().up;
        self.up.turn(&weather);
        for after in self.up.pass() {
            let bytes = bytes.clone();
            self.soon(after, Due::Arrive { from, bytes });
        }
    }

    fn soon(&mut self, after: Duration, what: Due) {
        match what {
            Due::Arrive { from, bytes } if after.is_zero() => self.arrived(from, &bytes),
            Due::Depart { to, bytes } if after.is_zero() => self.depart(to, &bytes),
            what => self.later(after, what),
        }
    }

    /// Nothing but the connection's number leads to a device; from then on it is where this came from.
    pub(super) fn arrived(&mut self, from: SocketAddr, bytes: &[u8]) {
        let Some(header) = Header::read(bytes) else { return };
        let Some((&on, connection)) =
            self.connections.iter_mut().find(|(_, connection)| connection.id == header.connection)
        else {
            return;
        };
        let Header { sequence, timestamp, .. } = header;
        let Some(bridge) = connection.bridge else {
            return self.log.add(on, Event::Ignored { sequence });
        };
        connection.sound.address = Some(from);
        // The same number again is taken.
        if sequence < connection.sound.received {
            return self.log.add(on, Event::Ignored { sequence });
        }
        connection.sound.received = sequence;
        let (packet, session) = (header.open(&connection.sound.key, bytes), connection.session.clone());
        self.log.add(on, Event::Sound { session, sequence, timestamp, packet: packet.clone() });
        self.forward_sound(bridge, &packet);
    }

    /// A packet of the chat server for a device.
    pub(super) fn play(&mut self, on: u64, packet: &[u8], timestamp: u32) {
        let Some(connection) = self.connections.get_mut(&on) else { return };
        let Some(to) = connection.sound.address else {
            return self.log.add(on, Event::Nowhere);
        };
        connection.sound.sent += 1;
        let sequence = connection.sound.sent;
        let header = Header { length: 0, connection: connection.id, timestamp, sequence };
        let bytes = header.seal(&connection.sound.key, packet);
        self.log.add(on, Event::Played { sequence });
        let weather = self.rules().down;
        self.down.turn(&weather);
        for after in self.down.pass() {
            let bytes = bytes.clone();
            self.soon(after, Due::Depart { to, bytes });
        }
    }

    pub(super) fn depart(&self, to: SocketAddr, bytes: &[u8]) {
        // A device that is gone is none of our business.
        let _ = self.udp.send_to(bytes, to);
    }
}
