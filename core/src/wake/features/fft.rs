//! A real Fourier transform of 512 points in 16 bits, scaled by 1/512, as the models know it: a complex one of 256 points
//! in four passes of radix 4, then the split into the spectrum of a real signal. Every rounding decides a bit.
//!
//! The passes are in Stockham's order: each reads and writes rows, so that whole vectors are computed at once, and
//! nothing has to be put in bit-reversed order first.

use std::f64::consts::PI;

use super::tables::turn;

const POINTS: usize = 256;

/// Complex numbers, parts apart.
#[derive(Clone, Debug)]
struct Complex<const N: usize> {
    re: [i16; N],
    im: [i16; N],
}

impl<const N: usize> Complex<N> {
    const fn zero() -> Self {
        Self { re: [0; N], im: [0; N] }
    }

    fn from_angles(angle: impl Fn(usize) -> f64) -> Self {
        let mut all = Self::zero();
        for i in 0..N {
            (all.re[i], all.im[i]) = turn(angle(i));
        }
        all
    }
}

/// The factors of the second to fourth input of `N` butterflies side by side.
type Twiddles<const N: usize> = [Complex<N>; 3];

fn twiddles<const N: usize>(turns: impl Fn(usize) -> usize) -> Twiddles<N> {
    std::array::from_fn(|input| Complex::from_angles(|i| -2.0 * PI * ((input + 1) * turns(i)) as f64 / POINTS as f64))
}

/// Drops 15 bits of fraction, rounding half up; what needs more than 16 bits then wraps.
const fn r15(x: i32) -> i16 {
    // The detour over the top shows the compiler that nothing is lost on the way to 16 bits.
    ((x + 16_384) << 1 >> 16) as i16
}

fn quarter(x: i16) -> i16 {
    r15(i32::from(x) * 8_191)
}

fn half(x: i16) -> i16 {
    r15(i32::from(x) * 16_383)
}

fn product(a: (i16, i16), b: (i16, i16)) -> (i16, i16) {
    let [(ar, ai), (br, bi)] = [a, b].map(|(re, im)| (i32::from(re), i32::from(im)));
    (r15(ar * br - ai * bi), r15(ar * bi + ai * br))
}

/// Four points become four; sums may wrap.
fn butterfly(a: (i16, i16), b1: (i16, i16), b2: (i16, i16), b3: (i16, i16)) -> [(i16, i16); 4] {
    let plus = |a: (i16, i16), b: (i16, i16)| (a.0.wrapping_add(b.0), a.1.wrapping_add(b.1));
    let minus = |a: (i16, i16), b: (i16, i16)| (a.0.wrapping_sub(b.0), a.1.wrapping_sub(b.1));
    let (s0, d0, s1, d1) = (plus(a, b2), minus(a, b2), plus(b1, b3), minus(b1, b3));
    // d1 turned by a quarter.
    let turned = (d1.1, d1.0.wrapping_neg());
    [plus(s0, s1), plus(d0, turned), minus(s0, s1), minus(d0, turned)]
}

/// The transform with its tables and room to work in.
#[derive(Clone, Debug)]
pub struct Fft {
    second: [Twiddles<16>; 4],
    third: Twiddles<16>,
    fourth: Twiddles<64>,
    split: Complex<128>,
    a: Complex<POINTS>,
    b: Complex<POINTS>,
}

impl Fft {
    pub fn new() -> Self {
        Self {
            second: std::array::from_fn(|row| twiddles(|_| 16 * row)),
            third: twiddles(|i| 4 * i),
            fourth: twiddles(|i| i),
            split: Complex::from_angles(|i| -PI * ((i + 1) as f64 / 256.0 + 0.5)),
            a: Complex::zero(),
            b: Complex::zero(),
        }
    }

    /// The energies of the bins 1 to 255 of a real signal.
    pub fn energies(&mut self, signal: &[i16; 512], energies: &mut [u32; POINTS]) {
        self.first_pass(signal);
        for (row, twiddles) in self.second.iter().enumerate() {
            pass(&self.a, 64 * row, 16, twiddles, &mut self.b, 16 * row, 64);
        }
        transpose(&self.b.re, &mut self.a.re);
        transpose(&self.b.im, &mut self.a.im);
        for row in 0..4 {
            pass(&self.a, 16 * row, 64, &self.third, &mut self.b, 64 * row, 16);
        }
        pass(&self.b, 0, 64, &self.fourth, &mut self.a, 0, 64);
        self.split(energies);
    }

    /// Needs no factors: what was divided by four stays as it is when 32767/32768 of it are taken and rounded.
    fn first_pass(&mut self, signal: &[i16; 512]) {
        let (re, im) = (&mut self.b.re, &mut self.b.im);
        for ((re, im), pair) in re.iter_mut().zip(im.iter_mut()).zip(signal.as_chunks::<2>().0) {
            (*re, *im) = (quarter(pair[0]), quarter(pair[1]));
        }
        for i in 0..64 {
            let at = |n: usize| (self.b.re[n], self.b.im[n]);
            let out = butterfly(at(i), at(i + 64), at(i + 128), at(i + 192));
            for (row, (re, im)) in out.into_iter().enumerate() {
                (self.a.re[i + 64 * row], self.a.im[i + 64 * row]) = (re, im);
            }
        }
    }

    /// Takes the spectrum of the real signal out of that of its even and odd samples.
    fn split(&self, energies: &mut [u32; POINTS]) {
        let (mut near, mut far) = (Complex::<128>::zero(), Complex::<128>::zero());
        near.re.copy_from_slice(&self.a.re[1..129]);
        near.im.copy_from_slice(&self.a.im[1..129]);
        for i in 0..128 {
            (far.re[i], far.im[i]) = (self.a.re[255 - i], self.a.im[255 - i]);
        }
        let (mut low, mut high) = ([0; 128], [0; 128]);
        for i in 0..128 {
            let f = (half(near.re[i]), half(near.im[i]));
            let h = (half(far.re[i]), half(far.im[i].wrapping_neg()));
            let s = (i32::from(f.0.wrapping_add(h.0)), i32::from(f.1.wrapping_add(h.1)));
            let d = (f.0.wrapping_sub(h.0), f.1.wrapping_sub(h.1));
            let t = product(d, (self.split.re[i], self.split.im[i]));
            let t = (i32::from(t.0), i32::from(t.1));
            low[i] = energy((s.0 + t.0) >> 1, (s.1 + t.1) >> 1);
            high[i] = energy((s.0 - t.0) >> 1, (t.1 - s.1) >> 1);
        }
        energies[1..129].copy_from_slice(&low);
        for (k, energy) in high.into_iter().enumerate() {
            energies[255 - k] = energy;
        }
    }
}

const fn energy(re: i32, im: i32) -> u32 {
    (re * re) as u32 + (im * im) as u32
}

/// `N` butterflies side by side: inputs from `read` on at the distance `apart`, outputs from `write` on at `wide`.
#[inline(always)]
fn pass<const N: usize>(
    from: &Complex<POINTS>,
    read: usize,
    apart: usize,
    twiddles: &Twiddles<N>,
    to: &mut Complex<POINTS>,
    write: usize,
    wide: usize,
) {
    let mut out: [Complex<N>; 4] = std::array::from_fn(|_| Complex::zero());
    let input = |n: usize| (&from.re[read + n * apart..][..N], &from.im[read + n * apart..][..N]);
    let inputs: [(&[i16], &[i16]); 4] = std::array::from_fn(input);
    for i in 0..N {
        let at = |n: usize| (quarter(inputs[n].0[i]), quarter(inputs[n].1[i]));
        let turned = |n: usize| product(at(n), (twiddles[n - 1].re[i], twiddles[n - 1].im[i]));
        let four = butterfly(at(0), turned(1), turned(2), turned(3));
        for (out, (re, im)) in out.iter_mut().zip(four) {
            (out.re[i], out.im[i]) = (re, im);
        }
    }
    for (n, out) in out.iter().enumerate() {
        to.re[write + n * wide..][..N].copy_from_slice(&out.re);
        to.im[write + n * wide..][..N].copy_from_slice(&out.im);
    }
}

/// Rows of 16 become columns.
fn transpose(from: &[i16; POINTS], to: &mut [i16; POINTS]) {
    for row in 0..16 {
        for column in 0..16 {
            to[16 * column + row] = from[16 * row + column];
        }
    }
}
