//! Writes what was answered: checked before, replaced as a whole, the old file kept.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, Uid};
use zeroize::Zeroizing;

use super::answers::{Answers, Password, Present, no_variables};
use super::edit;
use super::error::SetupError;
use crate::config;
use crate::device::replace::{Rights, replace_file};

/// The group of the daemon's user.
const GROUP: &str = "auricle";

/// What is read of a former password file, in bytes; the daemon takes no longer ones.
const LONGEST: u64 = 64 << 10;

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
/// The daemon could not use them, or a file can't be written: then the old settings are still there, and the old password.
pub fn save(answers: &Answers, present: &Present) -> Result<Saved, SetupError> {
    let password_file = absolute(present.password_file());
    let changes = answers.changes(present, &password_file);
    let text = edit::edited(&present.text, &changes).map_err(|error| SetupError::Invalid(error.to_string()))?;
    // With the eyes of the daemon, before anything is touched.
    config::parse_str(&text, no_variables()).map_err(|errors| SetupError::Invalid(errors.to_string()))?;
    make_folder(&present.file)?;
    let password_file = match &answers.password {
        Password::Keep => None,
        Password::New(password) => Some((Former::read(&password_file)?, password)),
    };
    if let Some((former, password)) = &password_file {
        write(&former.path, format!("{}\n", password.as_str()).as_bytes(), secret_rights())?;
    }
    let former = password_file.map(|(former, _)| former);
    write_settings(&text, present, former.as_ref().map(|former| former.path.clone())).map_err(|error| match former {
        Some(former) => former.put_back(error),
        None => error,
    })
}

/// The settings before, then the new ones.
fn write_settings(text: &str, present: &Present, password_file: Option<PathBuf>) -> Result<Saved, SetupError> {
    let same = present.exists && text == present.text;
    let mut saved =
        Saved { file: present.file.clone(), backup: None, changed: !same || password_file.is_some(), password_file };
    if same {
        return Ok(saved);
    }
    let rights = rights_of(&present.file)?.unwrap_or_else(secret_rights);
    if present.exists {
        let backup = with_end(&present.file, ".bak");
        // It may hold a password that has just been moved to a better place.
        write(&backup, present.text.as_bytes(), Rights { mode: rights.mode & 0o640, ..rights })?;
        saved.backup = Some(backup);
    }
    write(&present.file, text.as_bytes(), rights)?;
    Ok(saved)
}

/// The password file as it was, until the settings are written.
struct Former {
    path: PathBuf,
    /// `None`: there was none.
    content: Option<(Zeroizing<Vec<u8>>, Rights)>,
}

impl Former {
    fn read(path: &Path) -> Result<Self, SetupError> {
        let content = match rights_of(path)? {
            None => None,
            Some(rights) => {
                let failed = |source| SetupError::Read { path: path.to_owned(), source };
                let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
                let file = File::open(path).map_err(failed)?;
                file.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
                Some((bytes, rights))
            }
        };
        Ok(Self { path: path.to_owned(), content })
    }

    /// Undoes what was written; the error says so if that fails, too.
    fn put_back(self, error: SetupError) -> SetupError {
        let done = match &self.content {
            Some((bytes, rights)) => replace_file(&self.path, bytes, *rights),
            None => fs::remove_file(&self.path),
        };
        match done {
            Ok(()) => error,
            Err(source) => SetupError::PasswordOnly { path: self.path, source, error: Box::new(error) },
        }
    }
}

fn write(path: &Path, bytes: &[u8], rights: Rights) -> Result<(), SetupError> {
    replace_file(path, bytes, rights).map_err(|source| SetupError::Write { path: path.to_owned(), source })
}

fn make_folder(file: &Path) -> Result<(), SetupError> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(folder);
    made.map_err(|source| SetupError::Write { path: folder.to_owned(), source })
}

/// Those of the file that is there.
fn rights_of(file: &Path) -> Result<Option<Rights>, SetupError> {
    match fs::metadata(file) {
        Ok(metadata) => {
            let owner = Some((metadata.uid(), metadata.gid()));
            Ok(Some(Rights { mode: metadata.mode() & 0o7777, owner }))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SetupError::Read { path: file.to_owned(), source }),
    }
}

/// For root and the daemon; where there is no daemon's group, or this is not root, for this user alone.
fn secret_rights() -> Rights {
    let group = Group::from_name(GROUP).ok().flatten();
    match group {
        Some(group) if Uid::effective().is_root() => Rights { mode: 0o640, owner: Some((0, group.gid.as_raw())) },
        _ => Rights::PRIVATE,
    }
}

/// A relative path would count from the folder of the settings, not from where the person is.
pub fn absolute(path: PathBuf) -> PathBuf {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The settings could not be written.
    fn unwritten() -> SetupError {
        SetupError::Write { path: "auricle.toml".into(), source: io::ErrorKind::StorageFull.into() }
    }

    #[test]
    fn a_password_that_can_not_be_taken_back_is_told_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        // A folder in its place can be neither removed as a file nor replaced by one, for root too.
        let path = folder.path().join("linto.password");
        fs::create_dir_all(path.join("x")).unwrap();
        let old = (Zeroizing::new(b"old".to_vec()), Rights::PRIVATE);
        for content in [None, Some(old)] {
            let error = Former { path: path.clone(), content }.put_back(unwritten());
            assert!(matches!(error, SetupError::PasswordOnly { .. }), "{error}");
            let text = error.to_string();
            for part in ["auricle.toml can't be written", "linto.password has the new password", "run `auricle setup`"]
            {
                assert!(text.contains(part), "no `{part}` in: {text}");
            }
        }
    }

    #[test]
    fn a_password_that_was_is_taken_back_without_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("linto.password");
        fs::write(&path, "new").unwrap();
        let old = Some((Zeroizing::new(b"old".to_vec()), Rights::PRIVATE));
        let error = Former { path: path.clone(), content: old }.put_back(unwritten());
        assert!(matches!(error, SetupError::Write { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        Former { path: path.clone(), content: None }.put_back(unwritten());
        assert!(!path.exists());
    }
}
