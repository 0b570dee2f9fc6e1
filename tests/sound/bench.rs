//! A microphone and a loudspeaker with what they say, kept for the tests.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use auricle::sound::{
    Bell, CaptureWant, Cards, Leaving, Loudspeaker, MicNotice, Microphone, PlaybackWant, Played, Shape, SoundError,
    SpeakerNotice, Stamp,
};
use auricle_core::dialogue::PlayEnd;

/// A microphone under test.
pub struct Ear {
    pub mic: Microphone,
    pub bell: Bell,
    notices: Receiver<MicNotice>,
}

/// What it delivers.
pub struct Open {
    pub shape: Shape,
    pub ring: rtrb::Consumer<u8>,
    stamps: rtrb::Consumer<Stamp>,
    times: Vec<(u64, u64)>,
}

impl Open {
    fn new(shape: Shape, ring: rtrb::Consumer<u8>, stamps: rtrb::Consumer<Stamp>) -> Self {
        Self { shape, ring, stamps, times: Vec::new() }
    }

    /// Numbers of frames that were heard, and when they were caught, in ns.
    pub fn times(&self) -> &[(u64, u64)] {
        &self.times
    }
}

impl Ear {
    pub fn new(cards: impl Cards, device: &str) -> Self {
        let (sender, notices) = channel();
        let bell = Bell::new().unwrap();
        let notify = Box::new(move |notice| drop(sender.send(notice)));
        let want = CaptureWant { device: device.into() };
        let mic = Microphone::start(Arc::new(cards), want, bell.clone(), notify).unwrap();
        Self { mic, bell, notices }
    }

    #[track_caller]
    pub fn opened(&self, within: Duration) -> Open {
        match self.notices.recv_timeout(within) {
            Ok(MicNotice::Opened { shape, ring, stamps, .. }) => Open::new(shape, ring, stamps),
            Ok(MicNotice::Failed(error)) => panic!("failed: {error}"),
            Ok(MicNotice::Closed) => panic!("closed"),
            Err(error) => panic!("not opened: {error}"),
        }
    }

    /// Opened after it had failed; other failures on the way are passed over.
    #[track_caller]
    pub fn opened_again(&self, within: Duration) -> Open {
        let until = Instant::now() + within;
        loop {
            match self.notices.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(MicNotice::Opened { shape, ring, stamps, .. }) => return Open::new(shape, ring, stamps),
                Ok(_) => {}
                Err(error) => panic!("not opened: {error}"),
            }
        }
    }

    #[track_caller]
    pub fn failed(&self, within: Duration) -> SoundError {
        match self.notices.recv_timeout(within) {
            Ok(MicNotice::Failed(error)) => error,
            Ok(_) => panic!("something else was told"),
            Err(error) => panic!("no failure: {error}"),
        }
    }

    #[track_caller]
    pub fn closed(&self, within: Duration) {
        assert!(matches!(self.notices.recv_timeout(within), Ok(MicNotice::Closed)));
    }

    /// Takes blocks into `bytes` until `done`.
    #[track_caller]
    pub fn hear(&self, open: &mut Open, bytes: &mut Vec<u8>, within: Duration, mut done: impl FnMut(&[u8]) -> bool) {
        let until = Instant::now() + within;
        while !done(bytes) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(self.bell.wait(Some(left)), "no more blocks after {} bytes", bytes.len());
            let block = open.ring.read_chunk(open.ring.slots()).unwrap();
            let (first, second) = block.as_slices();
            bytes.extend_from_slice(first);
            bytes.extend_from_slice(second);
            block.commit_all();
            while let Ok(stamp) = open.stamps.pop() {
                open.times.push((stamp.frame, stamp.at.0));
            }
        }
    }

    /// Blocks keep coming.
    #[track_caller]
    pub fn hears(&self, open: &mut Open) {
        self.hear(open, &mut Vec::new(), Duration::from_secs(5), |bytes| bytes.len() > 16_000);
    }
}

/// A loudspeaker under test.
pub struct Mouth {
    pub speaker: Loudspeaker,
    pub played: Played,
    notices: Receiver<SpeakerNotice>,
}

impl Mouth {
    pub fn new(cards: impl Cards, device: &str) -> Self {
        let (sender, notices) = channel();
        let want = PlaybackWant { device: device.into() };
        let notify = Box::new(move |notice| drop(sender.send(notice)));
        let (speaker, played) = Loudspeaker::overheard(Arc::new(cards), want, notify).unwrap();
        Self { speaker, played, notices }
    }

    #[track_caller]
    pub fn next(&self, within: Duration) -> SpeakerNotice {
        self.notices.recv_timeout(within).expect("a notice in time")
    }

    pub fn silent(&self) -> bool {
        self.notices.try_recv().is_err()
    }

    #[track_caller]
    pub fn ready(&self, wanted: u64) -> (u32, rtrb::Producer<i16>) {
        let (rate, ring, _) = self.ready_live(wanted);
        (rate, ring)
    }

    /// The same, with what is told of a live sound.
    #[track_caller]
    pub fn ready_live(&self, wanted: u64) -> (u32, rtrb::Producer<i16>, rtrb::Consumer<Leaving>) {
        match self.next(Duration::from_secs(5)) {
            SpeakerNotice::Ready { id, rate, ring, leaving } if id == wanted => (rate, ring, leaving),
            SpeakerNotice::Failed { error, .. } => panic!("failed: {error}"),
            _ => panic!("something else than ready"),
        }
    }

    #[track_caller]
    pub fn started(&self, wanted: u64, within: Duration) {
        assert!(matches!(self.next(within), SpeakerNotice::Started { id } if id == wanted));
    }

    #[track_caller]
    pub fn ended(&self, wanted: u64, within: Duration) -> (PlayEnd, Duration) {
        match self.next(within) {
            SpeakerNotice::Ended { id, end, heard } if id == wanted => (end, heard),
            SpeakerNotice::Failed { error, .. } => panic!("failed: {error}"),
            _ => panic!("something else than the end"),
        }
    }

    #[track_caller]
    pub fn failed(&self, wanted: Option<u64>, within: Duration) -> SoundError {
        match self.next(within) {
            SpeakerNotice::Failed { id, error } if id == wanted => error,
            _ => panic!("something else than a failure"),
        }
    }
}

/// Writes all of it, as the ring takes it.
#[track_caller]
pub fn write(ring: &mut rtrb::Producer<i16>, mut samples: &[i16]) {
    crate::pulse::until("the ring took all", || {
        let (_, rest) = ring.push_partial_slice(samples);
        samples = rest;
        samples.is_empty()
    });
}
