//! What was heard, in numbers, and what it cost.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use auricle_core::hearing::replay::{Heard, What};
use nix::time::{ClockId, clock_gettime};

/// What was heard of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How much sound.
    pub heard: Duration,
    /// Utterances that ended, by silence or by the cap.
    pub utterances: u64,
    /// How often the waiting for speech was given up.
    pub silences: u64,
    /// How often each wake word was heard.
    pub wakes: BTreeMap<String, u64>,
    /// Whether somebody still spoke when the recording ended.
    pub speaking: bool,
    /// The bytes of sound that the file promised and did not hold.
    pub missing: u64,
    /// Processor time of the whole process.
    pub cpu: Duration,
    /// How long it took.
    pub took: Duration,
}

impl Summary {
    /// Adds something that was heard.
    pub fn count(&mut self, heard: &Heard) {
        match &heard.what {
            What::Wake { word, .. } => *self.wakes.entry(word.clone()).or_default() += 1,
            What::SpeechStart => {}
            What::SpeechEnd { .. } | What::Cap => self.utterances += 1,
            What::NoSpeech => self.silences += 1,
        }
    }

    /// What is to be told about the file, if it is not whole.
    #[must_use]
    pub fn warning(&self, file: &str) -> Option<String> {
        let missing = self.missing;
        (missing > 0)
            .then(|| format!("{file} is cut off: {missing} bytes of its sound are missing; what is there was heard"))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.utterances == 1 { "" } else { "s" };
        write!(f, "{:.3} s heard: {} utterance{plural}", self.heard.as_secs_f64(), self.utterances)?;
        if self.speaking {
            write!(f, " and one that did not end")?;
        }
        for (word, times) in &self.wakes {
            write!(f, ", {times} × {}", crate::shown::printable(word))?;
        }
        if self.silences > 0 {
            write!(f, ", {} × no_speech", self.silences)?;
        }
        let heard = self.heard.as_secs_f64();
        if heard > 0.0 {
            let (cpu, took) = (self.cpu.as_secs_f64() / heard, self.took.as_secs_f64().max(1e-6));
            let (ms, percent, times) = (cpu * 1e3, cpu * 1e2, heard / took);
            write!(f, "\n{ms:.2} ms of CPU per second of sound ({percent:.2} % of one core), {times:.0} × real time")?;
        }
        Ok(())
    }
}

/// Measures processor time and time.
pub(super) struct Stopwatch {
    cpu: Duration,
    started: Instant,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { cpu: cpu(), started: Instant::now() }
    }

    /// Processor time and time since the start.
    pub(super) fn stop(&self) -> (Duration, Duration) {
        (cpu().saturating_sub(self.cpu), self.started.elapsed())
    }
}

/// Processor time of this process so far; zero on a system that does not tell.
fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use auricle_core::audio::Position;

    use super::*;

    #[test]
    fn it_reads_well() {
        let mut summary = Summary::default();
        assert_eq!(summary.to_string(), "0.000 s heard: 0 utterances");
        let wake = || What::Wake { word: "alexa".into(), score: 1.0 };
        let end = What::SpeechEnd { spoken: Position(0) };
        for what in [wake(), What::SpeechStart, end, wake(), What::NoSpeech, What::SpeechStart] {
            summary.count(&Heard { at: Position(0), what });
        }
        let (heard, cpu, took) = (Duration::from_millis(2_500), Duration::from_millis(5), Duration::from_millis(10));
        summary = Summary { heard, cpu, took, speaking: true, missing: 7, ..summary };
        let words = "2.500 s heard: 1 utterance and one that did not end, 2 × alexa, 1 × no_speech\n\
                     2.00 ms of CPU per second of sound (0.20 % of one core), 250 × real time";
        assert_eq!(summary.to_string(), words);
        let warning = "`a.wav` is cut off: 7 bytes of its sound are missing; what is there was heard";
        assert_eq!(summary.warning("`a.wav`").as_deref(), Some(warning));
    }
}
