//! Replaces a file as a whole: whenever the power goes, the old content is there or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// A folder and what is done in it, behind a trait, so that a test can cut the power between any two steps.
pub(super) trait Folder {
    /// A file that is being written.
    type File;

    /// Removes the file `name`; it need not be there.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Makes the file `name`, which is not there yet, with the rights of this folder's files. Any part of it may be lost with the power.
    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<Self::File>;

    /// Returns when the file's content is safe.
    fn sync_file(&mut self, file: &mut Self::File) -> io::Result<()>;

    /// Gives a file the name of another one, which is gone then. May be undone by a power cut.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Returns when the names in the folder are safe.
    fn sync(&mut self) -> io::Result<()>;
}

/// Replaces the file `name` by one with this content, which is safe when this returns.
pub(super) fn replace(folder: &mut impl Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = format!("{name}.new");
    // Left by a power cut, perhaps; made anew so that the mode and the owner are ours.
    folder.remove(&new)?;
    let mut file = folder.create(&new, bytes)?;
    folder.sync_file(&mut file)?;
    folder.rename(&new, name)?;
    // Without this the rename itself may be lost with the power.
    folder.sync()
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// As `chmod` has it: `0o640`.
    pub mode: u32,
    /// Numbers of the user and the group; `None`: those of this process.
    pub owner: Option<(u32, u32)>,
}

impl Rights {
    /// For this user alone.
    pub const PRIVATE: Self = Self { mode: 0o600, owner: None };
}

/// Replaces the file at `path`, or makes it; the content is safe when this returns, and at no time is anything but the
/// old or the new one under that name, with these rights.
///
/// # Errors
/// What the system says; the old content is still there. What is there and is no file, `/dev/null` say, stays.
pub fn replace_file(path: &Path, bytes: &[u8], rights: Rights) -> io::Result<()> {
    let nameless = || io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file");
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(nameless)?;
    let kind = fs::symlink_metadata(path).map(|found| found.file_type());
    if kind.is_ok_and(|kind| !kind.is_file() && !kind.is_symlink()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    replace(&mut RealFolder { path: parent.into(), rights }, name, bytes)
}

/// A real folder.
#[derive(Debug)]
pub(super) struct RealFolder {
    path: PathBuf,
    rights: Rights,
}

impl RealFolder {
    /// One whose files are for this user alone.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.into(), rights: Rights::PRIVATE }
    }
}

impl Folder for RealFolder {
    type File = File;

    fn remove(&mut self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<File> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path.join(name))?;
        file.write_all(bytes)?;
        // Only now, so that nobody else could read half of it; and not through the umask.
        if let Some((user, group)) = self.rights.owner {
            fchown(&file, Some(user), Some(group))?;
        }
        file.set_permissions(fs::Permissions::from_mode(self.rights.mode))?;
        Ok(file)
    }

    fn sync_file(&mut self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;

    /// What was done, in the order in which it was done. Files go by numbers, as the disk's own.
    #[derive(Clone, Debug, PartialEq)]
    enum Step {
        Remove(String),
        Create(String, usize, Vec<u8>),
        SyncFile(usize),
        Rename(String, String),
        Sync,
    }

    #[derive(Default)]
    struct Log(Vec<Step>);

    impl Folder for Log {
        type File = usize;

        fn remove(&mut self, name: &str) -> io::Result<()> {
            self.0.push(Step::Remove(name.into()));
            Ok(())
        }

        fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<usize> {
            let number = self.0.len();
            self.0.push(Step::Create(name.into(), number, bytes.into()));
            Ok(number)
        }

        fn sync_file(&mut self, file: &mut usize) -> io::Result<()> {
            self.0.push(Step::SyncFile(*file));
            Ok(())
        }

        fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
            self.0.push(Step::Rename(from.into(), to.into()));
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            self.0.push(Step::Sync);
            Ok(())
        }
    }

    /// What is in the file `state` if the power goes after these steps: of the names, the last `undone` changes since
    /// the folder's last sync are lost; of contents that were not synced, what `torn` leaves.
    fn after_power_cut(steps: &[Step], undone: usize, torn: impl Fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
        let safe = steps.iter().rposition(|step| *step == Step::Sync).map_or(0, |at| at + 1);
        let end = steps.len().saturating_sub(undone).max(safe);
        let (mut names, mut contents) = (BTreeMap::new(), BTreeMap::new());
        for step in &steps[..end] {
            match step {
                Step::Remove(name) => drop(names.remove(name)),
                Step::Create(name, number, _) => drop(names.insert(name.clone(), *number)),
                Step::Rename(from, to) => {
                    let number = names.remove(from).unwrap();
                    names.insert(to.clone(), number);
                }
                Step::SyncFile(_) | Step::Sync => {}
            }
        }
        // A content that was synced is safe even if a name was lost after it.
        for step in steps {
            if let Step::Create(_, number, bytes) = step {
                let synced = steps.contains(&Step::SyncFile(*number));
                contents.insert(*number, if synced { bytes.clone() } else { torn(bytes) });
            }
        }
        names.get("state").map(|number| contents[number].clone())
    }

    /// The contents that are neither the old one nor the new one, over every moment and every kind of tearing.
    fn wrong(steps: &[Step], contents: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        let mut wrong = Vec::new();
        for cut in 0..=steps.len() {
            for undone in 0..=cut {
                for kept in 0..=4 {
                    let short = |bytes: &[u8]| bytes[..bytes.len() * kept / 4].to_vec();
                    let holes = |bytes: &[u8]| {
                        [vec![0; bytes.len() * kept / 4], bytes[bytes.len() * kept / 4..].to_vec()].concat()
                    };
                    wrong.push(after_power_cut(&steps[..cut], undone, short));
                    wrong.push(after_power_cut(&steps[..cut], undone, holes));
                }
            }
            // Once it was said to be safe, it is the last one that was.
            let done = steps[..cut].iter().filter(|step| **step == Step::Sync).count();
            let allowed = &contents[done.saturating_sub(1)..contents.len().min(done + 1)];
            wrong.retain(|content| {
                !(allowed.iter().any(|a| Some(a) == content.as_ref()) || done == 0 && content.is_none())
            });
            if !wrong.is_empty() {
                break;
            }
        }
        wrong
    }

    /// Three contents, one replaced by the next.
    fn three() -> (Vec<Step>, Vec<Vec<u8>>) {
        let contents: Vec<Vec<u8>> = (1..=3_u8).map(|n| vec![n; 4_000 + usize::from(n)]).collect();
        let mut log = Log::default();
        for content in &contents {
            replace(&mut log, "state", content).unwrap();
        }
        (log.0, contents)
    }

    #[test]
    fn whenever_the_power_goes_the_old_content_is_there_or_the_new() {
        let (steps, contents) = three();
        assert_eq!(wrong(&steps, &contents), [] as [Option<Vec<u8>>; 0]);
    }

    #[test]
    fn each_step_is_needed() {
        let (steps, contents) = three();
        let without = |kind: fn(&Step) -> bool| steps.iter().filter(|step| !kind(step)).cloned().collect::<Vec<_>>();
        assert!(!wrong(&without(|step| matches!(step, Step::SyncFile(_))), &contents).is_empty(), "fsync");
        let mut early = steps.clone();
        for n in 1..early.len() {
            if matches!(early[n], Step::Rename(..)) {
                early.swap(n - 1, n);
            }
        }
        assert!(!wrong(&early, &contents).is_empty(), "fsync before the rename");
        let mut early = steps;
        for n in 1..early.len() {
            if early[n] == Step::Sync {
                early.swap(n - 1, n);
            }
        }
        assert!(!wrong(&early, &contents).is_empty(), "fsync of the folder after the rename");
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(replace_file(&socket, b"", Rights::PRIVATE).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(!fs::symlink_metadata(&socket).unwrap().is_file());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("settings", &link).unwrap();
        replace_file(&link, b"new", Rights::PRIVATE).unwrap();
        assert_eq!(fs::read(&link).unwrap(), b"new");
    }
}
