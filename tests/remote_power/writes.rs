//! Watches who writes which file, on the whole machine.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use nix::fcntl::AT_FDCWD;
use nix::sys::fanotify::{EventFFlags, Fanotify, InitFlags, MarkFlags, MaskFlags};

/// What one process writes.
pub struct Writes {
    files: Receiver<PathBuf>,
}

impl Writes {
    /// From now on. Needs root, as sshd and network namespaces in the tests do.
    pub fn of(process: u32) -> Self {
        let queue = InitFlags::FAN_CLASS_NOTIF | InitFlags::FAN_CLOEXEC | InitFlags::FAN_UNLIMITED_QUEUE;
        let watch = Fanotify::init(queue, EventFFlags::O_RDONLY | EventFFlags::O_CLOEXEC).expect("fanotify, as root");
        for place in ["/", "/tmp", "/var/tmp", "/dev/shm", "/run"] {
            let whole = MarkFlags::FAN_MARK_ADD | MarkFlags::FAN_MARK_FILESYSTEM;
            let what = MaskFlags::FAN_MODIFY | MaskFlags::FAN_CLOSE_WRITE;
            watch.mark(whole, what, AT_FDCWD, Some(place)).expect(place);
        }
        let (sender, files) = channel();
        std::thread::spawn(move || {
            while let Ok(events) = watch.read_events() {
                let ours = events.iter().filter(|event| event.pid().cast_unsigned() == process);
                for descriptor in ours.filter_map(|event| event.fd()) {
                    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&descriptor));
                    if sender.send(fs::read_link(link).unwrap_or_default()).is_err() {
                        return;
                    }
                }
            }
        });
        Self { files }
    }

    /// What was written until now, each file once.
    pub fn so_far(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.files.try_iter().collect();
        files.sort();
        files.dedup();
        files
    }
}
