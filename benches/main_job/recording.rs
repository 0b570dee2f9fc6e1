//! What a recording costs: computing time and writing, for each second of sound.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use auricle::services::recorder::{Ending, Format, Recorder, RecorderNotice, RecorderSettings};
use auricle_core::audio::TAPE_RATE;
use rtrb::RingBuffer;

use crate::report::{Report, Row};
use crate::{speech, usage};

/// Seconds that are recorded, in real time: the disk is asked as often as in a meeting.
const OURS: usize = 20;

/// Seconds that the others get, as fast as they can: their time is counted in hundredths of a second.
const THEIRS: usize = 400;

const PERIOD: Duration = Duration::from_millis(10);

/// What one second of sound costs.
struct Cost {
    /// Milliseconds on a processor.
    cpu: f64,
    /// kB (of 1000 bytes) in the file.
    file: f64,
    /// kB that the kernel was made to bring to the disk, in whole pages.
    disk: f64,
    /// Times that the disk was asked to make it safe.
    syncs: f64,
}

/// Measures both formats.
pub fn measure(report: &mut Report) {
    let words = "The meeting begins. We talk about the garden, about the weather, and about who brings the cake. ";
    let speech: Vec<i16> = speech::say(&words.repeat(2), "en", TAPE_RATE);
    let sound = |seconds: usize| speech.iter().copied().cycle().take(seconds * TAPE_RATE as usize).collect::<Vec<_>>();
    // On a disk: a folder for temporary files is often in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    for (format, peer) in [(Format::Wav, "sox"), (Format::Opus, "opusenc")] {
        let ours = record(&sound(OURS), format, folder.path());
        let (theirs, size) = convert(&sound(THEIRS), format, folder.path());
        report.add(row(format, peer, &ours, theirs, size));
    }
}

fn row(format: Format, peer: &str, ours: &Cost, theirs: f64, size: f64) -> Row {
    Row {
        what: format!("recording as {}, per second of sound", format.extension()),
        ours: format!(
            "{:.1} ms CPU; {:.1} kB in the file, {:.1} kB to the disk, {:.1} syncs",
            ours.cpu, ours.file, ours.disk, ours.syncs
        ),
        peer: format!("`{peer}`, a whole file at once, never synced: {theirs:.1} ms CPU; {size:.1} kB in the file"),
        result: format!("{:.1} % of a core", ours.cpu / 10.0),
        how: format!(
            "{OURS} s of speech through the ring in real time into a file that loses less than a second when the power \
             goes. CPU is the recorder's thread; \"to the disk\" is what the kernel counts for the process, in whole \
             pages and without the journal of the file system. `{peer}` got {THEIRS} s of the same speech from a pipe."
        ),
        ..Row::default()
    }
}

fn record(sound: &[i16], format: Format, folder: &Path) -> Cost {
    let (mut ring, consumer) = RingBuffer::new(10 * TAPE_RATE as usize);
    let (sender, told) = channel();
    let settings = RecorderSettings { directory: folder.into(), format, min_free: 0 };
    let notify = Box::new(move |notice| drop(sender.send(notice)));
    let recorder = Recorder::start(settings, "bench", "now", consumer, notify).expect("a thread");
    let next = || told.recv_timeout(Duration::from_secs(10)).expect("the recorder says what it does");
    let RecorderNotice::Started { file } = next() else { panic!("there is no recording") };
    let (written, begin) = (disk_bytes(), Instant::now());
    for (n, period) in sound.chunks(TAPE_RATE as usize / 100).enumerate() {
        thread::sleep((begin + PERIOD * n as u32).saturating_duration_since(Instant::now()));
        let room = ring.write_chunk_uninit(period.len()).expect("the ring has room");
        room.fill_from_iter(period.iter().copied());
    }
    let seconds = recorder.counters().samples as f64 / f64::from(TAPE_RATE);
    let busy = usage::threads(std::process::id())["recorder"].busy;
    recorder.stop();
    let RecorderNotice::Ended { seconds: all, why: Ending::Stopped, .. } = next() else { panic!("it failed") };
    let size = fs::metadata(file).expect("the file").len();
    Cost {
        cpu: busy as f64 / 1e6 / seconds,
        file: size as f64 / 1e3 / all,
        disk: (disk_bytes() - written) as f64 / 1e3 / all,
        syncs: recorder.counters().syncs as f64 / all,
    }
}

/// Bytes that this process has made the kernel write.
fn disk_bytes() -> u64 {
    let io = fs::read_to_string("/proc/self/io").expect("the kernel counts");
    let count = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    count.expect("a field of /proc").parse().expect("a number")
}

/// Milliseconds on a processor and kB in the file, per second of sound, of the program that people would use.
fn convert(sound: &[i16], format: Format, folder: &Path) -> (f64, f64) {
    let file = folder.join("peer").with_extension(format.extension());
    let mut command = match format {
        Format::Wav => Command::new("sox"),
        Format::Opus => Command::new("opusenc"),
    };
    match format {
        Format::Wav => command.args("-t raw -e signed -b 16 -c 1 -r 16000 -".split(' ')),
        Format::Opus => command.args("--quiet --bitrate 24 --raw --raw-rate 16000 --raw-chan 1 -".split(' ')),
    };
    let before = children();
    let mut child = command.arg(&file).stdin(Stdio::piped()).spawn().expect("scripts/setup.sh bench installs it");
    let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    child.stdin.take().expect("a pipe").write_all(&bytes).expect("it reads");
    assert!(child.wait().expect("a child").success(), "{command:?}");
    let seconds = sound.len() as f64 / f64::from(TAPE_RATE);
    let size = fs::metadata(file).expect("the file").len() as f64;
    ((children() - before) as f64 * 10.0 / seconds, size / 1e3 / seconds)
}

/// Hundredths of a second that children used which have ended.
fn children() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("the kernel counts");
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    behind_name.split_whitespace().skip(13).take(2).map(|field| field.parse::<u64>().expect("a number")).sum()
}
