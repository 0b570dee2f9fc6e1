//! `auricle`, the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    auricle::cli::main()
}
