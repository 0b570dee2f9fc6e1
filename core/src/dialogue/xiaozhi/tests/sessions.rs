//! Hello and goodbye, as running gateways want them.

use insta::assert_snapshot;

use super::rig::{ID, Rig, settings};
use crate::channel::ChannelEvent;
use crate::dialogue::DialogueEvent;
use crate::link::{LinkEvent, Loss};

#[test]
fn the_sound_waits_for_the_hello_the_channel_and_the_start_in_this_order() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(9);
    rig.hello(ID);
    rig.wait_ms(20);
    rig.opened();
    assert_snapshot!(rig.trace(), @r#"
    0.000 shown Connecting
    0.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    9.000 channel to 10.0.0.1:8884, frames of 60 ms
    9.020 mic from At(Position(1000)), ended by the server within 3600 s, quiet 10s
    9.020 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    9.020 uplink 1 from At(Position(1000)), Opus of 60 ms
    9.020 shown Listening
    "#);
}

#[test]
fn no_answer_to_the_hello_is_an_apology_after_ten_seconds_and_a_late_one_is_sent_away() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(15);
    rig.hello("late");
    rig.goodbye("late");
    rig.open();
    assert_snapshot!(rig.trace(), @r#"
    0.000 shown Connecting
    0.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    10.000 cause NoSession: The server opens no conversation: it did not answer the hello.
    10.000 report drop 1 session: no answer to the hello
    10.000 play 1 Local Sentence(NoAnswer)
    10.000 done
    15.000 send {"session_id":"late","type":"goodbye"}
    15.000 shown Connecting
    15.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    "#);
}

#[test]
fn a_late_session_is_ended_before_the_next_one_is_opened() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(11);
    rig.hello("late");
    rig.trace();
    rig.open();
    assert_eq!(rig.trace(), "11.000 shown Connecting", "the echo of the goodbye comes first");
    rig.wait_ms(3);
    rig.goodbye("late");
    assert!(rig.trace().contains("hello"));
}

#[test]
fn the_next_hello_waits_for_the_echo_of_the_goodbye() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::Cancel);
    rig.trace();
    rig.open();
    rig.wait_ms(500);
    rig.goodbye(ID);
    rig.hello("s2");
    assert_snapshot!(rig.trace(), @r#"
    0.000 shown Connecting
    0.500 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    0.500 channel to 10.0.0.1:8884, frames of 60 ms
    "#);
}

#[test]
fn an_echo_that_never_comes_is_waited_for_one_second() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::Cancel);
    rig.open();
    rig.trace();
    rig.wait_secs(1);
    let trace = rig.trace();
    assert!(trace.starts_with("1.000 send") && trace.contains("hello"), "{trace}");
}

#[test]
fn a_session_that_ends_right_away_is_opened_once_more_and_nothing_that_was_said_is_lost() {
    let mut rig = Rig::listening();
    rig.goodbye(ID);
    rig.wait_secs(1);
    rig.hello("s2");
    rig.opened();
    assert_snapshot!(rig.trace(), @r#"
    0.000 channel Close
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 shown Connecting
    1.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    1.000 channel to 10.0.0.1:8884, frames of 60 ms
    1.000 mic from At(Position(1000)), ended by the server within 3600 s, quiet 10s
    1.000 send {"session_id":"s2","type":"listen","state":"start","mode":"auto"}
    1.000 uplink 2 from At(Position(1000)), Opus of 60 ms
    1.000 shown Listening
    "#);
    rig.message(r#"{"type":"goodbye"}"#);
    let trace = rig.trace();
    assert!(trace.contains("done") && !trace.contains("hello"), "once: {trace}");
}

#[test]
fn a_goodbye_before_the_channel_stands_counts_too() {
    let mut rig = Rig::online();
    rig.open();
    rig.hello(ID);
    rig.trace();
    rig.message(r#"{"type":"goodbye"}"#);
    rig.wait_secs(1);
    rig.hello("s2");
    rig.message(r#"{"type":"goodbye"}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 channel Close
    0.000 shown Connecting
    1.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    1.000 channel to 10.0.0.1:8884, frames of 60 ms
    1.000 channel Close
    1.000 cause NoSession: The server opens no conversation: it ended the session right after it began.
    1.000 report drop 1 session: the server said no: it ended the session right after it began
    1.000 play 1 Local Sentence(Offline)
    1.000 done
    "#);
}

#[test]
fn an_error_ends_a_hello_at_once() {
    let mut rig = Rig::online();
    rig.open();
    rig.trace();
    rig.message(r#"{"type":"goodbye"}"#);
    rig.message(r#"{"type":"goodbye"}"#);
    rig.message(r#"{"type":"error","message":"no chat server"}"#);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    0.000 cause NoSession: The server opens no conversation: no chat server.
    0.000 report drop 1 session: the server said no: no chat server
    0.000 play 1 Local Sentence(Offline)
    0.000 done
    ");
    rig.hello("late");
    assert!(rig.trace().contains("goodbye"));
}

#[test]
fn a_goodbye_alone_to_a_hello_is_tried_once_more_and_then_it_is_a_no() {
    let mut rig = Rig::online();
    rig.open();
    rig.trace();
    rig.message(r#"{"type":"goodbye"}"#);
    rig.message(r#"{"type":"goodbye"}"#);
    rig.wait_ms(1_200);
    rig.message(r#"{"type":"goodbye"}"#);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r#"
    1.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    2.200 cause NoSession: The server opens no conversation: it ended the session right after it began.
    2.200 report drop 1 session: the server said no: it ended the session right after it began
    2.200 play 1 Local Sentence(Offline)
    2.200 done
    "#);
}

#[test]
fn a_goodbye_of_the_session_before_does_not_spoil_the_next_hello() {
    for (goodbye, hellos) in [("", 1), (r#","session_id":"s0""#, 1), (r#","session_id":"""#, 1)] {
        let mut rig = Rig::online();
        rig.open();
        rig.message(&format!(r#"{{"type":"goodbye"{goodbye}}}"#));
        rig.wait_ms(500);
        rig.hello(ID);
        rig.opened();
        let trace = rig.trace();
        assert!(trace.matches(r#""type":"hello""#).count() == hellos && trace.contains("listen"), "{goodbye}: {trace}");
    }
}

#[test]
fn a_goodbye_to_a_message_without_a_session_is_no_answer_to_the_hello() {
    let mut rig = Rig::online();
    rig.open();
    rig.trace();
    rig.message(r#"{"type":"goodbye","session_id":""}"#);
    rig.wait_secs(9);
    assert_eq!(rig.trace(), "");
}

#[test]
fn a_goodbye_of_another_session_is_nothing() {
    let mut rig = Rig::listening();
    rig.goodbye("s0");
    assert_eq!(rig.trace(), "");
}

#[test]
fn a_hello_without_a_channel_is_told_and_sent_away() {
    let mut rig = Rig::online();
    rig.open();
    rig.trace();
    rig.message(r#"{"type":"hello","session_id":"s1","transport":"websocket"}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 send {"session_id":"s1","type":"goodbye"}
    0.000 cause NoSession: The server opens no conversation: the server's hello has no object `udp`, so there is no way for sound; switch the server's UDP on.
    0.000 report drop 1 session: the server's hello is of no use: the server's hello has no object `udp`, so there is no way for sound; switch the server's UDP on
    0.000 play 1 Local Sentence(Offline)
    0.000 done
    "#);
}

#[test]
fn a_second_answer_counts_only_if_two_were_asked_for() {
    let mut rig = Rig::listening();
    rig.hello("s2");
    assert!(rig.trace().contains("drop 1 unknown_hello"));
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(11);
    rig.open();
    rig.trace();
    rig.hello("late");
    rig.hello("newer");
    rig.opened();
    assert_snapshot!(rig.trace(), @r#"
    11.000 channel to 10.0.0.1:8884, frames of 60 ms
    11.000 channel to 10.0.0.1:8884, frames of 60 ms
    11.000 clear NoSession
    11.000 mic from At(Position(1000)), ended by the server within 3600 s, quiet 10s
    11.000 send {"session_id":"newer","type":"listen","state":"start","mode":"auto"}
    11.000 uplink 1 from At(Position(1000)), Opus of 60 ms
    11.000 shown Listening
    "#);
}

#[test]
fn a_newer_session_that_comes_while_somebody_speaks_hears_everything() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(11);
    rig.open();
    rig.hello("late");
    rig.opened();
    rig.trace();
    rig.hello("newer");
    rig.opened();
    assert_snapshot!(rig.trace(), @r#"
    11.000 channel to 10.0.0.1:8884, frames of 60 ms
    11.000 mic stop
    11.000 uplink 1 aborted
    11.000 shown Connecting
    11.000 mic from At(Position(1000)), ended by the server within 3600 s, quiet 10s
    11.000 send {"session_id":"newer","type":"listen","state":"start","mode":"auto"}
    11.000 uplink 2 from At(Position(1000)), Opus of 60 ms
    11.000 shown Listening
    "#);
}

#[test]
fn a_hello_that_comes_twice_opens_one_channel() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(11);
    rig.open();
    rig.hello(ID);
    rig.trace();
    rig.hello(ID);
    rig.opened();
    rig.hello(ID);
    let trace = rig.trace();
    assert!(!trace.contains("channel to") && trace.contains("listen"), "{trace}");
    assert_eq!(trace.matches("drop 1 unknown_hello").count(), 2, "{trace}");
}

#[test]
fn who_talks_while_the_connection_is_down_has_it_hurried() {
    let mut rig = Rig::online();
    rig.lose();
    rig.trace();
    rig.open();
    rig.wait_secs(2);
    rig.link(LinkEvent::Connected);
    assert_snapshot!(rig.trace(), @r#"
    0.000 shown Connecting
    0.000 hurry
    2.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    "#);
}

#[test]
fn a_connection_that_does_not_come_is_an_apology() {
    for fails in [true, false] {
        let mut rig = Rig::online();
        rig.lose();
        rig.open();
        rig.trace();
        if fails {
            rig.link(LinkEvent::Disconnected(Loss::Unreachable("gateway:1883: no route".into())));
        } else {
            rig.wait_secs(10);
        }
        let trace = rig.trace();
        assert!(trace.contains("Sentence(Offline)") && trace.ends_with("done"), "{trace}");
    }
}

/// The broker said no a while ago, and somebody wants to talk.
fn refused() -> Rig {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Disconnected(Loss::Refused("the login was refused".into())));
    rig.trace();
    rig.open();
    rig
}

#[test]
fn a_refused_device_tries_again_and_is_told_so() {
    let mut rig = refused();
    assert_snapshot!(rig.trace(), @r"
    0.000 fetch 2 http://server:8003/xiaozhi/ota/
    0.000 shown Connecting
    0.000 hurry
    ");
    rig.link(LinkEvent::Connected);
    rig.link(LinkEvent::Disconnected(Loss::Refused("it accepts the login and hangs up at once".into())));
    let trace = rig.trace();
    assert!(trace.contains("Sentence(Refused)") && trace.ends_with("done"), "{trace}");
    let mut silent = refused();
    silent.wait_secs(10);
    let trace = silent.trace();
    assert!(trace.contains("Sentence(Refused)") && trace.ends_with("done"), "{trace}");
}

#[test]
fn a_device_that_is_let_in_again_is_listened_to() {
    let mut rig = refused();
    rig.link(LinkEvent::Connected);
    rig.hello(ID);
    rig.opened();
    let trace = rig.trace();
    assert!(trace.contains("mic from At(Position(1000))") && !trace.contains("Sentence(Refused)"), "{trace}");
}

#[test]
fn who_writes_to_a_server_that_refuses_the_device_has_it_tried_again() {
    let mut rig = refused();
    rig.wait_secs(10);
    rig.trace();
    rig.write("what time is it");
    let trace = rig.trace();
    assert!(trace.contains("hurry") && trace.contains("not taken: the server refuses this device"), "{trace}");
}

#[test]
fn a_socket_that_can_not_be_had_is_an_apology() {
    let mut rig = Rig::online();
    rig.open();
    rig.hello(ID);
    rig.trace();
    rig.event(DialogueEvent::Channel(ChannelEvent::Failed("`gateway` is not known".into())));
    assert_snapshot!(rig.trace(), @r#"
    0.000 send {"session_id":"s1","type":"goodbye"}
    0.000 channel Close
    0.000 cause NoSound: No sound comes through over UDP: `gateway` is not known.
    0.000 report drop 1 session: no channel of sound: `gateway` is not known
    0.000 play 1 Local Sentence(Offline)
    0.000 done
    "#);
    let mut rig = Rig::online();
    rig.open();
    rig.hello(ID);
    rig.trace();
    rig.wait_secs(5);
    assert!(rig.trace().contains("the socket did not stand within 5 s"));
}
