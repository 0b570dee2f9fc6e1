//! A server that cancels the echo itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auricle_core::channel::{ChannelAsk, Session};
use auricle_core::dialogue::{Ask, Delivery, PlayEnd};
use auricle_core::hearing::{Encoding, Start, UplinkId};

use crate::cards::Room;
use crate::peer::{Came, FRAME, Peer, decode, hum};
use crate::rig::Rig;

/// Packets of the answer.
const SPOKEN: usize = 40;

/// Speaks, five packets at once and then one for each frame, and takes what the device sends meanwhile, until it says that
/// nothing is played any more. Gives the number of the packet for each timestamp, and the frames.
fn talk(rig: &Rig, peer: &mut Peer) -> (BTreeMap<u32, usize>, Vec<Came>) {
    let (start, mut numbers, mut frames) = (Instant::now(), BTreeMap::new(), Vec::new());
    let mut packets = hum(FRAME * u32::try_from(SPOKEN).unwrap()).into_iter().enumerate();
    loop {
        let frame = peer.next();
        let over =
            numbers.len() == SPOKEN && frame.timestamp == 0 && frames.iter().any(|came: &Came| came.timestamp != 0);
        frames.push(frame);
        if over {
            return (numbers, frames);
        }
        let due = start.elapsed().as_millis() / FRAME.as_millis() + 5;
        for (number, packet) in packets.by_ref().take((due as usize).saturating_sub(numbers.len())) {
            let datagram = peer.seal(&packet);
            peer.send(&datagram);
            numbers.insert(u32::from_be_bytes(datagram[8..12].try_into().unwrap()), number);
        }
        if packets.len() == 0 {
            rig.channel(ChannelAsk::Drain);
        }
    }
}

#[test]
fn it_is_told_of_each_frame_what_was_played_when_it_was_caught() {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.open(Session { server_cancels: true, ..peer.session() });
    let encoding = Encoding::Opus { frame: FRAME, raw: true };
    rig.ask([Ask::UplinkStart { uplink: UplinkId(1), from: Start::Now, encoding, to: Delivery::Channel }]);
    let before: Vec<u32> = (0..4).map(|_| peer.next().timestamp).collect();
    assert_eq!(before, [0; 4], "nothing is played");
    rig.play(1);
    let (numbers, frames) = talk(&rig, &mut peer);
    assert_eq!(numbers.len(), SPOKEN, "each timestamp is another one");
    let told: Vec<(usize, Instant)> =
        frames.iter().filter(|frame| frame.timestamp != 0).map(|frame| (numbers[&frame.timestamp], frame.at)).collect();
    assert!(told.len() > SPOKEN * 3 / 4, "{} frames say what was played", told.len());
    assert!(told.windows(2).all(|two| two[0].0 <= two[1].0), "it goes back: {told:?}");
    // What the loudspeaker really played in the moment in which the frame was complete; it comes here a little later.
    let onset = rig.room.time_of(rig.room.onset().unwrap());
    let mut late: Vec<f64> = told
        .iter()
        .map(|(number, at)| at.duration_since(onset).as_secs_f64() / FRAME.as_secs_f64() - *number as f64)
        .collect();
    late.sort_by(f64::total_cmp);
    let median = late[late.len() / 2];
    println!("the frame comes {median:.2} packets behind the packet that it names");
    assert!((-0.5..2.0).contains(&median), "{median} packets behind, of {late:?}");
    assert!(rig.count("test_sent_over_playback") >= told.len() as u64);
    assert_eq!(rig.played(1).0, PlayEnd::Finished);
}

#[test]
fn what_is_flushed_is_not_played_any_more() {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.open(Session { server_cancels: true, ..peer.session() });
    let encoding = Encoding::Opus { frame: FRAME, raw: true };
    rig.ask([Ask::UplinkStart { uplink: UplinkId(1), from: Start::Now, encoding, to: Delivery::Channel }]);
    peer.next();
    rig.play(1);
    for packet in hum(Duration::from_millis(2_400)) {
        peer.say(&packet);
    }
    assert!((0..100).any(|_| peer.next().timestamp != 0), "no frame says what is played");
    rig.ask([Ask::Flush { id: auricle_core::dialogue::PlayId(1) }]);
    assert_eq!(rig.played(1).0, PlayEnd::Flushed);
    // What was under way then, and what is said before the task has seen that nobody takes the sound any more.
    let silent = (0..20).map(|_| peer.next().timestamp).position(|timestamp| timestamp == 0);
    assert!(silent.is_some_and(|frames| frames < 10), "{silent:?}");
    assert_eq!(peer.next().timestamp, 0);
}

/// How loud what goes up is, with the front end doing all that it can.
fn loudness_of_uplink(raw: bool) -> f64 {
    let room = Room::default();
    let server = "[xiaozhi]\nota_url = \"http://127.0.0.1:9/\"\nmode = \"realtime\"\necho = \"server\"\n";
    let settings = format!("{server}[listen]\ntriggers = []\n[audio]\nprofile = \"full\"");
    let (rig, mut peer) = (Rig::with(room.clone(), Arc::new(room), &settings), Peer::new());
    rig.open(peer.session());
    peer.next();
    let encoding = Encoding::Opus { frame: FRAME, raw };
    rig.ask([Ask::UplinkStart { uplink: UplinkId(1), from: Start::Now, encoding, to: Delivery::Channel }]);
    let frames: Vec<Vec<u8>> = (0..30).map(|_| peer.next().packet).collect();
    let sound = decode(&frames);
    let end = &sound[sound.len() / 2..];
    (end.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / end.len() as f64).sqrt()
}

#[test]
fn it_gets_the_sound_as_the_microphone_caught_it() {
    let (raw, clean) = (loudness_of_uplink(true), loudness_of_uplink(false));
    println!("{raw:.0} as it was caught, {clean:.0} behind the front end");
    assert!((4_500.0..7_000.0).contains(&raw), "{raw}");
    assert!((raw / clean - 1.0).abs() > 0.3, "the front end changes the sound: {raw} and {clean}");
}
