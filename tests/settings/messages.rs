//! The exact words of each refusal.

use auricle::config::load;

use super::{no_env, refused};

/// A text, and its messages.
type Case = (&'static str, &'static [&'static str]);

const SETTINGS: &[Case] = &[
    (
        "\n[linto]\nbrocker = 1\nbroker = \"mqtt://h\"\n",
        &["line 3: `brocker` is not a setting of [linto]; did you mean `broker`?"],
    ),
    (
        "[listen]\nxyz = 1\n",
        &[
            "line 2: `xyz` is not a setting of [listen]; it has `triggers`, `hangover`, `no_speech`, `max_utterance`, `preroll`",
        ],
    ),
    (
        "[audio]\nsounds = 1\nvolume = 140\nbroker = 1\nvol = 2\nVolume = 3\n",
        &[
            "line 2: `sounds` in [audio] is 1; it must be true or false",
            "line 3: `volume` in [audio] is 140; it must be 0 to 100",
            "line 4: `broker` is not a setting of [audio]; it belongs to [linto]",
            "line 5: `vol` is not a setting of [audio]; did you mean `volume`?",
            "line 6: `Volume` is not a setting of [audio]; did you mean `volume`?",
        ],
    ),
    (
        "[audio]\nvolume = \"80\"\nchannel = 32\nsounds = \"true\"\nprofile = \"none\"\nmixer = \"a\"\ncapture = \"\"\n",
        &[
            "line 2: `volume` in [audio] is \"80\"; it must be 0 to 100, without quotes",
            "line 3: `channel` in [audio] is 32; it must be \"auto\", \"best\", \"mean\" or a channel's number, 0 to 31",
            "line 4: `sounds` in [audio] is \"true\"; it must be true or false, without quotes",
            "line 5: `profile` in [audio] is \"none\"; it must be \"off\" or \"light\" or \"full\"",
            "line 6: `mixer` in [audio] is \"a\"; it must be \"card/control\", or empty",
            "line 7: `capture` in [audio] is \"\"; it must be \"auto\" or the name of an ALSA PCM",
        ],
    ),
    (
        "[listen]\ntriggers = \"voice\"\nhangover = \"5s\"\nno_speech = 5\npreroll = \"2001ms\"\n",
        &[
            "line 2: `triggers` in [listen] is \"voice\"; it must be a list in brackets, empty or of \"wake\" or \"voice\" or \"button\"",
            "line 3: `hangover` in [listen] is \"5s\"; it must be \"100ms\" to \"3s\", written like \"500ms\", \"1.5s\" or \"1h\"",
            "line 4: `no_speech` in [listen] is 5; it must be \"1s\" to \"60s\", written like \"500ms\", \"1.5s\" or \"1h\"",
            "line 5: `preroll` in [listen] is \"2001ms\"; it must be \"0ms\" to \"2s\", written like \"500ms\", \"1.5s\" or \"1h\"",
        ],
    ),
    (
        "[listen]\ntriggers = [\"voice\", \"shout\", [[1]], 4, 5]\n",
        &[
            "line 2: `triggers` in [listen] is [\"voice\", \"shout\", […], 4, …]; each must be \"wake\" or \"voice\" or \"button\"",
        ],
    ),
    (
        "[tts]\nlanguage = \"english\"\ncommand = \"piper -x\"\n[device]\nserial = \"a\\u001b[1mb\"\n",
        &[
            "line 2: `language` in [tts] is \"english\"; it must be a language like \"en\" or \"en-US\"",
            "line 3: `command` in [tts] is \"piper -x\"; it must be a list in brackets: a program and its arguments, each in quotes",
            "line 5: `serial` in [device] is \"a\\u{1b}[1mb\"; it must be a serial number that the admin page takes: letters, digits, blank, `-` and `_`, at least five, \
             without `WEB_`",
        ],
    ),
];

const SERVERS: &[Case] = &[
    (
        "[linto]\nusername = \"u\"\n",
        &["line 1: [linto] has no `broker`; add one, for example broker = \"mqtts://linto.example.org:8883\""],
    ),
    (
        "[[linto]]\nbroker = \"mqtt://g\"\n[[linto]]\nbroker = \"mqtt://h\"\n",
        &["line 3: `linto` is the name of two [[linto]] sections; give each its own `name`"],
    ),
    (
        "[[linto]]\nname = \"x\"\nbroker = \"mqtt://g\"\n[[linto]]\nbroker = \"mqtt://h\"\nname = \"x\"\n",
        &["line 6: `x` is the name of two [[linto]] sections; give each its own `name`"],
    ),
    (
        "[linto]\nbroker = \"h\"\napplication_kind = \"x\"\nscope = \"a/b\"\nname = \"a b\"\nca_file = \"~/x\"\n",
        &[
            "line 2: `broker` in [linto] is \"h\"; it must begin with mqtts:// (encrypted) or mqtt://",
            "line 3: `application_kind` in [linto] is \"x\"; it must be \"device\" or \"multi-user\"",
            "line 4: `scope` in [linto] is \"a/b\"; it must be one level of an MQTT topic: text without `/`, `+`, `#` and without `$` at its beginning",
            "line 5: `name` in [linto] is \"a b\"; it must be a short name of letters, digits, `-` and `_`",
            "line 6: `ca_file` in [linto] is \"~/x\"; `~` is not understood here; write the path from `/` on",
        ],
    ),
    (
        "[[linto]]\nbroker = \"wss://h\"\n[[linto]]\nbroker = \"mqtt://u:p@h\"\n[[linto]]\nbroker = \"mqtt://h/x\"\n\
         [[linto]]\nbroker = \"mqtt://h:0\"\n[[linto]]\nbroker = \"mqtt://::1\"\n[[linto]]\nbroker = \"mqtt://\"\n",
        &[
            "line 2: `broker` in [linto] is \"wss://h\"; it must begin with mqtts:// (encrypted) or mqtt://, the two that are served",
            "line 4: `broker` in [linto] has a user name in it; write `username` and `password_file` (or `password`) instead",
            "line 6: `broker` in [linto] is \"mqtt://h/x\"; nothing may follow host and port; remove everything from the `/` on",
            "line 8: `broker` in [linto] is \"mqtt://h:0\"; its port must be 1 to 65535",
            "line 10: `broker` in [linto] is \"mqtt://::1\"; an IPv6 address needs brackets, like mqtts://[2001:db8::1]:8883",
            "line 12: `broker` in [linto] is \"mqtt://\"; the host is missing, as in mqtts://linto.example.org:8883",
        ],
    ),
];

const POWER: &[Case] = &[
    (
        "[remote]\nshell = \"on\"\nshell_timeout = \"500ms\"\nssh = true\nssh_key_dir = \"keys\"\nssh_time_limit = \"25h\"\n\
         unmute = \"yes\"\nmeeting = \"yes\"\nmeetings = 1\n",
        &[
            "line 2: `shell` in [remote] is \"on\"; it must be \"off\" or \"listed\" or \"any\"",
            "line 3: `shell_timeout` in [remote] is \"500ms\"; it must be \"1s\" to \"10min\", written like \"500ms\", \"1.5s\" or \"1h\"",
            "line 4: `ssh` in [remote] is true; it must be \"off\" or \"on\"",
            "line 5: `ssh_key_dir` in [remote] is \"keys\"; it must be a path from `/` on",
            "line 6: `ssh_time_limit` in [remote] is \"25h\"; it must be \"60s\" to \"24h\", written like \"500ms\", \"1.5s\" or \"1h\"",
            "line 7: `unmute` in [remote] is \"yes\"; it must be \"own\" or \"always\" or \"never\"",
            "line 8: `meeting` in [remote] is \"yes\"; it must be \"off\" or \"on\"",
            "line 9: `meetings` is not a setting of [remote]; did you mean `meeting`?",
        ],
    ),
    (
        "remote.shell_commands = [\"uptime\", \"echo 'a\"]\n",
        &[
            "line 1: `shell_commands` in [remote] is [\"uptime\", \"echo 'a\"]; entry 2 has a quote that is not closed, or a \\ at its end; write \\ before a character that stands for itself",
        ],
    ),
    (
        "remote.shell_commands = ['echo \"a']\n",
        &[
            "line 1: `shell_commands` in [remote] is [\"echo \"a\"]; entry 1 has a quote that is not closed, or a \\ at its end; write \\ before a character that stands for itself",
        ],
    ),
    (
        "remote.shell_commands = ['a', 'b', 'echo a\\']\n",
        &[
            "line 1: `shell_commands` in [remote] is [\"a\", \"b\", \"echo a\\\"]; entry 3 has a quote that is not closed, or a \\ at its end; write \\ before a character that stands for itself",
        ],
    ),
    (
        "remote.shell_commands = [\" \"]\n",
        &[
            "line 1: `shell_commands` in [remote] is [\" \"]; entry 1 is empty; write a program and its arguments, or remove it",
        ],
    ),
    (
        "remote.shell_commands = [\"'' x\"]\n",
        &["line 1: `shell_commands` in [remote] is [\"'' x\"]; entry 1 names no program; begin it with one"],
    ),
    (
        "remote.shell_commands = [\"a\\u0000b\"]\n",
        &[
            "line 1: `shell_commands` in [remote] is [\"a\\u{0}b\"]; entry 1 has a NUL character, which no command can have; remove it",
        ],
    ),
    (
        "remote.shell_commands = [[\"df\", \"-h\"]]\n",
        &["line 1: `shell_commands` in [remote] is [[…]]; entry 1 must be a command line in quotes"],
    ),
    (
        "remote.shell_commands = \"uptime\"\n",
        &[
            "line 1: `shell_commands` in [remote] is \"uptime\"; it must be a list in brackets: up to 64 command lines, each in quotes",
        ],
    ),
    (
        "[hooks]\ncustom_action = \"run-action\"\ndisplay = [\"\"]\n",
        &[
            "line 2: `custom_action` in [hooks] is \"run-action\"; it must be a list in brackets: a program and its arguments, each in quotes",
            "line 3: `display` in [hooks] is [\"\"]; it must be a list in brackets: a program and its arguments, each in quotes",
        ],
    ),
    (
        "[meeting]\ndirectory = \"meetings\"\nformat = \"mp3\"\nmin_free = \"500M\"\n",
        &[
            "line 2: `directory` in [meeting] is \"meetings\"; it must be a path from `/` on",
            "line 3: `format` in [meeting] is \"mp3\"; it must be \"wav\" or \"opus\"",
            "line 4: `min_free` in [meeting] is \"500M\"; it must be \"0B\" to \"1TB\", written like \"500MB\", \"1.5GB\" or \"500MiB\"",
        ],
    ),
    (
        "[meeting]\ndirectory = \"~/meetings\"\nmin_free = -1\n",
        &[
            "line 2: `directory` in [meeting] is \"~/meetings\"; `~` is not understood here; write the path from `/` on",
            "line 3: `min_free` in [meeting] is -1; it must be \"0B\" to \"1TB\", written like \"500MB\", \"1.5GB\" or \"500MiB\"",
        ],
    ),
];

/// An entry of `ssh_hosts`, and what is said of it.
const HOSTS: &[(&str, &str)] = &[
    ("", "is empty; remove it"),
    ("# h ssh-ed25519 AAAA", "is a comment; remove it"),
    ("@revoked h ssh-ed25519 AAAA", "begins with @revoked, which is not understood here; write the host first"),
    ("support.example.org", "is not complete; it needs host, type and key, as `ssh-keyscan HOST` prints them"),
    ("h ssh-ed25519", "is not complete; it needs host, type and key, as `ssh-keyscan HOST` prints them"),
    (
        "h ssh-dss AAAA",
        "has a key of the type `ssh-dss`; it must be one of ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa",
    ),
    ("h ssh-rsa AAA", "has a key that is not base64; copy it again, whole"),
    ("h ssh-rsa AAAA…", "has a key that is not base64; copy it again, whole"),
    (
        "h ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
        "has a key that is cut off or not of the type ssh-rsa; copy the line again, whole",
    ),
    (
        "h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8Q",
        "has a key that is cut off or not of the type ssh-ed25519; copy the line again, whole",
    ),
    ("h ssh-ed25519 AAAA\nh ssh-rsa AAAA", "must be one line of at most 8192 bytes"),
];

#[test]
fn a_host_that_cannot_be_known_is_named_by_its_number() {
    for (line, why) in HOSTS {
        let list = serde_json::json!([crate::values::HOST, line]);
        let errors = refused(&format!("[remote]\nssh_hosts = {list}\n")).to_string();
        assert!(errors.starts_with("line 2: `ssh_hosts` in [remote] is [\""), "{errors}");
        assert!(errors.ends_with(&format!("\"]; entry 2 {why}")) || line.contains('\n'), "{errors}\n{why}");
        assert!(errors.ends_with(why), "{errors}\n{why}");
    }
    let number = refused("[remote]\nssh_hosts = [3]\n").to_string();
    assert_eq!(number, "line 2: `ssh_hosts` in [remote] is [3]; entry 1 must be a line in quotes");
}

#[test]
fn lists_have_an_end() {
    let many = |entry: &'static str| vec![entry; 65];
    for (key, list) in [("shell_commands", many("uptime")), ("ssh_hosts", many(crate::values::HOST))] {
        let text = |list: &[&str]| format!("[remote]\n{key} = {}\n", serde_json::json!(list));
        super::loaded(&text(&list[..64]));
        assert!(refused(&text(&list)).to_string().contains("it must be a list in brackets: up to 64 "));
    }
    let words = |count| format!("[remote]\nshell_commands = [\"{}\"]\n", "x ".repeat(count));
    super::loaded(&words(64));
    assert!(refused(&words(65)).to_string().ends_with("entry 1 has more than 64 words; put it into a script"));
}

const WAKE: &[Case] = &[
    (
        "\n[wake]\nwords = []\n",
        &[
            "line 3: `words` in [wake] is empty, and `triggers` in [listen] has \"wake\": name a word, for example words = [\"okay_nabu\"], or take \"wake\" out of `triggers`",
        ],
    ),
    (
        "[wake]\nwords = \"okay_nabu\"\n",
        &[
            "line 2: `words` in [wake] is \"okay_nabu\"; it must be a list in brackets: up to 8 names of models, or tables { model, server, sensitivity }",
        ],
    ),
    (
        "[wake]\nwords = [\"okay nabu\"]\n",
        &[
            "line 2: `words` in [wake] is [\"okay nabu\"]; \"okay nabu\" is no model's name: the name of its file without `.tflite`, of letters, digits, `_` and `-`",
        ],
    ),
    (
        "[wake]\nwords = [\"alexa\", { model = \"alexa\" }]\n",
        &["line 2: `words` in [wake] is [\"alexa\", a table]; \"alexa\" stands there twice; keep one"],
    ),
    (
        "[wake]\nwords = [{ model = \"alexa\", sensitivity = 1.1 }]\n",
        &["line 2: `words` in [wake] is [a table]; `sensitivity` must be a number from 0 (deaf) to 1 (hears most)"],
    ),
    (
        "[wake]\nwords = [{ model = \"alexa\", sensitivty = 1 }]\n",
        &["line 2: `words` in [wake] is [a table]; `sensitivty` is not a part of a word; did you mean `sensitivity`?"],
    ),
    (
        "[wake]\nwords = [{ server = \"linto\" }]\n",
        &["line 2: `words` in [wake] is [a table]; a word needs its `model`, for example model = \"okay_nabu\""],
    ),
    (
        "[wake]\nwords = [{ model = \"alexa\", server = \"lino\" }]\n[linto]\nbroker = \"mqtts://h\"\n",
        &["line 2: `words` in [wake]: \"alexa\" opens the server \"lino\"; did you mean \"linto\"?"],
    ),
    (
        "\n[[wake.words]]\nmodel = \"alexa\"\nserver = \"home\"\n",
        &[
            "line 2: `words` in [wake]: \"alexa\" opens the server \"home\"; there is none; add a [linto] or [xiaozhi] section, or leave `server` out",
        ],
    ),
];

const NOT_YET: &[Case] = &[(
    "\n\n[thinx]\nowner = \"x\"\n[[rhasspy]]\nname = \"x\"\n",
    &[
        "line 3: [thinx] is not served by this version of Auricle (0.1.0) yet; remove the section",
        "line 5: [rhasspy] is not served by this version of Auricle (0.1.0) yet; remove the section",
    ],
)];

const FORM: &[Case] = &[
    (
        "volume = 3\nbar = 3\nlinto = 3\ntts = [1]\n[[audio]]\nvolume = 3\n[lintoo]\n[foo]\n",
        &[
            "line 1: `volume` stands outside of its section; put it below [audio]",
            "line 2: `bar` is not a setting, and stands outside of any section; the sections are [linto], [xiaozhi], [tools], [button], [device], [audio], [listen], [wake], [leds], [tts], [remote], [hooks], [meeting], [control]",
            "line 3: `linto` is a section; write [linto] and its settings below it",
            "line 4: `tts` is a section; write [tts] and its settings below it",
            "line 5: [[audio]] can't stand several times; write [audio], once",
            "line 7: [lintoo] is not a section of the settings; did you mean [linto]?",
            "line 8: [foo] is not a section of the settings; the sections are [linto], [xiaozhi], [tools], [button], [device], [audio], [listen], [wake], [leds], [tts], [remote], [hooks], [meeting], [control]",
        ],
    ),
    (
        "[audio]\nvolume = 3\nvolume = 140\n[audio]\n[linto]\nbroker = \"mqtt://h\"\n[linto]\n",
        &[
            "line 3: `volume` stands here a second time; keep one",
            "line 4: `audio` stands here a second time; keep one",
            "line 7: `linto` stands here a second time; keep one, or write [[linto]] each time",
        ],
    ),
    // What is broken may hold what is missing: nothing is said of `broker`, nor twice of one line.
    (
        "[linto]\nbroker = mqtt://h\n[tts\n[listen]\nhangover = \n = 3\nfoo = 1\nname 'x'\n",
        &[
            "line 2: this is not TOML: string values must be quoted, expected literal string",
            "line 3: this is not TOML: unclosed table, expected `]`",
            "line 5: this is not TOML: string values must be quoted, expected literal string",
            "line 6: this is not TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`",
            "line 7: `foo` is not a setting of [listen]; it has `triggers`, `hangover`, `no_speech`, `max_utterance`, `preroll`",
            "line 8: this is not TOML: key with no value, expected `=`",
        ],
    ),
];

#[test]
fn every_refusal_has_its_words() {
    for (text, messages) in [SETTINGS, SERVERS, POWER, WAKE, NOT_YET, FORM].concat() {
        let errors = refused(text).to_string();
        assert_eq!(errors.lines().collect::<Vec<_>>(), messages, "\n{text}");
    }
}

#[test]
fn the_file_stands_before_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, "[audio]\nvolume = 140\n").unwrap();
    let errors = load(Some(&file), no_env()).unwrap_err();
    let file = file.display();
    assert_eq!(errors.to_string(), format!("{file}: line 2: `volume` in [audio] is 140; it must be 0 to 100"));
}

#[test]
fn a_long_list_of_errors_ends_with_their_number() {
    let text: String = (0..70).map(|n| format!("[x{n}]\n")).collect();
    let errors = refused(&text);
    assert_eq!((errors.problems().len(), errors.left_out()), (50, 20));
    assert!(errors.to_string().ends_with("\n… and 20 more"));
}
