//! A way through the network that loses, delays, reorders and doubles datagrams, the same each time for the same seed.

use std::time::Duration;

/// How much later one that is overtaken comes: two frames of 60 ms.
const OVERTAKEN: Duration = Duration::from_millis(120);

/// What happens to datagrams on their way.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// The share that is lost, 0 to 1.
    pub loss: f64,
    /// The mean number that is lost in a row, from 1 on.
    pub burst: f64,
    /// Each one comes up to so much later.
    pub jitter: Duration,
    /// The share that others overtake.
    pub reorder: f64,
    /// The share that comes twice.
    pub duplicate: f64,
    /// Another seed, another fate of each datagram.
    pub seed: u64,
}

impl Default for Weather {
    fn default() -> Self {
        Self { loss: 0.0, burst: 1.0, jitter: Duration::ZERO, reorder: 0.0, duplicate: 0.0, seed: 1 }
    }
}

/// One way, with its memory.
pub struct Way {
    weather: Weather,
    losing: bool,
    random: Random,
}

impl Way {
    pub fn new(weather: Weather) -> Self {
        // Spread over all bits: a small seed would begin with small numbers.
        let random = Random(weather.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        Self { random, losing: false, weather }
    }

    /// From now on the weather is this one; the same one changes nothing.
    pub fn turn(&mut self, weather: &Weather) {
        if *weather != self.weather {
            *self = Self::new(weather.clone());
        }
    }

    /// After which time each copy of the next datagram arrives; none: it is lost.
    pub fn pass(&mut self) -> Vec<Duration> {
        let leave = 1.0 / self.weather.burst;
        let enter = self.weather.loss * leave / (1.0 - self.weather.loss).max(f64::EPSILON);
        let turn = if self.losing { leave } else { enter };
        self.losing ^= self.random.happens(turn);
        if self.losing || self.weather.loss >= 1.0 {
            return Vec::new();
        }
        let copies = 1 + usize::from(self.random.happens(self.weather.duplicate));
        (0..copies).map(|_| self.delay()).collect()
    }

    fn delay(&mut self) -> Duration {
        let extra = if self.random.happens(self.weather.reorder) { OVERTAKEN } else { Duration::ZERO };
        self.weather.jitter.mul_f64(self.random.share()) + extra
    }
}

/// Marsaglia's xorshift; never 0.
struct Random(u64);

impl Random {
    /// Between 0 and 1.
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }
}
