//! From the server to the loudspeaker.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};

use auricle::sound::{Loudspeaker, PlaybackWant, SpeakerNotice};
use auricle_core::channel::{ChannelAsk, ChannelEvent};
use auricle_core::dialogue::{Ask, PlayEnd, PlayId};

use crate::cards::{RATE, Room};
use crate::peer::{FRAME, Peer, SOON, hum};
use crate::rig::{Rig, until};

const SPOKEN: Duration = Duration::from_millis(3_000);

/// The places between the first loud frame and the last in which 2 ms or more are missing, with their lengths in ms.
/// The hum is above the limit at least each 1.7 ms.
fn gaps(room: &Room) -> Vec<(usize, usize)> {
    let heard = room.heard();
    let loud: Vec<usize> = (0..heard.len()).filter(|&n| heard[n].abs() > 1_000).collect();
    loud.windows(2).map(|pair| (pair[0] / 48, (pair[1] - pair[0]) / 48)).filter(|(_, length)| *length >= 2).collect()
}

/// How long it is loud.
fn loud_for(room: &Room) -> Duration {
    let heard = room.heard();
    let loud = |sample: &i16| sample.abs() > 1_000;
    match (heard.iter().position(loud), heard.iter().rposition(loud)) {
        (Some(first), Some(last)) => Duration::from_secs_f64((last + 1 - first) as f64 / f64::from(RATE)),
        _ => Duration::ZERO,
    }
}

/// Sends packets as servers do: five at once, then one for each frame.
fn speak(peer: &mut Peer, packets: &[Vec<u8>]) {
    let start = Instant::now();
    for (n, packet) in packets.iter().enumerate() {
        let due = start + FRAME * u32::try_from(n.saturating_sub(4)).unwrap();
        thread::sleep(due.saturating_duration_since(Instant::now()));
        peer.say(packet);
    }
}

fn ready() -> (Rig, Peer) {
    let (rig, mut peer) = (Rig::new(), Peer::new());
    rig.open(peer.session());
    peer.next();
    (rig, peer)
}

/// A machine that others share can stand still for longer than the card's queue lasts: one of three has to be whole.
#[test]
fn what_is_sent_is_heard_without_a_gap() {
    let gaps: Vec<_> = (0..3).map_while(|_| Some(hear_an_answer()).filter(|gaps| !gaps.is_empty())).collect();
    assert!(gaps.len() < 3, "{gaps:?}");
}

/// The gaps of it.
fn hear_an_answer() -> Vec<(usize, usize)> {
    let (rig, mut peer) = ready();
    rig.play(1);
    let begun = Instant::now();
    speak(&mut peer, &hum(SPOKEN));
    rig.channel(ChannelAsk::Drain);
    let (end, heard) = rig.played(1);
    assert_eq!(end, PlayEnd::Finished);
    let onset = rig.room.time_of(rig.room.onset().expect("it is heard"));
    println!("the first sample is heard {:?} after it was sent", onset - begun);
    assert!(onset - begun < Duration::from_millis(1_000), "{:?}", onset - begun);
    let (length, told) = (loud_for(&rig.room).as_secs_f64(), heard.as_secs_f64());
    assert!((length - 3.0).abs() < 0.1 && (told - 3.0).abs() < 0.1, "{length} s were loud, {told} s were told");
    assert_eq!((rig.count("test_received"), rig.count("test_lost")), (50, 0));
    gaps(&rig.room)
}

#[test]
fn sound_that_keeps_pace_begins_behind_a_queue_of_silence() {
    for (live, silence) in [(true, 100), (false, 40)] {
        let (room, (tell, told)) = (Room::default(), std::sync::mpsc::channel());
        let notify = Box::new(move |notice| drop(tell.send(notice)));
        let want = PlaybackWant { device: "auto".into() };
        let speaker = Loudspeaker::start(Arc::new(room.clone()), want, notify).unwrap();
        assert!(if live { speaker.play_live(1) } else { speaker.play(1) });
        let Ok(SpeakerNotice::Ready { mut ring, .. }) = told.recv_timeout(SOON) else { panic!("it is not ready") };
        ring.push_entire_slice(&[5_000; 60 * 48]).unwrap();
        let onset = until("it is heard", || room.onset());
        assert_eq!(onset / 48, silence, "live: {live}");
    }
}

#[test]
fn what_comes_before_it_is_to_be_played_is_held() {
    let (rig, mut peer) = ready();
    speak(&mut peer, &hum(Duration::from_millis(480)));
    assert_eq!(rig.channel_event(), ChannelEvent::Arrived);
    until("all is there", || (rig.count("test_received") == 8).then_some(()));
    assert_eq!(rig.room.onset(), None);
    rig.play(1);
    rig.channel(ChannelAsk::Drain);
    assert_eq!(rig.played(1).0, PlayEnd::Finished);
    let length = loud_for(&rig.room).as_millis();
    assert!((400..=520).contains(&length), "{length} ms");
}

#[test]
fn no_more_than_a_second_is_held() {
    let (rig, mut peer) = ready();
    for packet in hum(Duration::from_millis(2_400)) {
        peer.say(&packet);
    }
    until("all has come", || (rig.count("test_received") == 40).then_some(()));
    assert!(rig.count("test_buffer_ms") <= 1_000);
    rig.play(1);
    rig.channel(ChannelAsk::Drain);
    rig.played(1);
    let length = loud_for(&rig.room).as_millis();
    assert!((800..=1_060).contains(&length), "{length} ms");
}

#[test]
fn an_end_that_is_told_before_the_loudspeaker_is_there_is_not_forgotten() {
    let (rig, mut peer) = ready();
    speak(&mut peer, &hum(Duration::from_millis(240)));
    until("all is there", || (rig.count("test_received") == 4).then_some(()));
    rig.channel(ChannelAsk::Drain);
    rig.play(1);
    assert_eq!(rig.played(1).0, PlayEnd::Finished);
    assert!(loud_for(&rig.room) > Duration::from_millis(180));
}

#[test]
fn a_pause_of_the_server_is_silence_and_not_the_end() {
    let (rig, mut peer) = ready();
    rig.play(1);
    let packets = hum(Duration::from_millis(1_800));
    speak(&mut peer, &packets[..15]);
    thread::sleep(Duration::from_millis(1_500));
    speak(&mut peer, &packets[15..]);
    rig.channel(ChannelAsk::Drain);
    let (end, heard) = rig.played(1);
    assert_eq!(end, PlayEnd::Finished);
    // Silence put in is not counted as heard.
    assert!((1.7..2.3).contains(&heard.as_secs_f64()), "{heard:?}");
    assert!(loud_for(&rig.room) > Duration::from_millis(2_800));
}

#[test]
fn a_flush_stops_it_at_once_and_what_is_discarded_is_never_heard() {
    let (rig, mut peer) = ready();
    rig.play(1);
    let packets = hum(SPOKEN);
    speak(&mut peer, &packets[..20]);
    until("it is heard", || (loud_for(&rig.room) > Duration::from_millis(300)).then_some(()));
    let asked = Instant::now();
    rig.ask([Ask::Flush { id: PlayId(1) }, Ask::Channel(ChannelAsk::Discard)]);
    let (end, _) = rig.played(1);
    let took = asked.elapsed();
    println!("it stopped {took:?} after it was asked for");
    assert_eq!((end, rig.room.stops.load(SeqCst)), (PlayEnd::Flushed, 1));
    assert!(took < Duration::from_millis(500), "{took:?}");
    let length = loud_for(&rig.room);
    speak(&mut peer, &packets[20..30]);
    until("it has come", || (rig.channel_event() == ChannelEvent::Arrived).then_some(()));
    assert_eq!(rig.count("test_buffer_ms"), 0);
    // The next answer has nothing of this one.
    rig.channel(ChannelAsk::Hold);
    speak(&mut peer, &packets[30..38]);
    rig.play(2);
    rig.channel(ChannelAsk::Drain);
    assert_eq!(rig.played(2).0, PlayEnd::Finished);
    let spoken = rig.room.heard().iter().filter(|sample| sample.abs() > 1_000).count();
    let most = length + Duration::from_millis(8 * 60 + 120);
    assert!(spoken < (most.as_secs_f64() * f64::from(RATE)) as usize, "{spoken} samples");
}

#[test]
fn a_loudspeaker_that_is_gone_ends_it_and_what_comes_is_thrown_away() {
    let (rig, mut peer) = ready();
    rig.play(1);
    let packets = hum(SPOKEN);
    speak(&mut peer, &packets[..10]);
    until("it is heard", || rig.room.onset());
    rig.room.unplugged.store(true, SeqCst);
    assert_eq!(rig.played(1).0, PlayEnd::Failed);
    speak(&mut peer, &packets[10..30]);
    until("it is thrown away", || (rig.count("test_buffer_ms") == 0).then_some(()));
    assert!(rig.status().to_string().contains("SpeakerGone"));
    // Without one from the start, too.
    rig.play(2);
    assert_eq!(rig.played(2).0, PlayEnd::Failed);
}

#[test]
fn sound_that_comes_in_the_wrong_order_and_twice_is_heard_in_the_right_one() {
    let (rig, mut peer) = ready();
    rig.play(1);
    let datagrams: Vec<Vec<u8>> = hum(SPOKEN).iter().map(|packet| peer.seal(packet)).collect();
    let start = Instant::now();
    for (n, pair) in datagrams.chunks(2).enumerate() {
        let due = start + FRAME * u32::try_from((2 * n).saturating_sub(4)).unwrap();
        thread::sleep(due.saturating_duration_since(Instant::now()));
        for datagram in [&pair[1], &pair[0], &pair[1]] {
            peer.send(datagram);
        }
    }
    rig.channel(ChannelAsk::Drain);
    assert_eq!(rig.played(1).0, PlayEnd::Finished);
    assert_eq!((rig.count("test_lost"), rig.count("test_repeated")), (0, 25));
    let missing: usize = gaps(&rig.room).iter().map(|(_, length)| length).sum();
    assert!(missing < 100, "{missing} ms are missing");
}
