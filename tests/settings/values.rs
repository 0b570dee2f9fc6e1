//! What each setting means once it is loaded.

use std::path::{Path, PathBuf};
use std::time::Duration;

use auricle::config::{
    ApplicationKind, BrokerAddress, MeetingFormat, Pcm, Shell, Trigger, Unmute, explain, load, parse_str,
};
use auricle_core::audio::convert::Channel;
use auricle_core::frontend::Profile;

use super::{env, loaded, no_env};

/// A host as `ssh-keyscan` prints it, with a key that nobody has.
pub const HOST: &str =
    "support.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

#[test]
fn nothing_written_means_the_documented_defaults() {
    let settings = loaded("").settings;
    assert!(settings.linto.is_empty());
    assert_eq!(settings.device.serial, None);
    assert_eq!(settings.device.state_dir, Path::new("/var/lib/auricle"));
    assert_eq!((settings.audio.capture, settings.audio.playback), (Pcm::Auto, Pcm::Auto));
    assert_eq!((settings.audio.channel, settings.audio.volume), (Channel::Auto, 80));
    assert_eq!(
        (settings.audio.sounds, settings.audio.profile, settings.audio.mixer),
        (true, Profile::Light, "".into())
    );
    assert_eq!(settings.listen.triggers, [Trigger::Wake, Trigger::Button]);
    let words: Vec<_> = settings.wake.words.iter().map(|word| (word.model.as_str(), word.server.is_none())).collect();
    assert_eq!((words.as_slice(), settings.wake.words[0].sensitivity), ([("okay_nabu", true)].as_slice(), 0.5));
    assert_eq!(settings.listen.hangover, Duration::from_millis(500));
    assert_eq!(settings.listen.no_speech, Duration::from_secs(10));
    assert_eq!(settings.listen.max_utterance, Duration::from_secs(15));
    assert_eq!(settings.listen.preroll, Duration::from_millis(500));
    assert_eq!((settings.tts.language.as_str(), settings.tts.command.len()), ("en-US", 0));
    assert_eq!(settings.control.socket, Path::new("/run/auricle/control.sock"));
}

#[test]
fn remote_power_is_off_until_it_is_given() {
    let settings = loaded("").settings;
    let remote = settings.remote;
    assert_eq!((remote.shell, remote.ssh, remote.unmute, remote.meeting), (Shell::Off, false, Unmute::Own, false));
    assert!(remote.shell_commands.is_empty() && remote.ssh_hosts.is_empty());
    assert_eq!((remote.shell_timeout, remote.ssh_time_limit), (Duration::from_secs(30), Duration::from_secs(3600)));
    assert_eq!(remote.ssh_key_dir, Path::new("/etc/auricle/keys"));
    assert!(settings.hooks.custom_action.is_empty() && settings.hooks.display.is_empty());
    assert_eq!(settings.meeting.directory, Path::new("/var/lib/auricle/meetings"));
    assert_eq!((settings.meeting.format, settings.meeting.min_free), (MeetingFormat::Wav, 500_000_000));
}

#[test]
fn remote_power_hooks_and_meetings_are_what_is_written() {
    let text = format!(
        r#"
        [remote]
        shell = "listed"
        shell_commands = ["uptime", "df -h '/media/my disc'", 'logger "a  b" \"c']
        shell_timeout = "10min"
        ssh = "on"
        ssh_hosts = [" {HOST} the support", "[10.0.0.7]:2222,base{}"]
        ssh_key_dir = "/keys"
        ssh_time_limit = "24h"
        unmute = "never"
        meeting = "on"
        [hooks]
        custom_action = ["/usr/bin/env", "action", "two words"]
        display = ["show"]
        [meeting]
        directory = "/media/meetings"
        format = "opus"
        min_free = "1.5GiB"
        [audio]
        mixer = "Device/PCM"
        [linto]
        broker = "mqtts://h"
        live_transcript = true
        phonetic = true
        "#,
        HOST.trim_start_matches("support.example.org"),
    );
    let loaded = loaded(&text);
    assert_eq!(loaded.warnings, [""; 0]);
    let settings = &loaded.settings;
    let remote = &settings.remote;
    assert_eq!((remote.shell, remote.ssh, remote.unmute, remote.meeting), (Shell::Listed, true, Unmute::Never, true));
    let commands = [&["uptime"][..], &["df", "-h", "/media/my disc"], &["logger", "a  b", "\"c"]];
    assert_eq!(remote.shell_commands, commands);
    assert_eq!((remote.shell_timeout, remote.ssh_time_limit), (Duration::from_secs(600), Duration::from_secs(86_400)));
    assert_eq!(remote.ssh_hosts[0], format!("{HOST} the support"));
    assert!(remote.ssh_hosts[1].starts_with("[10.0.0.7]:2222,base ssh-ed25519 AAAA"));
    assert_eq!((settings.hooks.custom_action.len(), settings.hooks.display.as_slice()), (3, &["show".to_owned()][..]));
    assert_eq!(settings.meeting.directory, Path::new("/media/meetings"));
    assert_eq!((settings.meeting.format, settings.meeting.min_free), (MeetingFormat::Opus, 1_610_612_736));
    assert_eq!(settings.audio.mixer, "Device/PCM");
    assert!(settings.linto[0].live_transcript && settings.linto[0].phonetic);

    // What `auricle check` prints of them means the same when it is written into a file.
    let listing = explain(&loaded);
    let sections = listing.split_once("\n[remote]").unwrap().1.split_once("\n[control]").unwrap().0;
    let is_setting = |line: &&str| line.starts_with('[') || (line.contains(" = ") && !line.starts_with("   "));
    let written = sections.lines().filter(is_setting).map(|line| line.rsplit_once("  (").map_or(line, |(set, _)| set));
    let again = parse_str(&format!("[remote]\n{}\n", written.collect::<Vec<_>>().join("\n")), no_env()).unwrap();
    assert_eq!(again.settings.remote, settings.remote);
    assert_eq!((again.settings.hooks, again.settings.meeting), (settings.hooks.clone(), settings.meeting.clone()));
}

#[test]
fn sizes_are_numbers_of_bytes_or_have_a_unit() {
    for (written, bytes) in [
        ("0", 0),
        ("\"0\"", 0),
        ("500_000_000", 500_000_000),
        ("\"500000000\"", 500_000_000),
        ("\"500MB\"", 500_000_000),
        ("\"500MiB\"", 524_288_000),
        ("\"2GB\"", 2_000_000_000),
        ("\"1TB\"", 1_000_000_000_000),
    ] {
        assert_eq!(loaded(&format!("[meeting]\nmin_free = {written}\n")).settings.meeting.min_free, bytes, "{written}");
    }
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
        "[audio]\nchannel = \"best\"",
        "[listen]\nhangover = \"100ms\"",
        "[listen]\nhangover = \"3s\"",
        "[listen]\nno_speech = \"1s\"",
        "[listen]\nno_speech = \"1min\"",
        "[listen]\nmax_utterance = \"60s\"",
        "[listen]\npreroll = \"2s\"",
        "[linto]\nbroker = \"mqtt://h\"\nanswer_timeout = \"60s\"",
        "[remote]\nshell_timeout = \"1s\"",
        "[remote]\nshell_timeout = \"10min\"",
        "[remote]\nssh_time_limit = \"1min\"",
        "[remote]\nssh_time_limit = \"24h\"",
        "[meeting]\nmin_free = \"1TB\"",
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
         [tts]\nlanguage = \"de\"\ncommand = [\"x\"]\n\
         [remote]\nshell = \"listed\"\nshell_commands = [\"x\"]\nshell_timeout = \"1s\"\nssh = \"on\"\nssh_hosts = []\n\
         ssh_key_dir = \"/k\"\nssh_time_limit = \"2h\"\nunmute = \"never\"\nmeeting = \"on\"\n\
         [hooks]\ncustom_action = [\"x\"]\ndisplay = [\"x\"]\n\
         [meeting]\ndirectory = \"/m\"\nformat = \"opus\"\nmin_free = 1\n",
    )
    .settings;
    assert_ne!(live, old);
    assert_eq!(live.needs_restart(&old), [""; 0]);

    let mut running = old.clone();
    running.take_live(&live);
    assert_eq!(running, live);

    let restart = loaded(
        "[linto]\nbroker = \"mqtt://b\"\npassword = \"p\"\nanswer_timeout = \"5s\"\nlive_transcript = true\nphonetic = true\n\
         [device]\nserial = \"serial\"\n\
         [audio]\ncapture = \"hw:1\"\nmixer = \"a/b\"\nvolume = 4\n[control]\nsocket = \"/tmp/s\"\n",
    )
    .settings;
    let expected = [
        "linto.broker",
        "linto.password",
        "linto.answer_timeout",
        "linto.live_transcript",
        "linto.phonetic",
        "device.serial",
        "audio.capture",
        "audio.mixer",
        "control.socket",
    ];
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
