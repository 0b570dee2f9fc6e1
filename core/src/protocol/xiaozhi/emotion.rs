//! The feelings that a server gives to its answer.

/// A feeling, for the lights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Emotion {
    #[default]
    Neutral,
    Happy,
    Laughing,
    Funny,
    Sad,
    Angry,
    Crying,
    Loving,
    Embarrassed,
    Surprised,
    Shocked,
    Thinking,
    Winking,
    Cool,
    Relaxed,
    Delicious,
    Kissy,
    Confident,
    Sleepy,
    Silly,
    Confused,
}

impl Emotion {
    /// Every feeling that servers are known to send.
    pub const ALL: [Self; 21] = [
        Self::Neutral,
        Self::Happy,
        Self::Laughing,
        Self::Funny,
        Self::Sad,
        Self::Angry,
        Self::Crying,
        Self::Loving,
        Self::Embarrassed,
        Self::Surprised,
        Self::Shocked,
        Self::Thinking,
        Self::Winking,
        Self::Cool,
        Self::Relaxed,
        Self::Delicious,
        Self::Kissy,
        Self::Confident,
        Self::Sleepy,
        Self::Silly,
        Self::Confused,
    ];

    /// The feeling of this name; a name that is not known is neutral.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let name = name.trim();
        Self::ALL.into_iter().find(|emotion| emotion.name().eq_ignore_ascii_case(name)).unwrap_or_default()
    }

    /// Its name, as servers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Happy => "happy",
            Self::Laughing => "laughing",
            Self::Funny => "funny",
            Self::Sad => "sad",
            Self::Angry => "angry",
            Self::Crying => "crying",
            Self::Loving => "loving",
            Self::Embarrassed => "embarrassed",
            Self::Surprised => "surprised",
            Self::Shocked => "shocked",
            Self::Thinking => "thinking",
            Self::Winking => "winking",
            Self::Cool => "cool",
            Self::Relaxed => "relaxed",
            Self::Delicious => "delicious",
            Self::Kissy => "kissy",
            Self::Confident => "confident",
            Self::Sleepy => "sleepy",
            Self::Silly => "silly",
            Self::Confused => "confused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_read_back() {
        for emotion in Emotion::ALL {
            assert_eq!(Emotion::named(emotion.name()), emotion);
        }
        assert_eq!(Emotion::named(" Happy "), Emotion::Happy);
    }

    #[test]
    fn an_unknown_feeling_is_neutral() {
        for name in ["", "hungry", "neutral!", "happy sad"] {
            assert_eq!(Emotion::named(name), Emotion::Neutral, "{name}");
        }
    }
}
