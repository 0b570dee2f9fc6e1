//! How a tunnel ends: by order, by time, by accident; and that it is gone then.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use auricle::services::ssh::{Ending, Limits, SshError, TunnelRequest, TunnelSettings};

use crate::rig::{Running, connect, echo, echoes, request, service, settings};
use crate::sshd::{SOON, Sshd, wait_until};

fn wait_for_the_port_to_close(port: u16) {
    wait_until("the server's port to close", SOON, || TcpStream::connect(("127.0.0.1", port)).is_err().then_some(()));
}

#[test]
fn an_order_ends_it_within_a_second_and_all_connections_with_it() {
    let server = Sshd::start();
    let (mut running, port) = Running::to(&server, echo());
    let mut stream = connect(port);
    assert!(echoes(&mut stream));
    running.tunnel.stop();
    assert!(matches!(running.ending(Duration::from_secs(1)), Ending::Stopped));
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    wait_for_the_port_to_close(port);
    wait_until("a farewell", SOON, || server.log().contains("the tunnel was closed").then_some(()));
}

#[test]
fn an_order_ends_it_in_the_middle_of_a_handshake() {
    let server = Sshd::start();
    let silent = service(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let asked = TunnelRequest { host: format!("127.0.0.1:{silent}"), ..request(&server, 22) };
    let mut running = Running::start(asked, settings(&server), Limits::default());
    running.tunnel.stop();
    assert!(matches!(running.ending(Duration::from_secs(1)), Ending::Stopped));
}

#[test]
fn an_order_ends_it_while_everything_is_full() {
    let mut server = Sshd::start();
    let endless = service(|mut stream| while std::io::Write::write_all(&mut stream, &[0; 65536]).is_ok() {});
    let (mut running, port) = Running::to(&server, endless);
    let _nobody_reads = connect(port);
    server.freeze();
    running.tunnel.stop();
    assert!(matches!(running.ending(Duration::from_secs(1)), Ending::Stopped));
    server.thaw();
    server.kill();
}

#[test]
fn a_dropped_handle_ends_it() {
    let server = Sshd::start();
    let (running, port) = Running::to(&server, echo());
    assert!(echoes(&mut connect(port)));
    drop(running);
    wait_for_the_port_to_close(port);
}

#[test]
fn it_ends_after_its_time_from_the_moment_it_was_up() {
    let server = Sshd::start();
    let limit = Duration::from_millis(500);
    let allowed = TunnelSettings { time_limit: limit, ..settings(&server) };
    let mut running = Running::start(request(&server, echo()), allowed, Limits::default());
    let port = running.up();
    let up = Instant::now();
    // Somebody talks on and on.
    let talking = std::thread::spawn(move || {
        let mut stream = connect(port);
        while echoes(&mut stream) {}
    });
    assert!(matches!(running.ending(SOON), Ending::TimeLimit));
    assert!(up.elapsed() >= limit - Duration::from_millis(50), "{:?}", up.elapsed());
    talking.join().unwrap();
    wait_for_the_port_to_close(port);
}

#[test]
fn a_killed_server_ends_it_at_once() {
    let mut server = Sshd::start();
    let (mut running, port) = Running::to(&server, echo());
    assert!(echoes(&mut connect(port)));
    server.kill();
    let error = running.failure(SOON);
    assert!(matches!(error, SshError::Lost { .. }), "{error}");
    assert!(error.to_string().contains(&server.host()), "{error}");
}

#[test]
fn a_frozen_server_ends_it_after_the_unanswered_questions() {
    let server = Sshd::start();
    let limits = Limits { keep_alive: Duration::from_secs(3), unanswered: 1, ..Limits::default() };
    let (mut running, _port) = Running::to_with(&server, echo(), limits);
    server.freeze();
    let frozen = Instant::now();
    let error = running.failure(SOON);
    assert!(matches!(error, SshError::Silent { .. }), "{error}");
    let took = frozen.elapsed();
    assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(12), "{took:?}");
}

#[test]
fn a_server_that_answers_the_questions_keeps_it() {
    let server = Sshd::start();
    let limits = Limits { keep_alive: Duration::from_secs(3), unanswered: 1, ..Limits::default() };
    let allowed = TunnelSettings { time_limit: Duration::from_secs(8), ..settings(&server) };
    let mut running = Running::start(request(&server, echo()), allowed, limits);
    let port = running.up();
    // Nothing is said in between; unanswered it would be dead after six seconds.
    assert!(matches!(running.ending(SOON), Ending::TimeLimit));
    wait_for_the_port_to_close(port);
}
