//! What is heard of an answer: through Auricle, and through a buffer of fixed length with libopus behind it.

use auricle_core::downlink::{Counters, Downlink, Pulled};
use auricle_core::time::Tick;
use opus::{Channels, Decoder};

use super::answer::{Answer, RATE};
use super::link::Arrival;

/// How often the loudspeaker asks, in ms.
const ASKED: u64 = 10;

/// What was heard, laid beside the reference.
#[derive(Default)]
pub struct Heard {
    /// As long as the reference.
    pub sound: Vec<i16>,
    /// Sound that was put in between, or silence, and the place in the reference before which it was.
    pub between: Vec<(usize, Vec<i16>)>,
    /// For each place whether its packet was missing when its time had come.
    pub missing: Vec<bool>,
    /// For each packet how much later than on a perfect link it was heard, in ms.
    pub delays: Vec<f64>,
    pub counters: Counters,
}

impl Heard {
    /// Nothing yet.
    fn new(answer: &Answer) -> Self {
        let (sound, missing) = (vec![0; answer.reference.len()], vec![true; answer.packets.len()]);
        Self { sound, missing, ..Self::default() }
    }
}

/// Through Auricle; packets are numbered from `first` on.
pub fn auricle(downlink: &mut Downlink, answer: &Answer, arrivals: &[Arrival], first: u32) -> Heard {
    let mut run = Run { heard: Heard::new(answer), ..Run::default() };
    arrivals.iter().for_each(|arrival| run.heard.missing[arrival.number] = false);
    let mut arrivals = arrivals.iter().peekable();
    let end = arrivals.clone().last().map_or(0.0, |last| last.at) as u64 + 450;
    let mut drained = false;
    downlink.start(Tick::ZERO);
    for now in (0..).step_by(ASKED as usize) {
        while let Some(arrival) = arrivals.next_if(|arrival| arrival.at <= now as f64) {
            let at = Tick::from_micros((arrival.at * 1_000.0) as u64);
            downlink.push(at, first.wrapping_add(arrival.number as u32), &answer.packets[arrival.number]);
        }
        if now >= end && !drained {
            drained = true;
            downlink.drain(Tick::from_millis(now));
        }
        if run.pull(downlink, answer, now, first) {
            break;
        }
    }
    run.heard.counters = downlink.counters();
    run.heard
}

/// A loudspeaker.
#[derive(Default)]
struct Run {
    heard: Heard,
    /// When what was given has been played, in samples since the start; 0 before the first.
    played: usize,
    /// The next place in the reference.
    at: usize,
    /// What was heard since the last piece that has a place.
    between: Vec<i16>,
}

impl Run {
    /// Takes what there is; whether the answer has ended.
    fn pull(&mut self, downlink: &mut Downlink, answer: &Answer, now: u64, first: u32) -> bool {
        let mut out = Vec::new();
        loop {
            out.clear();
            let pulled = downlink.pull(Tick::from_millis(now), &mut out);
            let place = downlink.place().map(|place| place.wrapping_sub(first) as usize);
            match (pulled, place) {
                (Pulled::Wait, _) => return false,
                (Pulled::Ended, _) => return true,
                (Pulled::Concealed, Some(place)) => self.heard.missing[place] = true,
                _ => {}
            }
            self.hear(answer, now as usize * RATE / 1_000, place, &out);
        }
    }

    fn hear(&mut self, answer: &Answer, now: usize, place: Option<usize>, piece: &[i16]) {
        if self.played > 0 && now > self.played {
            self.between.resize(self.between.len() + now - self.played, 0);
        }
        let starts = now.max(self.played);
        self.played = starts + piece.len();
        let Some(place) = place else { return self.between.extend(piece) };
        let (from, end) = ((place * answer.span).max(self.at), (place + 1) * answer.span);
        // A piece that is shorter than its place fills the end of it.
        let from = from.max(end.saturating_sub(piece.len()));
        let missing = from - self.at;
        let waited = std::mem::take(&mut self.between);
        let fits = missing.min(waited.len());
        self.heard.sound[self.at..self.at + fits].copy_from_slice(&waited[waited.len() - fits..]);
        if fits < waited.len() {
            self.heard.between.push((self.at, waited[..waited.len() - fits].to_vec()));
        }
        self.heard.sound[from..end].copy_from_slice(&piece[piece.len() - (end - from)..]);
        self.heard.delays.push((starts as f64 - from as f64) * 1_000.0 / RATE as f64);
        self.at = end;
    }
}

/// Through a buffer that begins `delay` ms after the first packet and then plays on.
pub fn fixed(answer: &Answer, arrivals: &[Arrival], delay: f64, gaps: Gaps) -> Heard {
    let Some(first) = arrivals.first() else { return Heard::new(answer) };
    let ms = answer.span as f64 * 1_000.0 / RATE as f64;
    let begins = first.at + delay - first.number as f64 * ms;
    let mut missing = vec![true; answer.packets.len()];
    for arrival in arrivals.iter().filter(|arrival| arrival.at <= begins + arrival.number as f64 * ms) {
        missing[arrival.number] = false;
    }
    Heard { delays: vec![begins; missing.len()], ..same_buffer(answer, &missing, gaps) }
}

/// What becomes of missing places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    Silence,
    /// The decoder is told of each, and what it makes up is heard.
    Libopus,
}

/// Through a buffer in which the same packets are `missing` as for somebody else.
pub fn same_buffer(answer: &Answer, missing: &[bool], gaps: Gaps) -> Heard {
    let mut decoder = Decoder::new(RATE as u32, Channels::Mono).unwrap();
    let mut heard = Heard { missing: missing.to_vec(), ..Heard::new(answer) };
    for ((piece, packet), &missing) in heard.sound.chunks_mut(answer.span).zip(&answer.packets).zip(missing) {
        let packet: &[u8] = if missing { &[] } else { packet };
        decoder.decode(packet, piece, false).unwrap();
        if missing && gaps == Gaps::Silence {
            piece.fill(0);
        }
    }
    heard
}
