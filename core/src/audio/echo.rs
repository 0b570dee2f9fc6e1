//! A known sound, found in what was heard.

/// A sound that is as similar as this to the wanted one is it. Noise reaches a tenth, a room with echoes half of it.
const SIMILAR: f64 = 0.2;

/// Where the sound was, and how loud.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Echo {
    /// Its first sample in what was heard.
    pub at: usize,
    /// How much louder it is than it was, in dB; below 0: quieter.
    pub gain: f32,
}

/// Finds `sound` in `heard`, both at the same rate, by cross-correlation; its polarity does not matter. `None`: it is not
/// there, or too much else is. Takes time in proportion to the product of the lengths.
#[must_use]
pub fn find(sound: &[i16], heard: &[i16]) -> Option<Echo> {
    let energy = |samples: &[i16]| samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
    let own = energy(sound);
    if own == 0.0 || heard.len() < sound.len() {
        return None;
    }
    let pattern: Vec<f32> = sound.iter().map(|&sample| f32::from(sample)).collect();
    let around: Vec<f32> = heard.iter().map(|&sample| f32::from(sample)).collect();
    // Sums of whole numbers: exact, so that what was added can be taken away again.
    let mut here = energy(&heard[..sound.len()]);
    let mut best = (0.0, 0, 0.0);
    for at in 0..=heard.len() - sound.len() {
        let product = dot(&pattern, &around[at..at + pattern.len()]);
        let similarity = if here > 0.0 { product.abs() / (own * here).sqrt() } else { 0.0 };
        if similarity > best.0 {
            best = (similarity, at, product);
        }
        let next = heard.get(at + sound.len()).map_or(0.0, |&sample| f64::from(sample).powi(2));
        here += next - f64::from(heard[at]).powi(2);
    }
    let (similarity, at, product) = best;
    let gain = (20.0 * (product.abs() / own).log10()) as f32;
    (similarity >= SIMILAR).then_some(Echo { at, gain })
}

/// In eight sums at once, which the processor adds side by side.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0_f32; 8];
    let (a_blocks, b_blocks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    f64::from(sums.iter().sum::<f32>() + rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::audio::chime::Chime;

    /// Noise of a seed, as loud as `peak`.
    fn noise(length: usize, peak: i32) -> Vec<i16> {
        let mut state = 12_345_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as i32 * 2 * peak / 65_536 - peak) as i16
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    fn mixed(into: &mut [i16], sound: &[i16], at: usize, divisor: i16) {
        for (place, sample) in into[at..].iter_mut().zip(sound) {
            *place = place.saturating_add(sample / divisor);
        }
    }

    #[test]
    fn it_is_found_to_the_sample_also_quiet_and_turned_over() {
        let sound = Chime::Probe.render(16_000);
        for (divisor, gain) in [(1, 0.0), (10, -20.0), (-10, -20.0), (50, -34.0)] {
            let mut room = noise(20_800, 100);
            mixed(&mut room, &sound, 4_321, divisor);
            let echo = find(&sound, &room).unwrap();
            assert!(echo.at.abs_diff(4_321) <= 1 && (echo.gain - gain).abs() < 1.5, "{divisor}: {echo:?}");
        }
    }

    #[test]
    fn neither_silence_nor_noise_nor_another_sound_is_it() {
        let sound = Chime::Probe.render(16_000);
        assert_eq!(find(&sound, &vec![0; 20_000]), None);
        assert_eq!(find(&sound, &noise(20_000, 20_000)), None);
        let mut room = noise(20_000, 100);
        mixed(&mut room, &Chime::Error.render(16_000), 3_000, 1);
        assert_eq!(find(&sound, &room), None);
        assert_eq!(find(&sound, &sound[1..]), None);
        assert_eq!(find(&[], &sound), None);
    }
}
