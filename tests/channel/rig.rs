//! A daemon within the test, with imagined cards and a dialogue that does as the test says.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use auricle::config;
use auricle::control::Request;
use auricle::daemon::input::Input;
use auricle::daemon::{Daemon, Parts};
use auricle::device::pins::Board;
use auricle::sound::Cards;
use auricle_core::assistant::event::ServerId;
use auricle_core::channel::{ChannelAsk, ChannelEvent, Session};
use auricle_core::dialogue::{Ask, Class, Dialogue, DialogueEvent, PlayEnd, PlayId, Source};
use auricle_core::link::LinkEvent;
use auricle_core::time::Tick;
use serde_json::Value;

use crate::cards::Room;
use crate::peer::SOON;

/// Waits for something by looking at it again and again.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {SOON:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Asks what the test wants and tells what it is told.
struct Puppet {
    asks: Arc<Mutex<VecDeque<Ask>>>,
    told: Sender<DialogueEvent>,
}

impl Dialogue for Puppet {
    fn handle(&mut self, _: Tick, event: DialogueEvent) {
        // The test may have ended.
        let _ = self.told.send(event);
    }

    fn poll(&mut self) -> Option<Ask> {
        self.asks.lock().unwrap().pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        None
    }
}

/// A running daemon. Stopped when dropped.
pub struct Rig {
    pub room: Room,
    asks: Arc<Mutex<VecDeque<Ask>>>,
    told: Receiver<DialogueEvent>,
    inbox: tokio::sync::mpsc::Sender<Input>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    /// One whose microphone is open.
    pub fn new() -> Self {
        let room = Room::default();
        let settings = "[listen]\ntriggers = []\n[audio]\nprofile = \"off\"";
        Self::with(room.clone(), Arc::new(room), settings)
    }

    /// The same on these cards; the settings end in `[audio]`.
    pub fn with(room: Room, cards: Arc<dyn Cards>, settings: &str) -> Self {
        let asks = Arc::<Mutex<VecDeque<Ask>>>::default();
        let ((ready, started), (tell, told)) = (channel(), channel());
        let (settings, puppet) = (settings.to_owned(), Puppet { asks: Arc::clone(&asks), told: tell });
        let thread = std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            let text = format!(
                "{settings}\nsounds = false\n[device]\nserial = \"raspberry1\"\nstate_dir = {:?}\n[control]\nsocket = {:?}\n",
                folder.path().join("state"),
                folder.path().join("control.sock")
            );
            let settings = config::parse_str(&text, std::iter::empty()).unwrap().settings;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let dialogues: Vec<(String, Box<dyn Dialogue>)> = vec![("test".into(), Box::new(puppet))];
                let pins = Arc::new(Board);
                let daemon = Daemon::build(Parts { settings, reload: None, cards, pins, dialogues }).unwrap();
                ready.send(daemon.inbox()).unwrap();
                daemon.run().await;
            });
        });
        let inbox = started.recv_timeout(SOON).expect("the daemon starts");
        let rig = Self { room, asks, told, inbox, thread: Some(thread) };
        rig.ask([Ask::LinkUp(true)]);
        until("the microphone", || (rig.count("tape_position") > 0).then_some(()));
        rig
    }

    /// Lets the dialogue ask for this.
    pub fn ask(&self, asks: impl IntoIterator<Item = Ask>) {
        self.asks.lock().unwrap().extend(asks);
        // Something happens, so that it is asked.
        self.inbox.blocking_send(Input::Link(ServerId(0), 0, LinkEvent::Connected)).unwrap();
    }

    pub fn channel(&self, ask: ChannelAsk) {
        self.ask([Ask::Channel(ask)]);
    }

    /// Opens a channel and waits until it stands.
    #[track_caller]
    pub fn open(&self, session: Session) {
        self.channel(ChannelAsk::Open(session));
        let event = self.channel_event();
        assert!(matches!(event, ChannelEvent::Opened { .. }), "{event:?}");
    }

    /// Plays what comes through the channel.
    pub fn play(&self, id: u64) {
        self.ask([Ask::Play { id: PlayId(id), class: Class::Conversation, source: Source::Stream(id) }]);
    }

    /// What the dialogue is told next of those that `pick` takes; others are forgotten.
    #[track_caller]
    pub fn told<T>(&self, pick: impl Fn(&DialogueEvent) -> Option<T>) -> T {
        let end = Instant::now() + SOON;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event = self.told.recv_timeout(left).expect("the dialogue is told something");
            if let Some(picked) = pick(&event) {
                return picked;
            }
        }
    }

    #[track_caller]
    pub fn channel_event(&self) -> ChannelEvent {
        self.told(|event| if let DialogueEvent::Channel(event) = event { Some(event.clone()) } else { None })
    }

    /// How this play ended, and how much was heard.
    #[track_caller]
    pub fn played(&self, wanted: u64) -> (PlayEnd, Duration) {
        self.told(|event| match event {
            DialogueEvent::Played { id, end, heard } if *id == PlayId(wanted) => Some((*end, *heard)),
            _ => None,
        })
    }

    pub fn status(&self) -> Value {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.inbox.blocking_send(Input::Request(Request::Status(reply))).unwrap();
        answer.blocking_recv().unwrap()
    }

    /// A counter of the status; 0 if it is not there.
    pub fn count(&self, name: &str) -> u64 {
        self.status()["counters"][name].as_u64().unwrap_or(0)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.inbox.blocking_send(Input::Stop);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the daemon panicked");
        }
    }
}
