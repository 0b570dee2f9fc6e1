//! A disk that takes its time.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auricle::services::recorder::{Ending, Format, Recorder, RecorderError, Storage};
use rtrb::RingBuffer;

use crate::player::{play, sound};
use crate::room::{RING, Told, hand_over, settings, told, until};

/// A file in memory, on a disk whose syncs last until they are let through.
struct Slow {
    file: Arc<Mutex<Vec<u8>>>,
    asked: Sender<()>,
    let_through: Receiver<()>,
}

impl Storage for Slow {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut file, at) = (self.file.lock().unwrap(), at as usize);
        let length = file.len().max(at + bytes.len());
        file.resize(length, 0);
        file[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let _ = self.asked.send(());
        // When nobody holds it up any more, it is fast.
        let _ = self.let_through.recv();
        Ok(())
    }

    fn free(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

struct Stage {
    file: Arc<Mutex<Vec<u8>>>,
    asked: Receiver<()>,
    let_through: Option<Sender<()>>,
    told: Told,
    ring: rtrb::Producer<i16>,
}

fn stage(format: Format) -> (Recorder, Stage) {
    let ((ring, consumer), (notify, told)) = (RingBuffer::new(RING), told());
    let (asked_in, asked) = channel();
    let (let_through, let_out) = channel();
    let file = Arc::new(Mutex::new(Vec::new()));
    let inner = file.clone();
    let make = move |beginning: &[u8]| -> Result<(PathBuf, Slow), RecorderError> {
        *inner.lock().unwrap() = beginning.to_vec();
        Ok(("slow.wav".into(), Slow { file: inner, asked: asked_in, let_through: let_out }))
    };
    let recorder = Recorder::start_on(make, &settings("unused".as_ref(), format), consumer, notify).unwrap();
    (recorder, Stage { file, asked, let_through: Some(let_through), told, ring })
}

#[test]
fn nothing_is_lost_as_long_as_the_ring_holds() {
    let sound = sound(320_000);
    for format in [Format::Wav, Format::Opus] {
        let (recorder, mut stage) = stage(format);
        stage.told.started();
        // Two syncs, each as long as almost 10 s of sound; whatever is handed over meanwhile finds room.
        let mut handed = 0;
        for _ in 0..2 {
            hand_over(&mut stage.ring, &sound[handed..handed + 3_200]);
            stage.asked.recv_timeout(Duration::from_secs(20)).unwrap();
            until("the ring was emptied before the sync", || stage.ring.slots() == RING);
            hand_over(&mut stage.ring, &sound[handed + 3_200..handed + 150_000]);
            handed += 150_000;
            stage.let_through.as_ref().unwrap().send(()).unwrap();
            until("and again after it", || stage.ring.slots() == RING);
            // The sync of what had gathered, and perhaps the one of the header.
            while stage.asked.recv_timeout(Duration::from_millis(600)).is_ok() {
                stage.let_through.as_ref().unwrap().send(()).unwrap();
            }
        }
        hand_over(&mut stage.ring, &sound[handed..]);
        stage.let_through = None;
        recorder.stop();
        assert!(matches!(stage.told.ended(), (20.0, Ending::Stopped)));
        let played = play(&stage.file.lock().unwrap(), format).unwrap();
        assert_eq!(played.len(), sound.len(), "{format:?}");
        assert!(format == Format::Opus || played == sound);
    }
}

#[test]
fn a_disk_that_never_answers_does_not_keep_the_program() {
    let (recorder, mut stage) = stage(Format::Wav);
    stage.told.started();
    hand_over(&mut stage.ring, &sound(3_200));
    stage.asked.recv_timeout(Duration::from_secs(20)).unwrap();
    let start = Instant::now();
    drop(recorder);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(1_500) && took < Duration::from_secs(5), "{took:?}");
    stage.let_through = None;
    assert!(matches!(stage.told.ended(), (_, Ending::Stopped)), "it ends well once the disk is back");
}
