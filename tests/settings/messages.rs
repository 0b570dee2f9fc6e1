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
            "line 3: `channel` in [audio] is 32; it must be \"auto\", \"mean\" or a channel's number, 0 to 31",
            "line 4: `sounds` in [audio] is \"true\"; it must be true or false, without quotes",
            "line 5: `profile` in [audio] is \"none\"; it must be \"off\"",
            "line 6: `mixer` in [audio] is \"a\"; it must be \"card/control\", or empty",
            "line 7: `capture` in [audio] is \"\"; it must be \"auto\" or the name of an ALSA PCM",
        ],
    ),
    (
        "[listen]\ntriggers = \"voice\"\nhangover = \"5s\"\nno_speech = 5\npreroll = \"2001ms\"\n",
        &[
            "line 2: `triggers` in [listen] is \"voice\"; it must be a list in brackets, empty or of \"voice\"",
            "line 3: `hangover` in [listen] is \"5s\"; it must be \"100ms\" to \"3s\", written like \"500ms\", \"1.5s\" or \"1h\"",
            "line 4: `no_speech` in [listen] is 5; it must be \"1s\" to \"60s\", written like \"500ms\", \"1.5s\" or \"1h\"",
            "line 5: `preroll` in [listen] is \"2001ms\"; it must be \"0ms\" to \"2s\", written like \"500ms\", \"1.5s\" or \"1h\"",
        ],
    ),
    (
        "[listen]\ntriggers = [\"voice\", \"shout\", [[1]], 4, 5]\n",
        &["line 2: `triggers` in [listen] is [\"voice\", \"shout\", […], 4, …]; each must be \"voice\""],
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

const NOT_YET: &[Case] = &[
    (
        "[linto]\nbroker = \"mqtt://h\"\nlive_transcript = true\n[audio]\nprofile = \"light\"\nmixer = \"a/b\"\n\
         [listen]\ntriggers = [\"voice\", \"wake\"]\n",
        &[
            "line 3: `live_transcript` in [linto] is true; anything but false is not served by this version of Auricle (0.1.0) yet; remove the setting",
            "line 5: `profile` in [audio] is \"light\"; \"light\" is not served by this version of Auricle (0.1.0) yet; it serves \"off\"",
            "line 6: `mixer` in [audio] is \"a/b\"; anything but \"\" is not served by this version of Auricle (0.1.0) yet; remove the setting",
            "line 8: `triggers` in [listen] is [\"voice\", \"wake\"]; \"wake\" is not served by this version of Auricle (0.1.0) yet; it serves \"voice\"",
        ],
    ),
    (
        "\n\n[wake]\nwords = []\n[[tools]]\nname = \"x\"\n",
        &[
            "line 3: [wake] is not served by this version of Auricle (0.1.0) yet; remove the section",
            "line 5: [tools] is not served by this version of Auricle (0.1.0) yet; remove the section",
        ],
    ),
];

const FORM: &[Case] = &[
    (
        "volume = 3\nbar = 3\nlinto = 3\ntts = [1]\n[[audio]]\nvolume = 3\n[lintoo]\n[foo]\n",
        &[
            "line 1: `volume` stands outside of its section; put it below [audio]",
            "line 2: `bar` is not a setting, and stands outside of any section; the sections are [linto], [device], [audio], [listen], [tts], [control]",
            "line 3: `linto` is a section; write [linto] and its settings below it",
            "line 4: `tts` is a section; write [tts] and its settings below it",
            "line 5: [[audio]] can't stand several times; write [audio], once",
            "line 7: [lintoo] is not a section of the settings; did you mean [linto]?",
            "line 8: [foo] is not a section of the settings; the sections are [linto], [device], [audio], [listen], [tts], [control]",
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
    for (text, messages) in [SETTINGS, SERVERS, NOT_YET, FORM].concat() {
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
