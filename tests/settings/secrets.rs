//! Passwords: where they may stand, and that they show nowhere.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use auricle::config::{Loaded, explain, load, parse_str};
use auricle_core::protocol::xiaozhi::access::SerialKey;
use tempfile::TempDir;

use super::{env, no_env};

const PASSWORD: &str = "hunter2-öäü";

/// A settings file and a password file in a folder of their own.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    fn load(&self, lines: &str, mode: u32) -> Result<Loaded, String> {
        let text = format!("[linto]\nbroker = \"mqtts://h\"\nusername = \"u\"\n{lines}\n");
        let file = self.write("auricle.toml", text, mode);
        load(Some(&file), no_env()).map_err(|errors| errors.to_string())
    }

    /// The one message, without the name of the settings file.
    fn message(&self, lines: &str) -> String {
        let folder = format!("{}/", self.folder.path().display());
        let message = self.load(lines, 0o600).unwrap_err();
        message.replace(&folder, "").strip_prefix("auricle.toml: ").unwrap().to_owned()
    }
}

#[test]
fn the_first_line_of_a_password_file_is_the_password() {
    let files = Files::new();
    for content in [PASSWORD.to_owned(), format!("{PASSWORD}\n"), format!("{PASSWORD}\r\nsecond line\n")] {
        files.write("secret", content, 0o600);
        let loaded = files.load("password_file = \"secret\"", 0o644).unwrap();
        assert_eq!(loaded.settings.linto[0].password.as_ref().unwrap().expose(), PASSWORD);
        assert_eq!(loaded.warnings, [""; 0]);
        assert!(explain(&loaded).contains("  password is set  (line 4)"));
    }
}

#[test]
fn a_password_file_that_is_no_use_says_why() {
    let files = Files::new();
    files.write("empty", "", 0o600);
    files.write("blank", "\nsecond\n", 0o600);
    files.write("long", "x".repeat(4097), 0o600);
    files.write("latin", b"caf\xe9", 0o600);
    fs::create_dir(files.folder.path().join("folder")).unwrap();
    let create = "create it with the password as its only line, readable by the user that runs Auricle";
    for (name, what) in [
        ("none", format!("there is no such file; {create}")),
        ("folder", format!("it is not a file; {create}")),
        ("empty", "its first line is empty; write the password there".into()),
        ("blank", "its first line is empty; write the password there".into()),
        ("long", "it is longer than 4096 bytes; it must hold one line, the password".into()),
        ("latin", "it is not UTF-8 text; write the password as UTF-8".into()),
    ] {
        let message = files.message(&format!("password_file = \"{name}\""));
        assert_eq!(message, format!("line 4: `password_file` in [linto] is \"{name}\"; {what}"));
    }
    files.write("long", "x".repeat(4096), 0o600);
    assert!(files.load("password_file = \"long\"", 0o600).is_ok());
}

#[test]
fn a_pipe_as_password_file_does_not_hang() {
    let files = Files::new();
    let pipe = files.folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
    assert!(files.message("password_file = \"pipe\"").contains("it is not a file"));
}

#[test]
fn two_passwords_are_one_too_many() {
    let files = Files::new();
    files.write("secret", "x", 0o600);
    assert_eq!(
        files.message("password = \"y\"\npassword_file = \"secret\""),
        "line 5: `password` and `password_file` of [linto] are both set; keep one of them, better `password_file`"
    );
}

#[test]
fn a_password_that_everybody_can_read_is_a_warning() {
    let files = Files::new();
    let line = format!("password = \"{PASSWORD}\"");
    assert_eq!(files.load(&line, 0o600).unwrap().warnings, [""; 0]);
    assert_eq!(files.load(&line, 0o640).unwrap().warnings, [""; 0]);
    let warnings = files.load(&line, 0o644).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("line 4: everybody on this machine can read this password; `chmod o-r "),
        "{warnings:?}"
    );
    assert!(!warnings[0].contains(PASSWORD));
}

#[test]
fn a_password_file_that_everybody_can_read_is_a_warning() {
    let files = Files::new();
    let path = files.write("secret", PASSWORD, 0o644);
    let warnings = files.load("password_file = \"secret\"", 0o600).unwrap().warnings;
    let path = path.display();
    assert_eq!(warnings, [format!("{path}: everybody on this machine can read this password; `chmod o-r {path}`")]);
}

#[test]
fn a_password_shows_nowhere() {
    let text = format!("[linto]\nbroker = \"mqtts://h\"\nusername = \"u\"\npassword = \"{PASSWORD}\"\n");
    let written = parse_str(&text, no_env()).unwrap();
    let variable =
        parse_str("", env(&[("AURICLE_LINTO__BROKER", "mqtt://h"), ("AURICLE_LINTO__PASSWORD", PASSWORD)])).unwrap();
    for loaded in [written, variable] {
        let secret = loaded.settings.linto[0].password.clone().unwrap();
        assert_eq!(secret.expose(), PASSWORD);
        for shown in [
            format!("{loaded:?}"),
            format!("{loaded:#?}"),
            format!("{:?}", loaded.settings.linto),
            format!("{secret:?} {secret}"),
            explain(&loaded),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn a_password_shows_in_no_error() {
    for lines in [
        "pasword = \"hunter2\"",
        "password = hunter2",
        "password = \"hunter2",
        "password = \"hunter2\" x",
        "password = [\"hunter2\"]",
        "password = { hunter2 = 1 }",
        "password = \"hunter2\"\npassword = \"hunter2\"",
        "password = \"hunter2\"\nnonsense = 1",
        "broker = \"mqtt://user:hunter2@host\"",
        "broker = \"hunter2@host\"",
        "password : hunter2",
        "broker = \"\"\"h\npassword = 'hunter2'\n",
        "broker = \"\"\"h\npassword = 'hunter2'\n\"\"\"\n",
        "broker = 'mqtt://h'\nname = \"\"\"\npassword = 'hunter2'\n\"\"\"\n",
        "broker = 'mqtt://h'\nname = \"\"\"x/\r\npassword = 'hunter2'\n\"\"\"\n",
        "\"password\" = '''hunter2",
    ] {
        let errors = parse_str(&format!("[linto]\n{lines}\n"), no_env()).unwrap_err();
        assert!(!errors.to_string().contains("hunter2"), "{lines}: {errors}");
        assert!(!format!("{errors:?}").contains("hunter2"), "{lines}: {errors:?}");
    }
    for (name, value) in [
        ("AURICLE_LINTO__PASWORD", "hunter2".to_owned()),
        ("AURICLE_LINTO__BROKER", "mqtt://u:hunter2@h".to_owned()),
        ("AURICLE_LINTO__PASSWORD", "hunter2".repeat(1000)),
        ("AURICLE_LINTO__PASSWORD", "hunter2".to_owned()),
    ] {
        let errors = parse_str("", env(&[(name, &value)])).unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{name}: {errors}");
    }
}

#[test]
fn the_key_of_a_serial_number_comes_from_its_file_and_shows_nowhere() {
    const KEY: &str = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
    let files = Files::new();
    let server = "[xiaozhi]\nota_url = \"https://h/x\"\nserial_number = \"SN-1\"\nserial_key_file = \"key\"";
    files.write("key", format!("{KEY}\n"), 0o600);
    let loaded = files.load(server, 0o644).unwrap();
    let serial = loaded.settings.xiaozhi[0].serial().unwrap();
    assert_eq!((serial.number.as_str(), Some(serial.key)), ("SN-1", SerialKey::read(KEY)));
    assert_eq!(loaded.warnings, [""; 0]);
    for shown in [explain(&loaded), format!("{:?}", loaded.settings)] {
        assert!(shown.contains("SN-1") && !shown.contains("5f70"), "{shown}");
    }
    files.write("key", KEY, 0o604);
    let warning = &files.load(server, 0o644).unwrap().warnings[0];
    assert!(warning.contains("key: everybody on this machine can read this key; `chmod o-r "), "{warning}");
    files.write("key", &KEY[1..], 0o600);
    let told = "line 7: `serial_key_file` in [xiaozhi] is \"key\"; its first line is no key of 64 hexadecimal digits; write \
                there what came with the serial number";
    assert_eq!(files.message(server), told);
    std::fs::remove_file(files.folder.path().join("key")).unwrap();
    assert!(files.message(server).ends_with(
        "there is no such file; create it with the key as its only line, readable by the user that runs Auricle"
    ));
}
