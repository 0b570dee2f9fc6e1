//! Which cards the settings mean, what they can do, and who has them.

use std::time::Duration;

use crate::doctor::case::{Case, Daemon};
use crate::doctor::host::Host;
use crate::doctor::sheet::{Finding, Verdict};
use crate::doctor::user::Who;
use crate::sound::inventory::{Condition, Device, Inventory};
use crate::sound::{AlsaCards, Cards, Direction, Shape, SoundError};

/// A look at the cards takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(3);

/// The microphone and the loudspeaker of the settings.
pub async fn look(case: &Case) -> Vec<Finding> {
    let Some(settings) = case.settings() else {
        return ["microphone", "loudspeaker"]
            .map(|check| Finding::skipped(check, "the settings are not known"))
            .to_vec();
    };
    // Its status is some seconds old; who runs may have been muted meanwhile.
    let daemons = case.status().map(|_| "the microphone is the daemon's".to_owned());
    let closed = case.may_open_microphone().err().or(daemons);
    let why = closed.clone();
    let looking = tokio::task::spawn_blocking(move || Inventory::with_microphones(why.as_deref()));
    let Ok(Ok(inventory)) = tokio::time::timeout(LIMIT, looking).await else {
        let remedy = "Unplug the USB sound card, or restart the machine.";
        return vec![Finding::fault("microphone", "the sound cards do not answer", remedy)];
    };
    let (capture, playback) = (settings.audio.capture.name(), settings.audio.playback.name());
    let runs = !matches!(case.daemon, Daemon::Absent);
    let (microphone, loudspeaker) = tokio::join!(
        one("microphone", &inventory, Direction::Capture, capture, runs || closed.is_some()),
        one("loudspeaker", &inventory, Direction::Playback, playback, runs),
    );
    let may = |finding: Finding, direction, want: &str| {
        // Sound servers and the like have doors of their own.
        let card = want == "auto" || find(inventory.devices(direction), want).is_some_and(is_hardware);
        card.then(|| access(&case.host, finding.check, direction)).flatten().unwrap_or(finding)
    };
    vec![may(microphone, Direction::Capture, capture), may(loudspeaker, Direction::Playback, playback)]
}

/// That the service's user may use none of the cards, which nobody sees who looks as root. Where the machine has no
/// card, or lets everybody use one, there is nothing to tell.
fn access(host: &Host, check: &'static str, direction: Direction) -> Option<Finding> {
    let end = match direction {
        Direction::Capture => 'c',
        Direction::Playback => 'p',
    };
    let files = host.names("dev/snd").into_iter().filter(|name| name.starts_with("pcm") && name.ends_with(end));
    let files: Vec<_> = files.map(|name| format!("snd/{name}")).collect();
    let who = Who::of_service(host);
    let first = files.first().filter(|_| !files.iter().any(|file| who.may_use(host, file)))?;
    Some(Finding::fault(
        check,
        format!("the user `{}` may not use /dev/{first}, nor another card", who.name),
        format!("`sudo usermod -aG audio {}` and `sudo systemctl restart auricle`.", who.name),
    ))
}

async fn one(check: &'static str, all: &Inventory, direction: Direction, want: &str, runs: bool) -> Finding {
    let finding = judge(check, all, direction, want, runs);
    let listed = want == "auto" || find(all.devices(direction), want).is_some_and(is_hardware);
    if runs || listed || finding.verdict != Verdict::Ok {
        return finding;
    }
    // Nobody has looked yet whether there is anything behind the name.
    let name = want.to_owned();
    let opening = tokio::task::spawn_blocking(move || open(direction, &name));
    let opened = match tokio::time::timeout(LIMIT, opening).await {
        Ok(Ok(opened)) => opened,
        _ => Err(SoundError::Stuck { device: want.to_owned() }),
    };
    match opened {
        Ok(shape) => Finding::ok(check, format!("{}; opened as {shape}", finding.seen)),
        Err(error) => {
            let remedy = format!("`auricle devices` lists the names for `{}` in [audio].", direction.setting());
            Finding::fault(check, error.to_string(), remedy)
        }
    }
}

const fn is_hardware(device: &Device) -> bool {
    !matches!(device.condition, Condition::Named)
}

/// Opens the device and closes it again. May block for ever on a frozen sound server.
fn open(direction: Direction, name: &str) -> Result<Shape, SoundError> {
    match direction {
        Direction::Capture => AlsaCards.open_capture(name).map(|pcm| pcm.shape()),
        Direction::Playback => AlsaCards.open_playback(name).map(|pcm| pcm.shape()),
    }
}

/// `want` is `auto` or a PCM name. `runs`: a daemon does, so that a card in use is as it should be.
#[must_use]
pub fn judge(check: &'static str, inventory: &Inventory, direction: Direction, want: &str, runs: bool) -> Finding {
    let key = format!("`{}` in [audio]", direction.setting());
    let (name, by) = match (want, inventory.auto(direction)) {
        ("auto", Ok(name)) => (name, format!("{key} is \"auto\"")),
        ("auto", Err(error)) => {
            let remedy = format!("`auricle devices` lists the names for {key}.");
            return Finding::fault(check, error.to_string(), remedy);
        }
        (name, _) => (name, key.clone()),
    };
    let Some(device) = find(inventory.devices(direction), name) else {
        // Plugins of ALSA have names that no list has.
        return Finding::ok(check, format!("`{name}` ({by}), which is not in the list of cards"));
    };
    let shown = format!("`{}` ({by})", device.name.pcm);
    match &device.condition {
        Condition::Free(offer) => {
            Finding::ok(check, format!("{shown}, {}: {offer}; opened as {}", device.name.description, offer.used))
        }
        Condition::Unopened(why) => Finding::skipped(check, format!("{shown} was not opened: {why}")),
        Condition::Named => Finding::ok(check, format!("{shown}, a name of the ALSA configuration")),
        Condition::Busy(holder) => {
            let holder = holder.as_deref().unwrap_or("another program; as root doctor sees which");
            let seen = format!("{shown} is in use by {holder}");
            // Its causes say it if somebody else has the card.
            if runs { Finding::ok(check, seen) } else { Finding::fault(check, seen, "Stop that program.") }
        }
        Condition::Unusable(why) => {
            Finding::fault(check, why, format!("`auricle devices` lists other names for {key}."))
        }
    }
}

/// By its own name, or by the card that another name of ALSA leads to: `plughw:CARD=mic` is `hw:CARD=mic,DEV=0`.
fn find<'a>(devices: &'a [Device], name: &str) -> Option<&'a Device> {
    let card = |name: &str| Some(name.split_once("CARD=")?.1.split(',').next()?.to_owned());
    let same = |device: &&Device| card(&device.name.pcm).is_some() && card(&device.name.pcm) == card(name);
    devices.iter().find(|device| device.name.pcm == name).or_else(|| devices.iter().find(same))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use auricle_core::audio::convert::Format;

    use super::*;
    use crate::doctor::user::tests::machine;
    use crate::sound::CardName;
    use crate::sound::inventory::Offer;

    fn inventory(condition: Condition) -> Inventory {
        let name = CardName { pcm: "hw:CARD=mic,DEV=0".into(), description: "A microphone".into() };
        Inventory {
            capture: vec![Device { name, condition }],
            playback: vec![],
            mixers: vec![],
            auto_capture: Ok("hw:CARD=mic,DEV=0".into()),
            auto_playback: Err(SoundError::NoCard { direction: Direction::Playback }),
        }
    }

    fn free() -> Condition {
        let used = Shape { rate: 16_000, channels: 1, format: Format::S16 };
        Condition::Free(Offer { rates: vec![16_000, 48_000], channels: (1, 2), formats: vec![Format::S16], used })
    }

    #[test]
    fn a_card_is_told_with_what_it_can_do_and_who_has_it() {
        let capture =
            |condition, want: &str, runs| judge("microphone", &inventory(condition), Direction::Capture, want, runs);
        let finding = capture(free(), "auto", false);
        assert_eq!(finding.verdict, Verdict::Ok);
        assert!(finding.seen.contains("16000 48000 Hz") && finding.seen.contains("A microphone"), "{}", finding.seen);
        assert_eq!(capture(free(), "plughw:CARD=mic", false).seen.split(' ').next(), Some("`hw:CARD=mic,DEV=0`"));
        let busy = || Condition::Busy(Some("arecord (pid 7)".into()));
        let finding = capture(busy(), "auto", false);
        assert_eq!(finding.verdict, Verdict::Fault);
        assert!(finding.seen.contains("arecord (pid 7)"), "{}", finding.seen);
        assert_eq!(capture(busy(), "auto", true).verdict, Verdict::Ok);
        assert_eq!(capture(Condition::Unusable("no".into()), "auto", true).verdict, Verdict::Fault);
    }

    #[test]
    fn cards_that_the_services_user_may_not_use_are_a_fault_whoever_looks() {
        let told = |files: &[&str], mode, member, direction| {
            let (_root, host) = machine(files, mode, member);
            access(&host, "microphone", direction).map(|finding| (finding.verdict, finding.remedy))
        };
        let both = ["snd/controlC0", "snd/pcmC0D0c", "snd/pcmC0D0p"];
        for direction in [Direction::Capture, Direction::Playback] {
            let (verdict, remedy) = told(&both, 0o660, false, direction).expect("a fault");
            assert_eq!(verdict, Verdict::Fault);
            assert!(remedy.contains("usermod -aG audio auricle"), "{remedy}");
            assert_eq!(told(&both, 0o660, true, direction), None);
            assert_eq!(told(&both, 0o666, false, direction), None);
        }
        assert_eq!(told(&["snd/pcmC0D0p"], 0o600, false, Direction::Capture), None, "no microphone at all");
    }

    #[test]
    fn no_card_is_a_fault() {
        let finding = judge("loudspeaker", &inventory(free()), Direction::Playback, "auto", false);
        assert_eq!(finding.verdict, Verdict::Fault);
    }
}
