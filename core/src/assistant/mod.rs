//! The assistant: one person, one microphone, one loudspeaker, some servers.
//!
//! It arbitrates the two leases, microphone and loudspeaker, between the dialogues of the servers, and knows what is
//! wrong. Several things are true at once (muted and speaking, one server gone and the other fine), so there is no
//! single state: what is shown is a function of all of it, see [`Assistant::state`].

pub mod cause;
mod causes;
mod door;
pub mod event;
mod grant;
mod meeting;
mod mic;
mod mute;
mod opening;
mod output;
mod pressed;
pub mod report;
pub mod shown;
pub mod speaker;
mod tuning;
mod turn;
mod voice;
mod volume;
pub(crate) mod wake;
mod wishes;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use cause::Cause;
use causes::Causes;
use event::{By, Effect, Event, RequestId, ServerId, Tuning};
use meeting::Meeting;
use mic::Mic;
use report::Report;
use shown::{Scene, State};
use speaker::Speaker;
use turn::Turn;
use voice::VoiceTrigger;
use volume::Volume;
use wake::WakeTrigger;
use wishes::Waiting;

use crate::dialogue::{Delivery, DeviceFacts, Dialogue, DialogueEvent, Shown};
use crate::hearing::UplinkId;
use crate::pace::Pace;
use crate::time::Tick;
use crate::voices::Voices;

/// An update that was announced is shown so long at the most: it ends in a restart, and if it does not, it has failed.
const UPDATE: Duration = Duration::from_secs(600);

/// How many effects of one event are carried out at the most; a dialogue that asks for more is out of its mind.
const ROUNDS: usize = 1_000;

/// A piece of tape on its way, as its dialogue knows it.
struct Uplink {
    server: ServerId,
    local: UplinkId,
    to: Delivery,
    /// When its dialogue was done with it: from there on its time runs out.
    finished: Option<Tick>,
}

/// The one who decides. Drive it with [`handle`](Self::handle), drain [`poll`](Self::poll), and come back at the
/// latest at [`deadline`](Self::deadline).
pub struct Assistant {
    servers: Vec<Box<dyn Dialogue>>,
    turn: Option<Turn>,
    mic: Mic,
    speaker: Speaker,
    causes: Causes,
    gates: BTreeSet<(ServerId, &'static str)>,
    links: Vec<bool>,
    uplinks: BTreeMap<UplinkId, Uplink>,
    voice: VoiceTrigger,
    wake: WakeTrigger,
    /// Somebody measures the microphone: what is said now is for nobody.
    measured: bool,
    tuning: Tuning,
    facts: DeviceFacts,
    volume: Volume,
    /// What was chosen and remembered; `None`: the setting counts.
    chosen_language: Option<String>,
    /// Writes of it.
    keep_language: Pace,
    /// What the speech engine can speak, once that is known.
    voices: Option<Voices>,
    meeting: Meeting,
    waiting: Vec<Waiting>,
    /// Who waits for a dialogue's word about what was written or is to be dictated.
    offered: Option<RequestId>,
    numbers: u64,
    started: bool,
    ready: bool,
    /// Until when an update is shown, if one was announced.
    updating: Option<Tick>,
    /// What the light shows.
    shown: Scene,
    apologised: Option<(crate::sentences::Sentence, Tick)>,
    twin_said: Option<Tick>,
    told: VecDeque<(ServerId, DialogueEvent)>,
    effects: VecDeque<Effect>,
}

impl Assistant {
    /// An assistant for these servers, the first one being served by default.
    #[must_use]
    pub fn new(servers: Vec<Box<dyn Dialogue>>, tuning: Tuning) -> Self {
        Self {
            links: vec![false; servers.len()],
            servers,
            turn: None,
            mic: Mic::default(),
            speaker: Speaker::default(),
            causes: Causes::default(),
            gates: BTreeSet::new(),
            uplinks: BTreeMap::new(),
            voice: VoiceTrigger::default(),
            wake: WakeTrigger::default(),
            measured: false,
            tuning,
            facts: DeviceFacts::default(),
            volume: Volume::default(),
            chosen_language: None,
            keep_language: Pace::new(wishes::LANGUAGE_WRITES, wishes::LANGUAGE_PAUSE),
            voices: None,
            meeting: Meeting::default(),
            waiting: Vec::new(),
            offered: None,
            numbers: 0,
            started: false,
            ready: false,
            updating: None,
            shown: Scene::IDLE,
            apologised: None,
            twin_said: None,
            told: VecDeque::new(),
            effects: VecDeque::new(),
        }
    }

    /// Something happened, or a deadline has come.
    pub fn handle(&mut self, now: Tick, event: Event) {
        self.take(now, event);
        self.settle(now);
    }

    /// The next thing to do, until `None`.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to come back at the latest with [`Event::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Tick> {
        let dialogues = self.servers.iter().filter_map(|dialogue| dialogue.deadline());
        let turn = self.turn.as_ref().map(|turn| turn.deadline(self.servers[turn.server.0].deadline()));
        let arming = self.voice_deadline();
        let wishes = self
            .wishes_deadline()
            .into_iter()
            .chain(self.volume.deadline())
            .chain(self.keep_language.deadline())
            .chain(self.updating);
        dialogues.chain(turn).chain(self.speaker.deadline()).chain(arming).chain(wishes).min()
    }

    /// What a person sees.
    #[must_use]
    pub fn state(&self) -> State {
        let shown = self.turn.as_ref().map(|turn| turn.shown);
        if self.turn.as_ref().is_some_and(|turn| turn.lease.is_some()) {
            State::Listening
        } else if self.speaker.playing().is_some_and(|utterance| !utterance.is_chime()) {
            State::Speaking
        } else if let Some(shown) = shown {
            match shown {
                Shown::Connecting => State::Connecting,
                Shown::Listening | Shown::Waiting => State::Waiting,
            }
        } else if self.mic.muted().is_some() {
            State::Muted
        } else if self.causes.is_empty() {
            State::Idle
        } else {
            State::Degraded
        }
    }

    /// What the light shows.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let state = self.state();
        let connecting = state == State::Idle && self.links.contains(&false);
        let (muted, recording) = (self.mic.muted().is_some(), self.recording());
        let mood = self.turn.as_ref().filter(|_| state == State::Speaking).map(|turn| turn.mood).unwrap_or_default();
        Scene { state, muted, recording, connecting, updating: self.updating.is_some(), mood }
    }

    /// Who muted the microphone, if so.
    #[must_use]
    pub fn muted(&self) -> Option<By> {
        self.mic.muted()
    }

    /// Whether the microphone can't be used although nobody muted it.
    #[must_use]
    pub fn is_deaf(&self) -> bool {
        let silent = self.causes.iter().any(|(_, cause)| cause.code() == "MicSilent");
        (self.mic.is_gone() || silent) && self.mic.muted().is_none()
    }

    /// Everything that is wrong now, of the whole device or of one server.
    pub fn causes(&self) -> impl Iterator<Item = (Option<ServerId>, &Cause)> {
        self.causes.iter()
    }

    /// Whether the connection to this server is usable.
    #[must_use]
    pub fn link(&self, server: ServerId) -> bool {
        self.links.get(server.0).copied().unwrap_or(false)
    }

    /// Whether anybody behind that connection has answered since it stands.
    #[must_use]
    pub fn answered(&self, server: ServerId) -> bool {
        self.servers.get(server.0).is_some_and(|dialogue| dialogue.answered())
    }

    /// Who holds the turn.
    #[must_use]
    pub fn turn(&self) -> Option<ServerId> {
        self.turn.as_ref().map(|turn| turn.server)
    }

    /// The loudspeaker volume that is heard now, 0–100.
    #[must_use]
    pub const fn volume(&self) -> u8 {
        self.volume.now()
    }

    /// Whether one more announcement would be taken.
    #[must_use]
    pub fn has_room_to_say(&self) -> bool {
        self.speaker.has_room(crate::dialogue::Class::Announcement)
    }

    /// Whether a dialogue has the microphone.
    #[must_use]
    pub fn listening(&self) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.lease.is_some())
    }

    /// The things that must hold at every moment; a text names the one that does not. For tests.
    ///
    /// # Errors
    /// The broken rule.
    pub fn check(&self) -> Result<(), String> {
        if let Some(turn) = &self.turn {
            if turn.lease.is_some() && !self.mic.usable() {
                return Err("a closed microphone is leased".into());
            }
            if self.deadline().is_none() {
                return Err("a turn without a deadline".into());
            }
        }
        if (self.speaker.waiting() > 0 || self.speaker.playing().is_some()) && self.speaker.deadline().is_none() {
            return Err("an utterance without a deadline".into());
        }
        if self.shown != self.scene() {
            return Err(format!("the light shows {:?}, it should show {:?}", self.shown, self.scene()));
        }
        if self.recording() && self.mic.muted().is_some() {
            return Err("it records while it is muted".into());
        }
        if self.uplinks.len() > ROUNDS {
            return Err("uplinks pile up".into());
        }
        Ok(())
    }

    /// Lets everybody finish what they have to say, then brings loudspeaker, trigger and light up to date.
    fn settle(&mut self, now: Tick) {
        for _ in 0..ROUNDS {
            if let Some((server, event)) = self.told.pop_front() {
                self.servers[server.0].handle(now, event);
            } else if let Some((server, ask)) = self.next_ask() {
                self.carry_out(now, server, ask);
            } else if !self.serve_speaker(now) {
                break;
            }
        }
        self.told.clear();
        self.arm(now);
        self.arm_wake();
        let scene = self.scene();
        let before = std::mem::replace(&mut self.shown, scene);
        if scene != before {
            self.effects.push_back(Effect::Show(scene));
        }
        if scene.state != before.state {
            self.report(None, Report::State(scene.state.name()));
        }
    }

    fn next_ask(&mut self) -> Option<(ServerId, crate::dialogue::Ask)> {
        self.servers.iter_mut().enumerate().find_map(|(n, dialogue)| Some((ServerId(n), dialogue.poll()?)))
    }

    fn tell(&mut self, server: ServerId, event: DialogueEvent) {
        self.told.push_back((server, event));
    }

    fn report(&mut self, server: Option<ServerId>, report: Report) {
        self.effects.push_back(Effect::Report(server, report));
    }

    fn raise(&mut self, server: Option<ServerId>, cause: Cause) {
        if self.causes.raise(server, cause.clone()) {
            self.report(server, Report::Cause(cause));
        }
    }

    fn clear(&mut self, server: Option<ServerId>, code: &str) {
        if let Some(cause) = self.causes.clear(server, code) {
            self.report(server, Report::CauseCleared(cause));
        }
    }
}
