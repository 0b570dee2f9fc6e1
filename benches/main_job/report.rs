//! docs/benchmarks.md.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use crate::clock::Micros;

/// One thing that was measured.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What.
    pub what: String,
    /// Our figure; of two, the first is the 50th and the second the 95th percentile.
    pub ours: String,
    /// The figure of what was measured beside it.
    pub peer: String,
    /// What it should be.
    pub target: String,
    /// Whether it is; `None` without a target.
    pub met: Option<bool>,
    /// The ratio, or what else is worth saying.
    pub result: String,
    /// How it was measured.
    pub how: String,
}

/// All of them.
#[derive(Debug)]
pub struct Report {
    rows: Vec<Row>,
    load_before: String,
}

/// Microseconds as milliseconds.
pub fn millis(span: Micros) -> f64 {
    span as f64 / 1e3
}

impl Report {
    /// An empty one; the load of the machine is looked up now.
    pub fn new() -> Self {
        Self { rows: Vec::new(), load_before: load() }
    }

    /// Adds a row, and prints it, so that whoever waits sees that something happens.
    pub fn add(&mut self, row: Row) {
        println!("{}: {}  {}  {}  {}", row.what, row.ours, row.peer, row.result, verdict(&row));
        self.rows.push(row);
    }

    /// Adds all rows of another one.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// The targets that were missed.
    pub fn missed(&self) -> Vec<&str> {
        self.rows.iter().filter(|row| row.met == Some(false)).map(|row| row.what.as_str()).collect()
    }

    /// The document. `python` is the interpreter of the peers.
    pub fn markdown(&self, python: &str) -> String {
        let mut text = String::from(HEAD);
        let _ = writeln!(text, "\n{}\n", machine(python, &self.load_before));
        text += "| what | Auricle (p50 / p95) | beside it | target | result |\n|---|---|---|---|---|\n";
        for row in &self.rows {
            let verdict = verdict(row);
            let gap = if row.result.is_empty() || verdict.is_empty() { "" } else { ": " };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {verdict}{gap}{} |",
                row.what, row.ours, row.peer, row.target, row.result
            );
        }
        text += "\n## What exactly was measured\n\n";
        for row in &self.rows {
            let _ = writeln!(text, "* **{}**: {}", row.what, row.how);
        }
        text
    }
}

const HEAD: &str = "<!-- Written by `make bench`; changes by hand are lost. -->\n# Benchmarks\n\n\
    `make bench` measures all of this in one run and writes this file. The daemon is the real one, built for release; \
    it hears and speaks through ALSA and a PulseAudio server without hardware in real time, and its broker is a real \
    mosquitto on the same machine. Where a program stands beside ours, both ran in the same run. Trust ratios more than \
    figures, and no figure as one of a Raspberry Pi: none was measured there. \
    How well it hears is in [hearing.md](hearing.md), how sound survives a bad link in [xiaozhi-sound.md](xiaozhi-sound.md).\n";

const fn verdict(row: &Row) -> &'static str {
    match row.met {
        None => "",
        Some(true) => "met",
        Some(false) => "**missed**",
    }
}

/// The machine in a sentence or two.
fn machine(python: &str, load_before: &str) -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("?").trim_matches('"');
    let virtual_machine = if processors.contains(" hypervisor") { " of a virtual machine" } else { "" };
    let rights = if nix::unistd::geteuid().is_root() {
        "as root, so that the sound threads have real-time priority"
    } else {
        "as an ordinary user"
    };
    format!(
        "Machine: {cores} cores{virtual_machine}, {model}; {system}, Linux {}; {}, {}. Measured on {} {rights}. Load \
         average (1, 5, 15 minutes) before: {load_before}; after: {}.",
        said(&["uname", "-r"]),
        said(&["rustc", "--version"]),
        said(&[python, "--version"]),
        jiff::Timestamp::now().strftime("%Y-%m-%d"),
        load(),
    )
}

fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(", ")
}

fn said(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_else(|_| "?".into())
}
