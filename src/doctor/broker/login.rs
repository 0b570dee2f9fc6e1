//! Does the broker let us in, does anything come through, does anybody answer?
//!
//! A running daemon knows, and is asked; a second login beside it could only disturb.

use auricle_core::link::Loss;
use serde_json::Value;

use super::session::{self, Outcome, Visit};
use crate::config::Linto;
use crate::doctor::case::{Case, Daemon, Reading};
use crate::doctor::daemon::causes;
use crate::doctor::sheet::Finding;

const LOGIN: &str = "login";
const DELIVERY: &str = "delivery";
const SCOPE: &str = "scope";

/// The three topmost rungs of the way to a server.
pub(super) async fn look(case: &Case, server: &Linto) -> Vec<Finding> {
    let skip = |why: &str| [LOGIN, DELIVERY, SCOPE].map(|rung| Finding::skipped(rung, why)).to_vec();
    match &case.daemon {
        Daemon::Running(status) => return of_daemon(status, server),
        Daemon::Denied => return skip("a daemon runs and this user may not ask it; a second login would disturb it"),
        Daemon::Stuck(_) => return skip("a daemon runs and does not answer; a second login would disturb it"),
        Daemon::Starting => return skip("the service is being started; a second login would disturb it"),
        Daemon::Absent => {}
    }
    if let Reading::WithoutSecrets(_, files) = &case.reading
        && server.password_file.as_ref().is_some_and(|file| files.contains(file))
    {
        return skip("this user may not read the password");
    }
    let Some((serial, _)) = case.serial() else {
        return skip("there is no serial number yet");
    };
    judge(server, &session::visit(&Visit::new(server, &serial)).await)
}

/// What the daemon says about its connection to this server.
fn of_daemon(status: &Value, server: &Linto) -> Vec<Finding> {
    let servers = status["servers"].as_array().cloned().unwrap_or_default();
    let Some(seen) = servers.iter().find(|seen| seen["name"] == server.name.as_str()) else {
        let why = format!("the daemon runs without the server `{}`", server.name);
        return vec![Finding::warning(LOGIN, why, "Restart it, so that it reads the settings.")];
    };
    let mut findings = Vec::new();
    let (about_scope, about_login): (Vec<_>, Vec<_>) =
        causes(status, Some(&server.name)).partition(|(code, ..)| code == "NobodyAnswers");
    if about_login.is_empty() && seen["link"] == "up" {
        findings.push(Finding::ok(LOGIN, format!("the daemon is logged in {}", account(server))));
        findings.push(Finding::ok(DELIVERY, "what the daemon sends comes back"));
    } else if about_login.is_empty() {
        let remedy = "Run it again in a minute; `auricle events` shows what happens.";
        findings.push(Finding::warning(LOGIN, "the daemon is not connected, and does not say why yet", remedy));
    }
    findings.extend(about_login.into_iter().map(|(_, text, remedy)| Finding::fault(LOGIN, text, remedy)));
    findings.push(match about_scope.into_iter().next() {
        Some((_, text, remedy)) => Finding::fault(SCOPE, text, remedy),
        None if seen["link"] != "up" => Finding::skipped(SCOPE, "the daemon is not connected"),
        None if status["counters"][format!("{}_application", server.name)] == 1 => answered(server),
        None => unanswered(server),
    });
    findings
}

fn account(server: &Linto) -> String {
    server.username.as_ref().map_or_else(|| "without a user name".into(), |name| format!("as `{name}`"))
}

fn answered(server: &Linto) -> Finding {
    Finding::ok(SCOPE, format!("an application answers on the scope `{}`", server.request_scope()))
}

fn unanswered(server: &Linto) -> Finding {
    let seen = format!("no application has answered this device's status on the scope `{}`", server.request_scope());
    let remedy = "Register the serial number in the admin page, attach it to an application, and check `application` in \
                  [linto]: it is the application's exact name.";
    Finding::warning(SCOPE, seen, remedy)
}

/// What to do about an account that the broker does not like.
const ACCOUNT: &str = "Check `username` and the password in [linto]: use the server's shared account, or one whose name \
                       is the serial number.";

/// What came of a login of our own.
fn judge(server: &Linto, outcome: &Outcome) -> Vec<Finding> {
    let (login, above) = match outcome {
        Outcome::Refused(Loss::Refused(why)) => {
            (Finding::fault(LOGIN, format!("the broker refuses this device: {why}"), ACCOUNT), no_login())
        }
        Outcome::Refused(Loss::Unreachable(why) | Loss::Lost(why) | Loss::ThrownOut(why)) => {
            (Finding::fault(LOGIN, why, "Check `broker` in [linto], and the broker's log."), no_login())
        }
        Outcome::NoSubscription => {
            let seen = "the broker let this device in and does not answer its subscription";
            (Finding::fault(LOGIN, seen, "See the broker's log."), no_login())
        }
        Outcome::Forbidden(filter) => {
            (let_in(server), nothing_comes(format!("the account may not subscribe `{filter}`")))
        }
        Outcome::Heard(heard) if !heard.echo && !heard.application => {
            let seen = "the broker accepts everything and delivers nothing: the account may not use this serial \
                        number's topics";
            (let_in(server), nothing_comes(seen.to_owned()))
        }
        Outcome::Heard(heard) => {
            let scope = if heard.application { answered(server) } else { unanswered(server) };
            (let_in(server), [Finding::ok(DELIVERY, "what this device sends comes back"), scope])
        }
    };
    std::iter::once(login).chain(above).collect()
}

fn let_in(server: &Linto) -> Finding {
    Finding::ok(LOGIN, format!("the broker lets this device in {}", account(server)))
}

fn no_login() -> [Finding; 2] {
    [DELIVERY, SCOPE].map(|rung| Finding::skipped(rung, "there is no login"))
}

fn nothing_comes(seen: String) -> [Finding; 2] {
    [Finding::fault(DELIVERY, seen, ACCOUNT), Finding::skipped(SCOPE, "nothing comes through")]
}
