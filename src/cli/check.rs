//! `auricle check`: reads the settings and says what they mean.

use std::path::Path;
use std::process::ExitCode;

use crate::config;

/// Prints the settings in words. Exit code 2 if they can't be used.
pub fn check(path: Option<&Path>) -> ExitCode {
    let loaded = match super::run::load(path) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    print!("{}", config::explain(&loaded));
    ExitCode::SUCCESS
}
