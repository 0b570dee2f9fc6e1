//! Who has a sound device open.

use std::fs;
use std::path::Path;

use super::card::Direction;

/// `arecord (pid 123)`, read from a `/proc` mounted at `proc`.
///
/// The kernel names the owner of each running stream to everybody; where it does not, the open files of all processes
/// are looked through, of which an ordinary user sees only his own.
pub(super) fn holder(proc: &Path, device: &str, direction: Direction) -> Option<String> {
    let node = Node::of(proc, device, direction)?;
    let pid = owner(proc, &node).or_else(|| opener(proc, &node))?;
    let name = fs::read_to_string(proc.join(pid.to_string()).join("comm")).unwrap_or_default();
    let name = name.trim();
    Some(format!("{} (pid {pid})", if name.is_empty() { "a program" } else { name }))
}

/// The device files that a PCM name may mean; what the name does not say stays open.
struct Node {
    card: Option<u32>,
    device: Option<u32>,
    suffix: char,
}

impl Node {
    /// Of `hw:CARD=mic,DEV=0`, `plughw:1,0`, `default`. `None` if it names a card that is not there.
    fn of(proc: &Path, name: &str, direction: Direction) -> Option<Self> {
        let arguments: Vec<&str> = name.split_once(':').map_or(Vec::new(), |(_, rest)| rest.split(',').collect());
        let argument = |key: &str, place: usize| {
            let keyed = arguments.iter().find_map(|a| a.strip_prefix(key)?.strip_prefix('='));
            keyed.or_else(|| arguments.get(place).copied().filter(|a| !a.contains('=')))
        };
        let card = match argument("CARD", 0) {
            Some(card) => Some(card.parse().ok().or_else(|| number(proc, card))?),
            None => None,
        };
        let device = argument("DEV", 1).and_then(|device| device.parse().ok());
        let suffix = if direction == Direction::Capture { 'c' } else { 'p' };
        Some(Self { card, device, suffix })
    }

    fn is(&self, card: u32, device: u32, suffix: char) -> bool {
        self.suffix == suffix && self.card.is_none_or(|c| c == card) && self.device.is_none_or(|d| d == device)
    }
}

/// The number of the card with this id: `/proc/asound/mic` is a link to `card1`.
fn number(proc: &Path, id: &str) -> Option<u32> {
    let link = fs::read_link(proc.join("asound").join(id)).ok()?;
    link.file_name()?.to_str()?.strip_prefix("card")?.parse().ok()
}

/// From `/proc/asound/card0/pcm0c/sub0/status`.
fn owner(proc: &Path, node: &Node) -> Option<u32> {
    for card in names(&proc.join("asound")) {
        let Some(number) = card.strip_prefix("card").and_then(|n| n.parse().ok()) else { continue };
        for pcm in names(&proc.join("asound").join(&card)) {
            let Some((device, suffix)) = pcm.strip_prefix("pcm").and_then(device_suffix) else { continue };
            if !node.is(number, device, suffix) {
                continue;
            }
            let folder = proc.join("asound").join(&card).join(&pcm);
            let status = |sub: String| fs::read_to_string(folder.join(sub).join("status")).ok();
            if let Some(pid) = names(&folder).into_iter().filter_map(status).find_map(|text| owner_pid(&text)) {
                return Some(pid);
            }
        }
    }
    None
}

fn owner_pid(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("owner_pid"))?;
    line.trim_start_matches([' ', ':']).trim().parse().ok()
}

/// From `/proc/123/fd/7 -> /dev/snd/pcmC0D0c`.
fn opener(proc: &Path, node: &Node) -> Option<u32> {
    names(proc).into_iter().filter_map(|pid| pid.parse().ok()).find(|pid: &u32| {
        let folder = proc.join(pid.to_string()).join("fd");
        names(&folder).into_iter().any(|fd| {
            let Ok(target) = fs::read_link(folder.join(fd)) else { return false };
            let found = target.to_str().and_then(|path| path.strip_prefix("/dev/snd/pcmC")).and_then(|rest| {
                let (card, rest) = rest.split_once('D')?;
                let (device, suffix) = device_suffix(rest)?;
                Some((card.parse().ok()?, device, suffix))
            });
            found.is_some_and(|(card, device, suffix)| node.is(card, device, suffix))
        })
    })
}

/// `0c` is device 0, capture.
fn device_suffix(text: &str) -> Option<(u32, char)> {
    let suffix = text.chars().last()?;
    Some((text.strip_suffix(suffix)?.parse().ok()?, suffix))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    /// A `/proc` with two cards; `arecord` records from the second, `aplay` plays on the first.
    fn proc(with_status: bool) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for (pid, name, node) in [(77, "aplay", "pcmC0D0p"), (123, "arecord", "pcmC1D0c")] {
            fs::create_dir_all(at(&format!("{pid}/fd"))).unwrap();
            fs::write(at(&format!("{pid}/comm")), format!("{name}\n")).unwrap();
            symlink("/dev/null", at(&format!("{pid}/fd/0"))).unwrap();
            symlink(format!("/dev/snd/{node}"), at(&format!("{pid}/fd/4"))).unwrap();
        }
        for (card, id) in [(0, "hdmi"), (1, "mic")] {
            fs::create_dir_all(at(&format!("asound/card{card}"))).unwrap();
            symlink(format!("card{card}"), at(&format!("asound/{id}"))).unwrap();
        }
        if with_status {
            fs::create_dir_all(at("asound/card1/pcm0c/sub0")).unwrap();
            fs::write(at("asound/card1/pcm0c/sub0/status"), "state: RUNNING\nowner_pid   : 123\navail: 0\n").unwrap();
            fs::remove_file(at("123/fd/4")).unwrap();
        }
        root
    }

    #[test]
    fn the_holder_is_found_through_its_open_files() {
        let root = proc(false);
        for device in ["hw:CARD=mic,DEV=0", "plughw:CARD=mic", "hw:1,0", "hw:mic", "default"] {
            assert_eq!(
                holder(root.path(), device, Direction::Capture).as_deref(),
                Some("arecord (pid 123)"),
                "{device}"
            );
        }
        assert_eq!(holder(root.path(), "hw:hdmi", Direction::Playback).as_deref(), Some("aplay (pid 77)"));
    }

    #[test]
    fn the_kernel_names_the_holder_where_open_files_are_hidden() {
        let root = proc(true);
        assert_eq!(holder(root.path(), "hw:CARD=mic", Direction::Capture).as_deref(), Some("arecord (pid 123)"));
    }

    #[test]
    fn a_free_device_has_no_holder() {
        let root = proc(false);
        for device in ["hw:CARD=hdmi", "hw:1,3", "hw:7", "hw:CARD=gone"] {
            assert_eq!(holder(root.path(), device, Direction::Capture), None, "{device}");
        }
        assert_eq!(holder(Path::new("/nonexistent"), "hw:0", Direction::Capture), None);
    }
}
