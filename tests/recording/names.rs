//! Where a recording goes, and what it is called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use auricle::services::recorder::{Ending, Format};

use crate::player::{assert_beginning, ffmpeg, is_ended, play, sound, sox};
use crate::room::{hand_over, settings, start};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_handed_over_is_in_the_file_and_only_the_user_can_read_it() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("lib/meetings");
    let sound = sound(40_123);
    for format in [Format::Wav, Format::Opus] {
        let (recorder, mut ring, told) = start(settings(&folder, format), "Team weekly");
        hand_over(&mut ring, &sound);
        recorder.stop();
        let file = told.started();
        assert_eq!(file, folder.join(format!("Team-weekly-2026-11-20T21-56-24.{}", format.extension())));
        let (seconds, why) = told.ended();
        assert!(matches!(why, Ending::Stopped), "{why:?}");
        assert!((seconds - 40_123.0 / 16_000.0).abs() < 1e-9, "{seconds} s");
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));

        let bytes = fs::read(&file).unwrap();
        let played = play(&bytes, format).unwrap();
        assert_eq!(played.len(), sound.len());
        assert!(is_ended(&bytes, format));
        assert_beginning(&played, &sound, format);
        assert_eq!(ffmpeg(&file).len(), sound.len(), "{format:?} in ffmpeg");
        if format == Format::Wav {
            assert_eq!(sox(&file), sound);
        }
        let counters = recorder.counters();
        assert_eq!(counters.samples, 40_123);
        assert!(counters.bytes > 0 && counters.syncs >= 1, "{counters:?}");
    }
}

#[test]
fn it_ends_by_itself_when_nobody_fills_the_ring_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (_recorder, mut ring, told) = start(settings(folder.path(), Format::Wav), "x");
    let file = told.started();
    hand_over(&mut ring, &sound(12_345));
    drop(ring);
    assert!(matches!(told.ended(), (_, Ending::Stopped)));
    assert_eq!(play(&fs::read(file).unwrap(), Format::Wav).unwrap().len(), 12_345);
}

#[test]
fn the_end_of_the_program_closes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, mut ring, told) = start(settings(folder.path(), Format::Opus), "x");
    hand_over(&mut ring, &sound(12_345));
    drop(recorder);
    let bytes = fs::read(told.started()).unwrap();
    assert!(is_ended(&bytes, Format::Opus), "already when the drop returns");
    assert_eq!(play(&bytes, Format::Opus).unwrap().len(), 12_345);
}

#[test]
fn no_file_is_ever_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |end: &str| folder.path().join(format!("a-2026-11-20T21-56-24{end}.wav"));
    fs::write(path(""), "mine").unwrap();
    // Not even one that leads elsewhere, or nowhere.
    std::os::unix::fs::symlink("/nowhere/at/all", path("-2")).unwrap();
    for end in ["-3", "-4"] {
        let (recorder, _ring, told) = start(settings(folder.path(), Format::Wav), "a");
        recorder.stop();
        assert_eq!(told.started(), path(end));
        assert!(matches!(told.ended(), (_, Ending::Stopped)));
    }
    assert_eq!(fs::read(path("")).unwrap(), b"mine");
    for n in 5..100 {
        fs::write(path(&format!("-{n}")), "").unwrap();
    }
    let (_recorder, _ring, told) = start(settings(folder.path(), Format::Wav), "a");
    let words = told.refused();
    assert!(words.contains("is there already") && words.contains("move old recordings away"), "{words}");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 99, "nothing else is left behind: {names:?}");
}

#[test]
fn a_name_never_leads_out_of_the_folder() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("meetings");
    for name in ["../../evil", "/etc/cron.d/evil", "..", ".", "-rf", "a/b", "\0", "n\na", "", &"é".repeat(500)] {
        let (recorder, _ring, told) = start(settings(&folder, Format::Opus), name);
        recorder.stop();
        let file = told.started();
        assert_eq!(file.parent(), Some(folder.as_path()), "{name:?}: {file:?}");
        assert!(matches!(told.ended(), (_, Ending::Stopped)), "{name:?}");
        assert!(file.is_file() && !file.file_name().unwrap().to_str().unwrap().starts_with(['.', '-']), "{file:?}");
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
}
