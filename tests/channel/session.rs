//! The life of a session: what a dialogue asks and what it is told.

use auricle_core::channel::{ChannelAsk, ChannelEvent, Session};

use crate::peer::{Peer, decode};
use crate::rig::{Rig, until};

#[test]
fn it_is_told_when_it_stands_and_has_greeted() {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.channel(ChannelAsk::Open(peer.session()));
    assert_eq!(rig.channel_event(), ChannelEvent::Opened { to: "127.0.0.1".parse().unwrap() });
    // It had gone out before.
    assert!(!peer.is_quiet());
    assert_eq!(peer.next().sequence, 1);
}

#[test]
fn silence_keeps_the_way_open() {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.open(peer.session());
    rig.channel(ChannelAsk::Silence);
    assert_eq!(peer.next().sequence, 1);
    let silence = peer.next();
    assert_eq!(silence.sequence, 2);
    assert!(decode([&silence.packet]).iter().all(|sample| sample.abs() < 10));
    assert_eq!(rig.count("test_sent"), 2);
    let sent = &rig.status()["sent"];
    assert_eq!((sent["seconds"].as_f64(), sent["bytes"].as_u64()), (Some(0.0), Some(0)), "nobody spoke");
}

#[test]
fn the_next_session_has_another_port_and_counts_anew() {
    let (rig, mut peer, mut other) = (Rig::new(), Peer::new(), Peer::new());
    rig.open(peer.session());
    rig.channel(ChannelAsk::Silence);
    let (first, second) = (peer.next(), peer.next());
    assert_eq!((first.sequence, second.sequence), (1, 2));
    rig.open(other.session());
    let greeting = other.next();
    assert_eq!(greeting.sequence, 1);
    assert_ne!(greeting.from, first.from);
    rig.channel(ChannelAsk::Silence);
    assert_eq!(other.next().sequence, 2);
    assert!(peer.is_quiet());
}

#[test]
fn the_first_datagram_after_each_turn_of_events_is_told() {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.open(peer.session());
    peer.next();
    for ask in [ChannelAsk::Hold, ChannelAsk::Discard, ChannelAsk::Drain] {
        peer.say(&[1; 40]);
        peer.say(&[2; 40]);
        assert_eq!(rig.channel_event(), ChannelEvent::Arrived);
        rig.channel(ask);
    }
    peer.say(&[3; 40]);
    assert_eq!(rig.channel_event(), ChannelEvent::Arrived);
}

#[test]
fn a_server_that_does_not_listen_is_told_once() {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.open(peer.session());
    peer.next();
    drop(peer);
    for _ in 0..20 {
        rig.channel(ChannelAsk::Silence);
    }
    let event = rig.channel_event();
    let ChannelEvent::Failed(why) = &event else { panic!("{event:?}") };
    assert!(why.contains("refused"), "{why}");
    // One that comes later is of the next session.
    let again = Peer::new();
    rig.open(again.session());
    let errors = rig.count("test_send_errors");
    assert!((1..=40).contains(&errors), "{errors}");
}

#[test]
fn a_name_that_nobody_knows_fails_and_holds_nobody_up() {
    let (rig, peer) = (Rig::new(), Peer::new());
    rig.channel(ChannelAsk::Open(Session { server: "no-such-server.invalid".into(), ..peer.session() }));
    let tape = rig.count("tape_position");
    until("the daemon goes on", || (rig.count("tape_position") > tape).then_some(()));
    let event = rig.channel_event();
    let ChannelEvent::Failed(why) = &event else { panic!("{event:?}") };
    assert!(why.contains("no-such-server.invalid"), "{why}");
}

#[test]
fn a_closed_channel_sends_and_takes_nothing() {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.open(peer.session());
    peer.next();
    rig.channel(ChannelAsk::Close);
    rig.channel(ChannelAsk::Silence);
    until("it is refused", || (rig.count("refused_asks") == 1).then_some(()));
    peer.say(&[1; 40]);
    rig.play(1);
    assert_eq!(rig.played(1).0, auricle_core::dialogue::PlayEnd::Failed);
    assert!(peer.is_quiet());
    assert_eq!(rig.count("test_received"), 0);
}
