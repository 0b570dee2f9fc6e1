//! The five questions, answered from a list; brokers and cards are real.

use std::cell::Cell;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use auricle::config::Settings;
use auricle::net::mqtt::Address;
use auricle::net::mqtt::trial::{Account, Verdict};
use auricle::setup::{self, Answers, Plan, Present, Service, SetupError, World};
use auricle::sound::inventory::{Condition, Device, Inventory};
use auricle::sound::{CardName, Direction, Level, Measured, SoundError};
use auricle_core::audio::convert::Channel;

use crate::broker::Broker;
use crate::place::Place;
use crate::pulse::Pulse;
use crate::script::Person;
use crate::speech;

#[test]
fn five_answers_make_settings_and_each_is_tried_at_once() {
    let pulse = Pulse::start();
    let broker = Broker::start_with_users(&[("linto", "tales")], "");
    let (place, host) = (Place::empty(), format!("127.0.0.1:{}", broker.port()));
    let recording = pulse.record();
    let (mic, speaker) = (pulse.mic(), pulse.speaker());
    // Without `mqtts://`: encryption is tried first, and not given up without asking.
    let answers = [&host, "y", "linto", "tales", "My device app", &mic, &speaker, "y"];
    let mut person = Person::speaking(&pulse, &answers);
    person.set_up(&place, true).unwrap_or_else(|error| panic!("{error}\n{:#?}", person.told));
    for words in [
        "1/5  The server",
        "Without encryption everybody on the way can read the password",
        "ok: a broker answers, not encrypted",
        "ok: the broker lets this device in",
        "Requests go to the scope app",
        "ok: heard you at",
        "Say \"Okay Nabu\" to talk to it",
        "Attach the application `My device app`",
    ] {
        assert!(person.heard(words), "{words}: {:#?}", person.told);
    }
    assert!(!person.told.iter().any(|line| line.contains("tales") && !line.starts_with("> ")), "{:#?}", person.told);
    let bars = person.told.iter().filter(|line| line.contains("dBFS") && line.contains('[')).count();
    assert_eq!(bars, 8, "{:#?}", person.told);
    let chimes = auricle::sound::probe::test_sound(48_000);
    let found = speech::find(&chimes, &recording.finish());
    assert!(found.score > 0.99, "{found:?}");

    let settings = place.settings();
    let server = &settings.linto[0];
    assert_eq!(server.broker.to_string(), format!("mqtt://{host}"));
    assert_eq!((server.username.as_deref(), server.application.as_deref()), (Some("linto"), Some("My device app")));
    assert_eq!(server.password.as_ref().unwrap().expose(), "tales");
    assert_eq!((settings.audio.capture.name(), settings.audio.playback.name()), (mic.as_str(), speaker.as_str()));
    assert_eq!(settings.listen.triggers.len(), 2);
    assert!(!place.text().contains("tales"));
}

#[test]
fn a_wrong_password_is_told_and_can_be_changed() {
    let broker = Broker::start_with_users(&[("linto", "tales")], "");
    let (place, url) = (Place::empty(), format!("mqtt://127.0.0.1:{}", broker.port()));
    let mut person = Person::with(&[&url, "linto", "wrong", "c", "linto", "tales"]);
    assert!(matches!(person.set_up(&place, true), Err(SetupError::Ended)));
    assert!(person.heard("FAILED: ") && person.heard("(login as `linto`)"), "{:#?}", person.told);
    assert!(person.heard("ok: the broker lets this device in"), "{:#?}", person.told);
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn a_server_with_an_authority_of_its_own_is_trusted_by_its_certificate() {
    let broker = Broker::start_tls();
    let (place, host) = (Place::empty(), format!("localhost:{}", broker.port()));
    let ca_file = broker.ca_file().display().to_string();
    let mut person = Person::with(&[&host, &ca_file, "-", "-"]);
    assert!(matches!(person.set_up(&place, true), Err(SetupError::Ended)));
    assert!(person.heard("is not trusted") && person.heard("ok: a broker answers, encrypted"), "{:#?}", person.told);
    assert!(person.heard("ok: the broker lets this device in"), "{:#?}", person.told);
    // The same without tests up to the end: the answer is written.
    let mut person = Person::with(&[&format!("mqtts://{host}"), "-", "-", "auto", "auto"]);
    person.set_up(&place, false).unwrap();
    assert_eq!(place.settings().linto[0].broker.to_string(), format!("mqtts://{host}"));
}

#[test]
fn who_does_not_agree_to_go_unencrypted_is_asked_again() {
    let broker = Broker::start();
    let host = format!("127.0.0.1:{}", broker.port());
    let mut person = Person::with(&[&host, "n", "c", "mqtt://h:0", "nonsense here", &format!("mqtt://{host}")]);
    assert!(matches!(person.set_up(&Place::empty(), true), Err(SetupError::Ended)));
    assert!(person.heard("its port must be 1 to 65535"), "{:#?}", person.told);
    assert!(person.heard("2/5  The account"), "{:#?}", person.told);
}

#[test]
fn what_fails_can_be_left_as_it_is() {
    let pulse = Pulse::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("mqtt://127.0.0.1:{closed}");
    let (place, mic, speaker) = (Place::empty(), pulse.mic(), pulse.speaker());
    // Nobody speaks, and nobody hears anything.
    let mut person = Person::with(&[&url, "a", "g", "-", "g", "-", &mic, "g", &speaker, "n", "g"]);
    person.set_up(&place, true).unwrap_or_else(|error| panic!("{error}\n{:#?}", person.told));
    assert!(person.heard("nothing listens on") && person.heard("nothing but zeros"), "{:#?}", person.told);
    assert!(person.heard("nothing was heard"), "{:#?}", person.told);
    let settings = place.settings();
    assert_eq!(settings.linto[0].broker.to_string(), url);
    assert_eq!((settings.linto[0].username.as_deref(), settings.linto[0].application.as_deref()), (None, None));
}

#[test]
fn present_settings_are_proposed_and_enter_keeps_them() {
    let place = Place::with(
        "[[linto]]\nname = \"home\"\nbroker = \"mqtts://h:1\"\nusername = \"me\"\npassword = \"old\" # mine\n\
         application = \"A\"\n[[linto]]\nname = \"other\"\nbroker = \"mqtt://o\"\n\n[audio]\ncapture = \"hw:CARD=a\"\nplayback = \"hw:CARD=b\"\n\
         [listen]\ntriggers = []\n",
    );
    let before = place.text();
    let mut person = Person::with(&[""; 6]);
    person.set_up(&place, false).unwrap_or_else(|error| panic!("{error}\n{:#?}", person.told));
    assert_eq!(place.text(), before);
    assert!(person.heard("stays as it is") && person.heard("The settings have 2 servers"), "{:#?}", person.told);
    assert!(person.heard("[mqtts://h:1]") && person.heard("[hw:CARD=a]"), "{:#?}", person.told);
    assert_eq!(place.files(), ["auricle.toml"]);
}

#[test]
fn a_new_password_leaves_the_settings_file_for_one_of_its_own() {
    let place = Place::with(
        "# mine\n[linto]\nbroker = \"mqtts://h\" # there\nusername = \"me\"\npassword = \"old\" # in the clear\n",
    );
    let mut person = Person::with(&["", "", "new", "-", "auto", "auto"]);
    person.set_up(&place, false).unwrap();
    let text = place.text();
    assert!(text.contains("password = \"\" # in the clear") && text.contains("\"mqtts://h\" # there"), "{text}");
    // What is the default anyway is not written down.
    assert!(!text.contains("application") && !text.contains("[audio]"), "{text}");
    assert!(text.starts_with("# mine\n") && !text.contains("\"old\"") && !text.contains("new"), "{text}");
    assert_eq!(place.settings().linto[0].password.as_ref().unwrap().expose(), "new");
    assert_eq!(place.files(), ["auricle.toml", "auricle.toml.bak", "linto.password"]);
}

#[test]
fn the_password_of_another_account_is_not_kept() {
    for old in ["password = \"old\"", "password_file = \"FILE\""] {
        let place = Place::empty();
        let file = place.path("other.password");
        fs::write(&file, "old\n").unwrap();
        let old = old.replace("FILE", &file.display().to_string());
        fs::write(place.file(), format!("[linto]\nbroker = \"mqtts://h\"\nusername = \"me\"\n{old}\n")).unwrap();
        assert_eq!(place.settings().linto[0].password.as_ref().unwrap().expose(), "old");
        let mut person = Person::with(&["", "you", "", "-", "auto", "auto"]);
        person.set_up(&place, false).unwrap_or_else(|error| panic!("{error}\n{:#?}", person.told));
        assert!(person.heard("`you` logs in without a password"), "{:#?}", person.told);
        let server = &place.settings().linto[0];
        assert_eq!((server.username.as_deref(), server.password.is_none()), (Some("you"), true), "{}", place.text());
        // The file may be somebody else's: it stays.
        assert_eq!(fs::read_to_string(&file).unwrap(), "old\n");
    }
}

/// Everything is well, except that somebody else has the cards.
struct BusyCards;

fn busy(device: &str) -> SoundError {
    SoundError::Busy { device: device.to_owned(), holder: Some("auricle (pid 7)".to_owned()) }
}

impl World for BusyCards {
    fn login(&self, _: &Address, _: &Account) -> Verdict {
        Verdict::Welcome
    }
    fn muted(&self, _: &Settings) -> Option<String> {
        None
    }
    fn inventory(&self, closed: Option<&str>) -> Inventory {
        Inventory::with_microphones(closed)
    }
    fn play(&self, device: &str, _: u8) -> Result<String, SoundError> {
        Err(busy(device))
    }
    fn measure(&self, device: &str, _: Duration, _: Channel, _: &mut dyn FnMut(Level)) -> Result<Measured, SoundError> {
        Err(busy(device))
    }
}

#[test]
fn a_card_that_is_in_use_is_not_tried_and_its_holder_is_named() {
    let _pulse = Pulse::start();
    let place = Place::empty();
    let mut person = Person::with(&["mqtts://h", "-", "-", "hw:CARD=a", "hw:CARD=b"]);
    let plan = Plan { present: Present::read(&place.file()).unwrap(), wants: Answers::default(), tests: true };
    setup::ask(plan, &mut person, &BusyCards, Service::with(None)).unwrap();
    assert!(person.heard("not tried: `hw:CARD=a` is in use by auricle (pid 7)"), "{:#?}", person.told);
    assert_eq!(place.settings().audio.capture.name(), "hw:CARD=a");
}

/// A microphone is plugged in while it is asked for one.
#[derive(Default)]
struct LateMicrophone(Cell<usize>);

impl World for LateMicrophone {
    fn login(&self, _: &Address, _: &Account) -> Verdict {
        Verdict::Welcome
    }
    fn muted(&self, _: &Settings) -> Option<String> {
        None
    }
    fn inventory(&self, _: Option<&str>) -> Inventory {
        self.0.set(self.0.get() + 1);
        let missing = || Err(SoundError::NoCard { direction: Direction::Capture });
        let name = CardName { pcm: "late".to_owned(), description: String::new() };
        let device = Device { name, condition: Condition::Named };
        let devices = if self.0.get() > 1 { vec![device] } else { Vec::new() };
        let (capture, playback) = (devices.clone(), devices);
        Inventory { capture, playback, mixers: Vec::new(), auto_capture: missing(), auto_playback: missing() }
    }
    fn play(&self, device: &str, _: u8) -> Result<String, SoundError> {
        Err(busy(device))
    }
    fn measure(&self, device: &str, _: Duration, _: Channel, _: &mut dyn FnMut(Level)) -> Result<Measured, SoundError> {
        Err(busy(device))
    }
}

#[test]
fn where_there_is_no_card_enter_looks_again() {
    let place = Place::empty();
    let mut person = Person::with(&["mqtts://h", "-", "-", "", "1", "1"]);
    let plan = Plan { present: Present::read(&place.file()).unwrap(), wants: Answers::default(), tests: false };
    setup::ask(plan, &mut person, &LateMicrophone::default(), Service::with(None)).unwrap();
    assert!(person.heard("Plug one in and press Enter to look again"), "{:#?}", person.told);
    assert_eq!(place.settings().audio.capture.name(), "late");
}

#[test]
fn the_service_is_stopped_for_the_microphone_and_runs_again_when_the_person_leaves() {
    let _pulse = Pulse::start();
    let place = Place::empty();
    let (systemctl, log) = (place.path("systemctl"), place.path("log"));
    let script = format!("#!/bin/sh\necho $1 >> {}\n[ $1 != is-active ] || echo active\n", log.display());
    fs::write(&systemctl, script).unwrap();
    fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
    let set_up = |answers: &[&str]| {
        let _ = fs::remove_file(&log);
        let plan = Plan { present: Present::read(&place.file()).unwrap(), wants: Answers::default(), tests: true };
        let service = Service::with(Some(systemctl.clone().into()));
        let done = setup::ask(plan, &mut Person::with(answers), &BusyCards, service);
        (done.is_ok(), fs::read_to_string(&log).unwrap_or_default().replace('\n', " "))
    };
    assert_eq!(set_up(&["mqtts://h", "-"]), (false, String::new()));
    assert_eq!(set_up(&["mqtts://h", "-", "-"]), (false, "is-active stop start ".into()));
    let all = ["mqtts://h", "-", "-", "auto", "auto"];
    assert_eq!(set_up(&all), (true, "is-active stop cat enable restart ".into()));
}

#[test]
fn a_service_that_does_not_start_is_an_error_although_the_settings_are_written() {
    let place = Place::empty();
    let systemctl = place.path("systemctl");
    fs::write(&systemctl, "#!/bin/sh\n[ $1 != restart ]\n").unwrap();
    fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
    let plan = Plan { present: Present::read(&place.file()).unwrap(), wants: Answers::default(), tests: false };
    let mut person = Person::with(&["mqtts://h", "-", "-", "auto", "auto"]);
    let done = setup::ask(plan, &mut person, &BusyCards, Service::with(Some(systemctl.into())));
    let error = done.unwrap_err();
    assert!(matches!(error, SetupError::NotRunning(_)) && !error.is_misuse(), "{error}");
    let told = error.to_string();
    assert!(told.contains("the settings are written") && told.contains("journalctl -u auricle"), "{told}");
    assert!(person.heard("Its serial number") && place.text().contains("mqtts://h"), "{:#?}", person.told);
}
