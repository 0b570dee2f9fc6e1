//! What the parts of an answer do: texts, chatbots, actions, things to show, sounds.

use super::super::LintoSettings;
use super::rig::{ID, Rig, settings};
use crate::audio::wav;
use crate::dialogue::{DialogueEvent, PlayEnd, PlayId};
use crate::wish::Outcome;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;

/// Asks, and the server answers this.
fn answered(behavior: &str) -> Rig {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, behavior);
    rig
}

/// A short sound as the text of a message.
fn sound() -> String {
    let mut file = wav::header(100, 16_000).to_vec();
    file.resize(file.len() + 200, 1);
    STANDARD.encode(file)
}

#[test]
fn a_text_is_spoken_as_it_is_written_or_as_it_sounds() {
    let behavior = r#"{"say":{"text":"SNCF","phonetic":"esse enne cé effe"}}"#;
    for (phonetic, spoken) in [(false, "\"SNCF\""), (true, "\"esse enne cé effe\"")] {
        let mut rig = Rig::online_with(LintoSettings { phonetic, ..settings() });
        rig.ask_server();
        rig.answer(ID, behavior);
        let trace = rig.trace();
        assert!(trace.contains(&format!("play 1 Conversation {spoken}")), "{trace}");
        assert!(trace.contains("say \"SNCF\""), "what is reported is for reading: {trace}");
    }
}

#[test]
fn a_question_is_asked_as_it_sounds_and_an_empty_phonetic_is_none() {
    let mut rig = Rig::online_with(LintoSettings { phonetic: true, ..settings() });
    rig.ask_server();
    rig.answer(ID, r#"{"ask":{"text":"Dr. Who?","phonetic":"docteur hou"},"conversationData":{}}"#);
    assert!(rig.trace().contains("play 1 Conversation \"docteur hou\""));
    let mut rig = Rig::online_with(LintoSettings { phonetic: true, ..settings() });
    rig.ask_server();
    rig.answer(ID, r#"{"say":{"text":"oui","phonetic":" "}}"#);
    assert!(rig.trace().contains("play 1 Conversation \"oui\""));
}

#[test]
fn markup_is_not_spoken() {
    let mut rig = answered(r#"{"say":{"text":"<p>Caf&eacute; &amp; <b>croissant</b></p><script>alert(1)</script>"}}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 say "Café & croissant"
    0.000 play 1 Conversation "Café & croissant"
    "#);
}

#[test]
fn a_chatbot_is_spoken_with_its_choices() {
    let mut rig = answered(
        r#"{"chatbot":{"ask":"salut","answer":{"text":"Salut ! Choisis :","data":[
            {"text":"oui","eventType":"choice"},{"title":"t","file":"f.pdf","eventType":"attachment"},
            {"text":"non","eventType":"choice"}]}}}"#,
    );
    rig.played(1, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 chatbot "Salut ! Choisis :\noui, non"
    0.000 play 1 Conversation "Salut ! Choisis :\noui, non"
    0.000 done
    "#);
}

#[test]
fn a_chatbot_with_nothing_to_say_ends_with_a_sound() {
    let mut rig = answered(r#"{"chatbot":{"ask":"salut","answer":{"data":[]}}}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 chatbot ""
    0.000 play 1 Local Chime(Done)
    0.000 done
    "#);
}

#[test]
fn the_label_beside_an_action_is_not_spoken_and_a_sound_tells_that_it_was_done() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.message(
        &format!("app1/tolinto/raspberry1/nlp/file/{ID}"),
        r#"{"behavior":{"say":{"text":"room_control_light_on"},"customAction":{"kind":"light_on","room":"hall"}},
            "transcript":"allume la lumière"}"#,
    );
    rig.wait_secs(2);
    rig.wished(1, Outcome::Answer { payload: serde_json::json!({}), result: "exit 0".into() });
    assert_snapshot!(rig.trace(), @r#"
    0.000 wish 1 hook custom_action {"kind":"light_on","room":"hall"}, AURICLE_REQUEST="1f0c1b1", AURICLE_TRANSCRIPT="allume la lumière", AURICLE_SAY="room_control_light_on"
    0.000 report answer 1f0c1b1 customAction "room_control_light_on"
    0.000 done
    2.000 play 1 Local Chime(Done)
    2.000 report audit hook custom_action by app1/tolinto/raspberry1/nlp/file/1f0c1b1: exit 0
    "#);
}

#[test]
fn another_sound_tells_that_there_is_no_hook_or_that_it_failed() {
    for outcome in [Outcome::Refused("`custom_action` is not set".into()), Outcome::Failed("exit 1".into())] {
        let mut rig = answered(r#"{"customAction":{"kind":"light_on"}}"#);
        rig.trace();
        rig.wished(1, outcome.clone());
        let trace = rig.trace();
        assert!(trace.contains("Local Chime(Error)"), "{trace}");
        assert!(
            trace.contains("report audit hook custom_action by app1/tolinto/raspberry1/nlp/file/1f0c1b1: "),
            "{trace}"
        );
        assert!(trace.ends_with(&outcome.result()), "{trace}");
    }
}

#[test]
fn what_is_to_be_shown_goes_to_its_hook_beside_what_is_said() {
    let mut rig = answered(r#"{"say":"Look.","display":{"type":"URL","content":"https://example.org"}}"#);
    rig.wished(1, Outcome::Refused("`display` is not set".into()));
    rig.played(1, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 wish 1 hook display {"content":"https://example.org","type":"URL"}, AURICLE_REQUEST="1f0c1b1", AURICLE_TRANSCRIPT="", AURICLE_SAY="Look."
    0.000 report answer 1f0c1b1 say "Look."
    0.000 play 1 Conversation "Look."
    0.000 report audit hook display by app1/tolinto/raspberry1/nlp/file/1f0c1b1: refused: `display` is not set
    0.000 done
    "#);
}

#[test]
fn a_sound_is_played_after_the_text_and_ends_the_turn() {
    let mut rig = answered(&format!(r#"{{"say":"Listen:","audio":"{}"}}"#, sound()));
    rig.wait_secs(2);
    rig.played(1, PlayEnd::Finished);
    rig.wait_secs(2);
    rig.played(2, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 say "Listen:"
    0.000 play 1 Conversation "Listen:"
    0.000 play 2 Conversation File(244 bytes)
    4.000 done
    "#);
}

#[test]
fn a_sound_alone_is_an_answer() {
    let mut rig = answered(&format!(r#"{{"audio":"data:audio/wav;base64,{}"}}"#, sound()));
    rig.played(1, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 empty ""
    0.000 play 1 Conversation File(244 bytes)
    0.000 done
    "#);
}

#[test]
fn a_sound_behind_a_url_is_not_fetched_and_told() {
    let mut rig = answered(r#"{"say":"Listen:","audio":"https://user:secret@example.org/a.wav"}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 say "Listen:"
    0.000 play 1 Conversation "Listen:"
    0.000 report drop 1 audio: `audio` is a `https:` URL; only `data:` URLs are played, other URLs are refused
    0.000 play 2 Local Chime(Error)
    "#);
}

#[test]
fn a_question_with_a_sound_opens_the_microphone_after_the_last_of_both() {
    let mut rig =
        answered(&format!(r#"{{"ask":"Which tune?","conversationData":{{"intent":"t"}},"audio":"{}"}}"#, sound()));
    rig.trace();
    rig.played(1, PlayEnd::Finished);
    assert_eq!(rig.trace(), "", "the sound is still to come");
    rig.wait_secs(2);
    rig.played(2, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    2.000 uplink 2 from Now to app1/fromlinto/raspberry1/nlp/file/1f0c1b2 Two within 12 s, conversation {"intent":"t"}
    2.000 mic from Now, end Local
    2.000 shown Listening
    "#);
}

#[test]
fn cancel_stops_the_text_and_the_sound() {
    let mut rig = answered(&format!(r#"{{"ask":"Which tune?","conversationData":{{}},"audio":"{}"}}"#, sound()));
    rig.trace();
    rig.event(DialogueEvent::Cancel);
    rig.played(1, PlayEnd::Flushed);
    rig.played(2, PlayEnd::Flushed);
    assert_snapshot!(rig.trace(), @r"
    0.000 flush 1
    0.000 flush 2
    0.000 done
    ");
}

#[test]
fn a_sound_that_can_not_be_played_ends_the_turn() {
    let mut rig = answered(&format!(r#"{{"say":"Listen:","audio":"{}"}}"#, sound()));
    rig.event(DialogueEvent::Refused { id: PlayId(2) });
    rig.trace();
    rig.played(1, PlayEnd::Finished);
    rig.wait_secs(300);
    assert_eq!(rig.trace(), "", "the turn was over already");
}

#[test]
fn what_a_skill_says_unasked_waits_its_turn_and_opens_no_microphone() {
    let mut rig = Rig::online();
    rig.message("app1/tolinto/raspberry1/customAction/weather/alert", r#"{"behavior":{"say":{"text":"Rain."}}}"#);
    rig.message(
        "app1/tolinto/raspberry1/customAction/quiz/next",
        r#"{"behavior":{"ask":{"text":"Ready?"},"conversationData":{"intent":"quiz"}}}"#,
    );
    rig.played(1, PlayEnd::Finished);
    rig.played(2, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer customAction/weather/alert say "Rain."
    0.000 play 1 Announcement "Rain."
    0.000 report answer customAction/quiz/next ask "Ready?"
    0.000 play 2 Announcement "Ready?"
    "#);
}

#[test]
fn an_unasked_action_runs_its_hook() {
    let mut rig = Rig::online();
    let topic = "app1/tolinto/raspberry1/customAction/room/light";
    rig.message(topic, r#"{"behavior":{"customAction":{"kind":"light_on"},"say":"light_on"}}"#);
    rig.wished(1, Outcome::Done);
    assert_snapshot!(rig.trace(), @r#"
    0.000 wish 1 hook custom_action {"kind":"light_on"}, AURICLE_REQUEST="customAction/room/light", AURICLE_TRANSCRIPT="", AURICLE_SAY="light_on"
    0.000 report answer customAction/room/light customAction "light_on"
    0.000 play 1 Local Chime(Done)
    0.000 report audit hook custom_action by app1/tolinto/raspberry1/customAction/room/light: done
    "#);
}

#[test]
fn what_comes_unasked_does_not_touch_a_turn() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.message("app1/tolinto/raspberry1/customAction/a/b", r#"{"behavior":{"say":"Rain."}}"#);
    rig.trace();
    rig.played(1, PlayEnd::Finished);
    assert_eq!(rig.trace(), "", "the request still waits");
    rig.answer(ID, r#"{"say":"noon"}"#);
    assert!(rig.trace().contains("play 2 Conversation \"noon\""));
}

#[test]
fn unasked_nonsense_is_told() {
    let mut rig = Rig::online();
    rig.message("app1/tolinto/raspberry1/customAction/a/b", "nonsense");
    rig.message("app1/tolinto/raspberry1/customAction", "{}");
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer customAction/a/b error "the answer is not valid JSON: expected ident at line 1 column 2"
    0.000 report answer customAction/ error "the answer has no `behavior`"
    "#);
}

#[test]
fn trouble_of_the_server_beside_a_text_is_told_and_the_text_spoken() {
    let mut rig = answered(r#"{"say":{"text":"Sorry.","errMessage":"connect ECONNREFUSED","code":500}}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report drop 1 server_trouble: the server says of 1f0c1b1: connect ECONNREFUSED (code 500)
    0.000 report answer 1f0c1b1 say "Sorry."
    0.000 play 1 Conversation "Sorry."
    "#);
}

#[test]
fn an_action_that_is_too_large_is_left_out_and_told() {
    let large = "x".repeat(70_000);
    let mut rig = answered(&format!(r#"{{"say":"light_on","customAction":{{"kind":"{large}"}}}}"#));
    let trace = rig.trace();
    assert!(trace.contains("drop 1 answer_part") && !trace.contains("wish"), "{trace}");
    assert!(trace.len() < 1_000);
}
