//! The server's end of a channel.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use auricle_core::channel::Session;
use auricle_core::protocol::xiaozhi::datagram::{Label, Opener, Sealer};
use auricle_core::time::Tick;
use opus::{Application, Channels, Decoder, Encoder};
use zeroize::Zeroizing;

pub const SOON: Duration = Duration::from_secs(20);

const KEY: [u8; 16] = *b"a key of sixteen";
const NONCE: [u8; 16] = [1, 0, 0, 0, 0xa1, 0xb2, 0xc3, 0xd4, 0, 0, 0, 0, 0, 0, 0, 0];

/// Length of the frames both ways.
pub const FRAME: Duration = Duration::from_millis(60);

/// What came from the device.
pub struct Came {
    pub sequence: u32,
    pub timestamp: u32,
    pub packet: Vec<u8>,
    pub from: SocketAddr,
    pub at: Instant,
}

/// A server in the test. It knows the device from its first datagram on.
pub struct Peer {
    socket: UdpSocket,
    opener: Opener,
    sealer: Sealer,
    start: Instant,
    device: Option<SocketAddr>,
}

impl Peer {
    pub fn new() -> Self {
        Self::at("127.0.0.1".parse().unwrap())
    }

    pub fn at(address: IpAddr) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        let (opener, sealer) = (Opener::new(&KEY), Sealer::new(&KEY, &NONCE));
        Self { socket, opener, sealer, start: Instant::now(), device: None }
    }

    pub fn session(&self) -> Session {
        let address = self.socket.local_addr().unwrap();
        Session {
            server: address.ip().to_string(),
            port: address.port(),
            key: Zeroizing::new(KEY),
            nonce: NONCE,
            frame: FRAME,
            server_cancels: false,
            raw: false,
            greeting: None,
        }
    }

    /// The next datagram of the device.
    #[track_caller]
    pub fn next(&mut self) -> Came {
        let (mut datagram, mut packet) = ([0; 2_000], Vec::new());
        let (length, from) = self.socket.recv_from(&mut datagram).expect("the device sends something");
        let at = Instant::now();
        self.device = Some(from);
        let Label { sequence, timestamp, .. } =
            self.opener.open(&datagram[..length], &mut packet).expect("it is sealed");
        Came { sequence, timestamp, packet, from, at }
    }

    /// Whether nothing is there to be received.
    pub fn is_quiet(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        let quiet = self.socket.peek(&mut [0]).is_err();
        self.socket.set_nonblocking(false).unwrap();
        quiet
    }

    /// A packet as a datagram.
    pub fn seal(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut datagram = Vec::new();
        self.sealer.seal(Tick::ZERO + self.start.elapsed(), packet, &mut datagram);
        datagram
    }

    /// Sends these bytes to the device.
    pub fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.device.expect("the device has greeted")).unwrap();
    }

    /// Seals and sends a packet.
    pub fn say(&mut self, packet: &[u8]) {
        let datagram = self.seal(packet);
        self.send(&datagram);
    }
}

/// A hum, in packets of Opus: 24 kHz, as servers send it.
pub fn hum(span: Duration) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(24_000, Channels::Mono, Application::Audio).unwrap();
    let samples = span.as_millis() as usize * 24;
    let sound: Vec<i16> =
        (0..samples).map(|n| (8_000.0 * (std::f64::consts::TAU * 300.0 * n as f64 / 24_000.0).sin()) as i16).collect();
    sound.chunks_exact(1_440).map(|frame| encoder.encode_vec(frame, 1_275).unwrap()).collect()
}

/// The sound in packets from the device, at 16 kHz.
pub fn decode<'a>(packets: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<i16> {
    let mut decoder = Decoder::new(16_000, Channels::Mono).unwrap();
    let mut sound = Vec::new();
    for packet in packets {
        let mut frame = vec![0; 1_920];
        let length = decoder.decode(packet, &mut frame, false).unwrap();
        sound.extend_from_slice(&frame[..length]);
    }
    sound
}
