//! How turns end before their time: by the person, by the server, with the connection.

use insta::assert_snapshot;

use super::rig::{ID, Rig};
use crate::channel::ChannelEvent;
use crate::dialogue::{DialogueEvent, PlayEnd, Trigger};
use crate::hearing::UplinkId;
use crate::link::{LinkEvent, Loss};
use crate::protocol::xiaozhi::message::Mode;

/// One of each phase of a turn.
fn phases() -> Vec<(&'static str, Rig)> {
    let mut connecting = Rig::online();
    connecting.open();
    let mut waiting = Rig::online();
    waiting.write("hello");
    waiting.hello(ID);
    waiting.opened();
    let mut releasing = Rig::online_with(Rig::mode(Mode::Manual));
    releasing.open_by(Trigger::Button);
    releasing.hello(ID);
    releasing.opened();
    releasing.wait_ms(2_000);
    releasing.event(DialogueEvent::Release { at: None });
    let mut draining = Rig::speaking();
    draining.tts("stop");
    let mut all = vec![
        ("connecting", connecting),
        ("listening", Rig::listening()),
        ("releasing", releasing),
        ("waiting", waiting),
        ("speaking", Rig::speaking()),
        ("draining", draining),
        ("listening realtime", Rig::listening_with(Rig::mode(Mode::Realtime))),
        ("speaking realtime", Rig::speaking_with(Rig::mode(Mode::Realtime))),
        ("idle", Rig::online()),
    ];
    for (_, rig) in &mut all {
        // What ends right after it began is another story.
        let span = if rig.now == crate::time::Tick::ZERO { 2_500 } else { 500 };
        rig.wait_ms(span);
        rig.trace();
    }
    all
}

fn each(act: impl Fn(&mut Rig)) -> String {
    let told = phases().into_iter().map(|(name, mut rig)| {
        act(&mut rig);
        format!("[{name}]\n{}", rig.trace())
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_person_ends_each_phase() {
    assert_snapshot!(each(|rig| rig.event(DialogueEvent::Cancel)), @r#"
    [connecting]
    2.500 done
    [listening]
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 send {"session_id":"s1","type":"goodbye"}
    2.500 channel Close
    2.500 done
    [releasing]
    2.500 send {"session_id":"s1","type":"abort"}
    2.500 channel Discard
    2.500 uplink 1 aborted
    2.500 done
    [waiting]
    2.500 send {"session_id":"s1","type":"goodbye"}
    2.500 channel Close
    2.500 done
    [speaking]
    2.500 flush 1
    2.500 report answer 47c1931 say "It is noon."
    2.500 send {"session_id":"s1","type":"goodbye"}
    2.500 channel Close
    2.500 done
    [draining]
    2.500 flush 1
    2.500 send {"session_id":"s1","type":"goodbye"}
    2.500 channel Close
    2.500 done
    [listening realtime]
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 send {"session_id":"s1","type":"goodbye"}
    2.500 channel Close
    2.500 done
    [speaking realtime]
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 flush 1
    2.500 report answer 47c1931 say "It is noon."
    2.500 send {"session_id":"s1","type":"goodbye"}
    2.500 channel Close
    2.500 done
    [idle]
    "#);
}

#[test]
fn somebody_who_wants_to_speak_ends_each_phase() {
    assert_snapshot!(each(|rig| rig.event(DialogueEvent::BargeIn { wake: false })), @r#"
    [connecting]
    2.500 done
    [listening]
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 done
    [releasing]
    2.500 send {"session_id":"s1","type":"abort"}
    2.500 channel Discard
    2.500 uplink 1 aborted
    2.500 done
    [waiting]
    2.500 send {"session_id":"s1","type":"abort"}
    2.500 channel Discard
    2.500 done
    [speaking]
    2.500 send {"session_id":"s1","type":"abort"}
    2.500 channel Discard
    2.500 flush 1
    2.500 report answer 47c1931 say "It is noon."
    2.500 done
    [draining]
    2.500 flush 1
    2.500 done
    [listening realtime]

    [speaking realtime]
    2.500 send {"session_id":"s1","type":"abort"}
    2.500 channel Discard
    2.500 flush 1
    2.500 report answer 47c1931 say "It is noon."
    2.500 mic from Now, ended by the server within 3600 s, quiet 10s, while speaking
    2.500 shown Listening
    [idle]
    "#);
}

#[test]
fn the_server_ends_each_phase_and_that_is_no_error() {
    assert_snapshot!(each(|rig| rig.message(r#"{"type":"goodbye","reason":"idle"}"#)), @r#"
    [connecting]

    [listening]
    2.500 report command goodbye: session ended: idle
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 channel Close
    2.500 play 1 Local Chime(Cancelled)
    2.500 done
    [releasing]
    2.500 report command goodbye: session ended: idle
    2.500 uplink 1 aborted
    2.500 channel Close
    2.500 report drop 1 unanswered: request 47c1931: the server ended the session
    2.500 play 1 Local Sentence(NoAnswer)
    2.500 done
    [waiting]
    2.500 report command goodbye: session ended: idle
    2.500 channel Close
    2.500 report drop 1 unanswered: request 47c1931: the server ended the session
    2.500 play 1 Local Sentence(NoAnswer)
    2.500 done
    [speaking]
    2.500 report command goodbye: session ended: idle
    2.500 channel Drain
    2.500 report answer 47c1931 say "It is noon."
    2.500 done
    [draining]
    2.500 report command goodbye: session ended: idle
    2.500 done
    [listening realtime]
    2.500 report command goodbye: session ended: idle
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 channel Close
    2.500 play 1 Local Chime(Cancelled)
    2.500 done
    [speaking realtime]
    2.500 report command goodbye: session ended: idle
    2.500 channel Drain
    2.500 report answer 47c1931 say "It is noon."
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 done
    [idle]
    "#);
}

#[test]
fn a_lost_connection_ends_each_phase_at_once_and_is_told() {
    assert_snapshot!(each(Rig::lose), @r#"
    [connecting]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 report drop 1 session: there is no connection to the broker
    2.500 play 1 Local Sentence(Offline)
    2.500 done
    [listening]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 channel Close
    2.500 report drop 1 session: the connection to the broker was lost
    2.500 play 1 Local Sentence(NotSent)
    2.500 done
    [releasing]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 uplink 1 aborted
    2.500 channel Close
    2.500 report drop 1 session: the connection to the broker was lost
    2.500 play 1 Local Sentence(NotSent)
    2.500 done
    [waiting]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 channel Close
    2.500 report drop 1 unanswered: request 47c1931: the connection to the broker was lost
    2.500 play 1 Local Sentence(NotSent)
    2.500 done
    [speaking]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 flush 1
    2.500 report answer 47c1931 say "It is noon."
    2.500 channel Close
    2.500 report drop 1 session: the connection to the broker was lost
    2.500 play 2 Local Sentence(Offline)
    2.500 done
    [draining]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 done
    [listening realtime]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 channel Close
    2.500 report drop 1 session: the connection to the broker was lost
    2.500 play 1 Local Sentence(NotSent)
    2.500 done
    [speaking realtime]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    2.500 mic stop
    2.500 uplink 1 aborted
    2.500 flush 1
    2.500 report answer 47c1931 say "It is noon."
    2.500 channel Close
    2.500 report drop 1 session: the connection to the broker was lost
    2.500 play 2 Local Sentence(Offline)
    2.500 done
    [idle]
    2.500 link down
    2.500 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    "#);
}

#[test]
fn whatever_ends_it_comes_to_rest() {
    let acts: [fn(&mut Rig); 4] = [
        |rig| rig.event(DialogueEvent::Cancel),
        |rig| rig.event(DialogueEvent::BargeIn { wake: false }),
        |rig| rig.message(r#"{"type":"goodbye"}"#),
        Rig::lose,
    ];
    for act in acts {
        for (name, mut rig) in phases() {
            act(&mut rig);
            rig.trace();
            rig.wait_secs(400);
            let trace = rig.trace();
            let open = trace.contains("mic from") || trace.contains("uplink");
            assert!(!open || name.contains("realtime"), "{name}: {trace}");
            rig.wait_secs(3_600);
            assert_eq!(rig.trace(), "", "{name}");
        }
    }
}

#[test]
fn manual_a_cancelled_answer_leaves_the_session_open() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Manual));
    rig.event(DialogueEvent::Cancel);
    assert_snapshot!(rig.trace(), @r#"
    0.000 send {"session_id":"s1","type":"abort"}
    0.000 channel Discard
    0.000 flush 1
    0.000 report answer 47c1931 say "It is noon."
    0.000 done
    "#);
}

#[test]
fn the_last_words_are_heard_after_the_server_has_left() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.wait_secs(3);
    rig.trace();
    rig.goodbye(ID);
    rig.wait_secs(1);
    rig.played(PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    3.000 report command goodbye: session ended: by the server
    3.000 done
    4.000 report spoken "It is noon."
    4.000 channel Close
    "#);
}

#[test]
fn a_server_that_says_a_word_and_leaves_is_not_asked_again() {
    let mut rig = Rig::speaking();
    rig.goodbye(ID);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report command goodbye: session ended: by the server
    0.000 channel Drain
    0.000 report answer 47c1931 say "It is noon."
    0.000 done
    "#);
}

#[test]
fn the_channel_of_a_session_that_is_over_is_closed_even_if_there_is_no_next_one() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.goodbye(ID);
    rig.lose();
    rig.trace();
    rig.open();
    rig.played(PlayEnd::Flushed);
    assert!(rig.trace().contains("channel Close"));
}

#[test]
fn what_the_old_session_still_says_does_not_close_the_new_channel() {
    let mut rig = Rig::speaking();
    rig.wait_secs(3);
    rig.goodbye(ID);
    rig.open();
    rig.hello("s2");
    rig.opened();
    rig.trace();
    rig.played_of(1, PlayEnd::Flushed);
    assert_eq!(rig.trace(), "");
}

#[test]
fn a_muted_microphone_ends_the_conversation() {
    let mut rig = Rig::listening();
    rig.trace();
    let uplink = UplinkId(rig.uplinks);
    rig.event(DialogueEvent::Uplinked { uplink, sent: false, samples: 0, last: true });
    assert_snapshot!(rig.trace(), @r#"
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 send {"session_id":"s1","type":"goodbye"}
    0.000 channel Close
    0.000 play 1 Local Chime(Error)
    0.000 done
    "#);
}

#[test]
fn a_channel_that_breaks_ends_the_conversation() {
    let mut rig = Rig::listening();
    rig.event(DialogueEvent::Channel(ChannelEvent::Failed("network is unreachable".into())));
    assert_snapshot!(rig.trace(), @r#"
    0.000 send {"session_id":"s1","type":"goodbye"}
    0.000 channel Close
    0.000 cause NoSound: No sound comes through over UDP: network is unreachable.
    0.000 report drop 1 session: no channel of sound: network is unreachable
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 play 1 Local Sentence(Offline)
    0.000 done
    "#);
}

#[test]
fn a_machine_that_is_gone_is_told_by_its_connection_alone() {
    let mut rig = Rig::listening();
    rig.event(DialogueEvent::Channel(ChannelEvent::Failed("connection refused".into())));
    rig.trace();
    rig.link(LinkEvent::Disconnected(Loss::Lost("gateway:1883 closed the connection".into())));
    let trace = rig.trace();
    assert!(trace.contains("cause BrokerUnreachable") && trace.contains("clear NoSound"), "{trace}");
}
