//! The socket of a session.

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use auricle::net::channel::{ChannelCounters, ChannelError, Inbound, Outbound, dial};
use auricle_core::channel::Session;

use crate::peer::{Came, Peer, SOON, decode};

type Ends = (Outbound, Inbound, Arc<ChannelCounters>);

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn open(session: &Session) -> Ends {
    let counters = Arc::<ChannelCounters>::default();
    let (outbound, inbound) = dial(session, &counters).await.unwrap();
    (outbound, inbound, counters)
}

/// The channel and the greeting that it sent.
async fn opened(peer: &mut Peer) -> (Ends, Came) {
    let ends = open(&peer.session()).await;
    let greeting = peer.next();
    (ends, greeting)
}

/// Takes what comes until `done` packets were good.
async fn take(inbound: &mut Inbound, done: usize) -> Vec<(u32, Vec<u8>)> {
    let mut all = Vec::new();
    while all.len() < done {
        tokio::time::timeout(SOON, inbound.ready()).await.expect("something comes").unwrap();
        inbound.take(|label, packet| all.push((label.sequence, packet.to_vec()))).unwrap();
    }
    all
}

#[test]
fn the_first_datagram_is_a_frame_of_silence() {
    let mut peer = Peer::new();
    run(async {
        let ((_outbound, _, counters), greeting) = opened(&mut peer).await;
        assert_eq!(greeting.sequence, 1);
        assert_eq!(counters.sent.load(Relaxed), 1);
        let sound = decode([&greeting.packet]);
        assert_eq!(sound.len(), 960);
        assert!(sound.iter().all(|sample| sample.abs() < 10));
    });
}

#[test]
fn a_server_that_wants_another_greeting_gets_it() {
    let mut peer = Peer::new();
    let session = Session { greeting: Some("ping:42".into()), ..peer.session() };
    run(async {
        let (mut outbound, ..) = open(&session).await;
        let greeting = peer.next();
        assert_eq!((greeting.sequence, greeting.packet.as_slice()), (1, b"ping:42".as_slice()));
        assert!(outbound.silence().unwrap());
        let silence = peer.next();
        assert_eq!((silence.sequence, decode([&silence.packet]).len()), (2, 960));
    });
}

#[test]
fn packets_come_through_as_they_are_both_ways() {
    let mut peer = Peer::new();
    run(async {
        let ((mut outbound, mut inbound, _), _) = opened(&mut peer).await;
        let packets: Vec<Vec<u8>> = (1..=40).map(|n| vec![n; usize::from(n) * 30]).collect();
        for packet in &packets {
            assert!(outbound.send(packet).unwrap());
            let came = peer.next();
            assert_eq!(came.packet, *packet);
            peer.say(&came.packet);
        }
        let back = take(&mut inbound, packets.len()).await;
        assert!(back.iter().zip(1..).all(|((sequence, _), n)| *sequence == n));
        assert!(back.iter().map(|(_, packet)| packet).eq(&packets));
    });
}

#[test]
fn what_is_no_sound_of_the_server_is_refused_and_counted() {
    let mut peer = Peer::new();
    run(async {
        let ((_outbound, mut inbound, counters), _) = opened(&mut peer).await;
        let good = peer.seal(&[7; 50]);
        let mut of_another_type = peer.seal(&[8; 50]);
        of_another_type[0] = 2;
        let mut cut_off = peer.seal(&[9; 50]);
        cut_off.pop();
        let mut too_long = good.clone();
        too_long.resize(16 + 1_501, 0);
        too_long[2..4].copy_from_slice(&1_501_u16.to_be_bytes());
        let far_too_long = vec![1; 8_000];
        let empty = peer.seal(&[]);
        for datagram in [&b"garbage"[..], &[], &of_another_type, &cut_off, &too_long, &far_too_long, &empty] {
            peer.send(datagram);
        }
        peer.send(&good);
        peer.send(&good);
        peer.say(&[1; 20]);
        let came = take(&mut inbound, 2).await;
        assert_eq!(came[0].1, [7; 50]);
        assert_eq!(came[1].1, [1; 20]);
        assert_eq!((counters.refused.load(Relaxed), counters.repeated.load(Relaxed)), (7, 1));
        assert_eq!(counters.errors.load(Relaxed), 0);
    });
}

#[test]
fn one_look_takes_32_datagrams_and_leaves_the_rest_for_the_next() {
    let mut peer = Peer::new();
    run(async {
        let ((_outbound, mut inbound, _), _) = opened(&mut peer).await;
        for _ in 0..50 {
            peer.say(&[5; 100]);
        }
        inbound.ready().await.unwrap();
        let mut came = 0;
        inbound.take(|_, _| came += 1).unwrap();
        assert_eq!(came, 32);
        assert_eq!(take(&mut inbound, 18).await.len(), 18);
    });
}

#[test]
fn a_server_that_is_gone_is_told_once_for_each_datagram() {
    let mut peer = Peer::new();
    run(async {
        let ((mut outbound, mut inbound, counters), _) = opened(&mut peer).await;
        drop(peer);
        let _ = outbound.silence();
        // The network says so a moment later, to whoever asks first.
        let error = tokio::time::timeout(SOON, async {
            loop {
                inbound.ready().await.unwrap();
                if let Err(error) = inbound.take(|_, _| ()) {
                    return error;
                }
            }
        });
        assert_eq!(error.await.expect("an error").kind(), std::io::ErrorKind::ConnectionRefused);
        assert_eq!(counters.errors.load(Relaxed), 1);
        // After one more look it is quiet until the next one.
        inbound.take(|_, _| ()).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(100), inbound.ready()).await.is_err());
        assert_eq!(counters.errors.load(Relaxed), 1);
    });
}

#[test]
fn each_session_has_a_port_of_its_own() {
    let mut peer = Peer::new();
    run(async {
        let ((first, ..), from) = opened(&mut peer).await;
        let mut again = Peer::new();
        let ((second, ..), other) = opened(&mut again).await;
        assert_eq!((first.port(), second.port()), (Some(from.from.port()), Some(other.from.port())));
        assert_ne!(first.port(), second.port());
    });
}

#[test]
fn a_name_is_looked_up_and_ipv4_comes_first() {
    let mut peer = Peer::new();
    let session = Session { server: "localhost".into(), ..peer.session() };
    run(async {
        let (outbound, ..) = open(&session).await;
        assert_eq!(outbound.to().unwrap().to_string(), "127.0.0.1");
        assert_eq!(peer.next().sequence, 1);
    });
}

#[test]
fn a_server_may_have_only_ipv6() {
    let mut peer = Peer::at(Ipv6Addr::LOCALHOST.into());
    run(async {
        let ((mut outbound, mut inbound, _), _) = opened(&mut peer).await;
        assert!(outbound.silence().unwrap());
        let came = peer.next();
        peer.say(&came.packet);
        assert_eq!(take(&mut inbound, 1).await[0].1, came.packet);
    });
}

#[test]
fn a_name_that_nobody_knows_is_told_within_a_few_seconds() {
    let session = Session { server: "no-such-server.invalid".into(), ..Peer::new().session() };
    let start = Instant::now();
    let error = run(dial(&session, &Arc::default())).err().expect("there is no such name");
    assert!(matches!(error, ChannelError::Name { .. } | ChannelError::Silence { .. }), "{error}");
    assert!(error.to_string().contains("no-such-server.invalid"), "{error}");
    // The runtime waits for its resolver when it ends; the channel does not.
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}
