//! The machine, as its files and programs tell about it. Tests give it another root.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::services::process::{Outcome, ProcessError, Program};

/// A machine.
#[derive(Clone, Debug)]
pub struct Host {
    root: PathBuf,
}

impl Default for Host {
    fn default() -> Self {
        Self::at("/")
    }
}

/// Where programs are that are not for everybody; they are not in everybody's PATH.
const PROGRAMS: [&str; 5] = ["usr/local/bin", "usr/bin", "bin", "usr/sbin", "sbin"];

impl Host {
    /// One whose files are below `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Whether this is the machine that the program runs on.
    #[must_use]
    pub fn is_this(&self) -> bool {
        self.root == Path::new("/")
    }

    /// A file of it; `path` with or without its first slash.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A short file, without the white space around it; `None` if it can't be read.
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        const LONGEST: u64 = 256 * 1024;
        let mut bytes = Vec::new();
        File::open(self.path(path)).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim_matches(['\0', ' ', '\t', '\r', '\n']).to_owned())
    }

    /// The names in a folder, sorted; none if there is no such folder.
    #[must_use]
    pub fn names(&self, folder: impl AsRef<Path>) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Where a program is.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        PROGRAMS.iter().map(|folder| self.path(folder).join(name)).find(|path| path.is_file())
    }

    /// Runs a program of it for at most `limit`. `None`: it is not installed.
    pub async fn run(&self, words: &[&str], limit: Duration) -> Option<Result<Outcome, ProcessError>> {
        let (name, arguments) = words.split_first()?;
        let mut argv = vec![self.program(name)?.to_string_lossy().into_owned()];
        argv.extend(arguments.iter().map(ToString::to_string));
        // Their words are read, so they have to be the ones that we know.
        Some(Program::new(argv).variable("LC_ALL", "C").time_limit(limit).run().await)
    }
}
