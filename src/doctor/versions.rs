//! What runs here: for whoever is asked for help, and to notice a daemon older than its command.

use std::ffi::{CStr, c_char};

use super::case::Case;
use super::host::Host;
use super::sheet::Finding;

const CHECK: &str = "versions";

unsafe extern "C" {
    /// Of libasound, which the program is linked with.
    fn snd_asoundlib_version() -> *const c_char;
}

/// Of everything that matters.
#[must_use]
pub fn look(case: &Case) -> Finding {
    let ours = env!("CARGO_PKG_VERSION");
    let parts = [
        Some(format!("auricle {ours}")),
        release(&case.host),
        case.host.read("proc/sys/kernel/osrelease").map(|kernel| format!("Linux {kernel}")),
        Some(format!("libasound {}", asound())),
        Some(openssl::version::version().to_owned()),
        case.host.read("proc/device-tree/model"),
    ];
    let seen = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match case.status().and_then(|status| status["version"].as_str()) {
        Some(theirs) if theirs != ours => Finding::warning(
            CHECK,
            format!("the daemon that runs is {theirs}; {seen}"),
            "Restart it: `sudo systemctl restart auricle`.",
        ),
        _ => Finding::ok(CHECK, seen),
    }
}

/// `Debian GNU/Linux 12 (bookworm)`
fn release(host: &Host) -> Option<String> {
    let text = host.read("etc/os-release")?;
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches(['"', '\'']).to_owned())
}

fn asound() -> String {
    // SAFETY: it takes nothing and returns a constant text.
    let version = unsafe { CStr::from_ptr(snd_asoundlib_version()) };
    version.to_string_lossy().into_owned()
}
