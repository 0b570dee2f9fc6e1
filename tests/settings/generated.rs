//! The files made from the definitions are those in the repository, and the sample is a good first file.

use std::path::Path;

use auricle::config;

use super::loaded;

/// Compares a file of the repository with what it should be. `AURICLE_BLESS=1` writes it.
fn same_as_generated(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("AURICLE_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "{file} is stale; `AURICLE_BLESS=1 cargo test --test settings` writes it anew");
}

#[test]
fn the_sample_file_is_current() {
    same_as_generated("config/auricle.toml", &config::sample());
}

#[test]
fn the_reference_is_current() {
    same_as_generated("docs/settings.md", &config::reference());
}

#[test]
fn the_sample_as_it_is_means_the_defaults_and_no_server() {
    let sample = loaded(&config::sample());
    assert!(sample.settings.linto.is_empty());
    assert_eq!(sample.settings, loaded("").settings);
    assert!(sample.warnings.is_empty());
}

/// Every `# key = value` and `# [section]` line without its `# `.
fn uncommented(sample: &str) -> String {
    let is_setting = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        let is_key = key.len() < line.len() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_key || (line.starts_with('[') && line.ends_with(']'))
    };
    let lines = sample.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_sample_with_every_setting_taken_out_of_its_comment_loads() {
    let text = uncommented(&config::sample());
    let settings = loaded(&text).settings;
    assert_eq!(settings.linto.len(), 1);
    assert_eq!(settings.device.serial.as_deref(), Some("raspberry1"));
    assert_eq!(settings.remote.shell_commands, [["uptime"]]);
    // Every setting of the reference is there, so that none is missing in the sample.
    let rows = config::reference().lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(text.lines().filter(|line| !line.starts_with('#') && line.contains(" = ")).count(), rows);
    assert!(rows > 25);
}

#[test]
fn a_default_written_out_changes_nothing() {
    let sample = config::sample();
    let is_example = |part: &&str| part.replace("\n# ", " ").contains("this is an example");
    let parts: Vec<_> = sample.split("\n\n").skip_while(|part| !part.ends_with("\n[audio]")).collect();
    let without_examples = parts.into_iter().filter(|part| !is_example(part)).collect::<Vec<_>>().join("\n\n");
    assert_eq!(loaded(&uncommented(&without_examples)).settings, loaded("").settings);
}
