//! How fast the daemon is there, and gone again.

use std::os::unix::net::UnixDatagram;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Bed;
use crate::broker::SOON;
use crate::clock::Spread;
use crate::daemon::{Daemon, Settings};
use crate::report::{Report, Row};
use crate::satellite::{PEER, Satellite};

/// So many starts of ours, and of the peer.
const STARTS: usize = 20;
const PEER_STARTS: usize = 5;

/// From the start to READY, in milliseconds.
const TARGET: f64 = 300.0;

/// To the end after SIGTERM, in milliseconds.
const END_TARGET: f64 = 2_000.0;

/// Starts and stops it, again and again.
pub fn measure(python: &str, bed: &Bed, report: &mut Report) {
    let millis = |span: Duration| span.as_secs_f64() * 1e3;
    let (ready, ended): (Vec<f64>, Vec<f64>) =
        (0..STARTS).map(|number| once(bed, number)).map(|(ready, ended)| (millis(ready), millis(ended))).unzip();
    let peer = Spread::of((0..PEER_STARTS).map(|_| millis(Satellite::start(python, &bed.pulse).start)));
    let (ready, ended) = (Spread::of(ready), Spread::of(ended));
    report.add(Row {
        what: "start → READY".into(),
        ours: format!("{:.0} ms / {:.0} ms", ready.p50(), ready.p95()),
        peer: format!("{PEER} until it listens at its port: {:.0} ms / {:.0} ms", peer.p50(), peer.p95()),
        target: format!("p95 ≤ {TARGET} ms"),
        met: Some(ready.p95() <= TARGET),
        result: format!("{:.1} × faster", peer.p50() / ready.p50()),
        how: format!(
            "{} starts, from before the process exists to `READY=1` at NOTIFY_SOCKET. The wait for the sound card's first \
             period is within: nothing was subtracted. The peer is told to be there before it has sound.",
            ready.count()
        ),
    });
    report.add(Row {
        what: "SIGTERM → ended".into(),
        ours: format!("{:.0} ms / {:.0} ms", ended.p50(), ended.p95()),
        target: format!("≤ {END_TARGET} ms"),
        met: Some(ended.most() <= END_TARGET),
        how: "The offline status is published meanwhile. Looked at every 10 ms.".into(),
        ..Row::default()
    });
}

fn once(bed: &Bed, number: usize) -> (Duration, Duration) {
    let path = bed.pulse.folder().join(format!("notify-{number}"));
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(SOON)).expect("a timeout");
    let told = ready(socket);
    let settings = Settings::linto(bed.broker.port()).environment("NOTIFY_SOCKET", path.display());
    let start = Instant::now();
    let mut daemon = Daemon::start(&bed.pulse, &settings);
    let ready = told.join().expect("READY=1 in time").duration_since(start);
    let (status, took) = daemon.terminate();
    assert!(status.success(), "the daemon ends in order: {status}");
    (ready, took)
}

/// When the daemon says that it is ready.
fn ready(socket: UnixDatagram) -> JoinHandle<Instant> {
    std::thread::spawn(move || {
        let mut text = [0; 1_024];
        loop {
            let length = socket.recv(&mut text).expect("a word from the daemon");
            let at = Instant::now();
            if String::from_utf8_lossy(&text[..length]).lines().any(|line| line == "READY=1") {
                return at;
            }
        }
    })
}
