//! The exact words of each refusal.

use auricle::config::load;

use super::{no_env, refused};

/// Each text, and its messages one per line.
const TABLE: &[(&str, &str)] = &[(
    "[linto]\nbrocker = 1\nbroker = \"mqtt://h\"\n",
    "line 2: `brocker` is not a setting of [linto]; did you mean `broker`?",
)];

#[test]
fn every_refusal_has_its_words() {
    for (text, messages) in TABLE {
        assert_eq!(refused(text).to_string(), *messages, "\n{text}");
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
#[ignore]
fn show() {
    for text in [
        "[linto]\nxyz = 1\nbroker=\"mqtt://h\"",
        "[linto]\nusername = \"u\"",
        "[[linto]]\nname=\"a\"\n[[linto]]\nbroker=\"mqtt://h\"",
        "[[linto]]\nbroker=\"mqtt://g\"\n[[linto]]\nbroker=\"mqtt://h\"",
        "[audio]\nvolume = \"loud\"\nvolume = 3\nbroker = 1\nvol = 2",
        "[audio]\nvolume = -1\nchannel = 32\nsounds = 1\nprofile = \"light\"\nmixer = \"a/b\"\ncapture = \"\"",
        "[audio]\nvolume = 1.5\nchannel=\"left\"\nprofile=\"none\"\nmixer=\"a\"\ncapture=7",
        "[listen]\ntriggers = [\"wake\"]\nhangover = \"5s\"\nno_speech=5\nmax_utterance=\"0s\"\npreroll=\"2001ms\"",
        "[listen]\ntriggers = \"voice\"",
        "[listen]\ntriggers = [\"voice\", \"shout\", [[[1]]], 4, 5]",
        "[wake]\nwords=[]\n[lintoo]\n[foo]\n",
        "volume = 3\nfoo = 3\nlinto = 3\naudio=[1]\n",
        "[[audio]]\nvolume=3\n[[wake]]\n",
        "[linto]\nbroker = \"linto.example.org\"\nlive_transcript=true\napplication_kind=\"x\"\nscope=\"a/b\"\nname=\"a b\"\nanswer_timeout=\"0s\"",
        "[linto]\nbroker = \"wss://h\"",
        "[linto]\nbroker = \"mqtt://u:p@h\"",
        "[linto]\nbroker = \"mqtt://h/x\"",
        "[linto]\nbroker = \"mqtt://h:99999\"",
        "[linto]\nbroker = \"mqtt://::1\"",
        "[linto]\nbroker = \"mqtt://\"",
        "[linto]\nbroker = 5\npassword=5\nusername=5\nca_file=\"~/x\"",
        "[linto]\n[linto]\n[audio]\n[audio]\n",
        "[tts]\nlanguage=\"english\"\ncommand=\"piper -x\"\n[control]\nsocket=\"/\u{1b}[31mx\nyy\"",
        "[tts\nlanguage=\"english\"\n[listen]\nfoo = \n = 3\nbar = 'x\nbroker x",
        "[control]\nsocket = \"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    ] {
        println!("-----\n{text}\n  =>\n{}", refused(text));
    }
}
