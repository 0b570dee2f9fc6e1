//! Whether what the microphone delivers is sound at all.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use auricle_core::frontend::MicrophoneState;

use super::counters::HearingCounters;

/// The same value for so long: it hears nothing. Real microphones never have even two seconds of it; so many because a
/// sound server gives zeros while nobody plays into it, and a person may mute a headset for a moment.
const SILENT: Duration = Duration::from_secs(30);

/// Microphones with signal processing of their own may deliver nothing but zeros between two words. One that was so for
/// two seconds and heard again three times is of that kind, and so a quiet night is none of its faults.
const GATE: Duration = Duration::from_secs(2);
const GATES: u32 = 3;
const GATED: Duration = Duration::from_secs(24 * 3600);

/// Of the open microphone.
#[derive(Debug, Default)]
pub(super) struct Condition {
    state: MicrophoneState,
    told: bool,
    /// How often it was silent for a moment and heard again.
    gates: u32,
}

/// Something to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing but this value comes.
    Silent(i16),
    /// It hears again.
    Hears,
}

impl Condition {
    /// What is known now.
    pub(super) fn note(&mut self, state: MicrophoneState, counters: &HearingCounters) {
        counters.clipped.fetch_add(state.clipped.saturating_sub(self.state.clipped), Relaxed);
        if self.state.stuck >= GATE && state.stuck < self.state.stuck {
            self.gates = self.gates.saturating_add(1);
        }
        self.state = state;
    }

    /// Another microphone, or the same after a pause.
    pub(super) fn restart(&mut self) {
        (self.state, self.gates) = (MicrophoneState::default(), 0);
    }

    /// It is told that sound flows, and whoever hears that takes it for a microphone that hears.
    pub(super) const fn forget(&mut self) {
        self.told = false;
    }

    /// What has to be told, once.
    pub(super) fn news(&mut self) -> Option<News> {
        let limit = if self.gates < GATES { SILENT } else { GATED };
        let silent = self.state.stuck >= limit;
        if silent == self.told {
            return None;
        }
        self.told = silent;
        Some(if silent { News::Silent(self.state.value) } else { News::Hears })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_once_and_so_is_its_end() {
        let (mut condition, counters) = (Condition::default(), HearingCounters::default());
        let mut after = |seconds, value| {
            let stuck = Duration::from_secs(seconds);
            condition.note(MicrophoneState { stuck, value, ..MicrophoneState::default() }, &counters);
            condition.news()
        };
        let told = [after(1, 0), after(29, 0), after(30, 0), after(31, 0), after(0, 5), after(1, 5), after(40, -1)];
        assert_eq!(told, [None, None, Some(News::Silent(0)), None, Some(News::Hears), None, Some(News::Silent(-1))]);
    }

    #[test]
    fn it_is_told_again_when_sound_flows_again_and_is_still_none() {
        let (mut condition, counters) = (Condition::default(), HearingCounters::default());
        condition.note(MicrophoneState { stuck: SILENT, ..MicrophoneState::default() }, &counters);
        assert_eq!(condition.news(), Some(News::Silent(0)));
        condition.forget();
        assert_eq!((condition.news(), condition.news()), (Some(News::Silent(0)), None));
        condition.restart();
        condition.forget();
        assert_eq!(condition.news(), None, "another microphone has its own 30 s");
    }

    #[test]
    fn a_microphone_that_gives_nothing_between_two_words_is_no_silent_one() {
        let (mut condition, counters) = (Condition::default(), HearingCounters::default());
        let mut after = |millis| {
            let stuck = Duration::from_millis(millis);
            condition.note(MicrophoneState { stuck, ..MicrophoneState::default() }, &counters);
            condition.news()
        };
        for pause in [5_000, 2_000, 12_000, 1_999] {
            assert_eq!((after(pause), after(10)), (None, None));
        }
        assert_eq!(after(8 * 3_600_000), None, "a quiet night");
        assert_eq!(after(25 * 3_600_000), Some(News::Silent(0)));
    }

    #[test]
    fn clipped_samples_add_up_over_microphones() {
        let (mut condition, counters) = (Condition::default(), HearingCounters::default());
        for clips in [[3, 3, 10], [2, 7, 7]] {
            condition.restart();
            for clipped in clips {
                condition.note(MicrophoneState { clipped, ..MicrophoneState::default() }, &counters);
            }
        }
        assert_eq!(counters.clipped.load(Relaxed), 17);
    }
}
