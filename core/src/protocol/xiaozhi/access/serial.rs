//! A serial number under which the server's maker knows a device, and the key that proves that it is the one.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The longest serial number, in characters.
const LONGEST: usize = 64;

/// The length of a key in bytes.
const KEY: usize = 32;

/// A serial number that was registered with the server, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial {
    /// The number, see [`Serial::is_number`].
    pub number: String,
    /// The key.
    pub key: SerialKey,
}

impl Serial {
    /// Whether this can be a serial number: 1 to 64 printable characters of ASCII without blanks, since it travels in a
    /// header of HTTP.
    #[must_use]
    pub fn is_number(text: &str) -> bool {
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// What proves to the server that the device has the key.
    ///
    /// xiaozhi: most servers look for the four parts at the top, some below `Payload`; both find them here.
    pub(super) fn proof(&self, challenge: &str) -> Value {
        let parts = json!({
            "algorithm": "hmac-sha256",
            "serial_number": self.number,
            "challenge": challenge,
            "hmac": self.key.sign(challenge),
        });
        let mut proof = parts.clone();
        proof["Payload"] = parts;
        proof
    }
}

/// The key of a serial number. It is wiped from memory when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SerialKey(Zeroizing<[u8; KEY]>);

impl SerialKey {
    /// Out of 64 hexadecimal digits; `None`: it is something else.
    #[must_use]
    pub fn read(digits: &str) -> Option<Self> {
        let digits = digits.as_bytes();
        if digits.len() != 2 * KEY {
            return None;
        }
        let mut key = Zeroizing::new([0; KEY]);
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            *byte = (high? << 4 | low?) as u8;
        }
        Some(Self(key))
    }

    /// HMAC-SHA256 of the text, as 64 small hexadecimal digits. xiaozhi: the key is the 32 bytes, not their digits.
    fn sign(&self, text: &str) -> String {
        // It takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) else { return String::new() };
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for SerialKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SerialKey")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KEY: &str = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
    const CHALLENGE: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
    const HMAC: &str = "026c9d712412f9e90f46f9896b51bb81dfbcda95e23a05c1faa1952ee992cd55";

    fn serial() -> Serial {
        Serial { number: "SN-12".into(), key: SerialKey::read(KEY).unwrap() }
    }

    #[test]
    fn the_proof_is_the_one_that_the_reference_device_gives() {
        let parts = json!({"algorithm": "hmac-sha256", "serial_number": "SN-12", "challenge": CHALLENGE, "hmac": HMAC});
        let proof = serial().proof(CHALLENGE);
        assert_eq!(proof["Payload"], parts);
        for (key, value) in parts.as_object().unwrap() {
            assert_eq!(&proof[key], value);
        }
        assert_eq!(proof.as_object().unwrap().len(), 5);
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits_of_either_case() {
        assert_eq!(SerialKey::read(&KEY.to_ascii_uppercase()), SerialKey::read(KEY));
        for wrong in ["", &KEY[1..], &format!("{KEY}0"), &KEY.replace('f', "g"), &"é".repeat(32)] {
            assert_eq!(SerialKey::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", serial()), r#"Serial { number: "SN-12", key: SerialKey }"#);
    }

    #[test]
    fn a_serial_number_fits_into_a_header() {
        assert!(Serial::is_number("SN-12/ab:C_3") && Serial::is_number(&"x".repeat(64)));
        for wrong in ["", "a b", "a\nb", "é", &"x".repeat(65)] {
            assert!(!Serial::is_number(wrong), "{wrong}");
        }
    }
}
