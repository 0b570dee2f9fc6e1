//! Reads flatbuffers: tables of fields at offsets, as a `.tflite` file holds them. Every offset is checked, nothing is
//! copied, and nothing is believed.

/// The longest vector of tables that is read; the known models have about 100 tables in one.
const MOST_TABLES: usize = 4_096;

/// Something points outside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside;

type Read<T> = Result<T, Outside>;

/// `N` bytes at a place.
fn bytes<const N: usize>(file: &[u8], at: usize) -> Read<[u8; N]> {
    let rest = file.get(at..).ok_or(Outside)?;
    rest.first_chunk().copied().ok_or(Outside)
}

/// Follows the offset at a place.
fn follow(file: &[u8], at: usize) -> Read<usize> {
    let offset = u32::from_le_bytes(bytes(file, at)?);
    at.checked_add(offset as usize).filter(|to| *to < file.len()).ok_or(Outside)
}

/// A table: fields by number, each of which may be absent.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    file: &'a [u8],
    at: usize,
    /// The places of the fields within the table, 2 bytes each.
    places: &'a [u8],
}

impl<'a> Table<'a> {
    /// The table that the file is about.
    pub fn root(file: &'a [u8]) -> Read<Self> {
        Self::new(file, follow(file, 0)?)
    }

    fn new(file: &'a [u8], at: usize) -> Read<Self> {
        let back = i64::from(i32::from_le_bytes(bytes(file, at)?));
        let layout = usize::try_from(at as i64 - back).map_err(|_| Outside)?;
        let size = usize::from(u16::from_le_bytes(bytes(file, layout)?));
        let places = file.get(layout..).and_then(|rest| rest.get(4..size)).ok_or(Outside)?;
        Ok(Self { file, at, places })
    }

    /// Where in the file a field lies, unless it is absent.
    fn place(&self, field: usize) -> Read<Option<usize>> {
        let Some(place) = self.places.get(2 * field..2 * field + 2) else { return Ok(None) };
        match u16::from_le_bytes([place[0], place[1]]) {
            0 => Ok(None),
            place => self.at.checked_add(usize::from(place)).map(Some).ok_or(Outside),
        }
    }

    fn scalar<const N: usize>(&self, field: usize) -> Read<Option<[u8; N]>> {
        self.place(field)?.map(|at| bytes(self.file, at)).transpose()
    }

    /// A number of one byte; 0 if it is absent.
    pub fn byte(&self, field: usize) -> Read<i8> {
        Ok(self.scalar(field)?.map_or(0, i8::from_le_bytes))
    }

    /// A number of four bytes, or `default` if it is absent.
    pub fn int(&self, field: usize, default: i32) -> Read<i32> {
        Ok(self.scalar(field)?.map_or(default, i32::from_le_bytes))
    }

    /// Another table.
    pub fn table(&self, field: usize) -> Read<Option<Self>> {
        let Some(at) = self.place(field)? else { return Ok(None) };
        Self::new(self.file, follow(self.file, at)?).map(Some)
    }

    /// The elements of a vector, `N` bytes each; none if it is absent.
    pub fn vector<const N: usize>(&self, field: usize) -> Read<&'a [[u8; N]]> {
        let Some(at) = self.place(field)? else { return Ok(&[]) };
        let at = follow(self.file, at)?;
        let count = u32::from_le_bytes(bytes(self.file, at)?) as usize;
        let size = count.checked_mul(N).ok_or(Outside)?;
        let elements = self.file.get(at + 4..).and_then(|rest| rest.get(..size)).ok_or(Outside)?;
        Ok(elements.as_chunks().0)
    }

    /// The bytes of a vector of bytes or of a string.
    pub fn raw(&self, field: usize) -> Read<&'a [u8]> {
        Ok(self.vector::<1>(field)?.as_flattened())
    }

    /// Tables in a vector.
    pub fn tables(&self, field: usize) -> Read<Vec<Self>> {
        let Some(at) = self.place(field)? else { return Ok(Vec::new()) };
        let first = follow(self.file, at)? + 4;
        let count = self.vector::<4>(field)?.len();
        if count > MOST_TABLES {
            return Err(Outside);
        }
        (0..count).map(|i| Self::new(self.file, follow(self.file, first + 4 * i)?)).collect()
    }
}
