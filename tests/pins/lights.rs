//! The lights follow what the device does, at once, and are dark when it ends.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auricle::control::Action;
use auricle::device::pins::lights;

use crate::rig::{Fake, Rig, build, runtime, until};

const STRIP: &str = "[leds]\nkind = \"apa102\"\ncount = 4\n[button]\ngpio = 17\n";
const LAMP: &str = "[leds]\nkind = \"gpio\"\ngpio = 25\npower = 13\n";

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const DARK: [u8; 3] = [0, 0, 0];

#[test]
fn a_change_is_seen_within_50_ms() {
    let rig = Rig::new(STRIP);
    let mut delays = Vec::new();
    for turn in 0..11 {
        let (action, colour) = if turn % 2 == 0 { (Action::Mute, RED) } else { (Action::Unmute, DARK) };
        let before = Instant::now();
        rig.act(action);
        delays.push(rig.shows(colour) - before);
    }
    // A machine that others share may stand still now and then, but not half of the time.
    delays.sort_unstable();
    assert!(delays[5] < Duration::from_millis(50), "{delays:?}");
}

#[test]
fn listening_is_blue_and_idle_is_dark() {
    let rig = Rig::new(STRIP);
    rig.shows(DARK);
    rig.fake.press();
    rig.shows(BLUE);
    rig.fake.press();
    rig.shows(DARK);
}

#[test]
fn an_update_is_shown_and_a_closed_microphone_before_it() {
    const WHITE: [u8; 3] = [255, 255, 255];
    let rig = Rig::new(STRIP);
    rig.act(Action::Updating);
    until("white that goes around", || {
        let story = rig.fake.story.lock().unwrap();
        story.frames.iter().any(|(_, frame)| frame[5..8] == WHITE).then_some(())
    });
    rig.act(Action::Mute);
    rig.shows(RED);
}

#[test]
fn lights_that_a_killed_daemon_left_on_become_dark() {
    let want = |settings: &str| {
        let loaded = auricle::config::parse_str(settings, std::iter::empty()).unwrap();
        loaded.settings.leds.want().unwrap()
    };
    let fake = Fake::default();
    lights::darken(&fake, &want(STRIP)).unwrap();
    assert_eq!(fake.shown().map(|(_, colour)| colour), Some(DARK));
    assert_eq!(fake.story.lock().unwrap().frames.len(), 1, "dark at once, and nothing before it");

    let fake = Fake::default();
    lights::darken(&fake, &want(LAMP)).unwrap();
    let let_go = |gpio| (vec![gpio], Vec::new());
    assert_eq!(fake.story.lock().unwrap().outputs, [(vec![13], vec![true]), let_go(25), let_go(13)]);
}

#[test]
fn without_a_server_it_shows_that_it_connects() {
    let rig = Rig::with(STRIP, Fake::default(), false);
    until("white that moves", || {
        let story = rig.fake.story.lock().unwrap();
        let mut whites: Vec<u8> = story.frames.iter().map(|(_, frame)| frame[5]).filter(|level| *level > 0).collect();
        assert!(story.frames.iter().all(|(_, frame)| frame[5] == frame[6] && frame[6] == frame[7]), "only white");
        whites.dedup();
        (whites.len() > 5).then_some(())
    });
}

#[test]
fn a_picture_that_stands_still_sends_nothing() {
    let rig = Rig::new(STRIP);
    rig.act(Action::Mute);
    rig.shows(RED);
    let frames = || rig.fake.story.lock().unwrap().frames.len();
    let before = frames();
    // Something that takes a while and does not touch the lights.
    let start = Instant::now();
    until("half a second", || (start.elapsed() > Duration::from_millis(500)).then_some(()));
    assert_eq!(frames(), before);
}

#[test]
fn a_strip_is_dark_after_the_end() {
    let mut rig = Rig::new(STRIP);
    rig.act(Action::Mute);
    rig.shows(RED);
    rig.stop();
    let story = rig.fake.story.lock().unwrap();
    let (_, last) = story.frames.last().unwrap();
    assert_eq!(last[4..20], [0xEA, 0, 0, 0].repeat(4), "30 percent of brightness and no colour");
}

#[test]
fn a_lamp_blinks_and_is_let_go_before_its_power() {
    let mut rig = Rig::new(LAMP);
    rig.act(Action::Mute);
    let set = |gpio: u8, on: bool| {
        let story = rig.fake.story.lock().unwrap();
        story.outputs.iter().filter(|(lines, levels)| *lines == [gpio] && *levels == [on]).count()
    };
    until("the slow blink of a muted lamp", || (set(25, true) >= 2 && set(25, false) >= 1).then_some(()));
    assert_eq!(set(13, true), 1, "it has power");
    rig.stop();
    let story = rig.fake.story.lock().unwrap();
    let released: Vec<&Vec<u8>> =
        story.outputs.iter().filter(|(_, levels)| levels.is_empty()).map(|(lines, _)| lines).collect();
    assert_eq!(released, [&vec![25], &vec![13]]);
}

#[test]
fn a_strip_that_fails_is_told_and_comes_back() {
    let rig = Rig::new(STRIP);
    rig.shows(DARK);
    rig.fake.broken.store(true, SeqCst);
    rig.act(Action::Mute);
    let cause = rig.told("cause", "LightsGone");
    assert_eq!(cause["text"], "The lights can't be used: this machine has no GPIO pins.");
    rig.fake.broken.store(false, SeqCst);
    rig.told("cause_cleared", "LightsGone");
    rig.shows(RED);
}

#[test]
fn lights_that_open_and_fail_at_once_are_tried_ever_more_seldom_and_told_once() {
    let fake = Fake::default();
    fake.fails.store(true, SeqCst);
    let rig = Rig::with(STRIP, fake, true);
    rig.told("cause", "LightsGone");
    let buses = until("three tries", || {
        let story = rig.fake.story.lock().unwrap();
        (story.buses.len() >= 3).then(|| story.buses.clone())
    });
    assert!(buses[2] - buses[1] > Duration::from_millis(1_900), "{buses:?}");
    rig.fake.fails.store(false, SeqCst);
    let next = rig.event("its end", |line| line["code"] == "LightsGone");
    assert_eq!(next["event"], "cause_cleared");
    assert!(!rig.fake.story.lock().unwrap().frames.is_empty(), "not before a frame was shown");
}

#[test]
fn a_lamp_that_fails_while_it_is_opened_stays_told() {
    let fake = Fake::default();
    fake.fails.store(true, SeqCst);
    let rig = Rig::with("[leds]\nkind = \"gpio\"\ngpio = 25\n", fake, true);
    rig.told("cause", "LightsGone");
    let closed = || rig.fake.story.lock().unwrap().outputs.iter().filter(|(_, levels)| levels.is_empty()).count();
    until("a second failure", || (closed() >= 2).then_some(()));
    rig.act(Action::Mute);
    let next = rig.event("a mark", |line| line["code"] == "LightsGone" || line["event"] == "muted");
    assert_eq!(next["event"], "muted", "{next}");
}

#[test]
fn without_pins_it_is_told_and_the_rest_works() {
    let fake = Fake::default();
    fake.broken.store(true, SeqCst);
    let rig = Rig::with(STRIP, fake, true);
    rig.told("cause", "LightsGone");
    let cause = rig.told("cause", "ButtonGone");
    assert!(cause["remedy"].as_str().unwrap().contains("remove [button] and [leds]"), "{cause}");
    rig.act(Action::Mute);
    rig.event("muted", |line| line["event"] == "muted" && line["by"] == "local");
}

/// The variable that makes this test the daemon of itself; it names a folder.
const DAEMON: &str = "PINS_TEST_DAEMON";

#[test]
fn sigterm_leaves_it_dark() {
    if let Ok(folder) = std::env::var(DAEMON) {
        let folder = std::path::PathBuf::from(folder);
        let file = Some(Arc::new(Mutex::new(std::fs::File::create(folder.join("frames")).unwrap())));
        let fake = Fake { file, ..Fake::default() };
        // Never connected: it breathes.
        return runtime().block_on(async { build(STRIP, &folder, &fake, false).run().await });
    }
    let folder = tempfile::tempdir().unwrap();
    let mut itself = std::process::Command::new(std::env::current_exe().unwrap());
    itself.args(["--exact", "lights::sigterm_leaves_it_dark"]).env(DAEMON, folder.path());
    let mut child = itself.stdout(std::process::Stdio::null()).spawn().unwrap();
    let frames = || std::fs::read_to_string(folder.path().join("frames")).unwrap_or_default();
    until("light", || frames().lines().any(|line| !line.contains("ea000000")).then_some(()));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().try_into().unwrap()), nix::sys::signal::SIGTERM)
        .unwrap();
    let ended = until("its end", || child.try_wait().unwrap());
    assert!(ended.success(), "{ended}");
    assert_eq!(frames().lines().last().unwrap()[8..40], "ea000000".repeat(4));
}
