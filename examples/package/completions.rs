//! Completions for the shells that Debian has.

use std::io;
use std::path::Path;

use clap_complete::{Shell, generate_to};

pub(crate) fn write(folder: &Path) -> io::Result<()> {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let made = generate_to(shell, &mut auricle::cli::command(), "auricle", folder)?;
        if shell == Shell::Bash {
            // bash-completion looks for the name of the command.
            std::fs::rename(made, folder.join("auricle"))?;
        }
    }
    Ok(())
}
