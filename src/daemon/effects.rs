//! What the assistant decides, carried out.

use std::sync::Arc;
use std::time::Duration;

use auricle_core::assistant::event::{By, Effect, Event, Memory, PlayNumber, Remembered, ServerId, Tuning, UnmuteRule};
use auricle_core::assistant::report::Report;
use auricle_core::dialogue::{Delivery, PlayEnd, Source};
use auricle_core::hearing::UplinkId;
use auricle_core::link::Publication;

use super::clock::Clock;
use super::control::Control;
use super::input::Input;
use super::notify;
use super::speech::Making;
use crate::config::{Settings, Trigger, Unmute};
use crate::device::memory;
use crate::net::mqtt::Link;
use crate::services::tts::{TtsSettings, Voice};
use crate::sound::{Loudspeaker, SoundError};

/// So long after READY the connections stand, if they can.
const SETTLED: Duration = Duration::from_secs(5);

impl Control {
    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Mic(true) => {
                self.mic.open();
                self.mic_owes.begin();
            }
            Effect::Mic(false) => {
                self.mic_owes.end();
                self.hearing.detach();
                self.mic.close();
            }
            Effect::Ear(command) => self.hearing.ear(command),
            Effect::Play { play, server, source } => self.play(play, server, source),
            Effect::Flush(play) => self.flush(play),
            Effect::Link(server, ask) => self.ask_link(server, |link| link.ask(ask)),
            Effect::Channel(server, ask) => self.ask_channel(server, ask),
            Effect::Connect(server, access) => self.connect(server, *access),
            Effect::Fetch(server, id, fetch) => self.fetch(server, id, fetch),
            Effect::Publish { server, publication, expires } => {
                self.ask_link(server, |link| link.publish_by(publication, Clock::within(expires)));
            }
            Effect::Send { uplink, server, to, samples, last } => self.send(uplink, server, to, samples, last),
            Effect::Discard(uplink) => drop(self.bodies.remove(&uplink)),
            Effect::Show(scene) => self.show(scene),
            Effect::Report(server, report) => self.tell(server, &report),
            Effect::Remember(memory) => self.remember(memory),
            Effect::Volume(percent) => self.loudness(percent),
            Effect::Language(language) => self.voice = Arc::new(self.voice.in_language(language)),
            Effect::Record(name) => self.record(&name),
            Effect::RecordStop => self.stop_recording(),
            Effect::Serve { service, server, wish } => self.serve(service, server, wish),
            Effect::Answer { request, outcome } => self.reply(request, outcome),
            Effect::Ready => {
                notify::ready();
                tokio::spawn(settle_down());
            }
            Effect::Healthy(token) => self.watchdog.healthy(token),
        }
    }

    /// What a connection does not take is counted; a protocol without one asks for nothing.
    fn ask_link(&mut self, server: ServerId, ask: impl FnOnce(&Link) -> bool) {
        let link = self.servers.get(server.0).and_then(|server| server.link.as_ref());
        if link.is_some_and(|link| !ask(link)) {
            self.ledger.count("refused_asks", 1);
        }
    }

    pub(super) fn tell(&mut self, server: Option<ServerId>, report: &Report) {
        self.write_down(report);
        if let Report::Wake { word, .. } = report {
            self.count_word(word);
        }
        let name = server.and_then(|server| self.servers.get(server.0)).map(|server| server.name.clone());
        self.ledger.enter(name.as_deref(), report);
    }

    /// Asks the speech engine what it has; the answer comes as an input.
    pub(super) fn ask_for_voices(&self) {
        let (voice, inbox) = (Arc::clone(&self.voice), self.inbox.clone());
        tokio::spawn(async move {
            let known = voice.voices().await.cloned();
            let _ = inbox.send(Input::Voices(known)).await;
        });
    }

    fn play(&mut self, play: PlayNumber, server: Option<ServerId>, source: Source) {
        self.sounding_ordered(play, &source);
        let making = match source {
            Source::Stream(_) => {
                let (making, sink) = Making::elsewhere();
                if !self.play_channel(server, sink) {
                    return self.pending.push_back(Event::Played { play, end: PlayEnd::Failed, heard: Duration::ZERO });
                }
                making
            }
            other => Making::start(play, other, Arc::clone(&self.voice), self.inbox.clone()),
        };
        let order = if making.is_live() { Loudspeaker::play_live } else { Loudspeaker::play };
        if self.speaker.check().is_err() || !order(&self.speaker, play.0) {
            let device = self.settings.audio.playback.name().to_owned();
            return self.speaker_lost(Some(play), &SoundError::Stuck { device });
        }
        self.ordered = Some(play);
        self.speaker_owes.begin();
        self.makings.insert(play, making);
    }

    fn flush(&mut self, play: PlayNumber) {
        self.makings.remove(&play);
        self.speaker.flush(play.0);
    }

    /// Hands the bytes of an uplink to its connection, which takes them now or never.
    fn send(&mut self, uplink: UplinkId, server: ServerId, to: Delivery, samples: u64, last: bool) {
        let Some(body) = self.bodies.remove(&uplink) else { return };
        let bytes = body.bytes.len() as u64;
        let sent = match to {
            Delivery::Message { topic, qos, expires } => {
                let publication = Publication { topic, payload: body.bytes, qos, retain: false };
                let link = self.servers.get(server.0).and_then(|server| server.link.as_ref());
                link.is_some_and(|link| link.publish_by(publication, Clock::within(expires)))
            }
            Delivery::Channel => self.send_frame(server, &body),
        };
        if sent {
            self.ledger.sent_bytes += bytes;
            self.ledger.sent_seconds += samples as f64 / f64::from(auricle_core::audio::TAPE_RATE);
        }
        self.pending.push_back(Event::Uplinked { uplink, sent, samples, last });
    }

    pub(super) fn remember(&mut self, memory: Memory) {
        let name = |server: ServerId| self.servers.get(server.0).map(|server| server.name.clone());
        let kept = self.state.update(|state| match memory {
            Memory::Muted(by) => state.muted = by.map(|by| by.name().to_owned()),
            Memory::Volume(percent) => state.volume = Some(percent),
            Memory::Language(tag) => state.language = Some(tag),
            Memory::Server(server, keepsake) => drop(name(server).map(|name| state.servers.insert(name, keepsake))),
        });
        if let Err(error) = kept {
            tracing::error!("mute, volume and language will not survive a restart: {error}");
        }
    }

    /// What was kept over the restart.
    pub(super) fn remembered(&self) -> Remembered {
        let state = self.state.state();
        Remembered {
            muted: state.muted.as_deref().map(By::of_name),
            volume: state.volume,
            language: state.language.clone(),
        }
    }

    /// Takes over the settings that may change while the daemon runs.
    pub(super) fn adopt(&mut self, settings: &Settings) {
        self.settings.take_live(settings);
        self.hearing.profile(self.settings.audio.profile);
        let (language, command) = (self.assistant.language().to_owned(), self.settings.tts.command.clone());
        self.voice = Arc::new(Voice::new(TtsSettings { language, command }));
        self.ask_for_voices();
        self.decide(Event::Tuned(tuning(&self.settings)));
        self.listen_for_words();
        self.decide(Event::Facts(self.facts()));
    }
}

/// Once everything runs, what only the start needed is given back.
async fn settle_down() {
    tokio::time::sleep(SETTLED).await;
    let bytes = memory::release_start();
    tracing::debug!("{} kB of the start were given back", bytes / 1024);
}

/// The part of the settings that concerns the assistant.
pub(super) fn tuning(settings: &Settings) -> Tuning {
    Tuning {
        voice_trigger: settings.listen.triggers.contains(&Trigger::Voice),
        wake_trigger: settings.listen.triggers.contains(&Trigger::Wake),
        preroll: settings.listen.preroll,
        sounds: settings.audio.sounds,
        limits: super::assembly::limits(settings),
        volume: settings.audio.volume,
        language: settings.tts.language.clone(),
        unmute: match settings.remote.unmute {
            Unmute::Own => UnmuteRule::Own,
            Unmute::Always => UnmuteRule::Always,
            Unmute::Never => UnmuteRule::Never,
        },
        remote_meeting: settings.remote.meeting,
    }
}
