//! A transfer through the reverse SSH tunnel, beside `ssh -N -R` to the same sshd.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use auricle::services::ssh::{Tunnel, TunnelNotice, TunnelRequest, TunnelSettings};

use crate::clock::Spread;
use crate::report::{Report, Row};
use crate::sshd::{SOON, Sshd};

/// Both take turns, so that whatever else runs disturbs both.
const ROUNDS: usize = 7;

/// Bytes of one transfer.
const LENGTH: usize = 200_000_000;

/// Our throughput as a part of that of `ssh`.
const TARGET: f64 = 0.7;

/// What the service of the device is asked for.
const GIVE: u8 = b'g';
const TAKE: u8 = b't';

/// Measures both, in both directions.
pub fn measure(report: &mut Report) {
    let (server, local) = (Sshd::start(), service());
    let (_tunnel, ours) = auricle(&server, local);
    let peer = Peer::start(&server, local);
    for (order, what) in [(GIVE, "SSH tunnel, from the device"), (TAKE, "SSH tunnel, to the device")] {
        let (mut with_ours, mut with_theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            with_theirs.push(transfer(peer.port, order));
            with_ours.push(transfer(ours, order));
        }
        row(what, &Spread::of(with_ours), &Spread::of(with_theirs), report);
    }
}

fn row(what: &str, ours: &Spread, theirs: &Spread, report: &mut Report) {
    let ratio = ours.p50() / theirs.p50();
    report.add(Row {
        what: what.into(),
        ours: format!("{:.0} MB/s / {:.0} MB/s", ours.p50(), ours.p95()),
        peer: format!("`ssh -N -R`: {:.0} MB/s / {:.0} MB/s", theirs.p50(), theirs.p95()),
        target: format!("≥ {TARGET} ×"),
        met: Some(ratio >= TARGET),
        result: format!("{ratio:.2} × as fast"),
        how: format!(
            "{} MB in one connection, {} times each in turns, through the same sshd on this machine; each client with \
             the cipher that it agrees on with it by default: with this one of Debian 12 that is AES-GCM for ours, where \
             the processor has instructions for AES, and ChaCha20 for OpenSSH's.",
            LENGTH / 1_000_000,
            ours.count()
        ),
    });
}

/// MB per second of one transfer.
fn transfer(port: u16, order: u8) -> f64 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the tunnel");
    let start = Instant::now();
    stream.write_all(&[order]).expect("a connection");
    if order == GIVE {
        assert_eq!(swallow(&mut stream), LENGTH);
    } else {
        pour(&mut stream);
        stream.read_exact(&mut [0]).expect("that all has come");
    }
    LENGTH as f64 / 1e6 / start.elapsed().as_secs_f64()
}

/// The service of the device.
fn service() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut order = [0];
            match stream.read_exact(&mut order) {
                Ok(()) if order == [GIVE] => pour(&mut stream),
                Ok(()) => {
                    assert_eq!(swallow(&mut (&mut stream).take(LENGTH as u64)), LENGTH);
                    stream.write_all(b".").expect("a connection");
                }
                Err(_) => {}
            }
        }
    });
    port
}

fn pour(stream: &mut TcpStream) {
    let block = [0x5A; 64 * 1024];
    let mut left = LENGTH;
    while left > 0 {
        let count = left.min(block.len());
        stream.write_all(&block[..count]).expect("a connection");
        left -= count;
    }
}

fn swallow(stream: &mut impl Read) -> usize {
    let (mut block, mut sum) = (vec![0; 64 * 1024], 0);
    while let Ok(count @ 1..) = stream.read(&mut block) {
        sum += count;
    }
    sum
}

fn auricle(server: &Sshd, local_port: u16) -> (Tunnel, u16) {
    let request =
        TunnelRequest { host: server.host(), user: Sshd::user(), remote_port: 0, local_port, key: server.key().into() };
    let settings = TunnelSettings {
        hosts: vec![server.host_line("ed25519")],
        key_dir: server.folder().into(),
        time_limit: Duration::from_secs(3600),
    };
    let (sender, notices) = channel();
    let tunnel = Tunnel::start(request, settings, Box::new(move |notice| drop(sender.send(notice)))).expect("a thread");
    match notices.recv_timeout(SOON).expect("a notice") {
        TunnelNotice::Up { port } => (tunnel, port),
        other => panic!("no tunnel: {other:?}"),
    }
}

/// `ssh -N -R`.
struct Peer {
    child: Child,
    port: u16,
}

impl Peer {
    fn start(server: &Sshd, local: u16) -> Self {
        let mut command: Command = server.client(server.port());
        command.args(["-N", "-o", "ExitOnForwardFailure=yes", "-R", &format!("0:127.0.0.1:{local}")]);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("ssh");
        // "Allocated port 12345 for remote forward to …"
        let said = BufReader::new(child.stderr.take().expect("its messages")).lines().map_while(Result::ok);
        let port = said
            .filter_map(|line| line.strip_prefix("Allocated port ")?.split(' ').next()?.parse().ok())
            .next()
            .expect("a forward of ssh");
        Self { child, port }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
