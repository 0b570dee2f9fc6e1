//! An allocator that counts what the thread asks of it, between two moments.
#![allow(dead_code, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Allocations and deallocations.
    pub calls: u64,
    /// Bytes that are held now, and that were held at most.
    pub held: usize,
    pub peak: usize,
}

thread_local! {
    static COUNTED: Cell<Option<Counted>> = const { Cell::new(None) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(more: usize, less: usize) {
    COUNTED.set(COUNTED.get().map(|Counted { calls, held, peak }| {
        let held = (held + more).saturating_sub(less);
        Counted { calls: calls + 1, held, peak: peak.max(held) }
    }));
}

// SAFETY: passes everything on to the system's allocator; the counters are plain thread-local memory without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// What `run` asks of the allocator.
pub fn counted<T>(run: impl FnOnce() -> T) -> (T, Counted) {
    COUNTED.set(Some(Counted::default()));
    drop(std::hint::black_box(vec![1_u8; 100]));
    let known = Counted { calls: 2, held: 0, peak: 100 };
    assert_eq!(COUNTED.replace(Some(Counted::default())), Some(known), "the allocator counts");
    let result = run();
    (result, COUNTED.take().unwrap_or_default())
}
