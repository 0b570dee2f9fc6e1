//! The volume control of a card, on ALSA's simple mixer over PulseAudio.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use auricle::sound::mixer::{Mixer, MixerControl, MixerError};

use crate::pulse::{Pulse, until};

const SOON: Duration = Duration::from_secs(10);

fn control(pulse: &Pulse, name: &str) -> MixerControl {
    MixerControl::new(&pulse.control(name)).unwrap()
}

fn start(pulse: &Pulse) -> (Mixer, Receiver<Result<u8, MixerError>>) {
    let (notices, received) = channel();
    let notify = move |notice| drop(notices.send(notice));
    (Mixer::start(control(pulse, "Master"), Box::new(notify)).unwrap(), received)
}

/// Orders go out and nobody waits.
fn at_once(what: impl FnOnce()) {
    let start = Instant::now();
    what();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn percent_reach_all_channels_of_the_card_and_are_read_back() {
    let pulse = Pulse::start();
    let master = control(&pulse, "Master");
    for percent in [35, 0, 100, 1, 0, 100] {
        master.set(percent).unwrap();
        until("the card has it", || pulse.volume() == (vec![percent.into(); 2], percent == 0));
        assert_eq!(master.get().unwrap(), percent);
    }
}

#[test]
fn a_card_that_was_muted_elsewhere_is_at_zero_until_it_is_set() {
    let pulse = Pulse::start();
    let master = control(&pulse, "Master");
    master.set(60).unwrap();
    pulse.mute(true);
    until("it is seen", || master.get().unwrap() == 0);
    master.set(60).unwrap();
    until("it is heard again", || pulse.volume() == (vec![60, 60], false));
}

#[test]
fn a_control_that_is_not_there_names_those_that_are() {
    let pulse = Pulse::start();
    // The microphone's, `Capture`, is none for playback.
    for name in ["Speaker", "Capture", "Master,1", "master"] {
        let error = control(&pulse, name).set(50).unwrap_err();
        assert!(matches!(&error, MixerError::NoControl { have, .. } if have == &["Master"]), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&format!("`{name}`")) && text.contains("it has: Master; set"), "{text}");
        assert_eq!(control(&pulse, name).get().unwrap_err(), error);
    }
}

#[test]
fn a_card_that_is_not_there_is_named() {
    let pulse = Pulse::start();
    for (name, card) in [("Headset/PCM", "Headset"), ("hw:31/Master", "hw:31")] {
        let error = MixerControl::new(name).unwrap().set(50).unwrap_err();
        assert!(matches!(&error, MixerError::NoCard { card: named, .. } if named == card), "{error:?}");
        assert!(error.to_string().contains(card) && error.to_string().contains("`aplay -l`"), "{error}");
    }
    let gone = control(&pulse, "Master");
    drop(pulse);
    assert!(matches!(gone.get().unwrap_err(), MixerError::NoCard { .. }), "a server that has ended");
    assert!(matches!(MixerControl::new("Master").unwrap_err(), MixerError::BadName { .. }));
}

#[test]
fn a_sliders_storm_ends_at_its_last_value_with_few_calls() {
    let pulse = Pulse::start();
    let (mixer, notices) = start(&pulse);
    at_once(|| (0..1000).for_each(|step| mixer.set((step % 90) as u8)));
    at_once(|| mixer.set(42));
    // The question does not undo the order.
    mixer.ask();
    until("the last one is carried out", || notices.recv_timeout(SOON).unwrap().unwrap() == 42);
    assert_eq!(pulse.volume(), (vec![42, 42], false));
    let (done, replaced) = (mixer.counters().done.load(Relaxed), mixer.counters().replaced.load(Relaxed));
    assert!(done <= 50, "{done} calls");
    assert!((1001..=1002).contains(&(done + replaced)), "{done} calls, {replaced} replaced");
}

#[test]
fn a_question_is_answered() {
    let pulse = Pulse::start();
    let (mixer, notices) = start(&pulse);
    mixer.set(255);
    assert_eq!(notices.recv_timeout(SOON).unwrap(), Ok(100));
    control(&pulse, "Master").set(30).unwrap();
    mixer.ask();
    assert_eq!(notices.recv_timeout(SOON).unwrap(), Ok(30));
}

#[test]
fn a_frozen_server_holds_nobody_up_and_gets_the_last_order_when_it_thaws() {
    let pulse = Pulse::start();
    let (mixer, notices) = start(&pulse);
    mixer.set(10);
    assert_eq!(notices.recv_timeout(SOON).unwrap(), Ok(10));
    assert_eq!(mixer.stuck(), None);
    pulse.freeze();
    at_once(|| (20..80).for_each(|percent| mixer.set(percent)));
    until("it is told", || mixer.stuck().is_some());
    let told = mixer.stuck().unwrap().to_string();
    assert!(told.contains("testpulse") && told.contains("restart the sound server"), "{told}");
    at_once(|| mixer.set(80));
    pulse.thaw();
    until("the last one is carried out", || notices.recv_timeout(SOON).unwrap() == Ok(80));
    assert_eq!((mixer.stuck(), pulse.volume()), (None, (vec![80, 80], false)));
}

#[test]
fn a_handle_of_a_frozen_server_is_dropped_at_once() {
    let pulse = Pulse::start();
    let (mixer, notices) = start(&pulse);
    pulse.freeze();
    mixer.set(10);
    until("it hangs", || mixer.stuck().is_some());
    at_once(|| drop(mixer));
    pulse.thaw();
    // The thread ends: it is the last to hold the other end.
    until("the thread ends", || matches!(notices.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected)));
}

#[test]
fn the_last_order_of_a_dropped_handle_is_carried_out() {
    let pulse = Pulse::start();
    let (mixer, _notices) = start(&pulse);
    mixer.set(77);
    drop(mixer);
    until("it is", || pulse.volume() == (vec![77, 77], false));
}

#[test]
fn a_card_that_comes_back_obeys_again() {
    let pulse = Pulse::start();
    let plug = pulse.folder().join("plug.sock");
    let (notices, received) = channel();
    let name = format!("testpulse:SERVER=unix:{}/Master", plug.display());
    let notify = move |notice| drop(notices.send(notice));
    let mixer = Mixer::start(MixerControl::new(&name).unwrap(), Box::new(notify)).unwrap();
    for percent in [20, 40] {
        mixer.set(percent);
        let error = received.recv_timeout(SOON).unwrap().unwrap_err();
        assert!(matches!(&error, MixerError::NoCard { .. }), "{error:?}");
        std::os::unix::fs::symlink(pulse.folder().join("pulse.sock"), &plug).unwrap();
        mixer.set(percent);
        assert_eq!(received.recv_timeout(SOON).unwrap(), Ok(percent));
        until("the card has it", || pulse.volume() == (vec![percent.into(); 2], false));
        std::fs::remove_file(&plug).unwrap();
    }
}
