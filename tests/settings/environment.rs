//! Variables come before the file.

use std::path::Path;
use std::time::Duration;

use auricle::config::{Place, Trigger, load, parse_str};

use super::env;

#[test]
fn variables_override_the_file_and_the_file_overrides_defaults() {
    let text = "[audio]\nvolume = 50\nsounds = false\n[listen]\nhangover = \"1s\"\n";
    let variables =
        env(&[("AURICLE_AUDIO__VOLUME", "33"), ("AURICLE_LISTEN__TRIGGERS", "[\"voice\"]"), ("HOME", "/root")]);
    let settings = parse_str(text, variables).unwrap().settings;
    assert_eq!((settings.audio.volume, settings.audio.sounds), (33, false));
    assert_eq!(settings.listen.hangover, Duration::from_secs(1));
    assert_eq!(settings.listen.triggers, [Trigger::Voice]);
    assert_eq!(settings.listen.preroll, Duration::from_millis(500));
}

#[test]
fn a_server_may_stand_in_the_environment_alone() {
    let variables = env(&[
        ("AURICLE_LINTO__BROKER", "mqtts://h:1"),
        ("AURICLE_LINTO__PASSWORD", "12345"),
        ("AURICLE_LINTO__USERNAME", "\"quoted\""),
        ("AURICLE_LINTO__ANSWER_TIMEOUT", "2s"),
    ]);
    let linto = parse_str("", variables).unwrap().settings.linto.remove(0);
    assert!(linto.broker.tls);
    // A number is a fine password; quotes are TOML's.
    assert_eq!(linto.password.unwrap().expose(), "12345");
    assert_eq!(linto.username.as_deref(), Some("quoted"));
    assert_eq!(linto.answer_timeout, Duration::from_secs(2));
}

#[test]
fn the_short_names_win() {
    let variables = env(&[
        ("AURICLE_STATE_DIR", "/tmp/state"),
        ("AURICLE_DEVICE__STATE_DIR", "/tmp/other"),
        ("AURICLE_CONTROL_SOCKET", "/tmp/control.sock"),
    ]);
    let settings = parse_str("[control]\nsocket = \"/run/x\"\n", variables).unwrap().settings;
    assert_eq!(settings.device.state_dir, Path::new("/tmp/state"));
    assert_eq!(settings.control.socket, Path::new("/tmp/control.sock"));
    let unset = parse_str("", env(&[("AURICLE_STATE_DIR", "")])).unwrap().settings;
    assert_eq!(unset.device.state_dir, Path::new("/var/lib/auricle"));
}

const SEVERAL: &str =
    "[[linto]]\nname = \"a\"\nbroker = \"mqtt://a\"\n[[linto]]\nname = \"b\"\nbroker = \"mqtt://b\"\n";

/// Text of the file, variable, its value, the message.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "AURICLE_LINTO__BROCKER",
        "x",
        "environment: `AURICLE_LINTO__BROCKER` is not a setting; did you mean `AURICLE_LINTO__BROKER`?",
    ),
    (
        "",
        "AURICLE_LINT__BROCKER",
        "x",
        "environment: `AURICLE_LINT__BROCKER` is not a setting; did you mean `AURICLE_LINTO__BROKER`?",
    ),
    (
        "",
        "AURICLE_CONTROL__COLOUR",
        "x",
        "environment: `AURICLE_CONTROL__COLOUR` is not a setting; [control] has `socket`",
    ),
    (
        "",
        "AURICLE_X__Y",
        "x",
        "environment: `AURICLE_X__Y` is not a setting; the sections are [linto], [xiaozhi], [tools], [button], [device], [audio], [listen], [wake], [leds], [tts], [remote], [hooks], [meeting], [control]",
    ),
    (
        "",
        "AURICLE_THINX__OWNER",
        "x",
        "environment: `AURICLE_THINX__OWNER` can't be used: [thinx] is not served by this version of Auricle (0.1.0) yet; unset it",
    ),
    (
        "[audio]\nvolume = 200\n",
        "AURICLE_AUDIO__VOLUME",
        "140",
        "environment: `AURICLE_AUDIO__VOLUME` is 140; it must be 0 to 100",
    ),
    ("", "AURICLE_AUDIO__VOLUME", "loud", "environment: `AURICLE_AUDIO__VOLUME` is \"loud\"; it must be 0 to 100"),
    (
        "",
        "AURICLE_LINTO__USERNAME",
        "me",
        "environment: [linto] has no `broker`; set `AURICLE_LINTO__BROKER`, for example to \"mqtts://linto.example.org:8883\"",
    ),
    (
        SEVERAL,
        "AURICLE_LINTO__PASSWORD",
        "x",
        "environment: `AURICLE_LINTO__PASSWORD` can't tell which of the 2 [[linto]] it is for; write `password` in the settings file",
    ),
];

#[test]
fn variables_that_are_not_settings_are_named() {
    for (text, name, value, message) in REFUSED {
        let errors = parse_str(text, env(&[(name, value)])).unwrap_err();
        assert_eq!(errors.to_string(), *message);
        assert_eq!(errors.problems()[0].place, Place::Environment);
    }
}

#[test]
fn a_variable_with_one_underscore_is_a_warning_and_others_are_foreign() {
    let variables = env(&[("AURICLE_LINTO_PASSWORD", "hunter2"), ("AURICLE_LOG", "debug"), ("AURICLE_BLESS", "1")]);
    let loaded = parse_str("", variables).unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "environment: `AURICLE_LINTO_PASSWORD` is not used; did you mean `AURICLE_LINTO__PASSWORD`, with two `_` after the section?"
        ]
    );
}

#[test]
fn a_password_in_the_environment_comes_before_a_password_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, "[linto]\nbroker = \"mqtts://h\"\nusername = \"u\"\npassword_file = \"none\"\n").unwrap();
    let settings = load(Some(&file), env(&[("AURICLE_LINTO__PASSWORD", "secret")])).unwrap().settings;
    assert_eq!(settings.linto[0].password.as_ref().unwrap().expose(), "secret");
}
