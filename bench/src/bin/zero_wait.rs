//! What a retry costs whose wait is zero, on tokio with its real clock.

use std::future::ready;
use std::time::{Duration, Instant};

use rebackoff::prelude::*;

const RETRIES: u64 = 200_000;
const ROUNDS: usize = 5;

static AT_ONCE: Policy = policy!(constant(interval = Duration::ZERO), max_tries = RETRIES + 1);

fn main() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let call = AT_ONCE.retry_async(|| ready(Err::<(), _>(())));
            assert_eq!(runtime.block_on(call.outcome()).tries, RETRIES + 1);
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("zero_wait_retry_ns {}", times[ROUNDS / 2].as_nanos() / u128::from(RETRIES));
}
