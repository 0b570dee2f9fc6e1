//! One open ALSA device.

use std::time::Duration;

use alsa::pcm::{Access, Format as AlsaFormat, Frames, HwParams, PCM};
use alsa::poll::Descriptors;
use alsa::{Direction, ValueOr};
use auricle_core::audio::convert::Format;
use libc::pollfd;

use super::bell::Bell;
use super::card::{CapturePcm, Fault, PlaybackPcm, Shape, Woken};
use super::negotiate::{Agreed, HwSpace};

/// Descriptors that a device may have; all known plugins have one or two.
const MOST_FDS: usize = 15;

/// `SND_PCM_STATE_PREPARED` and others as numbers: the typed call panics on numbers that it does not know.
const PREPARED: i32 = alsa::pcm::State::Prepared as i32;
const XRUN: i32 = alsa::pcm::State::XRun as i32;
const SUSPENDED: i32 = alsa::pcm::State::Suspended as i32;
const DISCONNECTED: i32 = alsa::pcm::State::Disconnected as i32;

/// What an ALSA device can still do.
pub(super) struct Space<'a> {
    pcm: &'a PCM,
    params: HwParams<'a>,
}

impl<'a> Space<'a> {
    pub(super) fn of(pcm: &'a PCM) -> alsa::Result<Self> {
        let params = HwParams::any(pcm)?;
        // The rates of the hardware itself: our conversion is better than that of the plug layer. Not every plugin
        // knows the question.
        let _ = params.set_rate_resample(false);
        params.set_access(Access::RWInterleaved)?;
        Ok(Self { pcm, params })
    }

    /// Of these rates, those that are possible.
    pub(super) fn rates(&self, of: &[u32]) -> Vec<u32> {
        of.iter().copied().filter(|&rate| self.has_rate(rate)).collect()
    }

    /// The formats that are possible.
    pub(super) fn formats(&self) -> Vec<Format> {
        Format::ALL.into_iter().filter(|&format| self.params.test_format(alsa_format(format)).is_ok()).collect()
    }

    /// Puts it into force.
    pub(super) fn settle(&self) -> alsa::Result<()> {
        self.pcm.hw_params(&self.params)
    }
}

impl HwSpace for Space<'_> {
    fn has_rate(&self, rate: u32) -> bool {
        self.params.test_rate(rate).is_ok()
    }

    fn set_rate_near(&mut self, rate: u32) -> Option<u32> {
        self.params.set_rate_near(rate, ValueOr::Nearest).ok()
    }

    fn channels(&self) -> Option<(u16, u16)> {
        let (fewest, most) = (self.params.get_channels_min().ok()?, self.params.get_channels_max().ok()?);
        Some((u16::try_from(fewest).ok()?, u16::try_from(most).unwrap_or(u16::MAX)))
    }

    fn set_channels(&mut self, channels: u16) -> bool {
        self.params.set_channels(channels.into()).is_ok()
    }

    fn set_format(&mut self, format: Format) -> bool {
        self.params.set_format(alsa_format(format)).is_ok()
    }

    fn set_period_near(&mut self, frames: usize) -> Option<usize> {
        usize::try_from(self.params.set_period_size_near(Frames::try_from(frames).ok()?, ValueOr::Nearest).ok()?).ok()
    }

    fn set_buffer_near(&mut self, frames: usize) -> Option<usize> {
        usize::try_from(self.params.set_buffer_size_near(Frames::try_from(frames).ok()?).ok()?).ok()
    }
}

const fn alsa_format(format: Format) -> AlsaFormat {
    match format {
        Format::S16 => AlsaFormat::S16LE,
        Format::S32 => AlsaFormat::S32LE,
        Format::S24Packed => AlsaFormat::S243LE,
        Format::S24 => AlsaFormat::S24LE,
        Format::Float => AlsaFormat::FloatLE,
        Format::Double => AlsaFormat::Float64LE,
        Format::U8 => AlsaFormat::U8,
    }
}

/// Wake once per period.
pub(super) fn thresholds(pcm: &PCM, agreed: &Agreed) -> alsa::Result<()> {
    let period = agreed.period as Frames;
    let params = pcm.sw_params_current()?;
    params.set_avail_min(period)?;
    params.set_start_threshold(period)?;
    pcm.sw_params(&params)
}

/// Waiting for it is not a fault; anything that does not heal is a loss.
fn fault(error: alsa::Error) -> Fault {
    match error.errno().abs() {
        libc::EPIPE | libc::ESTRPIPE => Fault::Xrun,
        errno => Fault::Lost(errno),
    }
}

/// Nothing there, or no room, is a zero.
fn count(result: alsa::Result<usize>) -> Result<usize, Fault> {
    match result {
        Err(error) if matches!(error.errno().abs(), libc::EAGAIN | libc::EINTR) => Ok(0),
        other => other.map_err(fault),
    }
}

/// Frames between the program and the air.
fn delay(pcm: &PCM) -> Result<usize, Fault> {
    pcm.delay().map(|frames| usize::try_from(frames).unwrap_or(0)).map_err(fault)
}

/// Starts it unless it started itself.
fn start(pcm: &PCM) -> Result<(), Fault> {
    if pcm.state_raw() == PREPARED { pcm.start().map_err(fault) } else { Ok(()) }
}

/// Out of an overrun, an underrun or the sleep of the machine.
fn revive(pcm: &PCM) -> Result<(), Fault> {
    // Resuming keeps what was queued, but few drivers can; preparing again always works.
    if pcm.state_raw() == SUSPENDED && pcm.resume().is_ok() {
        return Ok(());
    }
    pcm.prepare().map_err(fault)
}

/// An open ALSA microphone.
pub(super) struct AlsaCapture {
    pcm: PCM,
    agreed: Agreed,
    fds: [pollfd; MOST_FDS + 1],
}

impl AlsaCapture {
    pub(super) fn new(pcm: PCM, agreed: Agreed) -> Self {
        Self { pcm, agreed, fds: [pollfd { fd: -1, events: 0, revents: 0 }; MOST_FDS + 1] }
    }

    /// What the device's own descriptors say.
    fn judge(&self, own: usize) -> Result<Woken, Fault> {
        let events = self.pcm.revents(&self.fds[1..=own]).map_err(fault)?;
        match self.pcm.state_raw() {
            XRUN | SUSPENDED => return Err(Fault::Xrun),
            DISCONNECTED => return Err(Fault::Lost(libc::ENODEV)),
            _ => {}
        }
        if events.intersects(alsa::poll::Flags::HUP | alsa::poll::Flags::NVAL) {
            return Err(Fault::Lost(libc::ENODEV));
        }
        if events.contains(alsa::poll::Flags::ERR) {
            return Err(Fault::Lost(libc::EIO));
        }
        Ok(if events.contains(alsa::poll::Flags::IN) { Woken::Ready } else { Woken::Timeout })
    }
}

impl CapturePcm for AlsaCapture {
    fn shape(&self) -> Shape {
        self.agreed.shape
    }

    fn period(&self) -> usize {
        self.agreed.period
    }

    fn buffer(&self) -> usize {
        self.agreed.buffer
    }

    fn start(&mut self) -> Result<(), Fault> {
        start(&self.pcm)
    }

    fn wait(&mut self, bell: &Bell, timeout: Duration) -> Result<Woken, Fault> {
        let own = self.pcm.fill(&mut self.fds[1..]).map_err(fault)?.min(MOST_FDS);
        self.fds[0] = pollfd { fd: bell.fd(), events: libc::POLLIN, revents: 0 };
        let millis = libc::c_int::try_from(timeout.as_micros().div_ceil(1_000)).unwrap_or(libc::c_int::MAX);
        // SAFETY: the first `own + 1` entries are initialised and outlive the call.
        let ready = unsafe { libc::poll(self.fds.as_mut_ptr(), (own + 1) as libc::nfds_t, millis) };
        if self.fds[0].revents != 0 && ready > 0 {
            bell.drain();
            return Ok(Woken::Bell);
        }
        if ready <= 0 { Ok(Woken::Timeout) } else { self.judge(own) }
    }

    fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        let frame = self.agreed.shape.frame_bytes();
        count(self.pcm.io_bytes().readi(out)).map(|frames| frames * frame)
    }

    fn delay(&mut self) -> Result<usize, Fault> {
        delay(&self.pcm)
    }

    fn recover(&mut self) -> Result<(), Fault> {
        revive(&self.pcm)?;
        start(&self.pcm)
    }
}

/// An open ALSA loudspeaker.
pub(super) struct AlsaPlayback {
    pcm: PCM,
    agreed: Agreed,
}

impl AlsaPlayback {
    pub(super) const fn new(pcm: PCM, agreed: Agreed) -> Self {
        Self { pcm, agreed }
    }
}

impl PlaybackPcm for AlsaPlayback {
    fn shape(&self) -> Shape {
        self.agreed.shape
    }

    fn period(&self) -> usize {
        self.agreed.period
    }

    fn buffer(&self) -> usize {
        self.agreed.buffer
    }

    fn start(&mut self) -> Result<(), Fault> {
        start(&self.pcm)
    }

    fn room(&mut self) -> Result<usize, Fault> {
        let room = count(self.pcm.avail_update().map(|frames| usize::try_from(frames).unwrap_or(0)))?;
        // Plugins may take more than they agreed to; the delay must stay within the buffer all the same.
        Ok(room.min(self.agreed.buffer))
    }

    fn write(&mut self, frames: &[u8]) -> Result<usize, Fault> {
        count(self.pcm.io_bytes().writei(frames))
    }

    fn delay(&mut self) -> Result<usize, Fault> {
        delay(&self.pcm)
    }

    fn stop(&mut self) -> Result<(), Fault> {
        self.pcm.drop().map_err(fault)?;
        self.pcm.prepare().map_err(fault)
    }

    fn recover(&mut self) -> Result<(), Fault> {
        revive(&self.pcm)
    }
}

impl From<super::card::Direction> for Direction {
    fn from(direction: super::card::Direction) -> Self {
        match direction {
            super::card::Direction::Capture => Self::Capture,
            super::card::Direction::Playback => Self::Playback,
        }
    }
}
