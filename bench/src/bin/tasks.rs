//! 100 000 concurrent tasks that fail three times each, on two threads: the loop written by hand
//! and this crate in turns, so that whatever else the machine does falls on both.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rebackoff::prelude::*;
use rebackoff_bench::hand::Config;

const TASKS: u64 = 100_000;
const ROUNDS: usize = 15;

struct Weighing;

static LIVE_BYTES: AtomicU64 = AtomicU64::new(0);
static MOST_BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Weighing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE_BYTES.fetch_add(layout.size() as u64, Relaxed) + layout.size() as u64;
        MOST_BYTES.fetch_max(live, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size() as u64, Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Weighing = Weighing;

static POLICY: Policy = policy!(expo(factor = millis(1), max_value = millis(4)), max_tries = 4);
static CONFIG: Config = Config { base: 2.0, factor: 0.001, max_value: 0.004, max_tries: 4 };

struct Flaky(u64);

impl Flaky {
    async fn call(&mut self) -> Result<u64, u64> {
        self.0 += 1;
        if self.0 > 3 { Ok(self.0) } else { Err(self.0) }
    }
}

fn attempt(failures: &Arc<AtomicU64>) -> impl Future<Output = Result<u64, u64>> + Send + 'static {
    let tries = failures.fetch_add(1, Relaxed);
    async move { Flaky(tries).call().await }
}

fn main() {
    let (mut hand, mut ours) = (Vec::new(), Vec::new());
    let (mut hand_bytes, mut ours_bytes) = (0, 0);
    for _ in 0..ROUNDS {
        let (time, bytes) = round(|| {
            let failures = Arc::new(AtomicU64::new(0));
            async move { CONFIG.r#async(|| attempt(&failures), tokio::time::sleep).await }
        });
        hand.push(time);
        hand_bytes = bytes;
        let (time, bytes) = round(|| {
            let failures = Arc::new(AtomicU64::new(0));
            async move { POLICY.retry_async(|| attempt(&failures)).await }
        });
        ours.push(time);
        ours_bytes = bytes;
    }
    let ratios = ours.iter().zip(&hand).map(|(ours, hand)| ours.as_secs_f64() / hand.as_secs_f64());
    println!("tasks_wall_ratio {:.3}", median(ratios.collect(), f64::total_cmp));
    println!("tasks_wall_hand_ms {}", median(hand, Ord::cmp).as_millis());
    println!("tasks_wall_rebackoff_ms {}", median(ours, Ord::cmp).as_millis());
    println!("tasks_bytes_hand {hand_bytes}");
    println!("tasks_bytes_rebackoff {ours_bytes}");
}

/// The wall time of one round, and the most bytes that were allocated at once, for each task.
fn round<F>(task: impl Fn() -> F) -> (Duration, u64)
where
    F: Future<Output = Result<u64, u64>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    let before = LIVE_BYTES.load(Relaxed);
    MOST_BYTES.store(before, Relaxed);
    let start = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(task())).collect();
        for task in tasks {
            assert_eq!(task.await.expect("a task"), Ok(4));
        }
    });
    (start.elapsed(), (MOST_BYTES.load(Relaxed) - before) / TASKS)
}

fn median<T: Copy>(mut values: Vec<T>, compare: impl FnMut(&T, &T) -> Ordering) -> T {
    values.sort_by(compare);
    values[values.len() / 2]
}
