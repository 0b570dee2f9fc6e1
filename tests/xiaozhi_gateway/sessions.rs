//! From a hello to a goodbye.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, Session, hello};
use crate::xiaozhi::record::Event;
use crate::xiaozhi::{Order, Rules, Xiaozhi};

fn connected(rules: Rules) -> (Xiaozhi, Client) {
    let server = Xiaozhi::start(rules);
    let mut client = Client::login(&server);
    client.next();
    (server, client)
}

fn listen(session: &str) -> Value {
    json!({"type": "listen", "state": "start", "mode": "auto", "session_id": session})
}

/// The next hello goes out at once, so that its answer and the end of the old session overlap.
fn slow_goodbye() -> Rules {
    Rules { closes_after: Duration::from_millis(80), ..Rules::default() }
}

#[test]
fn listening_without_a_session_is_answered_with_goodbye_to_the_same_session() {
    let (_server, mut client) = connected(Rules::default());
    client.say(&listen("no-such-session"));
    assert_eq!(client.next().1, json!({"type": "goodbye", "session_id": "no-such-session"}));
    client.say(&json!({"type": "listen"}));
    assert_eq!(client.next().1, json!({"type": "goodbye"}));
    client.say(&json!({"type": "goodbye", "session_id": "no-such-session"}));
    assert!(client.so_far().is_empty());
}

#[test]
fn a_hello_is_answered_with_a_fresh_key_and_the_number_of_the_connection() {
    let (server, mut client) = connected(Rules::default());
    let start = Instant::now();
    let first = client.hello();
    assert!(start.elapsed() < Duration::from_secs(2), "after {:?}", start.elapsed());
    client.say(&first.message(json!({"type": "goodbye"})));
    client.wait("goodbye");
    let second = client.hello();
    assert_eq!(first.nonce, second.nonce);
    assert_ne!(first.key, second.key);
    assert_ne!(first.id, second.id);
    assert_eq!((&first.nonce[..4], &first.nonce[8..]), (&[1, 0, 0, 0][..], &[0; 8][..]));
    let mut again = Client::login(&server);
    assert_ne!(again.hello().nonce, first.nonce, "another connection, another number");
}

#[test]
fn the_answer_repeats_the_parameters_of_the_device_whatever_will_be_sent() {
    let (_server, mut client) = connected(Rules::default());
    client.say(&hello(json!({})));
    assert_eq!(client.wait("hello")["audio_params"]["sample_rate"], 16_000);
}

#[test]
fn features_that_are_a_list_break_the_chat_server() {
    let (_server, mut client) = connected(Rules::default());
    client.say(&hello(json!(["tts", "asr"])));
    assert_eq!(client.next().1, json!({"type": "goodbye"}));
}

#[test]
fn goodbye_comes_back_when_the_chat_server_has_closed() {
    let (_server, mut client) = connected(slow_goodbye());
    let session = client.hello();
    let start = Instant::now();
    client.say(&session.message(json!({"type": "goodbye"})));
    assert_eq!(client.next().1, session.message(json!({"type": "goodbye"})));
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[test]
fn a_hello_before_the_echo_is_killed_by_it() {
    let (server, mut client) = connected(slow_goodbye());
    let old = client.hello();
    client.say(&old.message(json!({"type": "goodbye"})));
    let new = client.hello();
    // Stamped with the new session, although it is the old one that has ended.
    assert_eq!(client.next().1, new.message(json!({"type": "goodbye"})));
    client.say(&listen(&new.id));
    assert_eq!(client.next().1, new.message(json!({"type": "goodbye"})));
    new.send_as(1, &[0xf8]);
    server.wait_event("its sound to be ignored", |event| matches!(event, Event::Ignored { .. }).then_some(()));
}

#[test]
fn an_echo_during_the_hello_kills_the_new_session_too() {
    let (_server, mut client) = connected(Rules { hello_after: Some(Duration::from_millis(160)), ..slow_goodbye() });
    let old = client.hello();
    client.say(&old.message(json!({"type": "goodbye"})));
    client.say(&hello(json!({})));
    assert_eq!(client.next().1, old.message(json!({"type": "goodbye"})));
    let new = client.wait("hello");
    client.say(&listen(new["session_id"].as_str().unwrap()));
    assert_eq!(client.wait("goodbye")["session_id"], new["session_id"]);
}

#[test]
fn a_second_hello_ends_the_first_session_and_the_new_one_works() {
    let (server, mut client) = connected(Rules::default());
    let old = client.hello();
    client.say(&hello(json!({})));
    assert_eq!(client.next().1, old.message(json!({"type": "goodbye"})));
    let mut new = Session::new(&client.next().1, old.into_socket());
    client.say(&listen(&new.id));
    new.send(&[0xf8]);
    server.wait_event("its sound", |event| match event {
        Event::Sound { session, .. } => (session.as_ref() == Some(&new.id)).then_some(()),
        _ => None,
    });
    assert!(client.so_far().is_empty());
}

#[test]
fn a_second_hello_on_a_slow_chat_server_is_lost() {
    let (_server, mut client) = connected(Rules { closes_after: Duration::from_millis(250), ..Rules::default() });
    client.hello();
    client.say(&hello(json!({})));
    let new = client.wait("hello");
    assert_eq!(client.wait("goodbye")["session_id"], new["session_id"]);
}

#[test]
fn without_a_chat_server_a_goodbye_to_nobody_and_an_error_come() {
    let (server, mut client) = connected(Rules { chat_up: false, ..Rules::default() });
    client.say(&hello(json!({})));
    assert_eq!(client.next().1, json!({"type": "goodbye"}));
    assert_eq!(client.next().1, json!({"type": "goodbye"}));
    assert_eq!(client.next().1["type"], "error");
    server.change(|rules| rules.chat_up = true);
    let session = client.hello();
    server.end_chat();
    assert_eq!(client.next().1, session.message(json!({"type": "goodbye"})));
}

#[test]
fn the_chat_server_ends_a_session_with_its_name() {
    let (server, mut client) = connected(Rules::default());
    let session = client.hello();
    server.end_chat();
    assert_eq!(client.next().1, session.message(json!({"type": "goodbye"})));
}

#[test]
fn a_chat_server_that_never_greets_leaves_the_device_waiting() {
    let (_server, mut client) = connected(Rules { hello_after: None, ..Rules::default() });
    client.say(&hello(json!({})));
    assert!(client.so_far().is_empty());
}

#[test]
fn a_complaint_about_missing_sound_ends_the_session() {
    let (_server, mut client) = connected(Rules::default());
    let session = client.hello();
    client.say(&session.message(json!({"type": "udp_timeout"})));
    assert_eq!(client.next().1, session.message(json!({"type": "goodbye"})));
}

#[test]
fn a_connection_that_breaks_takes_its_session_along() {
    let (server, mut client) = connected(Rules::default());
    let session = client.hello();
    server.order(Order::Cut);
    client.closed();
    let mut again = Client::login(&server);
    again.next();
    again.say(&listen(&session.id));
    assert_eq!(again.next().1, session.message(json!({"type": "goodbye"})));
}
