//! `auricle run`: the daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::config::{self, Loaded};
use crate::daemon::{Daemon, DaemonError, Parts};
use crate::device::pins::Board;
use crate::sound::AlsaCards;

/// Runs until it is told to stop.
pub fn run(path: Option<PathBuf>) -> ExitCode {
    give_large_blocks_back();
    log_to_where_we_are_read();
    let loaded = match load(path.as_deref()) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    warn(&loaded);
    let reload = move || match config::load(path.as_deref(), config::environment()) {
        Ok(loaded) => {
            warn(&loaded);
            Ok(loaded.settings)
        }
        Err(errors) => Err(errors.to_string()),
    };
    let parts = Parts {
        settings: loaded.settings,
        reload: Some(Box::new(reload)),
        cards: Arc::new(AlsaCards),
        pins: Arc::new(Board),
        dialogues: Vec::new(),
    };
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::fail(&error),
    };
    let ended = runtime.block_on(async {
        Daemon::build(parts)?.run().await;
        Ok::<_, DaemonError>(())
    });
    // A thread that hangs in a driver must not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&error),
    }
}

fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}

/// Messages with sound in them are half a megabyte and more. Left alone, the allocator learns to keep blocks of that size
/// for the next time, once for each thread that made one; the next time may be tomorrow.
fn give_large_blocks_back() {
    // SAFETY: sets a number of the allocator, before there is a second thread.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 64 * 1024)
    };
}

/// Reads the settings, or says on standard error what is wrong with them and gives the code for it.
pub(super) fn load(path: Option<&Path>) -> Result<Loaded, ExitCode> {
    config::load(path, config::environment()).map_err(|errors| {
        eprintln!("{errors}");
        ExitCode::from(super::BAD_SETTINGS)
    })
}

/// Into the journal when the service manager connected us to it, else to standard error. `AURICLE_LOG` sets what is
/// told, for example `auricle=debug`.
pub(super) fn log_to_where_we_are_read() {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let wanted = std::env::var("AURICLE_LOG").ok().and_then(|wanted| wanted.parse::<Targets>().ok());
    let filter = wanted.unwrap_or_else(|| Targets::new().with_default(tracing::Level::INFO));
    let registry = tracing_subscriber::registry().with(filter);
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    // A second initialisation happens only in tests, where the first one serves.
    let _ = match journal {
        Some(journal) => registry.with(journal).try_init(),
        None => {
            use std::io::IsTerminal;
            let ansi = std::io::stderr().is_terminal();
            let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi);
            registry.with(lines.with_target(false)).try_init()
        }
    };
}
