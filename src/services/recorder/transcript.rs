//! What was said, as text beside its recording.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The longest line in bytes, without its end.
pub const MAX_LINE: usize = 16 * 1024;

/// The most bytes in a file: more than anybody says in a week.
pub const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// The text file that belongs to a recording: the same name, ending in `.txt`.
#[must_use]
pub fn transcript_path(recording: &Path) -> PathBuf {
    recording.with_extension("txt")
}

/// A text file that grows by lines. What is there already is never changed.
#[derive(Debug)]
pub struct Transcript {
    file: File,
    size: u64,
}

impl Transcript {
    /// Opens the file, or makes it for this user alone.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }

    /// Appends a line: everything that would break it becomes a space, and more than [`MAX_LINE`] is cut off. It is
    /// with the system when this returns, so it outlives the program; the system writes it to the disk within seconds.
    ///
    /// # Errors
    /// The file has [`MAX_SIZE`], or what the system says.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        let mut text: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.truncate(text.floor_char_boundary(MAX_LINE));
        text.push('\n');
        if self.size + text.len() as u64 > MAX_SIZE {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("the transcript would have more than {MAX_SIZE} bytes; start a new recording"),
            ));
        }
        self.file.write_all(text.as_bytes())?;
        self.size += text.len() as u64;
        Ok(())
    }
}
