//! Servers that speak xiaozhi, and the owner's tools.

use std::time::Duration;

use auricle::config::{Echo, explain};
use auricle_core::protocol::xiaozhi::mcp::Kind;
use auricle_core::protocol::xiaozhi::message::Mode;

use super::{loaded, refused};

const SERVER: &str = "[xiaozhi]\nota_url = \"http://h:8002/xiaozhi/ota/\"\n";

const TOOL: &str = "[[tools]]\nname = \"lamp\"\ndescription = \"Dims the lamp.\"\n";

#[test]
fn an_address_is_all_that_a_server_needs() {
    let settings = loaded(SERVER).settings;
    let server = &settings.xiaozhi[0];
    assert_eq!(server.ota_url.as_str(), "http://h:8002/xiaozhi/ota/");
    assert_eq!((server.profile.name, server.mode, server.frame()), ("upstream", Mode::Auto, Duration::from_millis(60)));
    assert_eq!((server.tls, server.restart, server.announce_wake_word.as_deref()), (None, false, None));
    assert_eq!((server.device_id.as_deref(), server.topics.len()), (None, 0));
    assert_eq!((server.echo, server.serial()), (Echo::Device, None));
    assert_eq!(settings.server_names(), ["xiaozhi"]);
}

#[test]
fn everything_else_can_be_said() {
    let text = "[linto]\nbroker = \"mqtt://h\"\n[[xiaozhi]]\nname = \"home\"\nota_url = \"https://h/x\"\nprofile = \"go\"\n\
                mode = \"realtime\"\nframe = \"20ms\"\ntls = \"on\"\nrestart = true\nannounce_wake_word = \"hello\"\n\
                device_id = \"B8-27-EB-12-34-56\"\ntopics = [\"devices/p2p/{mac}\", \"a/+\"]\n\
                [[xiaozhi]]\nname = \"cloud\"\nota_url = \"https://c/x\"\nprofile = \"cheeko-livekit\"\n\
                [wake]\nwords = [{ model = \"okay_nabu\", server = \"cloud\" }]\n[button]\ngpio = 17\nserver = \"home\"\n";
    let settings = loaded(text).settings;
    let home = &settings.xiaozhi[0];
    assert_eq!((home.profile.name, home.mode, home.frame()), ("go", Mode::Realtime, Duration::from_millis(20)));
    assert_eq!((home.tls, home.device_id.as_deref()), (Some(true), Some("b8:27:eb:12:34:56")));
    assert_eq!(home.topics, ["devices/p2p/{mac}", "a/+"]);
    assert_eq!(settings.xiaozhi[1].frame(), Duration::from_millis(20), "its profile's");
    assert_eq!(settings.server_names(), ["linto", "home", "cloud"]);
    assert_eq!(settings.buttons()[0].server, Some(1), "the second of all servers");
}

#[test]
fn a_tool_is_what_a_server_is_told_about_it() {
    let text = format!(
        "{SERVER}{TOOL}arguments = [{{ name = \"level\", type = \"integer\", min = 0, max = 100, description = \"Percent.\" }}, \
         {{ name = \"on\", type = \"boolean\", optional = true }}, {{ name = \"text\", type = \"string\", longest = 20 }}]\n\
         command = [\"/bin/lamp\", \"{{level}}\", \"--\", \"{{text}}\"]\ntimeout = \"2s\"\n"
    );
    let settings = loaded(&text).settings;
    let tool = settings.tools[0].offered();
    assert_eq!((tool.name.as_str(), tool.description.as_str(), tool.user_only), ("lamp", "Dims the lamp.", false));
    let kinds: Vec<_> = tool.arguments.iter().map(|a| (a.name.as_str(), a.kind.clone(), a.optional)).collect();
    let level = ("level", Kind::Integer { min: 0, max: 100 }, false);
    assert_eq!(kinds, [level, ("on", Kind::Boolean, true), ("text", Kind::Text { longest: 20 }, false)]);
    assert_eq!(settings.tools[0].timeout, Duration::from_secs(2));
}

#[test]
fn every_refusal_has_its_words() {
    let server = |line: &str| format!("[xiaozhi]\nota_url = \"https://h/x\"\n{line}\n");
    let tool = |lines: &str| format!("{TOOL}{lines}\n");
    let arguments = |list: &str| tool(&format!("command = [\"/bin/x\"]\narguments = [{list}]"));
    for (text, message) in [
        (
            "[xiaozhi]\n".to_owned(),
            "line 1: [xiaozhi] has no `ota_url`; add one, for example ota_url = \"https://api.tenclass.net/xiaozhi/ota/\"",
        ),
        (
            "[xiaozhi]\nota_url = \"mqtt://h\"\n".to_owned(),
            "line 2: `ota_url` in [xiaozhi] is \"mqtt://h\"; it must begin with https:// or http://",
        ),
        (
            "[xiaozhi]\nota_url = \"https://u:s3cret@h/\"\n".to_owned(),
            "line 2: `ota_url` in [xiaozhi] has a user name in it, which is not used; leave it out",
        ),
        (
            server("mode = \"half\""),
            "line 3: `mode` in [xiaozhi] is \"half\"; it must be \"auto\" or \"manual\" or \"realtime\"",
        ),
        (
            server("frame = \"30ms\""),
            "line 3: `frame` in [xiaozhi] is \"30ms\"; it must be \"60ms\" or \"40ms\" or \"20ms\"",
        ),
        (server("echo = \"off\""), "line 3: `echo` in [xiaozhi] is \"off\"; it must be \"device\" or \"server\""),
        (
            server("echo = \"server\""),
            "line 3: `echo` in [xiaozhi] is \"server\", but with `mode` \"auto\" the microphone is closed while the device speaks, and there is no echo; write mode = \"realtime\", or leave `echo` out",
        ),
        (
            server("serial_number = \"SN-1\""),
            "line 3: `serial_number` in [xiaozhi] needs `serial_key_file`, the file of its key; set both, or leave both out",
        ),
        (
            server("serial_key_file = \"/k\""),
            "line 3: `serial_key_file` in [xiaozhi] needs `serial_number`, to which the key belongs; set both, or leave both out",
        ),
        (
            server("serial_key_file = \"/k\"\nserial_number = \"a b\""),
            "line 4: `serial_number` in [xiaozhi] is \"a b\"; it must be letters, digits and signs of ASCII without blanks, at most 64",
        ),
        (
            server("profile = \"x\""),
            "line 3: `profile` in [xiaozhi] is \"x\"; it must be \"upstream\" or \"cheeko-dev\" or \"cheeko-livekit\" or \"go\" or \"java\"",
        ),
        (
            server("device_id = \"kitchen\""),
            "line 3: `device_id` in [xiaozhi] is \"kitchen\"; it must be a hardware address like \"b8:27:eb:12:34:56\"",
        ),
        (
            server("topics = [\"a/#/b\"]"),
            "line 3: `topics` in [xiaozhi] is [\"a/#/b\"]; it must be a list in brackets: up to 8 topics of MQTT, each in quotes and of at most 120 bytes",
        ),
        (
            "[linto]\nbroker = \"mqtt://h\"\nname = \"home\"\n[xiaozhi]\nota_url = \"https://h/x\"\nname = \"home\"\n"
                .to_owned(),
            "line 6: `home` is the name of a server of [linto] and of one of [xiaozhi]; give each its own `name`",
        ),
        (
            server("[wake]\nwords = [{ model = \"alexa\", server = \"xiaozi\" }]"),
            "line 4: `words` in [wake]: \"alexa\" opens the server \"xiaozi\"; did you mean \"xiaozhi\"?",
        ),
        (
            tool("command = []"),
            "line 4: `command` of the tool `lamp` is empty; name a program, for example [\"/usr/local/bin/lamp\"]",
        ),
        (
            arguments("{ name = \"a\", type = \"string\" }").replace("/bin/x", "{a}"),
            "line 4: `command` of the tool `lamp` begins with {a}: a server must not choose the program; name one",
        ),
        (
            tool("command = [\"/bin/x\", \"{level}\"]"),
            "line 4: `command` of the tool `lamp` has {level}, which is no argument of it; add it to `arguments`",
        ),
        (
            tool("command = [\"/bin/x\"]").replace("\"lamp\"", "\"self.reboot\""),
            "line 2: `name` in [tools] is \"self.reboot\"; it must be letters, digits, `.`, `-` and `_`, at most 64, not beginning with `self.`, which are the device's own",
        ),
        (
            arguments("{ name = \"a\", type = \"integer\", min = 0 }"),
            "line 5: `arguments` in [tools] is [a table]; argument `a`: an integer needs `min` and `max`, for example min = 0, max = 100",
        ),
        (
            arguments("{ name = \"a\", type = \"integer\", min = 5, max = 0 }"),
            "line 5: `arguments` in [tools] is [a table]; argument `a`: `min` is 5 and `max` is 0; exchange them",
        ),
        (
            arguments("{ name = \"a\", type = \"boolean\", min = 5 }"),
            "line 5: `arguments` in [tools] is [a table]; argument `a`: `min` is for other types; leave it out",
        ),
        (
            arguments("{ name = \"a\", typ = \"boolean\" }"),
            "line 5: `arguments` in [tools] is [a table]; `typ` is not a part of an argument; did you mean `type`?",
        ),
        (
            arguments("{ name = \"a\", type = \"boolean\" }, { name = \"a\", type = \"boolean\" }"),
            "line 5: `arguments` in [tools] is [a table, a table]; `a` stands there twice; keep one",
        ),
        (
            arguments("{ name = \"a\", type = \"string\", longest = 5000 }"),
            "line 5: `arguments` in [tools] is [a table]; argument `a`: `longest` must be 1 to 1000",
        ),
        (
            tool("command = [\"/bin/x\"]") + TOOL + "command = [\"/bin/x\"]\n",
            "line 6: [[tools]]: there are two of the name `lamp`, for which servers also take `.` and `_` as the same; rename one",
        ),
    ] {
        let errors = refused(&text).to_string();
        assert_eq!(errors.lines().collect::<Vec<_>>(), [message], "\n{text}");
        assert!(!errors.contains("s3cret"));
    }
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let tool = format!("{TOOL}command = [\"/bin/x\"]\n");
    assert_eq!(
        loaded(&tool).warnings,
        ["[[tools]] are for servers of [xiaozhi], and there is none: nobody can call them"]
    );
    assert!(loaded(&format!("{SERVER}{tool}")).warnings.is_empty());
    let useless = format!("{SERVER}tls = \"off\"\nca_file = \"/ca.pem\"\n");
    let text = "[xiaozhi] `xiaozhi` has a `ca_file`, but neither `ota_url` nor the broker is encrypted";
    assert_eq!(loaded(&useless).warnings, [text]);
}

#[test]
fn it_is_explained_what_is_sent_when() {
    let text = explain(&loaded(&format!("{SERVER}{TOOL}command = [\"/bin/x\"]\n"))).replace("\n    ", " ");
    for part in [
        "It asks h:8002 without TLS where the broker is: the answer, with the password for the broker in it, can be read on the way.",
        "all sound goes to the server, silence too, until it has heard the end of what you say",
        "It is known there by the hardware address of its first network interface.",
        "Each server of [xiaozhi] may run it without arguments, whenever it wants to.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let server =
        format!("{SERVER}mode = \"realtime\"\necho = \"server\"\nserial_number = \"SN-1\"\nserial_key_file = \"/k\"\n");
    let text = explain(&loaded(&server)).replace("\n    ", " ");
    for part in [
        "also while it speaks, until somebody ends the conversation.",
        "It gets the microphone as it is, with the device's own voice in it, and is told what was played meanwhile: `profile` in [audio] is for the wake words and other servers.",
        "It is told the serial number SN-1, and when it is activated, a signature made with its key.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let manual =
        explain(&loaded(&format!("{}mode = \"manual\"\n", SERVER.replace("http:", "https:")))).replace("\n    ", " ");
    assert!(
        manual.contains("It asks h:8002 with TLS") && manual.contains("until you press again or fall silent."),
        "{manual}"
    );
}

#[test]
fn servers_that_come_and_go_need_a_restart_and_so_do_tools() {
    let (with, without) = (loaded(SERVER).settings, loaded("").settings);
    assert_eq!(without.needs_restart(&with), ["xiaozhi"]);
    let other = loaded(&format!("{SERVER}mode = \"manual\"\n")).settings;
    assert_eq!(with.needs_restart(&other), ["xiaozhi.mode"]);
    let tools = loaded(&format!("{SERVER}{TOOL}command = [\"/bin/x\"]\n")).settings;
    assert_eq!(with.needs_restart(&tools), ["tools"]);
}
