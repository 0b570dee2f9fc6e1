//! Carries a sound on over its end, by linear prediction from what came last (Burg's method).

/// How much of the sound is looked at, and how far back each sample depends on others, in ms.
const LOOK: usize = 60;
const REACH: usize = 15;

/// A sound carried on by `out.len()` samples.
pub(super) fn carry_on(past: &[f32], rate: usize, out: &mut [f32]) {
    let look = &past[past.len().saturating_sub(rate * LOOK / 1_000)..];
    let reach = (rate * REACH / 1_000).min(look.len() / 3);
    let weights = burg(look, reach);
    for at in 0..out.len() {
        let (done, rest) = out.split_at_mut(at);
        let before = done.iter().rev().chain(look.iter().rev());
        rest[0] = weights.iter().zip(before).map(|(weight, sample)| weight * sample).sum();
    }
}

/// The weights with which each sample follows from those before it, the nearest first. They make a sound that dies away.
pub(super) fn burg(sound: &[f32], order: usize) -> Vec<f32> {
    let mut weights: Vec<f32> = Vec::with_capacity(order);
    let (mut forward, mut backward) = (sound.to_vec(), sound.to_vec());
    for stage in 0..order {
        // Forward errors from `stage + 1` on stand beside backward errors one sample before.
        let (ahead, behind) = (&mut forward[stage + 1..], &mut backward[stage..sound.len() - 1]);
        let both: f32 = ahead.iter().zip(&*behind).map(|(a, b)| a * b).sum();
        let power: f32 = ahead.iter().zip(&*behind).map(|(a, b)| a * a + b * b).sum();
        let reflection = 2.0 * both / (power + 1e-3);
        for (a, b) in ahead.iter_mut().zip(behind.iter_mut()) {
            (*a, *b) = (*a - reflection * *b, *b - reflection * *a);
        }
        // `backward[n]` of the next stage is what stands at n - 1 now.
        backward.copy_within(stage..sound.len() - 1, stage + 1);
        let before = weights.clone();
        for (weight, mirrored) in weights.iter_mut().zip(before.iter().rev()) {
            *weight -= reflection * mirrored;
        }
        weights.push(reflection);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buzz(at: usize) -> f32 {
        let t = at as f32 / 24_000.0;
        (1..6).map(|h| (t * 130.0 * h as f32 * std::f32::consts::TAU).sin() * 2_000.0 / h as f32).sum()
    }

    #[test]
    fn a_vowel_goes_on_where_it_was() {
        let past: Vec<f32> = (0..2_400).map(buzz).collect();
        let mut out = vec![0.0; 480];
        carry_on(&past, 24_000, &mut out);
        let error: f32 = out.iter().enumerate().map(|(i, s)| (s - buzz(2_400 + i)).powi(2)).sum();
        let power: f32 = (0..480).map(|i| buzz(2_400 + i).powi(2)).sum();
        assert!(error * 10.0 < power, "{error} of {power}");
    }

    #[test]
    fn nothing_and_a_constant_and_noise_stay_within_bounds() {
        for past in [
            vec![],
            vec![1.0],
            vec![0.0; 2_400],
            vec![32_767.0; 2_400],
            (0..2_400).map(|i| (i * 7_919 % 65_537) as f32 - 32_768.0).collect(),
        ] {
            let mut out = vec![0.0; 4_800];
            carry_on(&past, 24_000, &mut out);
            assert!(out.iter().all(|s| s.abs() < 200_000.0));
        }
    }
}
