//! A daemon of our own, while no other runs: the cards and the hearing of the settings, no server, nothing remembered.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use auricle_core::dialogue::{Ask, Dialogue, DialogueEvent};
use auricle_core::time::Tick;

use crate::config::Settings;
use crate::daemon::{Daemon, Parts};
use crate::device::pins::Board;
use crate::device::{identity, state};
use crate::doctor::case::Case;
use crate::doctor::host::Host;
use crate::sound::AlsaCards;

/// A daemon and the folder of its files.
pub(super) struct Bench {
    daemon: Daemon,
    folder: Folder,
}

impl Bench {
    /// Builds one; the microphone opens at once. None for a microphone that is muted, or may be.
    pub(super) fn build(case: &Case, settings: &Settings) -> Result<Self, String> {
        case.may_open_microphone()?;
        let folder = Folder::make()?;
        let settings = alone(&case.host, settings, &folder.0);
        // Without any server it would say aloud that it is not set up.
        let dialogues: Vec<(String, Box<dyn Dialogue>)> = vec![("nobody".to_owned(), Box::new(Nobody))];
        let (cards, pins) = (Arc::new(AlsaCards), Arc::new(Board));
        let parts = Parts { settings, reload: None, cards, pins, dialogues };
        let daemon = Daemon::build(parts).map_err(|error| error.to_string())?;
        Ok(Self { daemon, folder })
    }

    /// Its control socket.
    pub(super) fn socket(&self) -> PathBuf {
        socket(&self.folder.0)
    }

    /// Runs until it is dropped, or interrupted.
    pub(super) async fn run(self) {
        let Self { daemon, folder } = self;
        daemon.run().await;
        drop(folder);
    }
}

fn socket(folder: &std::path::Path) -> PathBuf {
    folder.join("control.sock")
}

/// The settings without everything that others would notice. The volume stays what the device last had.
fn alone(host: &Host, settings: &Settings, folder: &std::path::Path) -> Settings {
    let mut own = settings.clone();
    let remembered = state::peek(&host.path(&settings.device.state_dir)).ok().flatten();
    if let Some(volume) = remembered.and_then(|state| state.volume) {
        own.audio.volume = volume.min(100);
    }
    own.linto.clear();
    own.xiaozhi.clear();
    // As root: what the service's user wrote as the engine's command is none of root's.
    if nix::unistd::geteuid().is_root() {
        own.tts.command.clear();
    }
    // The card's own volume control is the owner's; here the volume is made in software.
    own.audio.mixer.clear();
    // Neither buttons nor lights.
    own.button.clear();
    (own.leds.kind, own.leds.preset) = (None, None);
    own.listen.triggers.clear();
    own.device.state_dir = folder.join("state");
    own.control.socket = socket(folder);
    own
}

/// A folder for this user alone that goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, String> {
        let mark = identity::nonce().map_err(|error| error.to_string())?;
        let path = std::env::temp_dir().join(format!("auricle-doctor-{mark}"));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| format!("no folder could be made in {}: {error}", std::env::temp_dir().display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that does nothing.
struct Nobody;

impl Dialogue for Nobody {
    fn handle(&mut self, _: Tick, _: DialogueEvent) {}

    fn poll(&mut self) -> Option<Ask> {
        None
    }

    fn deadline(&self) -> Option<Tick> {
        None
    }
}
