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
pub mod versions;
pub mod wifi;

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

pub use case::Case;
pub use host::Host;
pub use sheet::{Finding, Sheet, Verdict};

/// All checks together take no longer. To ask the daemon before them takes 6 s at most.
pub const WHOLE_RUN: Duration = Duration::from_secs(26);

type Looking<'c> = Pin<Box<dyn Future<Output = ()> + 'c>>;

/// One thing to look at.
struct Check {
    /// Under which it is told that it did not come to its end.
    name: &'static str,
    /// How long it may take.
    limit: Duration,
    look: for<'c> fn(&'c Case, &'c Sheet) -> Looking<'c>,
}

const fn check(name: &'static str, seconds: u64, look: for<'c> fn(&'c Case, &'c Sheet) -> Looking<'c>) -> Check {
    Check { name, limit: Duration::from_secs(seconds), look }
}

/// What is looked at, in this order: what others depend on first, what takes long last.
const CHECKS: &[Check] = &[
    check("settings", 2, |case, sheet| Box::pin(async { sheet.write_all(settings::look(case)) })),
    check("versions", 2, |case, sheet| Box::pin(async { sheet.write(versions::look(case)) })),
    check("service", 4, |case, sheet| Box::pin(async { sheet.write(service::look(&case.host).await) })),
    check("daemon", 2, |case, sheet| Box::pin(async { sheet.write_all(daemon::look(case)) })),
    check("serial", 2, |case, sheet| Box::pin(async { sheet.write(serial::look(case)) })),
    check("clock", 2, |case, sheet| Box::pin(async { sheet.write(clock::look(&case.host)) })),
    check("power", 4, |case, sheet| Box::pin(async { sheet.write(power::look(&case.host).await) })),
    check("disk", 3, |case, sheet| Box::pin(async { sheet.write_all(disk::look(case).await) })),
    check("pins", 2, |case, sheet| Box::pin(async { sheet.write_all(pins::look(case)) })),
    check("wifi", 4, |case, sheet| Box::pin(async { sheet.write_all(wifi::look(&case.host).await) })),
    check("network", 2, |case, sheet| Box::pin(async { sheet.write(network::look(case)) })),
    check("login", 14, |case, sheet| Box::pin(broker::look(case, sheet))),
    check("microphone", 7, |case, sheet| Box::pin(async { sheet.write_all(sound::cards::look(case).await) })),
    check("voice", 7, |case, sheet| Box::pin(async { sheet.write(sound::voice::look(case).await) })),
    check("level", 24, |case, sheet| Box::pin(sound::look(case, sheet))),
];

/// Makes all checks.
pub async fn examine(case: &Case, sheet: &Sheet) {
    let end = Instant::now() + WHOLE_RUN;
    for check in CHECKS {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let why = format!("not looked at: all checks together took {} s", WHOLE_RUN.as_secs());
            sheet.write(Finding::skipped(check.name, why));
            continue;
        }
        let limit = check.limit.min(left);
        if tokio::time::timeout(limit, (check.look)(case, sheet)).await.is_err() {
            let seen = format!("this check did not come to its end within {:.0} s", limit.as_secs_f32().max(1.0));
            sheet.write(Finding::warning(check.name, seen, "Run it again; if it stays so, something hangs there."));
        }
    }
}
