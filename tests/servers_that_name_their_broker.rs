//! A protocol that learns from its server where the broker is: the daemon connects it, keeps it, moves it, and asks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use auricle::config;
use auricle::daemon::input::Input;
use auricle::daemon::{Daemon, Parts};
use auricle::device::pins::Board;
use auricle::sound::{CapturePcm, CardName, Cards, Direction, PlaybackPcm, SoundError};
use auricle_core::dialogue::{Ask, Dialogue, DialogueEvent};
use auricle_core::fetch::{Fetch, FetchId};
use auricle_core::link::{Access, LinkAsk, LinkEvent, Policy, Publication, Qos};
use auricle_core::time::Tick;
use auricle_core::wish::{Outcome, Wish, WishId};
use serde_json::json;

/// How long anything that should come at once may take on a loaded machine.
const SOON: Duration = Duration::from_secs(20);

const DISCONNECT: u8 = 0xe0;

/// A dialogue that asks what the test asks.
struct Puppet {
    asks: Receiver<Ask>,
    told: Sender<DialogueEvent>,
    now: Tick,
}

impl Dialogue for Puppet {
    fn handle(&mut self, now: Tick, event: DialogueEvent) {
        self.now = now;
        let _ = self.told.send(event);
    }

    fn poll(&mut self) -> Option<Ask> {
        self.asks.try_recv().ok()
    }

    fn deadline(&self) -> Option<Tick> {
        Some(self.now + Duration::from_millis(5))
    }
}

/// No card at all.
struct NoCards;

impl Cards for NoCards {
    fn capture_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn playback_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn open_capture(&self, device: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        Err(SoundError::Missing { device: device.into(), why: "there is none".into() })
    }
    fn open_playback(&self, device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        Err(SoundError::Missing { device: device.into(), why: "there is none".into() })
    }
    fn holder(&self, _: &str, _: Direction) -> Option<String> {
        None
    }
}

/// A daemon on a thread of its own, and the strings of its only server.
struct Stage {
    asks: Sender<Ask>,
    told: Receiver<DialogueEvent>,
    inbox: tokio::sync::mpsc::Sender<Input>,
    thread: Option<JoinHandle<()>>,
}

impl Stage {
    fn new() -> Self {
        Self::with("")
    }

    /// With these settings too.
    fn with(more: &'static str) -> Self {
        let ((asks, wanted), (tell, told), (ready, started)) = (channel(), channel(), channel());
        let thread = std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            let place = |name: &str| folder.path().join(name);
            let text = format!(
                "[device]\nserial = \"raspberry1\"\nstate_dir = {:?}\n[control]\nsocket = {:?}\n[listen]\ntriggers = []\n{more}",
                place("state"),
                place("control.sock")
            );
            let settings = config::parse_str(&text, std::iter::empty()).unwrap().settings;
            let puppet = Puppet { asks: wanted, told: tell, now: Tick::default() };
            let dialogues: Vec<(String, Box<dyn Dialogue>)> = vec![("puppet".into(), Box::new(puppet))];
            let parts = Parts { settings, reload: None, cards: Arc::new(NoCards), pins: Arc::new(Board), dialogues };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let daemon = Daemon::build(parts).unwrap();
                ready.send(daemon.inbox()).unwrap();
                daemon.run().await;
            });
            runtime.shutdown_background();
        });
        let inbox = started.recv_timeout(SOON).unwrap();
        Self { asks, told, inbox, thread: Some(thread) }
    }

    fn ask(&self, ask: Ask) {
        self.asks.send(ask).unwrap();
    }

    /// The first event to which `wanted` gives a value; those before go into `passed`.
    fn wait<T>(&self, passed: &mut Vec<DialogueEvent>, wanted: impl Fn(&DialogueEvent) -> Option<T>) -> T {
        let end = Instant::now() + SOON;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event = self.told.recv_timeout(left).unwrap_or_else(|_| panic!("in vain; passed: {passed:?}"));
            if let Some(found) = wanted(&event) {
                return found;
            }
            if event != DialogueEvent::Deadline {
                passed.push(event);
            }
        }
    }

    fn wait_connected(&self, passed: &mut Vec<DialogueEvent>) {
        self.wait(passed, |event| (*event == DialogueEvent::Link(LinkEvent::Connected)).then_some(()));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.inbox.blocking_send(Input::Stop);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || ended.is_some_and(|ended| ended.is_ok()));
    }
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn access(port: u16) -> Box<Access> {
    let policy = Policy {
        keep_alive: Duration::from_secs(30),
        will: None,
        farewell: Vec::new(),
        client_id: "puppet".into(),
        suffix: false,
        incoming_limit: 65_536,
        short_life: Duration::from_secs(10),
        short_lives: 3,
        refusal: Some(Duration::from_secs(2)),
        single_filter: true,
        outgoing_limit: Some(8_000),
    };
    let password = String::from("s3cret").into();
    Box::new(Access { tls: false, host: "127.0.0.1".into(), port, username: "name".into(), password, policy })
}

/// Takes a login; what it says must be in it.
fn accept(listener: &TcpListener) -> TcpStream {
    let (mut peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(SOON)).unwrap();
    let mut head = [0; 2];
    peer.read_exact(&mut head).unwrap();
    let mut body = vec![0; usize::from(head[1])];
    peer.read_exact(&mut body).unwrap();
    assert!(body.ends_with(b"\0\x06puppet\0\x04name\0\x06s3cret"), "{body:?}");
    peer.write_all(&[0x20, 2, 0, 0]).unwrap();
    peer
}

fn publish(peer: &mut TcpStream, topic: &str) {
    let mut packet = vec![0x30, topic.len() as u8 + 2, 0, topic.len() as u8];
    packet.extend(topic.as_bytes());
    let _ = peer.write_all(&packet);
}

fn message(topic: &'static str) -> impl Fn(&DialogueEvent) -> Option<()> {
    move |event| match event {
        DialogueEvent::Link(LinkEvent::Message(message)) if message.topic == topic => Some(()),
        _ => None,
    }
}

#[test]
fn a_connection_is_kept_while_it_leads_to_the_same_place_and_moved_when_not() {
    let (stage, mut passed) = (Stage::new(), Vec::new());
    let ((first, here), (second, there)) = (listener(), listener());
    stage.ask(Ask::Connect(access(here)));
    let mut old = accept(&first);
    stage.wait_connected(&mut passed);

    stage.ask(Ask::Connect(access(here)));
    let hello = Publication { topic: "t".into(), payload: b"x".to_vec(), qos: Qos::Zero, retain: false };
    stage.ask(Ask::Link(LinkAsk::Publish(hello.clone())));
    let mut packet = [0; 6];
    old.read_exact(&mut packet).unwrap();
    assert_eq!(packet, [0x30, 4, 0, 1, b't', b'x'], "over the connection that stands");

    stage.ask(Ask::Connect(access(there)));
    let mut new = accept(&second);
    stage.wait_connected(&mut passed);
    // The old one says goodbye, and nothing that it says meanwhile is heard.
    let mut goodbye = [0; 2];
    old.read_exact(&mut goodbye).unwrap();
    assert_eq!(goodbye[0], DISCONNECT);
    publish(&mut old, "old");
    drop(old);
    stage.ask(Ask::Send { publication: hello, expires: SOON });
    new.read_exact(&mut packet).unwrap();
    assert_eq!(packet, [0x30, 4, 0, 1, b't', b'x'], "QoS 0 stays QoS 0");
    publish(&mut new, "new");
    stage.wait(&mut passed, message("new"));
    let of_link = passed.iter().filter(|event| matches!(event, DialogueEvent::Link(_))).count();
    assert_eq!(of_link, 0, "neither the end of the old connection nor its message: {passed:?}");
}

#[test]
fn what_was_asked_over_http_comes_back_and_only_so_much_is_asked_at_once() {
    let (stage, mut passed) = (Stage::new(), Vec::new());
    let (listener, port) = listener();
    let fetch = |limit| Fetch {
        url: format!("http://127.0.0.1:{port}/"),
        headers: Vec::new(),
        body: b"{}".to_vec(),
        within: SOON,
        limit,
    };
    for id in 1..=5 {
        stage.ask(Ask::Fetch { id: FetchId(id), fetch: fetch(100) });
    }
    let fetched = |event: &DialogueEvent| match event {
        DialogueEvent::Fetched { id, outcome } => Some((*id, outcome.clone())),
        _ => None,
    };
    let (id, outcome) = stage.wait(&mut passed, fetched);
    assert_eq!(id, FetchId(5));
    assert!(outcome.unwrap_err().contains("4 requests are under way"));
    for _ in 0..4 {
        let (mut peer, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n{}") {
            let mut byte = [0];
            peer.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        let (_, outcome) = stage.wait(&mut passed, fetched);
        assert_eq!(outcome.unwrap().body, b"ok");
    }
}

#[test]
fn the_owners_tools_run_and_others_do_not() {
    let tool = "[[tools]]\nname = \"lamp\"\ndescription = \"x\"\ncommand = [\"/bin/echo\", \"at\", \"{level}\"]\n\
                arguments = [{ name = \"level\", type = \"integer\", min = 0, max = 9 }]\n";
    let (stage, mut passed) = (Stage::with(tool), Vec::new());
    let mut last = 0;
    let mut outcome = |wish| {
        last += 1;
        let id = WishId(last);
        stage.ask(Ask::Wish { id, wish });
        stage.wait(&mut passed, |event| match event {
            DialogueEvent::Wished { id: of, outcome } if *of == id => Some(outcome.clone()),
            _ => None,
        })
    };
    let tool = |name: &str| {
        let arguments = json!({"level": 5}).as_object().unwrap().clone();
        Wish::Tool { name: name.into(), arguments }
    };
    let ran = outcome(tool("lamp"));
    assert!(matches!(&ran, Outcome::Answer { payload, .. } if *payload == json!({"text": "at 5"})), "{ran:?}");
    let unknown = outcome(tool("door"));
    assert!(matches!(&unknown, Outcome::Refused(why) if why.contains("no tool `door`")), "{unknown:?}");
    // This daemon runs within a test, and no service manager would start it again.
    let restart = outcome(Wish::Restart);
    assert!(matches!(&restart, Outcome::Refused(why) if why.contains("not started as a service")), "{restart:?}");
}
