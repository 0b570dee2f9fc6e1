//! What the echo canceller does and costs, beside Debian's `libspeexdsp1`, and what a wake word is worth while the device
//! speaks: `cargo run --release -p auricle-core --example bench_echo`. Prints a section in Markdown.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/echo_room/mod.rs"]
mod echo_room;
#[path = "../../tests/hearing_material/mod.rs"]
mod hearing_material;
mod speex;
#[path = "../../tests/wake_material/mod.rs"]
mod wake_material;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use auricle_core::frontend::{DeviceTime, FrontEnd, Profile};
use echo_room::{Heard, RATE, Room, at_level, correlation, level};
use hearing_material::{espeak, people, recording};
use speex::Speex;

/// Counts what is allocated.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: it is the system's, and a counter.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const TEXT: &str = "It is half past seven in the morning. Today will be mostly cloudy, with some rain in the afternoon, and \
                    up to fourteen degrees. You have three appointments: the dentist at nine, lunch with Anna at noon, \
                    and the garage, where your car will be ready after five. Shall I read the news to you?";

/// A 10 ms frame in samples.
const FRAME: usize = RATE / 100;

fn main() {
    let device = at_level(&espeak("en-us", TEXT).sound, -20.0);
    println!("### Echo\n");
    conditions(&device);
    costs(&device);
    words(&device);
}

fn speaking(device: &[i16]) -> Room {
    let sound = device.iter().copied().take(15 * RATE).collect();
    Room { played: vec![(1.0, sound)], seconds: 16.0, ..Room::default() }
}

fn conditions(device: &[i16]) {
    let room = speaking(device);
    println!(
        "A voice of espeak-ng at −20 dBFS through a room with a tail of 60 ms, 6 dB softer at the microphone; 48 kHz; the"
    );
    println!(
        "told times are up to 2 ms off. How much softer the echo is (dB) over the first 2 s and from 4 s on, and the cost"
    );
    println!(
        "of 10 ms in µs (p50/p95). `libspeexdsp1` has a filter of 200 ms, its suppression of what is left, and our"
    );
    println!("reference.\n");
    println!("| condition | Auricle, first 2 s | from 4 s on | µs | libspeexdsp1, first 2 s | from 4 s on | µs |");
    println!("|---|---|---|---|---|---|---|");
    for (name, room) in [
        ("linear", room.clone()),
        ("loudspeaker clips at −16 dBFS", Room { clip: 0.15, ..room.clone() }),
        ("clocks +100 ppm apart", Room { drift: 100.0, ..room.clone() }),
        ("clocks −100 ppm apart", Room { drift: -100.0, ..room.clone() }),
        ("told times 4 ms off", Room { jitter: 0.004, ..room.clone() }),
        ("delay 150 ms", Room { delays: vec![(0.0, 0.15)], ..room.clone() }),
        ("delay 300 ms", Room { delays: vec![(0.0, 0.3)], ..room.clone() }),
        ("told times 50 ms too late", Room { delays: vec![(0.0, -0.05)], ..room.clone() }),
        ("delay jumps by 100 ms at 7 s", Room { delays: vec![(0.0, 0.02), (7.0, 0.12)], ..room.clone() }),
    ] {
        let echo = room.echo();
        let (ours, cost) = ours(&room, &echo);
        let (peer, peer_cost) = peer(&room, &echo);
        let gone = |heard: &Heard| format!("{:.0} | {:.0}", heard.enhancement(1.0, 3.0), heard.enhancement(5.0, 15.0));
        println!("| {name} | {} | {cost} | {} | {peer_cost} |", gone(&ours), gone(&peer));
        if name.contains("jumps") {
            let after = |heard: &Heard| {
                let each = (8..15).map(|n| format!("{:.0}", heard.enhancement(f64::from(n) - 1.0, f64::from(n))));
                each.collect::<Vec<_>>().join(", ")
            };
            println!("| … each second after it | {} | | | {} | | |", after(&ours), after(&peer));
        }
    }
    both_speak(&room);
}

/// Somebody speaks at the same time.
fn both_speak(room: &Room) {
    let echo = room.echo();
    let whole: Vec<i16> = echo.iter().map(|&sample| sample as i16).collect();
    let said: Vec<i16> = people().iter().take(60).flat_map(|path| recording(path).sound).take(12 * RATE).collect();
    println!(
        "\nSomebody speaks too (a recorded person, from 2 s on): how similar the result is to what was said alone (1 is"
    );
    println!("equal), and how much softer the voice became.\n");
    println!("| loudspeaker, voice | untouched | Auricle | voice | libspeexdsp1 | voice |\n|---|---|---|---|---|---|");
    for clip in [1.0, 0.15] {
        for relative in [0.0, -10.0] {
            let mut person = vec![0; 3 * RATE];
            person.extend(at_level(&said, level(&whole[2 * RATE..14 * RATE]) + relative));
            let room = Room { person, clip, ..room.clone() };
            let echo = room.echo();
            let range = 5 * RATE..14 * RATE;
            let person = &room.person[range.clone()];
            let kept = |heard: &Heard| {
                let out = &heard.out[range.clone()];
                format!("{:.2} | {:+.1} dB", correlation(person, out), level(out) - level(person))
            };
            let (ours, peer) = (ours(&room, &echo).0, peer(&room, &echo).0);
            let before = correlation(person, &ours.caught[range.clone()]);
            let kind = if clip < 1.0 { "clips" } else { "linear" };
            println!("| {kind}, {relative:+.0} dB | {before:.2} | {} | {} |", kept(&ours), kept(&peer));
        }
    }
}

fn ours(room: &Room, echo: &[f32]) -> (Heard, String) {
    (room.hear_with(&mut FrontEnd::new(Profile::Light), echo.to_vec()), timed(room, echo))
}

/// µs for 10 ms of sound while the device speaks, p50/p95.
fn timed(room: &Room, echo: &[f32]) -> String {
    let mut times = Vec::new();
    let mut front = FrontEnd::new(Profile::Light);
    room.feed(echo, &mut front, |front, at, period, out| {
        for (n, frame) in period.chunks(FRAME).enumerate() {
            let start = Instant::now();
            front.heard(DeviceTime(at.0 + n as u64 * 10_000_000), frame, out);
            if front.state().active {
                times.push(start.elapsed().as_secs_f64() * 1e6);
            }
        }
    });
    percentiles(&mut times)
}

fn percentiles(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len().max(1) - 1) * (share * 100.0) as usize / 100).copied().unwrap_or(0.0);
    let digits = if at(0.5) < 10.0 { 1 } else { 0 };
    format!("{:.digits$}/{:.digits$}", at(0.5), at(0.95))
}

/// The peer with the same reference, which comes from the front end that does nothing else.
fn peer(room: &Room, echo: &[f32]) -> (Heard, String) {
    let heard = room.hear_with(&mut FrontEnd::new(Profile::Off), echo.to_vec());
    let (mut speex, mut times, mut out) = (Speex::new(), Vec::new(), Vec::new());
    for (caught, reference) in heard.caught.as_chunks().0.iter().zip(heard.reference.as_chunks().0) {
        let start = Instant::now();
        out.extend(speex.process(caught, reference));
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    (Heard { out, ..heard }, percentiles(&mut times))
}

fn costs(device: &[i16]) {
    println!(
        "\n| profile | at rest, µs for 10 ms (p50/p95) | while it speaks | allocations for 10 ms |\n|---|---|---|---|"
    );
    let quiet = Room { seconds: 20.0, ..Room::default() };
    let rest = quiet.echo();
    let room = speaking(device);
    let echo = room.echo();
    for profile in [Profile::Off, Profile::Light, Profile::Full] {
        let cost = |room: &Room, echo: &[f32]| {
            let mut front = FrontEnd::new(profile);
            let (mut times, mut allocations) = (Vec::with_capacity(2_000), 0);
            room.feed(echo, &mut front, |front, at, period, out| {
                let (start, before) = (Instant::now(), ALLOCATIONS.load(Relaxed));
                front.heard(at, period, out);
                if room.played.is_empty() || at.0 > 8_000_000_000 {
                    allocations += ALLOCATIONS.load(Relaxed) - before;
                    times.push(start.elapsed().as_secs_f64() * 1e6 * FRAME as f64 / period.len() as f64);
                }
            });
            let frames = times.len() as f64 * 2.0;
            (percentiles(&mut times), allocations as f64 / frames)
        };
        let (rest, active) = (cost(&quiet, &rest), cost(&room, &echo));
        println!("| {profile:?} | {} | {} | {:.1} |", rest.0, active.0, active.1);
    }
}

/// What the wake word is worth while the device speaks.
fn words(device: &[i16]) {
    let word = wake_material::word("okay_nabu");
    let clips: Vec<Vec<i16>> =
        wake_material::positives("okay_nabu").iter().step_by(2).map(|clip| clip.sound.clone()).collect();
    let mut person = vec![0; 8 * RATE];
    let spans: Vec<std::ops::Range<usize>> = clips
        .iter()
        .map(|clip| {
            person.extend(clip);
            person.len() - clip.len()..person.len() + RATE / 2
        })
        .collect();
    person.extend(vec![0; RATE]);
    let heard = |sound: &[i16]| {
        let hits = wake_material::hits(&word, sound);
        let of = |span: &std::ops::Range<usize>| hits.iter().any(|&at| span.contains(&(at as usize)));
        spans.iter().filter(|span| of(span)).count()
    };
    println!(
        "\n\"Okay nabu\" in {} synthetic voices at −26 dBFS while the device speaks without a pause; heard of them:\n",
        clips.len()
    );
    println!(
        "| echo against the voice | loudspeaker | untouched | Auricle, light | full | libspeexdsp1 |\n|---|---|---|---|---|---|"
    );
    println!("| none | | {} | | | |", heard(&person));
    let seconds = person.len() as f64 / RATE as f64;
    let talk: Vec<i16> = device.iter().copied().cycle().take(person.len()).collect();
    for clip in [1.0, 0.15] {
        for loud in [-10.0_f32, 0.0, 6.0, 12.0] {
            // The loudspeaker is at −20 dBFS, the voice at −26.
            let loss = -6.0 + 12.0 - loud;
            let room = Room {
                played: vec![(0.5, talk.clone())],
                person: person.clone(),
                seconds,
                loss,
                clip,
                drift: 30.0,
                ..Room::default()
            };
            let echo = room.echo();
            let light = room.hear_with(&mut FrontEnd::new(Profile::Light), echo.clone());
            let full = room.hear_with(&mut FrontEnd::new(Profile::Full), echo.clone());
            let peer = peer(&room, &echo).0;
            let kind = if clip < 1.0 { "clips" } else { "linear" };
            let counts = [&light.caught, &light.out, &full.out, &peer.out].map(|sound| heard(sound).to_string());
            println!("| {loud:+.0} dB | {kind} | {} |", counts.join(" | "));
        }
    }
}
