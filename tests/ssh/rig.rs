//! A tunnel to a server of the test, and services for it to lead to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use auricle::services::ssh::{Ending, Limits, SshError, Tunnel, TunnelNotice, TunnelRequest, TunnelSettings};

use crate::sshd::{SOON, Sshd};

/// A request that succeeds: any free port there, to this port here.
pub fn request(server: &Sshd, local_port: u16) -> TunnelRequest {
    TunnelRequest { host: server.host(), user: Sshd::user(), remote_port: 0, local_port, key: server.key().into() }
}

/// Settings that allow it.
pub fn settings(server: &Sshd) -> TunnelSettings {
    TunnelSettings {
        hosts: vec![server.host_line("ed25519")],
        key_dir: PathBuf::from("/nonexistent"),
        time_limit: Duration::from_secs(600),
    }
}

/// A tunnel and what it has told.
pub struct Running {
    pub tunnel: Tunnel,
    notices: Receiver<(TunnelNotice, i32)>,
    /// Its thread, once it is up.
    pub thread: i32,
}

impl Running {
    pub fn start(request: TunnelRequest, settings: TunnelSettings, limits: Limits) -> Self {
        let (sender, notices) = channel();
        let notify = Box::new(move |notice| drop(sender.send((notice, nix::unistd::gettid().as_raw()))));
        let tunnel = Tunnel::start_with(request, settings, limits, notify).unwrap();
        Self { tunnel, notices, thread: 0 }
    }

    /// To this local port, with nothing special.
    pub fn to(server: &Sshd, local_port: u16) -> (Self, u16) {
        Self::to_with(server, local_port, Limits::default())
    }

    pub fn to_with(server: &Sshd, local_port: u16, limits: Limits) -> (Self, u16) {
        let mut running = Self::start(request(server, local_port), settings(server), limits);
        let port = running.up();
        (running, port)
    }

    /// The port that the server listens on.
    pub fn up(&mut self) -> u16 {
        match self.next(SOON) {
            TunnelNotice::Up { port } => port,
            other => panic!("not up but {other:?}"),
        }
    }

    pub fn next(&mut self, within: Duration) -> TunnelNotice {
        let (notice, thread) = self.notices.recv_timeout(within).expect("a notice");
        self.thread = thread;
        notice
    }

    /// How it has ended; nothing comes after that.
    pub fn ending(&mut self, within: Duration) -> Ending {
        let ending = match self.next(within) {
            TunnelNotice::Ended(ending) => ending,
            other => panic!("not ended but {other:?}"),
        };
        assert!(self.notices.recv_timeout(SOON).is_err(), "a notice after the end");
        ending
    }

    pub fn failure(&mut self, within: Duration) -> SshError {
        match self.ending(within) {
            Ending::Failed(error) => error,
            other => panic!("not failed but {other:?}"),
        }
    }
}

/// How a request fails.
pub fn failure(request: TunnelRequest, settings: TunnelSettings) -> SshError {
    Running::start(request, settings, Limits::default()).failure(SOON)
}

/// A service on a free port of 127.0.0.1; `serve` is called on a thread for each connection.
pub fn service(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// Sends back what it gets, to the end.
pub fn echo() -> u16 {
    service(|mut stream| {
        let mut reader = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut reader, &mut stream);
        let _ = stream.shutdown(Shutdown::Write);
    })
}

/// A connection to the server's end of the tunnel.
pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.set_write_timeout(Some(SOON)).unwrap();
    stream
}

/// Whether an echo comes back.
pub fn echoes(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 5];
    stream.write_all(b"hello").is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"hello"
}

/// Bytes in which each place can be told from its neighbours.
pub fn pattern(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(length).collect()
}
