//! Whatever comes in whatever order: no panic, no turn without a deadline, and rest in the end.

use std::time::Duration;

use proptest::prelude::*;

use super::super::XiaozhiSettings;
use super::rig::{Rig, settings};
use crate::channel::ChannelEvent;
use crate::dialogue::{Dialogue, DialogueEvent, PlayEnd, Trigger};
use crate::hearing::Ending;
use crate::link::{LinkEvent, Loss};
use crate::protocol::xiaozhi::message::Mode;
use crate::wish::Outcome;

#[derive(Clone, Debug)]
enum Op {
    Open(Trigger),
    Write,
    Hello(&'static str),
    Message(&'static str),
    Opened,
    Arrived,
    ChannelFailed,
    Connected,
    Lost,
    Refused,
    Cancel,
    BargeIn,
    Release,
    End(Ending),
    Uplinked(bool),
    Played(u64, bool),
    Wished,
    Fetched(u16, &'static str),
    Pass(u64),
}

const MESSAGES: [&str; 16] = [
    r#"{"type":"goodbye"}"#,
    r#"{"type":"goodbye","session_id":"s1"}"#,
    r#"{"type":"goodbye","session_id":"s2"}"#,
    r#"{"type":"error","message":"no"}"#,
    r#"{"type":"stt","text":"hello"}"#,
    r#"{"type":"stt","text":"hello"}"#,
    r#"{"type":"tts","state":"start"}"#,
    r#"{"type":"tts","state":"start"}"#,
    r#"{"type":"tts","state":"sentence_start","text":"yes"}"#,
    r#"{"type":"tts","state":"stop"}"#,
    r#"{"type":"tts","state":"stop"}"#,
    r#"{"type":"record_stop"}"#,
    r#"{"type":"llm","emotion":"sad"}"#,
    r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"self.meeting.stop"}}}"#,
    r#"{"type":"hello","session_id":"s3"}"#,
    "rubbish",
];

fn op() -> impl Strategy<Value = Op> {
    let triggers = vec![Trigger::Wake, Trigger::Button, Trigger::Listen, Trigger::Voice, Trigger::Dictate];
    let endings = vec![Ending::Silence, Ending::Cap, Ending::NoSpeech];
    prop_oneof![
        4 => prop::sample::select(triggers).prop_map(Op::Open),
        1 => Just(Op::Write),
        6 => prop::sample::select(vec!["s1", "s2"]).prop_map(Op::Hello),
        12 => prop::sample::select(MESSAGES.to_vec()).prop_map(Op::Message),
        6 => Just(Op::Opened),
        3 => Just(Op::Arrived),
        1 => Just(Op::ChannelFailed),
        3 => Just(Op::Connected),
        1 => Just(Op::Lost),
        1 => Just(Op::Refused),
        1 => Just(Op::Cancel),
        2 => Just(Op::BargeIn),
        2 => Just(Op::Release),
        2 => prop::sample::select(endings).prop_map(Op::End),
        2 => any::<bool>().prop_map(Op::Uplinked),
        4 => (0..3_u64, any::<bool>()).prop_map(|(back, failed)| Op::Played(back, failed)),
        1 => Just(Op::Wished),
        2 => prop::sample::select(vec![(200, super::rig::CONFIGURATION), (500, ""), (200, r#"{"activation":{"code":"1"}}"#)])
            .prop_map(|(status, body)| Op::Fetched(status, body)),
        6 => (0..70_000_u64).prop_map(Op::Pass),
    ]
}

fn act(rig: &mut Rig, op: Op) {
    match op {
        // As the assistant does it.
        Op::Open(trigger) => {
            rig.event(DialogueEvent::BargeIn { wake: false });
            rig.open_by(trigger);
        }
        Op::Write => {
            rig.event(DialogueEvent::BargeIn { wake: false });
            rig.write("hello");
        }
        Op::Hello(id) => rig.hello(id),
        Op::Message(message) => rig.message(message),
        Op::Opened => rig.opened(),
        Op::Arrived => rig.arrived(),
        Op::ChannelFailed => rig.event(DialogueEvent::Channel(ChannelEvent::Failed("no".into()))),
        Op::Connected => rig.link(LinkEvent::Connected),
        Op::Lost => rig.lose(),
        Op::Refused => rig.link(LinkEvent::Disconnected(Loss::Refused("no".into()))),
        Op::Cancel => rig.event(DialogueEvent::Cancel),
        Op::BargeIn => rig.event(DialogueEvent::BargeIn { wake: false }),
        Op::Release => rig.event(DialogueEvent::Release { at: None }),
        Op::End(why) => rig.end_of_speech(why),
        Op::Uplinked(last) => rig.uplinked(last),
        Op::Played(back, failed) => {
            let end = if failed { PlayEnd::Failed } else { PlayEnd::Finished };
            rig.played_of(rig.plays.saturating_sub(back), end);
        }
        Op::Wished => rig.wished(Outcome::Done),
        Op::Fetched(status, body) => rig.fetched(status, body),
        Op::Pass(millis) => rig.wait(Duration::from_millis(millis)),
    }
}

/// Whether the microphone is open after these lines.
fn open(lines: &str, before: bool) -> bool {
    lines.lines().fold(before, |open, line| match line.split_once(' ').map_or("", |(_, ask)| ask) {
        "mic stop" | "done" => false,
        ask => open || ask.starts_with("mic from"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_microphone_closes_and_every_turn_ends(
        mode in prop::sample::select(vec![Mode::Auto, Mode::Manual, Mode::Realtime]),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut rig = Rig::online_with(XiaozhiSettings { mode, allow_restart: true, ..settings() });
        let mut listening = false;
        for op in ops {
            let opens = matches!(op, Op::Open(_) | Op::Write);
            act(&mut rig, op);
            let trace = rig.trace();
            listening = open(&trace, listening);
            if listening || opens && !trace.contains("done") {
                prop_assert!(rig.dialogue.deadline().is_some(), "a turn without a deadline: {trace}");
            }
        }
        // Nobody says anything any more.
        for _ in 0..4 {
            rig.lose();
            rig.wait_secs(3_700);
        }
        listening = open(&rig.trace(), listening);
        prop_assert!(!listening, "the microphone is still open");
    }

    #[test]
    fn rubbish_is_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut rig = Rig::listening();
        rig.message(&String::from_utf8_lossy(&bytes));
        prop_assert!(rig.dialogue.deadline().is_some());
    }
}
