//! Where a recording is written, behind a trait, so that tests can cut the power between any two writes.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use auricle_core::recording::{Format, file_name};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::statvfs::{Statvfs, fstatvfs, statvfs};

use super::error::RecorderError;

/// A file that was made for one recording, and its disk.
pub trait Storage: Send {
    /// Writes all of `bytes` from the place `at`. Until the next sync, any part of them may be lost with the power.
    ///
    /// # Errors
    /// What the system says; a part may have been written.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns when all that was written is safe on the disk.
    ///
    /// # Errors
    /// What the system says. Nothing that was written since the last sync is safe then, not even after another sync.
    fn sync(&mut self) -> io::Result<()>;

    /// Bytes that are free for this user on the disk.
    ///
    /// # Errors
    /// What the system says.
    fn free(&self) -> io::Result<u64>;
}

/// A real file, for this user alone.
#[derive(Debug)]
pub struct DiskFile(File);

/// How many names are tried beyond the first.
const TRIES: u32 = 98;

/// The name of a file until its beginning is safe: a recording that has a name plays.
const UNNAMED: &str = ".recording.new";

impl DiskFile {
    /// Makes the file `NAME-TIME.wav` (or `-2`, `-3` …) in `folder` with this `beginning`, all at once: a power cut
    /// leaves no file or one that plays. The folder is made if it is not there. Never touches a file that is there
    /// already. Nothing is made while less than `min_free` bytes are free.
    ///
    /// # Errors
    /// [`RecorderError::Folder`], [`RecorderError::NoRoom`], [`RecorderError::Create`] or [`RecorderError::Taken`].
    pub fn create(
        folder: &Path,
        (name, time): (&str, &str),
        format: Format,
        min_free: u64,
        beginning: &[u8],
    ) -> Result<(PathBuf, Self), RecorderError> {
        prepare(folder, min_free)?;
        let path = |attempt| folder.join(file_name(name, time, format, attempt));
        let unnamed = folder.join(UNNAMED);
        let done = begin(&unnamed, beginning).and_then(|file| {
            let path = give_free_name(&unnamed, (1..=TRIES + 1).map(path))?;
            // Without this the name itself may be lost with the power.
            File::open(folder)?.sync_all()?;
            Ok(path.map(|path| (path, Self(file))))
        });
        match done {
            Ok(Some(made)) => Ok(made),
            not => {
                let _ = fs::remove_file(&unnamed);
                Err(match not {
                    Err(source) => RecorderError::Create { path: path(1), source },
                    Ok(_) => RecorderError::Taken { path: path(1), tries: TRIES },
                })
            }
        }
    }
}

fn begin(path: &Path, bytes: &[u8]) -> io::Result<File> {
    // Left by a power cut, perhaps.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all_at(bytes, 0)?;
    file.sync_all()?;
    Ok(file)
}

/// Gives the file the first of these names that is free, if one is.
fn give_free_name(unnamed: &Path, mut paths: impl Iterator<Item = PathBuf>) -> io::Result<Option<PathBuf>> {
    paths.find_map(|path| give_name(unnamed, &path).map(|given| given.then_some(path)).transpose()).transpose()
}

/// Renames the file without ever replacing one. False if the name is taken.
fn give_name(unnamed: &Path, path: &Path) -> io::Result<bool> {
    match renameat2(AT_FDCWD, unnamed, AT_FDCWD, path, RenameFlags::RENAME_NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EEXIST) => Ok(false),
        // Some file systems of sticks and networks can't. An empty file of ours keeps the place.
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => match File::create_new(path) {
            Ok(_) => fs::rename(unnamed, path).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        },
        Err(errno) => Err(errno.into()),
    }
}

impl Storage for DiskFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn free(&self) -> io::Result<u64> {
        Ok(free(&fstatvfs(&self.0)?))
    }
}

/// Makes the folder and looks whether there is room.
fn prepare(folder: &Path, min_free: u64) -> Result<(), RecorderError> {
    let failed = |source| RecorderError::Folder { path: folder.into(), source };
    if !folder.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        // The folder's own name. Its parent need not be readable for us; then the system writes it within seconds.
        let _ = folder.parent().map(|parent| File::open(parent).and_then(|parent| parent.sync_all()));
    }
    let free = free(&statvfs(folder).map_err(|errno| failed(errno.into()))?);
    if free < min_free {
        return Err(RecorderError::NoRoom { path: folder.into(), free, needed: min_free });
    }
    Ok(())
}

// On a 32 bit Raspberry Pi these counts are 32 bit wide.
#[allow(clippy::useless_conversion)]
fn free(disk: &Statvfs) -> u64 {
    u64::from(disk.blocks_available()).saturating_mul(u64::from(disk.fragment_size()))
}
