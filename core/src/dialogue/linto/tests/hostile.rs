//! Anything on any topic, at any moment.

use std::time::Duration;

use super::super::LintoSettings;
use super::rig::{Rig, facts, settings};
use crate::audio::Position;
use crate::dialogue::{Ask, DeviceFacts, Dialogue, DialogueEvent, End, PlayEnd, PlayId, Trigger};
use crate::hearing::{Encoding, Ending, Start, UplinkId};
use crate::link::{LinkEvent, Loss, Message};
use crate::wish::{Outcome, WishId};
use proptest::prelude::*;

fn topic() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "nlp/file/1f0c1b[0-9a-f]{1,2}",
        "[a-z/+#]{0,12}",
        "chatbot/1f0c1b[0-9a-f]{1,2}",
        "ping|say|volume|tts_lang|mute|shellexec|managemeeting|startreversessh|nlp|nlp/file|customAction/a/b",
        "streaming/(start|stop|chunk|final|error)",
    ];
    prop_oneof![
        8 => ("blk|app1", leaf).prop_map(|(scope, leaf)| format!("{scope}/tolinto/raspberry1/{leaf}")),
        3 => Just("blk/fromlinto/raspberry1/status".to_owned()),
        1 => "\\PC{0,40}",
    ]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        r#"\{"behavior":\{"(say|ask)":("[a-z ]{0,9}"|\{"text":"[a-z ]{0,9}"\})(,"conversationData":\{"intent":"x"\})?\}\}"#,
        r#"\{"behavior":\{"streaming":\{"status":"(started|stop|error|final)"(,"message":"x")?(,"text":"x")?\}\}\}"#,
        r#"\{"behavior":\{"say":"x","(customAction|display|chatbot)":\{"kind":"x"\}\}\}"#,
        r#"\{"(cmd|command|sessionname)":"(uptime|start|stop|)"\}"#,
        r#"\{"connexion":"(online|offline)","config":\{"instance":"[a-z0-9]{0,3}"\}\}"#,
        r#"\{"value":"[a-z" \\]{0,12}"\}"#,
        r#"[\{\}\[\]":,a-z0-9]{0,30}"#,
    ];
    prop_oneof![4 => text.prop_map(String::into_bytes), 1 => proptest::collection::vec(any::<u8>(), 0..60)]
}

fn event() -> impl Strategy<Value = DialogueEvent> {
    use DialogueEvent as Event;
    let ending = prop_oneof![Just(Ending::Silence), Just(Ending::Cap), Just(Ending::NoSpeech)];
    let end = prop_oneof![Just(PlayEnd::Finished), Just(PlayEnd::Flushed), Just(PlayEnd::Failed)];
    let trigger = prop_oneof![Just(Trigger::Voice), Just(Trigger::Dictate)];
    let outcome = prop_oneof![Just(Outcome::Done), Just(Outcome::Superseded), Just(Outcome::Refused("no".into()))];
    let link = prop_oneof![
        2 => Just(LinkEvent::Connected),
        2 => Just(LinkEvent::Subscribed { refused: Vec::new() }),
        1 => "[a-z/#]{0,9}".prop_map(|filter| LinkEvent::Subscribed { refused: vec![filter] }),
        1 => Just(LinkEvent::Disconnected(Loss::Lost("gone".into()))),
        1 => Just(LinkEvent::Disconnected(Loss::Refused("no".into()))),
        1 => (topic(), any::<usize>()).prop_map(|(topic, size)| LinkEvent::Oversize { topic, size }),
        8 => (topic(), payload(), proptest::bool::weighted(0.1)).prop_map(|(topic, payload, retained)| {
            LinkEvent::Message(Message { topic, payload, retained })
        }),
    ];
    prop_oneof![
        4 => (any::<u32>(), trigger).prop_map(|(at, trigger)| Event::Open { trigger, from: Start::At(Position(at.into())) }),
        1 => any::<bool>().prop_map(|chatbot| Event::Text { text: "hello".into(), chatbot }),
        2 => any::<Option<u64>>().prop_map(|at| Event::Release { at: at.map(Position) }),
        2 => any::<bool>().prop_map(Event::Recording),
        2 => (1u64..30, outcome).prop_map(|(n, outcome)| Event::Wished { id: WishId(n), outcome }),
        2 => (0u64..5, any::<(bool, bool)>()).prop_map(|(n, (sent, last))| {
            Event::Uplinked { uplink: UplinkId((1 << 32) + n), sent, samples: n, last }
        }),
        3 => (any::<u32>(), ending).prop_map(|(at, why)| Event::EndOfSpeech { at: Position(at.into()), why }),
        2 => (1u64..30, any::<bool>()).prop_map(|(n, sent)| Event::Uplinked { uplink: UplinkId(n), sent, samples: n, last: true }),
        3 => (1u64..30, end).prop_map(|(n, end)| Event::Played { id: PlayId(n), end, heard: Duration::ZERO }),
        1 => (1u64..30).prop_map(|n| Event::Refused { id: PlayId(n) }),
        1 => Just(Event::Cancel),
        1 => Just(Event::BargeIn { wake: false }),
        1 => any::<u8>().prop_map(|volume| Event::Device(DeviceFacts { volume, ..facts() })),
        12 => link.prop_map(Event::Link),
    ]
}

/// What a turn may hold: it is opened and ended in pairs.
#[derive(Default)]
struct Leases {
    mic: Option<End>,
    /// Of a request, and of a stream.
    uplinks: [Option<UplinkId>; 2],
}

impl Leases {
    fn follow(&mut self, ask: &Ask) {
        match ask {
            Ask::UplinkStart { uplink, encoding, .. } => {
                let place = &mut self.uplinks[usize::from(matches!(encoding, Encoding::Pcm { .. }))];
                assert!(place.is_none(), "two at once");
                *place = Some(*uplink);
            }
            Ask::UplinkFinish { uplink, .. } | Ask::UplinkAbort { uplink } => {
                self.uplinks.iter_mut().filter(|place| **place == Some(*uplink)).for_each(|place| *place = None);
            }
            Ask::Mic { end, .. } => {
                assert!(self.mic.is_none(), "the microphone is opened twice");
                self.mic = Some(*end);
            }
            Ask::MicStop => assert!(self.mic.take().is_some(), "the microphone is closed twice"),
            Ask::Done => assert!(self.mic.is_none(), "the turn ended with an open microphone"),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_events_in_any_order_keep_the_rules(steps in proptest::collection::vec((event(), 0u64..20_000), 1..80)) {
        let mut rig = Rig::with(LintoSettings { multi_user: true, live_transcript: true, ..settings() });
        let mut leases = Leases::default();
        for (event, pause) in steps {
            let now = rig.now;
            if matches!(event, DialogueEvent::Open { .. } | DialogueEvent::Text { .. }) {
                // The assistant opens no turn within another.
                rig.dialogue.handle(now, DialogueEvent::BargeIn { wake: false });
                std::iter::from_fn(|| rig.dialogue.poll()).for_each(|ask| leases.follow(&ask));
            }
            rig.dialogue.handle(now, event);
            let mut asks = 0;
            while let Some(ask) = rig.dialogue.poll() {
                asks += 1;
                leases.follow(&ask);
            }
            prop_assert!(asks <= 16, "{asks} asks after one event");
            // What ends by hand is capped by the assistant.
            let capped = matches!(leases.mic, None | Some(End::Manual { .. })) || rig.dialogue.deadline().is_some();
            prop_assert!(capped, "an open microphone without a deadline");
            prop_assert!(rig.dialogue.oversize.watched() <= 8);
            rig.now += Duration::from_millis(pause);
        }
    }

    #[test]
    fn any_bytes_on_any_topic_are_survived(
        topic in topic(), payload in proptest::collection::vec(any::<u8>(), 0..3_000), retained in any::<bool>(),
    ) {
        let mut rig = Rig::online();
        rig.ask_server();
        rig.link(LinkEvent::Message(Message { topic, payload, retained }));
        rig.wait_secs(30);
    }
}

#[test]
fn a_flood_leaves_nothing_behind() {
    let mut rig = Rig::online();
    for n in 0..20_000u32 {
        rig.message(&format!("blk/tolinto/raspberry1/x{n}"), "{}");
        rig.message(
            "blk/fromlinto/raspberry1/status",
            &format!(r#"{{"connexion":"online","config":{{"instance":"{n}"}}}}"#),
        );
        rig.link(LinkEvent::Oversize { topic: format!("blk/tolinto/raspberry1/y{n}"), size: 3_000_000 });
        rig.trace();
    }
    // What is left must not have grown with the number of messages; its printed form shows all of it.
    let left = format!("{:?}", rig.dialogue).len();
    assert!(left < 8_000, "{left} characters of state");
}
