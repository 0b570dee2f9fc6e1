//! Whether two sounds are the same.

/// Quieter than this counts as silence, in 16-bit steps.
const SILENCE: i16 = 200;

/// Where the first audible sample is.
#[must_use]
pub fn onset(sound: &[i16]) -> Option<usize> {
    sound.iter().position(|sample| sample.saturating_abs() > SILENCE)
}

/// The part of `sound` between its first and its last audible sample.
#[must_use]
pub fn audible(sound: &[i16]) -> &[i16] {
    let loud = |sample: &i16| sample.saturating_abs() > SILENCE;
    match (sound.iter().position(loud), sound.iter().rposition(loud)) {
        (Some(first), Some(last)) => &sound[first..=last],
        _ => &[],
    }
}

/// How alike `pattern` and the part of `sound` from `at` are: 1 is the same up to loudness, 0 is nothing in common.
#[must_use]
pub fn likeness(sound: &[i16], pattern: &[i16], at: usize) -> f64 {
    let (mut cross, mut energy, mut pattern_energy) = (0.0, 0.0, 0.0);
    for (n, p) in pattern.iter().enumerate() {
        let s = f64::from(sound.get(at + n).copied().unwrap_or(0));
        let p = f64::from(*p);
        cross += s * p;
        energy += s * s;
        pattern_energy += p * p;
    }
    if energy == 0.0 || pattern_energy == 0.0 { 0.0 } else { cross / (energy * pattern_energy).sqrt() }
}

/// Where in `sound` the beginning of `pattern` fits best, and how well the whole of it does there.
///
/// The place is found with the first `head` samples, so a sound that lacks its beginning is not found.
#[must_use]
pub fn find(sound: &[i16], pattern: &[i16], head: usize) -> (usize, f64) {
    let head = &pattern[..head.min(pattern.len())];
    let last = sound.len().saturating_sub(head.len());
    let best = (0..=last).map(|at| (at, likeness(sound, head, at))).max_by(|a, b| a.1.total_cmp(&b.1));
    match best {
        Some((at, beginning)) => (at, beginning.min(likeness(sound, pattern, at))),
        None => (0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u64, samples: usize) -> Vec<i16> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 50) as i16 - 8_192
        };
        (0..samples).map(|_| next()).collect()
    }

    #[test]
    fn a_pattern_is_found_where_it_is_whatever_its_loudness() {
        let pattern = noise(1, 4_000);
        let mut sound = noise(2, 12_000).iter().map(|s| s / 50).collect::<Vec<_>>();
        for (n, p) in pattern.iter().enumerate() {
            sound[3_000 + n] += p / 3;
        }
        let (at, likeness) = find(&sound, &pattern, 800);
        assert_eq!(at, 3_000);
        assert!(likeness > 0.95, "{likeness}");
    }

    #[test]
    fn a_pattern_without_its_beginning_is_not_the_same() {
        let pattern = noise(1, 4_000);
        let mut sound = vec![0; 12_000];
        sound[3_000..6_200].copy_from_slice(&pattern[800..]);
        assert!(find(&sound, &pattern, 800).1 < 0.5);
    }

    #[test]
    fn silence_is_like_nothing() {
        assert_eq!(find(&vec![0; 9_000], &noise(1, 4_000), 800).1, 0.0);
        assert!(audible(&[0; 100]).is_empty());
    }
}
