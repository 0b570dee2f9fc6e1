//! Which packet of a server is heard at which moment, for a server that cancels the echo itself: it knows what it sent,
//! but not when that left the loudspeaker here.
//!
//! Three things come together: what the headers said ([`Aloud::came`]), which packet each piece of the stream was made of
//! ([`Aloud::gave`]), and when the stream left the loudspeaker ([`Aloud::left`]). A piece that stands for a lost packet
//! counts as the packet before it, whose sound it carries on: told as silence, its echo would be a person to the server.

use std::collections::VecDeque;
use std::time::Duration;

use super::datagram::Label;
use crate::frontend::DeviceTime;

/// Packets that may still wait for their turn: more than 3 s of 20 ms each.
const CAME: usize = 256;

/// Pieces that are on their way to the loudspeaker or have just left it: 60 ms wait for it, its queue is 120 ms.
const GIVEN: usize = 256;

/// Parts of the stream that have left: a loudspeaker tells one each 10 ms or less often.
const LEFT: usize = 256;

/// Times may be wrong by so much: between two parts that follow each other that is no silence.
const JITTER: Duration = Duration::from_millis(60);

/// What is heard when. The oldest of everything is forgotten, so that more than a second can always be asked for.
#[derive(Debug, Default)]
pub struct Aloud {
    came: VecDeque<Label>,
    /// Where the stream begins, and where it ends so far, on one scale for all streams.
    begin: Duration,
    end: Duration,
    pieces: VecDeque<Piece>,
    /// The packet that was given last.
    last: Option<Label>,
    parts: VecDeque<Part>,
}

/// What was made of one packet.
#[derive(Clone, Copy, Debug)]
struct Piece {
    end: Duration,
    label: Option<Label>,
}

/// What leaves the loudspeaker in one go.
#[derive(Clone, Copy, Debug)]
struct Part {
    from: Duration,
    to: Duration,
    at: DeviceTime,
}

impl Aloud {
    /// A packet came, with this header.
    pub fn came(&mut self, label: Label) {
        push(&mut self.came, label, CAME);
    }

    /// Another stream begins. What has left of the one before stays known.
    pub const fn begin(&mut self) {
        (self.begin, self.last) = (self.end, None);
    }

    /// The stream goes on for `length` with the packet of this number, or with something between two packets.
    pub fn gave(&mut self, place: Option<u32>, length: Duration) {
        let known = place.and_then(|place| self.came.iter().rev().find(|label| label.sequence == place));
        self.last = known.copied().or(self.last);
        self.end += length;
        push(&mut self.pieces, Piece { end: self.end, label: self.last }, GIVEN);
    }

    /// Of the newest stream, at `rate` Hz, `samples` from number `first` on leave the loudspeaker from this moment on. To
    /// be told in order.
    pub fn left(&mut self, first: u64, samples: u64, rate: u32, at: DeviceTime) {
        let place = |sample: u64| self.begin + Duration::from_nanos(nanos(sample, rate));
        let part = Part { from: place(first), to: place(first + samples), at };
        push(&mut self.parts, part, LEFT);
    }

    /// The loudspeaker was stopped: nothing leaves it from this moment on.
    pub fn stopped(&mut self, at: DeviceTime) {
        self.parts.retain(|part| part.at < at);
        if let Some(last) = self.parts.back_mut() {
            last.to = last.to.min(last.from + since(at, last.at));
        }
    }

    /// The packet whose sound leaves the loudspeaker at this moment, if one does.
    #[must_use]
    pub fn at(&self, moment: DeviceTime) -> Option<Label> {
        let begun = self.parts.iter().rposition(|part| part.at <= moment)?;
        let part = self.parts[begun];
        let place = part.from + since(moment, part.at);
        let place = if place < part.to { place } else { self.follows(begun, moment)? };
        let piece = self.pieces.partition_point(|piece| piece.end <= place);
        self.pieces.get(piece)?.label
    }

    /// The beginning of the part behind this one, if nothing but a wrong time lies between them.
    fn follows(&self, part: usize, moment: DeviceTime) -> Option<Duration> {
        let next = self.parts.get(part + 1)?;
        let late = since(moment, self.parts[part].at).saturating_sub(self.parts[part].to - self.parts[part].from);
        let gap = since(next.at, moment) + late;
        (next.from == self.parts[part].to && gap <= JITTER).then_some(next.from)
    }
}

fn nanos(samples: u64, rate: u32) -> u64 {
    let nanos = u128::from(samples) * 1_000_000_000 / u128::from(rate.max(1));
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

fn since(later: DeviceTime, earlier: DeviceTime) -> Duration {
    Duration::from_nanos(later.0.saturating_sub(earlier.0))
}

fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Duration = Duration::from_millis(60);

    fn ms(at: u64) -> DeviceTime {
        DeviceTime(at * 1_000_000)
    }

    fn label(sequence: u32) -> Label {
        Label { sequence, timestamp: 1_000 + sequence, length: 100 }
    }

    /// Packets 1 to 5 came and were given, at 48 kHz, and leave in periods of 20 ms from 500 ms on.
    fn five() -> Aloud {
        let mut aloud = Aloud::default();
        aloud.begin();
        (1..=5).for_each(|sequence| aloud.came(label(sequence)));
        (1..=5).for_each(|sequence| aloud.gave(Some(sequence), PACKET));
        (0..15).for_each(|period| aloud.left(period * 960, 960, 48_000, ms(500 + period * 20)));
        aloud
    }

    /// The timestamps at these moments; 0: nothing is heard.
    fn heard<const N: usize>(aloud: &Aloud, moments: [u64; N]) -> [u32; N] {
        moments.map(|moment| aloud.at(ms(moment)).map_or(0, |label| label.timestamp))
    }

    #[test]
    fn at_each_moment_the_packet_is_known_that_leaves_the_loudspeaker() {
        let aloud = five();
        assert_eq!(
            heard(&aloud, [0, 499, 500, 559, 560, 619, 740, 799]),
            [0, 0, 1_001, 1_001, 1_002, 1_002, 1_005, 1_005]
        );
        assert_eq!(heard(&aloud, [800, 5_000]), [0, 0]);
        assert_eq!(aloud.at(ms(560)), Some(label(2)));
    }

    #[test]
    fn what_has_not_come_counts_as_the_packet_before_it() {
        let mut aloud = Aloud::default();
        aloud.begin();
        [1, 2, 4].into_iter().for_each(|sequence| aloud.came(label(sequence)));
        aloud.gave(Some(1), PACKET);
        aloud.gave(None, PACKET);
        (2..=4).for_each(|sequence| aloud.gave(Some(sequence), PACKET));
        aloud.left(0, 5 * 2_880, 48_000, ms(0));
        assert_eq!(heard(&aloud, [30, 90, 150, 210, 270]), [1_001, 1_001, 1_002, 1_002, 1_004]);
    }

    #[test]
    fn before_the_first_packet_of_an_answer_there_is_none() {
        let mut aloud = five();
        aloud.begin();
        aloud.gave(Some(6), PACKET);
        aloud.came(label(7));
        aloud.gave(Some(7), PACKET);
        aloud.left(0, 5_760, 48_000, ms(2_000));
        assert_eq!(heard(&aloud, [650, 2_030, 2_090]), [1_003, 0, 1_007]);
    }

    #[test]
    fn silence_that_the_loudspeaker_puts_in_is_silence_and_a_time_that_is_a_little_wrong_is_none() {
        let mut aloud = Aloud::default();
        aloud.begin();
        (1..=3).for_each(|sequence| aloud.came(label(sequence)));
        (1..=3).for_each(|sequence| aloud.gave(Some(sequence), PACKET));
        aloud.left(0, 2_880, 48_000, ms(100));
        aloud.left(2_880, 2_880, 48_000, ms(190));
        aloud.left(5_760, 2_880, 48_000, ms(400));
        assert_eq!(
            heard(&aloud, [155, 165, 189, 190, 249, 251, 300, 399, 400]),
            [1_001, 1_002, 1_002, 1_002, 1_002, 0, 0, 0, 1_003]
        );
    }

    #[test]
    fn what_is_stopped_is_not_heard_although_it_was_told() {
        let mut aloud = five();
        aloud.stopped(ms(590));
        assert_eq!(heard(&aloud, [589, 590, 600, 700]), [1_002, 0, 0, 0]);
        aloud.begin();
        aloud.gave(Some(5), PACKET);
        aloud.left(0, 960, 16_000, ms(610));
        assert_eq!(heard(&aloud, [580, 600, 610, 669, 670]), [1_002, 0, 1_005, 1_005, 0]);
    }

    #[test]
    fn what_is_old_is_forgotten_and_the_last_second_is_not() {
        let mut aloud = Aloud::default();
        aloud.begin();
        for packet in 0..2_000_u32 {
            aloud.came(label(packet));
            aloud.gave(Some(packet), Duration::from_millis(20));
            let first = u64::from(packet) * 320;
            aloud.left(first, 160, 16_000, ms(u64::from(packet) * 20));
            aloud.left(first + 160, 160, 16_000, ms(u64::from(packet) * 20 + 10));
        }
        assert_eq!(heard(&aloud, [39_000, 39_999, 10_000]), [1_000 + 1_950, 1_000 + 1_999, 0]);
        assert!(aloud.came.len() <= CAME && aloud.pieces.len() <= GIVEN && aloud.parts.len() <= LEFT);
    }
}
