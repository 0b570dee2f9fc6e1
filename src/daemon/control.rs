//! The control thread's loop: one queue in, the assistant decides, effects out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auricle_core::assistant::Assistant;
use auricle_core::assistant::event::{Event, Memory, PlayNumber};
use auricle_core::frontend::DeviceTime;
use auricle_core::hearing::UplinkId;
use auricle_core::voices::Voices;
use tokio::sync::mpsc;

use super::buttons::Contact;
use super::channel::Channel;
use super::clock::Clock;
use super::hearing::Hearing;
use super::input::Input;
use super::ledger::Ledger;
use super::lights::Panel;
use super::links::Line;
use super::meeting::Minutes;
use super::notify::{self, Watchdog};
use super::patience::Patience;
use super::requests::Waiting;
use super::services::Services;
use super::speech::Making;
use super::wake::Wake;
use crate::config::Settings;
use crate::device::state::StateFile;
use crate::net::mqtt::Link;
use crate::services::tts::{TtsError, Voice};
use crate::sound::mixer::Mixer;
use crate::sound::{Loudspeaker, Microphone};

/// How often a loudspeaker that is gone is tried again.
pub(super) const PROBE: Duration = Duration::from_secs(5);

/// A server as the daemon knows it.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// Its broker connection; `None` for protocols without one.
    pub(super) link: Option<Link>,
    pub(super) line: Line,
    /// Its channel of sound; protocols without one never open it.
    pub(super) channel: Channel,
}

/// Bytes of an uplink that lie ready.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// When the last of its sound was in the air.
    pub(super) caught: Option<DeviceTime>,
    /// When the microphone delivered that, if it was just now.
    pub(super) fresh: Option<DeviceTime>,
}

/// Everything that the control thread owns.
pub(super) struct Control {
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    pub(super) reload: Option<Box<dyn FnMut() -> Result<Settings, String>>>,
    pub(super) serial: String,
    pub(super) assistant: Assistant,
    pub(super) servers: Vec<Server>,
    pub(super) hearing: Hearing,
    pub(super) wake: Wake,
    pub(super) mic: Arc<Microphone>,
    pub(super) mic_owes: Patience,
    pub(super) speaker: Loudspeaker,
    pub(super) speaker_owes: Patience,
    /// What the loudspeaker was last asked to play.
    pub(super) ordered: Option<PlayNumber>,
    pub(super) mixer: Option<Mixer>,
    pub(super) mixer_owes: Patience,
    pub(super) buttons: Vec<Contact>,
    /// The lights, if the settings want any.
    pub(super) panel: Option<Panel>,
    pub(super) services: Services,
    pub(super) minutes: Minutes,
    /// Who waits at the control socket.
    pub(super) waiting: Waiting,
    pub(super) voice: Arc<Voice>,
    pub(super) makings: BTreeMap<PlayNumber, Making>,
    pub(super) voiceless: Vec<PlayNumber>,
    pub(super) bodies: BTreeMap<UplinkId, Body>,
    pub(super) state: StateFile,
    pub(super) ledger: Ledger,
    pub(super) watchdog: Watchdog,
    pub(super) probe: Option<Instant>,
    pub(super) inbox: mpsc::Sender<Input>,
    pub(super) pending: VecDeque<Event>,
}

impl Control {
    /// Runs until it is told to stop.
    pub(super) async fn run(&mut self, inbox: &mut mpsc::Receiver<Input>) {
        self.decide(Event::Facts(self.facts()));
        self.decide(Event::Started(self.remembered()));
        self.listen_for_words();
        self.open_lights();
        self.settle();
        self.open_buttons();
        self.ask_for_voices();
        loop {
            let wake = self.deadline();
            let input = tokio::select! {
                biased;
                input = inbox.recv() => input,
                () = sleep_until(wake) => None,
            };
            match input {
                Some(Input::Stop) => return,
                Some(input) => self.take(input),
                None => {}
            }
            self.on_time();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let assistant = self.assistant.deadline().map(|tick| self.clock.instant(tick));
        let owed = [&self.mic_owes, &self.speaker_owes, &self.mixer_owes].into_iter().filter_map(Patience::deadline);
        let pins = self.lights_deadline().into_iter().chain(self.buttons_deadline());
        assistant.into_iter().chain(self.watchdog.deadline()).chain(self.probe).chain(owed).chain(pins).min()
    }

    fn on_time(&mut self) {
        let now = self.clock.now();
        if self.assistant.deadline().is_some_and(|deadline| deadline <= now) {
            self.decide(Event::Tick);
        }
        let now = Instant::now();
        if let Some(token) = self.watchdog.due(now) {
            self.hearing.token(token);
        }
        if self.probe.is_some_and(|at| at <= now) {
            self.probe = Some(now + PROBE);
            // A thread that hangs takes no orders; they would only pile up.
            if self.speaker.check().is_ok() {
                self.speaker.probe();
            }
        }
        self.look_after_cards(now);
        self.look_after_mixer(now);
        self.look_after_buttons(now);
        self.look_after_listeners();
        self.look_after_lights(now);
    }

    /// Tells the assistant, and carries out what it decides, until nothing is left.
    pub(super) fn decide(&mut self, event: Event) {
        self.pending.push_back(event);
        self.settle();
    }

    pub(super) fn settle(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            self.assistant.handle(self.clock.now(), event);
            while let Some(effect) = self.assistant.poll() {
                self.carry_out(effect);
            }
        }
        self.ledger.deaf.note(self.assistant.is_deaf(), Instant::now());
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Heard(heard) => self.heard(heard),
            Input::Mic(notice) => self.mic_notice(notice),
            Input::Speaker(notice) => self.speaker_notice(notice),
            Input::Link(server, number, event) => self.link_event(server, number, event),
            Input::Channel { server, opening, notice } => self.channel_notice(server, opening, notice),
            Input::Fetched(server, id, outcome) => self.decide(Event::Fetched(server, id, outcome)),
            Input::Voiceless(play, error) => self.voiceless(play, &error),
            Input::Voiced(play) => self.voiced(play),
            Input::Voices(known) => self.voices(known),
            Input::Served(service, outcome) => self.decide(Event::Served { service, outcome }),
            Input::Tunnel(number, notice) => self.tunnel_notice(number, notice),
            Input::Recorder(notice) => self.recorder_notice(notice),
            Input::Mixer(notice) => self.mixer_notice(notice),
            Input::Lights(opening, error) => self.lights_lost(opening, &error),
            Input::Request(request) => self.request(request),
            Input::Reload => self.reload(),
            // Buttons are looked after whatever wakes us.
            Input::Pin | Input::Stop => {}
        }
    }

    /// Without a list, whatever looks like a language is taken; the voice does what it can.
    fn voices(&mut self, known: Result<Voices, TtsError>) {
        let voices = known.unwrap_or_else(|error| {
            tracing::warn!("it is not known which languages can be spoken: {error}; {}", error.remedy());
            Voices::new(None)
        });
        self.decide(Event::Voices(voices));
    }

    /// Says goodbye to everybody, within `limit`.
    pub(super) async fn farewell(&mut self, limit: Duration) {
        notify::stopping();
        // Dropped, the lights are dark.
        self.panel = None;
        self.buttons.clear();
        if let Some(percent) = self.assistant.kept_volume() {
            self.remember(Memory::Volume(percent));
        }
        self.mic.close();
        self.stop_recording();
        self.cut_tunnel();
        self.makings.clear();
        self.servers.iter_mut().for_each(|server| server.channel.close());
        let links = self.servers.iter_mut().filter_map(|server| server.link.take());
        let goodbyes: Vec<_> = links.map(|link| tokio::spawn(link.shutdown(limit))).collect();
        for goodbye in goodbyes {
            let _ = goodbye.await;
        }
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
