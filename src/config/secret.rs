//! Passwords: kept so that they can't get into a log by accident.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

/// The longest password, in bytes.
pub(super) const LONGEST: usize = 4096;

/// A password. It is wiped from memory when dropped, shows itself neither with `{}` nor `{:?}`, and can't be
/// serialised. What goes for a user name,
///
/// ```
/// fn to_json(server: &auricle::config::Linto) -> serde_json::Result<String> {
///     serde_json::to_string(&server.username)
/// }
/// ```
///
/// does not compile for a password:
///
/// ```compile_fail
/// fn to_json(server: &auricle::config::Linto) -> serde_json::Result<String> {
///     serde_json::to_string(&server.password)
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text as a secret from now on.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The password itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What a password file holds.
pub(super) struct PasswordFile {
    pub(super) secret: Secret,
    /// Whether everybody on the machine may read it.
    pub(super) exposed: bool,
}

/// The first line of a file as a secret, which is called `what`.
///
/// # Errors
/// What is wrong with the file and what to do, to follow its name in a message.
pub(super) fn read(path: &Path, what: &str) -> Result<PasswordFile, String> {
    let advice = format!("create it with the {what} as its only line, readable by the user that runs Auricle");
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no such file; {advice}"),
        std::io::ErrorKind::PermissionDenied => {
            "it can't be read (permission denied); make it readable for the user that runs Auricle".into()
        }
        _ => format!("it can't be read ({error}); {advice}"),
    };
    // Asked before it is opened: to open a pipe could wait for ever.
    let metadata = path.metadata().map_err(refused)?;
    if !metadata.is_file() {
        return Err(format!("it is not a file; {advice}"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path).map_err(refused)?.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes; it must hold one line, the {what}"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| format!("it is not UTF-8 text; write the {what} as UTF-8"))?;
    let line = text.split('\n').next().unwrap_or_default().trim_end_matches('\r');
    if line.is_empty() {
        return Err(format!("its first line is empty; write the {what} there"));
    }
    Ok(PasswordFile { secret: Secret::new(line.to_owned()), exposed: metadata.mode() & 0o004 != 0 })
}
