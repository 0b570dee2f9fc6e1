//! The commented sample file and the reference page, both made of the definitions.

use std::fmt::Write as _;

use super::define::{Initial, Reload, SectionDef, SettingDef};
use super::sections::{self, LATER, REPEATED};

/// Columns of the sample's comments.
const WIDTH: usize = 100;

/// The commented default file: it loads as it is, and with every `# key = value` line taken out of its comment.
#[must_use]
pub fn sample() -> String {
    let mut text = String::from(
        "# The settings of Auricle. `auricle check` says what they mean and what is wrong with them.\n\
         #\n\
         # To change a setting, remove the `# ` before its `key = value` line, and for a server also before [linto]. What\n\
         # stands there is the default, or an example where it says so. Variables come before this file: for example\n\
         # AURICLE_LINTO__PASSWORD before `password` in [linto].\n\
         # In brackets: what it can be, and when a change takes effect, at once (live) or when the daemon starts again.\n",
    );
    for section in sections::served() {
        text.push('\n');
        comment(&mut text, section.help);
        // A section that needs a value stays away until somebody gives it one.
        let needs_value = section.settings.iter().any(|setting| matches!(setting.initial, Initial::Required(_)));
        let _ = writeln!(text, "{}[{}]", if needs_value { "# " } else { "" }, section.name);
        for setting in section.settings {
            text.push('\n');
            comment(&mut text, &sample_help(setting));
            let _ = writeln!(text, "# {} = {}", setting.key, setting.initial.example());
        }
    }
    text
}

fn sample_help(setting: &SettingDef) -> String {
    let kind = match setting.initial {
        Initial::Default(_) => "",
        Initial::Empty(_) => "Empty; this is an example. ",
        Initial::Unset(_) => "Not set; this is an example. ",
        Initial::Required(_) => "This is an example. ",
    };
    let coming = coming(setting).map(|coming| format!("{coming} ")).unwrap_or_default();
    format!("{} {kind}{coming}({}; {})", setting.help, (setting.expects)(), reload(setting))
}

fn comment(text: &mut String, help: &str) {
    for line in wrap(help, WIDTH) {
        let _ = writeln!(text, "# {line}");
    }
}

/// The reference of all settings, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         <!-- Made from the definitions in src/config/sections.rs; `AURICLE_BLESS=1 cargo test --test settings` writes it. -->\n\n\
         Auricle reads `/etc/auricle/auricle.toml`, or the file given with `--config`. A variable comes before the file:\n\
         `AURICLE_LINTO__PASSWORD` is `password` in `[linto]`, and so on for every setting; `AURICLE_STATE_DIR` and\n\
         `AURICLE_CONTROL_SOCKET` are short for `AURICLE_DEVICE__STATE_DIR` and `AURICLE_CONTROL__SOCKET`, and win.\n\
         A relative path counts from the folder of the settings file. `auricle check` says what the settings mean.\n\n\
         *Live* settings take effect at once, *restart* ones when the daemon is started again.\n",
    );
    for section in sections::served() {
        reference_section(&mut text, section);
    }
    let later: Vec<_> = LATER.iter().map(|name| format!("`[{name}]`")).collect();
    let _ = write!(
        text,
        "\n## Not served yet\n\nThese sections are agreed, but come with later versions; until then they are errors: {}.\n",
        later.join(", ")
    );
    text
}

fn reference_section(text: &mut String, section: &SectionDef) {
    let header = if REPEATED.contains(&section.name) {
        format!("`[{0}]` or `[[{0}]]`", section.name)
    } else {
        format!("`[{}]`", section.name)
    };
    let _ = write!(text, "\n## {header}\n\n{}\n\n", one_line(section.help));
    text.push_str("| setting | default | values | takes effect | meaning |\n|---|---|---|---|---|\n");
    for setting in section.settings {
        let default = match setting.initial {
            Initial::Default(value) => format!("`{value}`"),
            Initial::Empty(example) => format!("`[]`; e.g. `{example}`"),
            Initial::Unset(example) => format!("not set, e.g. `{example}`"),
            Initial::Required(example) => format!("**needed**, e.g. `{example}`"),
        };
        let values = (setting.expects)();
        let coming = coming(setting).map(|coming| format!(" {coming}")).unwrap_or_default();
        let meaning = format!("{}{coming}", one_line(setting.help));
        let cells = [format!("`{}`", setting.key), default, values, reload(setting).into(), meaning];
        let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
}

/// What a later version adds.
fn coming(setting: &SettingDef) -> Option<String> {
    let words = (setting.later)();
    let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    (!words.is_empty()).then(|| format!("Not served yet: {}.", words.join(", ")))
}

const fn reload(setting: &SettingDef) -> &'static str {
    match setting.reload {
        Reload::Live => "live",
        Reload::Restart => "restart",
    }
}

/// A doc comment as one line.
pub(super) fn one_line(help: &str) -> String {
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words in lines of at most `width` characters, as far as no single word is longer.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
