//! Is the clock right? A wrong one makes every certificate invalid, and every time in a log a lie.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::host::Host;
use super::sheet::Finding;

const CHECK: &str = "clock";

/// No device of this version was ever switched on before.
const EARLIEST_YEAR: i16 = 2025;

/// After this no certificate is good.
const LATEST_YEAR: i16 = 2100;

/// What the machine's clock says, and whether anybody sets it.
#[must_use]
pub fn look(host: &Host) -> Finding {
    judge(Timestamp::now(), synchronised(host))
}

/// `synchronised`: whether the clock is set over the network; `None` if that can't be seen.
#[must_use]
pub fn judge(now: Timestamp, synchronised: Option<bool>) -> Finding {
    let year = now.to_zoned(TimeZone::UTC).year();
    let shown = now.strftime("%Y-%m-%d %H:%M UTC");
    let remedy = "Turn on network time (`sudo timedatectl set-ntp true`) and look at `timedatectl` a minute later.";
    if !(EARLIEST_YEAR..LATEST_YEAR).contains(&year) {
        return Finding::fault(CHECK, format!("it says {shown}, so no certificate counts as valid"), remedy);
    }
    match synchronised {
        Some(true) => Finding::ok(CHECK, format!("{shown}, set over the network")),
        Some(false) => Finding::warning(CHECK, format!("{shown}, but nothing sets it over the network"), remedy),
        None => Finding::ok(CHECK, format!("{shown}")),
    }
}

/// systemd's mark comes first: right after the start the kernel may not know yet.
fn synchronised(host: &Host) -> Option<bool> {
    if host.path("run/systemd/timesync/synchronized").exists() {
        return Some(true);
    }
    if host.is_this() { kernel_says() } else { None }
}

/// What time daemons tell the kernel. Asking needs no rights.
fn kernel_says() -> Option<bool> {
    // SAFETY: a structure of numbers, for which all zeros is a value: with `modes` 0 it only asks.
    let mut time: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a whole structure of our own, which the call fills.
    match unsafe { libc::adjtimex(&raw mut time) } {
        -1 => None,
        libc::TIME_ERROR => Some(false),
        _ => Some(time.status & libc::STA_UNSYNC == 0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sheet::Verdict;
    use super::*;

    #[test]
    fn a_year_that_can_not_be_is_a_fault() {
        for (now, verdict) in [
            ("1970-01-01T00:01:00Z", Verdict::Fault),
            ("2024-12-31T23:59:59Z", Verdict::Fault),
            ("2026-05-01T10:20:30Z", Verdict::Ok),
            ("2106-02-07T06:28:15Z", Verdict::Fault),
        ] {
            assert_eq!(judge(now.parse().unwrap(), Some(true)).verdict, verdict, "{now}");
        }
    }

    #[test]
    fn a_clock_that_nobody_sets_is_a_warning() {
        let now: Timestamp = "2026-05-01T10:20:30Z".parse().unwrap();
        let finding = judge(now, Some(false));
        assert_eq!(finding.verdict, Verdict::Warning);
        assert_eq!(finding.seen, "2026-05-01 10:20 UTC, but nothing sets it over the network");
        assert_eq!(judge(now, None).verdict, Verdict::Ok);
    }

    #[test]
    fn the_mark_of_systemd_counts() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        assert_eq!(synchronised(&host), None);
        std::fs::create_dir_all(host.path("run/systemd/timesync")).unwrap();
        std::fs::write(host.path("run/systemd/timesync/synchronized"), "").unwrap();
        assert_eq!(synchronised(&host), Some(true));
    }
}
