//! The front end: what happens to the microphone's sound before anybody listens to it.

/// How much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Nothing.
    Off,
    /// A constant offset is taken away, and the device's own voice while it speaks.
    #[default]
    Light,
    /// Also noise, and the level is evened out.
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
}

/// The front end over one microphone and one loudspeaker.
#[derive(Debug)]
pub struct FrontEnd {
    profile: Profile,
}

impl FrontEnd {
    /// One that has heard nothing.
    #[must_use]
    pub const fn new(profile: Profile) -> Self {
        Self { profile }
    }

    /// What the loudspeaker was given: mono at `rate` Hz, as loud as it left. `at`: when the first of them leaves it.
    pub fn played(&mut self, _at: DeviceTime, _rate: u32, _samples: &[i16]) {}

    /// What the microphone got: 16 kHz mono. `at`: when the first of them was caught. Appends to `out` what is left.
    pub fn heard(&mut self, _at: DeviceTime, samples: &[i16], out: &mut Vec<i16>) {
        out.extend_from_slice(samples);
    }

    /// What is known about the echo now.
    #[must_use]
    pub fn state(&self) -> EchoState {
        EchoState { active: self.profile != Profile::Off }
    }

    /// Starts anew: another microphone, or the same after a pause.
    pub fn restart(&mut self) {}
}
