//! The manual page of the settings, auricle.toml(5), made of the definitions.

use std::fmt::Write as _;

use super::DEFAULT_PATH;
use super::define::{Initial, Reload, SectionDef, SettingDef};
use super::sample::one_line;
use super::sections::{self, LATER, REPEATED};

/// The manual page in roff.
#[must_use]
pub fn manual() -> String {
    let mut page = format!(
        ".TH auricle.toml 5 \"\" \"auricle {}\" \"\"\n.SH NAME\nauricle.toml \\- the settings of Auricle\n",
        env!("CARGO_PKG_VERSION")
    );
    page.push_str(".SH DESCRIPTION\n");
    paragraph(&mut page, &format!("Auricle reads {DEFAULT_PATH}, or the file given with --config. It is TOML."));
    paragraph(&mut page, "\"sudo auricle setup\" writes it; /usr/share/auricle/auricle.toml has every setting in it.");
    paragraph(&mut page, "A variable comes before the file: AURICLE_LINTO__PASSWORD is \"password\" in [linto].");
    paragraph(&mut page, "auricle-check(1) says what the settings mean and what is wrong with them.");
    paragraph(&mut page, "After a change, \"systemctl reload auricle\" takes over the live settings, a restart all.");
    for section in sections::served() {
        describe_section(&mut page, section);
    }
    let later: Vec<_> = LATER.iter().map(|name| format!("[{name}]")).collect();
    if !later.is_empty() {
        page.push_str(".SH NOT SERVED YET\n");
        let later = later.join(", ");
        paragraph(&mut page, &format!("These sections come with later versions; until then they are errors: {later}."));
    }
    page.push_str(".SH SEE ALSO\n");
    paragraph(&mut page, "auricle(1), auricle-check(1)");
    page
}

fn describe_section(page: &mut String, section: &SectionDef) {
    let repeated = if REPEATED.contains(&section.name) { format!(" or [[{}]]", section.name) } else { String::new() };
    let _ = writeln!(page, ".SH \"{}\"", escaped(&format!("[{}]{repeated}", section.name)));
    paragraph(page, &one_line(section.help));
    for setting in section.settings {
        describe(page, setting);
    }
}

fn describe(page: &mut String, setting: &SettingDef) {
    let initial = match setting.initial {
        Initial::Default(value) => format!("default {value}"),
        Initial::Empty(example) => format!("empty; for example {example}"),
        Initial::Unset(example) => format!("not set; for example {example}"),
        Initial::Required(example) => format!("needed; for example {example}"),
    };
    let reload = match setting.reload {
        Reload::Live => "live",
        Reload::Restart => "restart",
    };
    let _ = writeln!(page, ".TP\n.B {}", escaped(setting.key));
    let _ = writeln!(page, "{}", escaped(&one_line(setting.help)));
    let values = (setting.expects)();
    let _ = writeln!(page, ".br\n{}", escaped(&format!("Can be: {values}; {initial}; {reload}.")));
}

fn paragraph(page: &mut String, text: &str) {
    let _ = writeln!(page, ".PP\n{}", escaped(text));
}

/// As roff shows it again: `\` and `-` mean something anywhere, `.` and `'` at the beginning of a line.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_in_the_manual_and_no_text_is_a_request_of_roff() {
        let page = manual();
        let requests = [".TH ", ".SH ", ".PP", ".TP", ".br", ".B "];
        for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
            assert!(requests.iter().any(|request| line.starts_with(request)), "{line}");
        }
        for setting in sections::served().iter().flat_map(|section| section.settings) {
            assert!(page.contains(&format!(".B {}\n", setting.key)), "{}", setting.path);
        }
        assert_eq!(escaped(".a-b \\ \"c\""), "\\&.a\\-b \\e \\(dqc\\(dq");
    }
}
