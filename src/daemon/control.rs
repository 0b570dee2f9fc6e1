//! The control thread's loop: one queue in, the assistant decides, effects out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auricle_core::assistant::Assistant;
use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Event, PlayNumber, ServerId};
use auricle_core::dialogue::{DeviceFacts, Interface, PlayEnd, Trigger};
use auricle_core::hearing::{EarEvent, UplinkId};
use auricle_core::link::LinkEvent;
use tokio::sync::mpsc;

use super::clock::{Clock, utc};
use super::hearing::Hearing;
use super::input::{Heard, Input};
use super::ledger::Ledger;
use super::notify::{self, Watchdog};
use super::patience::Patience;
use super::speech::{Making, Sink};
use crate::config::Settings;
use crate::control::{Action, Request};
use crate::device::network;
use crate::device::state::StateFile;
use crate::net::mqtt::Link;
use crate::services::tts::{TtsError, Voice};
use crate::sound::{Loudspeaker, MicNotice, Microphone, SoundError, SpeakerNotice};

/// How often a loudspeaker that is gone is tried again.
const PROBE: Duration = Duration::from_secs(5);

/// A server as the daemon knows it.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// Its broker connection; `None` for protocols without one.
    pub(super) link: Option<Link>,
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
    pub(super) mic: Arc<Microphone>,
    pub(super) mic_owes: Patience,
    pub(super) speaker: Loudspeaker,
    pub(super) speaker_owes: Patience,
    /// What the loudspeaker was last asked to play.
    pub(super) ordered: Option<PlayNumber>,
    pub(super) voice: Arc<Voice>,
    pub(super) makings: BTreeMap<PlayNumber, Making>,
    pub(super) voiceless: Vec<PlayNumber>,
    pub(super) bodies: BTreeMap<UplinkId, Vec<u8>>,
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
        let muted = self.state.state().muted.as_deref().map(By::of_name);
        self.decide(Event::Facts(self.facts()));
        self.decide(Event::Started { muted });
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
        let owed = self.mic_owes.deadline().into_iter().chain(self.speaker_owes.deadline());
        assistant.into_iter().chain(self.watchdog.deadline()).chain(self.probe).chain(owed).min()
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
    }

    /// Tells of a sound thread that hangs, which it can't tell itself.
    fn look_after_cards(&mut self, now: Instant) {
        if self.mic_owes.due(now)
            && let Err(error) = self.mic.check()
        {
            self.mic_lost(&error);
        }
        if self.speaker_owes.due(now)
            && let Some(play) = self.ordered
            && let Err(error) = self.speaker.check()
        {
            // What lies in its ring must not be heard when the thread goes on.
            self.speaker.flush(play.0);
            self.speaker_lost(Some(play), &error);
            self.settle();
        }
    }

    /// Tells the assistant, and carries out what it decides, until nothing is left.
    pub(super) fn decide(&mut self, event: Event) {
        self.pending.push_back(event);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            self.assistant.handle(self.clock.now(), event);
            while let Some(effect) = self.assistant.poll() {
                self.carry_out(effect);
            }
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Heard(heard) => self.heard(heard),
            Input::Mic(notice) => self.mic_notice(notice),
            Input::Speaker(notice) => self.speaker_notice(notice),
            Input::Link(server, event) => self.link_event(server, event),
            Input::Voiceless(play, error) => self.voiceless(play, &error),
            Input::Voiced(play) => {
                self.makings.remove(&play);
                if let Some(warning) = self.voice.take_warning() {
                    tracing::warn!("{warning}; {}", warning.remedy());
                }
                self.decide(Event::OutputBack("VoiceGone"));
            }
            Input::Request(request) => self.request(request),
            Input::Reload => self.reload(),
            Input::Stop => {}
        }
    }

    fn voiceless(&mut self, play: PlayNumber, error: &TtsError) {
        if self.makings.remove(&play).is_some() {
            self.voiceless.push(play);
        }
        // A text without a word in it says nothing about the voice.
        if !matches!(error, TtsError::NothingToSay) {
            self.decide(Event::OutputLost(Cause::VoiceGone { detail: error.to_string() }));
        }
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Ear(event) => self.ear_event(event),
            Heard::Flowing => self.decide(Event::MicFlowing),
            Heard::Stalled => {
                let detail = format!("`{}` delivers no sound", self.settings.audio.capture.name());
                self.decide(Event::MicLost(Cause::MicGone { detail }));
            }
            Heard::Unusable(detail) => self.decide(Event::MicLost(Cause::MicGone { detail })),
            Heard::Token { token, flowing } => self.decide(Event::Token { token, flowing }),
        }
    }

    fn ear_event(&mut self, event: EarEvent) {
        match event {
            EarEvent::Voice { at, earliest } => self.decide(Event::Voice { at, earliest }),
            EarEvent::SpeechStart { listen, .. } => self.decide(Event::SpeechStart(listen)),
            EarEvent::Ended { listen, at, why, .. } => self.decide(Event::Ended { listen, at, why }),
            EarEvent::UplinkReady { uplink, body, samples } => {
                self.bodies.insert(uplink, body);
                self.decide(Event::UplinkReady { uplink, samples, last: true });
            }
            EarEvent::UplinkChunk { uplink, body, last } => {
                let samples = body.len() as u64 / 2;
                self.bodies.insert(uplink, body);
                self.decide(Event::UplinkReady { uplink, samples, last });
            }
            EarEvent::UplinkRefused { uplink } => self.decide(Event::Uplinked { uplink, sent: false, samples: 0 }),
            EarEvent::Lost { samples } => self.ledger.count("tape_lost_samples", samples),
        }
    }

    fn mic_notice(&mut self, notice: MicNotice) {
        match notice {
            MicNotice::Opened { device, shape, ring } => {
                self.mic_owes.end();
                tracing::info!("microphone {device}: {shape}");
                self.hearing.attach(shape, ring);
            }
            MicNotice::Failed(error) => {
                self.hearing.detach();
                self.mic_lost(&error);
            }
            MicNotice::Closed => self.hearing.detach(),
        }
    }

    fn mic_lost(&mut self, error: &SoundError) {
        self.mic_owes.end();
        self.decide(Event::MicLost(mic_cause(error)));
    }

    fn speaker_notice(&mut self, notice: SpeakerNotice) {
        match notice {
            SpeakerNotice::Ready { id, rate, ring } => {
                if let Some(making) = self.makings.get_mut(&PlayNumber(id)) {
                    making.sink(Sink { rate, ring });
                }
                self.speaker_back();
            }
            SpeakerNotice::Started { id } => self.speaker_said(PlayNumber(id)),
            SpeakerNotice::Ended { id, end, heard } => self.sound_ended(PlayNumber(id), end, heard),
            SpeakerNotice::Failed { id, error } => self.speaker_lost(id.map(PlayNumber), &error),
            SpeakerNotice::Back => self.speaker_back(),
        }
        self.settle();
    }

    /// The loudspeaker's thread is past the calls that may hold it, with this order or by its end.
    fn speaker_said(&mut self, play: PlayNumber) {
        if self.ordered == Some(play) {
            self.speaker_owes.end();
        }
    }

    /// There is no loudspeaker, which ends `play`, if that was to be heard.
    pub(super) fn speaker_lost(&mut self, play: Option<PlayNumber>, error: &SoundError) {
        self.probe.get_or_insert_with(|| Instant::now() + PROBE);
        self.pending.push_back(Event::OutputLost(Cause::SpeakerGone { detail: error.to_string() }));
        if let Some(play) = play {
            self.sound_ended(play, PlayEnd::Failed, Duration::ZERO);
        }
    }

    fn speaker_back(&mut self) {
        self.probe = None;
        self.decide(Event::OutputBack("SpeakerGone"));
    }

    fn sound_ended(&mut self, play: PlayNumber, end: PlayEnd, heard: Duration) {
        self.speaker_said(play);
        self.makings.remove(&play);
        let tone_only = self.voiceless.iter().position(|voiceless| *voiceless == play);
        let end = match tone_only {
            Some(place) => {
                self.voiceless.swap_remove(place);
                PlayEnd::Failed
            }
            None => end,
        };
        self.pending.push_back(Event::Played { play, end, heard });
    }

    fn link_event(&mut self, server: ServerId, event: LinkEvent) {
        if event == LinkEvent::Connected {
            self.decide(Event::Facts(self.facts()));
        }
        self.decide(Event::Link(server, event));
    }

    /// What servers are told about this device, looked up now.
    pub(super) fn facts(&self) -> DeviceFacts {
        DeviceFacts {
            volume: self.settings.audio.volume,
            muted: false,
            language: self.settings.tts.language.clone(),
            firmware: env!("CARGO_PKG_VERSION").to_owned(),
            network: network(),
            utc: utc(),
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            // Whoever asked may have gone away meanwhile.
            Request::Status(reply) => drop(reply.send(self.status())),
            Request::Act(action, reply) => drop(reply.send(self.act(action))),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), String> {
        match action {
            Action::Say(text) => self.decide(Event::Say(text)),
            Action::Listen => {
                let at = self.hearing.position();
                self.decide(Event::Trigger { trigger: Trigger::Listen, server: None, at });
                if self.assistant.turn().is_none() {
                    return Err(self.why_not_listening());
                }
            }
            Action::Cancel => self.decide(Event::Cancel),
            Action::Mute => self.decide(Event::Mute(By::Local)),
            Action::Unmute => self.decide(Event::Unmute(By::Local)),
        }
        Ok(())
    }

    fn why_not_listening(&self) -> String {
        if self.assistant.muted().is_some() {
            return "the microphone is muted; `auricle unmute` opens it".to_owned();
        }
        let first = self.assistant.causes().next();
        first.map_or_else(
            || "the server is not connected yet; try again in a moment".to_owned(),
            |(_, cause)| format!("{} {}", cause.text(), cause.remedy()),
        )
    }

    /// Reads the settings again; what can change while the daemon runs changes.
    fn reload(&mut self) {
        let Some(reload) = &mut self.reload else { return };
        match reload() {
            Ok(settings) => {
                for name in self.settings.needs_restart(&settings) {
                    tracing::warn!("`{name}` has changed and counts after a restart");
                }
                self.adopt(settings);
                tracing::info!("the settings were read again");
            }
            Err(error) => tracing::error!("the settings stay as they were: {error}"),
        }
    }

    /// Says goodbye to everybody, within `limit`.
    pub(super) async fn farewell(&mut self, limit: Duration) {
        notify::stopping();
        self.mic.close();
        self.makings.clear();
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

fn network() -> Vec<Interface> {
    let found = network::interfaces(&network::Sources::default()).into_iter();
    let text = |address: Option<String>| address.unwrap_or_default();
    found
        .map(|interface| Interface {
            name: interface.name,
            address: interface.address.to_string(),
            mac: interface.mac,
            gateway: text(interface.gateway.map(|gateway| gateway.to_string())),
            netmask: text(interface.netmask.map(|netmask| netmask.to_string())),
            wireless: interface.wireless,
        })
        .collect()
}

fn mic_cause(error: &SoundError) -> Cause {
    match error {
        SoundError::Busy { holder: Some(holder), .. } => Cause::MicBusy { holder: holder.clone() },
        SoundError::Ambiguous { cards, .. } => {
            let names: Vec<&str> = cards.iter().map(|card| card.pcm.as_str()).collect();
            Cause::MicAmbiguous { cards: names.join(", ") }
        }
        other => Cause::MicGone { detail: other.to_string() },
    }
}
