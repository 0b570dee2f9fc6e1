//! What can be heard: level, clipping, silence, and the way from the loudspeaker to the microphone.
//!
//! All of it goes through a daemon: the one that runs, or, where none does, one without servers that lives as long as
//! the look ([`bench`]). So what is measured is what the device hears, with its settings and its conversions.

mod bench;
pub mod cards;
pub mod echo;
pub mod level;
pub mod voice;

use std::path::Path;
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;

use super::case::{Case, Daemon};
use super::daemon::causes;
use super::sheet::{Finding, Sheet};
use crate::control::client;

/// A microphone that is not there by then is not there. The first sample of a sleeping sound server takes 3 s.
const OPENING: Duration = Duration::from_secs(5);

const NO_MICROPHONE: &str = "there is no microphone";

/// Between two looks at the daemon's status.
const LOOK: Duration = Duration::from_millis(50);

/// Measures, through whichever daemon there is.
pub(super) async fn look(case: &Case, sheet: &Sheet) {
    let skip = |why: &str| skip(sheet, why);
    match (&case.daemon, case.settings()) {
        (Daemon::Running(_), _) => measure(case, sheet, &case.socket).await,
        (Daemon::Denied, _) => skip("the daemon has the microphone, and this user may not ask it"),
        (Daemon::Stuck(_), _) => skip("the daemon has the microphone, and does not answer"),
        (Daemon::Starting, _) => skip("the service is being started"),
        (Daemon::Absent, None) => skip("the settings are not known"),
        (Daemon::Absent, _) if sheet.has_fault("microphone") => skip(NO_MICROPHONE),
        (Daemon::Absent, Some(settings)) => match bench::Bench::build(case, settings) {
            Err(why) => skip(&why),
            Ok(bench) => {
                let socket = bench.socket();
                tokio::select! {
                    biased;
                    () = without_daemon(case, sheet, &socket) => {}
                    () = bench.run() => skip("it was interrupted"),
                }
            }
        },
    }
}

fn skip(sheet: &Sheet, why: &str) {
    sheet.write_all(["level", "echo"].map(|check| Finding::skipped(check, why)));
}

/// Whatever is wrong with the cards is told here; a daemon that runs has told it already.
async fn without_daemon(case: &Case, sheet: &Sheet, socket: &Path) {
    for finding in opening(socket).await {
        if !sheet.has_fault(finding.check) {
            sheet.write(finding);
        }
    }
    if sheet.has_fault("microphone") {
        return skip(sheet, NO_MICROPHONE);
    }
    measure(case, sheet, socket).await;
}

async fn measure(case: &Case, sheet: &Sheet, socket: &Path) {
    let mut lines = match level::open(socket).await {
        Ok(lines) => lines,
        Err(error) => {
            sheet.write(level::not_open(error));
            return sheet.write(echo::look(socket, false).await);
        }
    };
    let zeros = level::look(case, sheet, socket, &mut lines).await;
    // Held on: what the person still says must not open a turn before the echo is measured.
    sheet.write(level::meanwhile(&mut lines, echo::look(socket, zeros)).await);
}

/// Waits until the microphone delivers, or until it is known why it does not.
async fn opening(socket: &Path) -> Vec<Finding> {
    let end = Instant::now() + OPENING;
    loop {
        let status: Value = client::call(socket, Method::GET, "/status", None).await.unwrap_or_default();
        let wrong: Vec<Finding> = causes(&status, None).filter_map(of_card).collect();
        let delivers = status["counters"]["tape_position"].as_u64() > Some(0);
        if !wrong.is_empty() || delivers {
            return wrong;
        }
        if Instant::now() > end {
            let seen = format!("the microphone delivers nothing within {} s", OPENING.as_secs());
            return vec![Finding::fault("microphone", seen, "Plug it in again, or restart the sound server.")];
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn of_card((code, text, remedy): (String, String, String)) -> Option<Finding> {
    let check = match code.as_str() {
        code if code.starts_with("Mic") => "microphone",
        code if code.starts_with("Speaker") || code == "MixerGone" => "loudspeaker",
        _ => return None,
    };
    Some(Finding::fault(check, text, remedy))
}
