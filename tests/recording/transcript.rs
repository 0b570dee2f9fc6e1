//! The text beside a recording.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use auricle::services::recorder::{Transcript, transcript_path};

#[test]
fn each_text_is_one_line_behind_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = transcript_path(&folder.path().join("Team-2026-11-20T21-56-24.opus"));
    assert_eq!(path, folder.path().join("Team-2026-11-20T21-56-24.txt"));
    Transcript::open(&path).unwrap().append("Hello.").unwrap();
    let mut again = Transcript::open(&path).unwrap();
    again.append("Two\nlines\r\0 are one.").unwrap();
    again.append(&"é".repeat(20_000)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["Hello.", "Two lines   are one."]);
    assert_eq!((lines.len(), lines[2].len()), (3, 16 * 1024));
}

#[test]
fn it_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.txt");
    let mut transcript = Transcript::open(&path).unwrap();
    let line = "x".repeat(16 * 1024 - 1);
    let error = (0..2_000).find_map(|_| transcript.append(&line).err()).expect("a limit");
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    assert!(error.to_string().contains("start a new recording"), "{error}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 16 * 1024 * 1024);
    assert!(Transcript::open(Path::new("/nowhere/x.txt")).is_err());
}
