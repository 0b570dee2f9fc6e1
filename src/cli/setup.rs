//! `auricle setup`: from nothing to a device that answers.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use zeroize::Zeroizing;

use crate::config;
use crate::setup::{self, Answers, Password, Plan, Present, Service, SetupError, Terminal, ThisMachine};

/// A password from standard input is not longer than one in a file.
const LONGEST_PASSWORD: u64 = 4_096;

/// What is known before anybody asks.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The settings file to write [default: /etc/auricle/auricle.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask nothing: take the options, and for the rest what is there. A test that fails ends it with nothing changed.
    #[arg(long)]
    yes: bool,
    /// Do not try the answers.
    #[arg(long)]
    no_test: bool,
    /// The server's MQTT broker.
    #[arg(long, value_name = "mqtts://HOST")]
    server: Option<String>,
    /// A file with the certificate (PEM) of the server's own authority.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
    /// The account at the broker; empty for none.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file whose first line is the password of the account; `-` reads it from standard input (with --yes).
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The name of the device's application, exactly as the admin page shows it; empty for old servers.
    #[arg(long, value_name = "NAME")]
    application: Option<String>,
    /// What kind of application it is.
    #[arg(long, value_name = "KIND", value_parser = ["device", "multi-user"])]
    application_kind: Option<String>,
    /// The scope on which the admin page talks.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// The microphone, as `auricle devices` lists it, or `auto`.
    #[arg(long, value_name = "PCM")]
    capture: Option<String>,
    /// The loudspeaker, as `auricle devices` lists it, or `auto`.
    #[arg(long, value_name = "PCM")]
    playback: Option<String>,
}

/// Asks or takes the options, and writes. Exit code 1: nothing was changed, or the service does not run with what was
/// written; 2: settings or options can't be used.
pub fn setup(options: Options) -> ExitCode {
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = super::fail(&error);
            if error.is_misuse() { ExitCode::from(super::BAD_SETTINGS) } else { code }
        }
    }
}

fn run(options: Options) -> Result<(), SetupError> {
    let file = options.config.clone().unwrap_or_else(|| config::DEFAULT_PATH.into());
    setup::check_rights(&file)?;
    let (yes, tests) = (options.yes, !options.no_test);
    let present = Present::read(&file)?;
    let plan = Plan { present, wants: wants(options)?, tests };
    let (world, service) = (ThisMachine::default(), Service::of(&file));
    // Also without questions: a service that was stopped for a test must be started again.
    let mut terminal = Terminal::open().map_err(SetupError::Terminal)?;
    if yes {
        let mut note = |line: &str| eprintln!("warning: {line}");
        return setup::unattended(plan, &mut terminal, &world, service, &mut note);
    }
    setup::ask(plan, &mut terminal, &world, service)
}

fn wants(options: Options) -> Result<Answers, SetupError> {
    let password = match options.password_file.as_deref() {
        None => Password::Keep,
        Some(file) if file == Path::new("-") && options.yes => Password::New(from_stdin()?),
        Some(file) if file == Path::new("-") => {
            return Err(SetupError::Option(
                "`--password-file -` needs `--yes`: without it the password is asked for".into(),
            ));
        }
        Some(file) => {
            let secret = config::password_of(file);
            let refused = |what| SetupError::Option(format!("`--password-file {}`: {what}", file.display()));
            Password::New(Zeroizing::new(secret.map_err(refused)?.expose().to_owned()))
        }
    };
    Ok(Answers {
        broker: options.server,
        ca_file: options
            .ca_file
            .map(|file| if file.is_empty() { file } else { setup::absolute(file.into()).display().to_string() }),
        username: options.username,
        password,
        application: options.application,
        application_kind: options.application_kind,
        scope: options.scope,
        capture: options.capture,
        playback: options.playback,
    })
}

/// The first line.
fn from_stdin() -> Result<Zeroizing<String>, SetupError> {
    let refused = |what: &str| SetupError::Option(format!("`--password-file -`: {what}"));
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_PASSWORD as usize + 1));
    let read = std::io::stdin().lock().take(LONGEST_PASSWORD + 1).read_to_end(&mut bytes);
    read.map_err(|error| refused(&format!("standard input can't be read: {error}")))?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| refused("it is not UTF-8 text"))?.trim_end_matches('\r');
    if line.is_empty() || line.len() as u64 > LONGEST_PASSWORD {
        return Err(refused("standard input must have the password as its first line, of at most 4096 bytes"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}
