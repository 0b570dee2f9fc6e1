//! How the loudspeaker comes back through the microphone.

use std::path::Path;

use hyper::Method;
use serde_json::Value;

use crate::control::client::{self, ClientError};
use crate::doctor::sheet::Finding;

const CHECK: &str = "echo";

/// An echo that comes back louder than this is too much for any canceller, in dB.
const LOUD: f64 = 6.0;

/// One that comes later is in nobody's ear any more, in ms.
const LATE: f64 = 500.0;

/// The codes of refusals that say nothing against the device.
const NOT_NOW: [&str; 2] = ["muted", "busy"];

/// Lets the daemon at this socket play a sound and listen. `zeros`: the microphone delivers nothing but zeros.
pub(super) async fn look(socket: &Path, zeros: bool) -> Finding {
    match client::call(socket, Method::GET, "/echo", None).await {
        Ok(found) => judge(&found, zeros),
        Err(ClientError::Refused { why, code }) if NOT_NOW.contains(&code.as_str()) => Finding::skipped(CHECK, why),
        Err(error) => Finding::warning(CHECK, error.to_string(), "Run it again; `auricle status` may say more."),
    }
}

/// What the daemon found.
#[must_use]
pub fn judge(found: &Value, zeros: bool) -> Finding {
    if found["heard"] != true {
        let seen = "the microphone does not hear the loudspeaker";
        let remedy = if zeros {
            "See `level` above: the microphone delivers only zeros."
        } else {
            "If you heard no sound: check the loudspeaker's plug and its volume (`auricle volume 80`, `alsamixer`). If you \
             did, it may be far away, which is as well."
        };
        return Finding::warning(CHECK, seen, remedy);
    }
    let number = |key: &str| found[key].as_f64().unwrap_or(0.0);
    let (delay, level) = (number("delay_ms"), number("level_db"));
    let louder = if level > 0.0 { "louder" } else { "quieter" };
    let seen = format!("the loudspeaker is heard after {delay:.0} ms, {:.0} dB {louder} than it was sent", level.abs());
    if level > LOUD {
        return Finding::warning(CHECK, seen, "Turn the loudspeaker or the microphone down, or take them apart.");
    }
    if delay > LATE {
        return Finding::warning(
            CHECK,
            seen,
            "Something in between keeps the sound back: a sound server, or Bluetooth.",
        );
    }
    Finding::ok(CHECK, seen)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::sheet::Verdict;

    #[test]
    fn too_loud_too_late_and_not_at_all_are_warnings() {
        for (found, verdict) in [
            (json!({"heard": true, "delay_ms": 80.0, "level_db": -12.0}), Verdict::Ok),
            (json!({"heard": true, "delay_ms": 80.0, "level_db": 12.0}), Verdict::Warning),
            (json!({"heard": true, "delay_ms": 800.0, "level_db": -12.0}), Verdict::Warning),
            (json!({"heard": false}), Verdict::Warning),
            (json!(7), Verdict::Warning),
        ] {
            assert_eq!(judge(&found, false).verdict, verdict, "{found}");
        }
    }
}
