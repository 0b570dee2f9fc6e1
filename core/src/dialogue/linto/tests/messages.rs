//! Commands, and messages that nobody expected.

use super::rig::{ID, Rig};
use crate::dialogue::PlayEnd;
use insta::assert_snapshot;

#[test]
fn a_ping_is_answered_on_the_scope_on_which_it_came() {
    let mut rig = Rig::online();
    rig.message("blk/tolinto/raspberry1/ping", "{}");
    rig.message("app1/tolinto/raspberry1/ping", "{}");
    assert_snapshot!(rig.trace(), @r"
    0.000 publish blk/fromlinto/raspberry1/pong One {}
    0.000 report command ping: answered with `pong`
    0.000 publish app1/fromlinto/raspberry1/pong One {}
    0.000 report command ping: answered with `pong`
    ");
}

#[test]
fn the_admin_pages_text_is_announced_even_as_broken_json() {
    let mut rig = Rig::online();
    rig.message("blk/tolinto/raspberry1/say", r#"{"value":"bonjour"}"#);
    rig.message("blk/tolinto/raspberry1/say", r#"{"value":"il a dit "oui""}"#);
    rig.message("blk/tolinto/raspberry1/say", "{\"value\":\"one\ntwo\"}");
    rig.message("blk/tolinto/raspberry1/say", "{}");
    rig.played(1, PlayEnd::Finished);
    rig.played(2, PlayEnd::Failed);
    assert_snapshot!(rig.trace(), @r#"
    0.000 play 1 Announcement "bonjour"
    0.000 report command say: handed to the loudspeaker
    0.000 play 2 Announcement "il a dit \"oui\""
    0.000 report command say: handed to the loudspeaker
    0.000 play 3 Announcement "one\ntwo"
    0.000 report command say: handed to the loudspeaker
    0.000 report command say: ignored: no text in it
    0.000 report drop 1 not_heard: sound 2: no loudspeaker or no voice
    "#);
}

#[test]
fn an_announcement_does_not_touch_a_turn() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.message("blk/tolinto/raspberry1/say", r#"{"value":"dinner!"}"#);
    rig.played(1, PlayEnd::Finished);
    rig.trace();
    rig.answer(ID, r#"{"say":"noon"}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 say "noon"
    0.000 play 2 Conversation "noon"
    "#);
}

#[test]
fn commands_without_a_use_say_so_and_unknown_ones_are_dropped() {
    let mut rig = Rig::online();
    rig.message("blk/tolinto/raspberry1/statusack", "{}");
    rig.message("blk/tolinto/raspberry1/demo_mode", r#"{"value":"start"}"#);
    rig.message("blk/tolinto/raspberry1/selfdestruct", "{}");
    rig.message("blk/tolinto/raspberry1/", "{}");
    rig.message("other/topic", "{}");
    assert_snapshot!(rig.trace(), @r"
    0.000 report command statusack: ignored: a status needs no acknowledgement
    0.000 report command demo_mode: ignored: this device has no screen for the demo's film
    0.000 report drop 1 unknown_command: `blk/tolinto/raspberry1/selfdestruct`: no such command
    0.000 report drop 1 unknown_command: `blk/tolinto/raspberry1/`: no such command
    0.000 report drop 1 unknown_topic: `other/topic`
    ");
}

#[test]
fn retained_commands_and_answers_are_ignored_and_counted() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.retained("blk/tolinto/raspberry1/say", r#"{"value":"boo"}"#);
    rig.retained("blk/tolinto/raspberry1/ping", "{}");
    rig.retained(&format!("app1/tolinto/raspberry1/nlp/file/{ID}"), r#"{"behavior":{"say":"old"}}"#);
    assert_snapshot!(rig.trace(), @r"
    0.000 report drop 1 retained_command: on `blk/tolinto/raspberry1/say`
    0.000 report drop 1 retained_command: on `blk/tolinto/raspberry1/ping`
    0.000 report drop 1 retained_command: on `app1/tolinto/raspberry1/nlp/file/1f0c1b1`
    ");
}

#[test]
fn a_long_topic_makes_a_short_line() {
    let mut rig = Rig::online();
    rig.message(&format!("blk/tolinto/raspberry1/{}", "x".repeat(60_000)), "{}");
    assert!(rig.trace().len() < 300);
}
