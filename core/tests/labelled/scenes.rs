//! The conditions under which everybody is judged.

use super::mix::{Around, Sounds};

/// Ratios of speech to noise in dB.
pub const SNRS: [f32; 4] = [20.0, 10.0, 5.0, 0.0];

/// A line of the report.
#[derive(Clone, Debug)]
pub struct Scene {
    pub name: String,
    pub sounds: Sounds,
}

/// Close speech at a usual level.
const USUAL: f32 = -26.0;

fn scene(name: String, around: Around, snr: f32, level: f32, room: bool) -> Scene {
    Scene { name, sounds: Sounds { around, snr, level, room } }
}

/// Five kinds of noise at each ratio.
pub fn noises() -> Vec<Scene> {
    let kinds = [Around::White, Around::Pink, Around::Babble, Around::Music, Around::Hum];
    let at = |kind: Around| {
        SNRS.map(|snr| scene(format!("{} {snr} dB", format!("{kind:?}").to_lowercase()), kind, snr, USUAL, false))
    };
    kinds.into_iter().flat_map(at).collect()
}

/// Nothing around, several levels in a quiet room, and the echo of a room.
pub fn quiet() -> Vec<Scene> {
    let mut all = vec![scene("digital silence".into(), Around::Nothing, 0.0, USUAL, false)];
    let level = |level: f32| scene(format!("quiet room, {level} dBFS"), Around::Pink, 30.0, level, false);
    all.extend([-10.0, -20.0, -35.0, -45.0].map(level));
    all.push(scene("echoing room, quiet".into(), Around::Pink, 30.0, USUAL, true));
    all.push(scene("echoing room, pink 10 dB".into(), Around::Pink, 10.0, USUAL, true));
    all
}
