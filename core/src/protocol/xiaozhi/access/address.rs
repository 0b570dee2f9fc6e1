//! Where a server's configuration is.

use crate::protocol::xiaozhi::fields::quoted;

/// The longest address, in bytes.
const LONGEST: usize = 2_000;

/// The address of a server's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

/// Why an address can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not begin with `http://` or `https://` and a host.
    #[error("{0} is no address of a server; write https://HOST/xiaozhi/ota/ or http://HOST:PORT/xiaozhi/ota/")]
    Form(String),
    /// There is a character in it that no address has.
    #[error("{0} has a blank or another character in it that no address has; write it as %20 or the like")]
    Character(String),
    /// Too long.
    #[error("the address of the server has {0} bytes; {LONGEST} are the most")]
    Long(usize),
}

impl Address {
    /// Checks an address. Blanks around it don't matter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(url: &str) -> Result<Self, AddressError> {
        let url = url.trim();
        if url.len() > LONGEST {
            return Err(AddressError::Long(url.len()));
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AddressError::Character(quoted(url)));
        }
        let behind = ["http://", "https://"].iter().find_map(|scheme| {
            let start = url.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme))?;
            url.strip_prefix(start)
        });
        match behind.and_then(|rest| rest.bytes().next()) {
            Some(b'/' | b'?' | b'#' | b':') | None => Err(AddressError::Form(quoted(url))),
            Some(_) => Ok(Self(url.split('#').next().unwrap_or(url).into())),
        }
    }

    /// As it is requested.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where activation is asked for: one slash and `activate` behind the path.
    #[must_use]
    pub fn activation(&self) -> String {
        let (path, query) = self.0.split_at(self.0.find('?').unwrap_or(self.0.len()));
        format!("{}/activate{query}", path.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn there_is_exactly_one_slash_before_activate() {
        for (url, activation) in [
            ("https://api.example.org/xiaozhi/ota/", "https://api.example.org/xiaozhi/ota/activate"),
            ("https://api.example.org/xiaozhi/ota", "https://api.example.org/xiaozhi/ota/activate"),
            ("http://10.0.0.2:8002/toy/ota///", "http://10.0.0.2:8002/toy/ota/activate"),
            ("http://host", "http://host/activate"),
            ("http://[::1]:8003/ota/?key=a/b", "http://[::1]:8003/ota/activate?key=a/b"),
            ("HTTPS://host/ota/#top", "HTTPS://host/ota/activate"),
        ] {
            assert_eq!(Address::new(url).unwrap().activation(), activation, "{url}");
        }
    }

    #[test]
    fn the_address_itself_stays_as_the_owner_wrote_it() {
        assert_eq!(Address::new(" https://host/ota \n").unwrap().as_str(), "https://host/ota");
        assert_eq!(Address::new("https://host/ota/").unwrap().as_str(), "https://host/ota/");
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for url in
            ["", "host/ota", "ftp://host/", "https://", "https:///ota/", "http://:80/", "http://?x", "wss://host/"]
        {
            assert_eq!(Address::new(url), Err(AddressError::Form(format!("`{url}`"))));
        }
        for url in ["https://a b/", "https://a/\u{7}", "https://é/"] {
            assert!(matches!(Address::new(url), Err(AddressError::Character(_))), "{url}");
        }
        assert_eq!(Address::new(&format!("https://{}", "x".repeat(1_993))), Err(AddressError::Long(2_001)));
    }
}
