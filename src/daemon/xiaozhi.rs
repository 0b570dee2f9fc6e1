//! xiaozhi servers, from their settings.

use std::path::Path;

use auricle_core::dialogue::xiaozhi::{Xiaozhi, XiaozhiSettings};

use super::DaemonError;
use super::assembly::limits;
use crate::config::{self, Settings};
use crate::device::registration::{INTERFACES, registration};
use crate::device::state::StateFile;

/// The name of the device's kind. Some servers put it into the client id of MQTT.
pub(crate) const BOARD: &str = "auricle";

/// The dialogue with a server. What it asked to keep in an earlier run is handed back.
pub(super) fn dialogue(
    settings: &Settings,
    server: &config::Xiaozhi,
    state: &mut StateFile,
) -> Result<Xiaozhi, DaemonError> {
    let who = registration(server.device_id.as_deref(), Path::new(INTERFACES), state)?;
    if let Some(warning) = who.warning {
        tracing::warn!("the server may take the device for another one after a restart: {warning}");
    }
    tracing::info!("{}: the device is {} to this server", server.name, who.mac);
    Ok(Xiaozhi::new(XiaozhiSettings {
        ota_url: server.ota_url.clone(),
        mac: who.mac,
        client_id: who.client_id,
        serial: server.serial(),
        language: settings.tts.language.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        board: BOARD.to_owned(),
        preset: *server.profile,
        mode: server.mode,
        frame: server.frame(),
        server_cancels: server.echo == config::Echo::Server,
        announce_wake_word: server.announce_wake_word.clone(),
        allow_restart: server.restart,
        allow_meeting: settings.remote.meeting,
        tls: server.tls,
        topics: server.topics.clone(),
        tools: settings.tools.iter().map(config::Tool::offered).collect(),
        limits: limits(settings),
        answer_timeout: server.answer_timeout,
        remembered: state.state().servers.get(&server.name).cloned(),
    })?)
}
