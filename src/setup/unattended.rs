//! Without questions: the options are the answers, the tests run, and whatever fails ends it.

use std::time::Duration;

use super::answers::{Answers, Present};
use super::error::SetupError;
use super::server::{address, candidates};
use super::service::Service;
use super::world::World;
use crate::config::BrokerAddress;
use crate::sound::{Direction, SoundError};

/// Why no microphone is opened to know which one `auto` means.
const NOT_NEEDED: &str = "a look at it is not needed";

/// Long enough to see whether anything but zeros comes.
const LISTEN: Duration = Duration::from_secs(1);

/// The answers in full, tested if `tests`; with what is worth knowing told through `note`.
///
/// # Errors
/// Something is missing, or a test fails.
pub(super) fn answer(
    wants: Answers,
    present: &Present,
    world: &dyn World,
    service: &mut Service,
    tests: bool,
    note: &mut dyn FnMut(&str),
) -> Result<Answers, SetupError> {
    let mut answers = wants.or(present.proposals());
    let typed = answers.broker.clone().ok_or_else(|| SetupError::Needed("there is no `--server` yet".into()))?;
    // Nobody is there to agree to anything less: what comes without a scheme is encrypted.
    let meant = candidates(&typed).map_err(|what| SetupError::Option(format!("`--server {typed}`: {what}")))?;
    let broker = meant.into_iter().next().ok_or_else(|| SetupError::Needed("there is no `--server` yet".into()))?;
    answers.broker = Some(broker.to_string());
    if let Some(without) = answers.without_password(present) {
        note(&without);
    }
    let is_chosen = answers.capture.is_some() && answers.playback.is_some();
    let auto = || Some("auto".to_owned());
    answers.capture = answers.capture.or_else(auto);
    answers.playback = answers.playback.or_else(auto);
    if tests {
        test_login(&answers, present, world, &broker)?;
        // Before the daemon is stopped, who knows best.
        let muted = world.muted(present.settings());
        service.pause();
        test_microphone(&answers, present, world, muted, note)?;
        test_loudspeaker(&answers, present, world, note)?;
    } else if !is_chosen {
        // Which card `auto` means is known without opening any.
        let inventory = world.inventory(Some(NOT_NEEDED));
        for direction in [Direction::Capture, Direction::Playback] {
            let error = inventory.auto(direction).err().map(ToString::to_string);
            error.into_iter().for_each(|error| note(&error));
        }
    }
    Ok(answers)
}

fn test_login(
    answers: &Answers,
    present: &Present,
    world: &dyn World,
    broker: &BrokerAddress,
) -> Result<(), SetupError> {
    let verdict = world.login(&address(broker), &answers.account(present));
    verdict.trouble().map_or(Ok(()), |trouble| Err(SetupError::Test(trouble.to_owned())))
}

/// A card that is in use is not tried, nor one that is muted, and a quiet room is no fault; all are told.
fn test_microphone(
    answers: &Answers,
    present: &Present,
    world: &dyn World,
    muted: Option<String>,
    note: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    if let Some(why) = muted.or_else(|| world.muted(present.settings())) {
        note(&format!("not tried: {why}"));
        return Ok(());
    }
    let capture = answers.capture.as_deref().unwrap_or("auto");
    match world.measure(capture, LISTEN, present.settings().audio.channel, &mut |_| {}) {
        Ok(measured) if measured.all_zero => {
            note(&format!("`{}` delivers nothing but zeros: is it muted?", measured.device))
        }
        Ok(_) => {}
        Err(error) => passable(&error, note)?,
    }
    Ok(())
}

fn test_loudspeaker(
    answers: &Answers,
    present: &Present,
    world: &dyn World,
    note: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    let playback = answers.playback.as_deref().unwrap_or("auto");
    world.play(playback, present.settings().audio.volume).map(drop).or_else(|error| passable(&error, note))
}

fn passable(error: &SoundError, note: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
    match error {
        SoundError::Busy { .. } => {
            note(&format!("not tried: {error}"));
            Ok(())
        }
        SoundError::Ambiguous { direction, .. } => {
            Err(SetupError::Test(format!("{error}, here with `--{}`", direction.setting())))
        }
        error => Err(SetupError::Test(error.to_string())),
    }
}
