//! Machines that this one is not: a Raspberry Pi with a weak supply, one with Wi-Fi that sleeps, full disks.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use auricle::doctor::{Finding, Host, Verdict, power, wifi};

struct Machine {
    _root: tempfile::TempDir,
    host: Host,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        Self { _root: root, host }
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.host.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn program(self, path: &str, script: &str) -> Self {
        let machine = self.file(path, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(machine.host.path(path), fs::Permissions::from_mode(0o755)).unwrap();
        machine
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn power_of(machine: &Machine) -> Finding {
    now(power::look(&machine.host))
}

#[test]
fn a_weak_supply_shows_in_the_firmware_the_program_and_the_sensor() {
    const FILE: &str = "sys/devices/platform/soc/soc:firmware/get_throttled";
    for (text, verdict) in [("0\n", Verdict::Ok), ("50005\n", Verdict::Fault), ("50000\n", Verdict::Warning)] {
        let finding = power_of(&Machine::new().file(FILE, text));
        assert_eq!(finding.verdict, verdict, "{text}: {finding:?}");
        assert_eq!(finding.remedy.contains("power supply"), verdict != Verdict::Ok, "{finding:?}");
    }
    for (text, verdict) in [("throttled=0x0", Verdict::Ok), ("throttled=0x50005", Verdict::Fault)] {
        let machine = Machine::new().program("usr/bin/vcgencmd", &format!("[ \"$1\" = get_throttled ] && echo {text}"));
        assert_eq!(power_of(&machine).verdict, verdict, "{text}");
    }
    for (alarm, verdict) in [("0\n", Verdict::Ok), ("1\n", Verdict::Fault)] {
        let machine = Machine::new()
            .file("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
            .file("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
            .file("sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm);
        assert_eq!(power_of(&machine).verdict, verdict, "{alarm}");
    }
    assert_eq!(power_of(&Machine::new()).verdict, Verdict::Skipped);
    assert_eq!(power_of(&Machine::new().file(FILE, "nonsense")).verdict, Verdict::Skipped);
}

#[test]
fn a_radio_that_sleeps_is_a_warning_with_both_remedies() {
    let machine = |answer: &str| {
        Machine::new()
            .file("sys/class/net/wlan0/wireless/status", "")
            .file("sys/class/net/eth0/address", "")
            .program("usr/sbin/iw", &format!("[ \"$*\" = 'dev wlan0 get power_save' ] && echo '{answer}'"))
    };
    let of = |machine: &Machine| {
        let findings = now(wifi::look(&machine.host));
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings[0].clone()
    };
    let on = of(&machine("Power save: on"));
    assert_eq!(on.verdict, Verdict::Warning);
    assert!(on.remedy.contains("nmcli") && on.remedy.contains("iw dev wlan0 set power_save off"), "{}", on.remedy);
    assert_eq!(of(&machine("Power save: off")).verdict, Verdict::Ok);
    assert_eq!(of(&machine("command failed: Operation not supported")).verdict, Verdict::Skipped);
    let without = of(&Machine::new().file("sys/class/net/wlan0/phy80211/x", ""));
    assert_eq!(without.verdict, Verdict::Skipped);
    assert!(without.remedy.contains("apt install iw"), "{without:?}");
    assert_eq!(of(&Machine::new()).verdict, Verdict::Skipped);
    assert_eq!(
        of(&machine("Power save: on").file("sys/class/net/wlan0/operstate", "down\n")).verdict,
        Verdict::Skipped
    );
}

#[test]
fn a_program_that_hangs_is_not_waited_for() {
    let begun = std::time::Instant::now();
    let machine = Machine::new().program("usr/bin/vcgencmd", "exec sleep 60");
    assert_eq!(power_of(&machine).verdict, Verdict::Skipped);
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
}
