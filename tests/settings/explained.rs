//! `auricle check` says what the settings mean.

use auricle::config::{explain, parse_str};

use super::{env, loaded};

#[test]
fn each_setting_is_listed_with_its_value_and_where_it_comes_from() {
    let text = "[audio]\nvolume = 50\n\n[linto]\nbroker = \"MQTTS://linto.example.org\"\nusername = \"linto\"\n\
                application = \"My device app\"\n";
    let variables = env(&[("AURICLE_LINTO__PASSWORD", "hunter2"), ("AURICLE_STATE_DIR", "/tmp/x")]);
    let text = explain(&parse_str(text, variables).unwrap());
    for line in [
        "  volume = 50  (line 2)",
        "  broker = \"mqtts://linto.example.org:8883\"  (line 5)",
        "  password is set  (environment: AURICLE_LINTO__PASSWORD)",
        "  state_dir = \"/tmp/x\"  (environment: AURICLE_STATE_DIR)",
        "  hangover = \"500ms\"  (default)",
        "  channel = \"auto\"  (default)",
        "  triggers = []  (default)",
        "  live_transcript = false  (default)",
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
    assert!(text.contains("No server is set up: add a [linto] section with `broker`."), "{text}");
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
