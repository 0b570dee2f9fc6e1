//! A daemon within the test, on imagined pins, with a silent microphone and a server that only listens.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use auricle::config;
use auricle::control::{Action, Request};
use auricle::daemon::input::Input;
use auricle::daemon::{Daemon, Parts};
use auricle::device::pins::{Bus, Line, Outputs, PinError, PinNotice, Pins, Place, Pull, Tell, Watch, Watched};
use auricle::sound::{CapturePcm, CardName, Cards, Direction, PlaybackPcm, SoundError};
use auricle_core::button::Edge;
use auricle_core::dialogue::{Ask, Dialogue, DialogueEvent, End, Trigger};
use auricle_core::time::Tick;
use serde_json::Value;
use tokio::sync::mpsc::Sender;

use crate::microphone::Microphone;

pub const SOON: Duration = Duration::from_secs(20);

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

/// What was done to the pins.
#[derive(Default)]
pub struct Story {
    /// Frames on the bus, and when each came.
    pub frames: Vec<(Instant, Vec<u8>)>,
    /// Pins and what they were set to; empty when they were let go.
    pub outputs: Vec<(Vec<u8>, Vec<bool>)>,
    /// When the bus was opened.
    pub buses: Vec<Instant>,
    tells: Vec<Tell>,
    /// What the system has seen of the button and not told yet.
    unseen: Vec<PinNotice>,
    /// Whether the button's contact is closed.
    closed: bool,
}

/// Imagined pins. Clones are the same ones.
#[derive(Clone, Default)]
pub struct Fake {
    pub story: Arc<Mutex<Story>>,
    /// Nothing can be used.
    pub broken: Arc<AtomicBool>,
    /// Everything can be opened, and fails as soon as it is used.
    pub fails: Arc<AtomicBool>,
    /// Where frames are written to as well, one line of hex each.
    pub file: Option<Arc<Mutex<std::fs::File>>>,
}

impl Fake {
    fn check(&self) -> Result<(), PinError> {
        if self.broken.load(SeqCst) { Err(PinError::NoPins) } else { Ok(()) }
    }

    fn used(&self) -> Result<(), PinError> {
        if self.fails.load(SeqCst) { Err(PinError::NoPins) } else { self.check() }
    }

    /// The button's contact changes, now or a while ago.
    pub fn edge(&self, edge: Edge, ago: Duration) {
        self.closed(edge == Edge::Pressed);
        self.notice(PinNotice::Edge { at: Instant::now().checked_sub(ago).unwrap(), edge });
    }

    /// The contact is closed or not; nobody is told.
    pub fn closed(&self, closed: bool) {
        self.story.lock().unwrap().closed = closed;
    }

    /// The contact changed a while ago; the system tells it to those who look only.
    pub fn unseen(&self, edge: Edge, ago: Duration) {
        let at = Instant::now().checked_sub(ago).unwrap();
        self.story.lock().unwrap().unseen.push(PinNotice::Edge { at, edge });
    }

    pub fn notice(&self, notice: PinNotice) {
        self.story.lock().unwrap().tells.last().expect("somebody watches the button")(notice);
    }

    /// A short press that was over a moment ago.
    pub fn press(&self) {
        self.edge(Edge::Pressed, Duration::from_millis(150));
        self.edge(Edge::Released, Duration::from_millis(50));
    }

    /// How often the button was opened.
    pub fn openings(&self) -> usize {
        self.story.lock().unwrap().tells.len()
    }

    /// What the first LED of the strip shows, and since when.
    pub fn shown(&self) -> Option<(Instant, [u8; 3])> {
        let story = self.story.lock().unwrap();
        let (at, frame) = story.frames.last()?;
        // Start frame, then brightness, blue, green, red.
        Some((*at, [frame[7], frame[6], frame[5]]))
    }
}

impl Pins for Fake {
    fn watch(&self, _: &Place, line: Line, _: Pull, tell: Tell) -> Result<Watched, PinError> {
        self.check()?;
        assert_eq!(line, Line { gpio: 17, active_low: true });
        self.story.lock().unwrap().tells.push(tell);
        Ok(Watched { on: false, watch: Box::new(FakeWatch(self.clone())) })
    }

    fn outputs(&self, _: &Place, lines: &[Line]) -> Result<Box<dyn Outputs>, PinError> {
        self.check()?;
        Ok(Box::new(FakeOutputs(self.clone(), lines.iter().map(|line| line.gpio).collect())))
    }

    fn bus(&self, device: &Path, _: u32) -> Result<Box<dyn Bus>, PinError> {
        assert_eq!(device, Path::new("/dev/spidev0.0"));
        self.check()?;
        self.story.lock().unwrap().buses.push(Instant::now());
        Ok(Box::new(FakeBus(self.clone())))
    }
}

struct FakeWatch(Fake);

impl Watch for FakeWatch {
    fn look(&self) -> Result<bool, PinError> {
        let unseen = std::mem::take(&mut self.0.story.lock().unwrap().unseen);
        unseen.into_iter().for_each(|notice| self.0.notice(notice));
        Ok(self.0.story.lock().unwrap().closed)
    }
}

struct FakeOutputs(Fake, Vec<u8>);

impl Outputs for FakeOutputs {
    fn set(&mut self, on: &[bool]) -> Result<(), PinError> {
        self.0.used()?;
        self.0.story.lock().unwrap().outputs.push((self.1.clone(), on[..self.1.len()].to_vec()));
        Ok(())
    }
}

impl Drop for FakeOutputs {
    fn drop(&mut self) {
        self.0.story.lock().unwrap().outputs.push((self.1.clone(), Vec::new()));
    }
}

struct FakeBus(Fake);

impl Bus for FakeBus {
    fn send(&mut self, bytes: &[u8]) -> Result<(), PinError> {
        self.0.used()?;
        if let Some(file) = &self.0.file {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            std::io::Write::write_all(&mut *file.lock().unwrap(), format!("{hex}\n").as_bytes()).unwrap();
        }
        self.0.story.lock().unwrap().frames.push((Instant::now(), bytes.to_vec()));
        Ok(())
    }
}

/// A server that listens until it is told to stop.
pub struct Listener {
    asks: VecDeque<Ask>,
    open: Option<Tick>,
}

impl Listener {
    /// One that is connected from the start, or never.
    pub fn new(connected: bool) -> Self {
        Self { asks: connected.then_some(Ask::LinkUp(true)).into_iter().collect(), open: None }
    }
}

impl Dialogue for Listener {
    fn handle(&mut self, now: Tick, event: DialogueEvent) {
        match event {
            DialogueEvent::Open { trigger: Trigger::Button, from } => {
                let cap = Duration::from_secs(3_600);
                self.open = Some(now + cap);
                self.asks.push_back(Ask::Mic { from, end: End::Remote { cap, quiet: None }, while_speaking: false });
            }
            DialogueEvent::Cancel if self.open.take().is_some() => self.asks.extend([Ask::MicStop, Ask::Done]),
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<Ask> {
        self.asks.pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        self.open
    }
}

/// A microphone in a silent room.
struct Silence;

impl Cards for Silence {
    fn capture_cards(&self) -> Vec<CardName> {
        vec![CardName { pcm: "hw:CARD=silence".into(), description: "Silence".into() }]
    }
    fn playback_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn open_capture(&self, _: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        Ok(Box::new(Microphone::new(|_| 0)))
    }
    fn open_playback(&self, device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        Err(SoundError::Missing { device: device.into(), why: "there is none".into() })
    }
    fn holder(&self, _: &str, _: Direction) -> Option<String> {
        None
    }
}

/// The daemon of these settings on these pins.
pub fn build(settings: &str, folder: &Path, fake: &Fake, connected: bool) -> Daemon {
    let text = format!(
        "{settings}\n[audio]\nsounds = false\n[device]\nserial = \"raspberry1\"\nstate_dir = {:?}\n[control]\nsocket = {:?}\n",
        folder.join("state"),
        folder.join("control.sock")
    );
    let settings = config::parse_str(&text, std::iter::empty()).unwrap().settings;
    let dialogues: Vec<(String, Box<dyn Dialogue>)> = vec![("test".into(), Box::new(Listener::new(connected)))];
    let (cards, pins) = (Arc::new(Silence), Arc::new(fake.clone()));
    Daemon::build(Parts { settings, reload: None, cards, pins, dialogues }).unwrap()
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A running daemon. Stopped when dropped.
pub struct Rig {
    pub fake: Fake,
    inbox: Sender<Input>,
    lines: Receiver<Value>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    pub fn new(settings: &str) -> Self {
        Self::with(settings, Fake::default(), true)
    }

    pub fn with(settings: &str, fake: Fake, connected: bool) -> Self {
        let ((ready, started), (tell, lines)) = (channel(), channel());
        let (settings, own) = (settings.to_owned(), fake.clone());
        let thread = std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            runtime().block_on(async {
                let daemon = build(&settings, folder.path(), &own, connected);
                let mut follow = daemon.follow();
                tokio::spawn(async move {
                    while let Ok(line) = follow.recv().await {
                        let _ = tell.send(serde_json::from_str(&line).unwrap());
                    }
                });
                ready.send(daemon.inbox()).unwrap();
                daemon.run().await;
            });
        });
        let inbox = started.recv_timeout(SOON).expect("the daemon starts");
        Self { fake, inbox, lines, thread: Some(thread) }
    }

    pub fn act(&self, action: Action) {
        let (reply, _) = tokio::sync::oneshot::channel();
        self.inbox.blocking_send(Input::Request(Request::Act(action, reply))).unwrap();
    }

    /// The next event to which `fits` says yes; those before are forgotten.
    #[track_caller]
    pub fn event(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + SOON;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("waited in vain for {what}"));
            if fits(&line) {
                return line;
            }
        }
    }

    #[track_caller]
    pub fn state(&self, state: &str) {
        self.event(state, |line| line["event"] == "state" && line["state"] == state);
    }

    #[track_caller]
    pub fn told(&self, event: &str, code: &str) -> Value {
        self.event(code, |line| line["event"] == event && line["code"] == code)
    }

    /// Waits until the first LED of the strip shows this colour.
    #[track_caller]
    pub fn shows(&self, colour: [u8; 3]) -> Instant {
        until(&format!("{colour:?}"), || self.fake.shown().filter(|(_, shown)| *shown == colour).map(|(at, _)| at))
    }

    /// Stops the daemon and waits for its end.
    pub fn stop(&mut self) {
        let _ = self.inbox.blocking_send(Input::Stop);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the daemon panicked");
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop();
    }
}
