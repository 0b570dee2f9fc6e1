//! The sound ring on real ALSA code: PulseAudio null sinks are the microphone and the loudspeaker.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/pulse.rs"]
#[allow(dead_code)]
mod pulse;
#[path = "../support/speech.rs"]
#[allow(dead_code)]
mod speech;

mod allocation;
mod bench;
mod capture;
mod fakes;
mod mixer;
mod playback;
mod probing;
mod reference;
