//! The service unit.

use std::collections::BTreeMap;
use std::time::Duration;

use super::host::Host;
use super::sheet::Finding;

const CHECK: &str = "service";

/// How long `systemctl` may take.
const LIMIT: Duration = Duration::from_secs(3);

/// More restarts than this are no accident.
const RESTARTS: u32 = 3;

/// What the service manager says about `auricle.service`.
pub async fn look(host: &Host) -> Finding {
    if !host.path("run/systemd/system").is_dir() {
        return Finding::skipped(CHECK, "systemd does not run this machine");
    }
    let words =
        ["systemctl", "show", "auricle.service", "--property=LoadState,ActiveState,SubState,UnitFileState,NRestarts"];
    match host.run(&words, LIMIT).await {
        None => Finding::skipped(CHECK, "there is no `systemctl`"),
        Some(Ok(outcome)) if outcome.is_success() => judge(&outcome.stdout),
        Some(Ok(outcome)) => Finding::skipped(CHECK, format!("`systemctl` does not tell: {}", outcome.audit())),
        Some(Err(error)) => Finding::skipped(CHECK, error.to_string()),
    }
}

/// Whether the service manager is about to start the unit: also between two attempts of one that fails.
pub async fn is_starting(host: &Host) -> bool {
    if !host.path("run/systemd/system").is_dir() {
        return false;
    }
    let words = ["systemctl", "show", "auricle.service", "--property=ActiveState"];
    let told = host.run(&words, LIMIT).await;
    told.and_then(Result::ok)
        .is_some_and(|outcome| outcome.is_success() && outcome.stdout.trim() == "ActiveState=activating")
}

/// What lines of `Key=Value` mean.
#[must_use]
pub fn judge(properties: &str) -> Finding {
    let all: BTreeMap<_, _> = properties.lines().filter_map(|line| line.split_once('=')).collect();
    let value = |key: &str| all.get(key).copied().unwrap_or_default();
    let restarts: u32 = value("NRestarts").parse().unwrap_or(0);
    let seen = format!("auricle.service is {} ({})", value("ActiveState"), value("SubState"));
    match (value("LoadState"), value("ActiveState")) {
        ("not-found" | "", _) => Finding::skipped(CHECK, "there is no unit `auricle.service`"),
        ("masked", _) => {
            Finding::warning(CHECK, "auricle.service is masked", "Unmask it: `sudo systemctl unmask auricle`.")
        }
        (_, "failed") => Finding::fault(
            CHECK,
            seen,
            "See why with `journalctl -u auricle -n 50`; then `sudo systemctl restart auricle`.",
        ),
        // Between two attempts it is `activating`, too.
        (_, "activating") if restarts > RESTARTS => Finding::fault(
            CHECK,
            format!("{seen}: it ends as soon as it is started, {restarts} times so far"),
            "See why with `journalctl -u auricle -n 50`; `sudo auricle check` tells what is wrong with the settings.",
        ),
        (_, "active") if restarts > RESTARTS => Finding::warning(
            CHECK,
            format!("{seen}, and was restarted {restarts} times"),
            "See why with `journalctl -u auricle`.",
        ),
        (_, "active") if value("UnitFileState") == "disabled" => Finding::warning(
            CHECK,
            format!("{seen}, but does not start with the machine"),
            "`sudo systemctl enable auricle`",
        ),
        (_, "active" | "activating" | "reloading") => Finding::ok(CHECK, seen),
        _ => Finding::warning(CHECK, seen, "Start it now and with the machine: `sudo systemctl enable --now auricle`."),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::sheet::Verdict;
    use super::*;

    #[tokio::test]
    async fn a_unit_between_two_attempts_is_being_started() {
        for (state, starting) in [("activating", true), ("active", false), ("failed", false)] {
            let root = tempfile::tempdir().unwrap();
            let host = Host::at(root.path());
            for folder in ["run/systemd/system", "usr/bin"] {
                fs::create_dir_all(host.path(folder)).unwrap();
            }
            let program = host.path("usr/bin/systemctl");
            fs::write(&program, format!("#!/bin/sh\necho ActiveState={state}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(is_starting(&host).await, starting, "{state}");
        }
    }

    #[test]
    fn each_state_of_the_unit_has_its_verdict() {
        for (load, active, file, restarts, verdict) in [
            ("loaded", "active", "enabled", 0, Verdict::Ok),
            ("loaded", "active", "enabled", 9, Verdict::Warning),
            ("loaded", "active", "disabled", 0, Verdict::Warning),
            ("loaded", "activating", "enabled", 1, Verdict::Ok),
            ("loaded", "activating", "enabled", 9, Verdict::Fault),
            ("loaded", "failed", "enabled", 0, Verdict::Fault),
            ("loaded", "inactive", "disabled", 0, Verdict::Warning),
            ("masked", "inactive", "masked", 0, Verdict::Warning),
            ("not-found", "inactive", "", 0, Verdict::Skipped),
        ] {
            let text = format!(
                "LoadState={load}\nActiveState={active}\nSubState=x\nUnitFileState={file}\nNRestarts={restarts}\n"
            );
            assert_eq!(judge(&text).verdict, verdict, "{text}");
        }
        assert_eq!(judge("noise").verdict, Verdict::Skipped);
    }
}
