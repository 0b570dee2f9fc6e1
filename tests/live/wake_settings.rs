//! Words of the settings that change while the daemon listens.

use std::fs;

use nix::sys::signal::Signal;

use crate::broker::{Broker, SOON, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::Pulse;
use crate::speech::{self, write_wav};
use crate::stage::Stage;
use crate::words::{self, MIC_RATE, audible};

const READ: &str = "the settings were read again";

/// Writes the settings again with another text in them, and waits until they are in use.
fn edit(daemon: &Daemon, from: &str, to: &str) {
    let file = daemon.settings_file();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).unwrap();
    let read = || daemon.log().matches(READ).count();
    let before = read();
    daemon.signal(Signal::SIGHUP);
    wait_until("the settings to be read", SOON, || (read() > before).then_some(()));
}

fn said(words: &str) -> Vec<i16> {
    audible(&speech::say(words, "en-us+m3", MIC_RATE)).to_vec()
}

#[test]
fn sensitivity_and_server_change_in_the_middle_of_a_word_and_nothing_of_it_is_lost() {
    let word =
        |sensitivity: &str, server: &str| format!("[{{ model = \"okay_nabu\", sensitivity = {sensitivity}{server} }}]");
    let stage = Stage::with(|settings| {
        settings.with("listen", "triggers", "[\"wake\"]").with("wake", "words", word("0.5", ""))
    });
    let speaking = stage.person_begins(&said("okay nabu"));
    // Until it was heard; whoever begins anew each time hears nothing.
    let mut last = word("0.5", "");
    for sensitivity in ["0.6", "0.55"].iter().cycle() {
        if !stage.daemon.events_named("wake").is_empty() {
            break;
        }
        let next = word(sensitivity, if last.contains("server") { "" } else { ", server = \"linto\"" });
        edit(&stage.daemon, &last, &next);
        last = next;
        assert!(stage.daemon.log().matches(READ).count() < 5_000, "the word was never heard");
    }
    speaking.finish();
    let list = String::from_utf8(stage.daemon.run_cli(&["wake", "list"]).stdout).unwrap();
    assert!(list.contains("sensitivity 0.55") || list.contains("sensitivity 0.6"), "{list}");
    assert_eq!(stage.daemon.log().matches("listening for okay_nabu").count(), 1);
}

#[test]
fn a_word_whose_server_runs_only_after_a_restart_opens_no_other_one() {
    let (home, office, pulse) = (Broker::start(), Broker::start(), Pulse::start());
    let flow = Flow::start(&home, ADMIN);
    let server = |name: &str, broker: &Broker| {
        format!("[[linto]]\nname = \"{name}\"\nbroker = \"mqtt://127.0.0.1:{}\"\n", broker.port())
    };
    let settings = Settings::new().with("listen", "triggers", "[\"wake\"]").with("wake", "words", "[\"okay_nabu\"]");
    let daemon = Daemon::ready(&pulse, &settings.more(&server("home", &home)));
    let with_office = "[\"okay_nabu\", { model = \"alexa\", server = \"office\" }]\n";
    let text = fs::read_to_string(daemon.settings_file()).unwrap().replace("[\"okay_nabu\"]\n", with_office);
    fs::write(daemon.settings_file(), text + &server("office", &office)).unwrap();
    daemon.signal(Signal::SIGHUP);
    let cause = daemon.wait_cause("WakeMissing");
    let why = "`alexa` opens the server `office`, which runs only after a restart";
    assert!(cause["text"].as_str().unwrap().contains(why), "{cause}");

    let speak = |words: &[i16]| {
        let file = pulse.folder().join("words.wav");
        write_wav(&file, MIC_RATE, &[&vec![0; MIC_RATE as usize], words].concat());
        pulse.speak(&file).finish();
    };
    let question = words::question();
    speak(&[&said("alexa")[..], &question].concat());
    // The other one is heard, and has nothing of it.
    speak(&[&said("okay nabu")[..], &vec![0; 6_400], audible(&question)].concat());
    let request = flow.next_request();
    request.assert_has(&question);
    let woken: Vec<_> = daemon.events_named("wake").iter().map(|wake| wake["word"].clone()).collect();
    assert_eq!((woken, flow.requests().len()), (vec!["okay_nabu".into()], 1));
}
