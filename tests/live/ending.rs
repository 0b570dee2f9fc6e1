//! The daemon is told to end at a bad moment.

use std::time::Duration;

use crate::stage::Stage;
use crate::words;

/// The service manager's patience is longer, the person's is not.
const AT_ONCE: Duration = Duration::from_secs(2);

#[test]
fn while_it_speaks_and_the_broker_is_frozen() {
    let mut stage = Stage::new();
    stage
        .flow
        .command("say", r#"{"value":"This is a text that takes a while to be said, and that nobody hears out."}"#);
    stage.daemon.wait_state("speaking");
    stage.broker.freeze();
    let (ended, took) = stage.daemon.terminate();
    assert!(ended.success() && took < AT_ONCE, "{ended} after {took:?}");
    assert!(!stage.daemon.socket().exists(), "the control socket is removed");
    stage.broker.thaw();
}

#[test]
fn while_somebody_speaks() {
    let mut stage = Stage::new();
    let speaking = stage.person_begins(&words::question());
    stage.daemon.wait_event("speech_start", |_| true, crate::broker::SOON);
    let (ended, took) = stage.daemon.terminate();
    assert!(ended.success() && took < AT_ONCE, "{ended} after {took:?}");
    speaking.finish();
    stage.flow.probe.wait_for(|seen| seen.text().contains("offline"), crate::broker::SOON);
    stage.flow.fence();
    assert_eq!(stage.flow.requests(), [""; 0]);
}

#[test]
fn while_the_sound_server_is_frozen() {
    let mut stage = Stage::new();
    stage.pulse.freeze();
    stage.daemon.wait_cause("MicGone");
    let (ended, took) = stage.daemon.terminate();
    assert!(ended.success() && took < AT_ONCE, "{ended} after {took:?}");
}
