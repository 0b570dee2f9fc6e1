//! An assistant with a LinTO server and a xiaozhi server, and the second one's side of a conversation.

use std::time::Duration;

use auricle_core::assistant::event::{Effect, Event, Remembered, ServerId, Tuning};
use auricle_core::audio::Position;
use auricle_core::channel::ChannelEvent;
use auricle_core::dialogue::Source;
use auricle_core::dialogue::linto::Linto;
use auricle_core::dialogue::xiaozhi::{Xiaozhi, XiaozhiSettings};
use auricle_core::fetch::Fetched;
use auricle_core::link::{LinkAsk, LinkEvent};
use auricle_core::protocol::xiaozhi::message::Mode;

use super::{Bench, S0, linto_settings, xiaozhi_settings};

pub const LINTO: ServerId = S0;
pub const XIAOZHI: ServerId = ServerId(1);

pub const CONFIGURATION: &str = r#"{"mqtt":{"endpoint":"gateway:1883","client_id":"GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid",
    "username":"u","password":"secret","publish_topic":"device-server","subscribe_topic":"null"}}"#;

pub const HELLO: &str = r#"{"type":"hello","session_id":"s1","transport":"udp","udp":{"server":"10.0.0.1","port":8884,
    "key":"000102030405060708090a0b0c0d0e0f","nonce":"01000000a1b2c3d40000000000000000"}}"#;

/// Both are connected, and the second one may restart the service.
pub fn both(mode: Mode) -> Bench {
    let xiaozhi = Xiaozhi::new(XiaozhiSettings { mode, allow_restart: true, ..xiaozhi_settings() }).unwrap();
    let mut bench = Bench::unstarted(vec![Box::new(Linto::new(linto_settings())), Box::new(xiaozhi)], tuning());
    bench.event(Event::Started(Remembered::default()));
    bench.event(Event::MicFlowing);
    let fetch = bench.effects.iter().find_map(|effect| match effect {
        Effect::Fetch(XIAOZHI, id, _) => Some(*id),
        _ => None,
    });
    let answer = Fetched { status: 200, body: CONFIGURATION.into() };
    bench.event(Event::Fetched(XIAOZHI, fetch.expect("the server is asked at the start"), Ok(answer)));
    for server in [LINTO, XIAOZHI] {
        bench.event(Event::Link(server, LinkEvent::Connected));
    }
    bench.event(Event::Link(LINTO, LinkEvent::Subscribed { refused: vec![] }));
    let status = r#"{"connexion":"online","config":{"instance":"0123456789abcdef"}}"#;
    bench.message(LINTO, "blk/fromlinto/raspberry1/status", status);
    bench.pass(Duration::from_secs(3));
    bench
}

pub fn tuning() -> Tuning {
    Tuning { voice_trigger: false, wake_trigger: true, ..super::tuning() }
}

pub fn wake(bench: &mut Bench, server: ServerId) {
    let (at, over) = (Position(160_000), Position(156_000));
    let word = if server == LINTO { "hey_linto" } else { "ni_hao" }.into();
    bench.event(Event::Wake { word, score: 0.9, server: Some(server), at, over, cancelled: false });
}

pub fn xiaozhi(bench: &mut Bench, payload: &str) {
    bench.message(XIAOZHI, "devices/p2p/aa_bb_cc_dd_ee_ff", payload);
}

/// Somebody has said the word, and his sound goes up.
pub fn listening(mode: Mode) -> Bench {
    let mut bench = both(mode);
    wake(&mut bench, XIAOZHI);
    xiaozhi(&mut bench, HELLO);
    bench.event(Event::Channel(XIAOZHI, ChannelEvent::Opened { to: [10, 0, 0, 1].into() }));
    bench
}

/// The server speaks.
pub fn speaking(mode: Mode) -> Bench {
    let mut bench = listening(mode);
    xiaozhi(&mut bench, r#"{"type":"stt","text":"what time is it"}"#);
    xiaozhi(&mut bench, r#"{"type":"tts","state":"start"}"#);
    bench.event(Event::Channel(XIAOZHI, ChannelEvent::Arrived));
    bench
}

pub fn sent(bench: &Bench, server: ServerId) -> String {
    let texts = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Link(to, LinkAsk::Publish(p)) if *to == server => {
            Some(format!("{} {}\n", p.topic, String::from_utf8_lossy(&p.payload)))
        }
        _ => None,
    });
    texts.collect()
}

pub fn plays(bench: &Bench, source: &Source) -> bool {
    bench.effects.iter().any(|effect| matches!(effect, Effect::Play { source: played, .. } if played == source))
}
