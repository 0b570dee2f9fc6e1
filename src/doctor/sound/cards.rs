//! Which cards the settings mean, what they can do, and who has them.

use std::time::Duration;

use crate::doctor::case::{Case, Daemon};
use crate::doctor::sheet::Finding;
use crate::sound::Direction;
use crate::sound::inventory::{Condition, Device, Inventory};

/// A look at the cards takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(3);

/// The microphone and the loudspeaker of the settings.
pub async fn look(case: &Case) -> Vec<Finding> {
    let Some(settings) = case.settings() else {
        return ["microphone", "loudspeaker"]
            .map(|check| Finding::skipped(check, "the settings are not known"))
            .to_vec();
    };
    let looking = tokio::task::spawn_blocking(Inventory::take);
    let Ok(Ok(inventory)) = tokio::time::timeout(LIMIT, looking).await else {
        let remedy = "Unplug the USB sound card, or restart the machine.";
        return vec![Finding::fault("microphone", "the sound cards do not answer", remedy)];
    };
    let runs = !matches!(case.daemon, Daemon::Absent);
    let one = |check, direction, want: &str| judge(check, &inventory, direction, want, runs);
    vec![
        one("microphone", Direction::Capture, settings.audio.capture.name()),
        one("loudspeaker", Direction::Playback, settings.audio.playback.name()),
    ]
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
        return Finding::ok(check, format!("`{name}` ({by}); it is not in the list of cards"));
    };
    let shown = format!("`{}` ({by})", device.name.pcm);
    match &device.condition {
        Condition::Free(offer) => {
            Finding::ok(check, format!("{shown}, {}: {offer}; opened as {}", device.name.description, offer.used))
        }
        Condition::Named => Finding::ok(check, format!("{shown}, a name of the ALSA configuration")),
        Condition::Busy(holder) => {
            let holder = holder.as_deref().unwrap_or("another program");
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
    use auricle_core::audio::convert::Format;

    use super::*;
    use crate::doctor::sheet::Verdict;
    use crate::sound::inventory::Offer;
    use crate::sound::{CardName, Shape, SoundError};

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
    fn no_card_is_a_fault() {
        let finding = judge("loudspeaker", &inventory(free()), Direction::Playback, "auto", false);
        assert_eq!(finding.verdict, Verdict::Fault);
    }
}
