//! Is there a serial number of a form that the admin page takes?

use auricle_core::protocol::linto::serial;

use super::case::Case;
use super::sheet::Finding;
use crate::device::identity::Origin;

const CHECK: &str = "serial";

/// A serial number of the settings that can't be registered is told by `settings` too, with its line.
#[must_use]
pub fn look(case: &Case) -> Finding {
    let used = case.status().and_then(|status| status["serial"].as_str());
    if case.settings().is_none() && used.is_none() {
        return Finding::skipped(CHECK, "the settings are not known");
    }
    let known = case.serial();
    let origin = |serial: &str| match known.as_ref().filter(|(known, _)| known == serial).map(|(_, origin)| origin) {
        Some(Origin::Settings) => "from the settings",
        Some(Origin::Board) => "the board's own",
        Some(Origin::Random) => "made up by the device",
        None => "of the daemon",
    };
    let Some(serial) = used.or(known.as_ref().map(|(serial, _)| serial.as_str())) else {
        return Finding::skipped(CHECK, "none is set and the board has none; the daemon makes one up when it starts");
    };
    match serial::check(serial) {
        Ok(()) => {
            Finding::ok(CHECK, format!("`{serial}`, {}; it has a form that the admin page takes", origin(serial)))
        }
        Err(error) => Finding::fault(CHECK, error.to_string(), "Set `serial` in [device] and restart."),
    }
}
