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
    let up = seen["link"] == "up";
    let mut findings: Vec<Finding> = causes(status, Some(&server.name))
        .map(|(code, text, remedy)| Finding::fault(rung(&code, up), text, remedy))
        .collect();
    for rung in [LOGIN, DELIVERY, SCOPE] {
        if findings.iter().all(|finding| finding.check != rung) {
            findings.push(match rung {
                LOGIN if up => Finding::ok(LOGIN, format!("the daemon is logged in {}", account(server))),
                LOGIN => {
                    let remedy = "Run it again in a minute; `auricle events` shows what happens.";
                    Finding::warning(LOGIN, "the daemon is not connected, and does not say why yet", remedy)
                }
                _ if !up => Finding::skipped(rung, "the daemon is not connected"),
                DELIVERY => Finding::ok(DELIVERY, "what the daemon sends comes back"),
                _ if status["counters"][format!("{}_application", server.name)] == 1 => answered(server),
                _ => unanswered(server),
            });
        }
    }
    findings
}

/// The rung that a daemon's cause breaks. `up`: the broker let the daemon in.
fn rung(code: &str, up: bool) -> &'static str {
    match code {
        "NobodyAnswers" => SCOPE,
        "TwinDevice" => "serial",
        // A message that is too large ends each connection anew, and yet the login is right.
        "PoisonedTopic" => DELIVERY,
        // It let the daemon in, and then refuses it something or delivers nothing.
        "BrokerRefused" if up => DELIVERY,
        _ => LOGIN,
    }
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
        Outcome::Lost(Loss::Refused(why) | Loss::Unreachable(why) | Loss::Lost(why) | Loss::ThrownOut(why)) => {
            let seen = format!("the connection was lost after the login: {why}");
            let remedy = "See the broker's log, and whether another device uses this serial number.";
            (let_in(server), [Finding::fault(DELIVERY, seen, remedy), Finding::skipped(SCOPE, "nothing comes through")])
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::config;
    use crate::doctor::sheet::Verdict;

    fn told(link: &str, code: Option<&str>) -> Vec<(&'static str, Verdict)> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("auricle.toml");
        std::fs::write(&file, "[linto]\nbroker = \"mqtt://127.0.0.1\"\n").unwrap();
        let settings = config::load(Some(&file), std::iter::empty()).unwrap().settings;
        let server = &settings.linto[0];
        let name = &server.name;
        let causes: Vec<_> =
            code.iter().map(|code| json!({"code": code, "server": name, "text": "x", "remedy": "y"})).collect();
        let status = json!({"servers": [{"name": name, "link": link}], "causes": causes});
        of_daemon(&status, server).into_iter().map(|finding| (finding.check, finding.verdict)).collect()
    }

    #[test]
    fn a_connection_that_is_lost_after_the_login_is_no_fault_of_the_login() {
        let loaded = config::parse_str("[linto]\nbroker = \"mqtt://127.0.0.1\"\n", std::iter::empty()).unwrap();
        let server = &loaded.settings.linto[0];
        let judged = |outcome| judge(server, &outcome);
        let verdicts = |findings: &[Finding]| findings.iter().map(|f| (f.check, f.verdict)).collect::<Vec<_>>();
        let lost = judged(Outcome::Lost(Loss::Lost("the broker hung up".into())));
        let expected = [(LOGIN, Verdict::Ok), (DELIVERY, Verdict::Fault), (SCOPE, Verdict::Skipped)];
        assert_eq!(verdicts(&lost), expected);
        assert!(lost[1].seen.contains("lost after the login: the broker hung up"), "{:?}", lost[1]);
        assert!(lost[1].remedy.contains("another device"), "{:?}", lost[1]);
        // The same before the login is a fault of the login.
        let refused = judged(Outcome::Refused(Loss::Lost("the broker hung up".into())));
        let expected = [(LOGIN, Verdict::Fault), (DELIVERY, Verdict::Skipped), (SCOPE, Verdict::Skipped)];
        assert_eq!(verdicts(&refused), expected);
    }

    #[test]
    fn each_cause_breaks_its_own_rung_and_each_rung_is_told() {
        use Verdict::{Fault, Ok, Skipped, Warning};
        for (link, code, expected) in [
            ("up", None, vec![(LOGIN, Ok), (DELIVERY, Ok), (SCOPE, Warning)]),
            ("up", Some("TwinDevice"), vec![("serial", Fault), (LOGIN, Ok), (DELIVERY, Ok), (SCOPE, Warning)]),
            ("up", Some("BrokerRefused"), vec![(DELIVERY, Fault), (LOGIN, Ok), (SCOPE, Warning)]),
            ("up", Some("PoisonedTopic"), vec![(DELIVERY, Fault), (LOGIN, Ok), (SCOPE, Warning)]),
            ("up", Some("NobodyAnswers"), vec![(SCOPE, Fault), (LOGIN, Ok), (DELIVERY, Ok)]),
            ("down", Some("BrokerRefused"), vec![(LOGIN, Fault), (DELIVERY, Skipped), (SCOPE, Skipped)]),
            ("down", Some("BrokerUnreachable"), vec![(LOGIN, Fault), (DELIVERY, Skipped), (SCOPE, Skipped)]),
            ("down", None, vec![(LOGIN, Warning), (DELIVERY, Skipped), (SCOPE, Skipped)]),
        ] {
            assert_eq!(told(link, code), expected, "{link} {code:?}");
        }
    }
}
