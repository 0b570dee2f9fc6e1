//! The first three questions: the server, the account, the application.

use std::path::PathBuf;

use super::answers::{Answers, Password};
use super::asker::Stop;
use super::save::{absolute, check_rights};
use super::session::Session;
use crate::config::{self, BrokerAddress};
use crate::net::mqtt::Address;
use crate::net::mqtt::trial::{Account, Verdict};

/// What an answer on the server may mean, the best first.
struct Server {
    candidates: Vec<BrokerAddress>,
    ca_file: String,
}

/// The addresses that somebody may mean. Without `mqtt://` before it, encryption is tried first.
///
/// # Errors
/// What is wrong with it.
pub(super) fn candidates(typed: &str) -> Result<Vec<BrokerAddress>, String> {
    if typed.starts_with("http://") || typed.starts_with("https://") {
        let seems = "an address of the web, and not of an MQTT broker: that begins with mqtts:// or mqtt://";
        return Err(format!(
            "{seems}. The OTA address of a xiaozhi server goes into the settings, as `ota_url` of [xiaozhi]"
        ));
    }
    if typed.contains("://") {
        return Ok(vec![typed.parse()?]);
    }
    Ok(vec![format!("mqtts://{typed}").parse()?, format!("mqtt://{typed}").parse()?])
}

pub(super) fn address(broker: &BrokerAddress) -> Address {
    Address { tls: broker.tls, host: broker.host.clone(), port: broker.port }
}

/// Which server.
pub(super) fn server(session: &mut Session<'_>) -> Result<(), Stop> {
    let servers = session.present.servers();
    if servers > 1 {
        session.tell(&format!(
            "The settings have {servers} servers; this is about the first. The others stay as they are."
        ));
    }
    session.tell("These questions are about a LinTO server. A xiaozhi server needs one line in the settings,");
    session.tell("`ota_url` in [xiaozhi], and no questions: docs/xiaozhi.md; `auricle doctor` then tests it.");
    let server = session.settle(ask_server, test_server)?;
    session.answers.broker = server.candidates.first().map(ToString::to_string);
    let known = session.proposed.ca_file.clone().unwrap_or_default();
    session.answers.ca_file = (server.ca_file != known || !known.is_empty()).then_some(server.ca_file);
    Ok(())
}

fn ask_server(session: &mut Session<'_>) -> Result<Server, Stop> {
    let proposal = session.proposed.broker.clone().unwrap_or_default();
    loop {
        let typed = session.ask("Address of its MQTT broker, as HOST, mqtts://HOST or mqtt://HOST:PORT", &proposal)?;
        match candidates(&typed) {
            Ok(candidates) => {
                let ca_file = session.proposed.ca_file.clone().unwrap_or_default();
                return Ok(Server { candidates, ca_file });
            }
            Err(what) => session.tell(&format!("`{typed}`: {what}")),
        }
    }
}

/// Without an account: whoever refuses that is a broker too.
fn test_server(session: &mut Session<'_>, server: &mut Server) -> Result<Option<String>, Stop> {
    let Some(first) = server.candidates.first().cloned() else { return Ok(None) };
    let mut verdict = knock(session, &first, &server.ca_file);
    if let Verdict::NotTrusted(trouble) = &verdict {
        session.tell(trouble);
        let file = session.ask("File with the certificate of the server's own authority, if you have it", "")?;
        if !file.is_empty() {
            server.ca_file = absolute(file.into()).display().to_string();
            verdict = knock(session, &first, &server.ca_file);
        }
    }
    let Some(trouble) = trouble(&verdict) else { return Ok(None) };
    let Some(plain) = server.candidates.get(1).cloned() else { return Ok(Some(trouble)) };
    session.tell(&format!("not encrypted then: {trouble}"));
    if let Some(trouble) = self::trouble(&knock(session, &plain, "")) {
        return Ok(Some(trouble));
    }
    session.tell("Without encryption everybody on the way can read the password and hear what is said.");
    let question = "Use it all the same? (y/n)";
    if session.choose(question, "ny")? == 'y' {
        server.candidates = vec![plain];
        return Ok(None);
    }
    Ok(Some(trouble))
}

fn knock(session: &mut Session<'_>, broker: &BrokerAddress, ca_file: &str) -> Verdict {
    session.tell(&format!("trying {broker} ..."));
    let account = Account { ca_file: path(ca_file), ..Account::default() };
    let verdict = session.world.login(&address(broker), &account);
    if trouble(&verdict).is_none() {
        let how = if broker.tls { "encrypted" } else { "not encrypted" };
        session.tell(&format!("ok: a broker answers, {how}"));
    }
    verdict
}

/// What is wrong with the server itself: one that refuses nobody's login is a broker all the same.
fn trouble(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Refused(_) => None,
        verdict => verdict.trouble().map(str::to_owned),
    }
}

fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| text.into())
}

/// An account on trial.
struct Login {
    username: String,
    password: Password,
}

impl Login {
    /// As they would be written.
    fn answers(&self, session: &Session<'_>) -> Answers {
        let ca_file = session.answers.ca_file.clone();
        let (username, password) = (Some(self.username.clone()), self.password.clone());
        Answers { ca_file, username, password, ..Answers::default() }
    }
}

/// Which account.
pub(super) fn account(session: &mut Session<'_>) -> Result<(), Stop> {
    let login = session.settle(ask_account, test_account)?;
    session.answers.username = Some(login.username);
    session.answers.password = login.password;
    Ok(())
}

fn ask_account(session: &mut Session<'_>) -> Result<Login, Stop> {
    let proposal = session.proposed.username.clone().unwrap_or_else(|| "linto".to_owned());
    let proposal = if proposal.is_empty() { "-".to_owned() } else { proposal };
    let username = loop {
        let username = session.ask("Account at the broker; `-` for none", &proposal)?;
        let username = if username == "-" { String::new() } else { username };
        match config::complaint("linto", "username", &username) {
            None => break username,
            Some(what) => session.tell(&what),
        }
    };
    if username.is_empty() {
        return Ok(Login { username, password: Password::Keep });
    }
    let known = session.present.password().is_some() && {
        let answers = Answers { username: Some(username.clone()), ..Answers::default() };
        !answers.is_other_account(session.present)
    };
    let given = session.proposed.password.clone();
    let hint = match given {
        Password::New(_) => "; Enter takes that of `--password-file`",
        Password::Keep if known => "; Enter keeps the present one",
        Password::Keep => "",
    };
    let typed = loop {
        let typed = session.asker.ask_secretly(&format!("  Password of `{username}` (it is not shown{hint}):"))?;
        match check_rights(&session.present.password_file()) {
            Err(error) if !typed.is_empty() => session.tell(&format!("{error}. Enter writes no password")),
            _ => break typed,
        }
    };
    let login = Login { username, password: if typed.is_empty() { given } else { Password::New(typed) } };
    if let Some(without) = login.answers(session).without_password(session.present) {
        session.tell(&without);
    }
    Ok(login)
}

fn test_account(session: &mut Session<'_>, login: &mut Login) -> Result<Option<String>, Stop> {
    let broker = session.answers.broker.as_deref().and_then(|broker| broker.parse::<BrokerAddress>().ok());
    let Some(broker) = broker else { return Ok(None) };
    let account = login.answers(session).account(session.present);
    let verdict = session.world.login(&address(&broker), &account);
    if verdict == Verdict::Welcome {
        session.tell("ok: the broker lets this device in");
    }
    Ok(verdict.trouble().map(str::to_owned))
}

/// Which application.
pub(super) fn application(session: &mut Session<'_>) -> Result<(), Stop> {
    let proposal =
        session.proposed.application.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "-".to_owned());
    let name = loop {
        let name = session
            .ask("Name of the device's application, exactly as the admin page shows it; `-` for none", &proposal)?;
        let name = if name == "-" { String::new() } else { name };
        match config::complaint("linto", "application", &name) {
            None => break name,
            Some(what) => session.tell(&what),
        }
    };
    if name.is_empty() {
        session.tell("Requests go to the scope of the admin page, as on old servers.");
    } else {
        let scope = auricle_core::protocol::linto::scope::of_application(&name);
        session.tell(&format!("Requests go to the scope {scope}. Whether somebody answers there shows when the"));
        session.tell("device is registered; a wrong name is told as the cause `NobodyAnswers`.");
    }
    session.answers.application = Some(name);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn encryption_is_tried_first_and_only_what_was_typed_with_a_scheme() {
        let meant = |typed: &str| candidates(typed).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(meant("linto.example.org"), ["mqtts://linto.example.org:8883", "mqtt://linto.example.org:1883"]);
        assert_eq!(meant("10.0.0.7:1234"), ["mqtts://10.0.0.7:1234", "mqtt://10.0.0.7:1234"]);
        assert_eq!(meant("mqtt://h"), ["mqtt://h:1883"]);
        assert_eq!(meant("mqtts://h"), ["mqtts://h:8883"]);
        for typed in ["", "http://h", "a b", "mqtt://u:p@h", "h/"] {
            assert!(candidates(typed).is_err(), "{typed}");
        }
    }
}
