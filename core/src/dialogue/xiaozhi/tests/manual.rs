//! Manual mode: the person lets go, also before the server is there.

use insta::assert_snapshot;

use super::rig::{ID, Rig, facts};
use crate::audio::Position;
use crate::dialogue::{DeviceFacts, DialogueEvent, Trigger};
use crate::hearing::UplinkId;
use crate::protocol::xiaozhi::message::Mode;

/// Somebody has pressed the button, and the hello is out.
fn pressed() -> Rig {
    let mut rig = Rig::online_with(Rig::mode(Mode::Manual));
    rig.open_by(Trigger::Button);
    rig
}

fn release(rig: &mut Rig) {
    rig.event(DialogueEvent::Release { at: Some(Position(40_000)) });
}

#[test]
fn what_was_said_while_it_connected_is_sent_as_soon_as_the_server_takes_it() {
    let mut rig = pressed();
    rig.wait_secs(2);
    release(&mut rig);
    rig.wait_secs(1);
    rig.hello(ID);
    rig.opened();
    rig.wait_ms(200);
    rig.uplinked(true);
    assert_snapshot!(rig.trace(), @r#"
    0.000 shown Connecting
    0.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    0.000 mic from At(Position(1000)), ended by the person within 70 s
    2.000 mic stop
    3.000 channel to 10.0.0.1:8884, frames of 60 ms
    3.000 uplink 1 from At(Position(1000)), Opus of 60 ms
    3.000 send {"session_id":"s1","type":"listen","state":"start","mode":"manual"}
    3.000 uplink 1 ends at 40000
    3.200 send {"session_id":"s1","type":"listen","state":"stop"}
    3.200 report request 47c1931, 1 s
    3.200 shown Waiting
    "#);
}

#[test]
fn who_presses_again_after_letting_go_begins_anew_without_a_second_hello() {
    let mut rig = pressed();
    release(&mut rig);
    rig.trace();
    rig.event(DialogueEvent::BargeIn { wake: false });
    rig.open_by(Trigger::Button);
    rig.hello(ID);
    rig.opened();
    assert_snapshot!(rig.trace(), @r#"
    0.000 report drop 1 unanswered: request 47c1931: given up before it was sent
    0.000 done
    0.000 shown Connecting
    0.000 mic from At(Position(1000)), ended by the person within 70 s
    0.000 channel to 10.0.0.1:8884, frames of 60 ms
    0.000 mic from At(Position(1000)), ended by the person within 70 s
    0.000 send {"session_id":"s1","type":"listen","state":"start","mode":"manual"}
    0.000 uplink 1 from At(Position(1000)), Opus of 60 ms
    0.000 shown Listening
    "#);
}

#[test]
fn a_session_that_ends_right_away_gets_what_was_said_and_the_microphone_stays_closed() {
    let mut rig = pressed();
    rig.hello(ID);
    rig.opened();
    release(&mut rig);
    rig.uplinked(true);
    rig.trace();
    rig.goodbye(ID);
    rig.wait_secs(1);
    rig.hello("s2");
    rig.opened();
    assert_snapshot!(rig.trace(), @r#"
    0.000 channel Close
    0.000 shown Connecting
    1.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    1.000 channel to 10.0.0.1:8884, frames of 60 ms
    1.000 uplink 2 from At(Position(1000)), Opus of 60 ms
    1.000 send {"session_id":"s2","type":"listen","state":"start","mode":"manual"}
    1.000 uplink 2 ends at 40000
    "#);
}

#[test]
fn whoever_still_holds_the_button_is_listened_to_while_it_connects_again() {
    let mut rig = pressed();
    rig.hello(ID);
    rig.opened();
    rig.trace();
    rig.goodbye(ID);
    let trace = rig.trace();
    assert!(
        trace.contains("mic stop") && trace.contains("mic from At(Position(1000)), ended by the person"),
        "{trace}"
    );
    release(&mut rig);
    rig.wait_secs(1);
    rig.hello("s2");
    rig.opened();
    assert!(rig.trace().contains("uplink 2 ends at 40000"));
}

#[test]
fn what_can_not_be_sent_at_all_is_told_at_once() {
    let mut rig = pressed();
    release(&mut rig);
    rig.hello(ID);
    rig.opened();
    rig.trace();
    let uplink = UplinkId(rig.uplinks);
    rig.event(DialogueEvent::Uplinked { uplink, sent: false, samples: 0, last: true });
    assert_snapshot!(rig.trace(), @r#"
    0.000 uplink 1 aborted
    0.000 send {"session_id":"s1","type":"goodbye"}
    0.000 channel Close
    0.000 play 1 Local Chime(Error)
    0.000 done
    "#);
}

#[test]
fn a_mute_takes_back_what_the_server_has_not_got_yet() {
    let mut rig = pressed();
    release(&mut rig);
    rig.trace();
    rig.event(DialogueEvent::Device(DeviceFacts { muted: true, ..facts() }));
    rig.hello(ID);
    let trace = rig.trace();
    assert!(trace.contains("drop 1 unanswered") && trace.contains("done") && !trace.contains("listen"), "{trace}");
}

#[test]
fn a_long_wait_for_the_server_leaves_time_to_send_all_of_it() {
    let mut rig = pressed();
    release(&mut rig);
    rig.wait_secs(9);
    rig.hello(ID);
    rig.opened();
    rig.trace();
    rig.wait_secs(3);
    assert_eq!(rig.trace(), "");
    rig.wait_secs(2);
    assert!(rig.trace().contains(r#""state":"stop""#), "not for ever");
}
