//! Which voice of espeak-ng speaks a language.

/// What is spoken when a language is unknown.
pub(super) const ENGLISH: &str = "en-us";

/// The languages of espeak-ng 1.51, as `espeak-ng --voices` names them, sorted. Later versions have more.
const VOICES: &[&str] = &[
    "af",
    "am",
    "an",
    "ar",
    "as",
    "az",
    "ba",
    "be",
    "bg",
    "bn",
    "bs",
    "ca",
    "cmn",
    "cs",
    "cv",
    "cy",
    "da",
    "de",
    "el",
    "en-029",
    "en-gb",
    "en-gb-scotland",
    "en-us",
    "eo",
    "es",
    "es-419",
    "et",
    "eu",
    "fa",
    "fi",
    "fr-be",
    "fr-ch",
    "fr-fr",
    "ga",
    "gd",
    "gn",
    "gu",
    "haw",
    "he",
    "hi",
    "hr",
    "ht",
    "hu",
    "hy",
    "id",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "kl",
    "kn",
    "ko",
    "ku",
    "ky",
    "la",
    "lb",
    "lt",
    "lv",
    "mi",
    "mk",
    "ml",
    "mr",
    "ms",
    "mt",
    "my",
    "nb",
    "ne",
    "nl",
    "om",
    "or",
    "pa",
    "pl",
    "pt",
    "pt-br",
    "qu",
    "ro",
    "ru",
    "sd",
    "si",
    "sk",
    "sl",
    "sq",
    "sr",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tk",
    "tn",
    "tr",
    "tt",
    "ug",
    "uk",
    "ur",
    "uz",
    "vi",
    "yue",
];

/// Languages that have another name there, or no voice without a region.
const ALIASES: &[(&str, &str)] =
    &[("en", ENGLISH), ("fr", "fr-fr"), ("nn", "nb"), ("no", "nb"), ("zh", "cmn"), ("zh-hk", "yue")];

/// The voice for a tag such as `fr-FR` or `de_AT`: its own, else that of its language without the region, else `None`.
pub(super) fn voice(tag: &str) -> Option<&'static str> {
    let tag = tag.to_ascii_lowercase().replace('_', "-");
    let mut rest = tag.as_str();
    loop {
        if let Ok(place) = VOICES.binary_search(&rest) {
            return Some(VOICES[place]);
        }
        if let Some((_, voice)) = ALIASES.iter().find(|(alias, _)| *alias == rest) {
            return Some(voice);
        }
        rest = rest.rsplit_once('-')?.0;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_installed_espeak_has_every_voice_that_we_name() {
        assert!(VOICES.is_sorted(), "binary search");
        let list = std::process::Command::new("espeak-ng").arg("--voices").output().unwrap().stdout;
        let list = String::from_utf8(list).unwrap();
        let installed: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
        for voice in VOICES.iter().chain(ALIASES.iter().map(|(_, voice)| voice)) {
            assert!(installed.contains(voice), "{voice}");
        }
    }

    #[test]
    fn tags_find_the_nearest_voice() {
        for (tag, expected) in [
            ("fr-FR", "fr-fr"),
            ("fr_CA", "fr-fr"),
            ("fr-BE", "fr-be"),
            ("en-US", "en-us"),
            ("en-GB", "en-gb"),
            ("en", "en-us"),
            ("de-DE", "de"),
            ("es-ES", "es"),
            ("it-IT", "it"),
            ("pt-BR", "pt-br"),
            ("zh-Hans-CN", "cmn"),
        ] {
            assert_eq!(voice(tag), Some(expected), "{tag}");
        }
        for tag in ["", "-", "xx-XX", "--", "tlh"] {
            assert_eq!(voice(tag), None, "{tag}");
        }
    }
}
