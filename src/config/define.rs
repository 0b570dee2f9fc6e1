//! What a setting is. [`section!`] turns one definition into the struct field, its reading and checking, its lines in
//! the sample file, in the reference and in `auricle check`.

use super::read::Reader;

/// When a change of a setting takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// At once.
    Live,
    /// When the daemon is started again.
    Restart,
}

/// What a setting is as long as nobody sets it. The text is TOML.
#[derive(Clone, Copy, Debug)]
pub enum Initial {
    /// This.
    Default(&'static str),
    /// An empty list; this is what one could write.
    Empty(&'static str),
    /// Not set; this is what one could write.
    Unset(&'static str),
    /// It has to be set; this is what one could write.
    Required(&'static str),
}

impl Initial {
    /// The value when nothing is written; `None`: there has to be something.
    pub(super) const fn text(self) -> Option<&'static str> {
        match self {
            Self::Default(text) => Some(text),
            Self::Empty(_) => Some("[]"),
            Self::Unset(_) => Some("\"\""),
            Self::Required(_) => None,
        }
    }

    /// What the sample shows.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Default(text) | Self::Empty(text) | Self::Unset(text) | Self::Required(text) => text,
        }
    }
}

/// What else is to be known of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Plain,
    /// Its value must never be shown.
    Secret,
}

/// The definition of a setting.
#[derive(Debug)]
pub struct SettingDef {
    /// Its key.
    pub key: &'static str,
    /// Section and key, "audio.volume".
    pub path: &'static str,
    /// What it means.
    pub help: &'static str,
    /// What it is when not set.
    pub initial: Initial,
    /// When a change takes effect.
    pub reload: Reload,
    /// What else is to be known.
    pub mark: Mark,
    /// What it can be.
    pub expects: fn() -> String,
    /// Words that it can't be yet.
    pub later: fn() -> Vec<&'static str>,
}

/// The definition of a section.
#[derive(Debug)]
pub struct SectionDef {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub help: &'static str,
    /// Its settings, in the order of the sample.
    pub settings: &'static [SettingDef],
}

impl SectionDef {
    pub(super) fn setting(&self, key: &str) -> Option<&'static SettingDef> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.settings.iter().map(|setting| setting.key)
    }
}

/// A section as a struct.
pub(super) trait Section: Sized {
    /// How it is defined.
    fn definition() -> &'static SectionDef;

    /// Takes every setting out of the reader, which notes what is wrong; `None` if anything was.
    fn read(reader: &mut Reader<'_, '_>) -> Option<Self>;

    /// The settings in which two differ.
    fn changed(&self, other: &Self) -> Vec<&'static SettingDef>;

    /// Takes over what may change while the daemon runs.
    fn take_live(&mut self, new: &Self);

    /// The values as they would be written, in the order of the definition. Secrets are "set" or "not set".
    fn shown(&self) -> Vec<String>;
}

/// Defines a section: `field: Type = kind, initial value, Reload class [, Mark];`. The doc comments are the help.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        pub struct $name:ident = $section:literal {
            $(
                $(#[doc = $help:literal])*
                $field:ident: $type:ty = $kind:expr, $initial:expr, $reload:ident $(, $mark:ident)?;
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $help])* pub $field: $type,)*
        }

        impl $crate::config::define::Section for $name {
            fn definition() -> &'static $crate::config::define::SectionDef {
                use $crate::config::define::{Reload, SectionDef, SettingDef};
                static DEFINITION: SectionDef = SectionDef {
                    name: $section,
                    help: concat!($($about, "\n"),*),
                    settings: &[$(SettingDef {
                        key: stringify!($field),
                        path: concat!($section, ".", stringify!($field)),
                        help: concat!($($help, "\n"),*),
                        initial: $initial,
                        reload: Reload::$reload,
                        mark: section!(@mark $($mark)?),
                        expects: || $crate::config::kind::Kind::expects(&$kind),
                        later: || $crate::config::kind::Kind::later(&$kind),
                    }),*],
                };
                &DEFINITION
            }

            fn read(reader: &mut $crate::config::read::Reader<'_, '_>) -> Option<Self> {
                $(let $field = reader.take(stringify!($field), &$kind);)*
                Some(Self { $($field: $field?),* })
            }

            fn changed(&self, other: &Self) -> Vec<&'static $crate::config::define::SettingDef> {
                let differs = [$(self.$field != other.$field),*];
                let settings = Self::definition().settings.iter();
                settings.zip(differs).filter(|(_, differs)| *differs).map(|(setting, _)| setting).collect()
            }

            fn take_live(&mut self, new: &Self) {
                use $crate::config::define::Reload;
                $(if matches!(Reload::$reload, Reload::Live) {
                    self.$field.clone_from(&new.$field);
                })*
            }

            fn shown(&self) -> Vec<String> {
                vec![$($crate::config::kind::Kind::show(&$kind, &self.$field)),*]
            }
        }
    };
    (@mark) => { $crate::config::define::Mark::Plain };
    (@mark $mark:ident) => { $crate::config::define::Mark::$mark };
}
pub(super) use section;
