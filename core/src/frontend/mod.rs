//! The front end: what happens to the microphone's sound before anybody listens to it.
//!
//! It takes away a constant offset, and the device's own voice while it speaks: the loudspeaker says what it plays and
//! when ([`FrontEnd::played`]), and from that the reference is made, in step with the microphone. The canceller finds
//! what delay is left by itself, 0 to 300 ms, also when the told times are wrong by up to 60 ms.
//!
//! Every sample keeps its place. While something is worked on, up to 128 samples (8 ms; in [`Profile::Full`] 384, 24 ms)
//! are held back and come out with the next call.

mod best;
mod canceller;
mod clock;
mod echo;
mod enhancer;
mod kernel;
mod offset;
mod pace;
mod reference;
mod timeline;
mod tracker;
mod watch;

use std::collections::VecDeque;

use crate::audio::TAPE_RATE;
pub use best::{Best, MOST_CHANNELS};
pub use watch::{MicrophoneState, Watch};

use clock::Clock;
use echo::EchoStage;
use enhancer::Enhancer;
use offset::Offset;

/// The canceller's block in samples: 4 ms.
const BLOCK: usize = 64;

/// How much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Nothing: bit for bit.
    Off,
    /// A constant offset is taken away, and the device's own voice while it speaks and 0.8 s longer. Else bit for bit.
    #[default]
    Light,
    /// Also noise, and the level of speech is evened out, all the time.
    Full,
}

/// A moment on the kernel's monotonic clock, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceTime(pub u64);

/// What is known about the echo.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EchoState {
    /// Whether it is being cancelled now.
    pub active: bool,
    /// Whether next to nothing of it is left: it was soft, or became softer by 10 dB, within the last 3 s of playing.
    pub converged: bool,
    /// How long it comes behind the told times, in milliseconds; below 0: before. `None`: nothing was cancelled yet.
    pub delay: Option<f32>,
    /// How much faster the loudspeaker's clock runs than the microphone's, in millionths.
    pub drift: f32,
    /// How much softer the sound has become by it, in dB, over about a second of playing. Speech in the room makes it
    /// small: that is not taken away.
    pub enhancement: f32,
    /// Played samples that were told too late and taken for silence. After that the reference is less early.
    pub late: u64,
    /// Played samples whose rate makes no sense.
    pub refused: u64,
    /// The microphone's constant offset, in steps of 16 bits.
    pub offset: i32,
}

/// The front end over one microphone and one loudspeaker.
#[derive(Debug)]
pub struct FrontEnd {
    profile: Profile,
    microphone: Clock,
    /// Samples that the microphone gave.
    caught: u64,
    watch: Watch,
    offset: Offset,
    echo: EchoStage,
    enhancer: Option<Box<Enhancer>>,
    /// What came out of the echo stage, and the reference to it that has not come out yet.
    without: Vec<i16>,
    clean: Vec<i16>,
    coming: VecDeque<i16>,
    reference: Vec<i16>,
}

impl FrontEnd {
    /// One that has heard nothing.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            microphone: Clock::new(TAPE_RATE),
            caught: 0,
            watch: Watch::default(),
            offset: Offset::default(),
            echo: EchoStage::new(profile),
            enhancer: (profile == Profile::Full).then(|| Box::new(Enhancer::new())),
            without: Vec::new(),
            clean: Vec::new(),
            coming: VecDeque::new(),
            reference: Vec::new(),
        }
    }

    /// What the loudspeaker was given: mono at `rate` Hz (8,000 to 192,000), as loud as it left. `at`: when the first of
    /// them leaves it. To be told before the microphone's sound of that time is; blocks in the order of their times.
    pub fn played(&mut self, at: DeviceTime, rate: u32, samples: &[i16]) {
        self.echo.reference.played(at, rate, samples);
    }

    /// The loudspeaker was stopped: what was to leave it at `at` or later never did.
    pub fn stopped(&mut self, at: DeviceTime) {
        self.echo.stopped(at, &self.microphone);
    }

    /// What the microphone got: 16 kHz mono. `at`: when the first of them was caught. Appends to `out` what is complete:
    /// over time as many samples as came in, each in its place.
    pub fn heard(&mut self, at: DeviceTime, samples: &[i16], out: &mut Vec<i16>) {
        let before = out.len();
        if !samples.is_empty() {
            self.microphone.observe(self.caught, at);
            self.caught += samples.len() as u64;
        }
        self.watch.push(samples);
        self.without.clear();
        match self.profile {
            Profile::Off => self.without.extend_from_slice(samples),
            Profile::Light | Profile::Full => self.offset.push(samples, &mut self.without),
        }
        match &mut self.enhancer {
            None => self.echo.push(&self.without, &self.microphone, out, &mut self.coming),
            Some(enhancer) => {
                self.clean.clear();
                self.echo.push(&self.without, &self.microphone, &mut self.clean, &mut self.coming);
                enhancer.push(&self.clean, out);
            }
        }
        self.give_reference(out.len() - before);
    }

    /// There is no more for now: the microphone closes, or another front end takes over. Appends what was held back, so
    /// that altogether as many samples came out as went in.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        let before = out.len();
        match &mut self.enhancer {
            None => self.echo.finish(out, &mut self.coming),
            Some(enhancer) => {
                self.clean.clear();
                self.echo.finish(&mut self.clean, &mut self.coming);
                enhancer.push(&self.clean, out);
                enhancer.finish(out);
            }
        }
        self.give_reference(out.len() - before);
    }

    /// Another profile from now on, also while the device speaks. Appends what the old one held back, as
    /// [`FrontEnd::finish`] does. What is known of the clocks and of the echo is kept, except by [`Profile::Off`].
    pub fn change(&mut self, profile: Profile, out: &mut Vec<i16>) {
        self.finish(out);
        self.profile = profile;
        self.offset = Offset::default();
        self.echo.change(profile);
        self.enhancer = (profile == Profile::Full).then(|| Box::new(Enhancer::new()));
    }

    fn give_reference(&mut self, samples: usize) {
        self.reference.clear();
        self.reference.extend(self.coming.drain(..samples.min(self.coming.len())));
    }

    /// What the loudspeaker played while the samples were caught that the last [`FrontEnd::heard`],
    /// [`FrontEnd::finish`] or [`FrontEnd::change`] appended: as many, at 16 kHz, by the told times. The sound itself
    /// comes [`EchoState::delay`] later. For whoever must know what the device itself said, in every profile.
    #[must_use]
    pub fn reference(&self) -> &[i16] {
        &self.reference
    }

    /// What is known about the echo now.
    #[must_use]
    pub fn state(&self) -> EchoState {
        EchoState { offset: self.offset.measured(), ..self.echo.state() }
    }

    /// What is known about the microphone: clipping, and whether it hears anything at all.
    #[must_use]
    pub const fn microphone(&self) -> MicrophoneState {
        self.watch.state()
    }

    /// Starts anew: another microphone, or the same after a pause. What is still held back is dropped (see
    /// [`FrontEnd::finish`]); what the canceller has learnt stays.
    pub fn restart(&mut self) {
        self.microphone.restart();
        self.watch = Watch::default();
        self.offset = Offset::default();
        self.echo.rest(self.caught);
        self.coming.clear();
        self.reference.clear();
        if self.enhancer.is_some() {
            self.enhancer = Some(Box::new(Enhancer::new()));
        }
    }
}
