//! The user that the service runs as, and what it may use. Whoever runs doctor, root above all, may use more.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::host::Host;
use crate::services::process::Account;

/// The user that the service runs as.
pub const SERVICE: &str = "auricle";

/// A user with all its groups.
#[derive(Clone, Debug)]
pub struct Who {
    /// Its name.
    pub name: String,
    user: u32,
    groups: Vec<u32>,
}

/// The service's user; `None`: this machine has none.
#[must_use]
pub fn service(host: &Host) -> Option<Account> {
    let users = host.read("etc/passwd")?;
    users.lines().find_map(|line| match line.split(':').collect::<Vec<_>>()[..] {
        [name, _, user, group, _, home, ..] if name == SERVICE => Some(Account {
            name: name.to_owned(),
            user: user.parse().ok()?,
            group: group.parse().ok()?,
            home: PathBuf::from(home),
        }),
        _ => None,
    })
}

impl Who {
    /// The service's user; where there is none, whoever runs this.
    #[must_use]
    pub fn of_service(host: &Host) -> Self {
        let Some(Account { name, user, group, .. }) = service(host) else { return Self::of_this_process() };
        let mut groups = vec![group];
        for line in host.read("etc/group").unwrap_or_default().lines() {
            if let [_, _, number, members] = line.split(':').collect::<Vec<_>>()[..]
                && members.split(',').any(|member| member == SERVICE)
            {
                groups.extend(number.parse::<u32>());
            }
        }
        Self { name, user, groups }
    }

    fn of_this_process() -> Self {
        let user = nix::unistd::geteuid();
        let name = nix::unistd::User::from_uid(user).ok().flatten().map_or_else(|| user.to_string(), |user| user.name);
        let groups = nix::unistd::getgroups().unwrap_or_default();
        let own = nix::unistd::getegid().as_raw();
        Self {
            name,
            user: user.as_raw(),
            groups: groups.into_iter().map(nix::unistd::Gid::as_raw).chain([own]).collect(),
        }
    }

    /// Whether it may read and write this file below `/dev`, by the file's owner, group and rights.
    #[must_use]
    pub fn may_use(&self, host: &Host, file: impl AsRef<Path>) -> bool {
        const READ_AND_WRITE: u32 = 0o6;
        let Ok(metadata) = host.path("dev").join(file).metadata() else { return false };
        let mode = metadata.mode();
        let rights = if metadata.uid() == self.user {
            mode >> 6
        } else if self.groups.contains(&metadata.gid()) {
            mode >> 3
        } else {
            mode
        };
        self.user == 0 || rights & READ_AND_WRITE == READ_AND_WRITE
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A machine with these device files of our group, with these rights, and the user `auricle` in it or not.
    pub(in crate::doctor) fn machine(files: &[&str], mode: u32, member: bool) -> (tempfile::TempDir, Host) {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        for folder in ["dev/snd", "etc"] {
            fs::create_dir_all(host.path(folder)).unwrap();
        }
        for file in files {
            let file = host.path("dev").join(file);
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        let group = nix::unistd::getegid();
        fs::write(host.path("etc/passwd"), "root:x:0:0::/:/bin/sh\nauricle:x:64998:64997::/var/x:/bin/false\n")
            .unwrap();
        fs::write(host.path("etc/group"), format!("devices:x:{group}:pi{}\n", if member { ",auricle" } else { "" }))
            .unwrap();
        (root, host)
    }

    #[test]
    fn the_user_is_the_one_of_the_machines_own_list() {
        let (_root, host) = machine(&[], 0, false);
        let home = PathBuf::from("/var/x");
        assert_eq!(service(&host), Some(Account { name: SERVICE.into(), user: 64998, group: 64997, home }));
        fs::write(host.path("etc/passwd"), "root:x:0:0::/:/bin/sh\nauricle:x:many:1::/:\nauricle\n\n").unwrap();
        assert_eq!(service(&host), None);
    }
}
