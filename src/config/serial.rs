//! The serial number under which a device is registered with a xiaozhi server, and the file of its key.

use std::path::PathBuf;

use auricle_core::protocol::xiaozhi::access::{Serial, SerialKey};

use super::kind::{Checked, Complaint, Given, Kind};
use super::kinds::{FilePath, LONGEST_PATH};
use super::linto::ReadSecret;
use super::problem::quote;
use super::read::Reading;
use super::xiaozhi::Xiaozhi;

const PATH: FilePath = FilePath { longest: LONGEST_PATH };

/// A serial number.
pub(super) const SERIAL_NUMBER: Checked =
    Checked { expects: "letters, digits and signs of ASCII without blanks, at most 64", passes: Serial::is_number };

/// The file of a key, and the key as soon as it has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// The file.
    pub path: PathBuf,
    /// What is in it; `None` for somebody who need not know it.
    pub key: Option<SerialKey>,
}

/// Reads the path of a [`KeyFile`].
pub(super) struct KeyPath;

impl Kind for KeyPath {
    type Value = KeyFile;

    fn read(&self, given: &Given<'_>) -> Result<KeyFile, Complaint> {
        PATH.read(given).map(|path| KeyFile { path, key: None })
    }

    fn expects(&self) -> String {
        PATH.expects()
    }

    fn show(&self, value: &KeyFile) -> String {
        PATH.show(&value.path)
    }
}

impl Xiaozhi {
    /// The serial number with its key, if the device has one and the key is known here.
    #[must_use]
    pub fn serial(&self) -> Option<Serial> {
        let key = self.serial_key_file.as_ref()?.key.clone()?;
        Some(Serial { number: self.serial_number.clone()?, key })
    }
}

/// Reads the key of a server's serial number. Returns a warning.
pub(super) fn complete(
    server: &mut Xiaozhi,
    nth: usize,
    read: ReadSecret<'_>,
    reading: &mut Reading<'_, '_>,
) -> Option<String> {
    let key = match (&server.serial_number, &mut server.serial_key_file) {
        (Some(_), Some(key)) => key,
        (None, None) => return None,
        (Some(_), None) => {
            refuse_alone("serial_number", "`serial_key_file`, the file of its key", nth, reading);
            return None;
        }
        (None, Some(_)) => {
            refuse_alone("serial_key_file", "`serial_number`, to which the key belongs", nth, reading);
            return None;
        }
    };
    let shown = quote(&key.path.display().to_string());
    let found = match read(&key.path, "key") {
        Ok(None) => return None,
        Ok(Some(file)) => {
            SerialKey::read(file.secret.expose().trim()).map(|key| (key, file.exposed)).ok_or_else(|| {
                "its first line is no key of 64 hexadecimal digits; write there what came with the serial number".into()
            })
        }
        Err(what) => Err(what),
    };
    match found {
        Ok((found, exposed)) => {
            key.key = Some(found);
            exposed.then(|| format!("{shown}: everybody on this machine can read this key; `chmod o-r {shown}`"))
        }
        Err(what) => {
            let place = reading.origin(("xiaozhi", nth, "serial_key_file")).place();
            reading.problems.add(place, || format!("`serial_key_file` in [xiaozhi] is \"{shown}\"; {what}"));
            None
        }
    }
}

/// One of the two settings stands without the other.
fn refuse_alone(there: &'static str, missing: &str, nth: usize, reading: &mut Reading<'_, '_>) {
    let place = reading.origin(("xiaozhi", nth, there)).place();
    reading.problems.add(place, || format!("`{there}` in [xiaozhi] needs {missing}; set both, or leave both out"));
}
