//! A sender, and a link between it and us.

/// When a packet comes, in ms.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub at: f64,
    pub number: usize,
}

/// A link. Losses come in bursts (Gilbert and Elliott): a good state that loses nothing, a bad one that loses all.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Share of the packets that are lost.
    pub loss: f64,
    /// Packets in a burst, in the mean.
    pub burst: f64,
    /// Each packet is held up by 0 to this many ms, which also reorders them.
    pub jitter: f64,
    /// Share that comes twice.
    pub doubled: f64,
    pub seed: u64,
}

impl Link {
    /// A link that loses in bursts of two packets, holds up by up to 20 ms and doubles one in a hundred.
    pub fn losing(loss: f64, seed: u64) -> Self {
        Self { loss, burst: 2.0, jitter: 20.0, doubled: 0.01, seed }
    }

    /// The arrivals of packets that leave at these times, in the order in which they come.
    pub fn carry(&self, sent: impl Iterator<Item = f64>) -> Vec<Arrival> {
        let mut dice = Dice::new(self.seed);
        let (worse, better) = (self.loss / (1.0 - self.loss) / self.burst, 1.0 / self.burst);
        let mut bad = dice.next() < self.loss;
        let mut arrivals = Vec::new();
        for (number, sent) in sent.enumerate() {
            let twice = dice.next() < self.doubled;
            for copy in 0..=usize::from(twice) {
                let at = sent + dice.next() * self.jitter + copy as f64 * 3.0;
                if !bad {
                    arrivals.push(Arrival { at, number });
                }
            }
            bad = if bad { dice.next() >= better } else { dice.next() < worse };
        }
        arrivals.sort_by(|a, b| a.at.total_cmp(&b.at));
        arrivals
    }
}

/// When a server sends: the first `hurry` packets at once, then one each `ms`.
pub fn paced(packets: usize, hurry: usize, ms: usize) -> impl Iterator<Item = f64> {
    (0..packets).map(move |number| ((number + 1).saturating_sub(hurry.max(1)) * ms) as f64)
}

/// Chance that repeats itself (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 to 1, even.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
