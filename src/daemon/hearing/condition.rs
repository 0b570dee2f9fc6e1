//! Whether what the microphone delivers is sound at all.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use auricle_core::frontend::MicrophoneState;

use super::counters::HearingCounters;

/// The same value for so long: it hears nothing. Real microphones never have even two seconds of it; so many because a
/// sound server gives zeros while nobody plays into it, and a person may mute a headset for a moment.
const SILENT: Duration = Duration::from_secs(30);

/// Of the open microphone.
#[derive(Debug, Default)]
pub(super) struct Condition {
    state: MicrophoneState,
    told: bool,
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
        self.state = state;
    }

    /// The watch over it begins anew; what was told stays told until it is known better.
    pub(super) fn restart(&mut self) {
        self.state = MicrophoneState::default();
    }

    /// What has to be told, once.
    pub(super) fn news(&mut self) -> Option<News> {
        let silent = self.state.stuck >= SILENT;
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
