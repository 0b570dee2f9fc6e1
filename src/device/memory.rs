//! Memory that only the start needed goes back to the system.
//!
//! Reading settings, the command line and the tables of libraries touches most of the program once. Those pages are
//! copies of files that nobody has written to: given back they are free for others on a small machine, and what is used
//! again comes from the page cache within microseconds.

use std::ffi::c_void;
use std::fs;
use std::ops::Range;

/// Gives back the pages of the program and its libraries that can be read again from their files. Returns how many
/// bytes they had.
pub fn release_start() -> usize {
    // Without it everything stays as it is, which harms nobody.
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut bytes = 0;
    for range in clean(&smaps) {
        // SAFETY: a private mapping of a file, not writable, none of its pages changed: what is given back is read again.
        let given = unsafe { libc::madvise(range.start as *mut c_void, range.len(), libc::MADV_DONTNEED) };
        bytes += if given == 0 { range.len() } else { 0 };
    }
    bytes
}

/// Where files are mapped that can't be written to and of which no page differs from the file, out of the text of
/// `/proc/self/smaps`.
fn clean(smaps: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut mapping = None;
    for line in smaps.lines() {
        match line.split_once(':') {
            // `Anonymous` counts pages that were changed, also those of a loader that made them read-only afterwards.
            Some(("Anonymous", size)) if size.trim() == "0 kB" => found.extend(mapping.take()),
            Some((name, _)) if !name.contains(' ') => {}
            _ => mapping = file(line),
        }
    }
    found
}

/// The range of `55e0-55f0 r-xp 00000000 fe:00 1234 /usr/bin/x`, if it is a file that can't be written to.
fn file(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    let path = words.nth(3)?;
    let hex = |text| usize::from_str_radix(text, 16).ok();
    let readable = rights.starts_with('r') && !rights.contains('w') && rights.ends_with('p');
    (readable && path.starts_with('/') && !line.ends_with("(deleted)")).then_some(hex(start)?..hex(end)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SMAPS: &str = "\
5000-7000 r-xp 00000000 fe:00 12 /usr/bin/auricle
Rss:                   8 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
7000-8000 r--p 00002000 fe:00 12 /usr/bin/auricle
Anonymous:             4 kB
8000-9000 rw-p 00003000 fe:00 12 /usr/bin/auricle
Anonymous:             0 kB
9000-a000 rw-p 00000000 00:00 0 [heap]
Anonymous:             0 kB
b000-c000 r--p 00000000 00:00 0
Anonymous:             0 kB
c000-d000 r--s 00000000 fe:00 13 /var/cache/shared
Anonymous:             0 kB
d000-e000 r-xp 00000000 fe:00 14 /usr/lib/gone.so (deleted)
Anonymous:             0 kB
e000-f000 r-xp 00000000 fe:00 15 /usr/lib/lib:odd.so
Anonymous:             0 kB
";

    #[test]
    fn only_files_that_nobody_has_changed_are_given_back() {
        assert_eq!(clean(SMAPS), [0x5000..0x7000, 0xe000..0xf000]);
        assert_eq!(clean("not a map"), []);
    }

    #[test]
    fn the_program_goes_on_with_what_it_gave_back() {
        let resident = || -> usize {
            let status = fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("RssFile:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let before = resident();
        assert!(release_start() > 0);
        let after = resident();
        assert!(after < before, "{before} kB before, {after} kB after");
        // Code and tables are still what they were.
        assert_eq!(clean(SMAPS).len(), 2);
        assert!(format!("{:?}", fs::metadata("/").unwrap()).contains("Metadata"));
    }
}
