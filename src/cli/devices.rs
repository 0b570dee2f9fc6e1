//! `auricle devices`: what there is to hear and to speak with, as the settings want it.

use std::io::Write;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::table::table;
use crate::doctor::{Case, Host};
use crate::shown::printable;
use crate::sound::Direction;
use crate::sound::inventory::{Condition, Device, Inventory, Volume};

/// Prints the inventory. It needs no daemon and disturbs none; microphones that are muted, or may be, stay closed.
pub fn devices(as_json: bool) -> ExitCode {
    let closed = match super::runtime() {
        Ok(runtime) => runtime.block_on(Case::open(Host::default(), None, false, false)).may_open_microphone().err(),
        Err(error) => return super::fail(&error),
    };
    let inventory = Inventory::with_microphones(closed.as_deref());
    let text = if as_json { format!("{}\n", in_json(&inventory)) } else { in_words(&inventory) };
    // Who reads only the first lines closes the pipe; that is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn in_words(inventory: &Inventory) -> String {
    let mut out = String::new();
    for (title, direction) in [("Microphones", Direction::Capture), ("Loudspeakers", Direction::Playback)] {
        out += &format!("{title}, for `{}` in [audio]:\n", direction.setting());
        out += &list(inventory, direction);
        out.push('\n');
    }
    out += "Volume controls, for `mixer` in [audio]:\n";
    out += match inventory.mixers.as_slice() {
        [] => "  none: the volume is applied in software\n".to_owned(),
        mixers => table("  ", &mixers.iter().map(control).collect::<Vec<_>>()),
    }
    .as_str();
    out
}

fn list(inventory: &Inventory, direction: Direction) -> String {
    let auto = inventory.auto(direction);
    let row = |device: &Device| {
        let mark = if auto == Ok(device.name.pcm.as_str()) { "*" } else { "" };
        let description = printable(&device.name.description);
        [mark.to_owned(), device.name.pcm.clone(), description, device.condition.to_string()]
    };
    let rows: Vec<_> = inventory.devices(direction).iter().map(row).collect();
    let auto = match auto {
        Ok(_) => "\"auto\" takes the one with the `*`".to_owned(),
        Err(error) => format!("\"auto\" takes none: {error}"),
    };
    format!("{}  {auto}\n", table("  ", &rows))
}

fn control(volume: &Volume) -> [String; 2] {
    [volume.name.clone(), volume.percent.map_or_else(String::new, |percent| format!("{percent} %"))]
}

fn in_json(inventory: &Inventory) -> Value {
    let side = |direction: Direction| {
        let auto = inventory.auto(direction);
        let devices = inventory.devices(direction).iter();
        devices.map(|device| described(device, auto == Ok(device.name.pcm.as_str()))).collect::<Vec<_>>()
    };
    let auto = |direction| match inventory.auto(direction) {
        Ok(name) => json!({"name": name}),
        Err(error) => json!({"name": null, "error": error.to_string()}),
    };
    let mixers = inventory.mixers.iter().map(|volume| json!({"name": volume.name, "percent": volume.percent}));
    json!({
        "capture": side(Direction::Capture),
        "playback": side(Direction::Playback),
        "mixers": mixers.collect::<Vec<_>>(),
        "auto": {"capture": auto(Direction::Capture), "playback": auto(Direction::Playback)},
    })
}

fn described(device: &Device, auto: bool) -> Value {
    let mut told = json!({"name": device.name.pcm, "description": device.name.description, "auto": auto});
    let more = match &device.condition {
        Condition::Free(offer) => json!({
            "state": "free",
            "rates": offer.rates,
            "channels": [offer.channels.0, offer.channels.1],
            "formats": offer.formats.iter().map(|format| format.name()).collect::<Vec<_>>(),
            "used": {"rate": offer.used.rate, "channels": offer.used.channels, "format": offer.used.format.name()},
        }),
        Condition::Busy(holder) => json!({"state": "busy", "holder": holder}),
        Condition::Unusable(why) => json!({"state": "unusable", "error": why}),
        Condition::Unopened(why) => json!({"state": "unopened", "why": why}),
        Condition::Named => json!({"state": "named"}),
    };
    if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
        told.extend(more);
    }
    told
}

#[cfg(test)]
mod tests {
    use auricle_core::audio::convert::Format;

    use super::*;
    use crate::sound::inventory::Offer;
    use crate::sound::{CardName, Shape, SoundError};

    fn device(pcm: &str, description: &str, condition: Condition) -> Device {
        Device { name: CardName { pcm: pcm.into(), description: description.into() }, condition }
    }

    fn machine() -> Inventory {
        let used = Shape { rate: 16_000, channels: 1, format: Format::S16 };
        let offer = Offer { rates: vec![16_000, 48_000], channels: (1, 2), formats: vec![Format::S16], used };
        let busy = Condition::Busy(Some("mpd (pid 7)".into()));
        Inventory {
            capture: vec![
                device("hw:CARD=mic,DEV=0", "USB \u{1b}mic", Condition::Free(offer)),
                device("pulse", "PulseAudio", Condition::Named),
            ],
            playback: vec![device("hw:CARD=hdmi,DEV=0", "vc4-hdmi", busy)],
            mixers: vec![Volume { name: "mic/PCM".into(), percent: Some(62) }],
            auto_capture: Ok("hw:CARD=mic,DEV=0".into()),
            auto_playback: Err(SoundError::NoCard { direction: Direction::Playback }),
        }
    }

    #[test]
    fn people_read_aligned_columns() {
        let expected = "\
Microphones, for `capture` in [audio]:
  *  hw:CARD=mic,DEV=0  USB  mic    16000 48000 Hz, 1 to 2 channels, S16_LE
     pulse              PulseAudio  a name of the ALSA configuration
  \"auto\" takes the one with the `*`

Loudspeakers, for `playback` in [audio]:
    hw:CARD=hdmi,DEV=0  vc4-hdmi  in use by mpd (pid 7)
  \"auto\" takes none: no sound card can play; plug one in, or set `audio.playback` to a PCM name

Volume controls, for `mixer` in [audio]:
  mic/PCM  62 %
";
        assert_eq!(in_words(&machine()), expected);
    }

    #[test]
    fn scripts_read_json() {
        let told = in_json(&machine());
        let first = &told["capture"][0];
        assert_eq!(
            (&first["name"], &first["auto"], &first["state"]),
            (&json!("hw:CARD=mic,DEV=0"), &json!(true), &json!("free"))
        );
        assert_eq!((&first["rates"], &first["channels"]), (&json!([16_000, 48_000]), &json!([1, 2])));
        assert_eq!(first["used"], json!({"rate": 16_000, "channels": 1, "format": "S16_LE"}));
        assert_eq!(told["playback"][0]["holder"], "mpd (pid 7)");
        assert_eq!(
            (&told["auto"]["capture"]["name"], &told["auto"]["playback"]["name"]),
            (&first["name"], &Value::Null)
        );
        assert_eq!(told["mixers"], json!([{"name": "mic/PCM", "percent": 62}]));
    }
}
