//! `volume`: the admin page's slider. It sends many per second while it moves.

use super::Served;
use crate::protocol::linto::lenient;
use crate::wish::Wish;

/// The fourth level of the topic.
pub const LEAF: &str = "volume";

/// The longest payload that is read, in bytes.
const PAYLOAD_LIMIT: usize = 1_024;

/// A volume, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

impl Percent {
    /// `None` above 100.
    #[must_use]
    pub const fn new(percent: u8) -> Option<Self> {
        if percent <= 100 { Some(Self(percent)) } else { None }
    }

    /// 0 to 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// `{"value":"55"}`, `{"value":55}` or the number alone; a fraction is rounded, a percent sign may follow. LinTO: the
/// admin page sends strings.
///
/// # Errors
/// What is wrong with the payload, and what would be right.
pub fn parse(payload: &[u8]) -> Result<Percent, String> {
    lenient::fits(payload, PAYLOAD_LIMIT)?;
    let text = lenient::value(payload).ok_or("no `value` in it; send a number from 0 to 100")?;
    let refusal = || format!("the volume is {}; send a number from 0 to 100", lenient::quoted(&text));
    let number: f64 = text.trim_end_matches('%').trim_end().parse().map_err(|_| refusal())?;
    // Not a number is in no range.
    if !(0.0..=100.0).contains(&number) {
        return Err(refusal());
    }
    Ok(Percent(number.round() as u8))
}

/// Heard at once, not remembered.
#[must_use]
pub fn serve(payload: &[u8]) -> Served {
    parse(payload).map(|percent| Wish::Volume { percent: percent.get(), keep: false }).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(payload: &str) -> Option<u8> {
        parse(payload.as_bytes()).ok().map(Percent::get)
    }

    #[test]
    fn strings_and_numbers_zero_included() {
        for (payload, percent) in [
            (r#"{"value":"55"}"#, 55),
            (r#"{"value":55}"#, 55),
            (r#" { "value" : " 55 " } "#, 55),
            ("55", 55),
            ("\"55\"", 55),
            (r#"{"value":"0"}"#, 0),
            (r#"{"value":0}"#, 0),
            ("0", 0),
            (r#"{"value":-0.0}"#, 0),
            (r#"{"value":100}"#, 100),
            (r#"{"value":1e2}"#, 100),
            (r#"{"value":55.4}"#, 55),
            (r#"{"value":"55.5"}"#, 56),
            (r#"{"value":"55%"}"#, 55),
            (r#"{"value":"55 %"}"#, 55),
        ] {
            assert_eq!(of(payload), Some(percent), "{payload}");
        }
    }

    #[test]
    fn what_is_no_volume_is_refused_and_named() {
        for value in
            ["-1", "-0.4", "100.4", "101", "1e300", "NaN", "inf", "-inf", "loud", "5 5", "0x10", "true", "55,4"]
        {
            let error = parse(format!(r#"{{"value":"{value}"}}"#).as_bytes()).unwrap_err();
            assert_eq!(error, format!("the volume is `{value}`; send a number from 0 to 100"));
        }
        let error = parse(format!(r#"{{"value":"{}"}}"#, "9".repeat(900)).as_bytes()).unwrap_err();
        assert!(error.len() < 120, "{error}");
    }

    #[test]
    fn nothing_nested_oversized_and_not_utf8_are_refused() {
        for payload in ["", "{}", "[50]", "null", r#"{"value":{"value":50}}"#, r#"{"value":[50]}"#, r#"{"volume":50}"#]
        {
            assert_eq!(
                parse(payload.as_bytes()).unwrap_err(),
                "no `value` in it; send a number from 0 to 100",
                "{payload}"
            );
        }
        assert_eq!(
            parse(b"{\"value\":\"5\xff\"}").unwrap_err(),
            "the volume is `5\u{fffd}`; send a number from 0 to 100"
        );
        let large = format!(r#"{{"value":"5{}"}}"#, " ".repeat(2_000));
        assert_eq!(parse(large.as_bytes()).unwrap_err(), "the payload has 2013 bytes, 1024 are the most");
    }

    #[test]
    fn a_percent_is_never_above_a_hundred() {
        assert_eq!(Percent::new(100).map(Percent::get), Some(100));
        assert_eq!(Percent::new(101), None);
    }
}
