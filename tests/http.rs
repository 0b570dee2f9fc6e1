//! Requests over HTTP: what comes back, and what is said when nothing does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use auricle_core::fetch::{Fetch, Fetched};
use native_tls::{Identity, TlsAcceptor};
use tempfile::TempDir;

/// How long anything that should come at once may take on a loaded machine.
const SOON: Duration = Duration::from_secs(20);

/// Answers one connection, on a thread that ends with it; its port.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        if let Ok((peer, _)) = listener.accept() {
            peer.set_read_timeout(Some(SOON)).unwrap();
            serve(peer);
        }
    });
    port
}

/// A server that takes the request and says this.
fn saying(answer: impl Into<Vec<u8>>) -> u16 {
    let answer = answer.into();
    server(move |mut peer| {
        request(&mut peer);
        let _ = peer.write_all(&answer);
    })
}

/// Reads a request to the end of its body.
fn request(peer: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        peer.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    peer.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn ask(url: String) -> Fetch {
    let headers = vec![("Device-Id".to_owned(), "aa:bb:cc:dd:ee:ff".to_owned())];
    Fetch { url, headers, body: b"{\"a\":1}".to_vec(), within: SOON, limit: 4_096 }
}

fn plain(port: u16) -> Fetch {
    ask(format!("http://127.0.0.1:{port}/xiaozhi/ota/"))
}

fn made(fetch: &Fetch, ca_file: Option<&Path>) -> Result<Fetched, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let made = runtime.block_on(auricle::net::http::fetch(fetch, ca_file));
    runtime.shutdown_background();
    made
}

fn refused(fetch: &Fetch) -> String {
    made(fetch, None).unwrap_err()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

#[test]
fn a_request_is_posted_whole_and_its_answer_comes_back() {
    let (hand_over, seen) = std::sync::mpsc::channel();
    let port = server(move |mut peer| {
        hand_over.send(request(&mut peer)).unwrap();
        peer.write_all(OK.as_bytes()).unwrap();
    });
    assert_eq!(made(&plain(port), None).unwrap(), Fetched { status: 200, body: b"{}".to_vec() });
    let seen = seen.recv().unwrap();
    assert!(seen.starts_with("POST /xiaozhi/ota/ HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{seen}");
    assert!(seen.contains("device-id: aa:bb:cc:dd:ee:ff\r\n") && seen.ends_with("\r\n\r\n{\"a\":1}"), "{seen}");
}

#[test]
fn any_status_is_an_answer_and_so_is_a_body_without_a_length() {
    let port = saying("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nbusy");
    assert_eq!(made(&plain(port), None).unwrap(), Fetched { status: 500, body: b"busy".to_vec() });
    let port = saying("HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
    assert_eq!(made(&plain(port), None).unwrap(), Fetched { status: 202, body: b"abc".to_vec() });
    let port = saying("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    assert_eq!(made(&plain(port), None).unwrap().body, b"until the end");
}

#[test]
fn a_redirection_is_told_and_not_followed() {
    let port = saying("HTTP/1.1 301 Moved\r\nLocation: https://other.example/ota/\r\nContent-Length: 0\r\n\r\n");
    let text = refused(&plain(port));
    assert!(text.contains("https://other.example/ota/") && text.contains("not followed"), "{text}");
}

#[test]
fn an_answer_over_the_limit_is_an_error_however_its_length_is_told() {
    let body = "x".repeat(4_097);
    for head in [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()), "HTTP/1.1 200 OK\r\n\r\n".into()]
    {
        let text = refused(&plain(saying(head + &body)));
        assert!(text.contains("more than 4096 bytes"), "{text}");
    }
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let text = refused(&plain(saying(endless)));
    assert!(text.contains("no web server"), "{text}");
}

#[test]
fn a_server_that_is_too_slow_is_left_at_the_deadline_wherever_it_stands_still() {
    let (wait, go) = std::sync::mpsc::channel::<()>();
    let silent = server(move |mut peer| {
        request(&mut peer);
        let _ = go.recv();
    });
    let mut dripping = Vec::new();
    for _ in 0..200 {
        dripping.extend(b"x");
    }
    let slow = server(move |mut peer| {
        request(&mut peer);
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n");
        for byte in dripping {
            if peer.write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    for port in [silent, slow] {
        let start = Instant::now();
        let text = refused(&Fetch { within: Duration::from_millis(500), ..plain(port) });
        assert!(text.contains("did not answer within 0.5 s"), "{text}");
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    }
    drop(wait);
}

#[test]
fn what_is_not_http_is_told() {
    let text = refused(&plain(saying(*b"\x20\x02\x00\x00SSH-2.0-x\r\n\r\n")));
    assert!(text.contains("no web server"), "{text}");
    let text = refused(&plain(saying("")));
    assert!(text.contains("hung up"), "{text}");
    let text = refused(&plain(saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")));
    assert!(text.contains("broke off"), "{text}");
}

#[test]
fn what_can_not_be_reached_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = refused(&plain(closed));
    assert!(text.contains("nothing listens") && text.contains(&format!("http://127.0.0.1:{closed}")), "{text}");
    assert!(!text.contains("broker"), "{text}");
    let text = refused(&ask("http://nowhere.invalid/".into()));
    assert!(text.contains("`nowhere.invalid`"), "{text}");
    for (url, word) in
        [("ftp://a/", "https://"), ("a", "https://"), ("http://u:s3cret@a/", "user name"), ("\n", "address")]
    {
        let text = refused(&ask(url.into()));
        assert!(text.contains(word), "{url}: {text}");
    }
}

/// `ca.pem`, and an identity for `localhost` that it has signed.
fn certificates() -> (TempDir, PathBuf, Identity) {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |line: &str| {
        let output = Command::new("openssl").args(line.split_whitespace()).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=auricle-test-authority"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"));
    fs::write(folder.path().join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let identity = Identity::from_pkcs8(&read("server.pem"), &read("server.key")).unwrap();
    let authority = folder.path().join("ca.pem");
    (folder, authority, identity)
}

fn encrypted(identity: Identity) -> u16 {
    let acceptor = TlsAcceptor::new(identity).unwrap();
    server(move |peer| {
        if let Ok(mut peer) = acceptor.accept(peer) {
            request(&mut peer);
            peer.write_all(OK.as_bytes()).unwrap();
            let _ = peer.shutdown();
        }
    })
}

#[test]
fn certificates_are_verified_and_an_own_authority_counts_when_it_is_given() {
    let (_folder, authority, identity) = certificates();
    let url = |host: &str, port: u16| ask(format!("https://{host}:{port}/"));
    let unknown = refused(&url("localhost", encrypted(identity.clone())));
    assert!(unknown.contains("not trusted") && unknown.contains("`ca_file`"), "{unknown}");
    let other_name = made(&url("127.0.0.1", encrypted(identity.clone())), Some(&authority)).unwrap_err();
    assert!(other_name.contains("is not for `127.0.0.1`"), "{other_name}");
    assert_eq!(made(&url("localhost", encrypted(identity)), Some(&authority)).unwrap().status, 200);
}

#[test]
fn a_plain_server_behind_https_is_told_so() {
    let port = server(|mut peer| {
        let _ = peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let text = refused(&ask(format!("https://127.0.0.1:{port}/")));
    assert!(text.contains("TLS") && text.contains("server's TLS port"), "{text}");
}
