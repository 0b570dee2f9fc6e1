//! Manual pages: auricle(1), one for each subcommand, auricle.toml(5).

use std::io::Write;
use std::path::Path;
use std::{fs, io};

/// What the command line's definition does not know.
const MORE: &str = "\
.SH FILES
.TP
.I /etc/auricle/auricle.toml
The settings, see auricle.toml(5); /usr/share/auricle/auricle.toml is a sample with every setting in it.
.TP
.I /run/auricle/control.sock
How the other commands reach the daemon. For root and the group auricle.
.TP
.I /var/lib/auricle
What the device remembers, and recordings.
.SH EXIT STATUS
0: done. 1: it could not be done; standard error says why. 2: the settings or the command line can't be used.
.SH SEE ALSO
auricle.toml(5), systemctl(1), journalctl(1)
";

pub(crate) fn write(folder: &Path) -> io::Result<()> {
    clap_mangen::generate_to(auricle::cli::command(), folder)?;
    fs::OpenOptions::new().append(true).open(folder.join("auricle.1"))?.write_all(MORE.as_bytes())?;
    fs::write(folder.join("auricle.toml.5"), auricle::config::manual())
}
