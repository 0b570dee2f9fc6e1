//! A device with its xiaozhi server and its sound cards.

use serde_json::Value;

use crate::daemon::{Daemon, Settings};
use crate::envelope;
use crate::pulse::{Pulse, Speaking};
use crate::speech::{find, write_wav};
use crate::words::{self, MIC_RATE, SPEAKER_RATE, audible};
use crate::xiaozhi::chat::Turn;
use crate::xiaozhi::record::Event;
use crate::xiaozhi::voice::{HEARS, SAYS};
use crate::xiaozhi::{Mode, Rules, Xiaozhi};

/// The device's address, unless a test sets another.
pub const MAC: &str = "b8:27:eb:12:34:56";

/// The silence before somebody speaks, in samples: the voice trigger is armed 300 ms after the loudspeaker's last sound.
const BREATH: usize = MIC_RATE as usize * 7 / 10;

/// Everything that a conversation needs.
pub struct Stage {
    pub daemon: Daemon,
    pub server: Xiaozhi,
    pub pulse: Pulse,
}

/// Settings for a device of this server.
pub fn settings(server: &Xiaozhi) -> Settings {
    Settings::new().text("xiaozhi", "ota_url", &server.ota_url()).text("xiaozhi", "device_id", MAC)
}

/// A server that says back what it hears.
pub fn echo() -> Rules {
    Rules { mode: Mode::Echo, ..Rules::default() }
}

/// A server that answers each utterance with this text.
pub fn saying(text: &str) -> Rules {
    let sentences = vec![(text.to_owned(), crate::speech::say(text, "en-us", SAYS))];
    let turn = Turn { heard: "What?".into(), emotion: "happy".into(), sentences, last: false };
    Rules { mode: Mode::Script(vec![turn]), ..Rules::default() }
}

impl Stage {
    /// Connected, and the microphone open.
    pub fn new(rules: Rules) -> Self {
        Self::with(rules, |settings| settings)
    }

    /// With other settings.
    pub fn with(rules: Rules, change: impl FnOnce(Settings) -> Settings) -> Self {
        let (server, pulse) = (Xiaozhi::start(rules), Pulse::start());
        let daemon = Daemon::ready(&pulse, &change(settings(&server)));
        Self { daemon, server, pulse }
    }

    /// Somebody begins to speak, after a moment of silence, and falls silent when the value is dropped.
    #[must_use]
    pub fn person_begins(&self, words: &[i16]) -> Speaking {
        let file = self.pulse.folder().join("words.wav");
        let mut sound = vec![0; BREATH];
        sound.extend_from_slice(words);
        write_wav(&file, MIC_RATE, &sound);
        self.pulse.speak(&file)
    }

    /// Somebody speaks, to the end.
    pub fn person_says(&self, words: &[i16]) {
        self.person_begins(words).finish();
    }

    /// The utterances that the chat server has heard, once there are so many.
    #[track_caller]
    pub fn utterances(&self, times: usize) -> Vec<Vec<i16>> {
        self.server.wait(&format!("{times} utterances"), |entries| {
            let utterances = entries.iter().filter_map(|entry| match &entry.event {
                Event::Utterance(sound) => Some(sound.clone()),
                _ => None,
            });
            Some(utterances.collect::<Vec<_>>()).filter(|all| all.len() >= times)
        })
    }

    /// How many utterances the chat server has heard.
    pub fn heard(&self) -> usize {
        self.server.all().iter().filter(|entry| matches!(entry.event, Event::Utterance(_))).count()
    }

    /// One whole turn, which shows that everything works: what is said comes back. The device is idle after it.
    #[track_caller]
    pub fn a_turn_works(&self) {
        self.server.change(|rules| rules.mode = Mode::Echo);
        let (question, recording, before) = (words::question(), self.pulse.record(), self.heard());
        self.person_says(&question);
        let utterances = self.utterances(before + 1);
        assert_whole(&question, &utterances[before]);
        self.daemon.wait_state("speaking");
        self.daemon.wait_state("listening");
        assert_back(&question, &recording.finish());
        self.daemon.wait_state("idle");
    }

    /// Waits until the device has said goodbye to so many sessions.
    #[track_caller]
    pub fn goodbyes(&self, times: usize) -> Vec<Value> {
        self.server.wait_said("goodbye", times)
    }

    /// A counter of this server's.
    pub fn counter(&self, name: &str) -> u64 {
        self.daemon.counter(&format!("xiaozhi_{name}"))
    }
}

/// Panics unless all of what was said, 16 kHz, is in what the server heard, from its first sound on.
#[track_caller]
pub fn assert_whole(said: &[i16], heard: &[i16]) {
    let said = audible(said);
    let found = find(said, heard);
    assert!(found.score > 0.8, "the server has not heard what was said: {found:?}");
    let at = usize::try_from(found.at).expect("the first word is whole");
    let first = words::likeness(&heard[at..], &said[..HEARS as usize / 10]);
    assert!(first > 0.6, "the first 100 ms are not what was said: {first}");
}

/// Panics unless what was said, 16 kHz, can be heard in a recording of the loudspeaker.
#[track_caller]
pub fn assert_back(said: &[i16], recording: &[i16]) {
    let said = envelope::of(audible(said), MIC_RATE);
    let found = envelope::find(&said, &envelope::of(recording, SPEAKER_RATE));
    assert!(found.score > 0.85, "the loudspeaker did not say it: {found:?}");
}
