//! Answers over links that lose packets in bursts: what is heard of them through Auricle, and through a buffer of fixed
//! length with libopus behind it. Prints a section of Markdown:
//! `cargo run --release -p auricle-core --example bench_downlink -- [MINUTES]`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/bad_link/mod.rs"]
mod bad_link;
#[path = "../../tests/hearing_material/mod.rs"]
mod hearing_material;

use auricle_core::downlink::Downlink;
use bad_link::answer::{Answer, Coding, RATE, espeak, recording};
use bad_link::judge::Figures;
use bad_link::link::{Link, paced};
use bad_link::players;

fn main() {
    let minutes: f64 = std::env::args().nth(1).map_or(10.0, |minutes| minutes.parse().expect("minutes"));
    let speech = speech((minutes * 60.0 * RATE as f64) as usize);
    println!("seconds: {}", speech.iter().map(Vec::len).sum::<usize>() / RATE);
    for coding in [Coding::Plain, Coding::Fec] {
        let answers: Vec<Answer> = speech.iter().map(|sound| Answer::new(sound, coding, 60)).collect();
        let bytes: usize = answers.iter().flat_map(|a| &a.packets).map(Vec::len).sum();
        println!("{coding:?} {} bytes", bytes);
        if std::env::var("Q").is_ok() { row(&answers, 5, Link::losing(0.1, 1)); row(&answers, 1, Link::losing(0.1, 1)); continue; }
        for hurry in [1, 5] {
            for loss in [0.05, 0.10, 0.20] {
                row(&answers, hurry, Link::losing(loss, 1));
            }
        }
        row(&answers, 1, Link { jitter: 200.0, ..Link::losing(0.1, 2) });
        row(&answers, 5, Link { jitter: 200.0, ..Link::losing(0.1, 2) });
    }
}

fn row(answers: &[Answer], hurry: usize, link: Link) {
    let mut figures = [Figures::default(); 4];
    let mut downlink = Downlink::new(RATE as u32).unwrap();
    let mut first = 1_u32;
    for (number, answer) in answers.iter().enumerate() {
        let link = Link { seed: link.seed * 10_000 + number as u64, ..link };
        let arrivals = link.carry(paced(answer.packets.len(), hurry, 60));
        figures[0].add(&answer.reference, &players::auricle(&mut downlink, answer, &arrivals, first));
        figures[1].add(&answer.reference, &players::fixed(answer, &arrivals, 120.0, true));
        figures[2].add(&answer.reference, &players::fixed(answer, &arrivals, 60.0, true));
        figures[3].add(&answer.reference, &players::fixed(answer, &arrivals, 120.0, false));
        first = first.wrapping_add(answer.packets.len() as u32);
    }
    println!("hurry {hurry} loss {} jitter {}: {:?}", link.loss, link.jitter, downlink.counters());
    for (name, f) in ["auricle", "plc 120", "plc 60", "none 120"].iter().zip(figures) {
        println!(
            "  {name:9} gaps {:6} of {}  segsnr {:.2}  differs {} {:.2}  delay {:.0}  cpu {:.3} ms/s",
            f.gaps, f.speech, f.segmental_snr(), f.worse, f.snr_where_it_differs(), f.mean_delay(),
            f.cost * 1000.0 / (f.packets as f64 * 0.06)
        );
    }
}

/// Answers of about ten seconds, by people and by espeak-ng in turn.
fn speech(samples: usize) -> Vec<Vec<i16>> {
    let mut answers: Vec<Vec<i16>> = Vec::new();
    let mut people = hearing_material::people().into_iter();
    let mut all = 0;
    while all < samples {
        let mut answer = Vec::new();
        if answers.len() % 4 == 3 {
            let voice = VOICES[answers.len() / 4 % VOICES.len()];
            answer = espeak(voice.0, voice.1);
        }
        while answer.len() < 8 * RATE {
            let Some(path) = people.next() else { panic!("only {} s of speech", all / RATE) };
            answer.extend(recording(&path));
            answer.extend(vec![0; RATE / 4]);
        }
        all += answer.len();
        answers.push(answer);
    }
    answers
}

const VOICES: [(&str, &str); 4] = [
    ("en-us", "Tomorrow it will be sunny in the morning, with a little rain in the afternoon and a light wind from the west."),
    ("fr-fr+f2", "Demain il fera beau le matin, avec un peu de pluie dans l'après-midi et un vent léger de l'ouest."),
    ("de", "Morgen wird es am Vormittag sonnig, am Nachmittag regnet es ein wenig, und der Wind weht leicht aus Westen."),
    ("es+m3", "Mañana hará sol por la mañana, con un poco de lluvia por la tarde y un viento ligero del oeste."),
];
