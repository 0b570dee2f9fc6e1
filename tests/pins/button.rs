//! From the edges of a pin to what the device does.

use std::time::{Duration, Instant};

use auricle::device::pins::{PinError, PinNotice};
use auricle_core::button::{Edge, SETTLE};

use crate::rig::{Rig, until};

const BUTTON: &str = "[button]\ngpio = 17\n";

/// A daemon whose button is watched.
fn rig() -> Rig {
    let rig = Rig::new(BUTTON);
    until("the button to be watched", || (rig.fake.openings() == 1).then_some(()));
    rig
}

fn muted(rig: &Rig, by: Option<&str>) {
    rig.event("muted", |line| line["event"] == "muted" && line["by"].as_str() == by);
}

#[test]
fn a_press_opens_a_turn_and_the_next_one_ends_it() {
    let rig = rig();
    rig.fake.press();
    rig.state("listening");
    rig.fake.press();
    rig.state("idle");
}

#[test]
fn a_long_press_mutes_while_it_is_still_held() {
    let rig = rig();
    rig.fake.edge(Edge::Pressed, Duration::from_millis(1_900));
    muted(&rig, Some("local"));
    rig.fake.edge(Edge::Released, Duration::ZERO);
    let released = Instant::now();
    until("the contact to settle", || (released.elapsed() > SETTLE * 2).then_some(()));
    rig.fake.edge(Edge::Pressed, Duration::ZERO);
    muted(&rig, None);
}

#[test]
fn a_stuck_button_is_told_until_it_is_let_go() {
    let rig = rig();
    rig.fake.edge(Edge::Pressed, Duration::from_secs(11));
    let cause = rig.told("cause", "ButtonGone");
    assert_eq!(cause["text"], "The button can't be used: GPIO17 is held for more than 10 s.");
    rig.fake.edge(Edge::Released, Duration::ZERO);
    rig.told("cause_cleared", "ButtonGone");
}

#[test]
fn a_pin_that_is_pulled_out_is_told_and_comes_back() {
    let rig = rig();
    let why = "the chip is gone".to_owned();
    rig.fake.notice(PinNotice::Lost(PinError::Broken { what: "GPIO17".into(), why }));
    let cause = rig.told("cause", "ButtonGone");
    assert_eq!(cause["text"], "The button can't be used: GPIO17: the chip is gone.");
    rig.told("cause_cleared", "ButtonGone");
    assert_eq!(rig.fake.openings(), 2);
    rig.fake.press();
    rig.state("listening");
}

/// What comes first: that it listens, or that it is muted, which must not be.
fn listens(rig: &Rig) {
    let line = rig.event("listening", |line| line["event"] == "muted" || line["state"] == "listening");
    assert_eq!(line["event"], "state", "{line}");
}

#[test]
fn a_press_that_is_over_never_mutes_however_late_we_are() {
    let rig = rig();
    rig.fake.unseen(Edge::Released, Duration::from_millis(2_200));
    rig.fake.notice(PinNotice::Edge { at: ago(2_500), edge: Edge::Pressed });
    listens(&rig);
}

#[test]
fn a_bounce_that_waits_with_the_system_is_part_of_the_press() {
    let rig = rig();
    rig.fake.unseen(Edge::Released, Duration::from_millis(194));
    rig.fake.unseen(Edge::Pressed, Duration::from_millis(188));
    rig.fake.unseen(Edge::Released, Duration::from_millis(50));
    rig.fake.notice(PinNotice::Edge { at: ago(200), edge: Edge::Pressed });
    listens(&rig);
    rig.fake.press();
    rig.state("idle");
}

#[test]
fn a_lost_change_is_told_and_mutes_nothing() {
    let rig = rig();
    rig.fake.notice(PinNotice::Edge { at: ago(500), edge: Edge::Pressed });
    rig.fake.notice(PinNotice::Missed(3));
    let drop = rig.event("a drop", |line| line["event"] == "drop" && line["what"] == "button");
    assert_eq!(drop["detail"], "GPIO17 changed faster than it was read");
    rig.fake.press();
    listens(&rig);
}

fn ago(millis: u64) -> Instant {
    Instant::now().checked_sub(Duration::from_millis(millis)).unwrap()
}
