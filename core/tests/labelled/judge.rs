//! What a detector's decisions are worth.

use std::ops::Range;

use super::LONG_GAPS;
use crate::hearing_material::RATE;

/// What a detector said, in samples of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It told at this moment that somebody speaks.
    Start(usize),
    /// It told at this moment that the utterance is over, because it heard silence.
    End(usize),
    /// It let go at this moment because the utterance had become too long.
    Cap(usize),
}

/// Counts of one condition, or of several together.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub phrases: usize,
    /// Phrases that were cut off: an end was decided within the phrase, or in a short gap behind it.
    pub cut: usize,
    /// Phrases in which the cap let go: the pauses before had not been noticed.
    pub capped: usize,
    /// Pauses that are long enough to end an utterance.
    pub pauses: usize,
    /// Of these: an end was decided in them.
    pub noticed: usize,
    /// Starts that were told when nobody spoke.
    pub false_starts: usize,
    /// Milliseconds from the true end of a phrase to the decision, of the pauses that were noticed.
    pub release: Vec<f32>,
}

/// Who has just stopped may still be heard to start: 300 ms.
const JUST_SPOKE: usize = RATE * 3 / 10;

impl Figures {
    /// Compares decisions with the truth.
    pub fn of(phrases: &[Range<usize>], decisions: &[Decision]) -> Self {
        let mut figures = Self { phrases: phrases.len(), ..Self::default() };
        for (number, phrase) in phrases.iter().enumerate() {
            let next = phrases.get(number + 1).map_or(usize::MAX, |next| next.start);
            figures.judge_phrase(phrase, next, decisions);
        }
        let nobody = |at: usize| !phrases.iter().any(|phrase| (phrase.start..phrase.end + JUST_SPOKE).contains(&at));
        let false_start = |decision: &&Decision| matches!(decision, Decision::Start(at) if nobody(*at));
        figures.false_starts = decisions.iter().filter(false_start).count();
        figures
    }

    fn judge_phrase(&mut self, phrase: &Range<usize>, next: usize, decisions: &[Decision]) {
        let ends = |within: Range<usize>| {
            decisions.iter().find_map(|decision| match decision {
                Decision::End(at) if within.contains(at) => Some(*at),
                _ => None,
            })
        };
        let capped = |decision: &Decision| matches!(decision, Decision::Cap(at) if phrase.contains(at));
        self.capped += usize::from(decisions.iter().any(capped));
        let long = next - phrase.end >= LONG_GAPS[0] * RATE / 1_000;
        let speaks_until = if long { phrase.end } else { next };
        self.cut += usize::from(ends(phrase.start..speaks_until).is_some());
        self.pauses += usize::from(long);
        if let Some(at) = ends(phrase.end..next).filter(|_| long) {
            self.noticed += 1;
            self.release.push((at - phrase.end) as f32 * 1_000.0 / RATE as f32);
        }
    }

    /// Adds another condition.
    pub fn add(&mut self, other: &Self) {
        self.phrases += other.phrases;
        self.cut += other.cut;
        self.capped += other.capped;
        self.pauses += other.pauses;
        self.noticed += other.noticed;
        self.false_starts += other.false_starts;
        self.release.extend(&other.release);
    }

    /// The release time below which this share of the noticed pauses lies.
    pub fn release(&self, share: f32) -> f32 {
        let mut sorted = self.release.clone();
        sorted.sort_by(f32::total_cmp);
        let last = sorted.len().max(1) - 1;
        sorted.get((last as f32 * share).round() as usize).copied().unwrap_or(f32::NAN)
    }
}
