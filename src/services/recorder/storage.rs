//! Where a recording is written, behind a trait, so that tests can cut the power between any two writes.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use auricle_core::recording::{Format, file_name};
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

impl DiskFile {
    /// Makes the file `NAME-TIME.wav` (or `-2`, `-3` …) in `folder`, which is made too if it is not there. Never
    /// touches a file that is there already. Nothing is made while less than `min_free` bytes are free.
    ///
    /// # Errors
    /// [`RecorderError::Folder`], [`RecorderError::NoRoom`], [`RecorderError::Create`] or [`RecorderError::Taken`].
    pub fn create(
        folder: &Path,
        (name, time): (&str, &str),
        format: Format,
        min_free: u64,
    ) -> Result<(PathBuf, Self), RecorderError> {
        prepare(folder, min_free)?;
        for attempt in 1..=TRIES + 1 {
            let path = folder.join(file_name(name, time, format, attempt));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                // Without this the name itself may be lost with the power.
                Ok(file) => match File::open(folder).and_then(|folder| folder.sync_all()) {
                    Ok(()) => return Ok((path, Self(file))),
                    Err(source) => return Err(RecorderError::Create { path, source }),
                },
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(RecorderError::Create { path, source }),
            }
        }
        Err(RecorderError::Taken { path: folder.join(file_name(name, time, format, 1)), tries: TRIES })
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
