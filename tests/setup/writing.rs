//! What is written: comments, rights, and the old file or the new one at any moment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use auricle::config;

use crate::place::{Place, err, mode};
use crate::pulse::Pulse;
use crate::script::Person;

#[test]
fn of_the_commented_default_only_answers_are_taken_out_of_their_comments() {
    let place = Place::empty();
    let mut person = Person::with(&["mqtts://h", "linto", "p\"w", "A", "hw:CARD=a", "hw:CARD=b"]);
    person.set_up(&place, false).unwrap();
    let (text, sample) = (place.text(), config::sample());
    assert_eq!(text.lines().count(), sample.lines().count());
    let differ = text.lines().zip(sample.lines()).filter(|(new, old)| new != old).map(|(new, _)| new);
    let file = place.path("linto.password").display().to_string();
    let expected = [
        "[linto]".to_owned(),
        "broker = \"mqtts://h:8883\"".to_owned(),
        "username = \"linto\"".to_owned(),
        format!("password_file = \"{file}\""),
        "application = \"A\"".to_owned(),
        "capture = \"hw:CARD=a\"".to_owned(),
        "playback = \"hw:CARD=b\"".to_owned(),
    ];
    assert_eq!(differ.collect::<Vec<_>>(), expected);
    assert_eq!(fs::read_to_string(file).unwrap(), "p\"w\n");
    assert_eq!(place.settings().linto[0].password.as_ref().unwrap().expose(), "p\"w");
}

#[test]
fn rights_are_kept_and_a_password_is_not_for_all() {
    let place = Place::with("[linto]\nbroker = \"mqtts://h\"\n");
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o640)).unwrap();
    Person::with(&["", "linto", "secret", "-", "auto", "auto"]).set_up(&place, false).unwrap();
    assert_eq!((mode(&place.file()), mode(&place.path("auricle.toml.bak"))), (0o640, 0o640));
    // With the package's group it may read it, else only the owner.
    let group = nix::unistd::Group::from_name("auricle").unwrap().is_some() && nix::unistd::geteuid().is_root();
    let secret = if group { 0o640 } else { 0o600 };
    assert_eq!(mode(&place.path("linto.password")), secret);
    assert_eq!(fs::read_to_string(place.path("auricle.toml.bak")).unwrap(), "[linto]\nbroker = \"mqtts://h\"\n");

    let new = Place::empty();
    Person::with(&["mqtts://h", "-", "-", "auto", "auto"]).set_up(&new, false).unwrap();
    assert_eq!(mode(&new.file()), secret);

    // Whoever opened the file to all did not open the one before, where a password may be.
    let open = Place::with("[linto]\nbroker = \"mqtts://h\"\npassword = \"old\"\nusername = \"u\"\n");
    fs::set_permissions(open.file(), fs::Permissions::from_mode(0o644)).unwrap();
    Person::with(&["", "", "new", "-", "auto", "auto"]).set_up(&open, false).unwrap();
    assert_eq!((mode(&open.file()), mode(&open.path("auricle.toml.bak"))), (0o644, 0o640));
}

#[test]
fn settings_that_can_not_be_written_leave_the_password_that_was() {
    for old in [Some("old\n"), None] {
        let place = Place::with("[linto]\nbroker = \"mqtts://h\"\nusername = \"u\"\n");
        let password = place.path("linto.password");
        if let Some(old) = old {
            fs::write(&password, old).unwrap();
            fs::set_permissions(&password, fs::Permissions::from_mode(0o604)).unwrap();
        }
        // A folder in the place of the new file: writing fails, for root too.
        fs::create_dir(place.path("auricle.toml.new")).unwrap();
        let error = Person::with(&["", "", "new", "-", "auto", "auto"]).set_up(&place, false).unwrap_err();
        assert!(error.to_string().contains("The old settings are still there"), "{error}");
        assert_eq!(fs::read_to_string(&password).ok().as_deref(), old);
        assert!(old.is_none() || mode(&password) == 0o604);
        assert_eq!(place.text(), "[linto]\nbroker = \"mqtts://h\"\nusername = \"u\"\n");
    }
}

#[test]
fn a_password_that_can_not_be_written_leaves_the_settings_that_were() {
    let place = Place::empty();
    let password = place.path("secrets/linto.password");
    let old =
        format!("[linto]\nbroker = \"mqtts://h\"\nusername = \"u\"\npassword_file = \"{}\"\n", password.display());
    fs::create_dir(place.path("secrets")).unwrap();
    fs::write(&password, "old\n").unwrap();
    fs::write(place.file(), &old).unwrap();
    // A folder in the place of the new file: writing fails, for root too.
    fs::create_dir(place.path("secrets/linto.password.new")).unwrap();
    let error = Person::with(&["", "", "new", "-", "auto", "auto"]).set_up(&place, false).unwrap_err().to_string();
    assert!(error.contains("linto.password can't be written") && error.contains("rights of its folder"), "{error}");
    assert_eq!((place.text(), fs::read_to_string(&password).unwrap()), (old, "old\n".to_owned()));
    assert!(!place.path("auricle.toml.bak").exists(), "nothing was begun");
}

#[test]
fn triggers_that_somebody_set_stay() {
    for (text, expected, told) in [
        ("[listen]\ntriggers = []\n", 0, None),
        ("[listen]\ntriggers = [\"voice\"]\n", 1, Some("Any speech opens a turn")),
        ("[listen]\nno_speech = \"3s\"\n", 2, Some("Say \"Okay Nabu\"")),
    ] {
        let place = Place::with(text);
        let mut person = Person::with(&["mqtts://h", "-", "-", "auto", "auto"]);
        person.set_up(&place, false).unwrap();
        assert_eq!(place.settings().listen.triggers.len(), expected, "{text}");
        for words in ["Any speech opens a turn", "Say \"Okay Nabu\""] {
            assert_eq!(person.heard(words), told == Some(words), "{text}: {:#?}", person.told);
        }
    }
}

#[test]
fn killed_at_any_moment_it_leaves_the_old_file_or_the_new_one() {
    let pulse = Pulse::start();
    let old = "[linto]\nbroker = \"mqtts://old\"\n";
    let (mut olds, mut news) = (0, 0);
    for delay in 0..40 {
        let place = Place::with(old);
        let words = ["--yes", "--no-test", "--server", "mqtts://new", "--username", "u", "--password-file", "-"];
        let mut child = place.command(&pulse, &words).stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"secret\n").unwrap();
        // Not a wait for something: the moment of the kill.
        std::thread::park_timeout(Duration::from_micros(delay * 500));
        child.kill().unwrap();
        child.wait().unwrap();
        match place.text() {
            text if text == old => olds += 1,
            _ => {
                news += 1;
                let settings = place.settings();
                assert_eq!(settings.linto[0].broker.host, "new");
                assert_eq!(settings.linto[0].password.as_ref().unwrap().expose(), "secret");
            }
        }
    }
    println!("{olds} times the old file, {news} times the new one");
    let place = Place::with(old);
    let output = place.run(&pulse, &["--yes", "--no-test", "--server", "mqtts://new"]);
    assert!(output.status.success(), "{}", err(&output));
    assert!(!place.files().iter().any(|name| name.ends_with(".new")), "{:?}", place.files());
}
