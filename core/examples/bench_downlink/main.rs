//! Answers over links that lose packets in bursts: what is heard of them through Auricle, and through a buffer of fixed
//! length with libopus behind it. Prints a section of Markdown:
//! `cargo run --release -p auricle-core --example bench_downlink -- [MINUTES]`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/bad_link/mod.rs"]
mod bad_link;
#[path = "../../tests/hearing_material/mod.rs"]
mod hearing_material;

use auricle_core::downlink::{Counters, Downlink};
use bad_link::answer::{Answer, Coding, RATE, espeak, recording};
use bad_link::judge::Figures;
use bad_link::link::{Link, paced};
use bad_link::players;

/// Packets that a server sends at once at the start of an answer: as the open-source server does, or none.
const HURRIES: [usize; 2] = [5, 1];

/// What the fixed buffers wait for at the start, in ms.
const FIXED: [f64; 2] = [120.0, 60.0];

/// Names of those who are compared, in the order of the columns.
const NAMES: [&str; 4] = ["Auricle", "libopus, 120 ms", "libopus, 60 ms", "silence, 120 ms"];

const VOICES: [(&str, &str); 4] = [
    (
        "en-us",
        "Tomorrow it will be sunny in the morning, with a little rain in the afternoon and a wind from the west.",
    ),
    ("fr-fr+f2", "Demain il fera beau le matin, avec un peu de pluie dans l'après-midi et un vent léger de l'ouest."),
    ("de", "Morgen wird es am Vormittag sonnig, am Nachmittag regnet es ein wenig, und der Wind weht aus Westen."),
    ("es+m3", "Mañana hará sol por la mañana, con un poco de lluvia por la tarde y un viento ligero del oeste."),
];

/// One link, one sender.
struct Row {
    name: String,
    figures: [Figures; 4],
    counters: Counters,
}

fn main() {
    let minutes: f64 = std::env::args().nth(1).map_or(10.0, |minutes| minutes.parse().expect("minutes"));
    let speech = speech((minutes * 60.0 * RATE as f64) as usize);
    let mut rows = Vec::new();
    for coding in [Coding::Plain, Coding::Fec] {
        let answers: Vec<Answer> = speech.iter().map(|sound| Answer::new(sound, coding, 60)).collect();
        for hurry in HURRIES {
            for loss in [0.05, 0.10, 0.20] {
                rows.push(row(&answers, coding, hurry, Link::losing(loss, 1)));
            }
            rows.push(row(&answers, coding, hurry, Link { jitter: 200.0, ..Link::losing(0.1, 2) }));
        }
    }
    print(speech.iter().map(Vec::len).sum::<usize>() / RATE, &rows);
}

fn row(answers: &[Answer], coding: Coding, hurry: usize, link: Link) -> Row {
    let mut figures = [Figures::default(); 4];
    let mut downlink = Downlink::new(RATE as u32).unwrap();
    let mut first = 1_u32;
    for (number, answer) in answers.iter().enumerate() {
        let link = Link { seed: link.seed * 10_000 + number as u64, ..link };
        let arrivals = link.carry(paced(answer.packets.len(), hurry, 60));
        let heard = [
            players::auricle(&mut downlink, answer, &arrivals, first),
            players::fixed(answer, &arrivals, FIXED[0], true),
            players::fixed(answer, &arrivals, FIXED[1], true),
            players::fixed(answer, &arrivals, FIXED[0], false),
        ];
        for (figures, heard) in figures.iter_mut().zip(&heard) {
            figures.add(&answer.reference, heard);
        }
        first = first.wrapping_add(answer.packets.len() as u32);
    }
    let copies = if coding == Coding::Fec { "copies (FEC)" } else { "no copies" };
    let pace = if hurry > 1 { format!("first {hurry} at once") } else { "even pace".into() };
    let name = format!("{:.0} %, {:.0} ms | {pace}, {copies}", link.loss * 100.0, link.jitter);
    Row { name, figures, counters: downlink.counters() }
}

fn print(seconds: usize, rows: &[Row]) {
    println!(
        "{}:{:02} minutes of speech by people and espeak-ng in answers of about ten seconds, 24 kHz, packets of 60 ms; lost in bursts \
         of two packets in the mean, one in a hundred doubled. A gap is a window of 20 ms of speech that is more than 20 dB below \
         what it should be.\n",
        seconds / 60,
        seconds % 60
    );
    let header = |title: &str, beside: &str| {
        println!(
            "| {title}: loss, jitter | sender |{} Auricle beside {beside} |",
            NAMES.map(|name| format!(" {name} |")).concat()
        );
        println!("|---|---|{}---:|", "---:|".repeat(NAMES.len()));
    };
    header("gaps in the speech", "silence");
    for Row { name, figures, .. } in rows {
        let fewer = figures[3].gaps as f64 / figures[0].gaps.max(1) as f64;
        println!("| {name} |{} {fewer:.1} × fewer |", figures.map(|f| format!(" {} |", f.gaps)).concat());
    }
    println!();
    header("segmental SNR in dB", "libopus, 120 ms");
    for Row { name, figures, .. } in rows {
        let better = figures[0].segmental_snr() - figures[1].segmental_snr();
        println!("| {name} |{} {better:+.2} |", figures.map(|f| format!(" {:.2} |", f.segmental_snr())).concat());
    }
    println!();
    println!(
        "| loss, jitter | sender | mean added delay | missing | filled from copies | late | computing per second of sound |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|");
    for Row { name, figures, counters } in rows {
        let Counters { lost, repaired, late, .. } = counters;
        let cost = figures[0].cost * 1_000.0 / (figures[0].packets as f64 * 0.06);
        let delay = figures[0].mean_delay();
        println!("| {name} | {delay:.0} ms | {lost} | {repaired} | {late} | {cost:.2} ms |");
    }
}

/// Answers of about ten seconds, by people and by espeak-ng in turn.
fn speech(samples: usize) -> Vec<Vec<i16>> {
    let mut answers: Vec<Vec<i16>> = Vec::new();
    let mut people = hearing_material::people().into_iter().cycle();
    let mut all = 0;
    while all < samples {
        let mut answer = Vec::new();
        if answers.len() % 4 == 3 {
            let (voice, text) = VOICES[answers.len() / 4 % VOICES.len()];
            answer = espeak(voice, text);
        }
        while answer.len() < 8 * RATE {
            answer.extend(recording(&people.next().expect("recordings of people")));
            answer.extend(vec![0; RATE / 4]);
        }
        all += answer.len();
        answers.push(answer);
    }
    answers
}
