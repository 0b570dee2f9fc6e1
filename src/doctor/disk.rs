//! Room on the disk, and whether the service may write where the settings want it to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::statvfs::{FsFlags, statvfs};

use super::case::Case;
use super::host::Host;
use super::sheet::Finding;
use crate::shown::size;

const CHECK: &str = "disk";

/// A frozen network drive holds whoever asks.
const LIMIT: Duration = Duration::from_millis(1_200);

/// With less than this nothing can be remembered, in bytes.
const STATE_NEEDS: u64 = 1_000_000;

/// With less than this it is a matter of time, in bytes.
const STATE_WANTS: u64 = 50_000_000;

/// What the service may write without being told.
const OWN: &str = "/var/lib/auricle";

/// Where units are.
const UNITS: [&str; 4] = ["etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

/// The state folder and the folder of the recordings.
pub async fn look(case: &Case) -> Vec<Finding> {
    let Some(settings) = case.settings() else {
        return vec![Finding::skipped(CHECK, "the settings are not known")];
    };
    let (state, meetings) = (&settings.device.state_dir, &settings.meeting.directory);
    let mut findings = vec![
        room(case.host.path(state), "state", state, STATE_NEEDS, STATE_WANTS).await,
        room(case.host.path(meetings), "recordings", meetings, 0, settings.meeting.min_free).await,
    ];
    findings.extend(outside(&case.host, state, "`state_dir` in [device]"));
    findings.extend(outside(&case.host, meetings, "`directory` in [meeting]"));
    findings
}

/// Less than `needs` is a fault, less than `wants` a warning.
async fn room(place: PathBuf, what: &'static str, shown: &Path, needs: u64, wants: u64) -> Finding {
    let shown = shown.display();
    let looking = tokio::task::spawn_blocking(move || free(&place));
    let found = match tokio::time::timeout(LIMIT, looking).await {
        Ok(Ok(found)) => found,
        _ => {
            let seen = format!("the disk of {shown} ({what}) does not answer");
            return Finding::fault(CHECK, seen, "Look at it with `df -h`; a network drive may be gone.");
        }
    };
    match found {
        Ok(Disk { read_only: true, .. }) => Finding::fault(
            CHECK,
            format!("the disk of {shown} ({what}) can only be read"),
            "See `dmesg` for its errors; a worn SD card becomes so: replace it.",
        ),
        Ok(Disk { free, .. }) if free < wants => {
            let seen = format!("{} free for {shown} ({what}), {} wanted", size(free), size(wants));
            let remedy = "Make room (`sudo apt clean`, old recordings), or name another folder in the settings.";
            if free < needs { Finding::fault(CHECK, seen, remedy) } else { Finding::warning(CHECK, seen, remedy) }
        }
        Ok(Disk { free, .. }) => Finding::ok(CHECK, format!("{} free for {shown} ({what})", size(free))),
        Err(why) => Finding::skipped(CHECK, format!("{shown} ({what}): {why}; sudo may see more")),
    }
}

struct Disk {
    free: u64,
    read_only: bool,
}

/// Of the disk on which the folder is or would be made.
// On a 32 bit Raspberry Pi these counts are 32 bit wide.
#[allow(clippy::useless_conversion)]
fn free(folder: &Path) -> Result<Disk, String> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let disk = statvfs(there).map_err(|errno| errno.desc().to_owned())?;
    Ok(Disk {
        free: u64::from(disk.blocks_available()).saturating_mul(u64::from(disk.fragment_size())),
        read_only: disk.flags().contains(FsFlags::ST_RDONLY),
    })
}

/// The unit's sandbox lets the service write its own folder and what drop-ins add.
fn outside(host: &Host, folder: &Path, setting: &str) -> Option<Finding> {
    let unit = UNITS.iter().map(|units| format!("{units}/auricle.service")).any(|unit| host.path(unit).exists());
    if !unit || folder.starts_with(OWN) || allowed(host).iter().any(|allowed| folder.starts_with(allowed)) {
        return None;
    }
    let shown = folder.display();
    Some(Finding::fault(
        CHECK,
        format!("the service may not write to {shown} ({setting}): it is outside {OWN}"),
        format!(
            "Allow it: `sudo systemctl edit auricle`, write [Service] and below it ReadWritePaths={shown}, then \
             `sudo systemctl restart auricle`; the folder must be there and belong to the user `auricle`."
        ),
    ))
}

/// The folders that the unit and its drop-ins name.
fn allowed(host: &Host) -> Vec<PathBuf> {
    let mut files: Vec<String> = UNITS.iter().map(|units| format!("{units}/auricle.service")).collect();
    for units in UNITS {
        let folder = format!("{units}/auricle.service.d");
        files.extend(host.names(&folder).into_iter().map(|name| format!("{folder}/{name}")));
    }
    let texts = files.iter().filter_map(|file| host.read(file));
    texts.flat_map(|text| paths(&text)).collect()
}

fn paths(unit: &str) -> Vec<PathBuf> {
    let lines = unit.lines().filter_map(|line| line.trim().strip_prefix("ReadWritePaths=")).map(str::to_owned);
    // `-` before a path: it need not be there; `+`: below the unit's own root.
    let each = |line: String| -> Vec<PathBuf> {
        line.split_whitespace().map(|path| path.trim_matches('"').trim_start_matches(['-', '+']).into()).collect()
    };
    lines.flat_map(each).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_that_the_sandbox_hides_needs_a_drop_in() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        let verdict = |folder: &str| outside(&host, Path::new(folder), "x");
        assert_eq!(verdict("/srv/meetings"), None, "without a unit there is no sandbox");
        std::fs::create_dir_all(host.path("lib/systemd/system")).unwrap();
        std::fs::write(host.path("lib/systemd/system/auricle.service"), "[Service]\n").unwrap();
        assert_eq!(verdict("/var/lib/auricle/meetings"), None);
        let finding = verdict("/srv/meetings").unwrap();
        assert!(
            finding.remedy.contains("systemctl edit auricle")
                && finding.remedy.contains("ReadWritePaths=/srv/meetings")
        );
        std::fs::create_dir_all(host.path("etc/systemd/system/auricle.service.d")).unwrap();
        let drop_in = host.path("etc/systemd/system/auricle.service.d/override.conf");
        std::fs::write(drop_in, "[Service]\nReadWritePaths=/mnt -/srv/meetings\n").unwrap();
        assert_eq!(verdict("/srv/meetings/2026"), None);
        assert!(verdict("/srv/other").is_some());
    }

    #[tokio::test]
    async fn room_is_measured_where_the_folder_would_be() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("not/there/yet");
        let look = |needs, wants| room(place.clone(), "state", Path::new("/x"), needs, wants);
        use super::super::sheet::Verdict;
        assert_eq!(look(1, 1).await.verdict, Verdict::Ok);
        assert_eq!(look(1, u64::MAX).await.verdict, Verdict::Warning);
        assert_eq!(look(u64::MAX, u64::MAX).await.verdict, Verdict::Fault);
    }
}
