//! Operators that compute nothing: states, and tensors seen in another way.

use super::super::flatbuffer::Outside;
use super::super::graph::{self, Operator};
use super::super::ops::{Copy, Step, View};
use super::{ASSIGN_VARIABLE, Compiler, Problem, State, VAR_HANDLE, Value, dimensions, is_probability, scale_of};

/// For fields of options.
pub fn damaged(_: Outside) -> Problem {
    "is damaged"
}

impl<'a> Compiler<'a> {
    /// Runs the graph that sets the states up: it gives each a constant.
    pub fn call_once(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let which = operator.options.map_or(Ok(0), |options| options.int(0, 0)).map_err(damaged)?;
        let setup = self.setup.take().filter(|_| which == 1).ok_or("calls a graph that is not there, or again")?;
        let mut names = vec![None; setup.tensors.len()];
        for operator in &setup.operators {
            let (mut inputs, mut outputs) = (operator.inputs(), operator.outputs());
            match operator.code {
                VAR_HANDLE => {
                    let slot = outputs.next().and_then(|index| names.get_mut(index));
                    *slot.ok_or("names a tensor that is not there")? = Some(state_name(operator)?);
                }
                ASSIGN_VARIABLE => {
                    let name = inputs.next().and_then(|index| *names.get(index)?);
                    let constant = inputs.next().and_then(|index| setup.tensors.get(index));
                    let (name, constant) = name.zip(constant).ok_or("sets up a state that has no name")?;
                    self.new_state(name, constant)?;
                }
                _ => return Err("sets up more than states"),
            }
        }
        Ok(())
    }

    fn new_state(&mut self, name: &'a [u8], constant: &graph::Tensor<'_>) -> Result<(), Problem> {
        let view = self.room(dimensions(constant)?)?;
        if constant.kind != graph::INT8 || constant.data.len() != view.len() {
            return Err("sets up a state with something other than 8-bit whole numbers");
        }
        if self.states.iter().any(|state| state.name == name) {
            return Err("sets up the same state twice");
        }
        for (place, byte) in self.memory[view.at..].iter_mut().zip(constant.data) {
            *place = byte.cast_signed();
        }
        self.states.push(State { name, view, replaced: false });
        Ok(())
    }

    pub fn handle(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let name = state_name(operator)?;
        let state = self.states.iter().position(|state| state.name == name);
        let (index, tensor) = self.output_of(operator)?;
        if tensor.kind != graph::RESOURCE {
            return Err("names a state without the type of one");
        }
        self.set(index, Value::Handle(state.ok_or("names a state that was not set up")?))
    }

    /// The state that the first input names.
    fn state(&self, operator: &Operator<'_>) -> Result<usize, Problem> {
        let index = operator.inputs().next().ok_or("has too few inputs")?;
        match self.values.get(index) {
            Some(Some(Value::Handle(state))) => Ok(*state),
            _ => Err("takes a tensor as the name of a state"),
        }
    }

    /// Nothing is copied: whoever takes the state after it was replaced is refused.
    pub fn read(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let state = self.state(operator)?;
        if self.states[state].replaced {
            return Err("reads a state that was replaced before");
        }
        let (index, _) = self.output_of(operator)?;
        self.set_view(index, self.states[state].view, Some(state))
    }

    pub fn assign(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let state = self.state(operator)?;
        let (from, of) = self.value(operator, 1)?;
        let State { view, ref mut replaced, .. } = self.states[state];
        if std::mem::replace(replaced, true) {
            return Err("replaces a state twice");
        }
        if of.is_some() {
            return Err("replaces a state by a state");
        }
        if (from.rows, from.columns) != (view.rows, view.columns) {
            return Err("replaces a state by one of another shape");
        }
        self.copy(from, view.at, view.stride);
        Ok(())
    }

    /// Rows that lie side by side on both sides are copied in one piece.
    fn copy(&mut self, from: View, to: usize, stride: usize) {
        let dense = from.is_dense() && (stride == from.columns || from.rows == 1);
        let from = if dense { View::new(from.at, 1, from.len()) } else { from };
        self.steps.push(Step::Copy(Copy { from, to, stride }));
    }

    pub fn concatenation(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let (index, tensor) = self.output_of(operator)?;
        let options = operator.options.ok_or("has no options")?;
        if options.byte(1).map_err(damaged)? != 0 {
            return Err("has an activation");
        }
        let in_time = match (options.int(0, 0).map_err(damaged)?, tensor.shape().len()) {
            (1, 3 | 4) => true,
            (-1, _) | (3, 4) => false,
            _ => return Err("joins neither in time nor channels"),
        };
        let whole = self.room(dimensions(tensor)?)?;
        let mut done = 0;
        for n in 0..operator.inputs().len() {
            if scale_of(self.input_of(operator, n)?)? != scale_of(tensor)? {
                return Err("joins tensors of different scales");
            }
            let (part, _) = self.value(operator, n)?;
            let (size, same, to) = if in_time {
                (part.rows, part.columns == whole.columns, whole.at + done * whole.columns)
            } else {
                (part.columns, part.rows == whole.rows, whole.at + done)
            };
            done += size;
            if !same || done > if in_time { whole.rows } else { whole.columns } {
                return Err("joins tensors that do not fit");
            }
            self.copy(part, to, whole.stride);
        }
        if done != if in_time { whole.rows } else { whole.columns } {
            return Err("joins tensors that do not fill the whole");
        }
        self.set_view(index, whole, None)
    }

    pub fn reshape(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let (index, tensor) = self.output_of(operator)?;
        let (view, state) = self.value(operator, 0)?;
        let (rows, columns) = dimensions(tensor)?;
        if !view.is_dense() || rows.checked_mul(columns) != Some(view.len()) {
            return Err("makes another shape of what is not in one piece");
        }
        self.set_view(index, View::new(view.at, rows, columns), state)
    }

    /// The last rows.
    pub fn slice(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let options = operator.options.ok_or("has no options")?;
        let masks = [0, 1, 2, 3, 4].map(|field| options.int(field, 0));
        let [begin, end, strides] = [1, 2, 3].map(|n| self.input_of(operator, n));
        if masks != [Ok(13), Ok(15), Ok(0), Ok(0), Ok(0)] || strides?.ints().any(|s| s != 1) || end?.shape().len() != 1
        {
            return Err("takes something other than the last rows");
        }
        let (view, state) = self.value(operator, 0)?;
        let begin = begin?.ints().nth(1).ok_or("does not say where it begins")?;
        let skip = if begin < 0 { view.rows.checked_sub(begin.unsigned_abs() as usize) } else { Some(begin as usize) };
        let skip = skip.filter(|skip| *skip < view.rows).ok_or("takes more rows than there are")?;
        let view = View { at: view.at + skip * view.stride, rows: view.rows - skip, ..view };
        self.set_view(self.output_of(operator)?.0, view, state)
    }

    /// The channels in groups.
    pub fn split(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let (view, state) = self.value(operator, 0)?;
        let [sizes, axis] = [1, 2].map(|n| self.input_of(operator, n));
        let (sizes, axis) = (sizes?, axis?.ints().next());
        let rank = self.input_of(operator, 0)?.shape().len();
        if !(axis == Some(-1) || axis == i32::try_from(rank - 1).ok()) || sizes.ints().len() != operator.outputs().len()
        {
            return Err("splits something other than the channels");
        }
        let mut done = 0;
        for (size, index) in sizes.ints().zip(operator.outputs()) {
            let columns = usize::try_from(size).ok().filter(|size| *size <= view.columns - done);
            let columns = columns.ok_or("takes more channels than there are")?;
            self.set_view(index, View { at: view.at + done, columns, ..view }, state)?;
            done += columns;
        }
        Ok(())
    }

    /// The same bytes: a probability from -128 on is seen as one from 0 on.
    pub fn quantize(&mut self, operator: &Operator<'a>) -> Result<(), Problem> {
        let (view, state) = self.value(operator, 0)?;
        let (index, tensor) = self.output_of(operator)?;
        if !is_probability(self.input_of(operator, 0)?, -128) || !is_probability(tensor, 0) {
            return Err("changes a scale");
        }
        if tensor.kind != graph::UINT8 || dimensions(tensor)? != (view.rows, view.columns) {
            return Err("computes another shape or type than it says");
        }
        self.set(index, Value::Place { view, state })
    }
}

fn state_name<'a>(operator: &Operator<'a>) -> Result<&'a [u8], Problem> {
    operator.options.ok_or("has no options")?.raw(1).map_err(damaged)
}
