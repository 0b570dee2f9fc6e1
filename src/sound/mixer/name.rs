//! `card/control`, as the settings name a volume control.

/// The parts of such a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Id or number of a card, or the name of an ALSA control device.
    pub(super) card: String,
    /// The name of a simple mixer element.
    pub(super) control: String,
    /// Which, of several with this name.
    pub(super) index: u32,
}

/// Divides `Device/PCM`, `hw:1/Master,1`, `pulse:SERVER=unix:/run/x/Master`. There may be a slash in the name of a
/// control (`Line/Mic`), and in the arguments of a control device: those come after a colon.
pub(super) fn parse(given: &str) -> Option<Name> {
    let slash =
        if given.find(':') < given.find('/') && given.contains(':') { given.rfind('/') } else { given.find('/') };
    let (card, control) = given.split_at(slash?);
    let control = &control[1..];
    let numbered = control.rsplit_once(',').and_then(|(name, index)| Some((name, index.trim().parse().ok()?)));
    let (control, index) = numbered.unwrap_or((control, 0));
    let (card, control) = (card.trim(), control.trim());
    let usable = |part: &str| !part.is_empty() && !part.contains('\0');
    (usable(card) && usable(control)).then(|| Name { card: card.into(), control: control.into(), index })
}

/// As [`parse`] takes it.
pub(super) fn shown(control: &str, index: u32) -> String {
    if index == 0 { control.to_owned() } else { format!("{control},{index}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_and_controls_are_divided() {
        for (given, card, control, index) in [
            ("Device/PCM", "Device", "PCM", 0),
            ("1/Master", "1", "Master", 0),
            ("hw:1/Master,1", "hw:1", "Master", 1),
            ("Device/Line/Mic", "Device", "Line/Mic", 0),
            ("Device/A:B/C", "Device", "A:B/C", 0),
            ("Device / Speaker Playback , 2 ", "Device", "Speaker Playback", 2),
            ("default/Tone, Treble", "default", "Tone, Treble", 0),
            ("pulse:SERVER=unix:/run/p/native/Master", "pulse:SERVER=unix:/run/p/native", "Master", 0),
        ] {
            let name = Name { card: card.into(), control: control.into(), index };
            assert_eq!(parse(given), Some(name.clone()), "{given}");
            assert_eq!(parse(&format!("{card}/{}", shown(control, index))), Some(name));
        }
        for given in ["", "/", "PCM", "Device/", "/PCM", " / ", "De\0vice/PCM", "Device/,1"] {
            assert_eq!(parse(given), None, "{given:?}");
        }
    }
}
