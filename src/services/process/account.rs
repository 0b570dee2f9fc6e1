//! Another user, for programs that must not run with the rights of this process.

use std::path::PathBuf;

use tokio::process::Command;

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub user: u32,
    /// The number of its own group.
    pub group: u32,
    /// Its folder.
    pub home: PathBuf,
}

impl Account {
    /// Lets a program run as this user, which only root can do: with the user's own group and no other.
    pub(crate) fn dress(&self, command: &mut Command) {
        // Together with the number of the user the standard library gives up root's groups.
        command.uid(self.user).gid(self.group).current_dir("/");
        command.env("HOME", &self.home).env("USER", &self.name).env("LOGNAME", &self.name);
        for name in ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            command.env_remove(name);
        }
    }
}
