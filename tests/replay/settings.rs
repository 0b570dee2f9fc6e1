//! Settings on the command line have the names, ranges and words of the settings file.

use super::material::{NO_WORDS, argument, events, file, heard, piped, plain, stderr, two_utterances};

/// Arguments, and what is said about them.
const REFUSED: [(&[&str], &str); 9] = [
    (&["listen.hangovr=1s"], "`--set listen.hangovr` is not a setting; did you mean `listen.hangover`?"),
    (&["lisen.hangover=1s"], "`--set lisen.hangover` is not a setting; did you mean `listen.hangover`?"),
    (&["audio.hangover=1s"], "`--set audio.hangover` is not a setting; did you mean `listen.hangover`?"),
    (&["hangover=1s"], "`--set hangover` lacks its section; write `--set listen.hangover=…`"),
    (&["listen.hangover"], "`--set listen.hangover` has no value; write `--set listen.hangover=VALUE`"),
    (&["=1"], "`--set ` is not a setting; write `--set SECTION.KEY=VALUE`"),
    (
        &["listen.hangover=9s"],
        "`--set listen.hangover` is \"9s\"; it must be \"100ms\" to \"3s\", written like \"500ms\", \"1.5s\" or \"1h\"",
    ),
    (&["linto.name=x"], "[linto] has no `broker`; add `--set linto.broker=\"mqtts://linto.example.org:8883\"`"),
    (
        &["audio.volume=140", "audio.sounds=loud"],
        "`--set audio.sounds` is \"loud\"; it must be true or false\n`--set audio.volume` is 140; it must be 0 to 100",
    ),
];

#[test]
fn what_is_no_setting_is_named_with_what_was_meant() {
    for (settings, words) in REFUSED {
        let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        let output = piped(b"", &[&["-"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{settings:?}");
        let mut told: Vec<String> = stderr(&output).lines().map(str::to_owned).collect();
        told.sort();
        assert_eq!(told.join("\n"), words);
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_bare_word_needs_no_quotes_and_the_last_of_two_counts() {
    let file = plain(two_utterances());
    let expected = heard(&file, &["--set", "listen.hangover=\"200ms\""]);
    assert_ne!(expected, heard(&file, &[]));
    assert_eq!(heard(&file, &["--set", "listen.hangover=200ms"]), expected);
    assert_eq!(heard(&file, &["--set", "listen.hangover=3s", "--set", "listen.hangover = 200ms"]), expected);
}

#[test]
fn a_shorter_hangover_decides_earlier_by_about_as_much() {
    let end = |hangover: &str| {
        let setting = format!("listen.hangover={hangover}");
        let told = events(&heard(&plain(two_utterances()), &["--set", &setting]));
        told.iter().rfind(|(_, name)| name == "speech_end").unwrap().0
    };
    let earlier = end("900ms") - end("500ms");
    // A tenth less where it is surely quiet, and whole frames of 16 ms.
    assert!((0.3..0.5).contains(&earlier), "{earlier}");
}

#[test]
fn a_settings_file_counts_if_it_is_named_and_the_environment_never() {
    let (_folder, path) = file("auricle.toml", b"[listen]\nhangover = \"200ms\"\ntriggers = []\n");
    let sound = plain(two_utterances());
    let given = heard(&sound, &["--config", argument(&path)]);
    assert_eq!(given, heard(&sound, &["--set", "listen.hangover=200ms"]));
    let over = heard(&sound, &["--config", argument(&path), "--set", "listen.hangover=500ms"]);
    assert_eq!(over, heard(&sound, &[]));
    let mut child = super::material::command(&[&["--json", "-"], &NO_WORDS[..]].concat());
    let child = child.env("AURICLE_LISTEN__HANGOVER", "200ms").env("AURICLE_NONSENSE__X", "1");
    let (_folder, path) = file("two.wav", &sound);
    let output = child.stdin(std::fs::File::open(path).unwrap()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), over);
}

#[test]
fn a_broken_settings_file_is_told_by_line() {
    let (_folder, path) = file("auricle.toml", b"[listen]\nhangover = 3\n");
    let output = piped(b"", &["-", "--config", argument(&path)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("auricle.toml: line 2: `hangover` in [listen] is 3;"), "{}", stderr(&output));
}
