//! The daemon: the wiring, the only place that knows everybody.

mod assembly;
mod buttons;
mod cards;
pub mod channel;
pub mod clock;
mod control;
mod deaf;
mod edges;
mod effects;
mod facts;
mod fetching;
mod heard;
pub mod hearing;
mod inbox;
pub mod input;
pub mod ledger;
mod lights;
mod links;
pub mod listener;
mod loudness;
mod meeting;
mod notify;
mod patience;
mod requests;
mod retry;
mod services;
mod sounding;
mod speech;
mod status;
mod wake;
mod xiaozhi;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use auricle_core::dialogue::Dialogue;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::config::Settings;
use crate::control::server::{Doors, Socket};
use crate::device::pins::Pins;
use crate::sound::Cards;
pub(crate) use assembly::limits;
use control::Control;
use input::{INBOX, Input};
use ledger::Ledger;
pub use sounding::Sounded;
pub(crate) use xiaozhi::BOARD;

/// The brokers have so long for our farewell. With what the sound threads need it must stay below 2 s.
const FAREWELL: Duration = Duration::from_millis(1_200);

/// What a daemon is made of.
pub struct Parts {
    /// The settings.
    pub settings: Settings,
    /// Where they came from, for reading them again.
    pub reload: Option<Box<dyn FnMut() -> Result<Settings, String>>>,
    /// The sound cards.
    pub cards: Arc<dyn Cards>,
    /// The pins of buttons and lights.
    pub pins: Arc<dyn Pins>,
    /// Servers beside those of the settings, for protocols under test.
    pub dialogues: Vec<(String, Box<dyn Dialogue>)>,
}

/// Why a daemon can't start.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The serial number can't be used.
    #[error("{0}")]
    Identity(#[from] crate::device::identity::IdentityError),
    /// The state folder can't be used.
    #[error("{0}")]
    State(#[from] crate::device::state::StateError),
    /// The control socket can't be bound.
    #[error("the control socket {}: {source}; set `socket` in [control] to a path that this user may write", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The tools of the settings can't be offered.
    #[error("[[tools]]: {0}")]
    Tools(#[from] auricle_core::protocol::xiaozhi::mcp::ToolError),
    /// The mixer control can't be used at all.
    #[error("{0}")]
    Mixer(#[from] crate::sound::mixer::MixerError),
    /// The system has no thread for us.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A daemon that is built and not yet running.
pub struct Daemon {
    control: Control,
    inbox: mpsc::Receiver<Input>,
    socket: Socket,
    doors: Doors,
}

impl Daemon {
    /// Builds everything; the microphone and the connections start at once.
    ///
    /// # Errors
    /// When the serial number, the state folder or the control socket can't be used. A card or a server that is away is
    /// no error but a cause, and comes back by itself.
    pub fn build(parts: Parts) -> Result<Self, DaemonError> {
        let (sender, inbox) = mpsc::channel(INBOX);
        let path = parts.settings.control.socket.clone();
        let socket = Socket::bind(&path).map_err(|source| DaemonError::Socket { path, source })?;
        let ledger = Ledger::default();
        let doors = Doors { inbox: sender.clone(), lines: ledger.lines() };
        let control = assembly::assemble(parts, ledger, sender)?;
        Ok(Self { control, inbox, socket, doors })
    }

    /// Everything that is told from now on, as lines of JSON.
    #[must_use]
    pub fn follow(&self) -> tokio::sync::broadcast::Receiver<ledger::Line> {
        self.doors.lines.subscribe()
    }

    /// A way to stop it from within the process.
    #[must_use]
    pub fn inbox(&self) -> mpsc::Sender<Input> {
        self.doors.inbox.clone()
    }

    /// Runs until a signal or [`Input::Stop`].
    pub async fn run(self) {
        let Self { mut control, mut inbox, socket, doors } = self;
        let tasks = LocalSet::new();
        tasks.spawn_local(inbox::signals(doors.inbox.clone()));
        let served = tasks.spawn_local(socket.serve(doors));
        tasks
            .run_until(async move {
                control.run(&mut inbox).await;
                control.farewell(FAREWELL).await;
                served.abort();
                let _ = served.await;
            })
            .await;
    }
}
