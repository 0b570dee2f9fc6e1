//! What the daemon costs while nothing happens: memory, wake-ups, processor.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Bed;
use crate::daemon::{AURICLE, Daemon, Settings};
use crate::report::{Report, Row};
use crate::satellite::{PEER, Satellite};
use crate::usage::{Memory, Parts, Work, memory, parts, threads};

/// After this time the tape (20 s) is full, so that all of its memory is in use.
const SETTLE: Duration = Duration::from_secs(24);

/// Two keep-alives of the broker connection are in it.
const WINDOW: Duration = Duration::from_secs(30);

/// What is allowed: kB in memory, wake-ups per second of control, wake-ups per period of sound and hearing.
const MEMORY: u64 = 12 * 1024;
const CONTROL: f64 = 0.5;
const PER_PERIOD: f64 = 1.2;
/// The shortest idle period, in milliseconds.
const PERIOD: f64 = 60.0;

/// What was seen within [`WINDOW`].
struct Idle {
    seconds: f64,
    /// Counters of the status that grew.
    counted: BTreeMap<String, f64>,
    /// Wake-ups of the control thread that were caused by asking for the status.
    asking: f64,
    /// Threads by name.
    worked: BTreeMap<String, Work>,
}

/// The daemon, just started, beside a satellite.
pub fn measure(python: &str, bed: &Bed, daemon: &Daemon, report: &mut Report) {
    let satellite = Satellite::start(python, &bed.pulse);
    let quiet = without_sound_server(bed);
    std::thread::sleep(SETTLE);
    let sizes = [daemon.pid(), quiet.pid(), satellite.pid(), satellite.recorder()].map(memory);
    let parts = parts(daemon.pid(), Path::new(AURICLE));
    drop(quiet);
    let (first, start) = (threads(satellite.pid()), Instant::now());
    let idle = watch(daemon);
    let (last, seconds) = (threads(satellite.pid()), start.elapsed().as_secs_f64());
    size(sizes, parts, report);
    wake_ups(&idle, report);
    let rate = |work: fn(&Work) -> u64| {
        let sum = |threads: &BTreeMap<String, Work>| threads.values().map(work).sum::<u64>();
        (sum(&last) - sum(&first)) as f64 / seconds
    };
    processor(&idle, rate(|work| work.sleeps), rate(|work| work.busy) / 1e7, report);
}

/// Another daemon, on a device of ALSA's own, with settings of ALSA that load no plugin. Its clock is of no use.
fn without_sound_server(bed: &Bed) -> Daemon {
    let alsa = bed.pulse.folder().join("quiet.conf");
    std::fs::write(&alsa, "pcm.quiet { type null }\n").expect("a file");
    let settings = Settings::linto(bed.broker.port())
        .text("device", "serial", "raspberry2")
        .text("audio", "capture", "quiet")
        .text("audio", "playback", "quiet")
        .environment("ALSA_CONFIG_PATH", alsa.display());
    Daemon::ready(&bed.pulse, &settings)
}

fn watch(daemon: &Daemon) -> Idle {
    let counters = || daemon.status()["counters"].as_object().cloned().unwrap_or_default();
    let (asked, before) = (counters(), counters());
    let (start, working) = (Instant::now(), threads(daemon.pid()));
    std::thread::sleep(WINDOW);
    let (worked, seconds) = (threads(daemon.pid()), start.elapsed().as_secs_f64());
    let after = counters();
    let number = |counters: &serde_json::Map<String, Value>, name: &str| counters[name].as_f64().unwrap_or(0.0);
    let counted = after.keys().map(|name| (name.clone(), number(&after, name) - number(&before, name))).collect();
    let asking = number(&before, "control_polls") - number(&asked, "control_polls");
    let grown = |(name, work): (String, Work)| {
        let old = working.get(&name).copied().unwrap_or_default();
        (name, Work { sleeps: work.sleeps - old.sleeps, busy: work.busy - old.busy })
    };
    Idle { seconds, counted, asking, worked: worked.into_iter().map(grown).collect() }
}

fn size([ours, quiet, theirs, recorder]: [Memory; 4], parts: Parts, report: &mut Report) {
    let ratio = theirs.rss as f64 / ours.rss as f64;
    report.add(Row {
        what: "idle memory, microphone open and connected (RSS)".into(),
        ours: format!("{} kB", ours.rss),
        peer: format!("{PEER}: {} kB, and its `arecord`: {} kB", theirs.rss, recorder.rss),
        target: format!("≤ {MEMORY} kB (12 MB), ≤ half of the peer without `arecord`"),
        met: Some(ours.rss <= MEMORY && ratio >= 2.0),
        result: format!("{ratio:.2} × smaller"),
        how: format!(
            "`VmRSS`, {} s after the start, when the tape is full. Ours are {} kB of program, {} kB of system libraries, \
             {} kB of libpulse and what ALSA's `pulse` plugin loads with it (a Raspberry Pi without a sound server does \
             not have that), {} kB of data. The daemon gives back the pages that only its start \
             needed 5 s after READY (clean copies of files; about half of what was resident). The peer idles beside it, on the same microphone, which it reads through \
             `arecord`.",
            SETTLE.as_secs(),
            parts.program,
            parts.linked,
            parts.plugins,
            parts.data,
        ),
    });
    report.add(Row {
        what: "the same, shared pages divided (PSS)".into(),
        ours: format!("{} kB", ours.pss),
        peer: format!("{PEER}: {} kB, and its `arecord`: {} kB", theirs.pss, recorder.pss),
        result: format!("{:.1} × smaller", theirs.pss as f64 / ours.pss as f64),
        how: "Libraries that other programs use too count in part only.".into(),
        ..Row::default()
    });
    report.add(Row {
        what: "the same without a sound server's libraries (RSS)".into(),
        ours: format!("{} kB", quiet.rss),
        peer: format!("{PEER} without `arecord`: {} kB", theirs.rss),
        result: format!("{:.2} × smaller", theirs.rss as f64 / quiet.rss as f64),
        how: "Another daemon on ALSA's `null` device: what a card of its own would take, as on a Raspberry Pi.".into(),
        ..Row::default()
    });
}

/// Memory after some conversations.
pub fn again(daemon: &Daemon, report: &mut Report) {
    let now = memory(daemon.pid());
    report.add(Row {
        what: "memory after all turns and announcements (RSS)".into(),
        ours: format!("{} kB", now.rss),
        how: "The same process at the end of this run: what a device has that is in use.".into(),
        ..Row::default()
    });
}

fn wake_ups(idle: &Idle, report: &mut Report) {
    let counted = |name: &str| idle.counted.get(name).copied().unwrap_or(0.0);
    let slept = |thread: &str| idle.worked.get(thread).map_or(0.0, |work| work.sleeps as f64 / idle.seconds);
    let control = (counted("control_polls") - idle.asking).max(0.0) / idle.seconds;
    report.add(Row {
        what: "idle wake-ups: control".into(),
        ours: format!("{control:.2}/s (kernel: {:.2}/s)", slept("auricle")),
        target: format!("≤ {CONTROL}/s"),
        met: Some(control <= CONTROL),
        how: format!(
            "Returns from poll within {} s (`control_polls` of `auricle status --json`, less those for the asking). \
             Kernel: voluntary context switches of the thread, as a cross-check.",
            WINDOW.as_secs()
        ),
        ..Row::default()
    });
    let periods = counted("capture_periods");
    let length = idle.seconds * 1e3 / periods;
    for (name, counter, thread) in
        [("sound, capture", "capture_polls", "sound-capture"), ("hearing", "hearing_polls", "hearing")]
    {
        let ratio = counted(counter) / periods;
        report.add(Row {
            what: format!("idle wake-ups: {name}"),
            ours: format!(
                "{:.1}/s = {ratio:.2} per period (kernel: {:.1}/s)",
                counted(counter) / idle.seconds,
                slept(thread)
            ),
            target: format!("≤ {PER_PERIOD} per period of ≥ {PERIOD} ms"),
            met: Some(ratio <= PER_PERIOD && length >= PERIOD),
            result: format!("period {length:.0} ms"),
            how: format!("`{counter}` ÷ `capture_periods` of the status; voice trigger armed."),
            ..Row::default()
        });
    }
    report.add(Row {
        what: "idle wake-ups: sound, playback".into(),
        ours: format!("{:.2}/s (kernel: {:.2}/s)", counted("playback_polls") / idle.seconds, slept("sound-playback")),
        how: "Nothing plays, the device is closed.".into(),
        ..Row::default()
    });
    report.add(Row {
        what: "libpulse's own thread, not ours".into(),
        ours: format!("kernel: {:.1}/s", slept("threaded-ml")),
        how: "ALSA's `pulse` plugin starts it (`threaded-ml`); a Raspberry Pi without a sound server has none.".into(),
        ..Row::default()
    });
}

fn processor(idle: &Idle, their_sleeps: f64, their_percent: f64, report: &mut Report) {
    let percent = |work: &Work| work.busy as f64 / 1e7 / idle.seconds;
    let own = idle.worked.iter().filter(|(name, _)| *name != "threaded-ml");
    let own: f64 = own.map(|(_, work)| percent(work)).sum();
    let pulse = idle.worked.get("threaded-ml").map_or(0.0, percent);
    report.add(Row {
        what: "processor while idle, voice trigger armed".into(),
        ours: format!("{own:.2} % of one core, libpulse's thread {pulse:.2} %"),
        peer: format!("{PEER} without `arecord`: {their_percent:.2} %, {their_sleeps:.0} wake-ups/s"),
        how: format!("`schedstat` of each thread within {} s. The peer only reads its microphone.", WINDOW.as_secs()),
        ..Row::default()
    });
}
