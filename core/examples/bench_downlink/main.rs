//! Answers over links that lose packets in bursts: what is heard of them through Auricle, and through libopus or with silence
//! in the same gaps. Prints a section of Markdown:
//! `cargo run --release -p auricle-core --example bench_downlink -- [MINUTES]`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/bad_link/mod.rs"]
mod bad_link;
mod cost;
#[path = "../../tests/hearing_material/mod.rs"]
mod hearing_material;
mod material;
mod table;

use auricle_core::downlink::Downlink;
use bad_link::answer::{Answer, Coding, RATE};
use bad_link::judge::Figures;
use bad_link::link::{Link, paced};
use bad_link::players::{self, Gaps};
use material::{CHOSEN, JUDGED, Material};

/// Packets that a server sends at once at the start of an answer: as the open-source server does, or none.
const HURRIES: [usize; 2] = [5, 1];

/// What the buffer of fixed length waits for at the start, in ms.
const FIXED: f64 = 120.0;

/// Those who are compared.
const AURICLE: usize = 0;
const LIBOPUS: usize = 1;
const SILENCE: usize = 2;
const LIBOPUS_FIXED: usize = 3;

/// One link, one sender.
struct Row {
    name: String,
    /// For each seed those of all who are compared.
    seeds: Vec<[Figures; 4]>,
}

fn main() {
    let minutes: f64 = std::env::args().nth(1).map_or(5.0, |minutes| minutes.parse().expect("minutes"));
    for material in [&CHOSEN, &JUDGED] {
        let speech = material.speech((minutes * 60.0 * RATE as f64) as usize);
        println!("**{}** ({}:{:02} minutes)\n", material.title, minutes as u32, (minutes * 60.0) as u32 % 60);
        table::print(&rows(material, &speech));
        if std::ptr::eq(material, &JUDGED) {
            cost::print(&speech);
        }
    }
}

fn rows(material: &Material, speech: &[Vec<i16>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for coding in [Coding::Plain, Coding::Fec] {
        let answers: Vec<Answer> = speech.iter().map(|sound| Answer::new(sound, coding, 60)).collect();
        for hurry in HURRIES {
            for (loss, jitter) in [(0.05, 20.0), (0.1, 20.0), (0.2, 20.0), (0.1, 200.0)] {
                let copies = if coding == Coding::Fec { "copies (FEC)" } else { "no copies" };
                let pace = if hurry > 1 { format!("first {hurry} at once") } else { "even pace".into() };
                let name = format!("{:.0} %, {jitter:.0} ms | {pace}, {copies}", loss * 100.0);
                let seeds = material.seeds.iter();
                let seeds = seeds.map(|&seed| compare(&answers, hurry, Link { jitter, ..Link::losing(loss, seed) }));
                rows.push(Row { name, seeds: seeds.collect() });
            }
        }
    }
    rows
}

fn compare(answers: &[Answer], hurry: usize, link: Link) -> [Figures; 4] {
    let mut figures = [Figures::default(); 4];
    let mut downlink = Downlink::new(RATE as u32).unwrap();
    let mut first = 1_u32;
    for (number, answer) in answers.iter().enumerate() {
        let link = Link { seed: link.seed * 10_000 + number as u64, ..link };
        let arrivals = link.carry(paced(answer.packets.len(), hurry, 60));
        let auricle = players::auricle(&mut downlink, answer, &arrivals, first);
        let libopus = players::same_buffer(answer, &auricle.missing, Gaps::Libopus);
        let silence = players::same_buffer(answer, &auricle.missing, Gaps::Silence);
        let fixed = players::fixed(answer, &arrivals, FIXED, Gaps::Libopus);
        for (figures, heard) in figures.iter_mut().zip(&[auricle, libopus, silence, fixed]) {
            figures.add(&answer.reference, heard);
        }
        first = first.wrapping_add(answer.packets.len() as u32);
    }
    figures
}
