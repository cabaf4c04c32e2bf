//! What a call weighs: the bytes of its future, and the allocations that it makes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::IntoFuture;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rebackoff::prelude::*;
use rebackoff_bench::rows::{
    async_retry_rebackoff, async_success_rebackoff, blocking_retry_rebackoff,
    blocking_success_rebackoff, config, policy,
};

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

fn main() {
    let policy = policy();
    let config = config();
    let target = |i: u64| move || async move { black_box(Err::<u64, u64>(i)) };
    println!("future_bytes_bare {}", size_of_val(&target(1)()));
    println!("future_bytes_sleep {}", size_of::<tokio::time::Sleep>());
    println!("future_bytes_hand {}", size_of_val(&config.r#async(target(1), tokio::time::sleep)));
    println!(
        "future_bytes_rebackoff {}",
        size_of_val(&policy.retry_async(target(1)).into_future())
    );
    for (name, row) in [
        ("blocking_success", blocking_success_rebackoff as fn(u64)),
        ("blocking_retry", blocking_retry_rebackoff),
        ("async_success", async_success_rebackoff),
        ("async_retry", async_retry_rebackoff),
    ] {
        println!("allocations_{name} {}", allocations(row));
    }
}

/// By how many allocations 2 000 calls differ from 1 000.
fn allocations(row: fn(u64)) -> u64 {
    let count = |n| {
        let before = ALLOCATIONS.load(Relaxed);
        row(n);
        ALLOCATIONS.load(Relaxed) - before
    };
    count(1_000);
    count(2_000).abs_diff(count(1_000))
}
