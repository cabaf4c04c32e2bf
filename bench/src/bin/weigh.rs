//! Prints the bytes of a call's future, and the allocations that the call makes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rebackoff_bench::work::RETRIES;
use rebackoff_bench::{peers::PEERS, row};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The rows whose calls allocate what a library allocates.
const WEIGHED: [&str; 4] =
    [row::BLOCKING_SUCCESS, row::BLOCKING_RETRY, row::ASYNC_SUCCESS, row::ASYNC_RETRY_TIMER];

fn main() {
    println!("tokio_sleep future_bytes {}", size_of::<tokio::time::Sleep>());
    for peer in PEERS {
        if let Some(bytes) = peer.future_bytes {
            println!("{} future_bytes {}", peer.name, bytes());
        }
        if let Some(bytes) = peer.loop_bytes {
            println!("{} loop_bytes {}", peer.name, bytes());
        }
        for (row, run) in peer.rows.iter().filter(|(row, _)| WEIGHED.contains(row)) {
            println!("{} {row}_allocations {}", peer.name, allocations(*run));
        }
    }
}

/// Allocations of one call, or one retry: by how many 20 calls of 100 tries differ from 10.
fn allocations(run: fn(u64)) -> f64 {
    let (some, more) = (10 * RETRIES, 20 * RETRIES);
    let count = |n| {
        let before = ALLOCATIONS.load(Relaxed);
        run(n);
        ALLOCATIONS.load(Relaxed) - before
    };
    count(some);
    count(more).abs_diff(count(some)) as f64 / some as f64
}
