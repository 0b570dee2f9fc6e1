//! Writes small models, right ones and wrong ones.

use crate::wake::model::graph::{INT8, INT32, RESOURCE, UINT8};

/// What a field of a table holds.
#[derive(Clone)]
pub enum Field {
    Byte(i8),
    Int(i32),
    Bytes(Vec<u8>),
    Ints(Vec<i32>),
    Floats(Vec<f32>),
    Longs(Vec<i64>),
    Table(Table),
    Tables(Vec<Table>),
}

/// Fields and their numbers.
pub type Table = Vec<(usize, Field)>;

/// A file with this root.
pub fn write(root: &Table) -> Vec<u8> {
    let mut file = b"\0\0\0\0TFL3".to_vec();
    let at = table(&mut file, root);
    point(&mut file, 0, at);
    file
}

/// Offsets count from where they stand.
fn point(file: &mut [u8], from: usize, to: usize) {
    file[from..from + 4].copy_from_slice(&((to - from) as u32).to_le_bytes());
}

fn table(file: &mut Vec<u8>, fields: &Table) -> usize {
    let count = fields.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
    let layout = file.len();
    let mut places = vec![0_u16; count];
    fields.iter().enumerate().for_each(|(n, (number, _))| places[*number] = 4 + 4 * n as u16);
    let head = [4 + 2 * count as u16, 4 + 4 * fields.len() as u16];
    file.extend(head.iter().chain(&places).flat_map(|word| word.to_le_bytes()));
    let at = file.len();
    file.extend(((at - layout) as i32).to_le_bytes());
    file.extend(fields.iter().flat_map(|(_, field)| match field {
        Field::Byte(byte) => [byte.cast_unsigned(), 0, 0, 0],
        Field::Int(int) => int.to_le_bytes(),
        _ => [0; 4],
    }));
    for (n, (_, field)) in fields.iter().enumerate() {
        let to = match field {
            Field::Byte(_) | Field::Int(_) => continue,
            Field::Bytes(bytes) => vector(file, bytes.len(), bytes.iter().copied()),
            Field::Ints(ints) => vector(file, ints.len(), ints.iter().flat_map(|int| int.to_le_bytes())),
            Field::Floats(floats) => vector(file, floats.len(), floats.iter().flat_map(|float| float.to_le_bytes())),
            Field::Longs(longs) => vector(file, longs.len(), longs.iter().flat_map(|long| long.to_le_bytes())),
            Field::Table(inner) => table(file, inner),
            Field::Tables(tables) => {
                let at = vector(file, tables.len(), vec![0; 4 * tables.len()].into_iter());
                for (n, inner) in tables.iter().enumerate() {
                    let to = table(file, inner);
                    point(file, at + 4 + 4 * n, to);
                }
                at
            }
        };
        point(file, at + 4 + 4 * n, to);
    }
    at
}

fn vector(file: &mut Vec<u8>, count: usize, bytes: impl Iterator<Item = u8>) -> usize {
    let at = file.len();
    file.extend((count as u32).to_le_bytes());
    file.extend(bytes);
    at
}

/// A model that can be changed before it is written.
#[derive(Clone, Default)]
pub struct Sketch {
    pub tensors: Vec<Table>,
    pub operators: Vec<Table>,
    pub setup: (Vec<Table>, Vec<Table>),
    pub codes: Vec<i32>,
    pub buffers: Vec<Vec<u8>>,
    pub input: i32,
    pub output: i32,
}

impl Sketch {
    /// Takes two frames, keeps one, and uses each operator once or more.
    pub fn whole() -> Self {
        let mut sketch = Self { buffers: vec![Vec::new()], ..Self::default() };
        sketch.state();
        let frames = sketch.frames();
        sketch.output = sketch.answer(frames);
        sketch
    }

    pub fn file(&self) -> Vec<u8> {
        use Field::{Bytes, Int, Ints, Tables};
        let codes = self.codes.iter().map(|code| vec![(0, Field::Byte((*code).min(127) as i8)), (3, Int(*code))]);
        let graph = |tensors: &[Table], operators: &[Table], input: Vec<i32>, output: Vec<i32>| {
            vec![(0, Tables(tensors.into())), (1, Ints(input)), (2, Ints(output)), (3, Tables(operators.into()))]
        };
        let main = graph(&self.tensors, &self.operators, vec![self.input], vec![self.output]);
        let setup = graph(&self.setup.0, &self.setup.1, vec![], vec![]);
        let buffers = self.buffers.iter().map(|data| vec![(0, Bytes(data.clone()))]);
        write(&vec![
            (0, Int(3)),
            (1, Tables(codes.collect())),
            (2, Tables(vec![main, setup])),
            (4, Tables(buffers.collect())),
        ])
    }

    fn buffer(&mut self, bytes: impl IntoIterator<Item = u8>) -> i32 {
        self.buffers.push(bytes.into_iter().collect());
        self.buffers.len() as i32 - 1
    }

    fn tensor(shape: &[i32], kind: i8, buffer: i32, scale: f32, zero: i64) -> Table {
        let quantised = vec![(2, Field::Floats(vec![scale])), (3, Field::Longs(vec![zero]))];
        vec![
            (0, Field::Ints(shape.into())),
            (1, Field::Byte(kind)),
            (2, Field::Int(buffer)),
            (4, Field::Table(quantised)),
        ]
    }

    pub fn add(&mut self, shape: &[i32], scale: f32, zero: i64) -> i32 {
        self.tensors.push(Self::tensor(shape, INT8, 0, scale, zero));
        self.tensors.len() as i32 - 1
    }

    fn weights(&mut self, shape: &[i32], scale: f32) -> i32 {
        let count = shape.iter().product::<i32>() as u32;
        let buffer = self.buffer((0..count).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
        self.tensors.push(Self::tensor(shape, INT8, buffer, scale, 0));
        self.tensors.len() as i32 - 1
    }

    fn ints(&mut self, values: &[i32]) -> i32 {
        let buffer = self.buffer(values.iter().flat_map(|value| value.to_le_bytes()));
        self.tensors.push(Self::tensor(&[values.len() as i32], INT32, buffer, 1.0, 0));
        self.tensors.len() as i32 - 1
    }

    fn code(&mut self, code: i32) -> i32 {
        let known = self.codes.iter().position(|known| *known == code);
        known.unwrap_or_else(|| {
            self.codes.push(code);
            self.codes.len() - 1
        }) as i32
    }

    fn step(&mut self, code: i32, inputs: &[i32], outputs: &[i32], options: Table) -> Table {
        let inputs = (1, Field::Ints(inputs.into()));
        vec![(0, Field::Int(self.code(code))), inputs, (2, Field::Ints(outputs.into())), (4, Field::Table(options))]
    }

    pub fn run(&mut self, code: i32, inputs: &[i32], outputs: &[i32], options: Table) {
        let step = self.step(code, inputs, outputs, options);
        self.operators.push(step);
    }

    /// The graph that sets the only state up.
    fn state(&mut self) {
        let constant = self.buffer([0x80; 40]);
        let handle = Self::tensor(&[], RESOURCE, 0, 1.0, 0);
        let tensors = vec![handle, Self::tensor(&[1, 1, 1, 40], INT8, constant, 0.1, -128)];
        let name = vec![(1, Field::Bytes(b"state".into()))];
        let operators = vec![self.step(142, &[], &[0], name), self.step(144, &[0, 1], &[], vec![])];
        self.setup = (tensors, operators);
    }

    /// The new frames behind the one of the last time.
    fn frames(&mut self) -> i32 {
        self.input = self.add(&[1, 2, 40], 0.1, -128);
        let image = self.add(&[1, 2, 1, 40], 0.1, -128);
        let old = self.add(&[1, 1, 1, 40], 0.1, -128);
        let all = self.add(&[1, 3, 1, 40], 0.1, -128);
        let last = self.add(&[1, 1, 1, 40], 0.1, -128);
        let handle = self.tensors.len() as i32;
        self.tensors.push(Self::tensor(&[], RESOURCE, 0, 1.0, 0));
        let [begin, end, strides] = [[0, -1, 0, 0], [0; 4], [1; 4]].map(|values| self.ints(&values));
        let shape = self.ints(&[1, 2, 1, 40]);
        self.run(129, &[], &[], vec![(0, Field::Int(1))]);
        self.run(142, &[], &[handle], vec![(1, Field::Bytes(b"state".into()))]);
        self.run(143, &[handle], &[old], vec![]);
        self.run(22, &[self.input, shape], &[image], vec![]);
        self.run(2, &[old, image], &[all], vec![(0, Field::Int(1)), (1, Field::Byte(0))]);
        self.run(45, &[all, begin, end, strides], &[last], vec![(0, Field::Int(13)), (1, Field::Int(15))]);
        self.run(144, &[handle, last], &[], vec![]);
        all
    }

    /// From three frames to a probability.
    fn answer(&mut self, frames: i32) -> i32 {
        let (weights, bias) = (self.weights(&[9, 3, 1, 40], 0.002), self.ints(&[100; 9]));
        let nine = self.add(&[1, 1, 1, 9], 0.4, -128);
        let window = vec![(0, Field::Byte(1)), (1, Field::Int(1)), (2, Field::Int(1)), (3, Field::Byte(1))];
        self.run(3, &[frames, weights, bias], &[nine], window);
        let (four, five) = (self.add(&[1, 1, 1, 4], 0.4, -128), self.add(&[1, 1, 1, 5], 0.4, -128));
        let (sizes, axis) = (self.ints(&[4, 5]), self.ints(&[-1]));
        self.run(102, &[nine, sizes, axis], &[four, five], vec![(0, Field::Int(2))]);
        let joined = self.add(&[1, 1, 1, 9], 0.4, -128);
        self.run(2, &[five, four], &[joined], vec![(0, Field::Int(-1)), (1, Field::Byte(0))]);
        let (weights, bias) = (self.weights(&[1, 1, 1, 9], 0.003), self.ints(&[-50; 9]));
        let deep = self.add(&[1, 1, 1, 9], 0.2, 3);
        self.run(
            4,
            &[joined, weights, bias],
            &[deep],
            vec![(0, Field::Byte(1)), (3, Field::Int(1)), (4, Field::Byte(0))],
        );
        let (weights, bias) = (self.weights(&[1, 9], 0.01), self.ints(&[7]));
        let evidence = self.add(&[1, 1], 0.3, 5);
        self.run(9, &[deep, weights, bias], &[evidence], vec![(0, Field::Byte(0))]);
        let probability = self.add(&[1, 1], 1.0 / 256.0, -128);
        self.run(14, &[evidence], &[probability], vec![]);
        self.tensors.push(Self::tensor(&[1, 1], UINT8, 0, 1.0 / 256.0, 0));
        let output = self.tensors.len() as i32 - 1;
        self.run(114, &[probability], &[output], vec![]);
        output
    }
}
