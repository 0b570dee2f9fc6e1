//! The state file: what must survive a restart, `state.json` in the state directory.
//!
//! It is replaced as a whole (new file, fsync, rename, fsync of the folder), so that a power cut leaves the old content
//! or the new one. Should it be broken all the same, it is put aside and told, and the device starts without it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use auricle_core::dialogue::Keepsake;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::replace::{RealFolder, replace};

/// The largest state file, in bytes.
pub const MAX_SIZE: usize = 64 * 1024;

const NAME: &str = "state.json";

/// What is remembered. `None`: nothing was ever set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The serial number that was made up because the board has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The hardware address by which servers know this device, as it was found first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The UUID that was made up for servers that want one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Who muted the microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<String>,
    /// Loudspeaker volume, 0–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<u8>,
    /// The speech language as a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What the dialogues of servers have asked to keep, by the server's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<String, Keepsake>,
    /// What another version of this program remembers; kept as it is.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// The state file can't be used.
#[derive(Debug, Error)]
pub enum StateError {
    /// The state directory is not there and can't be made.
    #[error(
        "the state directory `{}` can't be made: {source}; make it for the user that runs auricle, or set `state_dir` in [device]",
        path.display()
    )]
    Folder {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is there and can't be read.
    #[error("the state file `{}` can't be read: {source}; give it to the user that runs auricle", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody who only looks may not read it.
    #[error("this user may not read the state file `{}`; run it with sudo", path.display())]
    Hidden {
        /// The file.
        path: PathBuf,
    },
    /// Somebody who only looks found what this program does not write.
    #[error("the state file `{}` is broken: {reason}; the daemon puts it aside when it starts", path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The new content could not be written. The old one is still there.
    #[error(
        "the state file `{}` can't be written: {source}; check the free space and the owner of its folder",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// More than [`MAX_SIZE`].
    #[error("the state would have {size} bytes, {MAX_SIZE} are the most")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
}

/// The state file was not what this program writes. It was put aside.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the state file `{}` is broken ({reason}) and was renamed to `{NAME}.broken`; volume, language and mute are not remembered",
    path.display()
)]
pub struct Broken {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// The state and the file that holds it. One program at a time may have it open.
#[derive(Debug)]
pub struct StateFile {
    folder: PathBuf,
    state: State,
}

impl StateFile {
    /// Reads the state in `folder`, which is made (for this user alone) if it is not there.
    ///
    /// # Errors
    /// [`StateError::Folder`] or [`StateError::Read`]. A broken file is no error but a warning: [`Broken`].
    pub fn open(folder: &Path) -> Result<(Self, Option<Broken>), StateError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| StateError::Folder { path: folder.into(), source })?;
        let path = folder.join(NAME);
        let (state, broken) = match read(&path) {
            Ok(bytes) => parse(&bytes).map_or_else(|reason| (State::default(), Some(reason)), |state| (state, None)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (State::default(), None),
            Err(source) => return Err(StateError::Read { path, source }),
        };
        let warning = broken.map(|reason| put_aside(&path, reason));
        Ok((Self { folder: folder.into(), state }, warning))
    }

    /// What is remembered.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Changes the state and, if that made a difference, the file. Returns when it is on the disk, which can take a
    /// second on a worn card.
    ///
    /// # Errors
    /// [`StateError::Write`] or [`StateError::TooLarge`]; the change then holds until the restart.
    pub fn update(&mut self, change: impl FnOnce(&mut State)) -> Result<(), StateError> {
        let before = self.state.clone();
        change(&mut self.state);
        if self.state == before { Ok(()) } else { self.save() }
    }

    fn save(&self) -> Result<(), StateError> {
        let path = self.folder.join(NAME);
        let failed = |source| StateError::Write { path: path.clone(), source };
        let mut bytes = serde_json::to_vec_pretty(&self.state).map_err(|error| failed(error.into()))?;
        bytes.push(b'\n');
        if bytes.len() > MAX_SIZE {
            return Err(StateError::TooLarge { size: bytes.len() });
        }
        replace(&mut RealFolder::new(&self.folder), NAME, &bytes).map_err(failed)
    }
}

/// What is remembered in `folder`, for somebody who only looks: nothing is made, renamed or locked. `None` if nothing was
/// ever written there.
///
/// # Errors
/// [`StateError::Hidden`], [`StateError::Read`] or [`StateError::Strange`]. Then it is not known whether the microphone
/// is muted, and nobody may open it: mute wins.
pub fn peek(folder: &Path) -> Result<Option<State>, StateError> {
    let path = folder.join(NAME);
    match read(&path) {
        Ok(bytes) => parse(&bytes).map(Some).map_err(|reason| StateError::Strange { path, reason }),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::PermissionDenied => Err(StateError::Hidden { path }),
            _ => Err(StateError::Read { path, source: error }),
        },
    }
}

/// At most one byte more than the limit.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SIZE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<State, String> {
    if bytes.is_empty() {
        return Err("it is empty".into());
    }
    if bytes.len() > MAX_SIZE {
        return Err(format!("it has more than {MAX_SIZE} bytes"));
    }
    let mut state: State = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    state.volume = state.volume.map(|percent| percent.min(100));
    Ok(state)
}

fn put_aside(path: &Path, reason: String) -> Broken {
    let aside = path.with_file_name(format!("{NAME}.broken"));
    let reason = match fs::rename(path, aside) {
        Ok(()) => reason,
        Err(error) => format!("{reason}; renaming it: {error}"),
    };
    Broken { path: path.into(), reason }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_was_set_is_there_after_a_restart_and_only_the_user_can_read_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("lib/auricle");
        let (mut file, warning) = StateFile::open(&folder).unwrap();
        assert_eq!((file.state(), warning), (&State::default(), None));
        file.update(|state| {
            state.volume = Some(35);
            state.muted = Some("button".into());
        })
        .unwrap();

        let (again, warning) = StateFile::open(&folder).unwrap();
        assert_eq!((again.state(), warning), (file.state(), None));
        assert_eq!((mode(&folder), mode(&folder.join(NAME))), (0o700, 0o600));
    }

    #[test]
    fn what_another_version_wrote_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), r#"{"volume":200,"wake":{"words":["hey"]},"serial":null}"#).unwrap();
        let (mut file, warning) = StateFile::open(folder.path()).unwrap();
        assert_eq!((file.state().volume, warning), (Some(100), None));
        file.update(|state| state.language = Some("fr-FR".into())).unwrap();
        let text = fs::read_to_string(folder.path().join(NAME)).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            serde_json::json!({"volume": 100, "language": "fr-FR", "wake": {"words": ["hey"]}})
        );
    }

    #[test]
    fn a_broken_file_is_put_aside_and_told() {
        let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(MAX_SIZE));
        for content in ["", "\0\0\0", r#"{"volume": 5"#, "[]", r#"{"volume":"loud"}"#, &large] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(NAME);
            fs::write(&path, content).unwrap();
            let (mut file, warning) = StateFile::open(folder.path()).unwrap();
            assert_eq!(file.state(), &State::default());
            assert_eq!(warning.unwrap().path, path);
            assert_eq!(fs::read_to_string(folder.path().join("state.json.broken")).unwrap(), content);
            file.update(|state| state.volume = Some(1)).unwrap();
            assert_eq!(StateFile::open(folder.path()).unwrap().1, None, "it is whole again");
        }
    }

    #[test]
    fn who_only_looks_tells_nothing_written_from_nothing_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        assert_eq!(peek(folder.path()).unwrap(), None);
        assert_eq!(peek(&folder.path().join("below")).unwrap(), None);
        fs::write(&path, r#"{"muted":"button"}"#).unwrap();
        assert_eq!(peek(folder.path()).unwrap().unwrap().muted.as_deref(), Some("button"));
        for content in ["", r#"{"muted": 5}"#] {
            fs::write(&path, content).unwrap();
            let error = peek(folder.path()).unwrap_err();
            assert!(matches!(error, StateError::Strange { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content, "nothing is put aside");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = peek(folder.path()).unwrap_err();
        assert!(matches!(error, StateError::Read { .. }), "{error}");
    }

    #[test]
    fn no_change_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = StateFile::open(folder.path()).unwrap();
        file.update(|state| state.volume = None).unwrap();
        assert!(!folder.path().join(NAME).exists());
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = StateFile::open(&folder.path().join("file/below")).unwrap_err();
        assert!(matches!(error, StateError::Folder { .. }), "{error}");
        fs::create_dir(folder.path().join(NAME)).unwrap();
        let error = StateFile::open(folder.path()).unwrap_err();
        assert!(matches!(error, StateError::Read { .. }), "{error}");
    }

    #[test]
    fn a_failed_write_leaves_the_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = StateFile::open(folder.path()).unwrap();
        file.update(|state| state.volume = Some(7)).unwrap();
        // A folder in the place of the new file: writing fails, for root too.
        fs::create_dir(folder.path().join("state.json.new")).unwrap();
        let error = file.update(|state| state.volume = Some(8)).unwrap_err();
        assert!(matches!(error, StateError::Write { .. }), "{error}");
        let error = file.update(|state| drop(state.others.insert("x".into(), "x".repeat(MAX_SIZE).into())));
        assert!(matches!(error, Err(StateError::TooLarge { .. })), "{error:?}");
        assert_eq!(StateFile::open(folder.path()).unwrap().0.state().volume, Some(7));
    }

    proptest::proptest! {
        #[test]
        fn no_content_is_too_strange(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(NAME), &bytes).unwrap();
            proptest::prop_assert!(StateFile::open(folder.path()).is_ok());
        }
    }
}
