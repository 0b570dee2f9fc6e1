//! Whatever happened to a model's file, reading it ends with an error or a model that runs; it never panics, and it never
//! takes more memory than it may.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod counting;
mod hearing_material;
mod wake_material;

use std::sync::Arc;

use auricle_core::wake::Model;
use auricle_core::wake::model::Stream;
use counting::counted;
use wake_material::{NAMES, file};

/// A model of 81 KB takes 0.4 MB while it is read.
const MOST: usize = 2 << 20;

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(&format!("models/{name}.tflite"))).expect("`make models` puts it there")
}

/// Reads it, and if it is a model, runs it once. Whether it is one.
fn read(bytes: &[u8], what: &dyn Fn() -> String) -> bool {
    let (model, counted) = counted(|| Model::read(bytes));
    assert!(counted.peak <= MOST, "{}: {} bytes", what(), counted.peak);
    match model {
        Ok(model) => {
            let frames = model.frames();
            let mut stream = Stream::new(Arc::new(model));
            assert!((0..frames).filter_map(|n| stream.push(&[n as u16 * 97; 40])).count() == 1, "{}", what());
            true
        }
        Err(error) => {
            assert!(error.to_string().len() > 20, "{}: {error}", what());
            false
        }
    }
}

/// The offsets that belong to tables, and not to the weights: everything but long constants.
fn tables(file: &[u8]) -> Vec<usize> {
    let int = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let short = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
    let field = |table: usize, number: usize| {
        let layout = table.wrapping_sub(int(table) as i32 as usize);
        let place = if 4 + 2 * number < short(layout) { short(layout + 4 + 2 * number) } else { 0 };
        (place > 0).then(|| table + place + int(table + place))
    };
    let buffers = field(int(0), 4).expect("constants");
    let mut constant = vec![false; file.len()];
    for n in 0..int(buffers) {
        let at = buffers + 4 + 4 * n;
        if let Some(data) = field(at + int(at), 0).filter(|data| int(*data) > 32) {
            constant[data + 4..data + 4 + int(data)].fill(true);
        }
    }
    (0..file.len()).filter(|at| !constant[*at]).collect()
}

fn each_model(test: impl Fn(&str, Vec<u8>) + Sync) {
    std::thread::scope(|scope| {
        for name in NAMES {
            let test = &test;
            scope.spawn(move || test(name, bytes(name)));
        }
    });
}

#[test]
fn every_byte_of_the_tables_may_be_wrong() {
    each_model(|name, mut bytes| {
        let tables = tables(&bytes);
        assert!((4_000..40_000).contains(&tables.len()), "{name}: {} bytes of tables", tables.len());
        let mut refused = 0;
        for at in tables {
            // The largest change, the sign, the least, in turn: an offset has four bytes.
            let change = [0xFF, 0x80, 0x01][at % 3];
            bytes[at] ^= change;
            refused += usize::from(!read(&bytes, &|| format!("{name}, byte {at} ^ {change:#x}")));
            bytes[at] ^= change;
        }
        println!("{name}: {refused} refused");
        assert!(refused > 1_000, "{name}: only {refused} refused");
    });
}

#[test]
fn the_file_may_end_anywhere() {
    each_model(|name, bytes| {
        for end in tables(&bytes) {
            read(&bytes[..end], &|| format!("{name}, {end} bytes"));
        }
        assert!(!read(&bytes[..bytes.len() / 2], &|| name.into()) && read(&bytes, &|| name.into()));
    });
}
