//! The daemon's side of the control socket.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{broadcast, mpsc};

use super::routes::router;
use crate::daemon::input::Input;
use crate::daemon::ledger::Line;

/// The control thread answers within this or is stuck.
pub const ANSWER: Duration = Duration::from_secs(5);

/// What the routes need.
#[derive(Clone)]
pub struct Doors {
    /// To the control thread.
    pub inbox: mpsc::Sender<Input>,
    /// Everything that is told.
    pub lines: broadcast::Sender<Line>,
}

/// A bound socket that is removed again at the end.
pub struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    /// Binds the socket, readable and writable for the owner and the group.
    ///
    /// # Errors
    /// When another daemon answers there, or the folder can't be written.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                "another auricle daemon runs with this control socket",
            ));
        }
        remove_stale(path)?;
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(Self { path: path.to_owned(), listener })
    }

    /// Serves until dropped.
    pub async fn serve(self, doors: Doors) {
        let path = self.path;
        let _removed_at_the_end = RemoveFile(path.clone());
        if let Err(error) = axum::serve(self.listener, router(doors)).await {
            tracing::error!("the control socket {} failed: {error}", path.display());
        }
    }
}

/// Removes the socket of a daemon that is gone, and nothing else.
fn remove_stale(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else than a socket has this name")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

struct RemoveFile(PathBuf);

impl Drop for RemoveFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
