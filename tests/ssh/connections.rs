//! What goes through: intact, both ways at once, several at once, none in the way of another.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use auricle::services::ssh::{Limits, SshError, TunnelNotice};

use crate::rig::{Running, connect, echo, echoes, pattern, service};
use crate::sshd::{SOON, Sshd, free_port, wait_until};

const LENGTH: usize = 10_000_000;

/// Sends one pattern and expects another one at the same time.
fn exchange(stream: TcpStream, out: u64, expected: u64, length: usize) {
    let mut writer = stream.try_clone().unwrap();
    let sending = thread::spawn(move || {
        writer.write_all(&pattern(out, length)).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut came = Vec::new();
    let mut reader = stream;
    reader.read_to_end(&mut came).unwrap();
    sending.join().unwrap();
    assert_eq!(came.len(), length);
    assert!(came == pattern(expected, length), "other bytes came than were sent");
}

/// `s`: takes nothing more. `x`: exchanges patterns.
fn exchanger(length: usize) -> u16 {
    service(move |mut stream| {
        let mut order = [0];
        if stream.read_exact(&mut order).is_err() {
            return;
        }
        match order[0] {
            b'x' => exchange(stream, 2, 1, length),
            _ => loop {
                thread::park();
            },
        }
    })
}

/// Fills a connection until nothing more goes in.
fn stall(port: u16) -> TcpStream {
    let mut stream = connect(port);
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let block = [b's'; 64 * 1024];
    loop {
        match stream.write(&block) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return stream,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn ten_megabytes_both_ways_at_once_beside_a_stalled_connection() {
    let server = Sshd::start();
    let (running, port) = Running::to(&server, exchanger(LENGTH));
    let stalled = stall(port);
    let mut stream = connect(port);
    stream.write_all(b"x").unwrap();
    exchange(stream, 1, 2, LENGTH);
    let counters = running.tunnel.counters();
    assert_eq!((counters.connections(), counters.refused()), (2, 0));
    wait_until("the counters", SOON, || {
        (counters.to_server() == LENGTH as u64 && counters.to_device() > LENGTH as u64).then_some(())
    });
    drop(stalled);
}

#[test]
fn several_connections_at_once_each_get_their_own_bytes() {
    let server = Sshd::start();
    let length = 1_000_000;
    let (running, port) = Running::to(&server, exchanger(length));
    let threads: Vec<_> = (0..12)
        .map(|_| {
            thread::spawn(move || {
                let mut stream = connect(port);
                stream.write_all(b"x").unwrap();
                exchange(stream, 1, 2, length);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(running.tunnel.counters().connections(), 12);
}

#[test]
fn new_keys_in_the_middle_of_both_directions_lose_nothing() {
    let server = Sshd::start_with("RekeyLimit 1M");
    let (_running, port) = Running::to(&server, exchanger(LENGTH));
    for _ in 0..2 {
        let mut stream = connect(port);
        stream.write_all(b"x").unwrap();
        exchange(stream, 1, 2, LENGTH);
    }
}

#[test]
fn the_end_of_one_direction_is_passed_on_and_the_other_one_goes_on() {
    let server = Sshd::start();
    let counting = service(|mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        stream.write_all(format!("{} bytes", all.len()).as_bytes()).unwrap();
    });
    let (_running, port) = Running::to(&server, counting);
    let mut stream = connect(port);
    stream.write_all(&[7; 300_000]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "300000 bytes");
}

#[test]
fn a_service_that_speaks_first_and_closes_is_heard_to_its_end() {
    let server = Sshd::start();
    let (_running, port) =
        Running::to(&server, service(|mut stream| stream.write_all(&pattern(3, 3_000_000)).unwrap()));
    let mut came = Vec::new();
    connect(port).read_to_end(&mut came).unwrap();
    assert!(came == pattern(3, 3_000_000), "{} bytes", came.len());
}

#[test]
fn a_service_that_answers_and_closes_without_listening_is_heard_all_the_same() {
    let server = Sshd::start();
    let (_running, port) = Running::to(&server, service(|mut stream| stream.write_all(&pattern(4, 20_000)).unwrap()));
    for _ in 0..10 {
        let mut stream = connect(port);
        let mut writer = stream.try_clone().unwrap();
        // Ends when nobody takes it any more.
        let talking = thread::spawn(move || while writer.write_all(&[0; 10_000]).is_ok() {});
        let mut came = vec![0; 20_000];
        stream.read_exact(&mut came).unwrap();
        assert!(came == pattern(4, 20_000));
        talking.join().unwrap();
    }
}

#[test]
fn one_connection_more_than_allowed_is_closed_and_counted() {
    let server = Sshd::start();
    let limits = Limits { connections: 2, ..Limits::default() };
    let (running, port) = Running::to_with(&server, echo(), limits);
    let (mut first, mut second) = (connect(port), connect(port));
    assert!(echoes(&mut first) && echoes(&mut second));
    let mut third = connect(port);
    assert!(matches!(third.read(&mut [0]), Ok(0) | Err(_)), "closed at once");
    assert_eq!(running.tunnel.counters().refused(), 1);
    assert!(echoes(&mut first), "the others go on");
    drop(second);
    // Its place is free once the server has told its end.
    wait_until("a free place", SOON, || echoes(&mut connect(port)).then_some(()));
}

#[test]
fn a_person_who_goes_away_in_the_middle_frees_the_place() {
    let server = Sshd::start();
    let endless = service(|mut stream| while stream.write_all(&[0; 64 * 1024]).is_ok() {});
    let limits = Limits { connections: 1, ..Limits::default() };
    let (running, port) = Running::to_with(&server, endless, limits);
    for round in 1..=5_u64 {
        wait_until("a free place", SOON, || {
            let mut stream = connect(port);
            stream.read_exact(&mut [0; 100_000]).is_ok().then_some(())
        });
        assert!(running.tunnel.counters().connections() >= round);
    }
}

#[test]
fn without_a_local_service_connections_are_closed_and_the_tunnel_stays() {
    let server = Sshd::start();
    let local = free_port();
    let (mut running, port) = Running::to(&server, local);
    for _ in 0..3 {
        assert!(matches!(connect(port).read(&mut [0]), Ok(0) | Err(_)));
    }
    match running.next(SOON) {
        TunnelNotice::Unserved(error @ SshError::NoLocalService { .. }) => {
            let text = error.to_string();
            assert!(text.contains(&format!("port {local}")) && text.contains("refused"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(running.tunnel.counters().unserved(), 3);
    // It comes up later, and the same tunnel serves it.
    let listener = std::net::TcpListener::bind(("127.0.0.1", local)).unwrap();
    let mut stream = connect(port);
    let (mut device, _) = listener.accept().unwrap();
    device.write_all(b"x").unwrap();
    stream.read_exact(&mut [0]).unwrap();
    // Told once for all three.
    running.tunnel.stop();
    running.ending(SOON);
}

#[test]
fn with_nothing_to_do_its_thread_sleeps() {
    let server = Sshd::start();
    let (sender, ended) = channel();
    let local = service(move |mut stream| {
        // One that takes nothing, one that ends its direction at once, one that only waits.
        let mut order = [0];
        if stream.read_exact(&mut order).is_ok() && order[0] == b'h' {
            stream.shutdown(Shutdown::Write).unwrap();
            sender.send(()).unwrap();
        }
        loop {
            thread::park();
        }
    });
    let (running, port) = Running::to(&server, local);
    let stalled = stall(port);
    let mut half = connect(port);
    half.write_all(b"h").unwrap();
    ended.recv_timeout(SOON).unwrap();
    assert_eq!(half.read(&mut [0]).unwrap(), 0);
    let idle = connect(port);
    wait_until("all three", SOON, || (running.tunnel.counters().connections() == 3).then_some(()));
    let switches = || {
        let status = fs::read_to_string(format!("/proc/self/task/{}/status", running.thread)).unwrap();
        let sum = status
            .lines()
            .filter(|line| line.contains("ctxt_switches"))
            .map(|line| line.rsplit_once('\t').and_then(|(_, count)| count.parse::<u64>().ok()).unwrap());
        sum.sum::<u64>()
    };
    // A measurement, not a wait: how often it wakes up within a second.
    wait_until("a quiet second", SOON, || {
        let (before, start) = (switches(), Instant::now());
        while start.elapsed() < Duration::from_secs(1) {
            thread::park_timeout(Duration::from_secs(1));
        }
        (switches() - before <= 3).then_some(())
    });
    drop((stalled, half, idle));
}
