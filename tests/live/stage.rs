//! A device with its server, its broker and its sound cards.

use crate::broker::Broker;
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::{Pulse, Speaking};
use crate::speech::write_wav;
use crate::words::{self, MIC_RATE};

/// The silence before somebody speaks, in samples: the voice trigger is armed 300 ms after the loudspeaker's last sound.
const BREATH: usize = MIC_RATE as usize * 7 / 10;

/// Everything that a conversation needs.
pub struct Stage {
    pub daemon: Daemon,
    pub flow: Flow,
    pub broker: Broker,
    pub pulse: Pulse,
}

impl Stage {
    /// Connected, and the microphone open.
    pub fn new() -> Self {
        Self::with(|settings| settings)
    }

    /// With other settings.
    pub fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let (broker, pulse) = (Broker::start(), Pulse::start());
        let flow = Flow::start(&broker, ADMIN);
        let daemon = Daemon::ready(&pulse, &change(Settings::linto(broker.port())));
        Self { daemon, flow, broker, pulse }
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

    /// The broker is back after it was away, and the server with it; the device has found them.
    pub fn broker_is_back(&mut self) {
        self.broker.restart();
        self.server_is_back();
    }

    /// The server has a new connection, the device too.
    pub fn server_is_back(&mut self) {
        self.flow = Flow::start(&self.broker, ADMIN);
        self.daemon.wait_status("the device to be connected again", |status| status["servers"][0]["link"] == "up");
    }

    /// One whole turn, which shows that everything works.
    #[track_caller]
    pub fn a_turn_works(&self) {
        let question = words::question();
        let recording = self.pulse.record();
        self.person_says(&question);
        let request = self.flow.next_request();
        request.assert_has(&question);
        self.flow.say(&request.id, "It is noon.");
        self.daemon.wait_event("spoken", |event| event["text"] == "It is noon.", crate::broker::SOON);
        words::said("It is noon.", &recording.finish());
    }
}
