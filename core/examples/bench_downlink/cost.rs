//! What it costs, at the rate at which the program plays.

use std::time::Instant;

use auricle_core::downlink::{Downlink, Pulled};
use auricle_core::time::Tick;

use crate::bad_link::answer::{Answer, Coding};
use crate::bad_link::link::{Link, paced};

/// Samples per second of the loudspeaker.
const RATE: u32 = 48_000;

/// Each step is done so often, and the quickest counts: what else runs on the machine only makes it slower.
const TIMES: usize = 5;

/// So many answers.
const ANSWERS: usize = 12;

pub fn print(speech: &[Vec<i16>]) {
    println!("| loss | computing per second of sound, decoder and all | dearest step of 20 ms |");
    println!("|---|---:|---:|");
    let answers: Vec<Answer> = speech.iter().take(ANSWERS).map(|sound| Answer::new(sound, Coding::Plain, 60)).collect();
    for loss in [0.0, 0.05, 0.1, 0.2] {
        let (mut all, mut dearest, mut seconds) = (0.0, 0.0_f64, 0.0);
        for (number, answer) in answers.iter().enumerate() {
            let link = Link { doubled: 0.0, ..Link::losing(loss, 100 + number as u64) };
            let steps = quickest(answer, link);
            all += steps.iter().sum::<f64>();
            dearest = steps.iter().copied().fold(dearest, f64::max);
            seconds += answer.packets.len() as f64 * 0.06;
        }
        println!("| {:.0} % | {:.2} ms | {:.2} ms |", loss * 100.0, all / seconds, dearest);
    }
    println!();
}

/// For each step of 20 ms how long it takes, in ms.
fn quickest(answer: &Answer, link: Link) -> Vec<f64> {
    let once = || {
        let mut arrivals = link.carry(paced(answer.packets.len(), 1, 60)).into_iter().peekable();
        let mut downlink = Downlink::new(RATE).unwrap();
        let (mut steps, mut out) = (Vec::new(), Vec::new());
        downlink.start(Tick::ZERO);
        for now in (0..answer.packets.len() as u64 * 60).step_by(20) {
            let start = Instant::now();
            while let Some(arrival) = arrivals.next_if(|arrival| arrival.at <= now as f64) {
                downlink.push(Tick::from_millis(now), arrival.number as u32, &answer.packets[arrival.number]);
            }
            out.clear();
            while matches!(downlink.pull(Tick::from_millis(now), &mut out), Pulled::Sound | Pulled::Concealed) {}
            steps.push(start.elapsed().as_secs_f64() * 1_000.0);
        }
        steps
    };
    let mut quickest = once();
    for _ in 1..TIMES {
        quickest.iter_mut().zip(once()).for_each(|(least, step)| *least = least.min(step));
    }
    quickest
}
