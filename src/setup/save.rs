//! Writes what was answered: checked before, replaced as a whole, the old file kept.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, Uid};

use super::answers::{Answers, Password, Present, no_variables};
use super::edit;
use super::error::SetupError;
use crate::config;
use crate::device::replace::{Rights, replace_file};

/// The group of the daemon's user.
const GROUP: &str = "auricle";

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Saved {
    /// The settings.
    pub file: PathBuf,
    /// The settings before, if there were others.
    pub backup: Option<PathBuf>,
    /// The password, if it is new.
    pub password_file: Option<PathBuf>,
    /// Whether anything is different from before.
    pub changed: bool,
}

/// Writes the settings, and a new password into a file of its own before.
///
/// # Errors
/// The daemon could not use them, or a file can't be written: then the old settings are still there.
pub fn save(answers: &Answers, present: &Present) -> Result<Saved, SetupError> {
    let password_file = absolute(present.password_file());
    let changes = answers.changes(present, &password_file);
    let text = edit::edited(&present.text, &changes).map_err(|error| SetupError::Invalid(error.to_string()))?;
    // With the eyes of the daemon, before anything is touched.
    config::parse_str(&text, no_variables()).map_err(|errors| SetupError::Invalid(errors.to_string()))?;
    make_folder(&present.file)?;
    let password_file = match &answers.password {
        Password::Keep => None,
        Password::New(password) => {
            write(&password_file, format!("{}\n", password.as_str()).as_bytes(), secret_rights())?;
            Some(password_file)
        }
    };
    let same = present.exists && text == present.text;
    let mut saved =
        Saved { file: present.file.clone(), backup: None, changed: !same || password_file.is_some(), password_file };
    if same {
        return Ok(saved);
    }
    let rights = rights_of(&present.file);
    if present.exists {
        let backup = with_end(&present.file, ".bak");
        write(&backup, present.text.as_bytes(), rights)?;
        saved.backup = Some(backup);
    }
    write(&present.file, text.as_bytes(), rights)?;
    Ok(saved)
}

fn write(path: &Path, bytes: &[u8], rights: Rights) -> Result<(), SetupError> {
    replace_file(path, bytes, rights).map_err(|source| SetupError::Write { path: path.to_owned(), source })
}

fn make_folder(file: &Path) -> Result<(), SetupError> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(folder);
    made.map_err(|source| SetupError::Write { path: folder.to_owned(), source })
}

/// Those of the file that is there; a new one holds no secret and may be read by all.
fn rights_of(file: &Path) -> Rights {
    let there = |metadata: fs::Metadata| Rights {
        mode: metadata.mode() & 0o7777,
        owner: Some((metadata.uid(), metadata.gid())),
    };
    fs::metadata(file).map_or(Rights { mode: 0o644, owner: None }, there)
}

/// For root and the daemon; where there is no daemon's group, or this is not root, for this user alone.
fn secret_rights() -> Rights {
    let group = Group::from_name(GROUP).ok().flatten();
    match group {
        Some(group) if Uid::effective().is_root() => Rights { mode: 0o640, owner: Some((0, group.gid.as_raw())) },
        _ => Rights::PRIVATE,
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Whether this user may write there: told before the first question, not after the last.
///
/// # Errors
/// [`SetupError::NotRoot`].
pub fn check_rights(file: &Path) -> Result<(), SetupError> {
    let existing = file.ancestors().skip(1).find(|folder| folder.is_dir() || folder.as_os_str().is_empty());
    let folder = existing.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let denied = nix::unistd::access(folder, nix::unistd::AccessFlags::W_OK).is_err();
    if denied && !Uid::effective().is_root() {
        return Err(SetupError::NotRoot { path: file.to_owned() });
    }
    if denied {
        let source = io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
        return Err(SetupError::Write { path: file.to_owned(), source });
    }
    Ok(())
}
