//! `auricle check` says what the settings mean.

use auricle::config::{explain, parse_str};

use super::{env, loaded};

#[test]
fn each_setting_is_listed_with_its_value_and_where_it_comes_from() {
    let text = "[audio]\nvolume = 50\n\n[linto]\nbroker = \"MQTTS://linto.example.org\"\nusername = \"linto\"\n\
                application = \"My device app\"\n\n[wake]\nwords = [\"okay_nabu\", { model = \"alexa\", server = \"linto\", sensitivity = 0.25 }]\n";
    let variables = env(&[
        ("AURICLE_LINTO__PASSWORD", "hunter2"),
        ("AURICLE_STATE_DIR", "/tmp/x"),
        ("AURICLE_REMOTE__SHELL_COMMANDS", "['df -h \"/my disc\"']"),
    ]);
    let text = explain(&parse_str(text, variables).unwrap());
    for line in [
        "  volume = 50  (line 2)",
        "  broker = \"mqtts://linto.example.org:8883\"  (line 5)",
        "  password is set  (environment: AURICLE_LINTO__PASSWORD)",
        "  state_dir = \"/tmp/x\"  (environment: AURICLE_STATE_DIR)",
        "  hangover = \"500ms\"  (default)",
        "  channel = \"auto\"  (default)",
        "  triggers = [\"wake\", \"button\"]  (default)",
        "  words = [\"okay_nabu\", { model = \"alexa\", server = \"linto\", sensitivity = 0.25 }]  (line 10)",
        "  live_transcript = false  (default)",
        "  shell = \"off\"  (default)",
        "  shell_commands = [\"df -h '/my disc'\"]  (environment: AURICLE_REMOTE__SHELL_COMMANDS)",
        "  custom_action = []  (default)",
        "  min_free = \"500MB\"  (default)",
        "  serial = \"\"  (default)",
        "  → It connects to linto.example.org at port 8883 with TLS; the broker is checked by the",
        "  → It logs in as `linto` with a password.",
        "  → The admin page is on scope `blk`, requests go to scope",
        "    `appe641f28d162046568b294b07efc152f3`, made of the application's name \"My device app\".",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\nnot in\n{text}");
    }
    assert!(!text.contains("hunter2"));
}

#[test]
fn without_a_server_it_says_how_to_get_one() {
    let text = explain(&loaded(""));
    assert!(
        text.contains(
            "No server is set up: add a [linto] section with `broker`, or a [xiaozhi] section with `ota_url`."
        ),
        "{text}"
    );
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    for (text, warning) in [
        (
            "broker = \"mqtt://h:8883\"",
            "[linto] `linto` talks in the clear to port 8883, which is usually the encrypted one; did you mean mqtts://?",
        ),
        (
            "broker = \"mqtt://h\"\nca_file = \"/ca.pem\"",
            "[linto] `linto` has a `ca_file`, but `broker` is not encrypted; write mqtts:// to use it",
        ),
        (
            "broker = \"mqtt://h\"\npassword = \"p\"",
            "[linto] `linto` has a password but no `username`; it logs in as nobody, without it",
        ),
    ] {
        let loaded = loaded(&format!("[linto]\n{text}\n"));
        assert_eq!(loaded.warnings, [warning]);
        assert!(explain(&loaded).contains(&format!("warning: {warning}")));
    }
}

#[test]
fn power_that_is_probably_not_meant_is_a_warning() {
    for (text, warning) in [
        (
            "shell = \"listed\"",
            "[remote] `shell` is \"listed\", but `shell_commands` lists nothing, so that every command is refused; list what may run, for example shell_commands = [\"uptime\"]",
        ),
        (
            "shell = \"any\"",
            "[remote] `shell` is \"any\": whoever can send messages through the broker can run every command on this device; \"listed\" allows only those in `shell_commands`",
        ),
        (
            "shell_commands = [\"uptime\", \"dmesg | tail\"]",
            "[remote] `|` in entry 2 of `shell_commands` is handed to the program `dmesg` as it is, since no shell runs; put the command into a script, and list the script",
        ),
        (
            "ssh = \"on\"",
            "[remote] `ssh` is \"on\", but `ssh_hosts` lists no host, so that none can be reached; add the line that `ssh-keyscan -t ed25519 HOST` prints, after its fingerprint (`ssh-keyscan -t ed25519 HOST | ssh-keygen -lf -`) was compared with the one that the host's owner tells you",
        ),
    ] {
        let loaded = loaded(&format!("[remote]\n{text}\n"));
        assert_eq!(loaded.warnings, [warning]);
        assert!(explain(&loaded).contains(&format!("warning: {warning}")));
    }
    for harmless in ["shell = \"listed\"\nshell_commands = [\"echo 'a | b'\"]", "unmute = \"always\"\nmeeting = \"on\""]
    {
        assert_eq!(loaded(&format!("[remote]\n{harmless}\n")).warnings, [""; 0]);
    }
}
