//! A disk that is full, gets full, or can't be written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use auricle::services::recorder::{DiskFile, Ending, Format, Recorder, RecorderError, RecorderSettings, Storage};
use rtrb::RingBuffer;
use tempfile::TempDir;

use crate::player::{assert_beginning, play, sound};
use crate::room::{RING, TIME, hand_over, settings, start, told, until};

/// A disk of 1 MB.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "auricle-test"]).arg(disk.0.path());
        assert!(mount.status().unwrap().success(), "mounting a disk of 1 MB needs root");
        disk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn less_than_the_least_is_refused_with_the_figures_and_the_setting() {
    let disk = SmallDisk::mount();
    let folder = disk.path().join("meetings");
    let wanted = RecorderSettings { min_free: 500_000_000, ..settings(&folder, Format::Wav) };
    let (_recorder, _ring, told) = start(wanted, "x");
    let words = told.refused();
    for part in [folder.to_str().unwrap(), "1.0 MB free", "500.0 MB", "`min_free`", "delete old recordings"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_disk_that_gets_full_ends_it_and_the_file_plays() {
    for format in [Format::Wav, Format::Opus] {
        let disk = SmallDisk::mount();
        let filler = disk.path().join("filler");
        // 100 kB stay: 3 s of WAV, half a minute of Opus.
        fs::write(&filler, vec![0; (1 << 20) - 100_000]).unwrap();
        let (recorder, mut ring, told) = start(settings(disk.path(), format), "x");
        let file = told.started();
        let sound = sound(60 * 16_000);
        // Faster than anybody speaks; a ring that the recorder left behind ends it.
        let mut handed = 0;
        until("the disk is full", || {
            while handed < sound.len() && ring.slots() >= 1_600 {
                let end = sound.len().min(handed + 1_600);
                hand_over(&mut ring, &sound[handed..end]);
                handed = end;
            }
            ring.is_abandoned()
        });
        let (seconds, why) = told.ended();
        assert!(matches!(why, Ending::DiskFull { free } if free < 20_000), "{why:?}");
        let played = play(&fs::read(&file).unwrap(), format).unwrap();
        assert!(played.len() > 16_000, "{} samples", played.len());
        // Of the write that failed, whole pages may have found room; a WAV header does not name them.
        let more = played.len() as f64 - seconds * 16_000.0;
        let page = if format == Format::Opus { 3_200.0 } else { 0.0 };
        assert!(more >= -page && (more == 0.0 || format == Format::Opus), "{seconds} s, {} samples", played.len());
        assert_beginning(&played, &sound, format);
        assert!(recorder.counters().samples >= played.len() as u64);
    }
}

/// A file on a disk of which less is free each time one looks.
struct Shrinking(DiskFile);

impl Storage for Shrinking {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(at, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }

    fn free(&self) -> io::Result<u64> {
        Ok(999)
    }
}

/// As [`Recorder::start`], but on a disk of our own making.
fn start_on<S: Storage + 'static>(
    wanted: &RecorderSettings,
    wrap: impl FnOnce(DiskFile) -> S + Send + 'static,
) -> (Recorder, rtrb::Producer<i16>, crate::room::Told) {
    let ((producer, ring), (notify, told)) = (RingBuffer::new(RING), told());
    let RecorderSettings { directory, format, .. } = wanted.clone();
    let make = move |beginning: &[u8]| -> Result<(PathBuf, S), RecorderError> {
        DiskFile::create(&directory, ("x", TIME), format, 0, beginning).map(|(path, file)| (path, wrap(file)))
    };
    (Recorder::start_on(make, wanted, ring, notify).unwrap(), producer, told)
}

#[test]
fn less_than_the_least_ends_it_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = RecorderSettings { min_free: 1_000, ..settings(folder.path(), Format::Wav) };
    let (_recorder, mut ring, told) = start_on(&wanted, Shrinking);
    let file = told.started();
    hand_over(&mut ring, &sound(16_000));
    assert!(matches!(told.ended(), (1.0, Ending::DiskFull { free: 999 })));
    assert_eq!(play(&fs::read(file).unwrap(), Format::Wav).unwrap(), sound(16_000));
}

/// A file on a disk that breaks at the second sync.
struct Breaking(DiskFile, u32);

impl Storage for Breaking {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(at, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.1 += 1;
        if self.1 == 2 { Err(io::Error::from_raw_os_error(nix::libc::EIO)) } else { self.0.sync() }
    }

    fn free(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

#[test]
fn a_disk_that_breaks_ends_it_and_nothing_is_named_that_may_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, mut ring, told) = start_on(&settings(folder.path(), Format::Wav), |file| Breaking(file, 0));
    let file = told.started();
    hand_over(&mut ring, &sound(5_000));
    until("the first sync", || recorder.counters().syncs == 1);
    let _ = ring.push(1);
    let (_, why) = told.ended();
    let Ending::Failed(error @ RecorderError::Write { .. }) = why else { panic!("{why:?}") };
    assert!(
        error.to_string().contains(file.to_str().unwrap()) && error.to_string().contains("check the disk"),
        "{error}"
    );
    assert_eq!(play(&fs::read(file).unwrap(), Format::Wav).unwrap(), sound(5_000), "what was safe before");
}

#[test]
fn a_folder_that_can_not_be_used_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (_recorder, _ring, told) = start(settings(&file.join("below"), Format::Wav), "x");
    let words = told.refused();
    assert!(words.contains("file/below") && words.contains("set `directory` in [meeting]"), "{words}");

    // The kernel's own folder: root can't write there either.
    let (_recorder, _ring, told) = start(settings(Path::new("/proc/self"), Format::Wav), "x");
    let words = told.refused();
    assert!(words.contains("/proc/self/x-2026") && words.contains("give its folder to the user"), "{words}");
}
