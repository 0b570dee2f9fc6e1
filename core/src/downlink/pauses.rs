//! The delay is changed where nobody hears it: in the pauses of the voice.

/// Packets over which is looked how early they come: two seconds of 60 ms each.
const WINDOW: u32 = 32;

/// What counts as a pause: so much quieter than the voice (-30 dB), or than anything (-64 dBFS).
const QUIETER: f32 = 0.03;
const QUIET: f32 = 20.0;

/// How quickly the level of the voice is forgotten, with each piece.
const FORGET: f32 = 0.98;

/// What is known about pauses, and about time that could be saved in them.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    /// The level of the voice.
    voice: f32,
    /// Whether the last piece was quiet.
    quiet: bool,
    /// Packets in this window, and how early the latest of them was, in µs.
    seen: u32,
    least: i64,
    /// The same in the first window: what the sender gave in hand at the start, and that stays.
    given: Option<i64>,
    /// What the delay has grown beyond its need, in µs.
    surplus: i64,
}

impl Pauses {
    /// A packet came `early` before its time, while `target` is needed; both in µs.
    pub fn came(&mut self, early: i64, target: i64) {
        self.least = if self.seen == 0 { early } else { self.least.min(early) };
        self.seen += 1;
        if self.seen < WINDOW {
            return;
        }
        self.seen = 0;
        let given = *self.given.get_or_insert(self.least);
        self.surplus = self.least - given.max(target);
    }

    /// Whether this piece lies in a pause, and not only at its edge.
    pub fn is_quiet(&mut self, piece: &[i16]) -> bool {
        let power = piece.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>() / piece.len().max(1) as f32;
        let level = power.sqrt();
        self.voice = level.max(self.voice * FORGET);
        let before = std::mem::replace(&mut self.quiet, level < QUIET.max(self.voice * QUIETER));
        before && self.quiet
    }

    /// Whether a quiet piece of `span` µs can be left out; it has to be then.
    pub const fn leave_out(&mut self, span: i64) -> bool {
        let can = self.surplus >= span;
        if can {
            self.surplus -= span;
        }
        can
    }
}
