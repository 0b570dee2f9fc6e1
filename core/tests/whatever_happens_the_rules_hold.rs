//! Random operations on an assistant with three kinds of servers; after each one the rules of the design must hold: muted means
//! that nothing is captured, recorded, streamed or sent; there are never two recordings; whoever wishes is answered
//! once; everything has a deadline. What exactly is checked stands in `support/world.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Event, ServerId, Tuning, UnmuteRule};
use auricle_core::audio::Position;
use auricle_core::button::Gesture;
use auricle_core::dialogue::{PlayEnd, Trigger};
use auricle_core::hearing::{Ending, ListenId};
use auricle_core::link::{LinkEvent, Loss};
use auricle_core::protocol::xiaozhi::message::Mode;
use auricle_core::voices::Voices;
use auricle_core::wish::{Outcome, Wish};
use proptest::prelude::*;
use support::gateway::{Said, said};
use support::world::{LINTO, TOY, World, settings};

#[derive(Clone, Debug)]
enum Op {
    Wake(usize),
    /// A wake word, perhaps one that was heard before something else happened.
    Word(usize),
    Voice,
    Talk,
    End(Ending),
    /// Somebody speaks and the request goes out, if anybody listens.
    Utterance,
    Encoded {
        last: bool,
    },
    Sends(bool),
    Mute(bool, bool),
    Closed,
    Unplug,
    Plug,
    Answer {
        behavior: &'static str,
        nth: usize,
    },
    Garbage(Vec<u8>),
    Toy(&'static str),
    Gateway(Said),
    Disconnect(usize, bool),
    Connect(usize),
    Command(&'static str, &'static str),
    Stream(&'static str, &'static str),
    /// The server takes the stream, and sound goes out.
    Streams,
    Wish(Wish),
    Write {
        server: usize,
        chatbot: bool,
    },
    Dictate(usize),
    Release,
    Served(usize, Outcome),
    Record(bool),
    Voices,
    Tuned(Tuning),
    Say,
    Cancel,
    Button(Gesture, ServerId),
    Played(bool),
    SpeakerGone(bool),
    Pass(u64),
}

const TOY_WORDS: [&str; 9] = ["ready", "open", "heard", "speak 1", "sound 2", "stop 1", "gate off", "gate on", "end"];

const COMMANDS: [(&str, &str); 20] = [
    ("ping", "{}"),
    ("say", r#"{"value":"dinner"}"#),
    ("volume", r#"{"value":"40"}"#),
    ("volume", r#"{"value":90}"#),
    ("endvolume", r#"{"value":0}"#),
    ("endvolume", r#"{"value":"55"}"#),
    ("mute", "{}"),
    ("unmute", "{}"),
    ("tts_lang", r#"{"value":"fr-FR"}"#),
    ("tts_lang", r#"{"value":"xx"}"#),
    ("managemeeting", r#"{"sessionname":"a","command":"startlocalrecording"}"#),
    ("managemeeting", r#"{"command":"stoplocalrecording"}"#),
    ("shellexec", r#"{"cmd":"uptime"}"#),
    ("shellexec", "[]"),
    ("startreversessh", r#"{"remoteHost":"h","remoteSSHPort":2222,"mySSHPort":22,"remoteUser":"u","privateKey":"/k"}"#),
    ("startreversessh", "{}"),
    ("customAction/a/b", r#"{"behavior":{"customAction":{"kind":"x"},"say":"x"}}"#),
    ("customAction/a/b", r#"{"behavior":{"ask":"And you?","display":{"type":"URL"}}}"#),
    ("statusack", "{}"),
    ("nonsense", "{}"),
];

const STREAM: [(&str, &str); 9] = [
    ("start", r#"{"status":"started"}"#),
    ("start", r#"{"status":"started"}"#),
    ("error", r#"{"status":"started","message":"already running"}"#),
    ("error", r#"{"status":"chunk","message":"not started"}"#),
    ("error", r#"{"status":"error"}"#),
    ("chunk", r#"{"partial":"bon"}"#),
    ("chunk", r#"{"text":"bonjour"}"#),
    ("stop", r#"{"status":"stop"}"#),
    ("final", r#"{"status":"final","result":"bonjour"}"#),
];

const ANSWERS: [&str; 6] = [
    r#"{"ask":{"text":"which?"},"conversationData":{"intent":"x"}}"#,
    r#"{"say":{"text":"yes"}}"#,
    r#"{"say":"light_on","customAction":{"kind":"light_on"}}"#,
    r#"{"chatbot":{"answer":{"text":"hi","data":[{"text":"yes","eventType":"choice"}]}}}"#,
    r#"{"say":"look","display":{"type":"URL","content":"x"}}"#,
    "{}",
];

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        4 => (0..=100_u8, any::<bool>()).prop_map(|(percent, keep)| Wish::Volume { percent, keep }),
        2 => Just(Wish::Mute),
        4 => Just(Wish::Unmute),
        1 => prop::sample::select(vec!["fr-FR", "en-US", "xx"]).prop_map(|tag| Wish::Language(tag.into())),
        4 => Just(Wish::MeetingStart { name: "Budget".into() }),
        2 => Just(Wish::MeetingStop),
        1 => Just(Wish::Shell("uptime".into())),
        1 => Just(Wish::TunnelStop),
    ]
}

fn tuned() -> impl Strategy<Value = Tuning> {
    let rules = vec![UnmuteRule::Own, UnmuteRule::Always, UnmuteRule::Never];
    let switches = any::<(bool, bool, bool, bool)>();
    (switches, prop::sample::select(rules), 0..=100_u8).prop_map(|((voice, wake, sounds, meeting), unmute, volume)| {
        Tuning {
            voice_trigger: voice,
            wake_trigger: wake,
            sounds,
            remote_meeting: meeting,
            unmute,
            volume,
            ..settings()
        }
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let answer = Outcome::Answer { payload: serde_json::json!({"stdout": ""}), result: "exit 0".into() };
    prop::sample::select(vec![Outcome::Done, Outcome::Refused("no".into()), Outcome::Failed("no".into()), answer])
}

/// What people, hearing and the devices do.
fn nearby() -> impl Strategy<Value = Op> {
    let endings = [Ending::Silence, Ending::Cap, Ending::NoSpeech];
    prop_oneof![
        4 => (0..3_usize).prop_map(Op::Wake),
        4 => (0..4_usize).prop_map(Op::Word),
        2 => Just(Op::Voice),
        1 => Just(Op::Talk),
        6 => Just(Op::Utterance),
        2 => prop::sample::select(endings.to_vec()).prop_map(Op::End),
        6 => any::<bool>().prop_map(|last| Op::Encoded { last }),
        1 => prop::bool::weighted(0.8).prop_map(Op::Sends),
        2 => any::<(bool, bool)>().prop_map(|(on, local)| Op::Mute(on, local)),
        2 => Just(Op::Closed),
        1 => Just(Op::Unplug),
        5 => Just(Op::Plug),
        5 => wish().prop_map(Op::Wish),
        2 => (0..4_usize, any::<bool>()).prop_map(|(server, chatbot)| Op::Write { server, chatbot }),
        3 => (0..3_usize).prop_map(|server| Op::Dictate(server / 2)),
        2 => Just(Op::Release),
        4 => prop::bool::weighted(0.8).prop_map(Op::Record),
        1 => Just(Op::Voices),
        1 => tuned().prop_map(Op::Tuned),
        1 => Just(Op::Say),
        1 => Just(Op::Cancel),
        3 => (prop::sample::select(vec![Gesture::Press, Gesture::Press, Gesture::Double, Gesture::Long]), 0..3_usize)
            .prop_map(|(gesture, server)| Op::Button(gesture, ServerId(server))),
        5 => any::<bool>().prop_map(Op::Played),
        1 => any::<bool>().prop_map(Op::SpeakerGone),
        4 => (0_u64..1_000).prop_map(Op::Pass),
        2 => (0_u64..40_000).prop_map(Op::Pass),
    ]
}

/// What servers and the network do.
fn far() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (prop::sample::select(ANSWERS.to_vec()), 0..3_usize)
            .prop_map(|(behavior, nth)| Op::Answer { behavior, nth }),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Op::Garbage),
        3 => prop::sample::select(TOY_WORDS.to_vec()).prop_map(Op::Toy),
        9 => said().prop_map(Op::Gateway),
        1 => (0..3_usize, any::<bool>()).prop_map(|(server, refused)| Op::Disconnect(server, refused)),
        3 => (0..3_usize).prop_map(Op::Connect),
        6 => prop::sample::select(COMMANDS.to_vec()).prop_map(|(leaf, payload)| Op::Command(leaf, payload)),
        6 => prop::sample::select(STREAM.to_vec()).prop_map(|(rest, streaming)| Op::Stream(rest, streaming)),
        4 => Just(Op::Streams),
        3 => (any::<usize>(), outcome()).prop_map(|(nth, outcome)| Op::Served(nth, outcome)),
    ]
}

fn run(world: &mut World, op: Op) {
    world.tape += 1_600;
    let at = Position(world.tape);
    match op {
        Op::Wake(server) => {
            world.event(Event::Trigger { trigger: Trigger::Listen, server: Some(ServerId(server)), at: Some(at) });
        }
        Op::Word(server) => {
            let (word, score, cancelled) = ("okay_nabu".into(), 0.9, world.tape.is_multiple_of(3_200));
            world.event(Event::Wake { word, score, server: Some(ServerId(server)), at, over: at, cancelled });
        }
        Op::Button(gesture, server) => {
            world.event(Event::Button { gesture, server: Some(server), at: Some(at), pressed: world.bench.now });
            if world.mic_open && world.plugged {
                world.event(Event::MicFlowing);
            }
        }
        Op::Voice => world.event(Event::Voice { at, earliest: at.back(Duration::from_millis(50)) }),
        Op::Talk => world.event(Event::SpeechStart(world.listen.unwrap_or(ListenId(0)))),
        Op::End(why) => world.event(Event::Ended { listen: world.listen.unwrap_or(ListenId(0)), at, why }),
        Op::Utterance => {
            let listen = world.listen.unwrap_or(ListenId(0));
            world.event(Event::SpeechStart(listen));
            world.event(Event::Ended { listen, at, why: Ending::Silence });
            world.encode(true);
        }
        Op::Encoded { last } => world.encode(last),
        Op::Sends(sends) => world.sends = sends,
        Op::Mute(on, local) => {
            let by = if local { By::Local } else { By::Remote };
            world.event(if on { Event::Mute(by) } else { Event::Unmute(by) });
            if world.mic_open && world.plugged {
                world.event(Event::MicFlowing);
            }
        }
        Op::Closed if !world.mic_open => {
            if world.plugged {
                // The last samples of the device come in behind the order to close it.
                world.event(Event::MicFlowing);
            }
            world.event(Event::MicClosed);
        }
        Op::Unplug if world.mic_open => {
            world.plugged = false;
            world.event(Event::MicLost(Cause::MicGone { detail: "unplugged".into() }));
        }
        Op::Plug if world.mic_open => {
            world.plugged = true;
            world.event(Event::MicFlowing);
        }
        Op::Closed | Op::Unplug | Op::Plug => {}
        Op::Answer { behavior, nth } => world.answer(nth, behavior),
        Op::Garbage(bytes) => {
            for leaf in ["nlp/file/1", "say", "ping", "tts_lang", "shellexec", "streaming/start", "x/y"] {
                world.message(LINTO, &format!("blk/tolinto/raspberry1/{leaf}"), bytes.clone());
            }
        }
        Op::Gateway(said) => world.gateway(said),
        Op::Toy(word) => world.message(TOY, "toy", word.into()),
        Op::Disconnect(server, refused) => {
            let loss = if refused { Loss::Refused("no".into()) } else { Loss::Lost("gone".into()) };
            let event = LinkEvent::Disconnected(loss);
            world.event(Event::Link(ServerId(server), event));
        }
        Op::Connect(server) => world.event(Event::Link(ServerId(server), LinkEvent::Connected)),
        Op::Command(leaf, payload) => {
            world.message(LINTO, &format!("blk/tolinto/raspberry1/{leaf}"), payload.into());
        }
        Op::Stream(rest, streaming) => {
            let payload = format!(r#"{{"behavior":{{"streaming":{streaming}}}}}"#);
            world.message(LINTO, &format!("appx/tolinto/raspberry1/streaming/{rest}"), payload.into_bytes());
        }
        Op::Streams => {
            let payload = br#"{"behavior":{"streaming":{"status":"started"}}}"#;
            world.message(LINTO, "appx/tolinto/raspberry1/streaming/start", payload.to_vec());
            world.pass(Duration::from_millis(300));
            world.encode(false);
        }
        Op::Wish(wish) => world.wish(wish),
        Op::Write { server, chatbot } => {
            let server = Some(ServerId(server));
            world.ask(|request| Event::Text { request, server, text: "hello".into(), chatbot });
        }
        Op::Dictate(server) => {
            world.ask(|request| Event::Dictate { request, server: Some(ServerId(server)), at: Some(at) });
        }
        Op::Release => world.event(Event::Release { at: Some(Position(200_000)) }),
        Op::Served(nth, outcome) => world.serve(nth, outcome),
        Op::Record(well) => world.record(well),
        Op::Voices => world.event(Event::Voices(Voices::new(Some(vec!["en-us".into(), "fr-fr".into()])))),
        Op::Tuned(tuning) => world.event(Event::Tuned(tuning)),
        Op::Say => world.event(Event::Say("hello".into())),
        Op::Cancel => world.event(Event::Cancel),
        Op::Played(failed) => {
            if let Some(play) = world.playing.pop() {
                let end = if failed { PlayEnd::Failed } else { PlayEnd::Finished };
                world.event(Event::Played { play, end, heard: Duration::from_secs(1) });
            }
        }
        Op::SpeakerGone(gone) => world.event(if gone {
            Event::OutputLost(Cause::SpeakerGone { detail: "unplugged".into() })
        } else {
            Event::OutputBack("SpeakerGone")
        }),
        Op::Pass(ms) => world.pass(Duration::from_millis(ms)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_hold(
        mode in prop::sample::select(vec![Mode::Auto, Mode::Manual, Mode::Realtime]),
        ops in prop::collection::vec(prop_oneof![3 => nearby(), 2 => far()], 1..120),
    ) {
        let mut world = World::new(mode);
        for op in ops {
            run(&mut world, op);
        }
        world.comes_to_rest();
    }
}
