//! The documents are checked against the code: settings parse, causes and commands are all there.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use auricle::config;
use auricle_core::assistant::cause::Cause;
use auricle_core::lights::{Colour, Motion, TABLE};
use auricle_core::protocol::linto::commands;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    all.push(root().join("README.md"));
    all
}

/// The contents of all code blocks of this kind.
fn blocks(text: &str, kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(&format!("```{kind}\n")) {
        let (block, after) = after.split_once("```").expect("a block that ends");
        found.push(block.to_owned());
        rest = after;
    }
    found
}

#[test]
fn every_settings_block_can_be_used() {
    let mut checked = 0;
    for path in documents() {
        for block in blocks(&fs::read_to_string(&path).unwrap(), "toml") {
            if let Err(errors) = config::parse_str(&block, std::iter::empty()) {
                panic!("{}: {errors}\n{block}", path.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 0, "no settings in the documents");
}

#[test]
fn every_cause_is_explained() {
    let text = fs::read_to_string(root().join("docs/causes.md")).unwrap();
    for code in Cause::CODES {
        assert!(text.contains(&format!("| `{code}` |")), "docs/causes.md lacks {code}");
    }
}

#[test]
fn the_list_of_causes_is_complete() {
    let source = fs::read_to_string(root().join("core/src/assistant/cause.rs")).unwrap();
    let (_, code) = source.split_once("fn code(").unwrap();
    let (code, _) = code.split_once("fn text(").unwrap();
    let known = code.lines().filter(|line| line.contains("=> \"")).count();
    assert_eq!(known, Cause::CODES.len(), "a cause whose code is not in Cause::CODES");
}

#[test]
fn every_command_is_described_and_every_described_one_is_there() {
    let help = Command::new(env!("CARGO_BIN_EXE_auricle")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, list) = help.split_once("Commands:").unwrap();
    let commands = list.lines().skip(1).take_while(|line| line.starts_with("  "));
    let commands: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|c| *c != "help").collect();
    assert!(commands.len() >= 9, "{help}");
    let text = fs::read_to_string(root().join("docs/commands.md")).unwrap();
    for command in &commands {
        assert!(text.contains(&format!("`auricle {command}")), "docs/commands.md lacks {command}");
    }
    for described in text.split("`auricle ").skip(1) {
        let name: String = described.chars().take_while(char::is_ascii_alphabetic).collect();
        assert!(commands.contains(&name.as_str()) || name == "demo", "docs/commands.md describes `{name}`");
    }
}

#[test]
fn the_table_of_linto_commands_is_that_of_the_registry() {
    let text = fs::read_to_string(root().join("docs/linto.md")).unwrap();
    let (_, table) = text.split_once("## What the server may send").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').skip(1).map(str::trim).collect())
        .collect();
    let described: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let known: Vec<&str> = commands::ALL.iter().map(|command| command.leaf).chain(commands::CONVERSATION).collect();
    let sorted = |mut leaves: Vec<&'static str>| {
        leaves.sort_unstable();
        leaves
    };
    let described = described.into_iter().map(|leaf| known.iter().find(|known| **known == leaf).copied());
    let described: Option<Vec<&'static str>> = described.collect();
    assert_eq!(described.map(sorted), Some(sorted(known.clone())), "docs/linto.md describes other commands");
    for command in commands::ALL {
        let row = rows.iter().find(|row| row[0] == format!("`{}`", command.leaf)).unwrap();
        match command.answer {
            Some(answer) => assert!(row[3].contains(&format!("`{answer}`")), "the answer to {}: {row:?}", command.leaf),
            None => assert!(!row[3].starts_with('`'), "{} has no answer: {row:?}", command.leaf),
        }
        assert_eq!(command.audited, row[4].contains("[remote]"), "the setting of {}: {row:?}", command.leaf);
    }
}

#[test]
fn the_table_of_lights_is_that_of_the_code() {
    let text = fs::read_to_string(root().join("docs/lights-and-button.md")).unwrap();
    let words = |motion: Motion| match motion {
        Motion::Off => "off",
        Motion::Steady => "steady",
        Motion::Slow => "slow blink",
        Motion::Fast => "fast blink",
        Motion::Double => "double blink",
        Motion::Triple => "triple blink",
        Motion::Gap => "steady with short gaps",
        Motion::DoubleGap => "steady with double gaps",
        Motion::Breathe => "breathes",
        Motion::Rotate => "goes around",
    };
    let colour = |Colour { red, green, blue }| match (red, green, blue) {
        (0, 0, 0) => "dark",
        (255, 255, 255) => "white",
        (0, 0, 255) => "blue",
        (0, 255, 255) => "cyan",
        (0, 255, 0) => "green",
        (255, 0, 0) => "red",
        (255, 0, 255) => "magenta",
        _ => "amber",
    };
    for row in TABLE {
        let (name, motions) = (row.activity.name(), [row.lamp, row.rgb, row.strip].map(words).join(" | "));
        let line = format!("| {name} | {} | {motions} |", colour(row.colour));
        assert!(text.contains(&line), "docs/lights-and-button.md lacks: {line}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for path in documents().into_iter().chain([root().join("ARCHITECTURE.md")]) {
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let is_file = !link.contains("://") && !link.starts_with('#');
            let target = path.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(!is_file || target.exists() || link.ends_with("benchmarks.md"), "{}: {link}", path.display());
        }
    }
}
