//! No text whatsoever makes the settings panic, and each refusal says where.

use std::time::{Duration, Instant};

use auricle::config::{Place, explain, parse_str, sample};
use proptest::prelude::*;

use super::{env, no_env};

/// Loads a text and checks what must hold for any.
fn survives(text: &str, variables: &[(&str, &str)]) {
    match parse_str(text, env(variables)) {
        Ok(loaded) => assert!(!explain(&loaded).is_empty()),
        Err(errors) => {
            let lines = text.split('\n').count();
            assert!(!errors.problems().is_empty());
            assert!(errors.problems().is_sorted_by_key(|problem| problem.place.clone()));
            for problem in errors.problems() {
                match problem.place {
                    Place::Line(line) => assert!((1..=lines).contains(&line), "{problem} of {lines} lines"),
                    Place::Environment => assert!(problem.text.contains("AURICLE_"), "{problem}"),
                    Place::File | Place::CommandLine => panic!("a text has no file and no arguments: {problem}"),
                }
                assert!(problem.text.chars().count() < 600, "{problem}");
                assert!(!problem.text.chars().any(char::is_control), "{problem:?}");
            }
        }
    }
}

/// Pieces of which settings are made, right and wrong.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("[linto]\n".to_owned()),
        Just("[[linto]]\n".to_owned()),
        Just("[audio]\n".to_owned()),
        Just("[wake]\n".to_owned()),
        Just("[audio.volume]\n".to_owned()),
        Just("[remote]\n".to_owned()),
        Just("[meeting]\n".to_owned()),
        Just("shell_commands = [\"".to_owned()),
        Just("ssh_hosts = [\"h ssh-ed25519 ".to_owned()),
        Just("min_free = \"1.".to_owned()),
        Just("broker = ".to_owned()),
        Just("password = ".to_owned()),
        Just("volume = ".to_owned()),
        Just("triggers = [".to_owned()),
        Just("hangover = \"".to_owned()),
        Just("\"mqtt://[::1]:1\"\n".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("{ a = [ ".to_owned()),
        Just("linto.name".to_owned()),
        Just("a.".repeat(90)),
        Just("1979-05-27\n".to_owned()),
        Just("0xff\n".to_owned()),
        Just("inf\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("= ".to_owned()),
        Just("]".to_owned()),
        Just("# ".to_owned()),
        "[ -~]{0,12}",
        "\\PC{0,6}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        survives(&text, &[]);
    }

    #[test]
    fn any_mixture_of_pieces(pieces in prop::collection::vec(piece(), 0..24)) {
        survives(&pieces.concat(), &[]);
    }

    #[test]
    fn any_damage_to_the_sample(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, piece()), 1..6),
        uncomment in any::<bool>(),
    ) {
        let mut text: Vec<char> = if uncomment { sample().replace("\n# ", "\n") } else { sample() }.chars().collect();
        for (at, length, piece) in cuts {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            text.splice(at..end, piece.chars());
        }
        survives(&text.into_iter().collect::<String>(), &[]);
    }

    #[test]
    fn any_variable(section in "[A-Z_]{0,8}", key in "[A-Z_]{0,8}", value in any::<String>()) {
        survives("", &[(&format!("AURICLE_{section}__{key}"), &value)]);
        for name in [
            "AURICLE_LINTO__BROKER",
            "AURICLE_AUDIO__VOLUME",
            "AURICLE_TTS__COMMAND",
            "AURICLE_STATE_DIR",
            "AURICLE_REMOTE__SHELL_COMMANDS",
            "AURICLE_REMOTE__SSH_HOSTS",
            "AURICLE_MEETING__DIRECTORY",
            "AURICLE_MEETING__MIN_FREE",
        ] {
            survives("[linto]\nbroker = \"mqtt://h\"\n", &[(name, &value)]);
        }
    }
}

#[test]
fn a_file_of_garbage_is_refused_soon_and_in_few_words() {
    let unknown: String = (0..60_000).map(|n| format!("key{n} = {n}\n")).collect();
    let deep = "[".repeat(500_000);
    let errors = "= \n".repeat(300_000);
    let long_key = format!("[audio]\n{} = 1\n", "v".repeat(1_000_000));
    let sections = "[[linto]]\n".repeat(90_000);
    for text in [unknown, deep, errors, long_key, sections] {
        let started = Instant::now();
        let errors = parse_str(&text, no_env()).unwrap_err();
        assert!(errors.problems().len() <= 50);
        assert!(errors.to_string().len() < 30_000);
        assert!(started.elapsed() < Duration::from_secs(20), "{:?} for {:.20}", started.elapsed(), text);
    }
}
