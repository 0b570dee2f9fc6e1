//! How long a frame of speech takes from its last sample, as it was read through ALSA, to its datagram on the way to a
//! server of xiaozhi: the daemon within this program, a PulseAudio server without hardware for a microphone.

use std::sync::Arc;
use std::time::Duration;

use auricle::sound::AlsaCards;
use auricle_core::dialogue::{Ask, Delivery};
use auricle_core::hearing::{Encoding, Start, UplinkId};

use crate::cards::Room;
use crate::peer::Peer;
use crate::pulse::Pulse;
use crate::report::{Report, Row};
use crate::rig::Rig;

/// What 95 of 100 frames must not exceed, in microseconds.
const TARGET: u64 = 3_000;

/// Sound for each row.
const LENGTH: Duration = Duration::from_secs(30);

/// Measures the usual length of a frame and the shortest.
pub fn measure(pulse: &Pulse, report: &mut Report) {
    for frame in [60, 20].map(Duration::from_millis) {
        let (half, most) = sent(pulse, frame);
        report.add(Row {
            what: format!("last sample of {} ms of speech read → datagram sent (xiaozhi)", frame.as_millis()),
            ours: format!("{:.2} ms / {:.2} ms", half as f64 / 1e3, most as f64 / 1e3),
            target: "p95 ≤ 3 ms".into(),
            met: Some(most <= TARGET),
            how: format!(
                "From the return of the ALSA call that read the frame's last sample to the return of `sendto`, over {} s \
                 with the wake word armed and the echo canceller on: front end, wake word, Opus, cipher and two threads lie \
                 between. The daemon is part of this program; the figures are those of its status.",
                LENGTH.as_secs()
            ),
            ..Row::default()
        });
    }
}

/// The 50th and the 95th percentile in microseconds.
fn sent(pulse: &Pulse, frame: Duration) -> (u64, u64) {
    let settings = format!(
        "[listen]\ntriggers = [\"wake\"]\n[wake]\nwords = [\"okay_nabu\"]\n[audio]\ncapture = {:?}\nplayback = {:?}",
        pulse.mic(),
        pulse.speaker()
    );
    let rig = Rig::with(Room::default(), Arc::new(AlsaCards), &settings);
    let mut peer = Peer::new();
    rig.open(peer.session());
    let encoding = Encoding::Opus { frame, raw: false };
    rig.ask([Ask::UplinkStart { uplink: UplinkId(1), from: Start::Now, encoding, to: Delivery::Channel }]);
    for _ in 0..LENGTH.as_millis() / frame.as_millis() {
        peer.next();
    }
    let causes = rig.status()["causes"].clone();
    assert!(causes.as_array().is_some_and(Vec::is_empty), "{causes}");
    (rig.count("test_frame_sent_p50_us"), rig.count("test_frame_sent_p95_us"))
}
