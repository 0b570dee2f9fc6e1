//! The arithmetic of the operators: whole numbers of 8 bits, sums of 32, and two roundings that decide bits.
//!
//! Everything works on one piece of memory in which each tensor has its place. The places were checked when the model was
//! read, so nothing here can fail. Zero points of the inputs are part of the biases by then: what is left are plain
//! sums of products, which the compiler turns into vector instructions.

/// A tensor in memory: rows in time, columns are channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub at: usize,
    pub rows: usize,
    pub columns: usize,
    /// From the beginning of one row to that of the next.
    pub stride: usize,
}

impl View {
    pub const fn new(at: usize, rows: usize, columns: usize) -> Self {
        Self { at, rows, columns, stride: columns }
    }

    pub const fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether its rows lie side by side.
    pub const fn is_dense(&self) -> bool {
        self.stride == self.columns || self.rows == 1
    }

    fn rows<'a>(&self, memory: &'a [i8]) -> impl Iterator<Item = &'a [i8]> {
        let Self { at, rows, columns, stride } = *self;
        (0..rows).map(move |row| &memory[at + row * stride..][..columns])
    }
}

/// Where sums are made.
#[derive(Clone, Debug, Default)]
pub struct Bench {
    /// The inputs of a product, as wide as its weights.
    pub wide: Box<[i16]>,
    pub sums: Box<[i32]>,
}

/// One step of a model.
#[derive(Clone, Debug)]
pub enum Step {
    Copy(Copy),
    Product(Product),
    Depthwise(Depthwise),
    Logistic(Logistic),
}

impl Step {
    pub fn run(&self, memory: &mut [i8], bench: &mut Bench) {
        match self {
            Self::Copy(copy) => copy.run(memory),
            Self::Product(product) => product.run(memory, bench),
            Self::Depthwise(depthwise) => depthwise.run(memory, bench),
            Self::Logistic(logistic) => logistic.run(memory),
        }
    }
}

/// Rows go elsewhere: a part of a concatenation, or the new content of a state.
#[derive(Clone, Debug)]
pub struct Copy {
    pub from: View,
    pub to: usize,
    pub stride: usize,
}

impl Copy {
    fn run(&self, memory: &mut [i8]) {
        let View { at, rows, columns, stride } = self.from;
        for row in 0..rows {
            let begin = at + row * stride;
            memory.copy_within(begin..begin + columns, self.to + row * self.stride);
        }
    }
}

/// From sums back to 8 bits.
#[derive(Clone, Debug)]
pub struct Rescale {
    pub scales: Box<[Scale]>,
    pub zero: i32,
    /// The lowest result: the zero point if negative values are cut off.
    pub low: i32,
    /// From this channel on a half is rounded away from zero, before it up. The trainer's library computes what fills
    /// no vector of 8 in another way.
    pub tail: usize,
}

/// A factor below 1: `factor` / 2^(31 + `shift`).
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub factor: i32,
    /// 1 to 30.
    pub shift: u32,
}

impl Scale {
    const fn high(self, sum: i32) -> i64 {
        (sum as i64 * self.factor as i64 + (1 << 30)) >> 31
    }

    const fn half_up(self, sum: i32) -> i32 {
        ((self.high(sum) + (1 << (self.shift - 1))) >> self.shift) as i32
    }

    const fn half_away(self, sum: i32) -> i32 {
        let high = self.high(sum);
        let mask = (1 << self.shift) - 1;
        let up = high & mask > (mask >> 1) + (high < 0) as i64;
        (high >> self.shift) as i32 + up as i32
    }
}

impl Rescale {
    fn run(&self, sums: &[i32], out: &mut [i8]) {
        let fit = |value: i32| (value + self.zero).clamp(self.low, 127) as i8;
        let ((sums, sums_tail), (out, out_tail)) = (sums.split_at(self.tail), out.split_at_mut(self.tail));
        let (scales, scales_tail) = self.scales.split_at(self.tail);
        for ((out, sum), scale) in out.iter_mut().zip(sums).zip(scales) {
            *out = fit(scale.half_up(*sum));
        }
        for ((out, sum), scale) in out_tail.iter_mut().zip(sums_tail).zip(scales_tail) {
            *out = fit(scale.half_away(*sum));
        }
    }
}

/// Each output is a sum over all inputs: a convolution over all rows, or a dense layer.
#[derive(Clone, Debug)]
pub struct Product {
    pub from: View,
    /// A row for each output, filled up with zeros to whole blocks.
    pub weights: Box<[i16]>,
    pub bias: Box<[i32]>,
    pub rescale: Rescale,
    pub to: usize,
}

impl Product {
    /// Weights of a row come in blocks of so many.
    pub const BLOCK: usize = 16;

    /// The length of a row of weights for so many inputs.
    pub const fn width(inputs: usize) -> usize {
        inputs.next_multiple_of(Self::BLOCK)
    }

    fn run(&self, memory: &mut [i8], bench: &mut Bench) {
        let width = Self::width(self.from.len());
        let wide = &mut bench.wide[..width];
        for (wide, row) in wide.chunks_mut(self.from.columns).zip(self.from.rows(memory)) {
            wide.iter_mut().zip(row).for_each(|(wide, value)| *wide = i16::from(*value));
        }
        // What lies behind the inputs meets weights of zero.
        let sums = &mut bench.sums[..self.bias.len()];
        for ((sum, bias), weights) in sums.iter_mut().zip(&self.bias).zip(self.weights.chunks_exact(width)) {
            *sum = bias + dot(wide, weights);
        }
        self.rescale.run(sums, &mut memory[self.to..][..self.bias.len()]);
    }
}

fn dot(a: &[i16], b: &[i16]) -> i32 {
    let (a, b) = (a.as_chunks::<{ Product::BLOCK }>().0, b.as_chunks::<{ Product::BLOCK }>().0);
    let block = |(a, b): (&[i16; Product::BLOCK], &[i16; Product::BLOCK])| -> i32 {
        a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    };
    a.iter().zip(b).map(block).sum()
}

/// Each channel is summed over time on its own.
#[derive(Clone, Debug)]
pub struct Depthwise {
    pub from: View,
    pub weights: Box<[i8]>,
    pub bias: Box<[i32]>,
    pub rescale: Rescale,
    pub to: usize,
}

impl Depthwise {
    fn run(&self, memory: &mut [i8], bench: &mut Bench) {
        let sums = &mut bench.sums[..self.from.columns];
        sums.copy_from_slice(&self.bias);
        for (row, weights) in self.from.rows(memory).zip(self.weights.chunks_exact(self.from.columns)) {
            for ((sum, value), weight) in sums.iter_mut().zip(row).zip(weights) {
                // A product of two numbers of 8 bits fits in 16.
                *sum += i32::from(i16::from(*value) * i16::from(*weight));
            }
        }
        self.rescale.run(sums, &mut memory[self.to..][..self.from.columns]);
    }
}

/// Evidence becomes a probability.
#[derive(Clone, Debug)]
pub struct Logistic {
    pub from: View,
    pub to: usize,
    /// For -128 to 127.
    pub table: Box<[i8; 256]>,
}

impl Logistic {
    fn run(&self, memory: &mut [i8]) {
        for i in 0..self.from.len() {
            let value = memory[self.from.at + i];
            memory[self.to + i] = self.table[(i16::from(value) + 128) as usize];
        }
    }
}
