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
