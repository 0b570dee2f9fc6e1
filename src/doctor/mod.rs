//! `auricle doctor`: looks at everything that the device needs, and says what to do.
//!
//! A check is a line of [`CHECKS`] and a file here. It looks at the [`Case`], writes findings on the [`Sheet`], which
//! shows each at once, and never fails: what can't be seen is a finding too. Each check has a limit and all of them
//! together one more, so that a dead network or a frozen sound server costs time but never the report.

mod broker;
pub mod case;
pub mod clock;
pub mod daemon;
pub mod disk;
mod ears;
pub mod host;
pub mod network;
pub mod pins;
pub mod power;
pub mod serial;
pub mod service;
pub mod settings;
pub mod sheet;
pub mod sound;
pub mod user;
pub mod versions;
pub mod wake;
pub mod wifi;
mod xiaozhi;

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

pub use case::Case;
pub use host::Host;
pub use sheet::{Finding, Sheet, Verdict};

/// All checks together take no longer. To ask the daemon before them takes 6 s at most.
pub const WHOLE_RUN: Duration = Duration::from_secs(26);

/// So much more where the device talks with a person: it asks, listens, and says how it was.
pub const CONVERSATION: Duration = Duration::from_secs(14);

type Looking<'c> = Pin<Box<dyn Future<Output = ()> + 'c>>;

/// One thing to look at.
struct Check {
    /// What its findings are called. Each is told, if only as not looked at.
    names: &'static [&'static str],
    /// How long it may take.
    limit: Duration,
    look: for<'c> fn(&'c Case, &'c Sheet) -> Looking<'c>,
}

type Look = for<'c> fn(&'c Case, &'c Sheet) -> Looking<'c>;

const fn check(names: &'static [&'static str], seconds: u64, look: Look) -> Check {
    Check { names, limit: Duration::from_secs(seconds), look }
}

/// What is looked at, in this order: what others depend on first, what takes long last.
const CHECKS: &[Check] = &[
    check(&["settings"], 2, |case, sheet| Box::pin(async { sheet.write_all(settings::look(case)) })),
    check(&["versions"], 2, |case, sheet| Box::pin(async { sheet.write(versions::look(case)) })),
    check(&["service"], 4, |case, sheet| Box::pin(async { sheet.write(service::look(&case.host).await) })),
    check(&["daemon"], 2, |case, sheet| Box::pin(async { sheet.write_all(daemon::look(case)) })),
    check(&["serial"], 2, |case, sheet| Box::pin(async { sheet.write(serial::look(case)) })),
    check(&["clock"], 2, |case, sheet| Box::pin(async { sheet.write(clock::look(&case.host)) })),
    check(&["power"], 4, |case, sheet| Box::pin(async { sheet.write(power::look(&case.host).await) })),
    check(&["disk"], 3, |case, sheet| Box::pin(async { sheet.write_all(disk::look(case).await) })),
    check(&["pins"], 2, |case, sheet| Box::pin(async { sheet.write_all(pins::look(case)) })),
    check(&["wake"], 3, |case, sheet| Box::pin(async { sheet.write_all(wake::look(case)) })),
    check(&["wifi"], 4, |case, sheet| Box::pin(async { sheet.write_all(wifi::look(&case.host).await) })),
    check(&["network"], 2, |case, sheet| Box::pin(async { sheet.write(network::look(case)) })),
    check(&broker::RUNGS, 14, |case, sheet| Box::pin(broker::look(case, sheet))),
    check(&xiaozhi::STEPS, 12, |case, sheet| Box::pin(xiaozhi::look(case, sheet))),
    check(&["microphone", "loudspeaker"], 7, |case, sheet| {
        Box::pin(async { sheet.write_all(sound::cards::look(case).await) })
    }),
    check(&["voice"], 7, |case, sheet| Box::pin(async { sheet.write(sound::voice::look(case).await) })),
    // Opening 5, listening 5, the echo 9; a conversation comes on top.
    check(&["level", "echo"], 19, |case, sheet| Box::pin(sound::look(case, sheet))),
];

/// Makes all checks.
pub async fn examine(case: &Case, sheet: &Sheet) {
    let talk = if case.person { CONVERSATION } else { Duration::ZERO };
    let question = if case.talk { xiaozhi::TALK } else { Duration::ZERO };
    let end = Instant::now() + WHOLE_RUN + talk + question;
    for check in CHECKS {
        let left = end.saturating_duration_since(Instant::now());
        let more = match check.names {
            names if names.contains(&"level") => talk,
            names if *names == xiaozhi::STEPS => question,
            _ => Duration::ZERO,
        };
        let limit = (check.limit + more).min(left);
        let untold = |name: &&&str| !sheet.findings().iter().any(|finding| finding.check == **name);
        if limit.is_zero() || tokio::time::timeout(limit, (check.look)(case, sheet)).await.is_err() {
            let untold: Vec<_> = check.names.iter().filter(untold).copied().collect();
            sheet.write_all(untold_findings(&untold, limit));
        }
    }
}

/// What the time did not suffice for: where it hung, and what was not reached.
fn untold_findings(untold: &[&'static str], limit: Duration) -> Vec<Finding> {
    let hung = !limit.is_zero();
    let mut findings = Vec::new();
    for (nth, name) in untold.iter().enumerate() {
        findings.push(if hung && nth == 0 {
            let seen = format!("this check did not come to its end within {:.0} s", limit.as_secs_f32().max(1.0));
            Finding::warning(name, seen, "Run it again; if it stays so, something hangs there.")
        } else {
            Finding::skipped(name, "no time was left")
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reached_is_told_too() {
        let verdicts = |limit| {
            let findings = untold_findings(&["level", "echo"], limit);
            findings.into_iter().map(|finding| (finding.check, finding.verdict)).collect::<Vec<_>>()
        };
        let reached = verdicts(Duration::from_secs(1));
        assert_eq!(reached, [("level", Verdict::Warning), ("echo", Verdict::Skipped)]);
        assert_eq!(verdicts(Duration::ZERO), [("level", Verdict::Skipped), ("echo", Verdict::Skipped)]);
    }
}
