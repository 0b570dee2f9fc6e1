//! `auricle doctor`: looks at everything and says what to do.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::doctor::sheet::Style;
use crate::doctor::{Case, Host, Sheet, Verdict, examine};

/// What to look at, and how to tell it.
#[derive(Debug, Args)]
pub struct Options {
    /// Print JSON: an array of objects with `check`, `verdict`, `seen`, `remedy` and `server`
    #[arg(long)]
    json: bool,
    /// Ask xiaozhi servers `Hello!`, which makes them speak, to see whether sound comes back
    #[arg(long)]
    talk: bool,
    /// The settings file [default: /etc/auricle/auricle.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints a line per finding. Exit code 1 if there is a fault.
pub fn doctor(options: &Options) -> ExitCode {
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::fail(&error),
    };
    let terminal = std::io::stdout().is_terminal();
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = if options.json { Style::Json } else { Style::Words { colours } };
    let person = terminal && std::io::stdin().is_terminal() && !options.json;
    let sheet = Sheet::new(style);
    runtime.block_on(async {
        let case = Case::open(Host::default(), options.config.clone(), person, options.talk).await;
        examine(&case, &sheet).await;
    });
    sheet.close();
    // A thread that hangs in a resolver or a driver must not keep the process.
    runtime.shutdown_background();
    if sheet.count(Verdict::Fault) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
