//! What a `.tflite` file says, without judging it: tensors, operators, constants.

use super::ModelError;
use super::flatbuffer::{Outside, Table};

/// The most of each that a file may hold; the known models have about 100 tensors and 60 operators.
const MOST_TENSORS: usize = 1_024;
const MOST_OPERATORS: usize = 512;

/// Numbers of the type of a tensor's elements, as the format has them.
pub const INT32: i8 = 2;
pub const UINT8: i8 = 3;
pub const INT8: i8 = 9;
pub const RESOURCE: i8 = 13;

/// A tensor: shape, type, quantisation, and its bytes if it is a constant.
#[derive(Clone, Copy, Debug)]
pub struct Tensor<'a> {
    shape: &'a [[u8; 4]],
    pub kind: i8,
    pub data: &'a [u8],
    scales: &'a [[u8; 4]],
    zero_points: &'a [[u8; 8]],
    /// Which dimension has a scale of its own for each of its places.
    pub axis: i32,
}

impl Tensor<'_> {
    /// Its dimensions. Negative ones are none.
    pub fn shape(&self) -> impl ExactSizeIterator<Item = usize> {
        self.shape.iter().map(|size| usize::try_from(i32::from_le_bytes(*size)).unwrap_or(0))
    }

    pub fn scales(&self) -> impl ExactSizeIterator<Item = f32> {
        self.scales.iter().map(|scale| f32::from_le_bytes(*scale))
    }

    pub fn zero_points(&self) -> impl ExactSizeIterator<Item = i64> {
        self.zero_points.iter().map(|zero| i64::from_le_bytes(*zero))
    }

    /// A constant of whole numbers; empty if it is none.
    pub fn ints(&self) -> impl ExactSizeIterator<Item = i32> {
        let data = if self.kind == INT32 { self.data } else { &[] };
        data.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes))
    }
}

/// An operator: what it does, with which tensors.
#[derive(Clone, Debug)]
pub struct Operator<'a> {
    pub code: i32,
    inputs: &'a [[u8; 4]],
    outputs: &'a [[u8; 4]],
    pub options: Option<Table<'a>>,
}

impl Operator<'_> {
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = usize> {
        indices(self.inputs)
    }

    pub fn outputs(&self) -> impl ExactSizeIterator<Item = usize> {
        indices(self.outputs)
    }
}

/// Numbers of tensors. A negative one, which means none, becomes one that no file has.
fn indices(numbers: &[[u8; 4]]) -> impl ExactSizeIterator<Item = usize> {
    numbers.iter().map(|number| usize::try_from(i32::from_le_bytes(*number)).unwrap_or(usize::MAX))
}

/// Tensors and the operators over them, in the order in which they are computed.
#[derive(Clone, Debug)]
pub struct Graph<'a> {
    pub tensors: Vec<Tensor<'a>>,
    pub operators: Vec<Operator<'a>>,
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
}

/// The graphs of a file: the first is the model, another may set it up.
pub fn read(file: &[u8]) -> Result<Vec<Graph<'_>>, ModelError> {
    let damaged = |part| move |Outside| ModelError::Damaged { part };
    let root = Table::root(file).map_err(damaged("head"))?;
    let codes = codes(&root).map_err(damaged("list of operators"))?;
    let buffers = buffers(&root).map_err(damaged("list of constants"))?;
    let graphs = root.tables(2).map_err(damaged("list of graphs"))?;
    if graphs.len() > 2 {
        return Err(ModelError::TooMany { what: "graphs", count: graphs.len(), most: 2 });
    }
    graphs.iter().map(|table| graph(table, &codes, &buffers)).collect()
}

/// The numbers of the operators that are used.
fn codes(root: &Table<'_>) -> Result<Vec<i32>, Outside> {
    // There was a time when one byte was thought to be enough for the number.
    root.tables(1)?.iter().map(|code| Ok(code.int(3, 0)?.max(code.byte(0)?.into()))).collect()
}

fn buffers<'a>(root: &Table<'a>) -> Result<Vec<&'a [u8]>, Outside> {
    root.tables(4)?.iter().map(|buffer| buffer.raw(0)).collect()
}

fn graph<'a>(table: &Table<'a>, codes: &[i32], buffers: &[&'a [u8]]) -> Result<Graph<'a>, ModelError> {
    let damaged = |part| move |Outside| ModelError::Damaged { part };
    let tensors = table.tables(0).map_err(damaged("list of tensors"))?;
    let operators = table.tables(3).map_err(damaged("order of operators"))?;
    for (what, count, most) in
        [("tensors", tensors.len(), MOST_TENSORS), ("operators", operators.len(), MOST_OPERATORS)]
    {
        if count > most {
            return Err(ModelError::TooMany { what, count, most });
        }
    }
    let list = |field| table.vector(field).map(|list| indices(list).collect()).map_err(damaged("inputs and outputs"));
    Ok(Graph {
        tensors: tensors.iter().map(|t| tensor(t, buffers)).collect::<Result<_, _>>().map_err(damaged("tensors"))?,
        operators: operators
            .iter()
            .map(|o| operator(o, codes))
            .collect::<Result<_, _>>()
            .map_err(damaged("operators"))?,
        inputs: list(1)?,
        outputs: list(2)?,
    })
}

fn tensor<'a>(table: &Table<'a>, buffers: &[&'a [u8]]) -> Result<Tensor<'a>, Outside> {
    let buffer = usize::try_from(table.int(2, 0)?).map_err(|_| Outside)?;
    let mut tensor = Tensor {
        shape: table.vector(0)?,
        kind: table.byte(1)?,
        data: buffers.get(buffer).ok_or(Outside)?,
        scales: &[],
        zero_points: &[],
        axis: 0,
    };
    if let Some(quantisation) = table.table(4)? {
        tensor.scales = quantisation.vector(2)?;
        tensor.zero_points = quantisation.vector(3)?;
        tensor.axis = quantisation.int(6, 0)?;
    }
    Ok(tensor)
}

fn operator<'a>(table: &Table<'a>, codes: &[i32]) -> Result<Operator<'a>, Outside> {
    let index = usize::try_from(table.int(0, 0)?).map_err(|_| Outside)?;
    Ok(Operator {
        code: *codes.get(index).ok_or(Outside)?,
        inputs: table.vector(1)?,
        outputs: table.vector(2)?,
        options: table.table(4)?,
    })
}
