//! What the package holds beside the program, made of the program's own definitions: manual pages, completions, and the
//! licences of the crates in it. Runs on the machine that builds, also for another architecture.
//!
//! usage: cargo run --example package -- FOLDER TARGET      TARGET: as in `rustc --print target-list`

mod completions;
mod licences;
mod man;

use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [folder, target] = arguments.as_slice() else {
        eprintln!("usage: package FOLDER TARGET");
        return ExitCode::from(2);
    };
    match make(Path::new(folder), target) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("package: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(folder: &Path, target: &str) -> io::Result<()> {
    for part in ["man", "completions"] {
        fs::create_dir_all(folder.join(part))?;
    }
    man::write(&folder.join("man"))?;
    completions::write(&folder.join("completions"))?;
    fs::write(folder.join("THIRD-PARTY"), licences::of(target)?)
}
