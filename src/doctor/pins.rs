//! May the service use the pins and the SPI bus that the settings want?

use std::path::{Path, PathBuf};

use super::case::Case;
use super::host::Host;
use super::sheet::Finding;
use super::user::Who;
use crate::config::Settings;
use crate::device::pins::lights::LightWant;

const CHECK: &str = "pins";

/// What the settings want of the board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// A button, or lights on pins.
    pub gpio: bool,
    /// The SPI bus of a strip of lights, by its device file.
    pub spi: Option<PathBuf>,
}

impl Wants {
    fn of(settings: &Settings) -> Self {
        let light = settings.leds.want();
        let spi = light.as_ref().and_then(LightWant::spi).map(Path::to_owned);
        let on_pins = light.is_some_and(|light| spi.is_none() || light.power.is_some());
        Self { gpio: on_pins || !settings.buttons().is_empty(), spi }
    }
}

/// Nothing to see unless the settings want something.
#[must_use]
pub fn look(case: &Case) -> Vec<Finding> {
    match case.settings() {
        None => vec![Finding::skipped(CHECK, "the settings are not known")],
        Some(settings) => judge(&case.host, &Wants::of(settings)),
    }
}

/// Whether the device files are there, and whether the service's user may use them.
#[must_use]
pub fn judge(host: &Host, wants: &Wants) -> Vec<Finding> {
    let mut findings = Vec::new();
    if wants.gpio {
        let gpio = |name: &String| name.starts_with("gpiochip") || name.starts_with("gpiomem");
        let chips = host.names("dev").into_iter().filter(gpio);
        let remedy = "On a Raspberry Pi the kernel makes them by itself; on another board look for its GPIO driver.";
        findings.push(device(host, "GPIO", chips.collect(), "gpio", remedy));
    }
    if let Some(spi) = &wants.spi {
        let bus = spi.strip_prefix("/dev").unwrap_or(spi).to_string_lossy().into_owned();
        let buses = [bus].into_iter().filter(|name| host.path("dev").join(name).exists());
        let remedy = auricle_core::assistant::cause::PinTrouble::NoSpi.remedy();
        findings.push(device(host, &format!("SPI ({})", spi.display()), buses.collect(), "spi", remedy));
    }
    if findings.is_empty() {
        findings.push(Finding::skipped(CHECK, "the settings have neither a button nor lights"));
    }
    findings
}

fn device(host: &Host, what: &str, files: Vec<String>, group: &str, absent: &str) -> Finding {
    if files.is_empty() {
        return Finding::fault(CHECK, format!("there is no device file for {what}"), absent);
    }
    let who = Who::of_service(host);
    match files.iter().find(|file| who.may_use(host, file)) {
        Some(file) => Finding::ok(CHECK, format!("{what}: the user `{}` may use /dev/{file}", who.name)),
        None => Finding::fault(
            CHECK,
            format!("{what}: the user `{}` may not use /dev/{}", who.name, files[0]),
            format!("`sudo usermod -aG {group} {}` and restart the service.", who.name),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Verdict;
    use super::super::user::tests::machine;
    use super::*;

    #[test]
    fn what_is_not_wanted_is_not_looked_at() {
        let (_root, host) = machine(&[], 0, false);
        assert_eq!(judge(&host, &Wants::default())[0].verdict, Verdict::Skipped);
    }

    #[test]
    fn files_rights_and_groups_decide() {
        let wants = Wants { gpio: true, spi: Some("/dev/spidev0.0".into()) };
        let verdicts = |files: &[&str], mode, member| {
            let (_root, host) = machine(files, mode, member);
            judge(&host, &wants).into_iter().map(|finding| finding.verdict).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&["gpiochip0", "spidev0.0"], 0o660, true), [Verdict::Ok, Verdict::Ok]);
        assert_eq!(verdicts(&["gpiochip0", "spidev0.0"], 0o660, false), [Verdict::Fault, Verdict::Fault]);
        assert_eq!(verdicts(&["gpiochip0", "spidev0.0"], 0o640, true), [Verdict::Fault, Verdict::Fault]);
        assert_eq!(verdicts(&["gpiomem"], 0o660, true), [Verdict::Ok, Verdict::Fault]);
    }
}
