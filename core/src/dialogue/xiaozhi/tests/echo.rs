//! A server that cancels the echo itself.

use super::super::XiaozhiSettings;
use super::rig::{ID, Rig, settings};
use crate::protocol::xiaozhi::message::Mode;

fn cancelling() -> XiaozhiSettings {
    XiaozhiSettings { server_cancels: true, ..Rig::mode(Mode::Realtime) }
}

#[test]
fn it_is_asked_to_and_gets_the_microphone_as_it_is() {
    let mut rig = Rig::online_with(cancelling());
    rig.open();
    assert!(rig.trace().contains(r#""features":{"aec":true,"mcp":true}"#));
    rig.hello(ID);
    rig.opened();
    let trace = rig.trace();
    assert!(trace.contains("channel to 10.0.0.1:8884, frames of 60 ms, told what is played"), "{trace}");
    assert!(trace.contains("uplink 1 from At(Position(1000)), Opus of 60 ms, raw"), "{trace}");
}

#[test]
fn who_is_interrupted_goes_on_listening_to_the_same_sound() {
    let mut rig = Rig::speaking_with(cancelling());
    rig.event(crate::dialogue::DialogueEvent::BargeIn { wake: true });
    let trace = rig.trace();
    assert!(trace.contains("flush") && !trace.contains("uplink"), "{trace}");
}

#[test]
fn others_are_not_asked() {
    for mode in [Mode::Auto, Mode::Realtime] {
        let mut rig = Rig::online_with(XiaozhiSettings { mode, ..settings() });
        rig.open();
        rig.hello(ID);
        rig.opened();
        let trace = rig.trace();
        assert!(!trace.contains("aec") && !trace.contains("raw") && !trace.contains("told what"), "{trace}");
    }
}
