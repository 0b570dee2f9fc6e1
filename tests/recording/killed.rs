//! A process that records is killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use auricle::services::recorder::Format;

use crate::player::{assert_beginning, play, sound};
use crate::room::{hand_over, settings, start};

const FOLDER: &str = "RECORDER_TEST_FOLDER";
const FORMAT: &str = "RECORDER_TEST_FORMAT";

/// Samples in 10 ms, as they come from a microphone.
const TICK: usize = 160;

/// How many processes are killed, and how many at the same time.
const KILLS: usize = 100;
const AT_ONCE: usize = 10;

/// Kills the process at the end of a test, however it ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "started and killed by the other test"]
fn records_until_it_is_killed() {
    let folder = std::env::var_os(FOLDER).expect("only as a child of the other test");
    let format = if std::env::var(FORMAT).unwrap() == "opus" { Format::Opus } else { Format::Wav };
    let sound = sound(20 * 16_000);
    let (_recorder, mut ring, _told) = start(settings(Path::new(&folder), format), "x");
    let (begin, mut out) = (Instant::now(), std::io::stdout());
    for (n, tick) in sound.chunks(TICK).enumerate() {
        // The pace of a microphone.
        thread::sleep((begin + Duration::from_millis(10) * n as u32).saturating_duration_since(Instant::now()));
        hand_over(&mut ring, tick);
        writeln!(out, "{}", (n + 1) * TICK).unwrap();
        out.flush().unwrap();
    }
    panic!("nobody killed it");
}

/// Kills a process as soon as it has handed over `limit` samples; returns how many it had by then.
fn kill_at(limit: usize, folder: &Path, format: Format) -> usize {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::records_until_it_is_killed", "--ignored", "--nocapture"]);
    command.env(FOLDER, folder).env(FORMAT, format.extension()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process(command.spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut handed = || lines.by_ref().find_map(|line| line.parse::<usize>().ok());
    while handed().expect("it records until it is killed") < limit {}
    let mut last = limit;
    process.0.kill().unwrap();
    // What it had still said before it died.
    while let Some(count) = handed() {
        last = count;
    }
    last
}

/// What was lost, in samples.
fn round(n: usize, sound: &[i16]) -> usize {
    // In memory: what the disk is late with is another test's business, and other programs keep it busy.
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let format = if n.is_multiple_of(2) { Format::Wav } else { Format::Opus };
    // From 30 ms to 2.5 s, in another order than the rounds'.
    let limit = TICK * (3 + (n * 37) % 100 * 5 / 2);
    let handed = kill_at(limit, folder.path(), format);
    let mut played = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        // A file without a name yet is no recording.
        if path.extension().is_some_and(|ending| ending == format.extension()) {
            let samples =
                play(&std::fs::read(&path).unwrap(), format).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            assert_beginning(&samples, sound, format);
            played = samples.len();
        }
    }
    let lost = handed.saturating_sub(played);
    assert!(lost <= 16_000, "round {n}, {format:?}: {lost} of {handed} samples are lost");
    lost
}

#[test]
fn a_hundred_kills_leave_files_that_play_and_cost_less_than_a_second_each() {
    let sound = sound(20 * 16_000);
    let mut lost: Vec<usize> = thread::scope(|scope| {
        let sound = &sound;
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| {
                scope.spawn(move || (worker..KILLS).step_by(AT_ONCE).map(|n| round(n, sound)).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    lost.sort_unstable();
    assert_eq!(lost.len(), KILLS);
    println!("lost: median {} ms, most {} ms", lost[KILLS / 2] / 16, lost[KILLS - 1] / 16);
}
