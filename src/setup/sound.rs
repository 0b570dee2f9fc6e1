//! The last two questions: the microphone and the loudspeaker.

use std::time::Duration;

use super::asker::{Asker, Stop};
use super::judge;
use super::session::Session;
use crate::config;
use crate::shown::printable;
use crate::sound::inventory::{Condition, Inventory};
use crate::sound::{Direction, Level, SoundError, bar};

/// How long somebody speaks.
const SPEAK: Duration = Duration::from_secs(4);

/// Why no microphone is opened when it is about loudspeakers.
const NOT_NEEDED: &str = "this is about loudspeakers";

/// The meter has a line for so many levels of 100 ms.
const LEVELS_PER_LINE: usize = 5;

/// Which microphone.
pub(super) fn microphone(session: &mut Session<'_>) -> Result<(), Stop> {
    let muted = muted(session);
    if muted.is_none() {
        make_room(session);
    }
    let closed = |session: &Session<'_>| muted.clone().or_else(|| self::muted(session));
    let ask = |session: &mut Session<'_>| {
        let closed = closed(session);
        ask_device(session, Direction::Capture, closed.as_deref())
    };
    let test = |session: &mut Session<'_>, device: &mut String| match closed(session) {
        Some(why) => {
            session.tell(&format!("not tried: {why}"));
            Ok(None)
        }
        None => hear(session, device),
    };
    session.answers.capture = Some(session.settle(ask, test)?);
    Ok(())
}

/// Which loudspeaker.
pub(super) fn loudspeaker(session: &mut Session<'_>) -> Result<(), Stop> {
    make_room(session);
    let ask = |session: &mut Session<'_>| ask_device(session, Direction::Playback, Some(NOT_NEEDED));
    session.answers.playback = Some(session.settle(ask, |session, device| speak(session, device))?);
    Ok(())
}

/// Asked before the daemon is stopped, who knows best, and again before each look and each try.
fn muted(session: &Session<'_>) -> Option<String> {
    session.world.muted(session.present.settings())
}

/// The daemon must let go of the card.
fn make_room(session: &mut Session<'_>) {
    if session.tests && session.service.pause() {
        session.tell("(The service `auricle` is stopped for this, and started again afterwards.)");
    }
}

/// `closed`: why no microphone is opened for a look.
fn ask_device(session: &mut Session<'_>, direction: Direction, closed: Option<&str>) -> Result<String, Stop> {
    loop {
        let inventory = session.world.inventory(closed);
        let proposed = match direction {
            Direction::Capture => session.proposed.capture.clone(),
            Direction::Playback => session.proposed.playback.clone(),
        };
        let proposal = proposed.or_else(|| proposal(&inventory, direction)).unwrap_or_default();
        let names = list(session, &inventory, direction, &proposal);
        if let Some(device) = ask_name(session, direction, &names, &proposal)? {
            return Ok(device);
        }
    }
}

/// `None`: nothing was proposed and nothing typed, so that it is looked again.
fn ask_name(
    session: &mut Session<'_>,
    direction: Direction,
    names: &[String],
    proposal: &str,
) -> Result<Option<String>, Stop> {
    loop {
        let answer = session.ask("Number or ALSA name", proposal)?;
        if answer.is_empty() {
            return Ok(None);
        }
        let numbered = answer.parse::<usize>().ok().and_then(|number| names.get(number.checked_sub(1)?));
        let device = numbered.cloned().unwrap_or(answer);
        if device.parse::<usize>().is_ok() {
            session.tell("one of the numbers, or a name, please");
            continue;
        }
        match config::complaint("audio", direction.setting(), &device) {
            None => return Ok(Some(device)),
            Some(what) => session.tell(&what),
        }
    }
}

/// Tells what there is; its names, in the order of the numbers.
fn list(session: &mut Session<'_>, inventory: &Inventory, direction: Direction, proposal: &str) -> Vec<String> {
    let devices = inventory.devices(direction);
    if devices.is_empty() {
        let again = if proposal.is_empty() { " Plug one in and press Enter to look again, or name one." } else { "" };
        session.tell(&format!("No sound card of this machine can {direction}.{again}"));
    }
    for (index, device) in devices.iter().enumerate() {
        let description = printable(&device.name.description);
        session.tell(&format!("{}  {}  {description}", index + 1, device.name.pcm));
        if device.condition != Condition::Named {
            session.tell(&format!("   {}", device.condition));
        }
    }
    devices.iter().map(|device| device.name.pcm.clone()).collect()
}

/// What the daemon would take by itself, else the first card, else the first name.
pub(super) fn proposal(inventory: &Inventory, direction: Direction) -> Option<String> {
    if inventory.auto(direction).is_ok() {
        return Some("auto".to_owned());
    }
    inventory.devices(direction).first().map(|device| device.name.pcm.clone())
}

fn hear(session: &mut Session<'_>, device: &str) -> Result<Option<String>, Stop> {
    session.tell(&format!("Please speak now, for {} s, as you would to the device:", SPEAK.as_secs()));
    let channel = session.present.settings().audio.channel;
    let mut meter = Meter { asker: &mut *session.asker, levels: Vec::new() };
    let measured = session.world.measure(device, SPEAK, channel, &mut |level| meter.show(level));
    session.asker.goes_on()?;
    match measured {
        Ok(measured) => {
            let trouble = judge::trouble(&measured);
            if trouble.is_none() {
                let heard =
                    format!("ok: heard you at {:.0} dBFS; the room has {:.0}", measured.loudest, measured.quietest);
                session.tell(&heard);
            }
            Ok(trouble)
        }
        Err(error) => Ok(failed(session, &error)),
    }
}

fn speak(session: &mut Session<'_>, device: &str) -> Result<Option<String>, Stop> {
    session.tell("Listen: three short sounds ...");
    let volume = session.present.settings().audio.volume;
    if let Err(error) = session.world.play(device, volume) {
        return Ok(failed(session, &error));
    }
    session.asker.goes_on()?;
    let heard = session.choose("Did you hear them? (y/n)", "yn")? == 'y';
    Ok((!heard).then(|| {
        "nothing was heard: is it plugged in, switched on, turned up (`alsamixer`), and the right one?".to_owned()
    }))
}

/// A card that somebody else uses can't be tried; that says nothing against it.
fn failed(session: &mut Session<'_>, error: &SoundError) -> Option<String> {
    match error {
        SoundError::Busy { .. } => {
            session.tell(&format!("not tried: {error}, and run `auricle setup` again to try it"));
            None
        }
        error => Some(error.to_string()),
    }
}

/// Shows levels as lines, so that any terminal will do.
struct Meter<'a> {
    asker: &'a mut dyn Asker,
    levels: Vec<Level>,
}

impl Meter<'_> {
    fn show(&mut self, level: Level) {
        self.levels.push(level);
        if self.levels.len() >= LEVELS_PER_LINE {
            let loudest = self.levels.drain(..).map(|level| level.rms).fold(f32::NEG_INFINITY, f32::max);
            self.asker.tell(&format!("  {}", bar(loudest)));
        }
    }
}
