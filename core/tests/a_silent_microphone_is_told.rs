//! A microphone that is open and hears nothing is a cause, and keeps nothing else from working.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Event};
use support::{Bench, linto_settings, tuning};

fn silent() -> Event {
    Event::MicSilent(Some(Cause::MicSilent { detail: "`mic` delivers only zeros".into() }))
}

fn codes(bench: &Bench) -> Vec<&'static str> {
    bench.assistant.causes().map(|(_, cause)| cause.code()).filter(|code| code.starts_with("Mic")).collect()
}

#[test]
fn it_is_told_until_it_hears_and_the_device_is_deaf_meanwhile() {
    let mut bench = Bench::linto(linto_settings(), tuning());
    bench.event(silent());
    assert_eq!((codes(&bench), bench.assistant.is_deaf()), (vec!["MicSilent"], true));
    bench.event(Event::MicSilent(None));
    assert_eq!((codes(&bench), bench.assistant.is_deaf()), (vec![], false));
}

#[test]
fn muted_lost_or_opened_again_it_says_nothing_any_more() {
    for end in
        [Event::Mute(By::Local), Event::MicLost(Cause::MicGone { detail: "unplugged".into() }), Event::MicFlowing]
    {
        let mut bench = Bench::linto(linto_settings(), tuning());
        bench.event(silent());
        bench.event(end);
        assert!(!codes(&bench).contains(&"MicSilent"));
    }
    let mut bench = Bench::linto(linto_settings(), tuning());
    bench.event(Event::Mute(By::Local));
    bench.event(silent());
    assert_eq!(codes(&bench), Vec::<&str>::new(), "what comes late from a microphone that is closed is nothing");
}
