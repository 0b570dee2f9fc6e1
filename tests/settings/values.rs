//! What each setting means once it is loaded.

use std::path::{Path, PathBuf};
use std::time::Duration;

use auricle::config::{ApplicationKind, BrokerAddress, Pcm, Profile, Trigger, load};
use auricle_core::audio::convert::Channel;

use super::{env, loaded, no_env};

#[test]
fn nothing_written_means_the_documented_defaults() {
    let settings = loaded("").settings;
    assert!(settings.linto.is_empty());
    assert_eq!(settings.device.serial, None);
    assert_eq!(settings.device.state_dir, Path::new("/var/lib/auricle"));
    assert_eq!((settings.audio.capture, settings.audio.playback), (Pcm::Auto, Pcm::Auto));
    assert_eq!((settings.audio.channel, settings.audio.volume), (Channel::Auto, 80));
    assert_eq!((settings.audio.sounds, settings.audio.profile, settings.audio.mixer), (true, Profile::Off, "".into()));
    assert_eq!(settings.listen.triggers, []);
    assert_eq!(settings.listen.hangover, Duration::from_millis(500));
    assert_eq!(settings.listen.no_speech, Duration::from_secs(10));
    assert_eq!(settings.listen.max_utterance, Duration::from_secs(15));
    assert_eq!(settings.listen.preroll, Duration::from_millis(500));
    assert_eq!((settings.tts.language.as_str(), settings.tts.command.len()), ("en-US", 0));
    assert_eq!(settings.control.socket, Path::new("/run/auricle/control.sock"));
}

#[test]
fn what_is_written_is_what_is_meant() {
    let settings = loaded(
        r#"
        [device]
        serial = "raspberry1"
        [audio]
        capture = "plughw:CARD=Device,DEV=0"
        channel = 3
        volume = 0x1e
        sounds = false
        [listen]
        triggers = ["voice", "voice"]
        hangover = "0.25s"
        preroll = "0ms"
        [tts]
        language = "fr-FR"
        command = ["piper", "--lang", "{lang}", ""]
        "#,
    )
    .settings;
    assert_eq!(settings.device.serial.as_deref(), Some("raspberry1"));
    assert_eq!(settings.audio.capture, Pcm::Named("plughw:CARD=Device,DEV=0".into()));
    assert_eq!((settings.audio.channel, settings.audio.volume, settings.audio.sounds), (Channel::Index(3), 30, false));
    assert_eq!(settings.listen.triggers, [Trigger::Voice]);
    assert_eq!((settings.listen.hangover, settings.listen.preroll), (Duration::from_millis(250), Duration::ZERO));
    assert_eq!(settings.tts.command, ["piper", "--lang", "{lang}", ""]);
}

#[test]
fn ranges_include_their_ends() {
    for text in [
        "[audio]\nvolume = 0",
        "[audio]\nvolume = 100",
        "[audio]\nchannel = 0",
        "[audio]\nchannel = 31",
        "[audio]\nchannel = \"mean\"",
        "[listen]\nhangover = \"100ms\"",
        "[listen]\nhangover = \"3s\"",
        "[listen]\nno_speech = \"1s\"",
        "[listen]\nno_speech = \"1min\"",
        "[listen]\nmax_utterance = \"60s\"",
        "[listen]\npreroll = \"2s\"",
        "[linto]\nbroker = \"mqtt://h\"\nanswer_timeout = \"60s\"",
        "[linto]\nbroker = \"mqtt://h\"\nlive_transcript = false",
    ] {
        loaded(text);
    }
}

#[test]
fn a_server_has_its_address_and_its_scopes() {
    let text = "[linto]\nbroker = \"MQTTS://linto.example.org\"\napplication_kind = \"multi-user\"\n";
    let linto = &loaded(text).settings.linto[0];
    assert_eq!(linto.broker, BrokerAddress { tls: true, host: "linto.example.org".into(), port: 8883 });
    assert_eq!((linto.name.as_str(), linto.answer_timeout), ("linto", Duration::from_secs(12)));
    assert_eq!((&linto.username, &linto.password, &linto.ca_file), (&None, &None, &None));
    assert_eq!(linto.application_kind, ApplicationKind::MultiUser);
    assert_eq!((linto.admin_scope(), linto.request_scope().as_str()), ("blk", "blk"));

    let named = loaded(&format!("{text}application = \"My device app\"\n"));
    assert_eq!(named.settings.linto[0].request_scope(), "appe641f28d162046568b294b07efc152f3");
    assert_eq!(named.settings.linto[0].admin_scope(), "blk");

    let written = loaded(&format!("{text}application = \"My device app\"\napplication_scope = \"appX\"\n"));
    assert_eq!(written.settings.linto[0].request_scope(), "appX");
}

#[test]
fn several_servers_have_names() {
    let text =
        "[[linto]]\nname = \"home\"\nbroker = \"mqtt://a\"\n[[linto]]\nname = \"work\"\nbroker = \"mqtts://b\"\n";
    let names: Vec<_> = loaded(text).settings.linto.into_iter().map(|server| server.name).collect();
    assert_eq!(names, ["home", "work"]);
}

#[test]
fn every_way_to_write_a_section_in_toml_is_understood() {
    for text in [
        "[audio]\nvolume = 7",
        "audio.volume = 7",
        "audio = { volume = 7 }",
        "\u{feff}[audio]\r\nvolume = 7\r\n",
        "['audio']\n\"volume\" = 7",
    ] {
        assert_eq!(loaded(text).settings.audio.volume, 7, "{text}");
    }
    assert_eq!(loaded("linto = [{ broker = \"mqtt://h\" }]").settings.linto.len(), 1);
}

#[test]
fn relative_paths_count_from_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, "[device]\nstate_dir = \"state\"\n[linto]\nbroker = \"mqtts://h\"\nca_file = \"ca.pem\"\n")
        .unwrap();
    let settings = load(Some(&file), env(&[("AURICLE_CONTROL_SOCKET", "here.sock")])).unwrap().settings;
    assert_eq!(settings.device.state_dir, folder.path().join("state"));
    assert_eq!(settings.linto[0].ca_file, Some(folder.path().join("ca.pem")));
    assert_eq!(settings.control.socket, PathBuf::from("here.sock"));
}

#[test]
fn only_changes_that_cannot_be_taken_over_need_a_restart() {
    let old = loaded("[linto]\nbroker = \"mqtt://a\"\n").settings;
    assert_eq!(old.needs_restart(&old.clone()), [""; 0]);

    let live = loaded(
        "[linto]\nbroker = \"mqtt://a\"\n[audio]\nvolume = 3\nsounds = false\n\
         [listen]\ntriggers = [\"voice\"]\nhangover = \"1s\"\nno_speech = \"2s\"\nmax_utterance = \"9s\"\npreroll = \"1s\"\n\
         [tts]\nlanguage = \"de\"\ncommand = [\"x\"]\n",
    )
    .settings;
    assert_ne!(live, old);
    assert_eq!(live.needs_restart(&old), [""; 0]);

    let restart = loaded(
        "[linto]\nbroker = \"mqtt://b\"\npassword = \"p\"\nanswer_timeout = \"5s\"\n[device]\nserial = \"serial\"\n\
         [audio]\ncapture = \"hw:1\"\nvolume = 4\n[control]\nsocket = \"/tmp/s\"\n",
    )
    .settings;
    let expected =
        ["linto.broker", "linto.password", "linto.answer_timeout", "device.serial", "audio.capture", "control.socket"];
    assert_eq!(restart.needs_restart(&old), expected);

    let mut running = old.clone();
    running.take_live(&restart);
    assert_eq!(running.audio.volume, 4, "live");
    assert_eq!(running.audio.capture, old.audio.capture, "still the one in use");
    assert_eq!(running.needs_restart(&old), [""; 0], "so that going back is no news");
    assert_eq!(running.needs_restart(&restart), expected);

    let without = loaded("").settings;
    assert_eq!(old.needs_restart(&without), ["linto"]);

    let two = |user: &str| {
        let server = |name| format!("[[linto]]\nname = \"{name}\"\nbroker = \"mqtt://h\"\nusername = \"{user}\"\n");
        loaded(&(server("a") + &server("b"))).settings
    };
    assert_eq!(two("me").needs_restart(&two("you")), ["linto.username"]);
}

#[test]
fn a_path_that_nobody_gave_may_be_missing_but_a_given_one_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.toml");
    let errors = load(Some(&missing), no_env()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        format!("{}: there is no such file; check the path, or copy the sample auricle.toml there", missing.display())
    );
}

#[test]
fn files_that_cannot_be_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("big.toml");
    std::fs::write(&file, vec![b'\n'; 1024 * 1024]).unwrap();
    assert!(load(Some(&file), no_env()).is_ok());
    std::fs::write(&file, vec![b'\n'; 1024 * 1024 + 1]).unwrap();
    let errors = load(Some(&file), no_env()).unwrap_err();
    assert!(errors.to_string().contains("the file is larger than 1048576 bytes"), "{errors}");

    std::fs::write(&file, b"[audio]\n# caf\xe9\n").unwrap();
    let errors = load(Some(&file), no_env()).unwrap_err();
    assert!(errors.to_string().ends_with("line 2: this is not UTF-8 text; save the file as UTF-8"), "{errors}");

    let errors = load(Some(folder.path()), no_env()).unwrap_err();
    assert!(errors.to_string().contains("the settings can't be read"), "{errors}");
}
