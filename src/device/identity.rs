//! The serial number: the name under which an operator registers this device.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use auricle_core::protocol::linto::serial::{SerialError, check, sanitise};
use thiserror::Error;

use super::state::{StateError, StateFile};

/// Where a board says its serial number. Elsewhere in tests.
#[derive(Clone, Debug)]
pub struct Board {
    /// The device tree's `serial-number`: a text with a NUL at its end.
    pub device_tree: PathBuf,
    /// `cpuinfo`, with a line `Serial : …` on Raspberry Pi.
    pub cpuinfo: PathBuf,
}

impl Default for Board {
    fn default() -> Self {
        Self { device_tree: "/proc/device-tree/serial-number".into(), cpuinfo: "/proc/cpuinfo".into() }
    }
}

/// Who chose the serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `serial` in `[device]`.
    Settings,
    /// The maker of the board.
    Board,
    /// Chance; kept in the state file.
    Random,
}

/// Marks one run of this program, so that a twin with the same serial number is told from ourselves.
///
/// # Errors
/// The system gives no random number.
pub fn nonce() -> Result<String, IdentityError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(IdentityError::NoChance)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Who this device is.
#[derive(Debug)]
pub struct Identity {
    /// One that the admin page accepts.
    pub serial: String,
    /// Where it comes from.
    pub origin: Origin,
    /// A random one could not be kept: after a restart the device is another one.
    pub warning: Option<StateError>,
}

/// There is no serial number to use.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The one in the settings can't be registered.
    #[error("`serial` in [device]: {0}")]
    Refused(#[from] SerialError),
    /// The system gives no random number.
    #[error("no serial number could be made up: {0}; set `serial` in [device]")]
    NoChance(getrandom::Error),
}

/// The serial number from the settings, else the board's, else the random one in the state file, made up if need be.
///
/// # Errors
/// A configured serial number that can't be registered is never replaced by another one.
pub fn identify(configured: Option<&str>, board: &Board, state: &mut StateFile) -> Result<Identity, IdentityError> {
    let known = |serial: String, origin| Ok(Identity { serial, origin, warning: None });
    if let Some(serial) = configured {
        check(serial)?;
        return known(serial.into(), Origin::Settings);
    }
    if let Some(serial) = boards(board) {
        return known(serial, Origin::Board);
    }
    if let Some(serial) = state.state().serial.clone().filter(|serial| check(serial).is_ok()) {
        return known(serial, Origin::Random);
    }
    let number = getrandom::u32().map_err(IdentityError::NoChance)?;
    let serial = format!("auricle-{number:08x}");
    let warning = state.update(|state| state.serial = Some(serial.clone())).err();
    Ok(Identity { serial, origin: Origin::Random, warning })
}

/// What [`identify`] would say, without making anything up: `kept` is what the state file remembers. `None`: nothing is
/// known yet. What the settings say is not checked here.
#[must_use]
pub fn known(configured: Option<&str>, board: &Board, kept: Option<&str>) -> Option<(String, Origin)> {
    let settings = configured.map(|serial| (serial.to_owned(), Origin::Settings));
    let board = || boards(board).map(|serial| (serial, Origin::Board));
    let kept = || kept.filter(|serial| check(serial).is_ok()).map(|serial| (serial.to_owned(), Origin::Random));
    settings.or_else(board).or_else(kept)
}

/// The board's own, made fit for the admin page; `None` if it has none or only a placeholder.
fn boards(board: &Board) -> Option<String> {
    let tree = read(&board.device_tree).and_then(|text| sanitise(&text));
    tree.or_else(|| read(&board.cpuinfo).and_then(|text| sanitise(in_cpuinfo(&text)?)))
}

fn in_cpuinfo(text: &str) -> Option<&str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.trim() == "Serial").map(|(_, value)| value.trim())
}

/// As text; the start of it if it is very long. The serial number in `cpuinfo` follows after all cores.
fn read(path: &Path) -> Option<String> {
    const LIMIT: u64 = 512 * 1024;
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const CPUINFO: &str = "processor\t: 0\nmodel name\t: ARMv7 Processor\n\nHardware\t: BCM2835\nSerial\t\t: 00000000abcdef12\nModel\t\t: Raspberry Pi 3\n";

    /// A board that says this; `None`: no such file.
    fn board(folder: &TempDir, device_tree: Option<&str>, cpuinfo: Option<&str>) -> Board {
        let board = Board { device_tree: folder.path().join("tree"), cpuinfo: folder.path().join("cpuinfo") };
        for (path, content) in [(&board.device_tree, device_tree), (&board.cpuinfo, cpuinfo)] {
            if let Some(content) = content {
                fs::write(path, content).unwrap();
            }
        }
        board
    }

    fn state(folder: &TempDir) -> StateFile {
        StateFile::open(folder.path()).unwrap().0
    }

    #[test]
    fn the_settings_come_before_the_board_and_the_board_before_chance() {
        let folder = tempfile::tempdir().unwrap();
        let tree = board(&folder, Some("10000000abcdef12\0"), Some(CPUINFO));
        let who = |configured, board: &Board| {
            let found = identify(configured, board, &mut state(&folder)).unwrap();
            (found.serial, found.origin)
        };
        assert_eq!(who(Some("kitchen pi"), &tree), ("kitchen pi".into(), Origin::Settings));
        assert_eq!(who(None, &tree), ("10000000abcdef12".into(), Origin::Board));
        let other = tempfile::tempdir().unwrap();
        assert_eq!(who(None, &board(&other, None, Some(CPUINFO))), ("00000000abcdef12".into(), Origin::Board));
        assert_eq!(who(None, &board(&other, Some("\0"), None)).1, Origin::Board, "an empty tree, but a cpuinfo");
        assert_eq!(state(&folder).state().serial, None, "nothing was made up");
    }

    #[test]
    fn a_random_one_stays_the_same_and_can_be_registered() {
        let folder = tempfile::tempdir().unwrap();
        let none = board(&folder, None, Some("processor : 0\nSerial : 0000000000000000\n"));
        let first = identify(None, &none, &mut state(&folder)).unwrap();
        assert_eq!((first.origin, check(&first.serial)), (Origin::Random, Ok(())));
        assert!(first.warning.is_none() && first.serial.starts_with("auricle-") && first.serial.len() == 16);
        assert_eq!(identify(None, &none, &mut state(&folder)).unwrap().serial, first.serial);

        let other = tempfile::tempdir().unwrap();
        assert_ne!(identify(None, &none, &mut state(&other)).unwrap().serial, first.serial);
    }

    #[test]
    fn a_configured_one_that_can_not_be_registered_is_an_error_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let tree = board(&folder, Some("10000000abcdef12\0"), None);
        for refused in ["0", "a/b+c#", "xxWEB_1", "küche", ""] {
            let error = identify(Some(refused), &tree, &mut state(&folder)).unwrap_err();
            assert!(error.to_string().starts_with("`serial` in [device]: "), "{error}");
        }
    }

    #[test]
    fn one_that_can_not_be_kept_is_used_with_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("state.json.new")).unwrap();
        let found = identify(None, &board(&folder, None, None), &mut state(&folder)).unwrap();
        assert!(matches!(found.warning, Some(StateError::Write { .. })), "{:?}", found.warning);
    }

    #[test]
    fn a_spoilt_one_in_the_state_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        state(&folder).update(|state| state.serial = Some("a/b".into())).unwrap();
        let found = identify(None, &board(&folder, None, None), &mut state(&folder)).unwrap();
        assert_eq!(state(&folder).state().serial.as_deref(), Some(found.serial.as_str()));
    }
}
