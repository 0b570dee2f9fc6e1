//! From the graph of a file to steps that cannot fail: operators, shapes, types and ranges are checked here, once, and
//! each tensor gets its place in memory.

mod layout;
mod weights;

use super::ModelError;
use super::graph::{self, Graph, Operator, Tensor};
use super::ops::{Bench, Step, View};

/// What is wrong with an operator, as the end of a sentence about it.
pub type Problem = &'static str;

/// The most memory that the tensors may take together; the known models need about 10 KB.
const MOST_MEMORY: usize = 256 * 1_024;

/// The most products that a run may sum up; the known models have up to 37,000.
const MOST_PRODUCTS: usize = 1 << 20;

/// The most frames that a run may take at once; the known models take 3.
const MOST_FRAMES: usize = 32;

/// A model as steps.
#[derive(Debug)]
pub struct Plan {
    pub steps: Box<[Step]>,
    /// The memory as it is at the start, with the states as the model sets them up.
    pub memory: Box<[i8]>,
    /// Room of the size that the steps need.
    pub bench: Bench,
    /// Frames of features.
    pub input: View,
    pub input_scale: f32,
    pub input_zero: i8,
    /// The probability, from -128 on.
    pub output: usize,
}

/// What a tensor is once it was computed.
#[derive(Clone, Copy, Debug)]
enum Value {
    /// A place, and the state that lies there if it is one.
    Place { view: View, state: Option<usize> },
    /// The name of a state.
    Handle(usize),
}

/// What is kept from one run to the next.
#[derive(Debug)]
struct State<'a> {
    name: &'a [u8],
    view: View,
    replaced: bool,
}

struct Compiler<'a> {
    graph: &'a Graph<'a>,
    /// The graph that sets the states up.
    setup: Option<&'a Graph<'a>>,
    values: Vec<Option<Value>>,
    states: Vec<State<'a>>,
    steps: Vec<Step>,
    memory: Vec<i8>,
    products: usize,
    /// Sizes for [`Bench`].
    wide: usize,
    sums: usize,
}

/// Checks the graphs and makes the steps.
pub fn compile(graphs: &[Graph<'_>]) -> Result<Plan, ModelError> {
    let graph = graphs.first().ok_or(ModelError::Damaged { part: "list of graphs" })?;
    let mut compiler = Compiler {
        graph,
        setup: graphs.get(1),
        values: vec![None; graph.tensors.len()],
        states: Vec::new(),
        steps: Vec::new(),
        memory: Vec::new(),
        products: 0,
        wide: 0,
        sums: 0,
    };
    let input = compiler.input().map_err(|problem| ModelError::Input { problem })?;
    for (number, operator) in graph.operators.iter().enumerate() {
        let name = name(operator.code).ok_or(ModelError::Operator { code: operator.code })?;
        compiler.operator(operator).map_err(|problem| ModelError::Step { number, name, problem })?;
    }
    let output = compiler.output().map_err(|problem| ModelError::Output { problem })?;
    let (scale, zero) = quantisation(&graph.tensors[graph.inputs[0]])?;
    Ok(Plan {
        steps: compiler.steps.into_boxed_slice(),
        memory: compiler.memory.into_boxed_slice(),
        bench: Bench { wide: vec![0; compiler.wide].into(), sums: vec![0; compiler.sums].into() },
        input,
        input_scale: scale,
        input_zero: zero,
        output,
    })
}

const CONCATENATION: i32 = 2;
const CONV_2D: i32 = 3;
const DEPTHWISE_CONV_2D: i32 = 4;
const FULLY_CONNECTED: i32 = 9;
const LOGISTIC: i32 = 14;
const RESHAPE: i32 = 22;
const STRIDED_SLICE: i32 = 45;
const SPLIT_V: i32 = 102;
const QUANTIZE: i32 = 114;
const CALL_ONCE: i32 = 129;
const VAR_HANDLE: i32 = 142;
const READ_VARIABLE: i32 = 143;
const ASSIGN_VARIABLE: i32 = 144;

/// The names of the operators that are known here.
const fn name(code: i32) -> Option<&'static str> {
    Some(match code {
        CONCATENATION => "CONCATENATION",
        CONV_2D => "CONV_2D",
        DEPTHWISE_CONV_2D => "DEPTHWISE_CONV_2D",
        FULLY_CONNECTED => "FULLY_CONNECTED",
        LOGISTIC => "LOGISTIC",
        RESHAPE => "RESHAPE",
        STRIDED_SLICE => "STRIDED_SLICE",
        SPLIT_V => "SPLIT_V",
        QUANTIZE => "QUANTIZE",
        CALL_ONCE => "CALL_ONCE",
        VAR_HANDLE => "VAR_HANDLE",
        READ_VARIABLE => "READ_VARIABLE",
        ASSIGN_VARIABLE => "ASSIGN_VARIABLE",
        _ => return None,
    })
}

impl<'a> Compiler<'a> {
    fn operator(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        match operator.code {
            CONCATENATION => self.concatenation(operator),
            CONV_2D => self.convolution(operator),
            DEPTHWISE_CONV_2D => self.depthwise(operator),
            FULLY_CONNECTED => self.dense(operator),
            LOGISTIC => self.logistic(operator),
            RESHAPE => self.reshape(operator),
            STRIDED_SLICE => self.slice(operator),
            SPLIT_V => self.split(operator),
            QUANTIZE => self.quantize(operator),
            CALL_ONCE => self.call_once(operator),
            VAR_HANDLE => self.handle(operator),
            READ_VARIABLE => self.read(operator),
            ASSIGN_VARIABLE => self.assign(operator),
            _ => Err("is not known"),
        }
    }

    /// Makes room for the input.
    fn input(&mut self) -> Result<View, Problem> {
        let [input] = self.graph.inputs[..] else { return Err("is not a single tensor") };
        let tensor = self.tensor(input)?;
        if tensor.kind != graph::INT8 {
            return Err("is not of 8-bit whole numbers");
        }
        let view = self.room(dimensions(tensor)?)?;
        if view.columns != crate::wake::features::CHANNELS || !(1..=MOST_FRAMES).contains(&view.rows) {
            return Err("is not 1 to 32 frames of 40 features");
        }
        self.set(input, Value::Place { view, state: None })?;
        Ok(view)
    }

    /// Where the probability lies.
    fn output(&self) -> Result<usize, Problem> {
        let [output] = self.graph.outputs[..] else { return Err("is not a single tensor") };
        let tensor = self.tensor(output)?;
        let zero = if tensor.kind == graph::UINT8 { 0 } else { -128 };
        if !is_probability(tensor, zero) {
            return Err("is no probability in steps of 1/256");
        }
        match self.values[output] {
            Some(Value::Place { view, .. }) if view.len() == 1 => Ok(view.at),
            Some(_) => Err("is more than one probability"),
            None => Err("is never computed"),
        }
    }

    fn tensor(&self, index: usize) -> Result<&'a Tensor<'a>, Problem> {
        self.graph.tensors.get(index).ok_or("names a tensor that is not there")
    }

    /// The tensor that is the `n`th input of an operator.
    fn input_of(&self, operator: &Operator<'_>, n: usize) -> Result<&'a Tensor<'a>, Problem> {
        self.tensor(operator.inputs().nth(n).ok_or("has too few inputs")?)
    }

    /// The only tensor that an operator computes.
    fn output_of(&self, operator: &Operator<'_>) -> Result<(usize, &'a Tensor<'a>), Problem> {
        let mut outputs = operator.outputs();
        let (Some(index), None) = (outputs.next(), outputs.next()) else { return Err("does not have one output") };
        Ok((index, self.tensor(index)?))
    }

    /// Where a computed tensor lies.
    fn value(&self, operator: &Operator<'_>, n: usize) -> Result<(View, Option<usize>), Problem> {
        let index = operator.inputs().nth(n).ok_or("has too few inputs")?;
        if self.tensor(index)?.kind != graph::INT8 {
            return Err("takes something other than 8-bit whole numbers");
        }
        match self.values[index] {
            Some(Value::Place { state: Some(state), .. }) if self.states[state].replaced => {
                Err("takes a state that was replaced before")
            }
            Some(Value::Place { view, state }) => Ok((view, state)),
            Some(Value::Handle(_)) => Err("takes the name of a state as a tensor"),
            None => Err("takes a tensor that was not computed before"),
        }
    }

    fn set(&mut self, index: usize, value: Value) -> Result<(), Problem> {
        match self.values.get_mut(index) {
            Some(slot @ None) => {
                *slot = Some(value);
                Ok(())
            }
            Some(Some(_)) => Err("computes a tensor that was computed before"),
            None => Err("names a tensor that is not there"),
        }
    }

    /// Sets a tensor whose shape in the file has to be that of `view`.
    fn set_view(&mut self, index: usize, view: View, state: Option<usize>) -> Result<(), Problem> {
        let tensor = self.tensor(index)?;
        if dimensions(tensor)? != (view.rows, view.columns) || tensor.kind != graph::INT8 {
            return Err("computes another shape or type than it says");
        }
        self.set(index, Value::Place { view, state })
    }

    fn room(&mut self, (rows, columns): (usize, usize)) -> Result<View, Problem> {
        let at = self.memory.len();
        let size = rows.checked_mul(columns).filter(|size| at + size <= MOST_MEMORY);
        self.memory.resize(at + size.ok_or("needs more memory than a wake word has")?, 0);
        Ok(View::new(at, rows, columns))
    }
}

/// Rows and columns of a tensor. The batch has to be 1, and of the two dimensions of an image one is not used.
fn dimensions(tensor: &Tensor<'_>) -> Result<(usize, usize), Problem> {
    let mut shape = [0; 4];
    let rank = tensor.shape().len();
    shape.iter_mut().zip(tensor.shape()).for_each(|(size, from)| *size = from);
    let (rows, columns) = match (rank, shape) {
        (2, [1, columns, ..]) => (1, columns),
        (3, [1, rows, columns, _]) | (4, [1, rows, 1, columns]) => (rows, columns),
        _ => return Err("has a tensor of another shape than time by channels"),
    };
    if !(1..=MOST_MEMORY).contains(&rows) || !(1..=MOST_MEMORY).contains(&columns) {
        return Err("has a tensor of an impossible size");
    }
    Ok((rows, columns))
}

/// Scale and zero point of a tensor that has one of each.
fn scale_of(tensor: &Tensor<'_>) -> Result<(f32, i8), Problem> {
    let (mut scales, mut zeros) = (tensor.scales(), tensor.zero_points());
    let (Some(scale), None, Some(zero), None) = (scales.next(), scales.next(), zeros.next(), zeros.next()) else {
        return Err("has a tensor without a scale");
    };
    if !(scale.is_normal() && scale > 0.0) {
        return Err("has a tensor with an impossible scale");
    }
    Ok((scale, i8::try_from(zero).map_err(|_| "has a tensor with an impossible zero point")?))
}

fn quantisation(tensor: &Tensor<'_>) -> Result<(f32, i8), ModelError> {
    scale_of(tensor).map_err(|problem| ModelError::Input { problem })
}

/// Whether a tensor holds probabilities from 0 to 255/256.
fn is_probability(tensor: &Tensor<'_>, zero: i64) -> bool {
    tensor.scales().eq([1.0 / 256.0]) && tensor.zero_points().eq([zero])
}
