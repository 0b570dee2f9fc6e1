//! The licences of what is linked into the program: each crate, and each text once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde_json::Value;

/// How deep in a crate the sources of C libraries with their own licence lie.
const DEPTH: usize = 3;

const HEAD: &str = "\
Auricle contains these crates and C libraries, linked statically. Their licences follow, each text once.
A crate without a text of its own is used under one that is here.
";

/// All of it as text, for a build for `target`.
pub(crate) fn of(target: &str) -> io::Result<String> {
    let metadata = metadata(target)?;
    let linked = linked(&metadata);
    let mut crates = BTreeSet::new();
    // By what the text says, however its lines are broken.
    let mut texts: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for package in list(&metadata, "packages").filter(|package| linked.contains(text(package, "id"))) {
        // Without a source it is ours.
        if package["source"].is_null() {
            continue;
        }
        let name = format!("{} {}", text(package, "name"), text(package, "version"));
        crates.insert(format!("{name}: {}", text(package, "license")));
        let folder = Path::new(text(package, "manifest_path")).parent().unwrap_or(Path::new("/"));
        for file in licence_files(folder, DEPTH) {
            let told = String::from_utf8_lossy(&fs::read(&file)?).trim().to_owned();
            let place = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
            let key = told.split_whitespace().collect::<Vec<_>>().join(" ");
            texts.entry(key).or_insert((told, BTreeSet::new())).1.insert(format!("{name} ({place})"));
        }
    }
    if crates.is_empty() {
        return Err(io::Error::other(format!("cargo metadata names no crate for {target}; check the target")));
    }
    Ok(written(&crates, texts.into_values()))
}

fn written(crates: &BTreeSet<String>, texts: impl Iterator<Item = (String, BTreeSet<String>)>) -> String {
    let mut out = HEAD.to_owned();
    for line in crates {
        let _ = write!(out, "\n  {line}");
    }
    for (told, users) in texts {
        let users: Vec<_> = users.into_iter().collect();
        let _ = write!(out, "\n\n{}\n{}\n\n{told}", "=".repeat(80), users.join("\n"));
    }
    out.push('\n');
    out
}

fn metadata(target: &str) -> io::Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", target];
    let output = Command::new(cargo).args(arguments).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The packages that are linked: from ours along the dependencies that are not only for the build or the tests.
fn linked(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<_, _> = list(&metadata["resolve"], "nodes").map(|node| (text(node, "id"), node)).collect();
    let mut linked = BTreeSet::new();
    let mut ahead = vec![text(&metadata["resolve"], "root")];
    while let Some(id) = ahead.pop() {
        if !linked.insert(id) {
            continue;
        }
        let dependencies = nodes.get(id).into_iter().flat_map(|node| list(node, "deps"));
        let normal = dependencies.filter(|one| list(one, "dep_kinds").any(|kind| kind["kind"].is_null()));
        ahead.extend(normal.map(|one| text(one, "pkg")));
    }
    linked
}

fn licence_files(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().to_uppercase());
        if path.is_dir() {
            if depth > 1 {
                found.extend(licence_files(&path, depth - 1));
            }
        } else if ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"].iter().any(|word| name.starts_with(word)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
