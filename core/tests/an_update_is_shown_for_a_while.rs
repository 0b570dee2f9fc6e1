//! An update that was announced is shown until the restart, or until it must have failed.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::event::{Effect, Event};
use support::{Bench, linto_settings, tuning};

fn shown(bench: &Bench) -> Vec<bool> {
    let scene = |effect: &Effect| if let Effect::Show(scene) = effect { Some(scene.updating) } else { None };
    let mut all: Vec<_> = bench.effects.iter().filter_map(scene).collect();
    all.dedup();
    all
}

#[test]
fn it_ends_after_ten_minutes() {
    let mut bench = Bench::linto(linto_settings(), tuning());
    bench.event(Event::Updating);
    assert_eq!(shown(&bench).last(), Some(&true));
    assert!(bench.assistant.deadline().is_some(), "somebody comes back to end it");
    bench.pass(Duration::from_secs(599));
    assert!(bench.assistant.scene().updating);
    bench.pass(Duration::from_secs(2));
    assert!(!bench.assistant.scene().updating);
    assert_eq!(shown(&bench).last(), Some(&false));
}
