//! Which languages a voice can speak, and what a language is called.
//!
//! Tags come from settings and from servers, which write `fr-FR`, `fr_FR` or `FR`; engines have names of their own for
//! what they speak (`fr-fr`, `en-gb-x-rp`, `cmn`). Here the two are brought together.

/// The longest tag, in bytes.
pub const MAX_TAG: usize = 35;

/// Languages that engines know by another name, or that say nothing about the region. They count where the engine has
/// the name on the right.
const ALIASES: &[(&str, &str)] = &[
    ("en", "en-us"),
    ("fr", "fr-fr"),
    ("in", "id"),
    ("iw", "he"),
    ("nn", "nb"),
    ("no", "nb"),
    ("zh", "cmn"),
    ("zh-hk", "yue"),
];

/// The languages of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voices(Option<Vec<String>>);

impl Voices {
    /// The languages as the engine names them; `None` if it can't tell: then it is taken to speak all.
    #[must_use]
    pub const fn new(languages: Option<Vec<String>>) -> Self {
        Self(languages)
    }

    /// How many languages the engine speaks; `None` if it can't tell.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.0.as_ref().map(Vec::len)
    }

    /// The tag to remember if the engine can speak this language, be it with the accent of another region: in the case
    /// that BCP 47 recommends, `fr_fr` → `fr-FR`. `None` if it can't, or if it is no tag.
    #[must_use]
    pub fn knows(&self, tag: &str) -> Option<String> {
        self.voice(tag).map(|_| canonical(tag))
    }

    /// What to ask the engine for: its own name for the language, or for the nearest one: that of the same language
    /// with the fewest differences. An engine that can't tell is asked for the tag itself.
    #[must_use]
    pub fn voice(&self, tag: &str) -> Option<String> {
        if !is_tag(tag) {
            return None;
        }
        let Some(languages) = &self.0 else { return Some(canonical(tag)) };
        let find = |name: &str| languages.iter().find(|language| language.eq_ignore_ascii_case(name));
        let tag = tag.to_ascii_lowercase().replace('_', "-");
        let mut rest = tag.as_str();
        loop {
            let alias = ALIASES.iter().find(|(name, _)| *name == rest).and_then(|(_, name)| find(name));
            if let Some(language) = alias.or_else(|| find(rest)) {
                return Some(language.clone());
            }
            let Some((shorter, _)) = rest.rsplit_once('-') else { break };
            rest = shorter;
        }
        // No voice for the language as such; one with a region or a script is better than another language.
        languages.iter().find(|language| base(language).eq_ignore_ascii_case(rest)).cloned()
    }
}

/// Whether this has the shape of a language tag: a letter, then up to 34 letters, digits, `-` and `_`. Tags come from
/// servers and become arguments of programs and parts of paths, so nothing else may pass.
#[must_use]
pub fn is_tag(tag: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    tag.starts_with(|c: char| c.is_ascii_alphabetic()) && tag.len() <= MAX_TAG && tag.chars().all(plain)
}

/// The tag in the case that BCP 47 recommends: `fr-FR`, `zh-Hant-TW`, `en-GB-x-rp`.
fn canonical(tag: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut private = false;
    for part in tag.split(['-', '_']) {
        let part = part.to_ascii_lowercase();
        let first = parts.is_empty();
        private |= part.len() == 1 && !first;
        parts.push(match part.len() {
            2 if !first && !private => part.to_ascii_uppercase(),
            4 if !first && !private && part.starts_with(|c: char| c.is_ascii_alphabetic()) => titled(&part),
            _ => part,
        });
    }
    parts.join("-")
}

fn titled(part: &str) -> String {
    let (head, tail) = part.split_at(1);
    head.to_ascii_uppercase() + tail
}

/// The language without its region.
fn base(name: &str) -> &str {
    name.split(['-', '_']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some of what espeak-ng has.
    fn espeak() -> Voices {
        let names = "chr-US-Qaaa-x-west cmn de en-029 en-gb en en-gb-x-rp en-us es es-419 es-mx fr-be fr fr-fr he \
                     it nb no pt pt-br yue zh-yue";
        Voices::new(Some(names.split(' ').map(String::from).collect()))
    }

    #[test]
    fn a_tag_finds_the_nearest_voice() {
        for (tag, voice) in [
            ("fr-FR", "fr-fr"),
            ("fr_FR", "fr-fr"),
            ("FR", "fr-fr"),
            ("fr-CA", "fr-fr"),
            ("fr-BE", "fr-be"),
            ("en", "en-us"),
            ("en-US", "en-us"),
            ("EN_gb", "en-gb"),
            ("en-AU", "en-us"),
            ("en-GB-oxendict", "en-gb"),
            ("de-AT", "de"),
            ("es-MX", "es-mx"),
            ("es-AR", "es"),
            ("pt-PT", "pt"),
            ("pt-BR", "pt-br"),
            ("nn-NO", "nb"),
            ("iw", "he"),
            ("zh-Hans-CN", "cmn"),
            ("zh-HK", "yue"),
            ("chr", "chr-US-Qaaa-x-west"),
        ] {
            assert_eq!(espeak().voice(tag).as_deref(), Some(voice), "{tag}");
        }
    }

    #[test]
    fn the_tag_is_remembered_as_it_was_sent_but_in_its_proper_case() {
        for (tag, kept) in [
            ("fr-fr", "fr-FR"),
            ("FR_ca", "fr-CA"),
            ("en", "en"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("en-gb-X-RP", "en-GB-x-rp"),
            ("es-419", "es-419"),
            ("de-1996", "de-1996"),
        ] {
            assert_eq!(espeak().knows(tag).as_deref(), Some(kept), "{tag}");
        }
    }

    #[test]
    fn other_languages_are_not_known() {
        for tag in ["xx", "xx-XX", "tlh", "f", "fre", "x-fr"] {
            assert_eq!(espeak().knows(tag), None, "{tag}");
        }
        assert_eq!(Voices::new(Some(Vec::new())).knows("en"), None);
    }

    #[test]
    fn what_is_no_tag_is_known_to_nobody() {
        let long = "a".repeat(MAX_TAG + 1);
        for tag in ["", "-", "--help", "-v", "fr FR", "fr-FR\n", "fr/../x", "été", "{lang}", "1", "_fr", &long] {
            assert_eq!(espeak().knows(tag), None, "{tag:?}");
            assert_eq!(Voices::new(None).knows(tag), None, "{tag:?}");
        }
    }

    #[test]
    fn an_engine_that_cannot_tell_is_taken_to_speak_all() {
        let any = Voices::new(None);
        assert_eq!(any.knows("tlh-piqd").as_deref(), Some("tlh-Piqd"));
        assert_eq!(any.voice("FR_fr").as_deref(), Some("fr-FR"));
        assert!(any.knows(&"a".repeat(MAX_TAG)).is_some());
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_no_option_and_no_path_leaves(tag in "([a-zA-Z][a-zA-Z0-9_-]{0,40}|\\PC{0,40}|(en|fr|zh)[-_]\\PC{0,9})") {
            for voices in [espeak(), Voices::new(None)] {
                if let Some(kept) = voices.knows(&tag) {
                    proptest::prop_assert!(is_tag(&kept));
                    proptest::prop_assert_eq!(voices.knows(&kept), Some(kept.clone()));
                    proptest::prop_assert_eq!(voices.voice(&kept), voices.voice(&tag));
                }
            }
        }
    }
}
