//! The defects that were found in LinTO's original client, by their numbers in the list of them, and that this one does
//! not have. What can only be seen outside of the core is shown by the tests of the adapters: 2 (a state file after a
//! kill), 5 (`MQTTS` in capitals), 17 (files in the temp directory), and what 4, 15 and 16 say about accounts, host
//! keys, time limits and output.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::event::{By, Effect, Event, Memory, Remembered, RequestId, Tuning};
use auricle_core::assistant::report::Report;
use auricle_core::audio::Position;
use auricle_core::dialogue::linto::{Linto, LintoSettings, policy};
use auricle_core::dialogue::{Delivery, DeviceFacts, Source};
use auricle_core::hearing::{EarCommand, Encoding, Ending, Limits};
use auricle_core::link::{LinkAsk, LinkEvent, Loss, Qos};
use auricle_core::protocol::linto::request::FileRequest;
use auricle_core::protocol::linto::serial;
use auricle_core::sentences::Sentence;
use auricle_core::voices::Voices;
use auricle_core::wish::{HookKind, Outcome, Wish};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{Bench, S0, limits, linto_settings, tuning};

fn bench() -> Bench {
    Bench::linto(linto_settings(), tuning())
}

/// Not connected yet.
fn offline() -> Bench {
    let mut bench = Bench::new(vec![Box::new(Linto::new(linto_settings()))]);
    bench.effects.clear();
    bench
}

/// What is subscribed.
fn filters() -> Vec<(String, Qos)> {
    let mut bench = offline();
    bench.event(Event::Link(S0, LinkEvent::Connected));
    let filters = bench.effects.into_iter().find_map(|effect| match effect {
        Effect::Link(_, LinkAsk::Subscribe(filters)) => Some(filters),
        _ => None,
    });
    filters.unwrap()
}

/// The request was sent and waits for its answer.
fn asked(bench: &mut Bench) {
    bench.listen();
    bench.finish_playing();
    bench.speak();
    bench.finish_playing();
}

fn says(bench: &Bench, sentence: Sentence) -> bool {
    bench.effects.iter().any(|e| matches!(e, Effect::Play { source: Source::Sentence(said), .. } if *said == sentence))
}

fn sends(bench: &Bench) -> usize {
    bench.effects.iter().filter(|e| matches!(e, Effect::Send { .. } | Effect::Publish { .. })).count()
}

/// The payloads that were published on a leaf.
fn payloads(bench: &Bench, leaf: &str) -> Vec<Value> {
    bench.published(leaf).iter().map(|publication| serde_json::from_slice(&publication.payload).unwrap()).collect()
}

/// The conversation data of the request that is being recorded.
fn conversation(bench: &Bench) -> Value {
    let last = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ear(EarCommand::StartUplink { encoding: Encoding::LintoFile { conversation }, .. }) => {
            Some(conversation.clone())
        }
        _ => None,
    });
    last.expect("a request")
}

/// A server that answers each status at once with a language, for a minute. How many statuses there were.
fn statuses_in_a_minute(bench: &mut Bench, language: impl Fn(usize) -> &'static str) -> usize {
    let mut answered = 0;
    for _ in 0..600 {
        while answered < bench.published("status").len() {
            let scope = bench.published("status")[answered].topic.split('/').next().unwrap().to_owned();
            let payload = format!(r#"{{"value":"{}"}}"#, language(answered));
            bench.message(S0, &format!("{scope}/tolinto/raspberry1/tts_lang"), &payload);
            answered += 1;
        }
        bench.pass(Duration::from_millis(100));
    }
    answered
}

#[test]
fn d01_a_status_is_never_the_answer_to_tts_lang() {
    let mut bench = bench();
    bench.event(Event::Voices(Voices::new(None)));
    bench.command("endvolume", r#"{"value":"40"}"#);
    let statuses = statuses_in_a_minute(&mut bench, |_| "fr-FR");
    assert_eq!(statuses, 4, "one a scope for the volume, one a scope for the language");
    bench.effects.clear();
    bench.command("tts_lang", r#"{"value":"en-US"}"#);
    let restless = statuses_in_a_minute(&mut bench, |n| if n % 2 == 0 { "fr-FR" } else { "en-US" });
    assert!(restless <= 50, "{restless} statuses with a server that never makes up its mind");
}

#[test]
fn d03_no_password_and_no_account_is_in_a_status() {
    let mut bench = bench();
    bench.event(Event::Facts(DeviceFacts { firmware: "0.1.0".into(), ..DeviceFacts::default() }));
    bench.pass(Duration::from_secs(10));
    let mut said: Vec<Vec<u8>> = bench.published("status").iter().map(|status| status.payload.clone()).collect();
    assert!(!said.is_empty());
    let policy = policy(&linto_settings());
    said.extend(policy.will.into_iter().chain(policy.farewell).map(|publication| publication.payload));
    for payload in said {
        let text = String::from_utf8(payload).unwrap().to_lowercase();
        for secret in ["password", "username", "mqtt", "ftp", "key", "host"] {
            assert!(!text.contains(secret), "`{secret}` in {text}");
        }
    }
}

#[test]
fn d04_only_commands_for_this_device_are_taken_and_each_leaves_a_line() {
    assert!(filters().iter().all(|(filter, _)| filter.contains("/raspberry1/")));
    let mut bench = bench();
    bench.message(S0, "blk/tolinto/raspberry2/shellexec", r#"{"cmd":"reboot"}"#);
    bench.message(S0, "blk/fromlinto/raspberry1/shellexec", r#"{"cmd":"reboot"}"#);
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Serve { .. })));
    bench.command("shellexec", r#"{"cmd":"reboot"}"#);
    let serve = |e: &Effect| if let Effect::Serve { service, .. } = e { Some(*service) } else { None };
    let service = bench.effects.iter().find_map(serve).unwrap();
    bench.event(Event::Served { service, outcome: Outcome::Refused("off".into()) });
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Report(_, Report::Audit { .. }))));
}

#[test]
fn d06_the_status_follows_the_subscription_so_its_answer_is_heard() {
    let mut bench = offline();
    bench.event(Event::Link(S0, LinkEvent::Connected));
    assert!(bench.published("status").is_empty(), "nothing is subscribed yet");
    bench.event(Event::Link(S0, LinkEvent::Subscribed { refused: vec![] }));
    assert_eq!(bench.published("status").len(), 2);
    bench.event(Event::Voices(Voices::new(None)));
    bench.message(S0, "appx/tolinto/raspberry1/tts_lang", r#"{"value":"fr-FR"}"#);
    assert_eq!(bench.assistant.language(), "fr-FR");
}

#[test]
fn d07_everything_is_subscribed_so_that_no_answer_is_lost_or_doubled() {
    assert!(filters().iter().all(|(_, qos)| *qos == Qos::Two));
}

#[test]
fn d08_what_could_not_be_sent_is_told_at_once_and_never_sent_later() {
    let mut bench = bench();
    bench.listen();
    bench.finish_playing();
    bench.event(Event::Link(S0, LinkEvent::Disconnected(Loss::Lost("gone".into()))));
    let (listen, uplink) = (bench.last_listen(), bench.last_uplink());
    bench.event(Event::Ended { listen, at: Position(208_000), why: Ending::Silence });
    bench.finish_playing();
    assert!(says(&bench, Sentence::NotSent));
    bench.event(Event::Link(S0, LinkEvent::Connected));
    bench.event(Event::Link(S0, LinkEvent::Subscribed { refused: vec![] }));
    bench.event(Event::UplinkReady { uplink, samples: 32_000, last: true });
    bench.pass(Duration::from_secs(600));
    assert_eq!(sends(&bench), 0);
}

#[test]
fn d08_what_waits_for_the_network_has_less_time_the_longer_it_waited() {
    let mut bench = bench();
    bench.listen();
    bench.finish_playing();
    let (listen, uplink) = (bench.last_listen(), bench.last_uplink());
    bench.event(Event::Ended { listen, at: Position(208_000), why: Ending::Silence });
    bench.pass(Duration::from_secs(5));
    bench.event(Event::UplinkReady { uplink, samples: 32_000, last: true });
    let expires = bench.effects.iter().find_map(|effect| match effect {
        Effect::Send { to: Delivery::Message { expires, .. }, .. } => Some(*expires),
        _ => None,
    });
    assert_eq!(expires, Some(Duration::from_secs(7)));
}

#[test]
fn d09_a_silent_server_is_apologised_for_and_its_late_answer_is_not_spoken() {
    let mut bench = bench();
    asked(&mut bench);
    bench.pass(Duration::from_secs(12));
    assert!(says(&bench, Sentence::NoAnswer));
    bench.finish_playing();
    assert!(bench.assistant.turn().is_none());
    bench.pass(Duration::from_secs(60));
    bench.reply(r#"{"say":"a minute late"}"#);
    assert!(bench.spoken().is_empty());
}

#[test]
fn d10_a_question_that_nobody_answered_does_not_reach_the_next_request() {
    let mut bench = bench();
    asked(&mut bench);
    bench.reply(r#"{"ask":"Which one?","conversationData":{"intent":"choose"}}"#);
    bench.finish_playing();
    assert_eq!(conversation(&bench), json!({"intent": "choose"}));
    let listen = bench.last_listen();
    bench.event(Event::Ended { listen, at: Position(400_000), why: Ending::NoSpeech });
    bench.finish_playing();
    bench.listen();
    assert_eq!(conversation(&bench), json!({}));
}

#[test]
fn d11_noise_without_end_is_cut_and_a_deaf_endpointer_does_not_hold_the_microphone() {
    let mut bench = bench();
    bench.listen();
    bench.finish_playing();
    let given = bench.effects.iter().find_map(|effect| match effect {
        Effect::Ear(EarCommand::Listen { limits: Some(limits), .. }) => Some(*limits),
        _ => None,
    });
    assert_eq!(given.map(|given: Limits| given.max_utterance), Some(limits().max_utterance));
    let (listen, uplink) = (bench.last_listen(), bench.last_uplink());
    bench.event(Event::Ended { listen, at: Position(400_000), why: Ending::Cap });
    bench.event(Event::UplinkReady { uplink, samples: 240_000, last: true });
    assert_eq!(sends(&bench), 1, "what was said until then is used");
    bench.event(Event::Cancel);
    bench.finish_playing();
    bench.listen();
    bench.finish_playing();
    bench.pass(Duration::from_secs(60));
    assert!(!bench.assistant.listening() && bench.assistant.turn().is_none());
}

#[test]
fn d12_mute_works_in_a_turn_is_acknowledged_when_it_took_effect_told_and_kept_over_a_restart() {
    let mut bench = bench();
    bench.listen();
    bench.finish_playing();
    bench.command("mute", "{}");
    assert!(bench.effects.contains(&Effect::Mic(false)) && !bench.assistant.listening());
    assert!(bench.published("muteack").is_empty(), "the device is still open");
    bench.event(Event::MicClosed);
    assert_eq!(payloads(&bench, "muteack"), [json!({})]);
    bench.pass(Duration::from_secs(10));
    let statuses = payloads(&bench, "status");
    assert!(!statuses.is_empty() && statuses.iter().all(|status| status["config"]["sound"]["mute"] == true));
    assert!(bench.memories().contains(&&Memory::Muted(Some(By::Remote))));
    let mut restarted = Bench::unstarted(vec![], tuning());
    restarted.event(Event::Started(Remembered { muted: Some(By::Remote), ..Remembered::default() }));
    assert!(!restarted.effects.contains(&Effect::Mic(true)));
}

#[test]
fn d13_the_volume_at_which_the_slider_was_let_go_holds_after_a_restart() {
    let mut bench = bench();
    bench.command("endvolume", r#"{"value":"40"}"#);
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.volumes(), [40]);
    let Some(Memory::Volume(kept)) = bench.memories().last().copied().cloned() else { panic!("nothing is kept") };
    let mut restarted = Bench::unstarted(vec![], tuning());
    restarted.event(Event::Started(Remembered { volume: Some(kept), ..Remembered::default() }));
    assert_eq!(restarted.volumes(), [40]);
}

#[test]
fn d14_the_header_of_a_request_tells_its_true_length() {
    for samples in [0_usize, 1, 12_345] {
        let mut request = FileRequest::new(&json!({}));
        request.push(&vec![7; samples]);
        let body: Value = serde_json::from_slice(&request.finish()).unwrap();
        let file = STANDARD.decode(body["audio"].as_str().unwrap()).unwrap();
        let size = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(file.len(), 44 + 2 * samples);
        assert_eq!((size(4), size(40)), (file.len() - 8, 2 * samples));
    }
}

#[test]
fn d15_a_tunnel_is_data_answered_when_it_stands_and_can_be_ended() {
    let order = |host: &str, user: &str| {
        json!({"remoteHost": host, "remoteSSHPort": 2222, "remoteUser": user, "privateKey": "/k"}).to_string()
    };
    let served = |bench: &Bench| {
        bench.effects.iter().find_map(|effect| match effect {
            Effect::Serve { service, wish: Wish::Tunnel(tunnel), .. } => Some((*service, tunnel.clone())),
            _ => None,
        })
    };
    let mut odd = bench();
    odd.command("startreversessh", &order("h; reboot", "u"));
    odd.command("startreversessh", &order("h", "u -oProxyCommand=reboot"));
    assert!(served(&odd).is_none(), "neither is a name");
    for answer in payloads(&odd, "startreversessh") {
        assert_eq!(answer["status"], answer["reversesshstatus"]);
        assert!(answer["status"].as_str().unwrap().contains("which is no name"));
    }
    let mut bench = bench();
    bench.command("startreversessh", &order("$(reboot)", "`reboot`"));
    let (service, tunnel) = served(&bench).unwrap();
    assert_eq!((tunnel.host.as_str(), tunnel.user.as_str()), ("$(reboot)", "`reboot`"), "no shell ever sees them");
    assert!(bench.published("startreversessh").is_empty());
    bench.event(Event::Served { service, outcome: Outcome::Done });
    assert_eq!(payloads(&bench, "startreversessh"), [json!({"reversesshstatus": "ok"})]);
    bench.wish(1, Wish::TunnelStop);
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Serve { wish: Wish::TunnelStop, .. })));
}

#[test]
fn d16_a_shell_command_is_always_answered_with_its_exit_code_or_the_reason() {
    let mut bench = bench();
    bench.command("shellexec", r#"{"cmd":"uptime"}"#);
    bench.command("shellexec", r#"{"cmd":"sleep 99999"}"#);
    let service = bench.effects.iter().find_map(|effect| match effect {
        Effect::Serve { service, .. } => Some(*service),
        _ => None,
    });
    let payload = json!({"stdout": "", "stderr": "no such file", "code": 2});
    let outcome = Outcome::Answer { payload: payload.clone(), result: "exit 2".into() };
    bench.event(Event::Served { service: service.unwrap(), outcome });
    assert_eq!(payloads(&bench, "shellexec"), [payload]);
    bench.pass(Duration::from_secs(15 * 60));
    assert_eq!(payloads(&bench, "shellexec")[1], json!({"status": "it never ended"}));
}

#[test]
fn d18_a_text_with_quotes_from_the_admin_page_is_spoken() {
    let mut bench = bench();
    bench.command("say", r#"{"value":"il a dit "oui""}"#);
    assert_eq!(bench.spoken(), [r#"il a dit "oui""#]);
}

#[test]
fn d19_actions_things_to_show_chatbots_and_streams_are_served() {
    let mut bench = bench();
    asked(&mut bench);
    bench.reply(r#"{"say":"light_on","customAction":{"kind":"light_on"},"display":{"type":"URL","content":"x"}}"#);
    let hooks = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Serve { wish: Wish::Hook(hook), .. } => Some(hook.kind),
        _ => None,
    });
    assert_eq!(hooks.collect::<Vec<_>>(), [HookKind::CustomAction, HookKind::Display]);
    assert!(bench.spoken().is_empty(), "the text beside an action is a label");
    asked(&mut bench);
    bench.reply(r#"{"chatbot":{"ask":"salut","answer":{"text":"Salut !"}}}"#);
    assert_eq!(bench.spoken(), ["Salut !"]);
    bench.finish_playing();
    bench.event(Event::Dictate { request: RequestId(1), server: None, at: None });
    assert_eq!(bench.published("start").len(), 1);
    bench.message(S0, "appx/tolinto/raspberry1/streaming/chunk", r#"{"behavior":{"streaming":{"text":"bonjour"}}}"#);
    let text = Report::Final { text: "bonjour".into(), meeting: false };
    assert!(bench.effects.contains(&Effect::Report(Some(S0), text)));
}

#[test]
fn d20_an_answer_without_behavior_is_told_and_the_device_goes_on() {
    for answer in ["{}", r#"{"transcript":"hello"}"#, r#"{"behavior":null}"#, r#"{"behavior":7}"#, "", "null", "\u{0}"]
    {
        let mut bench = bench();
        asked(&mut bench);
        bench.reply_raw(answer);
        assert!(says(&bench, Sentence::BrokenAnswer), "{answer:?}");
        bench.finish_playing();
        assert!(bench.assistant.turn().is_none(), "{answer:?}");
        bench.listen();
        assert!(bench.assistant.listening(), "{answer:?}");
    }
}

#[test]
fn d21_a_serial_number_that_nobody_can_register_is_refused_with_the_reason() {
    let error = serial::check("0").unwrap_err().to_string();
    assert!(error.contains("too short") && error.contains("`raspberry1`"), "{error}");
    assert!(serial::check("raspberry1").is_ok());
}

#[test]
fn d22_what_a_text_sounds_like_is_spoken_where_the_setting_says_so() {
    for (phonetic, text) in [(true, "esse enne cé effe"), (false, "SNCF")] {
        let mut bench = Bench::linto(LintoSettings { phonetic, ..linto_settings() }, tuning());
        asked(&mut bench);
        bench.reply(r#"{"say":{"text":"SNCF","phonetic":"esse enne cé effe"}}"#);
        assert_eq!(bench.spoken(), [text]);
    }
}

#[test]
fn d23_a_second_device_with_this_serial_number_is_told_and_said() {
    let mut bench = Bench::linto(linto_settings(), Tuning { voice_trigger: false, ..tuning() });
    let status = r#"{"connexion":"online","config":{"sound":{"volume":"100"}}}"#;
    bench.message(S0, "blk/fromlinto/raspberry1/status", status);
    let causes: Vec<&str> = bench.assistant.causes().map(|(_, cause)| cause.code()).collect();
    assert_eq!(causes, ["TwinDevice"]);
    assert!(says(&bench, Sentence::TwinDevice));
}
