//! Builds the daemon from its settings.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use auricle_core::assistant::Assistant;
use auricle_core::assistant::event::ServerId;
use auricle_core::dialogue::Dialogue;
use auricle_core::dialogue::linto::{self, LintoSettings};
use auricle_core::hearing::Limits;
use auricle_core::link::Policy;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::buttons::Contact;
use super::channel::Channel;
use super::clock::Clock;
use super::control::{Control, Server};
use super::effects::tuning;
use super::hearing::{Hearing, Wants};
use super::input::Input;
use super::ledger::Ledger;
use super::lights::Panel;
use super::links::{Line, begin};
use super::meeting::Minutes;
use super::notify::Watchdog;
use super::patience::Patience;
use super::requests::Waiting;
use super::services::Services;
use super::wake::Wake;
use super::{DaemonError, Parts, xiaozhi};
use crate::config::{ApplicationKind, Echo, Linto, Settings};
use crate::device::identity;
use crate::device::state::StateFile;
use crate::net::mqtt::{Address, Backoff, LinkSettings};
use crate::services::tts::{TtsSettings, Voice};
use crate::sound::mixer::{Mixer, MixerControl};
use crate::sound::{Bell, CaptureWant, Cards, Loudspeaker, Microphone, PlaybackWant, Played};

/// Builds everything and starts the threads and the connections.
pub(super) fn assemble(parts: Parts, ledger: Ledger, inbox: mpsc::Sender<Input>) -> Result<Control, DaemonError> {
    let Parts { settings, reload, cards, pins, dialogues } = parts;
    let (mut state, serial) = who_we_are(&settings)?;

    let (speaker, played) = speaking(&settings, Arc::clone(&cards), &inbox)?;
    let (mic, hearing) = listening(&settings, cards, played, &inbox)?;
    let mixer = mixer(&settings.audio.mixer, &inbox)?;
    let (servers, all) = servers(&settings, (&serial, &mut state), dialogues, &inbox)?;
    Ok(Control {
        clock: Clock::start(),
        assistant: Assistant::new(all, tuning(&settings)),
        mixer,
        mixer_owes: Patience::default(),
        buttons: settings.buttons().into_iter().map(|want| Contact::new(want, Arc::clone(&pins))).collect(),
        panel: settings.leds.want().map(|want| Panel::new(want, pins)),
        services: Services::default(),
        minutes: Minutes::default(),
        waiting: Waiting::default(),
        voice: Arc::new(voice(&settings)),
        wake: Wake::new(&settings),
        settings,
        reload,
        serial,
        servers,
        hearing,
        mic,
        mic_owes: Patience::default(),
        speaker,
        speaker_owes: Patience::default(),
        ordered: None,
        makings: BTreeMap::new(),
        voiceless: Vec::new(),
        bodies: BTreeMap::new(),
        state,
        ledger,
        watchdog: Watchdog::from_environment(),
        probe: None,
        inbox,
        pending: VecDeque::new(),
    })
}

/// The loudspeaker, still closed, and what it will have played.
fn speaking(
    settings: &Settings,
    cards: Arc<dyn Cards>,
    inbox: &mpsc::Sender<Input>,
) -> Result<(Loudspeaker, Played), DaemonError> {
    let notices = inbox.clone();
    let want = PlaybackWant { device: settings.audio.playback.name().to_owned() };
    Ok(Loudspeaker::overheard(cards, want, Box::new(move |notice| pass_on(&notices, Input::Speaker(notice))))?)
}

/// The microphone, still closed, and the thread that hears what it delivers.
fn listening(
    settings: &Settings,
    cards: Arc<dyn Cards>,
    played: Played,
    inbox: &mpsc::Sender<Input>,
) -> Result<(Arc<Microphone>, Hearing), DaemonError> {
    let bell = Bell::new()?;
    let notices = inbox.clone();
    let want = CaptureWant { device: settings.audio.capture.name().to_owned() };
    let notify = Box::new(move |notice| pass_on(&notices, Input::Mic(notice)));
    let mic = Arc::new(Microphone::start(cards, want, bell.clone(), notify)?);
    let hearing = Hearing::start(Arc::clone(&mic), played, bell, wants(settings), inbox.clone())?;
    Ok((mic, hearing))
}

/// What the settings want of hearing.
fn wants(settings: &Settings) -> Wants {
    let raw = settings.xiaozhi.iter().any(|server| server.echo == Echo::Server);
    Wants { channel: settings.audio.channel, profile: settings.audio.profile, raw }
}

/// The speech engine.
fn voice(settings: &Settings) -> Voice {
    let tts = &settings.tts;
    Voice::new(TtsSettings { language: tts.language.clone(), command: tts.command.clone() })
}

/// The card's own volume control, if the settings name one.
fn mixer(control: &str, inbox: &mpsc::Sender<Input>) -> Result<Option<Mixer>, DaemonError> {
    if control.is_empty() {
        return Ok(None);
    }
    let notices = inbox.clone();
    let notify = Box::new(move |notice| pass_on(&notices, Input::Mixer(notice)));
    Ok(Some(Mixer::start(MixerControl::new(control)?, notify)?))
}

/// The state file, and the serial number from the settings, the board, or the state file.
fn who_we_are(settings: &Settings) -> Result<(StateFile, String), DaemonError> {
    let (mut state, broken) = StateFile::open(&settings.device.state_dir)?;
    if let Some(broken) = broken {
        tracing::warn!("{broken}");
    }
    let identity = identity::identify(settings.device.serial.as_deref(), &identity::Board::default(), &mut state)?;
    if let Some(warning) = identity.warning {
        tracing::warn!("the serial number is another one after a restart: {warning}");
    }
    tracing::info!("auricle {}, serial number `{}`", env!("CARGO_PKG_VERSION"), identity.serial);
    Ok((state, identity.serial))
}

/// From a thread of a device, outside any real-time loop.
pub(super) fn pass_on(inbox: &mpsc::Sender<Input>, input: Input) {
    if inbox.try_send(input).is_err() {
        tracing::error!("the control thread has no room for a notice of a device");
    }
}

type Dialogues = Vec<Box<dyn Dialogue>>;

fn servers(
    settings: &Settings,
    (serial, state): (&str, &mut StateFile),
    extra: Vec<(String, Box<dyn Dialogue>)>,
    inbox: &mpsc::Sender<Input>,
) -> Result<(Vec<Server>, Dialogues), DaemonError> {
    let (mut servers, mut all): (Vec<Server>, Dialogues) = (Vec::new(), Vec::new());
    for server in &settings.linto {
        let wanted = linto_settings(settings, server, serial)?;
        let connection = linto_connection(server, linto::policy(&wanted));
        let link = begin(connection, ServerId(servers.len()), 0, inbox.clone());
        let (link, line, channel) = (Some(link), Line::default(), Channel::default());
        servers.push(Server { name: server.name.clone(), kind: "linto", link, line, channel });
        all.push(Box::new(linto::Linto::new(wanted)));
    }
    for server in &settings.xiaozhi {
        let line = Line::trusting(server.ca_file.clone());
        // It connects when the server has said where to.
        servers.push(Server {
            name: server.name.clone(),
            kind: "xiaozhi",
            link: None,
            line,
            channel: Channel::default(),
        });
        all.push(Box::new(xiaozhi::dialogue(settings, server, state)?));
    }
    for (name, dialogue) in extra {
        let (line, channel) = (Line::default(), Channel::default());
        servers.push(Server { name, kind: "test", link: None, line, channel });
        all.push(dialogue);
    }
    Ok((servers, all))
}

fn linto_settings(settings: &Settings, server: &Linto, serial: &str) -> Result<LintoSettings, DaemonError> {
    Ok(LintoSettings {
        serial: serial.to_owned(),
        admin_scope: server.scope.clone(),
        request_scope: server.request_scope(),
        answer_timeout: server.answer_timeout,
        limits: limits(settings),
        multi_user: server.application_kind == ApplicationKind::MultiUser,
        phonetic: server.phonetic,
        live_transcript: server.live_transcript,
        instance: identity::nonce()?,
    })
}

/// When the endpointer lets go, as the settings have it.
pub(crate) fn limits(settings: &Settings) -> Limits {
    let listen = &settings.listen;
    Limits {
        hangover: listen.hangover,
        no_speech: listen.no_speech,
        max_utterance: listen.max_utterance,
        answer: false,
    }
}

fn linto_connection(server: &Linto, policy: Policy) -> LinkSettings {
    LinkSettings {
        address: Address { tls: server.broker.tls, host: server.broker.host.clone(), port: server.broker.port },
        ca_file: server.ca_file.clone(),
        username: server.username.clone(),
        password: server.password.as_ref().map(|password| Zeroizing::new(password.expose().to_owned())),
        policy,
        backoff: Backoff::default(),
    }
}
