//! Labelled material: people who speak phrases with pauses of known length, in noise of known level.
//!
//! Nothing of it is stored. Phrases are Debian's recordings of people, trimmed to their sound; the builder puts them on
//! a track with gaps that it knows, so that the true end of each phrase is known to the sample.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod detectors;
pub mod judge;
pub mod mix;
pub mod music;
pub mod scenes;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::hearing_material::{Noise, RATE, Voice, espeak, recording, speech_level};

/// Somebody whose phrases are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speaker {
    pub name: &'static str,
    /// Where the recordings are.
    folder: &'static str,
    /// The package that brings them.
    package: &'static str,
}

/// The voices that the rules were chosen on.
pub const TUNED_ON: [Speaker; 2] = [
    Speaker {
        name: "Allison (en)",
        folder: "/usr/share/asterisk/sounds/en_US_f_Allison",
        package: "asterisk-core-sounds-en-g722",
    },
    Speaker {
        name: "Allison (es)",
        folder: "/usr/share/asterisk/sounds/es_MX_f_Allison",
        package: "asterisk-core-sounds-es-g722",
    },
];

/// Voices that nothing was chosen on.
pub const JUDGED_ON: [Speaker; 3] = [
    Speaker {
        name: "June (fr)",
        folder: "/usr/share/asterisk/sounds/fr_CA_f_June",
        package: "asterisk-core-sounds-fr-g722",
    },
    Speaker {
        name: "Carlo (it)",
        folder: "/usr/share/asterisk/sounds/it_IT_m_Carlo",
        package: "asterisk-core-sounds-it-g722",
    },
    Speaker {
        name: "Ivrvoice (ru)",
        folder: "/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU",
        package: "asterisk-core-sounds-ru-g722",
    },
];

/// A phrase has no pause longer than this, in samples: 250 ms.
const LONGEST_INNER_PAUSE: usize = RATE / 4;
/// Lengths of phrases, in samples.
const LENGTHS: Range<usize> = RATE / 2..4 * RATE;

/// A trimmed phrase, scaled so that its active speech has a level of 0 dBFS.
pub type Phrase = Vec<f32>;

/// `count` phrases of one speaker, the same each time.
pub fn phrases(speaker: &Speaker, count: usize) -> Vec<Phrase> {
    let mut files = recordings(Path::new(speaker.folder), speaker.package);
    shuffle(&mut files, &mut Noise::new(7));
    let found: Vec<Phrase> = files.iter().map(|file| recording(file)).filter_map(phrase).take(count).collect();
    assert_eq!(found.len(), count, "{} has too few phrases", speaker.folder);
    found
}

fn recordings(folder: &Path, package: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}; install {package}", folder.display()));
    // No less than a second: 8 kB at 64 kbit/s. Tones and animals are no phrases.
    let speaks = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let sound = ["tone", "beep", "monkeys", "weasels"].iter().any(|other| name.contains(other));
        path.extension().is_some_and(|kind| kind == "g722") && !sound && path.metadata().unwrap().len() >= 8_000
    };
    let mut found: Vec<PathBuf> = files.map(|file| file.unwrap().path()).filter(speaks).collect();
    found.sort();
    found
}

fn phrase(voice: Voice) -> Option<Phrase> {
    let usable = voice.longest_pause <= LONGEST_INNER_PAUSE && LENGTHS.contains(&(voice.end - voice.onset));
    usable.then(|| levelled(&voice))
}

fn levelled(voice: &Voice) -> Phrase {
    let gain = 10_f32.powf(-speech_level(&voice.sound) / 20.0) / 32_768.0;
    voice.sound[voice.onset..voice.end].iter().map(|&sample| f32::from(sample) * gain).collect()
}

/// Six voices of espeak-ng, for babble where no other people are at hand.
pub fn synthetic_crowd() -> Vec<Phrase> {
    let text = "when the sunlight strikes raindrops in the air they act as a prism and form a rainbow";
    let voices = ["en-us+m3", "en-gb+f2", "en-us+f4", "en-gb-scotland+m7", "de+m2", "es+f5"];
    voices.iter().map(|voice| levelled(&espeak(voice, text))).collect()
}

/// Puts `items` into an order that only depends on the dice.
pub fn shuffle<T>(items: &mut [T], dice: &mut Noise) {
    for last in (1..items.len()).rev() {
        let other = ((dice.next() * 0.5 + 0.5) * (last + 1) as f32) as usize;
        items.swap(last, other.min(last));
    }
}

/// Phrases on a track, not mixed with anything yet.
pub struct Speech {
    pub sound: Vec<f32>,
    /// Where each phrase is.
    pub phrases: Vec<Range<usize>>,
}

/// Gaps within an utterance, in ms: nobody may be taken for finished in them.
pub const SHORT_GAPS: [usize; 3] = [250, 300, 350];
/// Gaps after an utterance, in ms.
pub const LONG_GAPS: [usize; 4] = [700, 1_000, 1_500, 2_000];
/// Before the first phrase and behind the last one, in samples.
const LEAD: usize = 4 * RATE;

impl Speech {
    /// Puts the phrases one after the other: every third pause is a short one, so that an utterance has at most two
    /// phrases.
    pub fn new(phrases: &[Phrase], seed: u64) -> Self {
        let mut dice = Noise::new(seed);
        let mut choose = |gaps: &[usize]| {
            let index = ((dice.next() * 0.5 + 0.5) * gaps.len() as f32) as usize;
            gaps[index.min(gaps.len() - 1)] * RATE / 1_000
        };
        let mut speech = Self { sound: vec![0.0; LEAD], phrases: Vec::new() };
        for (number, phrase) in phrases.iter().enumerate() {
            let begin = speech.sound.len();
            speech.sound.extend(phrase);
            speech.phrases.push(begin..speech.sound.len());
            let gap = if number % 3 == 1 { choose(&SHORT_GAPS) } else { choose(&LONG_GAPS) };
            speech.sound.resize(speech.sound.len() + gap, 0.0);
        }
        speech.sound.resize(speech.sound.len() + LEAD, 0.0);
        speech
    }
}
