//! Mute wins: setup does not open a microphone that somebody muted.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use auricle::config::Settings;
use auricle::net::mqtt::Address;
use auricle::net::mqtt::trial::{Account, Verdict};
use auricle::setup::{self, Answers, Plan, Present, Service, ThisMachine, World};
use auricle::sound::inventory::{Condition, Inventory};
use auricle::sound::{Level, Measured, SoundError};
use auricle_core::audio::convert::Channel;

use crate::place::{Place, err};
use crate::pulse::Pulse;
use crate::script::Person;

/// This machine's mute, and a record of what was tried.
#[derive(Default)]
struct Tried(RefCell<Vec<&'static str>>);

impl World for Tried {
    fn login(&self, _: &Address, _: &Account) -> Verdict {
        Verdict::Welcome
    }
    fn muted(&self, settings: &Settings) -> Option<String> {
        ThisMachine::default().muted(settings)
    }
    fn inventory(&self, closed: Option<&str>) -> Inventory {
        self.0.borrow_mut().push(if closed.is_some() { "list" } else { "open microphones" });
        Inventory::with_microphones(Some("a test"))
    }
    fn play(&self, device: &str, _: u8) -> Result<String, SoundError> {
        self.0.borrow_mut().push("play");
        Ok(device.to_owned())
    }
    fn measure(&self, device: &str, _: Duration, _: Channel, _: &mut dyn FnMut(Level)) -> Result<Measured, SoundError> {
        self.0.borrow_mut().push("measure");
        Err(SoundError::Busy { device: device.to_owned(), holder: None })
    }
}

/// Settings whose state folder has this state.
fn place(state: &str) -> Place {
    let place = Place::empty();
    let at = place.path("").display().to_string();
    let text = format!(
        "[linto]\nbroker = \"mqtts://h\"\n[device]\nstate_dir = \"{at}\"\n[control]\nsocket = \"{at}/socket\"\n"
    );
    fs::write(place.file(), text).unwrap();
    fs::write(place.path("state.json"), state).unwrap();
    place
}

#[test]
fn a_muted_microphone_is_not_opened_and_setup_goes_on() {
    let _pulse = Pulse::start();
    for (state, told, tried) in [
        ("{\"muted\": \"button\"}", "not tried: the microphone is muted", &["list", "list", "play"][..]),
        ("{broken", "not tried: nobody knows whether", &["list", "list", "play"]),
        ("{}", "not tried: `testmic` is in use", &["open microphones", "measure", "list", "play"]),
    ] {
        let (place, world) = (place(state), Tried::default());
        let mut person = Person::with(&["", "-", "-", "testmic", "testspk", "y"]);
        let plan = Plan { present: Present::read(&place.file()).unwrap(), wants: Answers::default(), tests: true };
        setup::ask(plan, &mut person, &world, Service::with(None)).unwrap();
        assert!(person.heard(told), "{state}: {:#?}", person.told);
        assert_eq!(*world.0.borrow(), tried, "{state}");
        assert_eq!(place.settings().audio.capture.name(), "testmic");
    }
}

#[test]
fn a_muted_service_is_not_stopped_for_the_microphone() {
    let place = place("{\"muted\": \"control\"}");
    let (systemctl, log) = (place.path("systemctl"), place.path("log"));
    let script = format!("#!/bin/sh\necho $1 >> {}\n[ $1 != is-active ] || echo active\n", log.display());
    fs::write(&systemctl, script).unwrap();
    fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
    // The person leaves at the loudspeaker.
    let mut person = Person::with(&["", "-", "-", "testmic"]);
    let plan = Plan { present: Present::read(&place.file()).unwrap(), wants: Answers::default(), tests: true };
    let world = Tried::default();
    let service = Service::with(Some(systemctl.into()));
    assert!(setup::ask(plan, &mut person, &world, service).is_err());
    let at = |words: &str| person.told.iter().position(|line| line.contains(words)).unwrap();
    assert!(at("is stopped for this") > at("5/5"), "{:#?}", person.told);
    assert_eq!(fs::read_to_string(&log).unwrap(), "is-active\nstop\nstart\n");
}

#[test]
fn without_questions_it_is_a_warning() {
    let pulse = Pulse::start();
    let place = place("{\"muted\": \"button\"}");
    let broker = crate::broker::Broker::start();
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    // A name that can't be opened would fail the test.
    let words = ["--yes", "--server", &url, "--capture", "hw:CARD=nowhere", "--playback", "testspk"];
    let output = place.run(&pulse, &words);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("warning: not tried: the microphone is muted"), "{}", err(&output));
}

#[test]
fn a_look_around_opens_no_microphone_while_it_is_muted() {
    let seen = Inventory::with_microphones(Some("it is muted"));
    let is_open = |condition: &Condition| matches!(condition, Condition::Free(_));
    assert!(!seen.capture.iter().any(|device| is_open(&device.condition)), "{:?}", seen.capture);
}
