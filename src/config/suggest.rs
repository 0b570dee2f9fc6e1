//! "Did you mean …?"

/// Longer words than this get no suggestion; the distance costs length × length.
const LONGEST: usize = 64;

/// The candidate that `word` was probably meant to be: at most a third of its letters wrong, or its beginning.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    let tolerance = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(word: &str, candidate: &str) -> usize {
    if word.chars().count() >= 3 && candidate.starts_with(word) {
        return 1;
    }
    strsim::damerau_levenshtein(word, candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["broker", "password", "password_file", "volume"];

    #[test]
    fn a_slip_of_the_finger_finds_the_word() {
        assert_eq!(nearest("brocker", KEYS), Some("broker"));
        assert_eq!(nearest("pasword", KEYS), Some("password"));
        assert_eq!(nearest("Password-File", KEYS), Some("password_file"));
        assert_eq!(nearest("vol", KEYS), Some("volume"));
    }

    #[test]
    fn something_else_finds_nothing() {
        assert_eq!(nearest("colour", KEYS), None);
        assert_eq!(nearest("", KEYS), None);
        assert_eq!(nearest(&"broker".repeat(1000), KEYS), None);
    }
}
