//! The period loops allocate nothing. A counting allocator looks at the real code on real ALSA devices: a wrapper around
//! the device switches the counting on for its own thread after the first periods.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use auricle::sound::{
    AlsaCards, Bell, CapturePcm, CardName, Cards, Direction, Fault, Pace, PlaybackPcm, Shape, SoundError, Woken,
};

use crate::bench::{Ear, Mouth, write};
use crate::pulse::{Pulse, until};
use crate::speech;

thread_local! {
    /// Allocations since counting began; none while it has not.
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: passes everything on to the system's allocator; the counter is plain thread-local memory without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get().map(|count| count + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        COUNT.set(COUNT.get().map(|count| count + 1));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Real devices, counted.
#[derive(Clone, Default)]
struct Counted {
    periods: Arc<AtomicU64>,
    allocations: Arc<AtomicU64>,
}

impl Counted {
    /// Called once per turn of a period loop.
    fn turn(&self) {
        match self.periods.fetch_add(1, SeqCst) {
            0..10 => {}
            10 => COUNT.set(Some(0)),
            _ => self.allocations.store(COUNT.get().unwrap_or(u64::MAX), SeqCst),
        }
    }

    fn done(&self) -> bool {
        self.periods.load(SeqCst) > 70
    }
}

struct CountedPcm<P: ?Sized> {
    counted: Counted,
    pcm: Box<P>,
}

impl Cards for Counted {
    fn capture_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn playback_cards(&self) -> Vec<CardName> {
        Vec::new()
    }
    fn open_capture(&self, device: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        let pcm = AlsaCards.open_capture(device)?;
        Ok(Box::new(CountedPcm { counted: self.clone(), pcm }))
    }
    fn open_playback(&self, device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        let pcm = AlsaCards.open_playback(device)?;
        Ok(Box::new(CountedPcm { counted: self.clone(), pcm }))
    }
    fn holder(&self, _: &str, _: Direction) -> Option<String> {
        None
    }
}

impl CapturePcm for CountedPcm<dyn CapturePcm> {
    fn shape(&self) -> Shape {
        self.pcm.shape()
    }
    fn period(&self) -> usize {
        self.pcm.period()
    }
    fn buffer(&self) -> usize {
        self.pcm.buffer()
    }
    fn start(&mut self) -> Result<(), Fault> {
        self.pcm.start()
    }
    fn wait(&mut self, bell: &Bell, timeout: Duration) -> Result<Woken, Fault> {
        self.pcm.wait(bell, timeout)
    }
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        self.counted.turn();
        self.pcm.read(out)
    }
    fn delay(&mut self) -> Result<usize, Fault> {
        self.pcm.delay()
    }
    fn recover(&mut self) -> Result<(), Fault> {
        self.pcm.recover()
    }
}

impl PlaybackPcm for CountedPcm<dyn PlaybackPcm> {
    fn shape(&self) -> Shape {
        self.pcm.shape()
    }
    fn period(&self) -> usize {
        self.pcm.period()
    }
    fn buffer(&self) -> usize {
        self.pcm.buffer()
    }
    fn start(&mut self) -> Result<(), Fault> {
        self.pcm.start()
    }
    fn room(&mut self) -> Result<usize, Fault> {
        self.counted.turn();
        self.pcm.room()
    }
    fn write(&mut self, frames: &[u8]) -> Result<usize, Fault> {
        self.pcm.write(frames)
    }
    fn delay(&mut self) -> Result<usize, Fault> {
        self.pcm.delay()
    }
    fn stop(&mut self) -> Result<(), Fault> {
        self.pcm.stop()
    }
    fn recover(&mut self) -> Result<(), Fault> {
        self.pcm.recover()
    }
}

#[test]
fn the_allocator_counts() {
    COUNT.set(Some(0));
    drop(std::hint::black_box(vec![1]));
    assert_eq!(COUNT.take(), Some(2));
}

#[test]
fn the_capture_loop_allocates_nothing() {
    let pulse = Pulse::start();
    let counted = Counted::default();
    let ear = Ear::new(counted.clone(), &pulse.mic());
    ear.mic.pace(Pace::Listening);
    ear.mic.open();
    let mut open = ear.opened(Duration::from_secs(6));
    ear.hear(&mut open, &mut Vec::new(), Duration::from_secs(6), |_| {
        // Both paces.
        if counted.periods.load(SeqCst) > 40 {
            ear.mic.pace(Pace::Idle);
        }
        counted.done()
    });
    assert_eq!(counted.allocations.load(SeqCst), 0);
}

#[test]
fn the_playback_loop_allocates_nothing_with_sound_and_with_silence() {
    let pulse = Pulse::start();
    let counted = Counted::default();
    let mut mouth = Mouth::new(counted.clone(), &pulse.speaker());
    mouth.played.want(true);
    mouth.speaker.play(1);
    let (rate, mut ring) = mouth.ready(1);
    write(&mut ring, &speech::tone(rate, 440.0, 10_000.0, 0.7));
    mouth.started(1, Duration::from_secs(6));
    let mut told = 0;
    until("sound and silence were played", || {
        mouth.played.take(|_| told += 1);
        counted.done()
    });
    assert!(told > 20, "{told} blocks were told");
    assert!(mouth.speaker.counters().underruns.load(SeqCst) > 0);
    assert_eq!(counted.allocations.load(SeqCst), 0);
}
