//! What a process uses, by the kernel's books.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Memory of a process, in kB of 1024 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident.
    pub rss: u64,
    /// Resident, shared pages divided by those who share them.
    pub pss: u64,
}

/// Looks it up.
pub fn memory(pid: u32) -> Memory {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("the process runs");
    Memory { rss: kilobytes(&rollup, "Rss:"), pss: kilobytes(&rollup, "Pss:") }
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a field of /proc");
    line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
}

/// Resident memory by what lies in it, in kB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// The program's own file.
    pub program: u64,
    /// Shared libraries that the program is linked with, and the loader.
    pub linked: u64,
    /// Other shared libraries: plugins, and what they load.
    pub plugins: u64,
    /// Everything else: heap, stacks.
    pub data: u64,
}

/// Looks it up for a process that runs `program`.
pub fn parts(pid: u32, program: &Path) -> Parts {
    let (linked, program) = (linked(program), fs::canonicalize(program).expect("the program"));
    let smaps = fs::read_to_string(format!("/proc/{pid}/smaps")).expect("the process runs");
    let (mut parts, mut file) = (Parts::default(), Path::new(""));
    for line in smaps.lines() {
        if let Some(size) = line.strip_prefix("Rss:") {
            let part = match file {
                file if file == program => &mut parts.program,
                file if linked.contains(file) => &mut parts.linked,
                file if file.to_string_lossy().contains(".so") => &mut parts.plugins,
                _ => &mut parts.data,
            };
            *part += size.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
        } else if line.split(' ').next().is_some_and(|word| word.contains('-')) {
            file = Path::new(line.split_whitespace().nth(5).unwrap_or_default());
        }
    }
    parts
}

fn linked(program: &Path) -> BTreeSet<PathBuf> {
    let output = Command::new("ldd").arg(program).output().expect("ldd");
    let text = String::from_utf8_lossy(&output.stdout);
    let files = text.split_whitespace().filter(|word| word.starts_with('/'));
    files.filter_map(|file| fs::canonicalize(file).ok()).collect()
}

/// What a thread has done since it was born.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// Times that it went to sleep by itself: each ends with a wake-up.
    pub sleeps: u64,
    /// Nanoseconds on a processor.
    pub busy: u64,
}

/// The threads of a process by their names.
pub fn threads(pid: u32) -> BTreeMap<String, Work> {
    let mut all: BTreeMap<String, Work> = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs").map_while(Result::ok) {
        let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        let work = all.entry(read("comm").trim().to_owned()).or_default();
        let status = read("status");
        let sleeps = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        work.sleeps += sleeps.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
        work.busy += read("schedstat").split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0);
    }
    all
}
