#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, dead_code)]
#[path = "../tests/hearing_material/mod.rs"]
mod hearing_material;
use auricle_core::audio::Position;
use auricle_core::hearing::{endpointer::*, rules::Rules, vad::*, *};
use hearing_material::*;
use std::time::Duration;
const LIMITS: Limits = Limits {
    hangover: Duration::from_millis(500),
    no_speech: Duration::from_secs(60),
    max_utterance: Duration::from_secs(15),
    answer: false,
};
fn show(sound: &[i16], end: usize) {
    let mut vad = Vad::new(sound.len() / 256 + 2, Position(0));
    vad.push(sound);
    let frames = vad.frames();
    println!("true end {:.3}", end as f32 / 16e3);
    let mut e = Endpointer::new(Rules::TUNED, frames, Position(0), Position(0), Some(LIMITS));
    for n in 0..frames.count() {
        if let Some(p) = e.look(frames, n) {
            println!("{p:?} at {:.3}", (n + 1) as f32 * 0.016);
            if let Point::End { at, .. } = p {
                let line: Vec<String> = ((at.0 / 256).saturating_sub(90)..(at.0 / 256))
                    .map(|n| frames.get(n).map(|f| format!("{:.0}/{:.0}", f.score * 100., f.above)).unwrap())
                    .collect();
                println!("     {}", line.join(" "));
            }
        }
    }
}
fn main() {
    let cut = |voice: Voice| voice.sound[voice.onset..voice.end].to_vec();
    let sound =
        [cut(espeak("de+f5", "stelle den Wecker")), vec![0; 4_800], cut(espeak("de+f5", "auf sieben"))].concat();
    let voice = Voice::new("x".into(), sound);
    let s = scene(&voice, -20.0, "none", -100.0, RATE, 2 * RATE);
    show(&s.sound, s.end);
    let s = scene(&voice, -26.0, "pink", -46.0, 2 * RATE, 2 * RATE);
    show(&s.sound, s.end);
    let all = voices(Part::Check, 3);
    let words: Vec<i16> = all.iter().flat_map(|v| v.sound[v.onset..v.end].to_vec()).collect();
    let programme = Voice::new("television".into(), words);
    let s = scene(&programme, -24.0, "tones", -44.0, 0, 0);
    show(&s.sound, s.end);
}
