//! Operators with weights: what can be computed beforehand is, and sums are shown to fit in 32 bits.

use super::super::graph::{self, Operator, Tensor};
use super::super::ops::{Depthwise, Logistic, Product, Rescale, Scale, Step, View};
use super::layout::damaged;
use super::{Compiler, MOST_PRODUCTS, Problem, dimensions, is_probability, scale_of};

/// The most inputs of one sum and the highest bias: products of 8 bits, zero points included, then fit in 32 bits.
const MOST_SUMMED: usize = 1 << 14;
const HIGHEST_BIAS: u32 = 1 << 30;

/// How an operator with weights sees its tensors.
struct Layer<'a> {
    from: View,
    input: &'a Tensor<'a>,
    weights: &'a Tensor<'a>,
    bias: &'a Tensor<'a>,
    index: usize,
    output: &'a Tensor<'a>,
    outputs: usize,
}

impl<'a> Compiler<'a> {
    fn layer(&mut self, operator: &Operator<'a>) -> Result<Layer<'a>, Problem> {
        let (from, _) = self.value(operator, 0)?;
        let (index, output) = self.output_of(operator)?;
        let [input, weights, bias] = [0, 1, 2].map(|n| self.input_of(operator, n));
        let (input, weights, bias) = (input?, weights?, bias?);
        let (rows, outputs) = dimensions(output)?;
        if rows != 1 {
            return Err("computes more than one row at once");
        }
        if weights.kind != graph::INT8 || weights.zero_points().any(|zero| zero != 0) {
            return Err("has weights that are not whole numbers of 8 bits around zero");
        }
        if bias.ints().len() != outputs || bias.ints().any(|bias| bias.unsigned_abs() > HIGHEST_BIAS) {
            return Err("has too few biases or too high ones");
        }
        self.sums = self.sums.max(outputs);
        Ok(Layer { from, input, weights, bias, index, output, outputs })
    }

    /// Takes `count` products of what a run may sum up.
    fn spend(&mut self, count: Option<usize>) -> Result<(), Problem> {
        let products = count.and_then(|count| self.products.checked_add(count));
        self.products = products.filter(|n| *n <= MOST_PRODUCTS).ok_or("computes more than a wake word needs")?;
        Ok(())
    }

    pub fn convolution(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let layer = self.layer(operator)?;
        one_window(operator, layer.from.rows, [0, 4, 5])?;
        if !layer.weights.shape().eq([layer.outputs, layer.from.rows, 1, layer.from.columns]) {
            return Err("has weights of another shape than its input");
        }
        let low = activation(operator, 3, layer.output)?;
        self.product(&layer, low, 0, wide_multiplier)
    }

    pub fn dense(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let layer = self.layer(operator)?;
        let options = operator.options.ok_or("has no options")?;
        if [1, 2].into_iter().any(|field| options.byte(field) != Ok(0)) {
            return Err("has weights in an order that is not known");
        }
        if !layer.weights.shape().eq([layer.outputs, layer.from.len()]) || layer.weights.scales().len() != 1 {
            return Err("has weights of another shape than its input");
        }
        let low = activation(operator, 0, layer.output)?;
        self.product(&layer, low, 0, narrow_multiplier)
    }

    fn product(&mut self, layer: &Layer<'a>, low: i32, axis: i32, multiplier: Multiplier) -> Result<(), Problem> {
        let inputs = layer.from.len();
        let width = Product::width(inputs);
        self.spend(layer.outputs.checked_mul(width))?;
        if inputs > MOST_SUMMED || layer.weights.data.len() != layer.outputs * inputs {
            return Err("has too few weights or too many");
        }
        let mut weights = vec![0; layer.outputs * width];
        for (row, from) in weights.chunks_exact_mut(width).zip(layer.weights.data.chunks_exact(inputs)) {
            row.iter_mut().zip(from).for_each(|(weight, byte)| *weight = i16::from(byte.cast_signed()));
        }
        let sum = |row: &[i16]| row.iter().map(|weight| i32::from(*weight)).sum();
        let bias = bias(layer, weights.chunks_exact(width).map(sum))?;
        let rescale = rescale(layer, low, axis, layer.outputs, multiplier)?;
        let to = self.room((1, layer.outputs))?;
        self.wide = self.wide.max(width);
        let product = Product { from: layer.from, weights: weights.into(), bias, rescale, to: to.at };
        self.steps.push(Step::Product(product));
        self.set_view(layer.index, to, None)
    }

    pub fn depthwise(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let layer = self.layer(operator)?;
        one_window(operator, layer.from.rows, [0, 5, 6])?;
        let (rows, columns) = (layer.from.rows, layer.from.columns);
        let multiplier = operator.options.map_or(Ok(0), |options| options.int(3, 0)).map_err(damaged)?;
        if !layer.weights.shape().eq([1, rows, 1, columns]) || layer.outputs != columns || multiplier != 1 {
            return Err("has weights of another shape than its input");
        }
        self.spend(rows.checked_mul(columns))?;
        if rows > MOST_SUMMED || layer.weights.data.len() != layer.from.len() {
            return Err("has too few weights or too many");
        }
        let weights: Box<[i8]> = layer.weights.data.iter().map(|byte| byte.cast_signed()).collect();
        let sum = |column: usize| weights.iter().skip(column).step_by(columns).map(|weight| i32::from(*weight)).sum();
        let bias = bias(&layer, (0..columns).map(sum))?;
        let low = activation(operator, 4, layer.output)?;
        let rescale = rescale(&layer, low, 3, columns / 8 * 8, wide_multiplier)?;
        let to = self.room((1, columns))?;
        self.steps.push(Step::Depthwise(Depthwise { from: layer.from, weights, bias, rescale, to: to.at }));
        self.set_view(layer.index, to, None)
    }

    pub fn logistic(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let (from, _) = self.value(operator, 0)?;
        let (scale, zero) = scale_of(self.input_of(operator, 0)?)?;
        let (index, output) = self.output_of(operator)?;
        if !is_probability(output, -128) || !from.is_dense() {
            return Err("makes something other than probabilities");
        }
        let value = |byte: usize| {
            let evidence = f64::from(byte as i32 - 128 - i32::from(zero)) * f64::from(scale);
            ((256.0 / (1.0 + (-evidence).exp()) + 0.5).floor() - 128.0).clamp(-128.0, 127.0) as i8
        };
        let to = self.room((from.rows, from.columns))?;
        let table = Box::new(std::array::from_fn(value));
        self.steps.push(Step::Logistic(Logistic { from, to: to.at, table }));
        self.set_view(index, to, None)
    }
}

/// Refuses whatever does not put its weights over all rows at once, and only once.
fn one_window(
    operator: &Operator<'_>,
    rows: usize,
    [padding, dilation_w, dilation_h]: [usize; 3],
) -> Result<(), Problem> {
    let options = operator.options.ok_or("has no options")?;
    let spread = [dilation_w, dilation_h].into_iter().any(|field| options.int(field, 1) != Ok(1));
    if spread || options.byte(padding).map_err(damaged)? != 1 && rows != 1 {
        return Err("has weights that are spread or reach beyond its input");
    }
    Ok(())
}

/// The lowest result.
fn activation(operator: &Operator<'_>, field: usize, output: &Tensor<'_>) -> Result<i32, Problem> {
    match operator.options.map_or(Ok(0), |options| options.byte(field)).map_err(damaged)? {
        0 => Ok(-128),
        1 => Ok(i32::from(scale_of(output)?.1)),
        _ => Err("has an activation that is not known"),
    }
}

/// The biases, with what the zero point of the input adds to each sum.
fn bias(layer: &Layer<'_>, sums: impl Iterator<Item = i32>) -> Result<Box<[i32]>, Problem> {
    let zero = i32::from(scale_of(layer.input)?.1);
    Ok(layer.bias.ints().zip(sums).map(|(bias, sum)| bias - zero * sum).collect())
}

/// The factor of a sum from the scales of input, weights and output.
type Multiplier = fn(f32, f32, f32) -> f64;

fn wide_multiplier(input: f32, weights: f32, output: f32) -> f64 {
    f64::from(input) * f64::from(weights) / f64::from(output)
}

/// Dense layers round in between.
fn narrow_multiplier(input: f32, weights: f32, output: f32) -> f64 {
    f64::from(input * weights) / f64::from(output)
}

fn rescale(layer: &Layer<'_>, low: i32, axis: i32, tail: usize, multiplier: Multiplier) -> Result<Rescale, Problem> {
    let (input, _) = scale_of(layer.input)?;
    let (output, zero) = scale_of(layer.output)?;
    let count = layer.weights.scales().len();
    if count != 1 && (count == 0 || count != layer.outputs || layer.weights.axis != axis) {
        return Err("has weights with too few scales or too many");
    }
    let mut of_weights: Vec<f32> = layer.weights.scales().collect();
    of_weights.resize(layer.outputs, of_weights[0]);
    let scale = |weights: &f32| scale(multiplier(input, *weights, output));
    let scales = of_weights.iter().map(scale).collect::<Result<_, _>>()?;
    Ok(Rescale { scales, zero: zero.into(), low, tail })
}

/// A factor in 31 bits.
fn scale(multiplier: f64) -> Result<Scale, Problem> {
    const IMPOSSIBLE: Problem = "has scales that do not fit together";
    if !(multiplier.is_normal() && multiplier > 0.0) {
        return Err(IMPOSSIBLE);
    }
    let mut exponent = ((multiplier.to_bits() >> 52) & 0x7FF) as i32 - 1_022;
    let mut factor = (multiplier * 2_f64.powi(31 - exponent)).round() as i64;
    if factor == 1 << 31 {
        (factor, exponent) = (factor / 2, exponent + 1);
    }
    let shift = u32::try_from(-exponent).ok().filter(|shift| (1..=30).contains(shift)).ok_or(IMPOSSIBLE)?;
    Ok(Scale { factor: i32::try_from(factor).map_err(|_| IMPOSSIBLE)?, shift })
}
