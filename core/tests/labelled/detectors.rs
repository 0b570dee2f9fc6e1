//! Those who decide: Auricle's ear, and the rule of LinTO's client over the windows of any detector.

use std::time::Duration;

use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Ending, Limits, ListenId, Start};
use webrtc_vad::{SampleRate, Vad, VadMode};

use super::judge::Decision;
use crate::hearing_material::RATE;

/// The nominal hangover of everybody.
pub const HANGOVER: Duration = Duration::from_millis(500);

pub const LIMITS: Limits = Limits {
    hangover: HANGOVER,
    no_speech: Duration::from_secs(60),
    max_utterance: Duration::from_secs(15),
    answer: false,
};

/// Auricle, which listens again as soon as it has let go.
pub fn auricle(sound: &[i16]) -> Vec<Decision> {
    let mut ear = Ear::new();
    let mut decisions = Vec::new();
    let mut openings = 0;
    let mut listen = |ear: &mut Ear| {
        openings += 1;
        let (listen, limits) = (ListenId(openings), Some(LIMITS));
        ear.handle(EarCommand::Listen { listen, from: Start::Now, limits, guard: Duration::ZERO });
    };
    listen(&mut ear);
    for period in sound.chunks(RATE / 100) {
        ear.push(period);
        while let Some(event) = ear.poll() {
            match event {
                EarEvent::SpeechStart { .. } => decisions.push(Decision::Start(ear.position().0 as usize)),
                EarEvent::Ended { at, why, .. } => {
                    decisions.extend(decision(at.0 as usize, why));
                    listen(&mut ear);
                }
                _ => {}
            }
        }
    }
    decisions
}

fn decision(at: usize, why: Ending) -> Option<Decision> {
    match why {
        Ending::Silence => Some(Decision::End(at)),
        Ending::Cap => Some(Decision::Cap(at)),
        Ending::NoSpeech => None,
    }
}

/// `webrtc-vad` in mode 2 over windows of 30 ms, as LinTO's client has it.
pub fn webrtc(sound: &[i16]) -> Vec<Decision> {
    const WINDOW: usize = RATE * 30 / 1_000;
    let mut detector = Vad::new_with_rate_and_mode(SampleRate::Rate16kHz, VadMode::Aggressive);
    let speech = sound.chunks_exact(WINDOW).map(|window| detector.is_voice_segment(window).unwrap());
    by_lintos_rule(speech, WINDOW)
}

/// LinTO's rule: 350 ms of speech in all, then 500 ms without a window of speech. What its client adds to it, a tail
/// of 120 ms behind each window of speech, is left out, so that everybody has the same hangover. It has no cap; here
/// it has everybody's.
pub fn by_lintos_rule(windows: impl Iterator<Item = bool>, window: usize) -> Vec<Decision> {
    const NEEDED: usize = RATE * 350 / 1_000;
    const SILENCE: usize = RATE / 2;
    const CAP: usize = 15 * RATE;
    let (mut speech, mut silence, mut since) = (0, 0, 0);
    let mut decisions = Vec::new();
    for (number, speaks) in windows.enumerate() {
        let now = (number + 1) * window;
        let begins = speaks && speech < NEEDED && speech + window >= NEEDED;
        if speaks {
            since = if speech == 0 { now - window } else { since };
            (speech, silence) = (speech + window, 0);
        } else {
            silence += window;
        }
        if begins {
            decisions.push(Decision::Start(now));
        }
        let over = speech >= NEEDED && silence > SILENCE;
        let capped = speech >= NEEDED && now - since >= CAP;
        if over || capped {
            decisions.push(if over { Decision::End(now) } else { Decision::Cap(now) });
            (speech, silence) = (0, 0);
        }
    }
    decisions
}
