//! Amounts of memory, such as "500MB".

use super::kind::{Complaint, Given, Kind, quoted};
use super::kinds::{digits, quantity};

/// Units and their bytes, the largest first.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
    ("B", 1),
];

/// A number of bytes up to another, included.
pub(super) struct Size {
    /// In bytes.
    pub(super) most: u64,
}

impl Kind for Size {
    type Value = u64;

    fn read(&self, given: &Given<'_>) -> Result<u64, Complaint> {
        let number = given.integer().and_then(|number| u64::try_from(number).ok());
        let size = number.or_else(|| parse(given.text()?));
        size.filter(|size| *size <= self.most).ok_or_else(|| {
            Complaint::new(format!("it must be {}, written like \"500MB\", \"1.5GB\" or \"500MiB\"", self.expects()))
        })
    }

    fn expects(&self) -> String {
        format!("{} to {}", self.show(&0), self.show(&self.most))
    }

    fn show(&self, value: &u64) -> String {
        let fits = |(_, unit): &&(&str, u64)| value >= unit && value.is_multiple_of(*unit);
        let (name, unit) = UNITS.iter().find(fits).unwrap_or(&("B", 1));
        quoted(&format!("{}{name}", value / unit))
    }
}

/// "2GB", "500MiB", or plain bytes. Less than a byte is cut off.
fn parse(text: &str) -> Option<u64> {
    let bytes_of = |name: &str| UNITS.iter().find(|(unit, _)| unit.eq_ignore_ascii_case(name)).map(|(_, bytes)| *bytes);
    digits(text).or_else(|| quantity(text, bytes_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("500000000", Some(500_000_000)),
            ("17B", Some(17)),
            ("4kB", Some(4000)),
            ("4KB", Some(4000)),
            ("4KiB", Some(4096)),
            ("500MB", Some(500_000_000)),
            ("500mb", Some(500_000_000)),
            ("500MiB", Some(524_288_000)),
            ("1.5GB", Some(1_500_000_000)),
            ("0.5GiB", Some(536_870_912)),
            ("2GB", Some(2_000_000_000)),
            ("1TB", Some(1_000_000_000_000)),
            ("", None),
            ("MB", None),
            ("-1", None),
            ("+1MB", None),
            ("500 MB", None),
            ("500M", None),
            ("500MBit", None),
            ("1e9", None),
            (".5GB", None),
            ("1.GB", None),
            ("99999999999TB", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse(text), bytes, "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_as_a_person_writes_them() {
        for (bytes, text) in [
            (0, "0B"),
            (17, "17B"),
            (500_000_000, "500MB"),
            (524_288_000, "500MiB"),
            (1 << 30, "1GiB"),
            (1_500_000_000, "1500MB"),
            (2_000_000_000, "2GB"),
        ] {
            assert_eq!(Size { most: u64::MAX }.show(&bytes), format!("\"{text}\""));
            assert_eq!(parse(text), Some(bytes));
        }
    }
}
