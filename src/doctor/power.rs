//! Under-voltage: the most frequent reason for crackling sound, lost cards and broken files on a Raspberry Pi.

use std::time::Duration;

use super::host::Host;
use super::sheet::Finding;

const CHECK: &str = "power";

/// How long `vcgencmd` may take.
const LIMIT: Duration = Duration::from_secs(3);

/// What the firmware tells, as bits: now, and since the start.
const UNDER_VOLTAGE: u32 = 1;
const THROTTLED: u32 = 1 << 2;
const HOT: u32 = 1 << 3;
const SINCE_START: u32 = 16;

/// What the firmware or the voltage sensor says.
pub async fn look(host: &Host) -> Finding {
    if let Some(bits) = firmware(host).await {
        return judge(bits);
    }
    match sensor(host) {
        Some(true) => judge(UNDER_VOLTAGE),
        Some(false) => Finding::ok(CHECK, "the voltage is not too low now"),
        None => Finding::skipped(CHECK, "nothing on this machine tells its voltage"),
    }
}

/// What the bits of `get_throttled` mean.
#[must_use]
pub fn judge(bits: u32) -> Finding {
    let supply = "Use a stronger power supply and a short cable (Raspberry Pi 4 and 5: the official one).";
    let is = |flag: u32| bits & flag != 0;
    let was = |flag: u32| bits & (flag << SINCE_START) != 0;
    let raw = format!("(0x{bits:x})");
    if is(UNDER_VOLTAGE) {
        return Finding::fault(CHECK, format!("the voltage is too low now {raw}"), supply);
    }
    if was(UNDER_VOLTAGE) {
        return Finding::warning(CHECK, format!("the voltage was too low since the start {raw}"), supply);
    }
    if is(HOT) || is(THROTTLED) || was(HOT) || was(THROTTLED) {
        let seen = format!("the processor was slowed down since it was too hot {raw}");
        return Finding::warning(CHECK, seen, "Give it air, or a heat sink.");
    }
    Finding::ok(CHECK, format!("the voltage was never too low since the start {raw}"))
}

async fn firmware(host: &Host) -> Option<u32> {
    for file in [
        "sys/devices/platform/soc/soc:firmware/get_throttled",
        "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled",
    ] {
        if let Some(bits) = host.read(file).and_then(|text| hexadecimal(&text)) {
            return Some(bits);
        }
    }
    let outcome = host.run(&["vcgencmd", "get_throttled"], LIMIT).await?.ok()?;
    hexadecimal(outcome.stdout.trim().strip_prefix("throttled=")?)
}

fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
}

/// The kernel's sensor of the Raspberry Pi: whether the voltage is too low now.
fn sensor(host: &Host) -> Option<bool> {
    let sensors = host.names("sys/class/hwmon").into_iter().map(|name| format!("sys/class/hwmon/{name}"));
    let ours = sensors.into_iter().find(|folder| host.read(format!("{folder}/name")).as_deref() == Some("rpi_volt"))?;
    Some(host.read(format!("{ours}/in0_lcrit_alarm"))? != "0")
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Verdict;
    use super::*;

    #[test]
    fn bits_of_the_firmware_have_meanings() {
        for (bits, verdict) in [
            (0, Verdict::Ok),
            (0x5_0005, Verdict::Fault),
            (0x5_0000, Verdict::Warning),
            (0x1_0000, Verdict::Warning),
            (0x8, Verdict::Warning),
            (0x4_0000, Verdict::Warning),
            // The clock was capped, which the governor may do too.
            (0x2_0000, Verdict::Ok),
        ] {
            assert_eq!(judge(bits).verdict, verdict, "{bits:x}");
        }
    }
}
