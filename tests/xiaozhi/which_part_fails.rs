//! Configuration, gateway, chat server, sound: which of them it is that fails, in `auricle status` and `auricle doctor`.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::stage::{Stage, saying};
use crate::xiaozhi::Rules;
use crate::xiaozhi::weather::Weather;

/// What doctor says about one part of the way.
fn doctor(stage: &Stage, check: &str, options: &[&str]) -> (String, String) {
    let words = [&["doctor", "--json"], options].concat();
    let told = stage.daemon.run_cli(&words).stdout;
    let told: Vec<Value> = serde_json::from_slice(&told).unwrap();
    let finding = told.iter().find(|finding| finding["check"] == check).unwrap();
    (finding["verdict"].as_str().unwrap().to_owned(), finding["seen"].as_str().unwrap().to_owned())
}

fn ask(stage: &Stage) -> String {
    let told = stage.daemon.run_cli(&["ask", "What time is it?"]);
    String::from_utf8([told.stdout, told.stderr].concat()).unwrap()
}

#[test]
fn sound_that_does_not_come_back_is_told_with_its_port_until_it_does() {
    let swallowed = Weather { loss: 1.0, ..Weather::default() };
    let stage = Stage::new(Rules { down: swallowed, ..saying("It is noon.") });
    assert_eq!(doctor(&stage, "udp", &[]).0, "skipped");
    ask(&stage);
    let status = stage.daemon.wait_status("the cause", |status| status["causes"][0]["code"] == "NoSound");
    let counters = &status["counters"];
    assert_eq!(counters["xiaozhi_last_received"], 0, "{status}");
    assert!(counters["xiaozhi_last_sent"].as_u64() >= Some(1), "{status}");
    let text = status["causes"][0]["text"].as_str().unwrap();
    let to = &text[text.find("127.0.0.1:").unwrap()..];
    let to = &to[..to.find(|c: char| !c.is_ascii_digit() && !".:".contains(c)).unwrap()];
    let (verdict, seen) = doctor(&stage, "udp", &[]);
    assert!(verdict == "fault" && seen.contains(to), "{seen}");
    assert_eq!(doctor(&stage, "gateway", &[]).0, "ok");

    stage.daemon.wait_state("degraded");
    stage.server.change(|rules| rules.down = Weather::default());
    let (verdict, seen) = doctor(&stage, "udp", &["--talk"]);
    assert!(verdict == "ok" && seen.contains("comes back"), "{seen}");
    stage.daemon.wait_status("no cause", |status| status["causes"] == serde_json::json!([]));
}

#[test]
fn a_chat_server_that_is_down_is_told_at_once_and_until_it_is_up() {
    let stage = Stage::new(Rules { chat_up: false, ..saying("It is noon.") });
    for _ in 0..2 {
        let start = Instant::now();
        let told = ask(&stage);
        assert!(told.contains("status") || told.contains("chat server"), "{told}");
        // An answer would be waited for for 15 s.
        assert!(start.elapsed() < Duration::from_secs(8), "after {:?}", start.elapsed());
    }
    let (verdict, seen) = doctor(&stage, "gateway", &[]);
    assert!(verdict == "fault" && seen.contains("opens no conversation"), "{seen}");
    stage.server.change(|rules| rules.chat_up = true);
    assert!(ask(&stage).contains("It is noon."));
    assert_eq!(stage.daemon.status()["causes"], serde_json::json!([]));
}
