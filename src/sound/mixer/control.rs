//! One volume control of a card, through ALSA's simple mixer.

use std::ffi::CString;
use std::fmt;

use alsa::Round;
use alsa::mixer::{MilliBel, Mixer as AlsaMixer, Selem, SelemChannelId};

use super::curve::{self, Decibels};
use super::error::MixerError;
use super::name::{self, Name};
use crate::sound::devices;
use crate::sound::error::words;

/// A volume control. It is looked up anew by each call, which may block while a sound server is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixerControl(Name);

impl MixerControl {
    /// `card/control`: the card by its id (`Device`), its number, or the name of any ALSA control device (`hw:1`,
    /// `default`); the control by the name of a simple mixer element, `PCM`, or `Master,1` for the second of that name.
    ///
    /// # Errors
    /// [`MixerError::BadName`]. Whether it exists shows when it is used.
    pub fn new(name: &str) -> Result<Self, MixerError> {
        name::parse(name).map(Self).ok_or_else(|| MixerError::BadName { given: name.to_owned() })
    }

    /// Sets all channels to `percent` of how loud they get, see [`curve`]. 0 also turns the control's switch off, if it
    /// has one, and any other turns it on.
    ///
    /// # Errors
    /// The card or the control is not there, or refuses.
    pub fn set(&self, percent: u8) -> Result<(), MixerError> {
        let mixer = self.open()?;
        let control = self.find(&mixer)?;
        let switch = |on: bool| match control.has_playback_switch() {
            true => control.set_playback_switch_all(on.into()),
            false => Ok(()),
        };
        let done = if percent == 0 {
            switch(false).and_then(|()| turn(&control, 0))
        } else {
            // The switch last: what was off must not come back at its old volume.
            turn(&control, percent).and_then(|()| switch(true))
        };
        done.map_err(|error| self.failed(error))
    }

    /// What it is at, in percent; of several channels the first, and 0 if it is switched off.
    ///
    /// # Errors
    /// The card or the control is not there, or refuses.
    pub fn get(&self) -> Result<u8, MixerError> {
        let mixer = self.open()?;
        let control = self.find(&mixer)?;
        level(&control).map_err(|error| self.failed(error))
    }

    pub(super) fn is_stuck(&self) -> MixerError {
        MixerError::Stuck { card: self.0.card.clone() }
    }

    fn open(&self) -> Result<AlsaMixer, MixerError> {
        devices::quiet();
        let card = self.0.card.clone();
        AlsaMixer::new(&device(&card), false).map_err(|error| match error.errno().abs() {
            libc::EACCES | libc::EPERM => MixerError::Denied { card },
            errno => MixerError::NoCard { card, why: words(errno) },
        })
    }

    fn find<'a>(&self, mixer: &'a AlsaMixer) -> Result<Selem<'a>, MixerError> {
        let Name { card, control, index } = &self.0;
        let mut have = Vec::new();
        for element in mixer.iter().filter_map(Selem::new).filter(Selem::has_playback_volume) {
            let id = element.get_id();
            let name = id.get_name().unwrap_or_default();
            if name == control && id.get_index() == *index {
                return Ok(element);
            }
            have.push(name::shown(name, id.get_index()));
        }
        Err(MixerError::NoControl { card: card.clone(), control: name::shown(control, *index), have })
    }

    fn failed(&self, error: alsa::Error) -> MixerError {
        let Name { card, control, index } = &self.0;
        let (card, control) = (card.clone(), name::shown(control, *index));
        MixerError::Failed { card, control, call: error.func(), why: words(error.errno()) }
    }
}

/// All volume controls for playback that a card has. It may block while a sound server is frozen, if `card` is the name of
/// a control device that leads to one.
///
/// # Errors
/// The card is not there, or may not be used.
pub fn controls(card: &str) -> Result<Vec<MixerControl>, MixerError> {
    let of = |control: String, index| MixerControl(Name { card: card.to_owned(), control, index });
    let mixer = of(String::new(), 0).open()?;
    let elements = mixer.iter().filter_map(Selem::new).filter(Selem::has_playback_volume);
    let ids = elements.map(|element| element.get_id());
    Ok(ids.map(|id| of(id.get_name().unwrap_or_default().to_owned(), id.get_index())).collect())
}

impl fmt::Display for MixerControl {
    /// As [`MixerControl::new`] takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.card, name::shown(&self.0.control, self.0.index))
    }
}

/// The control device of a card. Whatever is not a card's id or number is a control device already.
fn device(card: &str) -> String {
    let known = CString::new(card).is_ok_and(|name| alsa::Card::from_str(&name).is_ok());
    if known { format!("hw:{card}") } else { card.to_owned() }
}

fn decibels(control: &Selem<'_>) -> Option<Decibels> {
    let (min, max) = control.get_playback_db_range();
    Decibels::new(min.0, max.0)
}

fn turn(control: &Selem<'_>, percent: u8) -> alsa::Result<()> {
    match decibels(control).filter(|_| percent > 0) {
        // Rounded up, or a coarse control would be silent for the first few percent.
        Some(range) => control.set_playback_db_all(MilliBel(range.at(percent)), Round::Ceil),
        None => control.set_playback_volume_all(curve::raw(percent, control.get_playback_volume_range())),
    }
}

fn level(control: &Selem<'_>) -> alsa::Result<u8> {
    let first = SelemChannelId::mono();
    if control.has_playback_switch() && control.get_playback_switch(first)? == 0 {
        return Ok(0);
    }
    let value = control.get_playback_volume(first)?;
    match decibels(control) {
        Some(range) => Ok(range.percent(control.ask_playback_vol_db(value)?.0)),
        None => Ok(curve::percent_of_raw(value, control.get_playback_volume_range())),
    }
}
