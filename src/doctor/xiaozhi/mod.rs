//! The way to each xiaozhi server: its configuration over HTTP, and the gateway that this names.
//!
//! A running daemon knows how it is, and is asked; a second login beside it would throw it out.

mod configuration;
mod gateway;
mod sound;

use std::time::Duration;

use serde_json::Value;

use super::broker::all;
use super::case::{Case, Daemon};
use super::daemon::causes;
use super::sheet::{Finding, Sheet, Style, Verdict};
use crate::config::Xiaozhi;

const CONFIGURATION: &str = "ota";
const GATEWAY: &str = "gateway";
const SOUND: &str = "udp";

/// What is looked at.
pub(super) const STEPS: [&str; 3] = [CONFIGURATION, GATEWAY, SOUND];

/// So much longer it takes where a server is asked something.
pub(super) const TALK: Duration = Duration::from_secs(sound::ANSWER.as_secs() + 2);

/// So many servers are looked at.
const MOST: usize = 4;

/// For all steps of a server. A little less than the check may take, so that what was seen is told.
const LIMIT: Duration = Duration::from_millis(11_500);

/// Looks at each server.
pub(super) async fn look(case: &Case, sheet: &Sheet) {
    let servers = match case.settings() {
        None => return sheet.write_all(skipped("the settings are not known")),
        Some(settings) if settings.xiaozhi.is_empty() => {
            return sheet.write_all(skipped("no server of [xiaozhi] is configured"));
        }
        Some(settings) => &settings.xiaozhi,
    };
    let several = servers.len() > 1;
    let (looked_at, left_out) = servers.split_at(servers.len().min(MOST));
    let sheets: Vec<Sheet> = looked_at.iter().map(|_| Sheet::new(Style::Silent)).collect();
    let visits = looked_at.iter().zip(&sheets).map(|(server, own)| async move {
        if tokio::time::timeout(LIMIT + if case.talk { TALK } else { Duration::ZERO }, visit(case, server, own))
            .await
            .is_err()
        {
            let told = own.findings();
            let untold = STEPS.iter().filter(|step| !told.iter().any(|told| told.check == **step));
            own.write_all(untold.map(|step| Finding::skipped(step, "no time was left")));
        }
    });
    all(visits).await;
    for (server, own) in looked_at.iter().zip(&sheets) {
        sheet.write_all(own.findings().into_iter().map(|finding| finding.of_server(&server.name, several)));
    }
    for server in left_out {
        let skipped = Finding::skipped(GATEWAY, format!("only {MOST} servers are looked at"));
        sheet.write(skipped.of_server(&server.name, several));
    }
}

fn skipped(why: &str) -> Vec<Finding> {
    STEPS.iter().map(|step| Finding::skipped(step, why)).collect()
}

async fn visit(case: &Case, server: &Xiaozhi, sheet: &Sheet) {
    match &case.daemon {
        Daemon::Running(status) => return sheet.write_all(running(case, status, server).await),
        Daemon::Denied => {
            return sheet
                .write_all(skipped("a daemon runs and this user may not ask it; a second login would disturb it"));
        }
        Daemon::Stuck(_) => {
            return sheet.write_all(skipped("a daemon runs and does not answer; a second login would disturb it"));
        }
        Daemon::Starting => {
            return sheet.write_all(skipped("the service is being started; a second login would disturb it"));
        }
        Daemon::Absent => {}
    }
    let (findings, login) = configuration::look(case, server).await;
    sheet.write_all(findings);
    match login {
        Some(known) => sheet.write_all(gateway::look(server, &known, case.talk).await),
        None => sheet.write_all([GATEWAY, SOUND].map(|step| Finding::skipped(step, "it is not known where it is"))),
    }
}

/// Asks the daemon, and with `--talk` lets it ask its server.
async fn running(case: &Case, status: &Value, server: &Xiaozhi) -> Vec<Finding> {
    if !case.talk {
        return of_daemon(status, server);
    }
    // Questions go to the first server.
    let asked = if status["servers"][0]["name"] == server.name.as_str() {
        sound::through_daemon(&case.socket).await
    } else {
        Err("the daemon asks its first server only; stop it, and try again".to_owned())
    };
    match asked {
        Ok(after) => sound::with_answer(of_daemon(&after, server), status, &after, &server.name),
        Err(why) => {
            let mut findings = of_daemon(status, server);
            findings.retain(|finding| (finding.check, finding.verdict) != (SOUND, Verdict::Skipped));
            findings.push(sound::not_asked(&why));
            findings
        }
    }
}

/// What the daemon says about this server.
fn of_daemon(status: &Value, server: &Xiaozhi) -> Vec<Finding> {
    let servers = status["servers"].as_array().cloned().unwrap_or_default();
    let Some(seen) = servers.iter().find(|seen| seen["name"] == server.name.as_str()) else {
        let why = format!("the daemon runs without the server `{}`", server.name);
        return vec![Finding::warning(CONFIGURATION, why, "Restart it, so that it reads the settings.")];
    };
    let up = seen["link"] == "up";
    let mut findings: Vec<Finding> = causes(status, Some(&server.name))
        .map(|(code, text, remedy)| match code.as_str() {
            "NoConfiguration" => Finding::fault(CONFIGURATION, text, remedy),
            "NotActivated" => Finding::warning(CONFIGURATION, text, remedy),
            "NoSound" => Finding::fault(SOUND, text, remedy),
            _ => Finding::fault(GATEWAY, text, remedy),
        })
        .collect();
    let told = |findings: &[Finding], step| findings.iter().any(|finding| finding.check == step);
    if !told(&findings, CONFIGURATION) {
        findings.push(Finding::ok(CONFIGURATION, "the daemon has it"));
    }
    if !told(&findings, SOUND) {
        findings.push(sound::of_daemon(&status["counters"], &server.name));
    }
    if !told(&findings, GATEWAY) {
        findings.push(if up {
            Finding::ok(GATEWAY, "the daemon is logged in")
        } else {
            let remedy = "Run it again in a minute; `auricle events` shows what happens.";
            Finding::warning(GATEWAY, "the daemon is not connected", remedy)
        });
    }
    findings.sort_by_key(|finding| STEPS.iter().position(|step| finding.check == *step));
    findings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::config;

    #[test]
    fn what_the_daemon_says_is_sorted_by_its_step() {
        use Verdict::{Fault, Ok, Skipped, Warning};
        let loaded = config::parse_str("[xiaozhi]\nota_url = \"http://h/x\"\n", std::iter::empty()).unwrap();
        let server = &loaded.settings.xiaozhi[0];
        for (link, code, expected) in [
            ("up", None, [Ok, Ok, Skipped]),
            ("down", None, [Ok, Warning, Skipped]),
            ("down", Some("NoConfiguration"), [Fault, Warning, Skipped]),
            ("down", Some("NotActivated"), [Warning, Warning, Skipped]),
            ("down", Some("BrokerRefused"), [Ok, Fault, Skipped]),
            ("up", Some("NoSession"), [Ok, Fault, Skipped]),
            ("up", Some("NoSound"), [Ok, Ok, Fault]),
        ] {
            let causes: Vec<_> = code
                .iter()
                .map(|code| json!({"code": code, "server": "xiaozhi", "text": "x", "remedy": "y"}))
                .collect();
            let status = json!({"servers": [{"name": "xiaozhi", "link": link}], "causes": causes});
            let told: Vec<_> = of_daemon(&status, server).iter().map(|f| (f.check, f.verdict)).collect();
            let expected: Vec<_> = STEPS.into_iter().zip(expected).collect();
            assert_eq!(told, expected, "{link} {code:?}");
        }
        let sound = |received: u64| {
            let counters = json!({"xiaozhi_last_sent": 63, "xiaozhi_last_received": received});
            let status = json!({"servers": [{"name": "xiaozhi", "link": "up"}], "counters": counters});
            of_daemon(&status, server).pop().unwrap()
        };
        assert_eq!((sound(0).verdict, sound(9).verdict), (Skipped, Ok));
        assert!(sound(9).seen.contains("63 datagrams went out, and 9 came back"), "{:?}", sound(9));
        let missing = of_daemon(&json!({"servers": []}), server);
        assert!(missing[0].seen.contains("without the server `xiaozhi`"), "{missing:?}");
    }
}
