//! The settings file as text.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::document::Origin;
use super::problem::Place;
use super::{LARGEST_FILE, Loaded};

/// Why there is no text.
pub(super) enum Refusal {
    /// There is no such file.
    Missing,
    /// Something else, in words.
    Other(Place, String),
}

/// The text of the file, and whether everybody on the machine may read it.
pub(super) fn read_file(path: &Path) -> Result<(Zeroizing<String>, bool), Refusal> {
    let refused = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Refusal::Missing,
        _ => Refusal::Other(Place::File, format!("the settings can't be read: {error}; check the file and its rights")),
    };
    let file = File::open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() > LARGEST_FILE {
        let text = format!("the file is larger than {LARGEST_FILE} bytes; settings are much smaller, check the path");
        return Err(Refusal::Other(Place::File, text));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        Refusal::Other(Place::Line(line), "this is not UTF-8 text; save the file as UTF-8".into())
    })?;
    Ok((Zeroizing::new(text.to_owned()), metadata.is_file() && metadata.mode() & 0o004 != 0))
}

/// A warning for each password that stands in a file that everybody may read.
pub(super) fn exposed_passwords(loaded: &Loaded, file: &Path) -> Vec<String> {
    let lines = loaded.settings.linto.iter().enumerate().filter_map(|(nth, server)| {
        let origin = loaded.origins.get(&("linto", nth, "password"))?;
        let Origin::Line(line) = origin else { return None };
        (server.password.is_some() && server.password_file.is_none()).then_some(*line)
    });
    let file = file.display();
    lines
        .map(|line| {
            format!(
                "{file}: line {line}: everybody on this machine can read this password; `chmod o-r {file}`, or use `password_file`"
            )
        })
        .collect()
}
