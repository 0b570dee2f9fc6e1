//! Turns that go as they should, in the three modes.

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{ID, Rig, settings};
use crate::dialogue::{DialogueEvent, PlayEnd, Trigger};
use crate::hearing::Ending;
use crate::protocol::xiaozhi::message::Mode;

#[test]
fn auto_the_server_ends_the_utterance_speaks_and_is_listened_to_again() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_ms(30);
    rig.hello(ID);
    rig.opened();
    rig.wait_secs(2);
    rig.uplinked(false);
    rig.uplinked(false);
    rig.stt("what time is it");
    rig.tts("start");
    rig.message(r#"{"type":"llm","text":"🙂","emotion":"happy"}"#);
    rig.sentence("It is noon.");
    rig.arrived();
    rig.wait_secs(1);
    rig.sentence("Lunch!");
    rig.wait_secs(1);
    rig.tts("stop");
    rig.wait_ms(300);
    rig.played(PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 shown Connecting
    0.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    0.030 channel to 10.0.0.1:8884, frames of 60 ms
    0.030 mic from At(Position(1000)), ended by the server within 3600 s, quiet 10s
    0.030 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    0.030 uplink 1 from At(Position(1000)), Opus of 60 ms
    0.030 shown Listening
    2.030 report speech end
    2.030 report final "what time is it"
    2.030 report request 47c1931, 2 s
    2.030 mic stop
    2.030 uplink 1 aborted
    2.030 play 1 Conversation Stream(1)
    2.030 mood Bright
    3.030 report spoken "It is noon."
    4.030 channel Drain
    4.030 report answer 47c1931 say "It is noon. Lunch!"
    4.330 report spoken "Lunch!"
    4.330 channel Hold
    4.330 mic from Now, ended by the server within 3600 s, quiet 10s
    4.330 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    4.330 uplink 2 from Now, Opus of 60 ms
    4.330 shown Listening
    "#);
}

#[test]
fn auto_whoever_says_nothing_more_ends_the_conversation_and_the_session() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.trace();
    rig.wait_secs(10);
    rig.end_of_speech(Ending::NoSpeech);
    rig.goodbye(ID);
    rig.wait_secs(3_600);
    assert_snapshot!(rig.trace(), @r#"
    10.000 mic stop
    10.000 uplink 2 aborted
    10.000 send {"session_id":"s1","type":"goodbye"}
    10.000 channel Close
    10.000 play 2 Local Chime(Cancelled)
    10.000 done
    "#);
}

#[test]
fn auto_who_was_understood_has_not_said_nothing() {
    let mut rig = Rig::listening();
    rig.stt("hm");
    rig.trace();
    rig.end_of_speech(Ending::NoSpeech);
    assert_eq!(rig.trace(), "");
}

#[test]
fn auto_the_next_turn_uses_the_same_session() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::BargeIn { wake: false });
    rig.trace();
    rig.open();
    let trace = rig.trace();
    assert!(!trace.contains("hello") && trace.contains(r#""state":"start","mode":"auto""#), "{trace}");
}

#[test]
fn manual_the_person_lets_go_and_the_session_stays_open() {
    let mut rig = Rig::online_with(Rig::mode(Mode::Manual));
    rig.open_by(Trigger::Button);
    rig.hello(ID);
    rig.opened();
    rig.wait_secs(2);
    rig.uplinked(false);
    rig.event(DialogueEvent::Release { at: Some(crate::audio::Position(40_000)) });
    rig.uplinked(true);
    rig.stt("what time is it");
    rig.wait_secs(1);
    rig.tts("start");
    rig.arrived();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.wait_secs(20);
    rig.open_by(Trigger::Button);
    assert_snapshot!(rig.trace(), @r#"
    0.000 shown Connecting
    0.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    0.000 mic from At(Position(1000)), ended by the person within 70 s
    0.000 channel to 10.0.0.1:8884, frames of 60 ms
    0.000 mic from At(Position(1000)), ended by the person within 70 s
    0.000 send {"session_id":"s1","type":"listen","state":"start","mode":"manual"}
    0.000 uplink 1 from At(Position(1000)), Opus of 60 ms
    0.000 shown Listening
    2.000 mic stop
    2.000 uplink 1 ends at 40000
    2.000 send {"session_id":"s1","type":"listen","state":"stop"}
    2.000 report request 47c1931, 2 s
    2.000 shown Waiting
    2.000 report final "what time is it"
    3.000 play 1 Conversation Stream(1)
    3.000 channel Drain
    3.000 report answer 47c1931 empty ""
    3.000 done
    12.000 channel Silence
    22.000 channel Silence
    23.000 shown Connecting
    23.000 channel Hold
    23.000 mic from At(Position(1000)), ended by the person within 70 s
    23.000 send {"session_id":"s1","type":"listen","state":"start","mode":"manual"}
    23.000 uplink 2 from At(Position(1000)), Opus of 60 ms
    23.000 shown Listening
    "#);
}

#[test]
fn manual_after_a_wake_word_the_endpointer_lets_go() {
    let mut rig = Rig::listening_with(Rig::mode(Mode::Manual));
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(true);
    assert_snapshot!(rig.trace(), @r#"
    0.000 mic stop
    0.000 uplink 1 ends at 33000
    0.000 send {"session_id":"s1","type":"listen","state":"stop"}
    0.000 report request 47c1931, 1 s
    0.000 shown Waiting
    "#);
    let mut nobody = Rig::listening_with(Rig::mode(Mode::Manual));
    nobody.end_of_speech(Ending::NoSpeech);
    assert_snapshot!(nobody.trace(), @r#"
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 send {"session_id":"s1","type":"listen","state":"stop"}
    0.000 done
    "#);
}

#[test]
fn manual_a_button_that_nobody_lets_go_of_is_let_go() {
    let mut rig = Rig::online_with(Rig::mode(Mode::Manual));
    rig.open_by(Trigger::Button);
    rig.hello(ID);
    rig.opened();
    rig.trace();
    rig.wait_secs(61);
    assert_snapshot!(rig.trace(), @r#"
    60.000 mic stop
    60.000 uplink 1 ends at 0
    61.000 uplink 1 aborted
    61.000 send {"session_id":"s1","type":"listen","state":"stop"}
    61.000 report request 47c1931, 0 s
    61.000 shown Waiting
    "#);
}

#[test]
fn manual_an_idle_session_is_ended_by_and_by() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Manual));
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.trace();
    rig.wait_secs(120);
    assert_snapshot!(rig.trace(), @r#"
    10.000 channel Silence
    20.000 channel Silence
    30.000 channel Silence
    40.000 channel Silence
    50.000 channel Silence
    60.000 channel Silence
    60.000 send {"session_id":"s1","type":"goodbye"}
    60.000 channel Close
    "#);
}

#[test]
fn realtime_the_microphone_stays_open_while_the_server_speaks() {
    let mut rig = Rig::listening_with(Rig::mode(Mode::Realtime));
    rig.stt("what time is it");
    rig.tts("start");
    rig.arrived();
    rig.sentence("It is noon.");
    rig.wait_secs(1);
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.wait_secs(1);
    rig.stt("and now");
    rig.tts("start");
    assert_snapshot!(rig.trace(), @r#"
    0.000 report speech end
    0.000 report final "what time is it"
    0.000 report request 47c1931, 0 s
    0.000 play 1 Conversation Stream(1)
    1.000 channel Drain
    1.000 report answer 47c1931 say "It is noon."
    1.000 report spoken "It is noon."
    1.000 channel Hold
    1.000 mic from Now, ended by the server within 3600 s, quiet 10s, while speaking
    1.000 shown Listening
    2.000 report speech end
    2.000 report final "and now"
    2.000 report request 47c1932, 0 s
    2.000 play 2 Conversation Stream(2)
    "#);
}

#[test]
fn realtime_who_speaks_into_the_answer_is_answered_instead() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Realtime));
    rig.stt("stop it");
    rig.tts("stop");
    rig.played(PlayEnd::Flushed);
    rig.tts("start");
    assert_snapshot!(rig.trace(), @r#"
    0.000 report final "stop it"
    0.000 flush 1
    0.000 report answer 47c1931 say "It is noon."
    0.000 channel Discard
    0.000 channel Hold
    0.000 report request 47c1932, 0 s
    0.000 play 2 Conversation Stream(2)
    "#);
}

#[test]
fn realtime_a_server_that_thinks_about_what_interrupted_it_is_waited_for() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Realtime));
    rig.stt("tell me a long story instead");
    rig.tts("stop");
    rig.played(PlayEnd::Flushed);
    rig.trace();
    rig.wait_secs(12);
    rig.end_of_speech(Ending::NoSpeech);
    assert_eq!(rig.trace(), "", "it was understood");
    rig.tts("start");
    assert!(rig.trace().contains("play 2 Conversation"));
}

#[test]
fn realtime_a_second_trigger_silences_the_answer_and_the_conversation_goes_on() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Realtime));
    rig.event(DialogueEvent::BargeIn { wake: false });
    rig.tts("stop");
    rig.played(PlayEnd::Flushed);
    rig.event(DialogueEvent::BargeIn { wake: false });
    assert_snapshot!(rig.trace(), @r#"
    0.000 send {"session_id":"s1","type":"abort"}
    0.000 channel Discard
    0.000 flush 1
    0.000 report answer 47c1931 say "It is noon."
    0.000 mic from Now, ended by the server within 3600 s, quiet 10s, while speaking
    0.000 shown Listening
    0.000 channel Hold
    "#);
}

#[test]
fn a_wake_word_is_announced_where_the_owner_wants_it_and_only_it() {
    let settings = XiaozhiSettings { announce_wake_word: Some("你好小智".into()), ..settings() };
    let mut rig = Rig::online_with(settings.clone());
    rig.open_by(Trigger::Wake);
    rig.hello(ID);
    rig.opened();
    let trace = rig.trace();
    let (detect, start) = (trace.find("detect").unwrap(), trace.find(r#""state":"start""#).unwrap());
    assert!(detect < start && trace.contains("你好小智"), "{trace}");
    rig.tts("start");
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    assert!(!rig.trace().contains("detect"), "nobody said the word again");
    let mut rig = Rig::online_with(settings);
    rig.open_by(Trigger::Button);
    rig.hello(ID);
    rig.opened();
    assert!(!rig.trace().contains("detect"));
}

#[test]
fn a_dictation_is_refused() {
    let mut rig = Rig::online();
    rig.open_by(Trigger::Dictate);
    assert_snapshot!(rig.trace(), @r"
    0.000 not taken: a xiaozhi server takes no dictation
    0.000 done
    ");
}
