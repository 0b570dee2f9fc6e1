//! A request over HTTP, as data.

use std::fmt;
use std::time::Duration;

/// Names a request. Unique within one dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub u64);

/// A POST of JSON. Certificates are always verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The address, `http://` or `https://`.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The longest that it may take.
    pub within: Duration,
    /// The longest answer that is read, in bytes; a longer one is an error.
    pub limit: usize,
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The status of HTTP, 100 to 599.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Fetched {
    /// Without the body, in which there may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_answer_is_not_printed() {
        let fetched = Fetched { status: 200, body: b"secret".into() };
        assert_eq!(format!("{fetched:?}"), "200, 6 bytes");
    }
}
