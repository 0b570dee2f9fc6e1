//! What the settings mean, for `auricle check`.

use std::fmt::Write as _;

use super::Loaded;
use super::define::{Mark, Section};
use super::document::Origin;
use super::kind::quoted;
use super::problem::quote;
use super::sample::{one_line, wrap};
use super::sections::Linto;
use super::{tools, xiaozhi};

/// Columns of the explanations.
const WIDTH: usize = 90;

/// Every setting with its value, where it comes from and what it means; secrets as "set" or "not set".
#[must_use]
pub fn explain(loaded: &Loaded) -> String {
    let mut text = match loaded.file() {
        Some(file) => format!("Settings of {}\n", file.display()),
        None => "There is no settings file; these are the defaults and what the environment sets.\n".into(),
    };
    let settings = &loaded.settings;
    if settings.server_names().is_empty() {
        text.push_str(
            "\nNo server is set up: add a [linto] section with `broker`, or a [xiaozhi] section with `ota_url`.\n",
        );
    }
    explain_servers(&mut text, loaded);
    for (nth, button) in settings.button.iter().enumerate() {
        explain_section(&mut text, loaded, button, nth);
    }
    explain_section(&mut text, loaded, &settings.device, 0);
    explain_section(&mut text, loaded, &settings.audio, 0);
    explain_section(&mut text, loaded, &settings.listen, 0);
    explain_section(&mut text, loaded, &settings.wake, 0);
    explain_section(&mut text, loaded, &settings.leds, 0);
    if let (true, Some(gpio)) = (settings.button.is_empty(), settings.leds.button_on_board()) {
        follows(&mut text, &[format!("The button of this board, on GPIO{gpio}, is used.")]);
    }
    explain_section(&mut text, loaded, &settings.tts, 0);
    explain_section(&mut text, loaded, &settings.remote, 0);
    explain_section(&mut text, loaded, &settings.hooks, 0);
    for (nth, tool) in settings.tools.iter().enumerate() {
        explain_section(&mut text, loaded, tool, nth);
        follows(&mut text, &tools::facts(tool));
    }
    explain_section(&mut text, loaded, &settings.meeting, 0);
    explain_section(&mut text, loaded, &settings.control, 0);
    for warning in &loaded.warnings {
        let _ = write!(text, "\nwarning: {warning}\n");
    }
    text
}

fn explain_servers(text: &mut String, loaded: &Loaded) {
    for (nth, server) in loaded.settings.linto.iter().enumerate() {
        explain_section(text, loaded, server, nth);
        follows(text, &facts(server));
    }
    for (nth, server) in loaded.settings.xiaozhi.iter().enumerate() {
        explain_section(text, loaded, server, nth);
        follows(text, &xiaozhi::facts(server));
    }
}

fn explain_section<S: Section>(text: &mut String, loaded: &Loaded, section: &S, nth: usize) {
    let definition = S::definition();
    let _ = write!(text, "\n[{}]\n", definition.name);
    for (setting, value) in definition.settings.iter().zip(section.shown()) {
        let origin = loaded.origins.get(&(definition.name, nth, setting.key)).unwrap_or(&Origin::Default);
        let equals = if setting.mark == Mark::Secret { "is" } else { "=" };
        let _ = writeln!(text, "  {} {equals} {value}  ({})", setting.key, described(origin));
        paragraph(text, "      ", "      ", &one_line(setting.help));
    }
}

/// What settings mean together.
fn follows(text: &mut String, facts: &[String]) {
    facts.iter().for_each(|fact| paragraph(text, "  → ", "    ", fact));
}

fn described(origin: &Origin) -> String {
    match origin {
        Origin::Default => "default".into(),
        Origin::Line(line) => format!("line {line}"),
        Origin::Environment(name) => format!("environment: {name}"),
        Origin::CommandLine => "command line".into(),
    }
}

fn paragraph(text: &mut String, first: &str, rest: &str, words: &str) {
    for (nth, line) in wrap(words, WIDTH).into_iter().enumerate() {
        let _ = writeln!(text, "{}{line}", if nth == 0 { first } else { rest });
    }
}

/// What follows from the settings of a server together.
fn facts(server: &Linto) -> Vec<String> {
    let broker = &server.broker;
    let known_by = match &server.ca_file {
        Some(file) => format!("the certificates in {}", quoted(&file.display().to_string())),
        None => "the certificates of the system".into(),
    };
    let connection = if broker.tls {
        format!("It connects to {} at port {} with TLS; the broker is checked by {known_by}.", broker.host, broker.port)
    } else {
        format!(
            "It connects to {} at port {} without TLS: what is said, and the password, can be read on the way.",
            broker.host, broker.port
        )
    };
    let login = match (&server.username, &server.password) {
        (None, _) => "It logs in as nobody.".into(),
        (Some(name), Some(_)) => format!("It logs in as `{}` with a password.", quote(name)),
        (Some(name), None) => format!("It logs in as `{}` without a password.", quote(name)),
    };
    vec![connection, login, scopes(server)]
}

fn scopes(server: &Linto) -> String {
    let (admin, request) = (server.admin_scope(), server.request_scope());
    if request == admin {
        return format!("Scope `{admin}` serves both the admin page and requests.");
    }
    let source = match (&server.application_scope, &server.application) {
        (None, Some(application)) => format!(", made of the application's name \"{}\"", quote(application)),
        _ => String::new(),
    };
    format!("The admin page is on scope `{admin}`, requests go to scope `{request}`{source}.")
}
